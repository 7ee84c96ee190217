from __future__ import annotations

import pytest
from tests.unit.test_abi import wheel

from wheeldock.selection import Selector, select
from wheeldock.tags import Architecture
from wheeldock.tryplaces import fitting

SELECTION = select(
    Selector(
        build=("cp311-*_{x86_64,aarch64}", "cp313-*_x86_64"),
        architectures=frozenset([Architecture.X86_64, Architecture.AARCH64]),
    )
)


@pytest.mark.parametrize(
    ("wheels", "meant"),
    [
        ([wheel("cp313-cp313")], ["cp313-manylinux_x86_64"]),
        ([wheel("cp311-abi3")], ["cp311-manylinux_x86_64", "cp313-manylinux_x86_64"]),
        (
            [wheel("cp311-cp311", "musllinux_1_2_x86_64"), wheel("cp311-cp311", "any")],
            [str(each) for each in SELECTION.identifiers if each.python == "cp311"],
        ),
        ([wheel("cp39-cp39")], [str(each) for each in SELECTION.identifiers]),
    ],
)
def test_wheels_say_which_interpreters_are_needed(wheels: list[str], meant: list[str]) -> None:
    assert [str(each) for each in fitting(SELECTION, wheels).identifiers] == meant
