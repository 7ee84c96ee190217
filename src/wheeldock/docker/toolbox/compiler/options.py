"""
The options of a link that reads and writes only what is known: its inputs and its output.

Whatever is not named here could read another file or write one, so a link with it is not cached.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DRIVER_FLAGS = _words(
    "-shared -static -static-libgcc -static-libstdc++ -shared-libgcc -nostdlib -nodefaultlibs"
    " -nostartfiles -pthread -pipe -rdynamic -s -w -ansi -pedantic -pedantic-errors"
)
_DRIVER_PREFIXES = ("-O", "--param=", "-std=", "-L", "-W", "-D", "-U", "-I")
_DRIVER_WITH_VALUE = _words("--param -o -D -U -I -isystem -iquote -idirafter -u -z -dumpdir")
_DRIVER_DEBUG = _words("-g -g0 -g1 -g2 -g3 -ggdb -ggdb3 -gdwarf-2 -gdwarf-3 -gdwarf-4 -gdwarf-5")
_FEATURES_WITH_VALUE = _words(
    "lto lto-partition lto-compression-level visibility stack-protector cf-protection openmp"
    " abi-version tls-model fp-contract excess-precision file-prefix-map debug-prefix-map"
    " macro-prefix-map message-length vect-cost-model sanitize inline-limit random-seed"
    " stack-reuse max-errors template-depth offload-options"
)
_FEATURES_WITH_FILES = _words(
    "plugin profile dump info save record coverage usage callgraph module branch-prob diagnostics"
    " compare"
)

_LINKER_FLAGS = _words(
    "shared as-needed no-as-needed push-state pop-state start-group end-group whole-archive"
    " no-whole-archive Bstatic Bdynamic gc-sections no-gc-sections eh-frame-hdr build-id"
    " export-dynamic no-export-dynamic E no-undefined allow-shlib-undefined Bsymbolic"
    " Bsymbolic-functions Bgroup strip-all s strip-debug S discard-all x discard-locals X"
    " enable-new-dtags disable-new-dtags O0 O1 O2 O3 sort-common no-keep-memory relax no-relax"
    " fatal-warnings no-fatal-warnings no-add-needed no-copy-dt-needed-entries demangle"
    " no-demangle no-omagic no-warn-mismatch no-warnings warn-common warn-once"
    " allow-multiple-definition no-allow-multiple-definition fuse-linker-plugin flto fno-lto"
    " ld-generated-unwind-info no-ld-generated-unwind-info EL"
    " fix-cortex-a53-835769 fix-cortex-a53-843419"
)
_LINKER_WITH_VALUE = _words(
    "o m dynamic-linker soname h rpath rpath-link z u undefined L l version-script dynamic-list"
    " exclude-libs hash-style wrap defsym plugin sort-section dependency-file"
)
_SCRIPTS = ("version-script", "dynamic-list")
_EMULATIONS = ("-maarch64", "-marmelf", "-melf")
"""What ld links for, as drivers of architectures other than x86 spell it: without a space."""
_ELF = ("elf", "aarch64linux", "aarch64elf", "armelf")
"""Beginnings of the names of what GNU ld makes ELF files of; others have a time in them."""
_LINKER_PREFIXES = ("-L", "-l", "-z", "-flto=", *_EMULATIONS)
_BUILD_IDS = ("sha1", "md5", "none")
_PLUGIN_OPTIONS = ("-plugin-opt=-pass-through=", "-plugin-opt=-fresolution=")


def driver_options_are_known(options: Sequence[str]) -> bool:
    """
    Say whether the driver's options let the link read and write only what is known.

    `options` are those of COLLECT_GCC_OPTIONS, which reach the code generator in a link with LTO.
    """
    words = iter(options)
    for option in words:
        if option in _DRIVER_WITH_VALUE:
            next(words, None)
        elif not (
            option in _DRIVER_FLAGS
            or option in _DRIVER_DEBUG
            or option.startswith(_DRIVER_PREFIXES)
            or (option.startswith("-f") and _is_known_feature(option))
            or (option.startswith("-m") and not option.endswith("native"))
        ):
            return False
    return True


def _is_known_feature(option: str) -> bool:
    name, equals, _ = option[2:].partition("=")
    if equals:
        return name in _FEATURES_WITH_VALUE
    return name == "use-linker-plugin" or not any(word in name for word in _FEATURES_WITH_FILES)


class LinkerCommand:
    """A command line of GNU ld in which every option is known."""

    def __init__(self, words: Sequence[str]) -> None:
        """Raise ValueError when an option is not known."""
        self.files: list[str] = []
        """The input files that the command line names."""
        self.folders: list[str] = []
        """The folders to search for libraries, in their order."""
        self.programs: list[str] = [words[0]]
        """What runs: the linker, its plugin and the plugin's code generator."""
        self.output = "a.out"
        self.listing = ""
        """The file into which the linker is to list what it reads, or ""."""
        self.is_shared = False
        self._read(iter(words[1:]))

    def _read(self, words: Iterator[str]) -> None:
        for word in words:
            if not word.startswith("-"):
                if word.startswith("@"):
                    raise ValueError(word)
                self.files.append(word)
            elif word.startswith("-plugin-opt="):
                self._read_plugin_option(word)
            elif word.startswith(_LINKER_PREFIXES) and word not in {"-L", "-l", "-z"}:
                self._take(word[1], word[2:])
            else:
                self._read_option(word, words)

    def _read_plugin_option(self, word: str) -> None:
        if word.startswith(_PLUGIN_OPTIONS):
            return
        value = word.partition("=")[2]
        if value.startswith("-"):
            raise ValueError(word)
        self.programs.append(value)

    def _read_option(self, word: str, words: Iterator[str]) -> None:
        name, equals, value = word.lstrip("-").partition("=")
        if name in _LINKER_WITH_VALUE:
            self._take(name, value if equals else next(words, ""))
        elif name == "build-id" and equals:
            if value not in _BUILD_IDS and not value.startswith("0x"):
                raise ValueError(word)
        elif equals or name not in _LINKER_FLAGS:
            raise ValueError(word)
        elif name == "shared":
            self.is_shared = True

    def _take(self, name: str, value: str) -> None:
        if name == "L":
            if value.startswith(("=", "$SYSROOT")):
                raise ValueError(value)
            self.folders.append(value)
        elif name == "m":
            if not value.startswith(_ELF):
                raise ValueError(value)
        elif name in _SCRIPTS:
            self.files.append(value)
        elif name == "o":
            self.output = value
        elif name == "dependency-file":
            self.listing = value
        elif name == "plugin":
            self.programs.append(value)
