#!/bin/bash
# Makes one CPython below /opt from what is in /debs, with pip and build, and leaves in /out what the
# image gets of it: nothing when there is nothing in /debs.
# usage: interpreter.sh VERSION, with GLIBC in the environment
set -euo pipefail
shopt -s nullglob

version=$1       # as in the executable's name, e.g. 3.13 or 3.13t
glibc=${GLIBC:?} # of the policy, e.g. 2.28
abi=cp${version/./}
prefix=/opt/_internal/cpython-${version}
stdlib=${prefix}/lib/python${version}
python=${prefix}/bin/python${version}
runtime=${prefix}/rt # the C library of its own and whatever else it needs; nothing links to these
# as Debian names the folders of libraries; what makes the prefix needs it
# shellcheck disable=SC2034
multiarch=$(uname -m)-linux-gnu

main() {
    mkdir -p /out/opt/_internal /out/opt/python /out/usr/lib
    local packages=(/debs/*.deb)
    if [[ ${#packages[@]} -eq 0 ]]; then
        return
    fi
    # Each of the two makes the prefix and its runtime.
    # shellcheck source=/dev/null
    case ${version} in
        *t) source /recipe/compiled.sh ;;
        *) source /recipe/packaged.sh ;;
    esac
    install_pip
    compile_modules
    "${python}" /recipe/check_interpreter.py
    mv "${prefix}" /out/opt/_internal/
    ln -s "${prefix}" "/out/opt/python/${abi%t}-${abi}"
}

# Makes the interpreter run on its runtime, and say that it runs on the policy's glibc.
use_runtime() {
    local loaders=("${runtime}"/ld-linux-*.so.*) name needed=()
    # Its extension modules may be linked to libraries that newer glibcs have merged into libc.so.6.
    # Were they not loaded before, the image's old ones would be, and they do not fit this libc.
    for name in libpthread.so.0 libdl.so.2 librt.so.1 libutil.so.1; do
        needed+=(--add-needed "${name}")
    done
    # An RPATH, not a RUNPATH: it holds for the libraries of the libraries, too.
    patchelf --set-interpreter "${loaders[0]}" --force-rpath --set-rpath "${runtime}" "${needed[@]}" "${python}"
    # pip and uv ask confstr(3) which wheels fit; they would take some that the image cannot link to.
    sed -z -i "s/^glibc 2\.[0-9][0-9]$/glibc ${glibc}/" "${runtime}/libc.so.6"
}

install_pip() {
    local bundled=(pip)
    if [[ -s /run/secrets/ca ]]; then
        export PIP_CERT=/run/secrets/ca SSL_CERT_FILE=/run/secrets/ca
    fi
    # What distutils was is setuptools' since 3.12; before, ensurepip bundles setuptools, too.
    if [[ -d ${stdlib}/distutils ]]; then
        bundled+=(setuptools)
    fi
    uv pip install --quiet --no-cache --python "${python}" "${bundled[@]}" build
    "${python}" -m pip download --quiet --no-cache-dir --no-deps --disable-pip-version-check \
        --dest "${prefix}/wheels" "${bundled[@]}"
}

compile_modules() {
    # unchecked: a layer that was packed and unpacked may have other times
    "${python}" -m compileall -q -j 2 --invalidation-mode unchecked-hash \
        -x '/(tests?|lib2to3)/|bad_' "${stdlib}"
}

main
