#!/bin/bash
# Makes this image's compiler link for an older glibc and libstdc++, as the policy has them. What
# runs here is untouched: only what the linker and the preprocessor see changes.
# Needs GLIBC, GLIBCXX and CXXABI in the environment, and an interpreter below /opt/python.
set -euo pipefail
shopt -s nullglob

glibc=${GLIBC:?} # e.g. 2.28
glibcxx=${GLIBCXX:?}
cxxabi=${CXXABI:?}
multiarch=x86_64-linux-gnu
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
    local names=(libc.so.6 libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1 libutil.so.1
        libresolv.so.2 libanl.so.1 libmvec.so.1 ld-linux-x86-64.so.2)
    local name link
    "${python}" /recipe/cut.py --keep "GLIBC=${glibc}" --into "${ceiling}" \
        "${names[@]/#//lib/${multiarch}/}" >"${ceiling}/gone"
    # What -lc and -lm find are linker scripts, the others links.
    for link in "${libraries}"/lib{c,m}.so; do
        divert "${link}"
        sed -E "s#/lib/${multiarch}/(lib[a-z]+\.so\.[0-9])#${ceiling}/\1#g
                s#/lib64/(ld-linux-x86-64\.so\.2)#${ceiling}/\1#" "${link}.image" >"${link}"
    done
    for name in "${names[@]:2:7}"; do
        link=${libraries}/${name%.so.*}.so
        if [[ -e ${link} ]]; then
            divert "${link}"
            ln -s "${ceiling}/${name}" "${link}"
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
