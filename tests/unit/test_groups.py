from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wheeldock.errors import ConfigurationError
from wheeldock.groups import requirements

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUPS: Mapping[str, object] = {
    "test": ["pytest>=8", {"include-group": "Typing_Stubs"}],
    "typing-stubs": ["types-x", "pytest>=8"],
}


def test_groups_give_their_requirements_and_those_of_groups_in_them_once() -> None:
    assert requirements(GROUPS, ["Test"], "p") == ["pytest>=8", "types-x"]
    assert requirements(GROUPS, ["typing.stubs", "test"], "p") == ["types-x", "pytest>=8"]
    assert requirements({}, [], "p") == []


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (GROUPS, "p has no dependency group 'docs'; it has test, typing-stubs"),
        ({}, "p has no dependency group 'docs'; it has none"),
        ({"docs": ["not a requirement!"]}, "p: dependency-groups"),
        ({"docs": [{"include-group": "docs"}]}, "p: dependency-groups"),
        ({"docs": [{"include-group": "gone"}]}, "p: dependency-groups"),
        ({"docs": [{"path": "x"}]}, "p: dependency-groups"),
        ({"docs": "sphinx"}, "p: dependency-groups"),
        ({"docs": [1]}, "p: dependency-groups"),
        ({"docs": 1}, "p: dependency-groups"),
        ({"docs": ["sphinx"], "Docs": ["mkdocs"]}, "p: dependency-groups"),
    ],
)
def test_groups_that_are_not_there_or_are_malformed_are_told(
    groups: Mapping[str, object], said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        requirements(groups, ["docs"], "p")
    assert said in caught.value.message
