"""An engine that knows nothing, given a cache folder that is whole, or one that is not."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.integration.engines import Engine, second_engine
from tests.integration.workplace import ONE, Workplace
from tests.unit.test_targets import Says

from wheeldock import request
from wheeldock.builder import Buildx
from wheeldock.cache import TargetCache
from wheeldock.errors import BuildFailedError
from wheeldock.request import BuildRequest
from wheeldock.seeds import Seeder, Seeds
from wheeldock.targets import TargetMaker, TargetResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import Registry

    from wheeldock.baseimage import BaseImage

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="networks of their own are root's affair"),
]

BASE = "wheeldock-test-small:1"
SDIST = "tiny-1.0.tar.gz"
GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
DOCKERFILE = f"""\
ARG BASE_IMAGE
FROM ${{BASE_IMAGE}} AS build
RUN --network=none mkdir /out && dd if=/dev/urandom of=/out/{SDIST} bs=1024 count=2048
FROM scratch AS file
COPY --from=build /out/ /
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A second engine, which knows nothing at first."""
    folder = tmp_path_factory.mktemp("engine")
    with second_engine(folder, containerd_store=True, bridge=True) as engine:
        yield engine


class Bench:
    """One target on the second engine: random bytes, so that it shows whether they were remade."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.cache = folder / "cache/file"
        self.display = Says()
        (folder / "Dockerfile").write_text(DOCKERFILE)
        (folder / "context").mkdir()

    def make(self) -> TargetResult:
        """Build it on an engine that has the base image and knows nothing else."""
        self.engine.forget_everything()
        make_base(self.engine, self.folder / "base")
        output = self.folder / "out"
        shutil.rmtree(output, ignore_errors=True)
        wanted = BuildRequest(
            target="file",
            dockerfile=self.folder / "Dockerfile",
            context=self.folder / "context",
            output=output,
            build_args={"BASE_IMAGE": BASE},
        )
        buildx = Buildx()
        maker = TargetMaker(
            builder=buildx,
            display=self.display,
            base_image=BASE,
            seeder=Seeder(buildx, BASE, Seeds(), wanted),
            cache=self.cache.parent,
        )
        result = maker.make(self.cache.name, wanted, output)
        assert result.error is None, result.error.message
        return result


def make_base(engine: Engine, folder: Path) -> None:
    """Make an image with what the Dockerfile runs, all of it this machine's own."""
    if not folder.exists():
        for program in ("/bin/sh", "/bin/mkdir", "/bin/dd"):
            needs = subprocess.check_output(["ldd", program], text=True).split()
            for path in [program, *(word for word in needs if word.startswith("/"))]:
                place = folder / "root" / path.lstrip("/")
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, place)
        (folder / "Dockerfile").write_text("FROM scratch\nCOPY root/ /\n")
    engine.docker(
        "buildx", "build", "--quiet", "--provenance=false", f"--tag={BASE}", "--load", str(folder)
    )


@pytest.fixture
def bench(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("DOCKER_HOST", engine.address)
    return Bench(engine, tmp_path)


def largest(folder: Path) -> Path:
    """The largest blob of an export: the layer."""
    return max((folder / "blobs/sha256").iterdir(), key=lambda blob: blob.stat().st_size)


@pytest.fixture(scope="module")
def pushed(base_image: BaseImage, docker_registry: Registry) -> Iterator[str]:
    """The base image in a registry, by digest."""
    repository = f"{docker_registry.address}/wheeldock-test-base"
    docker("tag", base_image.reference, f"{repository}:1")
    docker("push", "--quiet", f"{repository}:1")
    names = docker("inspect", "--format", '{{join .RepoDigests " "}}', f"{repository}:1").split()
    (reference,) = (name for name in names if name.startswith(f"{repository}@"))
    yield reference
    docker("rmi", "--force", f"{repository}:1", reference)


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True)
    return done.stdout


def test_the_cache_folder_is_all_that_a_fresh_engine_needs(
    workplace: Workplace,
    engine: Engine,
    pushed: str,
    docker_registry: Registry,
    tmp_path: Path,
) -> None:
    here = {"WHEELDOCK_MANYLINUX_X86_64_IMAGE": pushed, "XDG_CACHE_HOME": f"{tmp_path}/home-1"}
    other = Workplace(tmp_path / "elsewhere", tmp_path / "other-temporary", print)
    for place in (workplace, other):
        new_to_every_engine(place, tmp_path.name)
    workplace.built(workplace.build(*ONE, environment=here))
    first = workplace.report()

    cache = workplace.state / "cache"
    exported = [path for path in cache.glob("*/*/blobs/**/*") if path.is_file()]
    assert sum(path.stat().st_size for path in exported) < 100_000, exported

    for place, task in ((workplace, "cache.save"), (other, "cache.restore")):
        ended = place.run(task, str(tmp_path / "saved"))
        assert ended.code == 0, ended.err
        assert ended.out.startswith("4 exports (")
    there = {**here, "DOCKER_HOST": engine.address, "XDG_CACHE_HOME": f"{tmp_path}/home-2"}
    with docker_registry.also(engine.inside):
        for _ in ("fresh", "pruned"):
            engine.forget_everything()
            (other.state / "made.json").unlink(missing_ok=True)
            other.built(other.build(*ONE, environment=there))
            assert cached(other.report()) == {"sdist": True, ONE[1]: True}
            assert hashes(other.report()) == hashes(first)
            # Not even the base image was fetched.
            assert engine.docker("images", "--quiet", "--all") == ""
            assert 0 < engine.stored() < 10_000_000
        installs_no_tools(other, there)
    nobody = {**here, "DOCKER_HOST": "tcp://127.0.0.1:1"}
    workplace.built(workplace.build(*ONE, environment=nobody))
    assert cached(workplace.report()) == {"sdist": True, ONE[1]: True}


def new_to_every_engine(place: Workplace, text: str) -> None:
    """Change the source, so that its wheel has to be built."""
    source = place.folder / "tiny.c"
    source.write_text(f"{source.read_text()}/* {text} {os.getpid()} */\n")


def installs_no_tools(workplace: Workplace, environment: dict[str, str]) -> None:
    """Build what changed, without a network: the tools can only come from the cache folder."""
    pyproject = workplace.folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('"setuptools"', ""))
    ended = workplace.build(*ONE, environment=environment)
    assert ended.code == BuildFailedError.code, ended.err
    assert "setuptools" in ended.err, "the build backend is missing, which runs after the tools"
    stages = workplace.report()["sdist"]["stages"]
    assert {"tools", "env", "sdist"} <= stages.keys()


def cached(report: dict[str, dict[str, object]]) -> dict[str, object]:
    return {name: target["cached"] for name, target in report.items()}


def hashes(report: dict[str, dict[str, object]]) -> dict[str, object]:
    return {name: target["sha256"] for name, target in report.items()}


def test_a_flipped_byte_costs_time_and_no_build(bench: Bench) -> None:
    first = bench.make()
    again = bench.make()
    assert again.report.cached
    assert again.report.sha256 == first.report.sha256
    assert bench.display.said == []

    layer = largest(bench.cache)
    damaged = bytearray(layer.read_bytes())
    damaged[1000] ^= 1
    layer.chmod(0o644)
    layer.write_bytes(damaged)
    spare = bench.folder / "spare"
    shutil.copytree(bench.cache, spare)
    # An engine may find the damage while it still can do the step, or only when it cannot.
    for _ in range(2):
        remade = bench.make()
        assert not remade.report.cached
        assert remade.report.sha256 != first.report.sha256
        shutil.rmtree(bench.cache)
        shutil.copytree(spare, bench.cache)
    (said,) = bench.display.said
    assert said.startswith(f"file: building once more without the cache in {bench.cache}")
    assert "unexpected commit digest" in said


def test_layers_are_packed_by_zstd_and_those_that_gzip_packed_serve_too(bench: Bench) -> None:
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr(request, "_FAST", {})
        first = bench.make()
    assert largest(bench.cache).read_bytes().startswith(GZIP)
    for _ in range(2):
        again = bench.make()
        assert again.report.cached
        assert again.report.sha256 == first.report.sha256
    shutil.rmtree(bench.cache)
    remade = bench.make()
    assert largest(bench.cache).read_bytes().startswith(ZSTD)
    again = bench.make()
    assert again.report.cached
    assert again.report.sha256 == remade.report.sha256
    assert TargetCache(bench.cache).flaw(thorough=True) == ""
    assert bench.display.said == []


def test_what_is_no_export_is_replaced_by_one(bench: Bench) -> None:
    first = bench.make()
    (bench.cache / "index.json").write_text("{")
    largest(bench.cache).unlink()
    second = bench.make()
    assert not second.report.cached
    third = bench.make()
    assert third.report.cached
    assert first.report.sha256 != second.report.sha256 == third.report.sha256
