"""
A changelog's section about one version.

What https://keepachangelog.com describes, and what is near it: Markdown, reStructuredText or
plain text, in which each version has a heading with its number. Pure, but for finding the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheeldock.tagname import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from packaging.version import Version

_NAME = re.compile(
    r"(changelog|changes|change[-_]log|history|news|release[-_]?notes|releases)(\.(md|rst|txt))?",
    re.IGNORECASE,
)
"""Files that are changelogs, by their names."""

_MARKDOWN = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+:.])\1{2,}[ \t]*")
_VERSION = re.compile(r"(?<![\w.])v?\.?(\d[\w.!+-]*\w|\d)", re.IGNORECASE)
_NO_TEXT = re.compile(
    r"\s*|\s*\[[^\]]+\]:.*|\s*<!--.*-->\s*|\s*\.\. .*|\s*[-=~^*+#]+\s*", re.DOTALL
)
"""A line that says nothing to a reader: a link's target, a comment, a rule, a lone bullet."""


@dataclass(frozen=True)
class _Heading:
    line: int
    """Its first line, from 0 on."""
    after: int
    """The first line after it."""
    level: int
    """1 is the outermost."""
    text: str

    @property
    def version(self) -> Version | None:
        """The version that it names."""
        found = (parsed(match.group(1)) for match in _VERSION.finditer(self.text))
        return next(filter(None, found), None)


def find(folders: Iterable[Path]) -> Path | None:
    """The first changelog in the first of the folders that has one."""
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if _NAME.fullmatch(path.name) and path.is_file():
                return path
    return None


def section(text: str, version: Version) -> str | None:
    """
    Return what a changelog says of a version, without its heading; None where it has none.

    It is "" where the section is there and says nothing.
    """
    lines = text.splitlines()
    headings = _headings(lines)
    for place, heading in enumerate(headings):
        if heading.version == version:
            rest = headings[place + 1 :]
            end = next((other.line for other in rest if _ends(heading, other)), len(lines))
            body = lines[heading.after : end]
            return "\n".join(body).strip() if _says_something(body) else ""
    return None


def newest(text: str) -> Version | None:
    """The highest version that a changelog has a heading for."""
    headings = _headings(text.splitlines())
    return max((each.version for each in headings if each.version), default=None)


def _ends(heading: _Heading, other: _Heading) -> bool:
    return other.level <= heading.level or (other.version or heading.version) != heading.version


def _says_something(body: Sequence[str]) -> bool:
    covered = {line for heading in _headings(body) for line in range(heading.line, heading.after)}
    text = re.sub(r"<!--.*?-->", "", _joined(body, covered), flags=re.DOTALL)
    return not all(_NO_TEXT.fullmatch(line) for line in text.splitlines())


def _joined(body: Sequence[str], covered: set[int]) -> str:
    return "\n".join(line for number, line in enumerate(body) if number not in covered)


def _headings(lines: Sequence[str]) -> list[_Heading]:
    """The headings, but for what looks like one in a block of code."""
    return list(_read(lines))


def _read(lines: Sequence[str]) -> Iterator[_Heading]:
    underlines: list[str] = []
    fenced = False
    for number, line in enumerate(lines):
        if re.match(r" {0,3}(```|~~~\w)", line):
            fenced = not fenced
        elif fenced:
            continue
        elif found := _MARKDOWN.fullmatch(line):
            yield _Heading(number, number + 1, len(found.group(1)), found.group(2))
        elif _is_underlined(lines, number):
            kind = lines[number + 1][0]
            if kind not in underlines:
                underlines.append(kind)
            yield _Heading(number, number + 2, 1 + underlines.index(kind), line.strip())


def _is_underlined(lines: Sequence[str], number: int) -> bool:
    """Whether a line is a title with a rule below it: of Markdown (setext), or of docutils."""
    if number + 1 == len(lines) or not lines[number].strip():
        return False
    title = lines[number]
    return bool(_UNDERLINE.fullmatch(lines[number + 1])) and not _UNDERLINE.fullmatch(title)
