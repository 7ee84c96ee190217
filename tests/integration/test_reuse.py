"""A rebuild that compiles everything again for no good reason says so."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE

if TYPE_CHECKING:
    from tests.integration.workplace import Workplace

pytestmark = pytest.mark.integration

SETUP = """\
import os
import time

from setuptools import Extension, setup

# {nonce}
with open("now.h", "w") as file:
    file.write(f"#define NOW {{{now}}}\\n")
os.environ.update({variables})
setup(py_modules=["pure"], ext_modules=[Extension("tiny", ["tiny.c"])])
"""
CODE = f'#include "now.h"\nlong now = NOW;\n{projects.CODE}'

CASES = {
    "a time in a generated header": ("time.time_ns()", {}, "none of its 1 compiles came from "),
    "a compiler by its path": ("1", {"CC": "/usr/bin/gcc"}, "the compiler cache saw none of it"),
    "nothing wrong": ("1", {}, ""),
}


@pytest.mark.parametrize("case", CASES)
def test_a_rebuild_that_compiles_all_of_it_again(workplace: Workplace, case: str) -> None:
    now, variables, warning = CASES[case]
    # The caches outlive this test, and what it builds is to be new to them.
    setup = SETUP.format(nonce=secrets.token_hex(8), now=now, variables=variables)
    projects.write_tiny(workplace.folder, setup=setup, code=CODE)
    (workplace.folder / "pure.py").touch()
    first = workplace.build(*ONE)
    workplace.built(first)
    assert workplace.report()[ONE[1]]["warning"] == ""

    (workplace.folder / "pure.py").write_text("changed = True\n")
    again = workplace.build(*ONE)
    workplace.built(again)
    said = workplace.report()[ONE[1]]["warning"]
    assert warning in said
    assert bool(said) == bool(warning)
    assert said in again.out + again.err
