#!/bin/bash
# Makes this image's compiler link for an older glibc and libstdc++, as the policy has them. What
# runs here is untouched: only what the linker and the preprocessor see changes.
# Needs GLIBC, GLIBCXX and CXXABI in the environment, and an interpreter below /opt/python.
set -euo pipefail
shopt -s nullglob

glibc=${GLIBC:?} # e.g. 2.28
glibcxx=${GLIBCXX:?}
cxxabi=${CXXABI:?}
multiarch=$(uname -m)-linux-gnu
libraries=/usr/lib/${multiarch}
ceiling=/usr/local/lib/glibc-${glibc} # the copies to link to
export PYTHONDONTWRITEBYTECODE=1

main() {
    local interpreters=(/opt/python/*/bin/python)
    python=${interpreters[-1]}
    mkdir "${ceiling}"
    cut_glibc
    cut_libstdcxx
    mapfile -t gone <"${ceiling}/gone"
    "${python}" /recipe/headers.py "${glibc}" "${gone[@]}"
}

cut_glibc() {
    # Not every architecture has libmvec.
    local found=("/lib/${multiarch}"/{libc.so.6,libm.so.6,libpthread.so.0,libdl.so.2,librt.so.1}
        "/lib/${multiarch}"/{libutil.so.1,libresolv.so.2,libanl.so.1,libmvec.so.?,ld-linux-*.so.?})
    local path name link
    "${python}" /recipe/cut.py --keep "GLIBC=${glibc}" --into "${ceiling}" "${found[@]}" >"${ceiling}/gone"
    for path in "${found[@]}"; do
        name=${path##*/}
        link=${libraries}/${name%.so.*}.so
        if [[ -L ${link} ]]; then
            divert "${link}"
            ln -s "${ceiling}/${name}" "${link}"
        elif [[ -e ${link} ]]; then # what -lc finds is a linker script, and -lm where there is libmvec
            divert "${link}"
            sed -E "s#/lib/${multiarch}/(lib[a-z]+\.so\.[0-9])#${ceiling}/\1#g
                    s#/lib(64)?/(ld-linux-[a-z0-9_-]+\.so\.[0-9])#${ceiling}/\2#" "${link}.image" >"${link}"
        fi
    done
}

cut_libstdcxx() {
    local folder
    folder=$(dirname "$(readlink -f "$(gcc -print-file-name=libstdc++.a)")")
    "${python}" /recipe/cut.py --keep "GLIBCXX=${glibcxx}" --keep "CXXABI=${cxxabi}" \
        --into "${ceiling}" "${libraries}/libstdc++.so.6" >/dev/null
    "${python}" /recipe/hide.py "${folder}/libstdc++.a" "${ceiling}/libstdc++.so.6" \
        "${ceiling}/libstdc++_nonshared.a"
    divert "${folder}/libstdc++.so"
    echo "INPUT ( ${ceiling}/libstdc++.so.6 ${ceiling}/libstdc++_nonshared.a )" >"${folder}/libstdc++.so"
}

# Moves a package's file aside for good: an upgrade of the package leaves ours in its place.
divert() {
    dpkg-divert --local --quiet --rename --divert "$1.image" --add "$1"
}

main
