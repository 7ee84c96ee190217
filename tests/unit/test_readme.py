from __future__ import annotations

from pathlib import Path

from wheeldock.errors import every_error
from wheeldock.rules import every_rule

README = Path(__file__).parents[2] / "README.md"
MARKER = "<!-- exit codes -->\n"


def first_line(text: str | None) -> str:
    return (text or "").strip().splitlines()[0]


def test_the_table_of_exit_codes_has_every_failure_and_nothing_else() -> None:
    _, marker, rest = README.read_text(encoding="utf-8").partition(MARKER)
    assert marker
    head, rule, *rows = rest.strip().partition("\n\n")[0].splitlines()
    assert (head, rule) == ("| exit code | meaning |", "|---|---|")
    assert rows == [f"| `{error.code}` | {first_line(error.__doc__)} |" for error in every_error()]


def test_the_table_of_rules_has_every_rule_and_nothing_else() -> None:
    _, marker, rest = README.read_text(encoding="utf-8").partition("<!-- rules -->\n")
    assert marker
    head, line, *rows = rest.strip().partition("\n\n")[0].splitlines()
    assert (head, line) == ("| rule | if it is broken | what has to be so |", "|---|---|---|")
    assert rows == [
        f"| `{rule.name}` | {rule.severity} | {rule.meaning} |" for rule in every_rule()
    ]
