"""Rules of a wheel's `.dist-info` folder: METADATA, WHEEL, RECORD and entry points."""

from __future__ import annotations

import base64
import configparser
import csv
import re
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from packaging.metadata import ExceptionGroup, InvalidMetadata, Metadata
from packaging.tags import parse_tag
from packaging.utils import canonicalize_name

from wheeldock.findings import Problem
from wheeldock.wheelfile import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from wheeldock.wheelfile import Wheel

_REQUIRED = ("METADATA", "WHEEL", "RECORD")
_UNLISTED = frozenset({"RECORD.jws", "RECORD.p7s"})
_ENTRY_POINT = re.compile(r"[\w.-]+")
_OBJECT = re.compile(r"[\w.]+\s*(:\s*[\w.]+)?\s*(\[[^\]]*\])?")
_NO_LICENSE_FILES = re.compile(r"^Metadata-Version: *(1\.\d|2\.[0-3])\s*$", re.MULTILINE)
_LICENSE_FILE = re.compile(r"^License-File:.*\n", re.MULTILINE)
_AGAIN = "Let the build backend write it; a step that changes a wheel has to write RECORD anew."


def dist_info(wheel: Wheel) -> Iterator[Problem]:
    """There is one .dist-info folder, of the file name's project and version, with its files."""
    tops = {name.partition("/")[0] for name in wheel.contents}
    for folder in sorted(top for top in tops if top.endswith(".dist-info")):
        if folder != wheel.name.info:
            what = f"the folder should be {wheel.name.info}"
            yield Problem(folder, what, "Do not rename wheels; build them anew.")
    for file in _REQUIRED:
        try:
            text = wheel.text(file)
        except UnreadableError as error:
            yield Problem(error.member, error.why, "Build it again.")
            continue
        if text is None:
            yield Problem(f"{wheel.name.info}/{file}", "the file is missing", "Build it again.")


def metadata(wheel: Wheel) -> Iterator[Problem]:
    """METADATA is valid (core metadata), and has the file name's project and version."""
    text = _text(wheel, "METADATA")
    if text is None:
        return
    parsed, problems = parse_metadata(text, "METADATA")
    yield from problems
    if parsed is None:
        return
    if canonicalize_name(parsed.name) != wheel.name.name:
        yield _differs("METADATA: Name", parsed.name, wheel.name.name)
    if parsed.version != wheel.name.version:
        yield _differs("METADATA: Version", f"{parsed.version}", f"{wheel.name.version}")


def _differs(place: str, said: str, named: str) -> Problem:
    return Problem(place, f"it is {said}, and {named} in the file name", "Build it anew.")


def parse_metadata(text: str, place: str) -> tuple[Metadata | None, list[Problem]]:
    """Core metadata as far as it is valid, and what is wrong with it."""
    cure = "Mend the field in pyproject.toml's [project], or where the build backend reads it."
    try:
        parsed = Metadata.from_email(_as_told(text).encode(), validate=True)
    except ExceptionGroup as group:
        return None, [_invalid(error, place, cure) for error in group.exceptions]
    # packaging hands on what the parsers of e-mail and of licences stumble over.
    except Exception as error:  # noqa: BLE001
        return None, [_invalid(error, place, cure)]
    direct = [each for each in parsed.requires_dist or () if each.url]
    refused = "PyPI takes no requirement by URL"
    hint = "Require a version that is on the index."
    return parsed, [
        Problem(f"{place}: Requires-Dist", f"{refused}: {each}", hint) for each in direct
    ]


def _as_told(text: str) -> str:
    """
    The metadata that an index is told.

    setuptools before 77 writes License-File in metadata of versions that have no such field. twine
    sends none of them then, and no index reads them from the file.
    """
    return _LICENSE_FILE.sub("", text) if _NO_LICENSE_FILES.search(text) else text


def _invalid(error: Exception, place: str, cure: str) -> Problem:
    said = f"{error}".partition("\n")[0]
    if isinstance(error, InvalidMetadata):
        return Problem(f"{place}: {error.field.title()}", said, cure)
    return Problem(place, said, cure)


def license_files(wheel: Wheel) -> Iterator[Problem]:
    """Each License-File of METADATA is in the .dist-info folder's licenses (PEP 639)."""
    parsed = parse_metadata(_text(wheel, "METADATA") or "", "METADATA")[0]
    for file in parsed.license_files or () if parsed else ():
        member = f"{wheel.name.info}/licenses/{file}"
        if member not in wheel.contents:
            yield Problem(member, "METADATA names it, and it is missing", "Mend license-files.")


def wheel_file(wheel: Wheel) -> Iterator[Problem]:
    """WHEEL has the file name's tags and build number, and says whether the wheel is pure."""
    fields = _wheel_fields(wheel)
    if fields is None:
        return
    version = fields.get("Wheel-Version", "")
    if not re.fullmatch(r"1\.\d+", version):
        yield Problem("WHEEL: Wheel-Version", f"it is {version!r}, and installers know 1.*", _AGAIN)
    listed = [tag.strip() for tag in fields.get_all("Tag", [])]
    stated = {str(tag) for text in listed if text.count("-") == 2 for tag in parse_tag(text)}  # noqa: PLR2004
    named = {str(tag) for tag in wheel.name.tags}
    for tag in sorted(stated ^ named):
        where = "only WHEEL has" if tag in stated else "only the file name has"
        yield Problem("WHEEL: Tag", f"{where} {tag}", "Do not rename wheels: `wheel tags` retags.")
    build = "".join(map(str, wheel.name.build))
    if fields.get("Build", "") != build:
        yield _differs("WHEEL: Build", fields.get("Build", "") or "not there", build or "not there")
    pure = fields.get("Root-Is-Purelib", "").lower()
    if pure != str(next(iter(wheel.elf_files), None) is None).lower():
        what = (
            f"it is {pure or 'missing'}, and the wheel has {'no ' * (pure != 'true')}compiled files"
        )
        yield Problem("WHEEL: Root-Is-Purelib", what, _AGAIN)


def _wheel_fields(wheel: Wheel) -> Message | None:
    text = _text(wheel, "WHEEL")
    return None if text is None else HeaderParser().parsestr(text)


class _EntryPointParser(configparser.ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr  # names have case


def entry_points(wheel: Wheel) -> Iterator[Problem]:
    """The entry points can be read, and name objects."""
    text = _text(wheel, "entry_points.txt")
    if text is None:
        return
    parser = _EntryPointParser(delimiters=("=",), interpolation=None, strict=True)
    cure = "Mend [project.scripts] or [project.entry-points] in pyproject.toml."
    try:
        parser.read_string(text)
    except configparser.Error as error:
        yield Problem("entry_points.txt", f"{error}".partition("\n")[0], cure)
        return
    for group in parser.sections():
        for name, value in parser.items(group):
            if not _ENTRY_POINT.fullmatch(name) or not _OBJECT.fullmatch(value.strip()):
                what = f"{name} = {value} names no object as `package.module:object`"
                yield Problem(f"entry_points.txt: {group}", what, cure)


def record(wheel: Wheel) -> Iterator[Problem]:
    """RECORD lists each file with its sha256 and size, once, and nothing else."""
    text = _text(wheel, "RECORD")
    if text is None:
        return
    itself = f"{wheel.name.info}/RECORD"
    unlisted = {itself, *(f"{wheel.name.info}/{name}" for name in _UNLISTED)}
    listed: set[str] = set()
    try:
        rows = list(csv.reader(text.splitlines()))
    except csv.Error as error:
        yield Problem(itself, f"it is no CSV: {error}", _AGAIN)
        return
    for row in filter(None, rows):
        if len(row) != 3:  # noqa: PLR2004 - path, digest, size
            yield Problem(itself, f"a row has {len(row)} fields: {','.join(row)[:80]!r}", _AGAIN)
            continue
        name, digest, size = row
        if name in listed:
            yield Problem(name, "RECORD has it twice", _AGAIN)
        listed.add(name)
        if name not in wheel.contents:
            yield Problem(name, "RECORD has it, and the wheel does not", _AGAIN)
        elif name not in unlisted and (why := _mismatch(wheel, name, digest, size)):
            yield Problem(name, why, _AGAIN)
    for name in wheel.contents:
        if name not in listed and name not in unlisted - {itself}:
            yield Problem(name, "RECORD does not have it", _AGAIN)


def _mismatch(wheel: Wheel, name: str, digest: str, size: str) -> str:
    content = wheel.contents[name]
    kind, _, text = digest.partition("=")
    if kind != "sha256":
        return f"RECORD has no sha256 of it, but {kind or 'nothing'}"
    actual = base64.urlsafe_b64encode(content.sha256).rstrip(b"=").decode()
    if text != actual:
        return f"RECORD's sha256 is another: {text}, and it has {actual}"
    if size != str(content.size):
        return f"RECORD says {size or 'no'} bytes, and it has {content.size}"
    return ""


def _text(wheel: Wheel, file: str) -> str | None:
    """The file's text; None where it is missing or unreadable, which `dist_info` tells."""
    try:
        return wheel.text(file)
    except UnreadableError:
        return None
