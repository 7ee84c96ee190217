# shellcheck shell=bash
# Sourced by the stage `tools` where a project prepares the base image: its system packages, then
# its before-all, which finds the project's files (if it uses any) and the configured variables.
# `python` is an interpreter of the image. What the command leaves in /project stays there.
prepare() {
    (cd /toolbox && exec "${python:?}" -EB -m "prepare.$1" "${@:2}")
}

prepare difference begin
if [[ -n ${SYSTEM_PACKAGES:-} ]]; then
    prepare system_packages
fi
if [[ -n ${BEFORE_ALL:-} ]]; then
    mkdir -p /project
    cp -a /run/files/. /project/
    (
        PATH=${python%/*}:${PATH}
        export ENVIRONMENT=${BEFORE_ALL_ENVIRONMENT:-}
        # shellcheck source=/dev/null
        source /toolbox/environment.sh /project
        prepare before_all
    )
    rmdir /project 2> /dev/null || true
fi
