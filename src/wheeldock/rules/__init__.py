"""
What has to be so of a distribution, a rule each, and how bad it is when it is not.

The rules of an archive come first. A file that breaks one of those is not looked into: what its
members would be is another thing for each installer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wheeldock.findings import Problem, Rule, Severity
from wheeldock.rules import archive, contents, elf, metadata, names, sdist, secrets, sets, tools

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wheeldock.rules.names import Candidate
    from wheeldock.rules.sets import DistributionSet
    from wheeldock.sdistfile import Sdist
    from wheeldock.wheelfile import Wheel
    from wheeldock.zipstructure import Structure

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

FILE: tuple[Rule[Candidate], ...] = (
    Rule("file-name", _ERROR, names.file_name),
    Rule("file-size", _ERROR, names.file_size),
    Rule("public-version", _ERROR, names.public_version),
    Rule("platform-tag", _ERROR, names.platform_tag),
)
"""Of a file from outside."""

ZIP: tuple[Rule[Structure], ...] = (
    Rule("zip-layout", _ERROR, archive.layout),
    Rule("zip-duplicates", _ERROR, archive.duplicates),
    Rule("zip-headers", _ERROR, archive.headers),
    Rule("zip-names", _ERROR, archive.member_names),
    Rule("zip-features", _ERROR, archive.features),
    Rule("zip-bomb", _ERROR, archive.bomb),
)
"""Of a wheel as an archive."""

ARCHIVE = Rule[Problem]("archive", _ERROR, archive.readable)
"""What is found of a wheel or an sdist that cannot be read."""

WHEEL: tuple[Rule[Wheel], ...] = (
    Rule("dist-info", _ERROR, metadata.dist_info),
    Rule("metadata", _ERROR, metadata.metadata),
    Rule("license-files", _ERROR, metadata.license_files),
    Rule("wheel-file", _ERROR, metadata.wheel_file),
    Rule("entry-points", _ERROR, metadata.entry_points),
    Rule("record", _ERROR, metadata.record),
    Rule("secrets", _ERROR, secrets.of_wheel),
    Rule("stray-files", _WARNING, contents.stray_files),
    Rule("source-files", _WARNING, contents.source_files),
    Rule("leftovers", _WARNING, contents.leftovers),
    Rule("extension-tags", _ERROR, contents.extension_tags),
    Rule("elf-readable", _ERROR, elf.readable),
    Rule("elf-architecture", _ERROR, elf.architecture),
    Rule("elf-libraries", _ERROR, elf.libraries),
    Rule("elf-run-path", _ERROR, elf.run_path),
    Rule("elf-stack", _WARNING, elf.stack),
    Rule("elf-debug", _NOTE, elf.debug),
)
"""Of a wheel's members."""

SDIST: tuple[Rule[Sdist], ...] = (
    Rule("sdist-layout", _ERROR, sdist.layout),
    Rule("sdist-names", _ERROR, sdist.member_names),
    Rule("sdist-metadata", _ERROR, sdist.metadata),
    Rule("sdist-secrets", _ERROR, secrets.of_sdist),
)
"""Of an sdist."""

TOOLS: tuple[Rule[Path], ...] = (
    Rule("auditwheel", _ERROR, tools.policy),
    Rule("abi3audit", _ERROR, tools.stable_abi),
    Rule("twine", _ERROR, tools.description),
    Rule("description", _WARNING, tools.whole_description),
)
"""Of a distribution, as other projects' programs see it."""

REBUILD = Rule[Sequence[Problem]]("rebuild", _ERROR, tools.rebuilt)
"""What a second build finds."""

NOT_CHECKED = Rule[Problem]("not-checked", _NOTE, tools.not_checked)
"""What could not be checked here."""

SET: tuple[Rule[DistributionSet], ...] = (
    Rule("one-release", _ERROR, sets.one_release),
    Rule("one-wheel-each", _ERROR, sets.one_wheel_each),
    Rule("whole-plan", _ERROR, sets.whole_plan),
    Rule("sdist", _WARNING, sets.sdist),
    Rule("same-metadata", _WARNING, sets.same_metadata),
    Rule("public-secrets", _WARNING, sets.public_secrets),
)
"""Of all files of a release together."""


def every_rule() -> Iterator[Rule[Any]]:
    """All rules in the order in which they are checked: what the README's table is made of."""
    yield from FILE
    yield ARCHIVE
    yield from ZIP
    yield from WHEEL
    yield from SDIST
    yield from TOOLS
    yield from SET
    yield REBUILD
