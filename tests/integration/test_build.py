"""`invoke build` on the bundled example: from the source tree to wheels that install and work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wheeldock import report
from wheeldock.seeds import ca_bundle

if TYPE_CHECKING:
    from wheeldock.baseimage import BaseImage

pytestmark = pytest.mark.integration

EXAMPLE = Path(__file__).parents[2] / "examples/ovf"
ONLY = "cp313-manylinux_x86_64"
WHEEL = "wheeldock_example_ovf-0.1.0-cp313-cp313-manylinux_2_28_x86_64.whl"
SDIST = "wheeldock_example_ovf-0.1.0.tar.gz"


def wheeldock(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wheeldock", *arguments]
    done = subprocess.run(command, check=False, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, base_image: BaseImage) -> Path:
    """A folder with a copy of the example, in which it was built for one interpreter."""
    assert "cp313-cp313" in base_image.interpreters
    home = tmp_path_factory.mktemp("build")
    shutil.copytree(EXAMPLE, home / "ovf")
    wheeldock("build", "--source", "ovf", "--only", ONLY, cwd=home)
    return home


def last_report(home: Path) -> dict[str, Any]:
    return json.loads((home / ".wheeldock/report.json").read_text())


def rebuilt(home: Path) -> dict[str, bool]:
    """Build again, and say of each target whether it ran a step."""
    wheeldock("build", "--source", "ovf", "--only", ONLY, cwd=home)
    return {target["name"]: not target["cached"] for target in last_report(home)["targets"]}


def test_dist_has_the_sdist_and_the_wheel(home: Path) -> None:
    assert sorted(path.name for path in (home / "dist").iterdir()) == [WHEEL, SDIST]


def test_the_wheel_has_the_extension_and_the_policys_tag(home: Path) -> None:
    with zipfile.ZipFile(home / "dist" / WHEEL) as wheel:
        names = wheel.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/WHEEL"))
        tags = wheel.read(metadata).decode()
    assert any(name.endswith(".so") for name in names)
    assert "Tag: cp313-cp313-manylinux_2_28_x86_64" in tags


def test_the_report_says_what_became_of_each_target(home: Path) -> None:
    targets = {
        target.name: target for target in report.read(home / ".wheeldock/report.json").targets
    }
    wheel = targets[ONLY]
    assert wheel.file == WHEEL
    assert wheel.size == (home / "dist" / WHEEL).stat().st_size
    assert len(wheel.sha256 or "") == 64
    assert wheel.stages["build"] >= 0
    assert targets["sdist"].file == SDIST


def test_the_wheel_passes_the_examples_tests_in_a_clean_container(
    home: Path, base_image: BaseImage
) -> None:
    script = """
        /opt/python/cp313-cp313/bin/python -m venv /v
        /v/bin/pip install -q --disable-pip-version-check /dist/*cp313*.whl pytest hypothesis
        cp -r /tests /away; cd /away
        /v/bin/python -m pytest -q -p no:cacheprovider .
    """
    mounts = {home / "dist": "/dist", EXAMPLE / "tests": "/tests"}
    arguments = [f"--volume={source}:{target}:ro" for source, target in mounts.items()]
    if bundle := ca_bundle(os.environ):
        arguments += [f"--volume={bundle}:/ca:ro", "--env=PIP_CERT=/ca", "--env=SSL_CERT_FILE=/ca"]
    done = subprocess.run(
        ["docker", "run", "--rm", *arguments, base_image.reference, "bash", "-ec", script],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_nothing_is_built_when_nothing_changed(home: Path) -> None:
    rebuilt(home)
    assert rebuilt(home) == {"sdist": False, ONLY: False}


def test_a_file_that_does_not_ship_rebuilds_no_wheel(home: Path) -> None:
    rebuilt(home)
    (home / "ovf/tests/test_new.py").write_text(f"# nothing yet: {os.urandom(8).hex()}\n")
    assert rebuilt(home) == {"sdist": True, ONLY: False}


def test_an_ignored_folder_does_not_even_rebuild_the_sdist(home: Path) -> None:
    rebuilt(home)
    (home / "ovf/.venv").mkdir(exist_ok=True)
    (home / "ovf/.venv/pyvenv.cfg").write_text(f"made = {os.urandom(4).hex()}\n")
    assert rebuilt(home) == {"sdist": False, ONLY: False}


def test_a_source_file_rebuilds_the_wheel_and_not_its_environment(home: Path) -> None:
    rebuilt(home)
    module = home / "ovf/src/ovf_example/__init__.py"
    module.write_text(f"{module.read_text()}\n# changed: {os.urandom(8).hex()}\n")
    assert rebuilt(home) == {"sdist": True, ONLY: True}
    (wheel,) = (target for target in last_report(home)["targets"] if target["name"] == ONLY)
    assert wheel["stages"]["build"] > 0.5
    assert wheel["stages"].get("env", 0.0) < 0.1


def test_an_sdist_gives_the_same_wheel_name_as_its_tree(home: Path, tmp_path: Path) -> None:
    sdist = str(home / "dist" / SDIST)
    wheeldock("build", "--source", sdist, "--only", ONLY, cwd=tmp_path)
    assert sorted(path.name for path in (tmp_path / "dist").iterdir()) == [WHEEL, SDIST]


def test_json_progress_is_json_and_nothing_else(home: Path) -> None:
    arguments = ("build", "--source", "ovf", "--only", ONLY, "--progress", "json")
    lines = wheeldock(*arguments, cwd=home).stdout.splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert len(lines) > 3


def test_quiet_progress_says_nothing(home: Path) -> None:
    done = wheeldock("build", "--source", "ovf", "--only", ONLY, "--progress", "quiet", cwd=home)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_dry_run_builds_nothing(home: Path, tmp_path: Path) -> None:
    planned = wheeldock("build", "--source", str(home / "ovf"), "--dry-run", cwd=tmp_path).stdout
    assert ONLY in planned
    assert not (tmp_path / "dist").exists()
