from __future__ import annotations

import pytest
from tests.unit.test_record import of
from tests.unit.test_refusals import IMAGE, REFUSALS, REQUEST

from wheeldock.errors import (
    BuilderNotFoundError,
    BuildFailedError,
    CacheExportUnsupportedError,
    CommandFailedError,
    DiskFullError,
    EngineUnreachableError,
    ImageNotFoundError,
    InterpreterMissingError,
    LibraryNotFoundError,
    PureWheelError,
    StaleExtensionError,
    StoppedError,
    TooRecentSymbolsError,
    WheeldockError,
)
from wheeldock.events import Log, Notice, Step
from wheeldock.failures import explain

EXCERPT = """\
Dockerfile:13
--------------------
  13 | >>> FROM ${BASE_IMAGE} AS look
  14 |     RUN echo not found, unauthorized, no space left on device
--------------------
"""


def failed_step(name: str, error: str) -> Step:
    return Step("sha256:1", name, started=1.0, completed=2.0, error=error)


@pytest.mark.parametrize(("text", "error"), REFUSALS)
def test_a_build_without_its_base_image_says_what_became_of_the_image(
    text: str, error: type[WheeldockError]
) -> None:
    step = failed_step(f"[internal] load metadata for {IMAGE}", text or "it broke")
    told = explain("sdist", IMAGE, of(step, Notice(EXCERPT)))
    assert type(told) is error


def test_a_base_image_that_is_lost_after_its_manifest_is_told_too() -> None:
    step = failed_step(f"[tools 1/2] FROM {IMAGE}", f"{IMAGE}: not found")
    assert type(explain("sdist", IMAGE, of(step))) is ImageNotFoundError


def test_a_build_that_is_stopped_while_it_waits_for_a_registry_is_stopped() -> None:
    step = failed_step(f"[internal] load metadata for {IMAGE}", f"{REQUEST}context canceled")
    assert type(explain("sdist", IMAGE, of(step))) is StoppedError


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("ERROR: Cannot connect to the Docker daemon at unix:///x.", EngineUnreachableError),
        (
            "ERROR: failed to solve: Unavailable: error reading from server: EOF",
            EngineUnreachableError,
        ),
        ("ERROR: rpc error: code = Unavailable desc = transport closing", EngineUnreachableError),
        ("ERROR: open /tmp/x: no space left on device", DiskFullError),
        (
            "ERROR: Cache export is not supported for the docker driver.",
            CacheExportUnsupportedError,
        ),
        ('ERROR: no builder "b" found', BuilderNotFoundError),
        ("ERROR: failed to solve: Canceled: context canceled", StoppedError),
        ("ERROR: failed to solve: dockerfile parse error", BuildFailedError),
    ],
)
def test_a_build_that_does_not_start_is_told_by_its_notices(
    text: str, error: type[WheeldockError]
) -> None:
    assert type(explain("sdist", IMAGE, of(Notice("WARNING: x"), Notice(text)))) is error


def test_a_build_whose_results_are_pruned_meanwhile_says_so() -> None:
    told = explain("tools", IMAGE, of(Notice("ERROR: failed to solve: not found")))
    assert "pruned meanwhile" in told.message
    assert told.cure == "Run this again."


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1, BuildFailedError),
        (PureWheelError.code, PureWheelError),
        (StaleExtensionError.code, StaleExtensionError),
        (TooRecentSymbolsError.code, TooRecentSymbolsError),
        (LibraryNotFoundError.code, LibraryNotFoundError),
    ],
)
def test_a_step_that_fails_is_told_by_its_exit_code(code: int, error: type[WheeldockError]) -> None:
    problem = f'process "x" did not complete successfully: exit code: {code}'
    step = failed_step("[repair 1/1] RUN x", problem)
    log = Log(step.digest, "noise\nwheeldock: the reason\nwheeldock: and more\n")
    told = explain("cp313-manylinux_x86_64", IMAGE, of(step, log))
    assert type(told) is error
    lines = told.message.splitlines()
    assert lines[:2] == ["cp313-manylinux_x86_64, stage repair: the reason", "and more"]
    assert ("    noise" in lines) == (error in {BuildFailedError, PureWheelError})


@pytest.mark.parametrize(
    ("image", "needed", "cure"),
    [
        (
            "wheeldock/stand-in:manylinux_2_28_x86_64",
            "exp@GLIBC_2.29 in libgfortran.so.5.0.0",
            "Debian's",
        ),
        ("wheeldock/stand-in:manylinux_2_28_x86_64", "pow@GLIBC_2.29 in m.cpython-313.so", ""),
        (IMAGE, "exp@GLIBC_2.29 in libgfortran.so.5.0.0", ""),
    ],
)
def test_a_library_of_the_stand_ins_that_is_too_new_is_told_as_that(
    image: str, needed: str, cure: str
) -> None:
    problem = f"did not complete successfully: exit code: {TooRecentSymbolsError.code}"
    step = failed_step("[repair 1/1] RUN x", problem)
    log = f"wheeldock: a.whl needs symbols that x does not have:\nwheeldock:   {needed}\n"
    told = explain("cp313-manylinux_x86_64", image, of(step, Log(step.digest, log)))
    assert bool(told.cure) == bool(cure)
    assert cure in told.cure


def test_a_stage_without_a_script_of_ours_is_told_by_what_it_installs() -> None:
    step = failed_step("[env 1/1] RUN x", "did not complete successfully: exit code: 2")
    told = explain("sdist", IMAGE, of(step, Log(step.digest, "no such thing\n")))
    assert told.message.splitlines() == [
        "sdist, stage env: the build requirements could not be installed (exit code 2)",
        "    no such thing",
    ]


def test_a_step_without_explanation_is_told_by_its_exit_code_and_log() -> None:
    step = failed_step("[build 2/2] RUN x", "did not complete successfully: exit code: 2")
    told = explain("cp39-x", IMAGE, of(step, Log(step.digest, "a.cpp:1: error\nmake: 2\n")))
    assert told.message.splitlines() == [
        "cp39-x, stage build: exit code 2",
        "    a.cpp:1: error",
        "    make: 2",
    ]


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("wheeldock: it failed\nwheeldock: Its log ends:\n", ["it failed", "It printed nothing."]),
        (
            "E: no\nE: no\nE: yes\nE: no\nwheeldock: it failed\nwheeldock: Its log ends:\n",
            ["it failed", "Its log ends:", "    E: no", "    E: yes", "    E: no"],
        ),
    ],
)
def test_a_log_is_told_without_repetitions_and_one_of_nothing_as_that(
    log: str, told: list[str]
) -> None:
    step = failed_step("[build 3/4] RUN", "exit code: 35")
    first, *rest = explain("cp39-x", IMAGE, of(step, Log(step.digest, log))).message.split("\n")
    assert [first.partition("build: ")[2], *rest] == told


def test_a_step_that_fills_the_disk_or_is_stopped_is_told_as_that() -> None:
    step = failed_step("[build 2/2] RUN x", "did not complete successfully: exit code: 1")
    full = of(step, Log(step.digest, "OSError: [Errno 28] No space left on device"))
    assert type(explain("cp39-x", IMAGE, full)) is DiskFullError
    stopped = failed_step("[build 2/2] RUN x", "exit code: 137: context canceled")
    assert type(explain("cp39-x", IMAGE, of(stopped))) is StoppedError


@pytest.mark.parametrize(
    ("code", "said", "lacks"),
    [
        (CommandFailedError.code, "bash: line 1: yum: command not found", "yum"),
        (1, "    error: can't find Rust compiler", "Rust"),
    ],
)
def test_what_an_image_lacks_is_told_with_what_takes_its_place(
    code: int, said: str, lacks: str
) -> None:
    error = f'process "x" did not complete successfully: exit code: {code}'
    step = failed_step("[build 1/1] RUN x", error)
    log = Log(step.digest, f"{said}\nwheeldock: it ended with exit code 127\n")
    told = explain("cp313-manylinux_x86_64", IMAGE, of(step, log))
    assert told.code == (code if code > 1 else BuildFailedError.code)
    assert told.cure.startswith(f"{IMAGE} has no {lacks}. `system-packages")


def test_an_interpreter_that_could_not_be_installed_is_told_with_its_image() -> None:
    error = 'process "x" did not complete successfully: exit code: 25'
    step = failed_step("[env 1/1] RUN x", error)
    log = Log(step.digest, "no such version\nwheeldock: could not install pp311\n")
    told = explain("pp311-manylinux_x86_64", IMAGE, of(step, log))
    assert type(told) is InterpreterMissingError
    assert told.message == (
        "pp311-manylinux_x86_64, stage env: could not install pp311\n    no such version"
    )
    assert IMAGE in told.cure
