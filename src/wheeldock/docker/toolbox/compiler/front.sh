# A compiler's name on PATH: compiles go through ccache, links through the link cache, and all
# else to the compiler. What the compiler itself compiles or links waits for a slot. front.py
# writes what differs above this.
# shellcheck shell=sh disable=SC2154

pass() {
    exec "${compiler}" "$@"
}

work() {
    # shellcheck disable=SC2086 # words
    exec ${slot} "${compiler}" "$@"
}

# The compiler would run other programs than those that the caches know.
[ -z "${COMPILER_PATH+set}${GCC_EXEC_PREFIX+set}${LD_PRELOAD+set}" ] || pass "$@"
[ "${LD_LIBRARY_PATH-}" = "${library_path}" ] || pass "$@"
if [ "${PATH}" != "${path}" ]; then
    for program in ${on_path}; do
        [ "$(command -v "${program##*/}")" = "${program}" ] || pass "$@"
    done
fi

action='' output='' shared='' file='' more=''
for argument do
    case ${argument} in
        -c) action=compile ;;
        -E | -S | -M | -MM | -fsyntax-only) action=${action:-other} ;;
        -o*) output=yes ;;
        -shared) shared=yes ;;
        @*) file=yes ;;
        -B* | -wrapper* | -specs* | --specs* | -no-canonical-prefixes) pass "$@" ;;
        # The assembler reads files (.include, .incbin) of which ccache knows nothing.
        *.s | *.S | *.sx | assembler | assembler-with-cpp | -xassembler*) more=yes ;;
        # More than an object: files beside it, or in it the command line, to which ccache adds.
        -d* | -aux-info | -fopt-info*=* | -fsave-optimization-record | -time=*) more=yes ;;
        -Wa,*--MD* | -Xassembler | -frecord-gcc-switches) more=yes ;;
        # The time is in no file: only when it has preprocessed does ccache know which it is.
        *__DATE__* | *__TIME*) export CCACHE_NODIRECT=yes ;;
    esac
done

case ${action:-link} in
    compile) ;;
    link)
        if [ -n "${linker}" ] && [ -n "${output}" ] && [ -n "${shared}${file}" ]; then
            exec "${python}" -S -E -s -X pycache_prefix="${state}/pycache" \
                "${linker}" "${state}" "${compiler}" "$@"
        fi
        [ -z "${output}" ] || work "$@"
        [ -n "${file}" ] || pass "$@"
        ;;
    *) pass "$@" ;;
esac
# With one of these ccache does nothing, and says that all went well.
more=${more}${DEPENDENCIES_OUTPUT+yes}${SUNPRO_DEPENDENCIES+yes}
[ -n "${ccache}" ] && [ -z "${more}" ] || work "$@"
export CCACHE_CONFIGPATH="${state}/ccache.conf" EXTERNAL_INCLUDE="${includes}"
if [ -w "${running}" ]; then
    # What once.c needs to know: other builds' compiles, and what this one is of.
    exec 9<> "${running}"
    export CCACHE_LOGFILE="${state}/logs/$$"
fi
exec "${ccache}" "${compiler}" "$@"
