from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheeldock.environment import Assignment, environment, parse
from wheeldock.values import Unexpected

BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None, reason="Bash is not installed")


def bash(script: str) -> subprocess.CompletedProcess[str]:
    assert BASH
    return subprocess.run([BASH, "-c", script], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        (" \n ", []),
        ("A=b C=d", [("A", "b"), ("C", "d")]),
        ("A=b\nC=d\n", [("A", "b"), ("C", "d")]),
        ("A=", [("A", "")]),
        ("A=b=c", [("A", "b=c")]),
        ("A='b c' D=e", [("A", "'b c'"), ("D", "e")]),
        ('A="b \\" c" D=e', [("A", '"b \\" c"'), ("D", "e")]),
        ("A=b\\ c D=e", [("A", "b\\ c"), ("D", "e")]),
        ("A=$(f 'x y' \")\") D=e", [("A", "$(f 'x y' \")\")"), ("D", "e")]),
        ('A="$(f "x y")" D=e', [("A", '"$(f "x y")"'), ("D", "e")]),
        ("A=$((1 + (2))) D=e", [("A", "$((1 + (2)))"), ("D", "e")]),
        ("A=$(a | b && c) D=e", [("A", "$(a | b && c)"), ("D", "e")]),
        ("A=`a \\` b` D=e", [("A", "`a \\` b`"), ("D", "e")]),
        ("A=${B:-x y} D=e", [("A", "${B:-x y}"), ("D", "e")]),
        ('A="${B:-it\'s}" D=e', [("A", '"${B:-it\'s}"'), ("D", "e")]),
        ("A=$'b\\' c' D=e", [("A", "$'b\\' c'"), ("D", "e")]),
        ("A=b # C=d\nE=f#g", [("A", "b"), ("E", "f#g")]),
    ],
)
def test_assignments_are_split_where_a_shell_splits_them(
    text: str, pairs: list[tuple[str, str]]
) -> None:
    assert [(found.name, found.value) for found in parse(text)] == pairs


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A", "'A' is no assignment"),
        ("A=b c", "'c' is no assignment"),
        ("A= b", "'b' is no assignment"),
        ("1A=b", "'1A' is no name of a variable"),
        ("A-B=c", "'A-B' is no name of a variable"),
        ("A+=b", "'A+' is no name of a variable"),
        ("=b", "'' is no name of a variable"),
        ("A=b; C=d", "';' stands outside of quotes"),
        ("A=b && C=d", "'&' stands outside of quotes"),
        ("A=(1 2)", "'(' stands outside of quotes"),
        ("A=b > f", "'>' stands outside of quotes"),
        ("A='x", '"A=\'x" has no end'),
        ('A="x', "'A=\"x' has no end"),
        ("A=$(x", "'A=$(x' has no end"),
        ("A=${x", "'A=${x' has no end"),
        ("A=`x", "'A=`x' has no end"),
        ("A=x\\", "'A=x\\\\' has no end"),
    ],
)
def test_what_is_no_assignment_is_named(text: str, why: str) -> None:
    read = environment(text)
    assert isinstance(read, Unexpected)
    assert read.value == text
    assert read.expected.endswith(f"or a table of them; {why}")


def test_a_table_has_values_as_in_double_quotes() -> None:
    table = {"A": "b c", "D": "$A/$(f 'x')", "E": 1, "F": True}
    assert environment(table) == (
        Assignment("A", '"b c"'),
        Assignment("D", "\"$A/$(f 'x')\""),
        Assignment("E", '"1"'),
        Assignment("F", '"True"'),
    )


@pytest.mark.parametrize("value", [3, True, ["A=b"], {"A": ["b"]}, {"A-": "b"}, {"A": 'b"c'}])
def test_what_is_no_environment_is_refused(value: object) -> None:
    assert isinstance(environment(value), Unexpected)


@given(st.dictionaries(st.from_regex(r"[A-Za-z_]\w{0,8}", fullmatch=True), st.text(), max_size=4))
def test_what_is_quoted_comes_out_as_one_word(values: dict[str, str]) -> None:
    values = {name: value for name, value in values.items() if name.isascii()}
    text = " ".join(f"{name}={shlex.quote(value)}" for name, value in values.items())
    assert [(f.name, shlex.split(f.value)) for f in parse(text)] == [
        (name, [value]) for name, value in values.items()
    ]


@needs_bash
@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("A =\"'$(){}`\\#;&|<>b\n"), max_size=12).map("A=".__add__))
def test_what_is_accepted_is_nothing_but_assignments_to_bash(text: str) -> None:
    try:
        found = parse(text)
    except ValueError:
        return
    # What a substitution runs is Bash's business, and shlex joins no lines.
    if any(mark in text for mark in ("$", "`", "\\\n")):
        return
    # Each is one word: with all of them evaluated, no command is run and no word is left.
    script = "; ".join(map(str, found))
    done = bash(f"{script}\nprintf '%s' \"$A\"")
    last = [assignment for assignment in found if assignment.name == "A"][-1]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip("\n") == "".join(shlex.split(last.value)).strip("\n")


def test_a_tables_key_that_is_no_name_is_told_as_it_is() -> None:
    read = environment({"A B": "1"})
    assert isinstance(read, Unexpected)
    assert read.expected.endswith("; 'A B' is no name of a variable")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("A=1 B =C D=$E", ["'B' is no assignment", "'' is no name of a variable"]),
        (
            {"A B": "1", "C": [], "D": '"', "E": "$(true)"},
            ["'A B' is no name of a variable", "C is no string", '\'D="""\' has no end'],
        ),
    ],
)
def test_all_that_is_wrong_with_an_environment_is_told(value: object, said: list[str]) -> None:
    read = environment(value)
    assert isinstance(read, Unexpected)
    assert read.expected.endswith(f", or a table of them; {'; '.join(said)}")
