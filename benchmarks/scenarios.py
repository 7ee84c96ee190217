"""The moments of a project's day, in the order in which each round goes through them."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.projects import Edit


@dataclass(frozen=True)
class Scenario:
    """What happened since the build before."""

    name: str
    title: str
    edit: Edit | None = None
    adds_python: bool = False
    fresh_machine: bool = False
    """Whether it is built on a machine whose engine and folders are empty, as a CI's runner is."""

    @property
    def has_work(self) -> bool:
        """Whether any wheel has to be built."""
        return self.edit not in {None, Edit.UNSHIPPED} or self.adds_python or self.name == COLD

    def is_cached(self, target: str, *, added: bool) -> bool | None:
        """
        Whether wheeldock should take the target from its cache; None if either is right.

        `target` is a build identifier, or `sdist`; `added` says that it is new in this scenario.
        """
        if self.name == COLD:
            return False
        if target == "sdist":
            return True if self.edit is None and not self.adds_python else None
        return self.edit in {None, Edit.UNSHIPPED} and not added


COLD = "cold"

SCENARIOS = (
    Scenario(COLD, "cold"),
    Scenario("nothing", "nothing changed"),
    Scenario("unshipped", "a file that does not ship", Edit.UNSHIPPED),
    Scenario("python", "one .py", Edit.PYTHON),
    Scenario("library", "one .cpp or .c without Python.h", Edit.LIBRARY),
    Scenario("native", "one .cpp or .c with it", Edit.NATIVE),
    Scenario("interpreter", "one interpreter more", adds_python=True),
    Scenario("restored", "restored on a fresh engine", fresh_machine=True),
)


def chosen(names: tuple[str, ...]) -> tuple[Scenario, ...]:
    """The scenarios of those names, or all; always the cold one, which the others stand on."""
    if not names:
        return SCENARIOS
    return tuple(scenario for scenario in SCENARIOS if scenario.name in {COLD, *names})
