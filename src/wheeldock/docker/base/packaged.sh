# Sourced by interpreter.sh. A CPython of Debian's, moved: its packages, of one suite, are in /debs.
# shellcheck shell=bash
# shellcheck disable=SC2154 # the variables are interpreter.sh's

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
    mv "${tree}/usr/lib/${multiarch}/pkgconfig" "${prefix}/lib/"
    mv "${tree}/usr/include/python${version}" "${prefix}/include/"
    # The header beside the others only includes this one, by a path that is not ours.
    mv "${tree}/usr/include/${multiarch}/python${version}/pyconfig.h" "${prefix}/include/python${version}/"
    mv "${tree}"/{lib,usr/lib}/"${multiarch}"/*.so* "${runtime}/"
    rm -rf "${tree}"
}

adopt() {
    # Debian's patched site module is frozen into the interpreter; it knows dist-packages alone.
    mkdir -p "${stdlib}/site-packages" "${prefix}/lib/python3"
    ln -s "../python${version}/site-packages" "${prefix}/lib/python3/dist-packages"
    # Started under a foreign argv[0], it looks for its standard library where Debian has it.
    ln -s "${stdlib}" "/usr/lib/python${version}"
    cp -a "/usr/lib/python${version}" /out/usr/lib/
    "${python}" -S -E /recipe/relocate.py "${version}" "${glibc}"
    # Upstream's; the one on Debian's PATH has Debian's paths.
    sed "1s|.*|#!${python}|" "${stdlib}"/config-*/python-config.py >"${python}-config"
    chmod +x "${python}-config"
    ln -s "python${version}-config" "${prefix}/bin/python3-config"
}

unpack
use_runtime
adopt
