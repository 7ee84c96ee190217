"""What tags of versions are called: `v1.0`, `1.0`, or as the option `tag-format` says. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable

PLACE = "{version}"
"""Where the version stands in a format."""
WITH_V, BARE = f"v{PLACE}", PLACE


def format_like(tags: Iterable[str]) -> str:
    """The format for a repository: that of its newest version's tag, else with a `v`."""
    found = {version: tag for tag in tags if (version := plain_version(tag))}
    if found and not found[max(found)].lower().startswith("v"):
        return BARE
    return WITH_V


def tag_of(version: Version, form: str) -> str:
    """The name of a version's tag."""
    return form.replace(PLACE, str(version))


def version_of(tag: str, form: str) -> Version | None:
    """The version that a tag of a format is of, None for any other tag."""
    if form in {WITH_V, BARE}:
        return plain_version(tag)
    before, _, after = form.partition(PLACE)
    if not (tag.startswith(before) and tag.endswith(after)):
        return None
    return parsed(tag.removeprefix(before).removesuffix(after))


def glob_of(form: str) -> str:
    """What GitHub's filters have for the tags of a format."""
    return form.replace(PLACE, "[0-9]*")


def pattern_of(form: str) -> str:
    """A regular expression (RE2) for the tags of a format."""
    before, _, after = form.partition(PLACE)
    return rf"^{re.escape(before)}[0-9].*{re.escape(after)}$"


def plain_version(tag: str) -> Version | None:
    """The version that a tag is of which has nothing else in it but for a `v`."""
    return parsed(tag.removeprefix("v").removeprefix("V"))


def parsed(text: str) -> Version | None:
    """The version that a text is (PEP 440), or None."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def next_after(version: Version) -> Version:
    """The smallest final version after another."""
    if version.is_prerelease:
        return Version(version.base_version)
    release = (*version.release, 0, 0)[: max(3, len(version.release))]
    epoch = f"{version.epoch}!" if version.epoch else ""
    return Version(epoch + ".".join(map(str, (*release[:-1], release[-1] + 1))))
