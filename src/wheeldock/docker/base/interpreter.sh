#!/bin/bash
# Moves one CPython from the Debian packages in /debs to /opt/_internal/cpython-VERSION, with pip
# and build, and leaves in /out what the image gets of it: nothing when there are no packages.
# usage: interpreter.sh VERSION, with GLIBC in the environment
set -euo pipefail
shopt -s nullglob

version=$1      # e.g. 3.13
glibc=${GLIBC:?} # of the policy, e.g. 2.28: what the interpreter says it runs on
tag=cp${version/./}
prefix=/opt/_internal/cpython-${version}
stdlib=${prefix}/lib/python${version}
python=${prefix}/bin/python${version}
runtime=${prefix}/rt # the C library of its own suite and whatever else it needs; nothing links to it
loader=${runtime}/ld-linux-x86-64.so.2

main() {
    mkdir -p /out/opt/_internal /out/opt/python /out/usr/lib
    local packages=(/debs/*.deb)
    if [[ ${#packages[@]} -eq 0 ]]; then
        return
    fi
    unpack
    give_it_its_own_libraries
    # Debian's patched site module is frozen into the interpreter; it knows dist-packages alone.
    mkdir -p "${stdlib}/site-packages" "${prefix}/lib/python3"
    ln -s "../python${version}/site-packages" "${prefix}/lib/python3/dist-packages"
    # Started under a foreign argv[0], it looks for its standard library where Debian has it.
    ln -s "${stdlib}" "/usr/lib/python${version}"
    "${python}" -S -E /recipe/relocate.py "${version}" "${glibc}"
    install_pip
    compile
    "${python}" /recipe/check_interpreter.py
    mv "${prefix}" /out/opt/_internal/
    ln -s "${prefix}" "/out/opt/python/${tag}-${tag}"
    mv "/usr/lib/python${version}" /out/usr/lib/
}

# Takes the packages apart into the prefix and the runtime.
unpack() {
    local tree deb
    tree=$(mktemp -d -p /opt) # in the same file system as the prefix, so that a move is a rename
    for deb in /debs/*.deb; do
        dpkg-deb --fsys-tarfile "${deb}" | tar -C "${tree}" -x --exclude='*.a' --exclude='*/python.o' \
            --exclude='*/libpython*.so' --exclude='*/gconv/*' --exclude='*/idlelib/*' \
            --exclude='./etc/*' --exclude='./usr/share/*'
    done
    mkdir -p "${prefix}"/{bin,include,lib,rt}
    mv "${tree}/usr/bin/python${version}" "${prefix}/bin/"
    ln -s "python${version}" "${prefix}/bin/python3"
    ln -s "python${version}" "${prefix}/bin/python"
    mv "${tree}/usr/lib/python${version}" "${prefix}/lib/"
    # sitecustomize.py and EXTERNALLY-MANAGED are Debian's policy for its own system.
    rm -rf "${stdlib}"/{EXTERNALLY-MANAGED,sitecustomize.py,dist-packages}
    mv "${tree}/usr/lib/x86_64-linux-gnu/pkgconfig" "${prefix}/lib/"
    mv "${tree}/usr/include/python${version}" "${prefix}/include/"
    # The header beside the others only includes this one, by a path that is not ours.
    mv "${tree}/usr/include/x86_64-linux-gnu/python${version}/pyconfig.h" "${prefix}/include/python${version}/"
    mv "${tree}"/{lib,usr/lib}/x86_64-linux-gnu/*.so* "${runtime}/"
    rm -rf "${tree}"
}

# Makes the interpreter run on its runtime, and say that it runs on the policy's glibc.
give_it_its_own_libraries() {
    local needed=()
    # Its extension modules may be linked to libraries that newer glibcs have merged into libc.so.6.
    # Were they not loaded before, the image's old ones would be, and they do not fit this libc.
    for name in libpthread.so.0 libdl.so.2 librt.so.1 libutil.so.1; do
        needed+=(--add-needed "${name}")
    done
    # An RPATH, not a RUNPATH: it holds for the libraries of the libraries, too.
    patchelf --set-interpreter "${loader}" --force-rpath --set-rpath "${runtime}" "${needed[@]}" "${python}"
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

compile() {
    # unchecked: a layer that was packed and unpacked may have other times
    "${python}" -m compileall -q -j 2 --invalidation-mode unchecked-hash \
        -x '/(tests?|lib2to3)/|bad_' "${prefix}/lib/python${version}" || true
}

main
