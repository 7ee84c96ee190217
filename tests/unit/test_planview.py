from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.unit.test_baseimage import STAND_IN
from tests.unit.test_planning import Bench, bench

from wheeldock import planview

if TYPE_CHECKING:
    from typing import Any

__all__ = ["bench"]  # a fixture


def text(bench: Bench, **options: str) -> str:
    plan = bench.plan(fetch=False, **options)
    return "\n".join(planview.lines(plan, bench.read(**options)))


def document(bench: Bench, **options: str) -> dict[str, Any]:
    made = planview.as_json(bench.plan(fetch=False, **options), bench.read(**options))
    return json.loads(json.dumps(made))  # type: ignore[no-any-return]


def test_people_see_wheels_images_and_where_settings_come_from(bench: Bench) -> None:
    bench.engine.images = {STAND_IN}
    bench.configure("skip = 'cp39-*'\n", project='requires-python = ">=3.9"')
    shown = text(bench, archs="auto,aarch64")
    assert f"base image  {STAND_IN}\n" in shown
    assert "manylinux-x86_64-image = 'manylinux_2_28' (default)" in shown
    assert "a stand-in for the official image" in shown
    assert "option      build = '*' (default)\n" in shown
    assert "option      skip = 'cp39-*' (pyproject.toml [tool.wheeldock] skip)\n" in shown
    assert "option      archs = 'auto aarch64' (--archs)\n" in shown
    assert "project     requires-python = '>=3.9'\n" in shown
    assert "\nwould build cp313-manylinux_x86_64\nbase image" in shown
    assert "would build cp39" not in shown
    assert "emulated (QEMU): this machine is no aarch64" in shown
    assert "not here: which interpreters it has is seen when it is built on" in shown


def test_people_see_what_is_left_out_by_reason(bench: Bench) -> None:
    bench.engine.images = {STAND_IN}
    bench.configure("skip = 'cp39-*'\n")
    lines = [line for line in text(bench).splitlines() if line.startswith("left out")]
    told = "\n".join(lines)
    assert "130 others: archs = 'auto' means x86_64 here" in told
    assert "cp39-manylinux_x86_64, cp39-musllinux_x86_64: skip has 'cp39-*'" in told
    assert "gp312_250-manylinux_x86_64, gp313_253-manylinux_x86_64: enable does not name" in told
    lacking = "cp314t-manylinux_x86_64, cp315-manylinux_x86_64, cp315t-manylinux_x86_64"
    assert f"{lacking}: {STAND_IN} lacks its interpreter" in told
    assert "\nleft out    musllinux_x86_64: its image musllinux_1_2 is not in the engine" in told


def test_a_ci_reads_a_job_for_each_wheel(bench: Bench) -> None:
    bench.engine.images = {STAND_IN}
    made = document(bench, build="cp313-many*", archs="x86_64 aarch64")
    first, second = made["include"]
    assert first == {
        "only": "cp313-manylinux_x86_64",
        "platform": "manylinux_x86_64",
        "architecture": "x86_64",
        "policy": "manylinux_2_28_x86_64",
        "image": STAND_IN,
        "stand-in": True,
        "emulated": False,
        "served-by": "",
        "runs-on": "ubuntu-latest",
    }
    assert second["only"] == "cp313-manylinux_aarch64"
    assert second["image"].startswith("quay.io/pypa/manylinux_2_28_aarch64@sha256:")
    assert second["emulated"] is True
    assert second["runs-on"] == "ubuntu-24.04-arm"


def test_programs_read_every_identifier_and_every_reason(bench: Bench) -> None:
    bench.engine.images = {STAND_IN}
    bench.configure("skip = 'cp39-* cp27-*'")
    made = document(bench)
    reasons = {out["identifier"]: out["reason"] for out in made["left-out"]}
    assert len(reasons) + len(made["include"]) == 156
    assert reasons["cp39-manylinux_x86_64"] == "skip"
    assert reasons["cp310-manylinux_x86_64"] == "interpreter"
    assert reasons["cp313-musllinux_x86_64"] == "image"
    assert reasons["cp313-manylinux_s390x"] == "archs"
    assert made["settings"]["archs"] == {"value": ["auto"], "origin": "default"}
    assert made["settings"]["skip"]["origin"] == "pyproject.toml [tool.wheeldock] skip"
    assert made["remarks"][0].startswith(
        "pyproject.toml [tool.wheeldock] skip: 'cp27-*' matches no build identifier"
    )
    assert made["schema"] == planview.SCHEMA


@pytest.mark.parametrize("variable", ["environment", "test-environment"])
def test_values_that_may_be_secrets_are_not_shown(bench: Bench, variable: str) -> None:
    bench.engine.images = {STAND_IN}
    bench.configure(f"[tool.wheeldock.{variable}]\nTOKEN = 's3cret'")
    assert "s3cret" not in text(bench)
    assert "s3cret" not in json.dumps(document(bench))
    assert "TOKEN=…" in text(bench)


def test_values_are_shown_as_an_option_may_have_them(bench: Bench) -> None:
    bench.engine.images = {STAND_IN}
    bench.configure(
        "build-frontend = {name = 'pip', args = ['-x', 'a b']}\n"
        "dependency-versions = {packages = ['a<2', 'b']}\n"
        "audit-command = ['x {wheel}', 'y {wheel}']\n"
        "[[tool.wheeldock.overrides]]\nselect = 'cp313-*'\nbuild-frontend = 'uv'\n"
        "inherit.before-build = 'prepend'\nbefore-build = 'z'\n"
    )
    shown = text(bench)
    assert "build-frontend = \"pip; args: -x 'a b'\" (" in shown
    assert "dependency-versions = \"packages: 'a<2' b\" (" in shown
    assert "audit-command = ['x {wheel}', 'y {wheel}'] (" in shown
    assert "build-frontend = 'uv' (" in shown
    assert "before-build, for cp313-*, before what is there)" in shown
    made = document(bench)
    assert made["settings"]["build-frontend"]["value"] == "pip; args: -x 'a b'"
    assert [(each["option"], each["value"]) for each in made["overrides"]] == [
        ("build-frontend", "uv"),
        ("before-build", "z"),
    ]


def test_an_image_that_is_prepared_is_told(bench: Bench) -> None:
    bench.engine.images = {STAND_IN}
    assert "prepared    by" not in text(bench)
    bench.configure("before-all = 'x'\nsystem-packages = ['y']")
    assert "prepared    by system-packages and before-all" in text(bench)


def test_a_target_that_another_may_serve_is_told(bench: Bench) -> None:
    bench.engine.images = {STAND_IN}
    bench.configure("[tool.setuptools]\npy-limited-api = 'cp39'")
    (bench.folder / "setup.cfg").write_text("[bdist_wheel]\npy_limited_api = cp39\n")
    assert "would build cp313-manylinux_x86_64, unless the wheel of cp39-" in text(bench)
    jobs = document(bench)["include"]
    assert [job["served-by"] for job in jobs] == ["", "cp39-manylinux_x86_64"]
