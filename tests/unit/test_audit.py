from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.test_abi import wheel

from wheeldock.audit import Auditor, commands_for
from wheeldock.builder import BuildEndedError
from wheeldock.errors import AuditFailedError, BuildFailedError
from wheeldock.events import Log, Step
from wheeldock.progress import Progress
from wheeldock.request import BuildRequest
from wheeldock.seeds import Seeder, Seeds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wheeldock.errors import WheeldockError
    from wheeldock.events import Event

BOTH = ("check {wheel}", "abi3audit {abi3_wheel}")
NAME = "cp311-manylinux_x86_64"


@pytest.mark.parametrize(
    ("abi", "commands"),
    [
        ("cp311-abi3", BOTH),
        ("cp311.cp312-abi3", BOTH),
        ("cp311-cp311", BOTH[:1]),
        ("py3-none", BOTH[:1]),
    ],
)
def test_commands_are_for_the_wheels_that_they_name(abi: str, commands: tuple[str, ...]) -> None:
    assert commands_for(BOTH, wheel(abi)) == commands


def ended(code: int, said: str, stage: str = "audit") -> list[Event]:
    error = f'process "x" did not complete successfully: exit code: {code}'
    step = Step("1", f"[{stage} 1/1] RUN x", started=1.0, completed=2.0, error=error)
    return [step, Log("1", said)]


class Builder:
    """Fails with each list of events in turn, then passes."""

    def __init__(self, *failures: Sequence[Event]) -> None:
        self.failures = list(failures)
        self.targets: list[str] = []

    def build(self, request: BuildRequest) -> Iterator[Event]:
        self.targets.append(request.target)
        if request.target == "audit" and self.failures:
            yield from self.failures.pop(0)
            raise BuildEndedError

    def stop(self) -> None:
        """Do nothing."""


class Bench:
    def __init__(self, folder: Path) -> None:
        self.wheel = folder / "out" / wheel("cp311-abi3")
        self.wheel.parent.mkdir()
        self.wheel.write_bytes(b"wheel")
        self.aside = folder / "unaudited"
        self._seeds = folder / "seeds"

    def audit(self, builder: Builder) -> None:
        def request(target: str, **contexts: Path) -> BuildRequest:
            return BuildRequest(
                target=target, dockerfile=Path("D"), context=Path(), contexts=contexts, output=None
            )

        seeder = Seeder(builder, "base", Seeds(), request("seed", seeds=self._seeds))
        auditor = Auditor(display=Progress(), base_image="base", seeder=seeder, aside=self.aside)
        auditor.audit(NAME, self.wheel, request("audit"))

    def refused(self, builder: Builder) -> WheeldockError:
        with pytest.raises((AuditFailedError, BuildFailedError)) as caught:
            self.audit(builder)
        kept = self.aside / self.wheel.name
        assert kept.read_bytes() == b"wheel"
        assert f"The wheel is kept in {kept}." in caught.value.cure
        return caught.value


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_wheel_that_passes_is_not_kept_aside(bench: Bench) -> None:
    bench.aside.mkdir()
    (bench.aside / bench.wheel.name).write_bytes(b"of the last time")
    bench.audit(Builder())
    assert list(bench.aside.iterdir()) == []


def test_a_wheel_has_a_time_by_which_it_is_not_taken_for_another(bench: Bench) -> None:
    os.utime(bench.wheel, (1580601600, 1580601600))
    before = time.time() - 1
    bench.audit(Builder())
    assert bench.wheel.stat().st_mtime > before


def test_a_wheel_that_does_not_pass_is_kept_and_its_audit_heard(bench: Bench) -> None:
    said = "undefined symbol\nwheeldock: audit-command ended with exit code 1: check {wheel}\n"
    error = bench.refused(Builder(ended(38, said)))
    assert type(error) is AuditFailedError
    assert error.message == (
        f"{NAME}, stage audit: audit-command ended with exit code 1: check {{wheel}}\n"
        "    undefined symbol"
    )


def test_an_audit_that_cannot_be_installed_loses_no_wheel(bench: Bench) -> None:
    error = bench.refused(Builder(ended(1, "no such version", stage="audit-env")))
    assert type(error) is BuildFailedError
    assert "the requirements of the audits could not be installed" in error.message


def test_an_audit_that_lacks_something_of_the_machine_runs_again(bench: Bench) -> None:
    builder = Builder(ended(1, "wheeldock-seeds: missing: the CA bundle\n"))
    bench.audit(builder)
    assert builder.targets == ["audit", "seed", "audit"]
