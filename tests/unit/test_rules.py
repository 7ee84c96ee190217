"""Each rule, with a distribution that breaks it and nothing else, bit by bit."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.elf_files import AARCH64, Entry, link, linked_library, shared_library
from tests.unit.wheel_files import (
    INFO,
    METADATA,
    MODULE,
    SDIST,
    WHEEL,
    sdist_files,
    wheel_files,
    wheel_text,
    write_sdist,
    write_wheel,
)

from wheeldock import rules
from wheeldock.findings import Severity
from wheeldock.identifier import BuildIdentifier
from wheeldock.plan import BuildTarget
from wheeldock.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from wheeldock.findings import Finding

ABI3 = "ovf-1.0-cp39-abi3-manylinux_2_28_x86_64.whl"
PURE = "ovf-1.0-py3-none-any.whl"
CP311 = "ovf-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
# In parts, so that no scanner takes this file for one with secrets in it.
KEY = (
    b"-----BEGIN " + b"RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA" + b"u1SU1LfVLPHCozMxH2Mo4lgOEePz" * 2
)
TOKEN = b"password = pypi-" + b"AgEI" + b"cHlwaS5w" * 12
AWS = b"AKI" + b"AQWERTYUIOPASDFG2\n"


@dataclass(frozen=True)
class Broken:
    """A way to files that break one rule."""

    rule: str
    make: Callable[[Path], Path | list[Path]]
    said: str
    """What the finding's place and text have in them."""
    also: frozenset[str] = frozenset()
    """Rules that cannot but find it, too."""
    options: Mapping[str, Any] = field(default_factory=dict)


def wheel(name: str = WHEEL, **files: bytes) -> Callable[[Path], Path]:
    """A wheel with more files; `__` stands for a slash, and `core` is the module."""

    def make(folder: Path) -> Path:
        found = wheel_files(name)
        if "core" in files:
            found[MODULE] = files["core"]
        more = {key.replace("__", "/"): data for key, data in files.items() if key != "core"}
        return write_wheel(folder / name, {**more, **found})

    return make


def with_files(more: Mapping[str, bytes], name: str = WHEEL) -> Callable[[Path], Path]:
    """A wheel with more files."""
    return lambda folder: write_wheel(folder / name, {**more, **wheel_files(name)})


def told(name: str = WHEEL, **changed: str | None) -> Callable[[Path], Path]:
    """A wheel with another file in its .dist-info folder."""
    return lambda folder: write_wheel(folder / name, wheel_files(name, **changed))


def retold(old: str, new: str) -> Callable[[Path], Path]:
    """A wheel with other metadata."""
    assert old in METADATA
    return told(METADATA=METADATA.replace(old, new))


def edited(edit: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    """A wheel whose bytes were changed."""

    def make(folder: Path) -> Path:
        path = write_wheel(folder / WHEEL)
        path.write_bytes(edit(path.read_bytes()))
        return path

    return make


def patched(data: bytes, signature: bytes, offset: int, new: bytes) -> bytes:
    """The bytes with others at an offset from the last record of a kind."""
    place = data.rindex(signature) + offset
    return data[:place] + new + data[place + len(new) :]


def record(old: str, new: str) -> Callable[[Path], Path]:
    """A wheel with another RECORD."""

    def make(folder: Path) -> Path:
        path = write_wheel(folder / WHEEL)
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        name = f"{INFO}/RECORD"
        assert old in files[name].decode()
        files[name] = files[name].decode().replace(old, new, 1).encode()
        return write_wheel(path, files)

    return make


def twice(folder: Path) -> Path:
    path = write_wheel(folder / WHEEL)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo("ovf/__init__.py"), "")
    return path


def streamed(folder: Path) -> Path:
    class Pipe(io.BytesIO):
        def seek(self, *_: int) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        for name, data in wheel_files(RECORD="x").items():
            archive.writestr(zipfile.ZipInfo(name), data)
    (folder / WHEEL).write_bytes(pipe.getvalue())
    return folder / WHEEL


def member(info: zipfile.ZipInfo, data: bytes = b"") -> Callable[[Path], Path]:
    """A wheel with a member more."""

    def make(folder: Path) -> Path:
        path = write_wheel(folder / WHEEL)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(info, data)
        return path

    return make


def link_member() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("ovf/link")
    info.external_attr = 0o120777 << 16
    return info


def bomb(folder: Path) -> Path:
    info = zipfile.ZipInfo("ovf/zeros")
    info.compress_type = zipfile.ZIP_DEFLATED
    return member(info, bytes(65 * 2**20))(folder)


def large(folder: Path) -> Path:
    path = write_wheel(folder / WHEEL)
    with path.open("r+b") as file:
        file.truncate(101 * 2**20)
    return path


def sdist(name: str = SDIST, **changed: str | None) -> Callable[[Path], Path]:
    """An sdist with other files."""
    return lambda folder: write_sdist(folder / name, sdist_files(**changed))


def sdist_with(data: bytes) -> Callable[[Path], Path]:
    return lambda folder: write_sdist(folder / SDIST, {**sdist_files(), "notes.txt": data})


def entry(name: str, kind: bytes = tarfile.REGTYPE, to: str = "") -> Callable[[Path], Path]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return lambda folder: write_sdist(folder / SDIST, None, info)


def several(*made: Callable[[Path], Path]) -> Callable[[Path], list[Path]]:
    return lambda folder: [make(folder) for make in made]


def abi3(*symbols: str, name: str = "ovf/_core.abi3.so") -> Callable[[Path], Path]:
    """A wheel for the stable ABI whose module uses these symbols."""

    def make(folder: Path) -> Path:
        files = wheel_files(ABI3)
        del files[MODULE]
        used = [Entry(symbol) for symbol in symbols]
        files[name] = shared_library(*used, Entry("PyInit__core", defined=True))
        return write_wheel(folder / ABI3, files)

    return make


def pure_with_module(folder: Path) -> Path:
    return write_wheel(folder / PURE, wheel_files(PURE))


def target(name: str) -> BuildTarget:
    identifier = BuildIdentifier.parse(name)
    return BuildTarget(identifier, f"{identifier.libc}_2_28_{identifier.architecture}")


CENTRAL, LOCAL, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"
ZIP_NAMES = {
    "../evil.py": "not plain",
    "/etc/passwd": "absolute",
    "C:/x.py": "absolute",
    "ovf//x.py": "not plain",
    "ovf\\x.py": "backslash",
    "ovf/\x07.py": "do not print",
}

BROKEN = [
    Broken(
        "file-name",
        lambda folder: write_wheel(folder / "ovf.whl", wheel_files()),
        "Invalid wheel filename",
    ),
    Broken(
        "file-name",
        lambda folder: write_wheel(folder / WHEEL.replace("ovf", "OVF")),
        "should be ovf-1.0",
        also=frozenset({"dist-info"}),
    ),
    Broken("file-name", sdist("ovf-1.0.zip"), "should be ovf-1.0.tar.gz"),
    Broken("file-name", sdist("ovf-1.0.tar.bz2"), "Invalid sdist"),
    Broken("file-size", large, "105.9 MB, and PyPI takes 104.9 MB", also=frozenset({"archive"})),
    Broken("file-size", wheel(), "PyPI takes 1.0 kB", options={"largest": 1000}),
    Broken(
        "public-version",
        sdist("ovf-1.0+abc.tar.gz"),
        "+abc",
        also=frozenset({"sdist-layout", "sdist-metadata"}),
    ),
    Broken("platform-tag", wheel(WHEEL.replace("many", "").replace("_2_28", "")), "linux_x86_64"),
    Broken(
        "platform-tag",
        wheel(WHEEL.replace("x86_64", "loongarch64")),
        "loongarch64",
        also=frozenset({"elf-architecture"}),
    ),
    Broken("archive", edited(lambda data: data[:-30]), "no end-of-directory record"),
    Broken("archive", edited(lambda _: b""), "no end-of-directory record"),
    Broken("archive", edited(lambda data: data.replace(b"# ovf", b"# ovg")), "Bad CRC-32"),
    Broken("archive", lambda folder: _write(folder / SDIST, b"no gzip"), "Not a gzipped file"),
    Broken("zip-layout", edited(lambda data: data + b"more"), "4 bytes follow its end"),
    Broken("zip-layout", edited(lambda data: prefixed(data, b"#!/bin/sh")), "bytes 0 to 9 belong"),
    Broken("zip-layout", edited(lambda data: patched(data, END, 20, b"\4\0") + b"text"), "comment"),
    Broken("zip-duplicates", twice, "ovf/__init__.py: 2 members"),
    Broken("zip-headers", edited(lambda data: patched(data, LOCAL, 30, b"x")), "its name is"),
    Broken("zip-headers", edited(lambda data: patched(data, LOCAL, 22, b"\1")), "its size is"),
    *(Broken("zip-names", member(zipfile.ZipInfo(name)), why) for name, why in ZIP_NAMES.items()),
    Broken("zip-features", streamed, "data descriptor", also=frozenset({"zip-layout"})),
    Broken("zip-features", member(link_member(), b"/etc/passwd"), "link or a device"),
    Broken(
        "zip-features",
        edited(lambda data: patched(patched(data, CENTRAL, 8, b"\1"), LOCAL, 6, b"\1")),
        "encrypted",
    ),
    Broken(
        "zip-features",
        edited(lambda data: patched(patched(data, CENTRAL, 10, b"\14"), LOCAL, 8, b"\14")),
        "method 12",
    ),
    Broken("zip-bomb", bomb, "times its size"),
    Broken("dist-info", told(METADATA=None), "METADATA: the file is missing"),
    Broken("dist-info", told(WHEEL=None), "WHEEL: the file is missing"),
    Broken("dist-info", told(RECORD=None), "RECORD: the file is missing"),
    Broken(
        "dist-info",
        wheel(**{"ovf-0.9.dist-info__WHEEL": b""}),
        "should be ovf-1.0.dist-info",
        also=frozenset({}),
    ),
    Broken("metadata", retold("Name: ovf", "Name: ovg"), "it is ovg, and ovf"),
    Broken("metadata", retold("Version: 1.0", "Version: 1.1"), "it is 1.1, and 1.0"),
    Broken("metadata", retold("Version: 1.0", "Version: one"), "'one' is invalid"),
    Broken(
        "metadata",
        retold("Summary: ", "Requires-Dist: numpy @ https://example.org/n.whl\nSummary: "),
        "by URL",
    ),
    Broken("license-files", told(LICENSE=None), "licenses/LICENSE: METADATA names it"),
    Broken("wheel-file", told(WHEEL=wheel_text(CP311)), "only the file name has cp313-cp313"),
    Broken("wheel-file", told(WHEEL=wheel_text(WHEEL, pure=True)), "Root-Is-Purelib: it is true"),
    Broken("wheel-file", told(WHEEL=wheel_text(WHEEL).replace("1.0", "2.0")), "'2.0'"),
    Broken("wheel-file", told(WHEEL=wheel_text(WHEEL) + "Build: 7\n"), "Build: it is 7"),
    Broken("entry-points", told(entry_points="[console_scripts]\novf = ovf main\n"), "no object"),
    Broken("entry-points", told(entry_points="ovf = ovf:main\n"), "no section headers"),
    Broken("record", record("sha256=", "sha256=x"), "sha256 is another"),
    Broken("record", record("sha256=", "md5="), "no sha256 of it, but md5"),
    Broken("record", record(",0\n", ",1\n"), "RECORD says 1 bytes, and it has 0"),
    Broken(
        "record", record("ovf/__init__.py", "ovf/gone.py"), "RECORD has it, and the wheel does not"
    ),
    Broken(
        "record",
        record("ovf/__init__.py", "ovf/gone.py"),
        "ovf/__init__.py: RECORD does not have it",
    ),
    Broken("record", record("RECORD,,\n", "RECORD,,\novf/__init__.py,,\n"), "twice"),
    Broken("record", record("RECORD,,\n", "RECORD\n"), "a row has 1 fields"),
    Broken("secrets", with_files({"ovf/key.pem": KEY}), "a private key"),
    Broken("secrets", with_files({"ovf/pip.ini": TOKEN}), "a token of PyPI"),
    Broken("secrets", with_files({"ovf/big": bytes(2**20 - 7) + AWS}), "an access key of AWS"),
    Broken("secrets", with_files({"ovf/.env": b"A=1"}), "files of this name hold secrets"),
    Broken("stray-files", with_files({"tests/test_ovf.py": b""}), "tests/: 1 files go to"),
    Broken("stray-files", with_files({"LICENSE": b""}), "LICENSE: it is no module"),
    Broken("stray-files", with_files({"setup.py": b""}), "`import setup`"),
    Broken("source-files", with_files({"ovf/ovf.cpp": b""}), "ovf/ovf.cpp"),
    Broken("leftovers", with_files({"ovf/__pycache__/a.cpython-313.pyc": b""}), "left it behind"),
    Broken("leftovers", with_files({"ovf/.git/config": b""}), "left it behind"),
    Broken("leftovers", with_files({"ovf/ovf.o": b""}), "left it behind"),
    Broken(
        "extension-tags",
        with_files({"ovf/_old.cpython-312-x86_64-linux-gnu.so": b"\0"}),
        "it is for cpython-312-x86_64-linux-gnu",
    ),
    Broken(
        "elf-readable",
        wheel(core=linked_library()[:70]),
        "damaged ELF",
        also=frozenset({"wheel-file"}),
    ),
    Broken("elf-architecture", wheel(core=linked_library(machine=AARCH64)), "for aarch64"),
    Broken("elf-architecture", pure_with_module, "tagged for any platform"),
    Broken("elf-libraries", wheel(core=linked_library("/opt/libx.so")), "path /opt/libx.so"),
    Broken("elf-libraries", wheel(core=linked_library("libpython3.13.so.1.0")), "libpython"),
    Broken("elf-run-path", wheel(core=linked_library(run_path="/env/lib")), "in /env/lib"),
    Broken("elf-run-path", wheel(core=linked_library(run_path="$ORIGIN/../..")), "$ORIGIN/../.."),
    Broken("elf-stack", wheel(core=linked_library(executable_stack=True)), "executable stack"),
    Broken("elf-debug", wheel(core=link([(".debug_info", 1, b"x", 0, 0, 0)])), "debugging"),
    Broken(
        "auditwheel",
        wheel(core=shared_library(Entry("pow", "GLIBC_2.38"))),
        "finds manylinux_2_38_x86_64",
    ),
    Broken("auditwheel", wheel(core=linked_library("libgone.so.7")), "it needs libgone.so.7"),
    Broken("abi3audit", abi3("_PyLong_AsByteArray"), "_PyLong_AsByteArray: not of the stable ABI"),
    Broken("abi3audit", abi3("PyUnicode_AsUTF8AndSize"), "PyUnicode_AsUTF8AndSize of 3.10"),
    Broken("twine", retold("text/markdown\n", "text/x-rst\n\n.. nothing:: here\n"), "twine says"),
    Broken(
        "description",
        told(METADATA=METADATA.partition("Description-")[0]),
        "`long_description` missing",
    ),
    Broken("sdist-layout", sdist(pyproject=None), "neither pyproject.toml nor setup.py"),
    Broken("sdist-layout", sdist(info=None), "PKG-INFO: the file is missing"),
    Broken("sdist-layout", entry("other/setup.py"), "other: all of an sdist is in"),
    Broken("sdist-names", entry("ovf-1.0/../../evil.py"), "leads out of the archive"),
    Broken("sdist-names", entry("ovf-1.0/l", tarfile.SYMTYPE, "../../etc"), "leads out, to"),
    Broken("sdist-names", entry("ovf-1.0/l", tarfile.SYMTYPE, "/etc/passwd"), "leads out, to"),
    Broken("sdist-names", entry("ovf-1.0/p", tarfile.FIFOTYPE), "a device or a pipe"),
    Broken("sdist-names", entry("ovf-1.0/LICENSE"), "2 members"),
    Broken("sdist-metadata", sdist(info=METADATA.replace("1.0", "2.0")), "it is 2.0, and 1.0"),
    Broken("sdist-metadata", sdist(license=None), "PKG-INFO names it"),
    Broken("sdist-secrets", sdist_with(KEY), "a private key"),
    Broken(
        "public-secrets",
        several(with_files({"ovf/key.pem": KEY}), sdist()),
        "ovf/old.pem: no file here is that",
        options={"public_secrets": ("ovf/key.pem", "ovf/old.pem")},
    ),
    Broken(
        "one-release",
        several(wheel(), sdist("ovf-0.9.tar.gz")),
        "ovf 0.9",
        also=frozenset({"sdist-layout", "sdist-metadata"}),
    ),
    Broken(
        "one-wheel-each",
        several(wheel(), wheel(WHEEL.replace("2_28", "2_17"))),
        "these serve the same",
    ),
    Broken(
        "whole-plan",
        several(wheel()),
        "cp39-manylinux_x86_64: no wheel serves it",
        options={"targets": [target("cp313-manylinux_x86_64"), target("cp39-manylinux_x86_64")]},
    ),
    Broken("sdist", several(wheel()), "there is no sdist"),
    Broken(
        "same-metadata",
        several(
            wheel(),
            lambda folder: write_wheel(
                folder / WHEEL.replace("cp313-cp313", "py3-none"),
                wheel_files(
                    WHEEL.replace("cp313-cp313", "py3-none"),
                    METADATA=METADATA.replace("3.9", "3.10"),
                ),
            ),
        ),
        "Requires-Python is another",
    ),
]


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def prefixed(data: bytes, more: bytes) -> bytes:
    """An archive with bytes before it, and its directory's offsets mended."""
    start = struct.unpack_from("<I", data, len(data) - 6)[0]
    moved = bytearray(more + data)
    place = start + len(more)
    while moved[place : place + 4] == CENTRAL:
        offset = struct.unpack_from("<I", moved, place + 42)[0]
        struct.pack_into("<I", moved, place + 42, offset + len(more))
        place += 46 + sum(struct.unpack_from("<HHH", moved, place + 28))
    struct.pack_into("<I", moved, len(moved) - 6, start + len(more))
    return bytes(moved)


SEVERITIES = {rule.name: rule.severity for rule in rules.every_rule()}


def found(broken: Broken, folder: Path) -> list[Finding]:
    made = broken.make(folder)
    paths = made if isinstance(made, list) else [made]
    tools = {rule.name for rule in rules.TOOLS}  # they take a second each
    return verify(paths, with_tools=broken.rule in tools, **broken.options)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.rule}: {broken.said}")
def test_a_rule_finds_what_breaks_it_and_no_other_does(broken: Broken, tmp_path: Path) -> None:
    findings = found(broken, tmp_path)
    ours = [finding for finding in findings if finding.rule == broken.rule]
    assert any(broken.said in f"{each.place}: {each.what}" for each in ours), findings
    assert {each.severity for each in ours} == {SEVERITIES[broken.rule]}
    errors = {each.rule for each in findings if each.severity is Severity.ERROR}
    assert errors - {broken.rule} == broken.also, findings


def test_there_is_a_broken_distribution_for_each_rule() -> None:
    # A second build is compared in test_difference.py.
    assert {broken.rule for broken in BROKEN} == set(SEVERITIES) - {rules.REBUILD.name}


def test_rules_have_names_of_their_own() -> None:
    assert len(SEVERITIES) == len(list(rules.every_rule()))


def test_nothing_is_found_of_good_distributions(tmp_path: Path) -> None:
    paths = [
        write_sdist(tmp_path / SDIST),
        write_wheel(tmp_path / WHEEL),
        abi3("PyErr_Clear")(tmp_path),
    ]
    assert (
        verify(paths, targets=[target("cp313-manylinux_x86_64"), target("cp310-manylinux_x86_64")])
        == []
    )


def test_metadata_of_setuptools_before_77_is_good_enough_for_an_index(tmp_path: Path) -> None:
    older = METADATA.replace("Metadata-Version: 2.4", "Metadata-Version: 2.1")
    assert verify([told(METADATA=older)(tmp_path), sdist(info=older)(tmp_path)]) == []

    wrong = older.replace("Name: ovf", "Name: ovg")
    rules_broken = {each.rule for each in verify([told(METADATA=wrong)(tmp_path)])}
    assert "metadata" in rules_broken


def test_an_sdist_with_setup_py_alone_is_good(tmp_path: Path) -> None:
    files = sdist_files(pyproject=None) | {"setup.py": b""}
    path = write_sdist(tmp_path / SDIST, files)
    assert [each for each in verify([path]) if each.severity is Severity.ERROR] == []


def test_an_sdist_may_spell_its_project_in_another_way_inside(tmp_path: Path) -> None:
    files = sdist_files(info=METADATA.replace("Name: ovf", "Name: O.vf"))
    path = write_sdist(tmp_path / "o_vf-1.0.tar.gz", files, folder="O.vf-1.0")
    assert [each for each in verify([path]) if each.severity is Severity.ERROR] == []

    path = write_sdist(tmp_path / "o_vf-1.0.tar.gz", files, folder="O.vf-1.1")
    assert "sdist-layout" in {each.rule for each in verify([path])}


def test_debugging_information_is_told_with_a_command_that_strips_it(tmp_path: Path) -> None:
    path = wheel(core=link([(".debug_info", 1, b"x", 0, 0, 0)]))(tmp_path)
    (finding,) = [each for each in verify([path]) if each.rule == "elf-debug"]
    assert "repair-wheel-command = 'auditwheel repair --strip --only-plat" in finding.cure


def test_what_twine_says_is_told_without_colours(tmp_path: Path) -> None:
    path = told(METADATA=METADATA.partition("Description-")[0])(tmp_path)
    (finding,) = [each for each in verify([path], with_tools=True) if each.rule == "description"]
    assert "\x1b" not in finding.what


def secrets_found(folder: Path, *public: str, **files: bytes) -> set[str]:
    """What is a secret of a wheel and an sdist with these files, of a few patterns."""
    more = {name.replace("__", "/").replace("_dot_", "."): data for name, data in files.items()}
    paths = [
        with_files(more)(folder),
        write_sdist(folder / SDIST, {**sdist_files(), **more}),
    ]
    found = verify(paths, with_tools=False, public_secrets=public)
    return {each.place for each in found if each.rule in {"secrets", "sdist-secrets"}}


@pytest.mark.parametrize(
    ("pattern", "lets_through"),
    [
        ("ovf/test/test.key", True),
        ("ovf/test/*.key", True),
        ("ovf/*/test.key", True),
        ("*/*/*", True),
        ("test.key", False),
        ("*.key", False),
        ("ovf/*", False),
        ("ovf/**", False),
        ("ovf/test", False),
        ("ovf/test/test.ke", False),
        ("ovf/test/TEST.KEY", False),
        ("ovf-1.0/ovf/test/test.key", False),
    ],
)
def test_a_public_secret_is_that_of_the_file_that_is_named(
    pattern: str,
    lets_through: bool,  # noqa: FBT001 - of a table
    tmp_path: Path,
) -> None:
    file = "ovf/test/test.key"
    found = secrets_found(tmp_path, pattern, ovf__test__test_dot_key=KEY)
    assert found == (set() if lets_through else {file, f"ovf-1.0/{file}"})


def test_a_token_is_no_public_secret_but_where_its_very_file_is_named(tmp_path: Path) -> None:
    for content in (TOKEN, KEY + b"\n" + AWS):
        found = secrets_found(tmp_path, "ovf/*", "*/pip.ini", ovf__pip_dot_ini=content)
        assert found == {"ovf/pip.ini", "ovf-1.0/ovf/pip.ini"}
        assert not secrets_found(tmp_path, "ovf/pip.ini", ovf__pip_dot_ini=content)


def test_files_that_are_secrets_by_their_name_may_be_public(tmp_path: Path) -> None:
    assert secrets_found(tmp_path, ovf___dot_env=b"A=1") == {"ovf/.env", "ovf-1.0/ovf/.env"}
    assert not secrets_found(tmp_path, "ovf/.env", ovf___dot_env=b"A=1")


def test_the_cure_of_a_key_is_the_option_and_of_a_token_is_not(tmp_path: Path) -> None:
    path = with_files({"ovf/a.key": KEY, "ovf/b": TOKEN})(tmp_path)
    key, token = (each.cure for each in verify([path], with_tools=False) if each.rule == "secrets")
    assert key.endswith('What is for tests and public: public-secrets = ["ovf/a.key"].')
    assert "revoke it" in token
    assert "public-secrets" not in token


def test_certificates_are_no_secrets(tmp_path: Path) -> None:
    bundle = b"# Subject: CN=Root\n-----BEGIN CERTIFICATE-----\n" + KEY.partition(b"\n")[2]
    bundle += b"\n-----END CERTIFICATE-----\n"
    public = b"-----BEGIN PUBLIC KEY-----\n" + KEY.partition(b"\n")[2]
    assert not secrets_found(tmp_path, ovf__cacert_dot_pem=bundle * 3, ovf__key_dot_pem=public)
