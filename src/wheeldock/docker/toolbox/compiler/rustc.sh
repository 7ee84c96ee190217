# What cargo runs in the place of rustc: libraries go through sccache, all else to rustc. Who
# compiles what another build compiles just now waits for it, and then has it from sccache.
# rust.py writes what differs above this.
# shellcheck shell=sh disable=SC2154

work() {
    # shellcheck disable=SC2086 # words
    exec ${slot} "$@"
}

# It is a path of this step, and in sccache's key as all of cargo's variables are.
unset CARGO_HTTP_CAINFO

library='' previous=''
for argument do
    case "${previous} ${argument}" in
        '--crate-name ___') exec "$@" ;; # cargo asks rustc what it is like
        '--crate-type lib' | '--crate-type rlib') library=${library:-yes} ;;
        '--crate-type '*) library=no ;;
    esac
    previous=${argument}
done
[ -n "${library}" ] || exec "$@"
if [ "${library}" = no ]; then
    rustc=$(command -v "$1")
    shift
    work "${rustc}" "$@"
fi

inputs() {
    printf '%s\n' "${PWD}" "$@"
    for argument do
        case ${argument} in
            *=*.rmeta | *=*.rlib) cat "${argument#*=}" ;;
        esac
    done
    [ -z "${OUT_DIR-}" ] || find "${OUT_DIR}" -type f -exec cat {} +
}

if command -v flock > /dev/null; then
    key=$(inputs "$@" | sha256sum)
    lock="${locks}/${key%"${key#??}"}"
    [ -w "${lock}" ] && exec 9<> "${lock}" && flock 9
fi
work "${sccache}" "$@"
