from __future__ import annotations

import tomli

from wheeldock.config import load
from wheeldock.identifier import known_identifiers
from wheeldock.translate import with_our_table

TEXT = """\
[build-system]
requires = ["setuptools"]  # keep

[tool.cibuildwheel]
# no 32 bits
skip = ["*-win32",
        "*i686"]  # never
test-command = "pytest {project}"   # quick
build = ""
archs = []
xbuild-tools = []
container-engine = "podman"

[tool.cibuildwheel.linux]
before-all = "yum install -y x" # c
manylinux-x86_64-image = ""

[tool.cibuildwheel.macos]
archs = ["universal2"]

[[tool.cibuildwheel.overrides]]
select = "*-musllinux*"  # Alpine
inherit.test-command = "append"
before-all = "apk add x"
test-command = "y"

[[tool.cibuildwheel.overrides]]
select = "*-win*"
before-all = "choco"

[[tool.cibuildwheel.overrides]]
select = "cp39-*"
container-engine = "docker"

[tool.mypy]
strict = true
"""

OURS = """
[tool.wheeldock]
# no 32 bits
skip = ["*-win32",
        "*i686"]  # never
test-command = "pytest {project}"   # quick

[tool.wheeldock.linux]
before-all = "yum install -y x" # c

[[tool.wheeldock.overrides]]
select = "*-musllinux*"  # Alpine
inherit.test-command = "append"
before-all = "apk add x"
test-command = "y"
"""


def test_names_stay_and_so_do_comments_and_the_rest_of_the_file() -> None:
    assert with_our_table(TEXT) == TEXT + OURS


def test_what_is_read_is_the_same_before_and_after() -> None:
    before = load(tomli.loads(TEXT)["tool"], path="p", environ={}, overrides={})
    after = load(tomli.loads(with_our_table(TEXT))["tool"], path="p", environ={}, overrides={})
    assert before == after
    for identifier in known_identifiers():
        assert before.for_target(identifier) == after.for_target(identifier)
    assert after.remarks == ()


def test_no_override_for_linux_leaves_none() -> None:
    text = '[tool.cibuildwheel]\nskip = "x"\n[[tool.cibuildwheel.overrides]]\nselect = "*-win*"\n'
    assert with_our_table(text) == f'{text}\n[tool.wheeldock]\nskip = "x"\n'


def test_a_table_in_pieces_is_translated_too() -> None:
    text = '[tool]\ncibuildwheel.skip = "x" # c\n[tool.cibuildwheel.environment]\nA = "b"\n'
    assert with_our_table(text) == (
        f'{text}\n[tool.wheeldock]\nskip = "x" # c\n\n[tool.wheeldock.environment]\nA = "b"\n'
    )
