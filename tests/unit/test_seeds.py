from __future__ import annotations

import ipaddress
import shutil
import threading
from typing import TYPE_CHECKING

import pytest

from wheeldock.builder import BuildEndedError
from wheeldock.errors import BuildFailedError, WheeldockError
from wheeldock.events import Log, Notice, Step
from wheeldock.record import BuildRecord
from wheeldock.request import BuildRequest
from wheeldock.seeds import Seeder, Seeds, ca_bundle, lacking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wheeldock.events import Event


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "ca bundle.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\n")
    return path


# --- the machine's CA bundle ---


@pytest.mark.parametrize(
    "variable", ["SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
)
def test_the_environment_names_the_machines_ca_bundle(bundle: Path, variable: str) -> None:
    assert ca_bundle({variable: str(bundle)}) == bundle


@pytest.mark.parametrize("value", ["", "/no/such/file", "/"])
def test_a_bundle_that_is_no_file_is_passed_over(bundle: Path, value: str) -> None:
    assert ca_bundle({"SSL_CERT_FILE": value}) is None
    assert ca_bundle({"SSL_CERT_FILE": value, "PIP_CERT": str(bundle)}) == bundle


def test_nothing_else_of_the_environment_is_a_bundle(bundle: Path) -> None:
    environment = {"PYPI_TOKEN": str(bundle), "NETRC": str(bundle), "PATH": "/bin"}
    assert ca_bundle(environment) is None


# --- what steps are told ---


def test_the_same_names_are_there_whatever_the_machine_has(bundle: Path) -> None:
    names = {"ca-bundle.wheeldock", "compiler-cache.wheeldock", "tools.wheeldock"}
    assert Seeds().hosts().keys() == Seeds(bundle, bundle).hosts().keys() == names
    assert set(Seeds().hosts().values()) == {"0.0.0.0"}  # noqa: S104


def test_another_bundle_has_another_address(bundle: Path) -> None:
    before = Seeds(bundle).hosts()["ca-bundle.wheeldock"]
    bundle.write_text("another")
    after = Seeds(bundle).hosts()["ca-bundle.wheeldock"]
    assert before != after
    assert all(ipaddress.ip_address(address).is_private for address in (before, after))


def test_the_folder_has_what_the_machine_has(bundle: Path, tmp_path: Path) -> None:
    saved, folder = tmp_path / "saved.tar", tmp_path / "seeds"
    saved.write_text("tar")
    Seeds(bundle, saved).lay_out(folder)
    texts = {path.name: path.read_text() for path in folder.rglob("*") if path.is_file()}
    address = Seeds(bundle).hosts()["ca-bundle.wheeldock"]
    assert texts == {address: bundle.read_text(), "compiler-cache.tar": "tar"}
    Seeds().lay_out(folder)
    assert [path.name for path in folder.rglob("*")] == ["by-address"]


def test_kept_tools_are_asked_for_by_what_they_were_made_from(bundle: Path, tmp_path: Path) -> None:
    """Their own content would have to be read for each build."""
    kept = {digit * 64: bundle for digit in "ab"}
    one, other, none = (Seeds(tools=kept, wanted_tools=digit * 64) for digit in "abc")
    addresses = [seeds.hosts()["tools.wheeldock"] for seeds in (one, other, none)]
    assert addresses == ["fdaa" + ":aaaa" * 7, "fdbb" + ":bbbb" * 7, "0.0.0.0"]  # noqa: S104
    folder = tmp_path / "seeds"
    none.lay_out(folder)
    laid = {path.name: path.read_bytes() for path in (folder / "by-address").iterdir()}
    assert laid == dict.fromkeys(addresses[:2], bundle.read_bytes())


# --- what is missing in the engine ---


def record(*lines: str, error: str = "exit code: 97") -> BuildRecord:
    made = BuildRecord()
    made.add(Step("sha256:1", "[tools 2/2] RUN x", started=0.0, completed=1.0, error=error))
    made.add(Log("sha256:1", "".join(f"{line}\n" for line in lines)))
    return made


def test_a_step_says_what_it_lacks() -> None:
    assert lacking(record("+ x", "wheeldock-seeds: missing: the CA bundle"))
    assert not lacking(record("+ x", "wheeldock: missing"))
    assert not lacking(record("wheeldock-seeds: missing: the CA bundle", error=""))
    assert not lacking(BuildRecord())


class Engine:
    """Stands in for Buildx: it notes what it was asked for."""

    def __init__(self, *, works: bool = True) -> None:
        self.requests: list[BuildRequest] = []
        self.works = works

    def build(self, request: BuildRequest) -> Iterator[Event]:
        self.requests.append(request)
        assert request.contexts["seeds"].is_dir()
        yield Notice("that was it")
        if not self.works:
            raise BuildEndedError

    def stop(self) -> None:
        raise NotImplementedError


def seeder(engine: Engine, folder: Path) -> Seeder:
    request = BuildRequest(
        target="seed",
        dockerfile=folder / "Dockerfile",
        context=folder,
        contexts={"seeds": folder / "seeds"},
        output=None,
    )
    return Seeder(engine, "img", Seeds(), request)


def test_builds_that_found_the_same_lack_have_it_filled_once(tmp_path: Path) -> None:
    engine = Engine()
    filling = seeder(engine, tmp_path)
    threads = [threading.Thread(target=filling.fill, args=(0,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(engine.requests), filling.times) == (1, 1)
    assert not (tmp_path / "seeds").exists()


def test_each_filling_is_one_that_no_build_had_before(tmp_path: Path) -> None:
    engine = Engine()
    filling = seeder(engine, tmp_path)
    assert filling.fill(0)
    assert filling.fill(1)
    first, second = (request.build_args["NONCE"] for request in engine.requests)
    assert first != second


def test_an_engine_that_loses_all_at_once_is_given_up(tmp_path: Path) -> None:
    engine = Engine()
    filling = seeder(engine, tmp_path)
    while filling.fill(filling.times):
        assert len(engine.requests) < 100
    assert engine.requests


@pytest.mark.parametrize(
    ("free", "said"),
    [(0, "a disk is full: there is no room for .*out$"), (1 << 30, "that was it")],
)
def test_a_build_that_ends_on_a_full_disk_says_so(
    free: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seeds").mkdir()
    filling = seeder(Engine(works=False), tmp_path)
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    request = BuildRequest(
        target="kept",
        dockerfile=tmp_path / "Dockerfile",
        context=tmp_path,
        contexts={"seeds": tmp_path / "seeds"},
        output=tmp_path / "out",
    )
    with pytest.raises(WheeldockError, match=said):
        filling.run(request, "tools")


def test_a_filling_that_fails_says_so(tmp_path: Path) -> None:
    filling = seeder(Engine(works=False), tmp_path)
    with pytest.raises(BuildFailedError, match="seed: the build did not start: that was it"):
        filling.fill(0)
