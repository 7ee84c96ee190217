"""Bad input: what a user types or has, against the message, the exit code and an untouched dist."""

from __future__ import annotations

import subprocess
import threading
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE

from wheeldock.errors import (
    BaseImageUnavailableError,
    BuilderNotFoundError,
    ConfigurationError,
    EngineUnreachableError,
    ImageNotFoundError,
    InterpreterMissingError,
    NotAPythonProjectError,
    NothingSelectedError,
    RequirementNotFoundError,
    SourceNotFoundError,
    UnknownIdentifierError,
    UsageError,
    WheeldockError,
)
from wheeldock.identifier import known_identifiers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import Registry
    from tests.integration.workplace import Workplace

    from wheeldock.baseimage import BaseImage

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An index on loopback that has one project, and of that no sdist."""
    folder = tmp_path_factory.mktemp("index")
    page = folder / "simple/tiny/index.html"
    page.parent.mkdir(parents=True)
    page.write_text('<a href="tiny-1.0-py3-none-any.whl">tiny-1.0-py3-none-any.whl</a>')
    handler = partial(_Quiet, directory=str(folder))
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--jobs", "x"], ["--jobs", "'x'", "whole number", "'auto'"]),
        (["--jobs", "0"], ["--jobs", "0", "from 1 on"]),
        (["--progress", "nonsense"], ["--progress", "'nonsense'", "auto, plain, json, quiet"]),
    ],
    ids=["jobs-no-number", "jobs-none", "progress-unknown"],
)
def test_an_option_is_wrong(workplace: Workplace, arguments: list[str], said: list[str]) -> None:
    workplace.refused(workplace.build(*arguments), UsageError, *said)


SEVERAL_KINDS = """\
[tool.wheeldock]
jobs = 0
build = "cp38-*"
manylinux-x86_64-image = "manylinux2010"
dependency-versions = "missing.txt"
test-groups = "docs"
"""
CONFIGURATIONS = {
    "malformed-toml": ("[tool.wheeldock\n", ["pyproject.toml:8:16", "malformed TOML"]),
    "unknown-key": (
        "[tool.wheeldock]\nbiuld = '*'\n",
        ["pyproject.toml: tool.wheeldock.biuld", "unknown option", "did you mean 'build'?"],
    ),
    "wrong-type": (
        "[tool.wheeldock]\njobs = 'two'\n",
        ["pyproject.toml: tool.wheeldock.jobs", "'two' (str)", "a whole number from 1 on"],
    ),
    "of-several-kinds": (
        SEVERAL_KINDS,
        [
            "jobs: got 0",
            "'cp38-*' matches no build identifier; did you mean 'cp39-*'?",
            "manylinux-x86_64-image: got 'manylinux2010' (str); expected one of manylinux2014, ",
            "dependency-versions: got 'missing.txt'",
            "test-groups: pyproject.toml has no dependency group 'docs'; it has none",
        ],
    ),
    "several-at-once": (
        "[tool.wheeldock]\njobs = 0\noutput-dir = 1\nbuidler = 'x'\n",
        ["jobs: got 0", "output-dir: got 1", "did you mean 'builder'?"],
    ),
}


@pytest.mark.parametrize(("text", "said"), CONFIGURATIONS.values(), ids=list(CONFIGURATIONS))
def test_the_configuration_is_wrong(workplace: Workplace, text: str, said: list[str]) -> None:
    projects.write_tiny(workplace.folder, pyproject=text)
    workplace.refused(workplace.build(), ConfigurationError, *said)


SOURCES: dict[str, tuple[str, type[WheeldockError], list[str]]] = {
    "missing": ("nowhere/at/all", SourceNotFoundError, ["nowhere/at/all", "is missing"]),
    "missing-sdist": ("../tiny-2.0.tar.gz", SourceNotFoundError, ["tiny-2.0.tar.gz"]),
    "no-project": ("dist", NotAPythonProjectError, ["dist", "pyproject.toml", "setup.py"]),
    "no-sdist": ("tiny.c", NotAPythonProjectError, ["tiny.c is no sdist", ".tar.gz"]),
    "wheel": (
        "dist/tiny-0.9-cp313-cp313-manylinux_2_28_x86_64.whl",
        NotAPythonProjectError,
        ["is a wheel", "Give its sdist (.tar.gz) or its source tree."],
    ),
    "unknown-project": ("no-such-thing==1", RequirementNotFoundError, ["knows no project"]),
    "unknown-version": ("tiny==7", RequirementNotFoundError, ["no such version", "1.0"]),
    "no-sdist-of-it": ("tiny==1.0", RequirementNotFoundError, ["wheels of it and no sdist"]),
}


@pytest.mark.parametrize(("source", "error", "said"), SOURCES.values(), ids=list(SOURCES))
def test_the_source_is_wrong(
    workplace: Workplace, index: str, source: str, error: type[WheeldockError], said: list[str]
) -> None:
    ended = workplace.build("--source", source, environment={"PIP_INDEX_URL": index})
    workplace.refused(ended, error, *said)


def test_an_archive_is_broken(workplace: Workplace, tmp_path: Path) -> None:
    sdist = tmp_path / "tiny-1.0.tar.gz"
    subprocess.run(["tar", "-czf", sdist, "-C", tmp_path, workplace.folder.name], check=True)
    whole = sdist.read_bytes()
    sdist.write_bytes(whole[: len(whole) // 2])
    ended = workplace.build("--source", str(sdist))
    workplace.refused(ended, NotAPythonProjectError, str(sdist), "no archive that can be read")


def test_no_engine_answers(workplace: Workplace, tmp_path: Path) -> None:
    host = f"unix://{tmp_path}/no.sock"
    ended = workplace.build(*ONE, environment={"DOCKER_HOST": host})
    workplace.refused(ended, EngineUnreachableError, "no Docker engine answers", host, "setup")


@pytest.mark.usefixtures("buildx")
def test_there_is_no_such_builder(workplace: Workplace) -> None:
    ended = workplace.build(*ONE, "--builder", "no-such-builder")
    workplace.refused(ended, BuilderNotFoundError, "'no-such-builder'", "docker buildx ls")


@pytest.mark.usefixtures("buildx")
def test_no_registry_answers(workplace: Workplace, free_address: str) -> None:
    image = f"{free_address}/manylinux_2_28:1"
    ended = workplace.build(*ONE, environment={"WHEELDOCK_MANYLINUX_X86_64_IMAGE": image})
    workplace.refused(
        ended,
        BaseImageUnavailableError,
        f"WHEELDOCK_MANYLINUX_X86_64_IMAGE: got '{image}' (str); expected one of manylinux2014, ",
        "does not answer",
        "setup",
    )


@pytest.mark.usefixtures("buildx")
def test_there_is_no_such_image(workplace: Workplace, docker_registry: Registry) -> None:
    image = f"{docker_registry.address}/no-such:1"
    projects.write_tiny(
        workplace.folder, pyproject=f"[tool.wheeldock]\nmanylinux-x86_64-image = '{image}'\n"
    )
    workplace.refused(
        workplace.build(*ONE),
        ImageNotFoundError,
        f"pyproject.toml [tool.wheeldock] manylinux-x86_64-image: got '{image}' (str); expected "
        "one of manylinux2014, manylinux_2_28, manylinux_2_34, or an image reference; there is no",
    )


@pytest.mark.usefixtures("base_image")
def test_there_is_no_such_identifier(workplace: Workplace) -> None:
    ended = workplace.build("--only", "cp313-manylinux_x86")
    workplace.refused(
        ended,
        UnknownIdentifierError,
        "--only: 'cp313-manylinux_x86' is no build identifier",
        "Did you mean cp313-manylinux_x86_64",
    )


def test_the_base_image_lacks_an_interpreter(workplace: Workplace, stand_in: BaseImage) -> None:
    lacking = next(
        identifier
        for identifier in known_identifiers()
        if str(identifier).endswith("-manylinux_x86_64")
        and identifier.interpreter not in stand_in.interpreters
    )
    setting = {"WHEELDOCK_MANYLINUX_X86_64_IMAGE": stand_in.reference}
    ended = workplace.build("--only", str(lacking), environment=setting)
    workplace.refused(
        ended, InterpreterMissingError, f"--only {lacking}", stand_in.reference, "cp313-cp313"
    )


@pytest.mark.usefixtures("base_image")
def test_nothing_is_left_to_build(workplace: Workplace) -> None:
    projects.write_tiny(workplace.folder, pyproject='requires-python = "<3.9"\n')
    ended = workplace.build()
    workplace.refused(ended, NothingSelectedError, "nothing to build", "requires-python = '<3.9'")


@pytest.mark.usefixtures("base_image")
def test_the_same_identifier_twice_is_one(workplace: Workplace) -> None:
    ended = workplace.build(*ONE, *ONE, "--dry-run")
    assert ended.code == 0
    assert ended.out.count("would build cp313-manylinux_x86_64") == 1
