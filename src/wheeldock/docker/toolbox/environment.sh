# shellcheck shell=bash
# environment.sh [SOURCE [PROJECT]]: sourced by each step that runs what belongs to the project, for the
# variables that are there then: those by which a build knows what runs it, those that the machine
# passes, each in a file of its name that is a secret mount, and the configured ones. ENVIRONMENT has these as calls of `assign`, whose second argument is in shell syntax.
# SOURCE is the source tree, which they find at PROJECT: at /project, where cibuildwheel has it. A
# step without one does without the variables that need it.

export CIBUILDWHEEL=1 WHEELDOCK=1
if [[ -n ${IDENTIFIER:-} ]]; then
    export CIBUILDWHEEL_BUILD_IDENTIFIER=${IDENTIFIER} WHEELDOCK_BUILD_IDENTIFIER=${IDENTIFIER}
fi

assign() {
    if eval "$1=$2"; then
        export "${1?}"
    elif [[ -n ${__source} ]]; then
        echo "wheeldock: environment: the value of $1 cannot be evaluated; the end of the log:" >&2
        exit 36
    else
        echo "environment: left out here, for its value cannot be evaluated: $1" >&2
    fi
}

for __file in /run/wheeldock-pass/*; do
    [[ -f ${__file} ]] || continue
    IFS= read -r -d '' __value < "${__file}" || true
    export "${__file##*/}=${__value}"
done
unset __file __value

if [[ -n ${ENVIRONMENT:-} ]]; then
    __assignments=${ENVIRONMENT} __source=${1:-} __project=${2:-/project}
    __cwd=${PWD} __python=$(command -v python || true)
    unset ENVIRONMENT
    [[ -z ${__source} || -e ${__project} ]] || ln -s "${__source}" "${__project}"
    [[ ! -d ${__project} ]] || cd "${__project}" || exit
    set +uo pipefail
    eval "${__assignments}"
    # uv and pip run elsewhere than in the project.
    for __name in PIP_BUILD_CONSTRAINT PIP_CONSTRAINT UV_BUILD_CONSTRAINT UV_CONSTRAINT UV_OVERRIDE; do
        __files=()
        for __file in ${!__name:-}; do
            [[ ${__file} = /* || ${__file} = *://* ]] || __file=${PWD}/${__file}
            [[ -z ${__source} && ! -e ${__file} && ${__file} != *://* ]] || __files+=("${__file}")
        done
        [[ -z ${!__name:-} ]] || export "${__name}=${__files[*]}"
    done
    set -uo pipefail
    cd "${__cwd}" || exit
    if [[ $(command -v python || true) != "${__python}" ]]; then
        echo "wheeldock: environment: it changes which python is first on PATH: $(command -v python || echo none) instead of ${__python:-none}." >&2
        echo "wheeldock: Let PATH begin with what it is: PATH=\"\$PATH:/more\"." >&2
        exit 36
    fi
    unset __assignments __source __project __cwd __python __name __files __file
fi
