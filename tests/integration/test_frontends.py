"""What builds, repairs and audits a wheel in place of wheeldock's own."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE

from wheeldock.errors import (
    AuditFailedError,
    ConfigurationError,
    RepairError,
    StaleExtensionError,
)

if TYPE_CHECKING:
    from tests.integration.workplace import Ended, Workplace

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("base_image")]

CP39, CP311, CP313, CP314 = (f"cp{v}-manylinux_x86_64" for v in ("39", "311", "313", "314"))

TABLE = """
[tool.wheeldock]
build = "{cp39,cp311,cp313,cp314}-manylinux_x86_64"
config-settings = { "--build-option" = "--verbose" }
dependency-versions = "versions.txt"
environment = { PIP_CONSTRAINT = "locked.txt" }

[[tool.wheeldock.overrides]]
select = "cp39-*"
build-frontend = { name = "build", args = ["--skip-dependency-check"] }
build-verbosity = 2
repair-wheel-command = ""
audit-command = "test -e {wheel}.signed"
audit-requires = []

[[tool.wheeldock.overrides]]
select = "cp311-*"
build-frontend = "build[uv]"
repair-wheel-command = "pip --version && auditwheel repair --strip -w {dest_dir} {wheel}"

[[tool.wheeldock.overrides]]
select = "cp313-*"
build-frontend = "pip; args: --no-color --constraint=versions.txt"
build-verbosity = 1
audit-command = "python -c 'import packaging' {wheel} && python -m zipfile -t {wheel}"
audit-requires = ["packaging"]

[[tool.wheeldock.overrides]]
select = "cp314-*"
build-frontend = "uv"
repair-wheel-command = "cp {wheel} {dest_dir} && cp {wheel} {dest_dir}/copy.whl"
"""


def logs(ended: Ended, target: str, stage: str) -> str:
    """What a stage of a target said, in a run with `--progress json`."""
    lines = map(json.loads, ended.out.splitlines())
    here = {"kind": "log", "target": target, "stage": stage}.items()
    return "".join(line["text"] + "\n" for line in lines if here <= line.items())


def test_each_target_has_its_own_frontend_repair_and_audit(workplace: Workplace) -> None:
    # What an engine has cached says nothing.
    projects.write_tiny(workplace.folder, pyproject=TABLE, more_code=projects.unlike())
    (workplace.folder / "versions.txt").write_text("build==1.2.2  # known to work\n")
    # What is locked here is no affair of the frontend's.
    (workplace.folder / "locked.txt").write_text("setuptools==75.8.0\nbuild==0.0.1\n")
    (workplace.folder / "build.py").write_text("raise SystemExit('this is no frontend')\n")
    (workplace.folder / "MANIFEST.in").write_text("include *.txt build.py\n")

    ended = workplace.build("--progress", "json")

    report = workplace.report()
    codes = {name: target["exit_code"] for name, target in report.items() if target["exit_code"]}
    assert codes == {CP39: AuditFailedError.code, CP314: RepairError.code}, ended.err
    assert "repair-wheel-command: one wheel was due in {dest_dir}" in ended.err
    assert "copy.whl, tiny-1.0-cp314-cp314-linux_x86_64.whl" in ended.err
    assert "audit-command ended with exit code 1: test -e {wheel}.signed" in ended.err
    kept = workplace.state / "unaudited" / "tiny-1.0-cp39-cp39-linux_x86_64.whl"
    assert kept.is_file()
    assert str(kept) in ended.err
    for target, words in {
        CP39: "/env/bin/pyproject-build --wheel /src ",
        CP311: "/env/bin/pyproject-build --wheel /src ",
        CP313: "/env/bin/pip wheel --no-deps /src ",
        CP314: "/opt/wheeldock/bin/uv build --wheel --python=/env/bin/python /src ",
    }.items():
        said = logs(ended, target, "build")
        assert f"+ {words}" in said
        assert "-C--build-option=--verbose" in said
    assert "--skip-dependency-check -v" in logs(ended, CP39, "build")
    assert "--no-color --constraint=versions.txt -v" in logs(ended, CP313, "build")
    with zipfile.ZipFile(kept) as archive:
        assert b"Generator: setuptools (75.8.0)" in archive.read("tiny-1.0.dist-info/WHEEL")
    assert report[CP311]["build_requirements"]["build"]["version"] == "1.2.2"
    assert report[CP311]["file"].endswith("manylinux_2_28_x86_64.manylinux_2_5_x86_64.whl")
    assert report[CP313]["file"] == projects.WHEEL
    assert "Done testing" in logs(ended, CP313, "audit")


def test_a_module_of_an_earlier_build_does_not_ship(workplace: Workplace) -> None:
    projects.write_tiny(workplace.folder, setup=projects.STALE_SETUP)
    stale = "tiny.cpython-311-x86_64-linux-gnu.so"
    (workplace.folder / stale).write_bytes(b"\x7fELF of another machine")
    ended = workplace.build(*ONE)
    assert ended.code == StaleExtensionError.code
    assert f"{CP313}, stage build: " in ended.err
    assert stale in ended.err


def test_constraints_that_are_not_there_end_the_run_before_anything_is_built(
    workplace: Workplace,
) -> None:
    table = '[tool.wheeldock]\ndependency-versions = "versions.txt"\n'
    projects.write_tiny(workplace.folder, pyproject=table)
    ended = workplace.build(*ONE)
    workplace.refused(ended, ConfigurationError, "dependency-versions: got 'versions.txt'")
