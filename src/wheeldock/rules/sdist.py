"""Rules of an sdist: its layout (PEP 517, PEP 625), its metadata (PEP 643), and what it ships."""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from wheeldock.findings import Problem
from wheeldock.rules.metadata import parse_metadata
from wheeldock.sources import PROJECT_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheeldock.sdistfile import Sdist

_AGAIN = "Let the build backend make it: `invoke build`."


def layout(sdist: Sdist) -> Iterator[Problem]:
    """All is in one folder of the sdist's name, with PKG-INFO and pyproject.toml or setup.py."""
    tops = {member.name.partition("/")[0] for member in sdist.members}
    for top in sorted(tops - {sdist.folder}):
        yield Problem(top, f"all of an sdist is in the folder {sdist.folder}", _AGAIN)
    names = {member.name for member in sdist.members}
    if f"{sdist.folder}/PKG-INFO" not in names:
        yield Problem(f"{sdist.folder}/PKG-INFO", "the file is missing", _AGAIN)
    # pip and package indexes take a setup.py alone, too.
    if names.isdisjoint(f"{sdist.folder}/{file}" for file in PROJECT_FILES):
        what = f"there is neither {' nor '.join(PROJECT_FILES)}"
        yield Problem(sdist.folder, what, "See that the build backend's settings ship it.")


def member_names(sdist: Sdist) -> Iterator[Problem]:
    """Members are files, folders and links inside of the sdist, each once."""
    cure = "Leave it out of the sdist: nothing may land outside of where that is unpacked."
    for member in sdist.members:
        if not _is_inside(member.name):
            yield Problem(ascii(member.name), "the path leads out of the archive", cure)
        if member.kind == "other":
            yield Problem(ascii(member.name), "it is a device or a pipe", cure)
        if member.kind == "link" and not _is_inside(member.target):
            yield Problem(member.name, f"it is a link that leads out, to {member.target}", cure)
    for name, times in Counter(member.name for member in sdist.members).items():
        if times > 1:
            yield Problem(ascii(name), f"{times} members have this name", _AGAIN)


def _is_inside(name: str) -> bool:
    path = posixpath.normpath(name)
    return path != ".." and "\\" not in path and not path.startswith(("/", "../"))


def metadata(sdist: Sdist) -> Iterator[Problem]:
    """PKG-INFO is valid, and has the file name's project and version and existing license files."""
    if sdist.info is None:
        return
    parsed, problems = parse_metadata(sdist.info, "PKG-INFO")
    yield from problems
    if parsed is None:
        return
    for field, said, named in (
        ("Name", canonicalize_name(parsed.name), sdist.name),
        ("Version", parsed.version, sdist.version),
    ):
        if said != named:
            what = f"it is {said}, and {named} in the file name"
            yield Problem(f"PKG-INFO: {field}", what, "Build it anew.")
    names = {member.name for member in sdist.members}
    for file in parsed.license_files or ():
        if f"{sdist.folder}/{file}" not in names:
            what = "PKG-INFO names it, and it is missing"
            yield Problem(f"{sdist.folder}/{file}", what, "Mend license-files.")
