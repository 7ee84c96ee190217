from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from wheeldock.changelog import find, newest, section

if TYPE_CHECKING:
    from pathlib import Path

KEEP = """\
# Changelog

Versions follow [SemVer](https://semver.org), and began with 0.1.

## [Unreleased]

## [1.1.0] - 2026-01-02

### Added

- Wheels for 3.14.

```
## 1.0.0
```

## 1.0.0 (2025-12-01)

First.

## v0.9rc1

### Fixed

<!-- nothing
yet -->

[1.1.0]: https://example.com/compare/1.0...1.1
"""

UNDERLINED = """\
=======
History
=======

Version 2.0.1, 2026-02-01
-------------------------

* A fix.

Details
~~~~~~~

Long ones.

2.0
---

.. towncrier starts

"""


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.1", "### Added\n\n- Wheels for 3.14.\n\n```\n## 1.0.0\n```"),
        ("1.0.0", "First."),
        ("0.9rc1", ""),
        ("0.1", None),
        ("1.1.0.post1", None),
        ("11.0", None),
    ],
)
def test_a_version_has_a_section_of_its_own(version: str, expected: str | None) -> None:
    assert section(KEEP, Version(version)) == expected


def test_titles_may_be_underlined() -> None:
    assert section(UNDERLINED, Version("2.0.1")) == ("* A fix.\n\nDetails\n~~~~~~~\n\nLong ones.")
    assert section(UNDERLINED, Version("2.0")) == ""


@pytest.mark.parametrize(
    "heading",
    ["## 1.0", "# Version 1.0", "## [v1.0](https://a.b/2.0)", "### tiny-1.0 (2026)", "1.0\n==="],
)
def test_a_heading_names_its_version_in_many_ways(heading: str) -> None:
    assert section(f"{heading}\n\nText.\n", Version("1.0")) == "Text."


def test_a_link_target_or_a_rule_is_no_text() -> None:
    assert section("## 1.0\n\n[1.0]: https://a.b\n\n-\n***\n", Version("1.0")) == ""


def test_a_bold_heading_below_another_version_ends_it() -> None:
    assert section("# 1.0\n\nOne.\n\n### 0.9\n\nOld.\n", Version("1.0")) == "One."


def test_the_newest_version_is_told() -> None:
    assert newest(KEEP) == Version("1.1.0")
    assert newest("# Changelog\n\n## Unreleased\n") is None


@pytest.mark.parametrize(
    "name", ["CHANGELOG.md", "changes.rst", "HISTORY", "NEWS.txt", "RELEASE_NOTES.md"]
)
def test_the_file_is_found_by_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "changelog.py").touch()
    assert find([tmp_path / "sub", tmp_path]) is None
    (tmp_path / name).touch()
    assert find([tmp_path / "sub", tmp_path]) == tmp_path / name
