"""What a project does before builds: packages, commands, variables, and what the machine passes."""

from __future__ import annotations

import re
import secrets
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE

from wheeldock.errors import CommandFailedError
from wheeldock.request import DOCKER
from wheeldock.tools import KeptTools

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.workplace import Workplace

    from wheeldock.baseimage import BaseImage

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("base_image")]

PROJECT = "hooked"
IMAGE = f"{PROJECT}-builder:manylinux_2_28_x86_64"

PREPARED = """
[tool.wheeldock]
system-packages = ["{package}"]
before-all = "test -n \\"$TOKEN\\" && echo '#define FIVE 5' > /usr/include/five.h && rm /etc/issue"
before-build = [
    "pip --version | grep /env/",
    "test $CIBUILDWHEEL_BUILD_IDENTIFIER = cp313-manylinux_x86_64",
    "find /env -name 'build_meta.*.pyc' | grep .",
    "! find /env -path '*/tests/*.pyc' | grep .",
    "echo \\"#define LENGTH ${#TOKEN}\\" > {project}/length.h",
    "echo said: $TOKEN",
]
environment-pass = ["TOKEN"]

[tool.wheeldock.environment]
EIGHT = "$(expr 4 + 4)"
CFLAGS = "-DEIGHT=$EIGHT -DWHEELDOCK=$WHEELDOCK$CIBUILDWHEEL $CFLAGS"
"""

CODE = """
#include <five.h>
#include "length.h"
#include <yaml.h>
#if FIVE != 5 || LENGTH != 32 || EIGHT != 8 || WHEELDOCK != 11
#error not prepared
#endif
const char *version(void) { return yaml_get_version_string(); }
"""

SETUP = projects.SETUP.replace('["tiny.c"]', '["tiny.c"], libraries=["yaml"]')

PREPARED_IN_TWO_WAYS = """
[[tool.wheeldock.overrides]]
select = "cp311-*"
before-all = "echo old > /etc/way"

[[tool.wheeldock.overrides]]
select = "cp313-*"
before-all = "echo new > /etc/way"
"""

TWO = {"-cp311": "old", "-cp313": "new"}
"""What tells the tools apart that are made so, and what they have in them."""

PREPARE = """\
echo "#define VALUE \\"$(cat $1/ci/value)\\"" > /usr/include/value.h
"""


@pytest.fixture
def hooked(workplace: Workplace) -> Iterator[Workplace]:
    """A place for the project; the image of its tools goes with it."""
    yield workplace
    images = [f"{IMAGE}{variant}" for variant in ("", *TWO)]
    subprocess.run(["docker", "rmi", "--force", *images], check=True, capture_output=True)


def write(workplace: Workplace, pyproject: str, **more: str) -> None:
    """Write the project, with a name of its own."""
    projects.write_tiny(workplace.folder, pyproject=pyproject, **more)
    path = workplace.folder / "pyproject.toml"
    path.write_text(path.read_text().replace('"tiny"', f'"{PROJECT}"'))


def wheel_of(workplace: Workplace) -> Path:
    (wheel,) = workplace.dist.glob(f"{PROJECT}-1.0-cp313-*.whl")
    return wheel


def test_a_wheel_is_built_on_what_the_project_prepares(
    hooked: Workplace, base_image: BaseImage
) -> None:
    package = "libyaml-dev" if base_image.is_stand_in else "libyaml-devel"
    write(
        hooked,
        PREPARED.replace("{package}", package),
        setup=SETUP,
        more_code=CODE + projects.unlike(),
    )
    token = secrets.token_hex(16)
    environment = {"TOKEN": token}

    ended = hooked.build(*ONE, "--progress", "plain", environment=environment)
    assert ended.code == 0, (ended.out, ended.err)
    with zipfile.ZipFile(wheel_of(hooked)) as archive:
        assert any("libyaml" in name for name in archive.namelist())
    assert token not in ended.out + ended.err
    is_nowhere(token, hooked)

    again = hooked.build(*ONE, environment={"TOKEN": "another"})
    assert "all cached" in again.out
    assert not any(target["stages"] for target in hooked.report().values())

    source = hooked.folder / "tiny.c"
    source.write_text(f"{source.read_text()}/* edited */\n")
    ended = hooked.build(*ONE, environment=environment)
    assert ended.code == 0, (ended.out, ended.err)
    stages = [target["stages"] for target in hooked.report().values()]
    assert max(each.get("tools", 0) for each in stages) < 1, "it was not prepared again"

    assert restored_from(hooked, base_image)


def is_nowhere(token: str, workplace: Workplace) -> None:
    """Check that a secret is in no file of the build, and in nothing that the engine tells."""
    for path in [*workplace.state.rglob("*"), *workplace.dist.iterdir()]:
        assert not path.is_file() or token.encode() not in path.read_bytes(), path
    for told in (
        ["history", "--no-trunc", IMAGE],
        ["inspect", IMAGE],
        ["buildx", "du", "--verbose"],
    ):
        assert token not in subprocess.check_output(["docker", *told], text=True)


def test_each_preparation_of_one_image_is_kept(hooked: Workplace, base_image: BaseImage) -> None:
    write(hooked, PREPARED_IN_TWO_WAYS, more_code=projects.unlike())
    ended = hooked.build("--only", "cp311-manylinux_x86_64", *ONE)
    assert ended.code == 0, (ended.out, ended.err)
    assert "not kept" not in ended.out + ended.err
    for variant, way in TWO.items():
        run = ["docker", "run", "--rm", "--network=none", f"{IMAGE}{variant}", "cat", "/etc/way"]
        assert subprocess.check_output(run, text=True) == f"{way}\n"
        assert restored_from(hooked, base_image, f"test $(cat /etc/way) = {way}", variant)


LOAD = """
set -euo pipefail
(source /toolbox/kept.sh; false)  # it ends the step once all is there
/opt/wheeldock/bin/uv --version
"""

CHECK = """
! test -e /etc/issue
grep FIVE /usr/include/five.h
printf '#include <yaml.h>\\nint main(void) { return !yaml_get_version_string(); }' > /tmp/x.c
gcc /tmp/x.c -lyaml -o /tmp/x
/tmp/x
"""


def restored_from(
    workplace: Workplace, base_image: BaseImage, check: str = CHECK, variant: str = ""
) -> bool:
    """Whether the file of the tools makes a base image what it was when it was prepared."""
    name = f"tools-manylinux_2_28_x86_64{variant}"
    kept = KeptTools(workplace.state / "cache" / PROJECT / name)
    address = "fd00::1"
    mounts = {DOCKER / "toolbox": "/toolbox", kept.file: f"/run/wheeldock/{address}"}
    run = ["docker", "run", "--rm", "--network=none", f"--add-host=tools.wheeldock:{address}"]
    run += [f"--mount=type=bind,src={here},dst={there},readonly" for here, there in mounts.items()]
    done = subprocess.run(
        [*run, base_image.reference, "bash", "-c", LOAD + check],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return re.search(r"^uv \d", done.stdout, re.MULTILINE) is not None


def test_before_all_runs_again_when_a_file_that_it_finds_changes(hooked: Workplace) -> None:
    table = '[tool.wheeldock]\nbefore-all = "sh ci/prepare.sh {package}"\n'
    code = "#include <value.h>\nconst char *value(void) { return VALUE; }\n"
    write(hooked, f"\n{table}", more_code=code)
    folder = hooked.folder / "ci"
    folder.mkdir()
    (folder / "prepare.sh").write_text(PREPARE)
    for value in ("the first value", "the second value"):
        (folder / "value").write_text(value)
        ended = hooked.build(*ONE)
        assert ended.code == 0, (ended.out, ended.err)
        with zipfile.ZipFile(wheel_of(hooked)) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(".so"))
            assert value.encode() in archive.read(name)


def test_a_command_that_fails_is_named_with_its_last_words(workplace: Workplace) -> None:
    command = "echo no such mirror >&2; exit 4"
    projects.write_tiny(
        workplace.folder, pyproject=f'\n[tool.wheeldock]\nbefore-all = "{command}"\n'
    )
    workplace.refused(
        workplace.build(*ONE),
        CommandFailedError,
        f"sdist, stage tools: before-all ended with exit code 4: {command}",
        "no such mirror",
    )
