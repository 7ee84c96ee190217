"""A wheel for the stable ABI: built once, on the oldest interpreter, and good for later ones."""

from __future__ import annotations

import secrets
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.integration.workplace import Workplace

    from wheeldock.baseimage import BaseImage

pytestmark = pytest.mark.integration

WHEEL = "tiny-1.0-cp311-abi3-manylinux_2_28_x86_64.whl"
OLDEST = "cp311-manylinux_x86_64"
LATER = ("cp313-manylinux_x86_64", "cp314-manylinux_x86_64")


def write(workplace: Workplace, setup: str = projects.LIMITED_SETUP) -> None:
    # No run of these tests has a cache of another.
    token = f"/* {secrets.token_hex(8)} */\n"
    projects.write_tiny(workplace.folder, setup=setup, code=projects.LIMITED_CODE, more_code=token)


def selected(later: Sequence[str]) -> dict[str, str]:
    return {"WHEELDOCK_BUILD": " ".join([OLDEST, *later])}


def built(workplace: Workplace, later: Sequence[str] = LATER) -> str:
    """Build, and return what was said of it."""
    ended = workplace.build(environment=selected(later))
    assert ended.code == 0, ended.out + ended.err
    assert [path.name for path in workplace.dist.glob("*.whl")] == [WHEEL]
    report = workplace.report()
    assert report[OLDEST]["file"] == WHEEL
    assert {report[name]["served_by"] for name in later} == {WHEEL}
    return ended.out


def test_it_is_built_once_and_serves_later_interpreters(
    workplace: Workplace, base_image: BaseImage
) -> None:
    write(workplace)
    planned = workplace.build("--dry-run", environment=selected(LATER)).out
    assert f"would build {OLDEST}\n" in planned
    assert all(f"{name}, unless the wheel of {OLDEST} serves it\n" in planned for name in LATER)

    said = built(workplace)
    assert all(f"{name}: served by {WHEEL}\n" in said for name in LATER)
    assert "1 wheel for 3 interpreters and the sdist" in said
    assert all(workplace.report()[name]["stages"] == {} for name in LATER)
    check_imports(workplace, base_image)

    assert "all cached" in built(workplace)
    # Who names a later one wants that one built.
    assert workplace.build(*ONE).code == 0
    assert workplace.report()[ONE[1]]["stages"]["build"] > 0
    assert [path.name for path in workplace.dist.glob("*.whl")] == [WHEEL]


def test_no_environment_is_made_for_a_wheel_that_is_not_built(workplace: Workplace) -> None:
    write(workplace)
    variable = {"WHEELDOCK_ENVIRONMENT": f"UNLIKE={secrets.token_hex(8)}"}
    ended = workplace.build(environment={**selected(LATER), **variable})
    assert ended.code == 0, ended.err
    later = LATER[1]
    assert workplace.report()[later]["served_by"] == WHEEL
    assert workplace.build("--only", later, environment=variable).code == 0
    assert workplace.report()[later]["stages"]["env"] > 0.1


def check_imports(workplace: Workplace, base_image: BaseImage) -> None:
    """Check that each of the interpreters can load the extension."""
    script = """
        mkdir /wheel; cd /wheel; /opt/python/cp311-cp311/bin/python -m zipfile -e /dist/*.whl .
        for python in cp311 cp313 cp314; do
            /opt/python/${python}-${python}/bin/python -c 'import tiny; print(tiny.__file__)'
        done
    """
    mount = f"--volume={workplace.dist}:/dist:ro"
    command = ["docker", "run", "--rm", mount, base_image.reference, "bash", "-ec", script]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["/wheel/tiny.abi3.so"] * 3


@pytest.mark.usefixtures("base_image")
def test_when_nothing_foretells_it_the_outcome_is_the_same_and_is_remembered(
    workplace: Workplace,
) -> None:
    write(workplace, setup=projects.LIMITED_SETUP.replace("limited", 'limited" "'))
    built(workplace, LATER[:1])
    assert workplace.report()[LATER[0]]["stages"]["build"] > 0

    assert "all cached" in built(workplace, LATER[:1])
    assert all(target["stages"] == {} for target in workplace.report().values())
