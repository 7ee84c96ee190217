from __future__ import annotations

import re
from pathlib import Path

import pytest

import wheeldock

PACKAGE = Path(wheeldock.__file__).parent
CONTRIBUTING = PACKAGE.parents[1] / "CONTRIBUTING.md"


@pytest.mark.skipif(not CONTRIBUTING.exists(), reason="not a checkout")
def test_the_house_in_contributing_has_every_module_and_no_other() -> None:
    rows = [line for line in CONTRIBUTING.read_text().splitlines() if line.startswith("|")]
    named = set(re.findall(r"`(\w+\.py)`", " ".join(row.split("|")[1] for row in rows)))
    assert named == {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
