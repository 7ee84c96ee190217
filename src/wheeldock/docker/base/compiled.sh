# Sourced by interpreter.sh. A CPython without the GIL, which no suite has as a package: compiled from
# Debian's source in /debs, with the packages there installed. It takes a minute and a half on two cores.
# shellcheck shell=bash
# shellcheck disable=SC2154 # the variables are interpreter.sh's

build() {
    local folder=/tmp/cpython
    mkdir "${folder}"
    tar -xf /debs/*.orig.tar.xz -C "${folder}" --strip-components=1
    cd "${folder}" || exit
    # NODIST: for CPython's own modules, and for no extension that is built with it later
    ./configure --quiet --prefix="${prefix}" --disable-gil --disable-test-modules \
        --without-static-libpython --without-ensurepip --with-wheel-pkg-dir="${prefix}/wheels" \
        CFLAGS_NODIST=-g0 LDFLAGS_NODIST="-Wl,-rpath,${runtime}" >/dev/null
    make --silent -j "$(nproc)" >/dev/null
    make --silent install >/dev/null
    cd /
    rm -rf "${folder}" "${stdlib}/idlelib"
    ln -s "python${version}" "${prefix}/bin/python"
    strip --strip-unneeded "${python}" "${stdlib}"/lib-dynload/*.so
}

# Copies what it is linked to, so that it neither needs those packages nor is disturbed by others.
collect_runtime() {
    mkdir "${runtime}"
    ldd "${python}" "${stdlib}"/lib-dynload/*.so | awk '$2 == "=>" { print $3 }' | sort -u |
        xargs cp -L -t "${runtime}"
    cp -L "/lib/${multiarch}"/{librt.so.1,ld-linux-*.so.*} "${runtime}/"
}

bash /recipe/toolchain.sh
build
collect_runtime
use_runtime
