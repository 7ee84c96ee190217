from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from wheeldock import (
    architectures,
    baseimage,
    client,
    emulation,
    engine,
    imagecontents,
    officialimages,
    packages,
    provision,
    setup,
    standin,
)
from wheeldock.builder import ImageInfo
from wheeldock.builderinfo import BuilderInfo
from wheeldock.daemon import Answer
from wheeldock.errors import (
    BuildxMissingError,
    CacheExportUnsupportedError,
    EngineUnreachableError,
    LockedError,
    SetupError,
    UsageError,
    WheeldockError,
)
from wheeldock.journal import Addition, Journal, Kind
from wheeldock.refusals import no_builder_of_ones_own
from wheeldock.tags import Architecture, Libc, Platform, Policy

if TYPE_CHECKING:
    from collections.abc import Sequence

X86_64 = baseimage.HOME.architecture
DEFAULT = BuilderInfo("default", "docker", can_export_cache=True, sees_local_images=True)
CLASSIC = BuilderInfo("default", "docker", can_export_cache=False, sees_local_images=True)
AARCH64 = Platform(Libc.GLIBC, Architecture.AARCH64)
FOR_AARCH64 = officialimages.official_image(Policy.parse(baseimage.DEFAULT), AARCH64)
OFFICIAL = officialimages.official_image(Policy.parse(baseimage.DEFAULT), baseimage.HOME)


class FakeMachine:
    """What Buildx, the engine and its images look like, and what was said and asked."""

    def __init__(self) -> None:
        self.builder: BuilderInfo | WheeldockError = DEFAULT
        self.images: set[str] = {OFFICIAL.reference}
        self.answer = Answer.YES
        self.said: list[str] = []
        self.asked: list[str] = []
        self.agrees = True
        self.registry_answers = True
        self.has_qemu = False
        self.install_helps = True
        self.done: list[str] = []
        self.formats = Path("/nowhere")

    def install(self, names: Sequence[str], *_: object) -> None:
        self.done += names
        (self.formats / "qemu-aarch64").touch()
        self.has_qemu = self.install_helps

    def info(self) -> BuilderInfo:
        if isinstance(self.builder, WheeldockError):
            raise self.builder
        return self.builder

    def create_builder(self, name: str) -> None:
        if not self.registry_answers:
            raise no_builder_of_ones_own("ERROR: dial tcp: no such host")
        self.builder = replace(DEFAULT, name=name)

    def image(self, reference: str) -> ImageInfo | None:
        if reference not in self.images:
            return None
        return ImageInfo(id="", labels={}, environment={})

    def confirm(self, question: str) -> bool:
        self.asked.append(question)
        return self.agrees

    def set_up(self, *, yes: bool = False, archs: str = "") -> None:
        setup.run(yes=yes, say=self.said.append, confirm=self.confirm, archs=archs)


class FakeRoot:
    """Root's rights, which change nothing."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    def run(self, *words: str) -> None:
        self._machine.done.append(words[0])
        self._machine.formats.mkdir()
        (self._machine.formats / "register").touch()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    machine = FakeMachine()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for module in (setup, provision):
        monkeypatch.setattr(module, "Buildx", lambda: machine)
        monkeypatch.setattr(module, "ping", lambda _: machine.answer)
    monkeypatch.setattr("shutil.which", lambda name, **_: f"/usr/bin/{name}")
    monkeypatch.setattr(client, "elsewhere", lambda _: "")
    monkeypatch.setattr(standin, "is_current", lambda _, **_options: True)
    machine.formats = tmp_path / "binfmt_misc"
    monkeypatch.setattr(provision, "_FORMATS", machine.formats)
    monkeypatch.setattr(architectures, "native", lambda: X86_64)
    monkeypatch.setattr(emulation, "runs", lambda *_: machine.has_qemu)
    monkeypatch.setattr(packages, "is_here", lambda: True)
    monkeypatch.setattr(provision, "needed_rights", lambda _: FakeRoot(machine))
    monkeypatch.setattr(packages, "install", machine.install)
    return machine


def test_a_ready_machine_is_said_to_be_ready_and_stays_as_it_is(
    machine: FakeMachine, tmp_path: Path
) -> None:
    machine.set_up()
    assert machine.said == [f"Ready: an engine that answers, Buildx, and {OFFICIAL.reference}."]
    assert machine.asked == []
    assert list(tmp_path.iterdir()) == []


def test_the_stand_in_is_said_to_be_one(machine: FakeMachine) -> None:
    machine.images = {standin.tag(X86_64)}
    machine.set_up()
    assert machine.said == [f"Ready: an engine that answers, Buildx, and {standin.brief(X86_64)}."]


def test_the_base_image_is_got_and_written_down(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine.images = set()
    contents = imagecontents.ImageContents(frozenset({"cp313-cp313"}), "manylinux_2_28", "")
    monkeypatch.setattr(imagecontents, "look", lambda *_: contents)
    monkeypatch.setattr(FakeMachine, "pull", lambda self, name, _: self.images.add(name), False)
    machine.set_up()
    pulling, ready = machine.said
    assert pulling == f"pulling {OFFICIAL.reference}"
    assert ready.startswith("Ready: ")
    assert OFFICIAL.reference in ready
    assert Journal().additions() == (
        Addition(Kind.FOLDER, str(tmp_path / "cache/wheeldock")),
        Addition(Kind.IMAGE, OFFICIAL.reference),
    )


def test_an_answer_of_no_leaves_the_machine_as_it_is(machine: FakeMachine) -> None:
    machine.builder, machine.answer = EngineUnreachableError("silent"), Answer.NO
    machine.agrees = False
    with pytest.raises(SetupError, match="set-up was not allowed to start the engine"):
        machine.set_up()
    assert machine.asked == ["Set-up will start the engine on this machine. Go on?"]
    assert Journal().additions() == ()


def test_with_yes_nothing_is_asked_and_it_is_said_what_is_done(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.builder, machine.answer = EngineUnreachableError("silent"), Answer.NO

    def start(_: object) -> None:
        machine.builder, machine.answer = DEFAULT, Answer.YES

    monkeypatch.setattr(engine, "start", start)
    machine.set_up(yes=True)
    assert machine.asked == []
    assert machine.said[0] == "This machine needs set-up to start the engine."
    assert machine.said[-1].startswith("Ready: ")


def test_an_engine_that_exports_no_cache_gets_a_builder_that_does(machine: FakeMachine) -> None:
    machine.builder = CLASSIC
    machine.set_up()
    assert machine.asked == ["Set-up will make a Buildx builder, wheeldock on this machine. Go on?"]
    assert Journal().additions() == (Addition(Kind.BUILDER, "wheeldock"),)


def test_a_builder_that_does_not_start_is_an_error_with_the_cure(machine: FakeMachine) -> None:
    machine.builder = CLASSIC
    machine.registry_answers = False
    with pytest.raises(CacheExportUnsupportedError, match="no such host") as caught:
        machine.set_up()
    assert "containerd" in caught.value.cure
    assert Journal().additions() == ()


def test_a_client_that_hides_buildx_is_named(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.builder = BuildxMissingError("no Buildx")
    monkeypatch.setattr(provision.Provision, "take", lambda *_: None)
    with pytest.raises(SetupError, match="no Buildx") as caught:
        machine.set_up()
    assert caught.value.cure.startswith("/usr/bin/docker ")


def test_what_is_looked_at(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = setup.look()
    assert (seen.engine, seen.has_client, seen.has_buildx) == (Answer.YES, True, True)
    machine.builder = BuildxMissingError("no Buildx")
    assert not setup.look().has_buildx
    machine.builder = EngineUnreachableError("silent")
    assert setup.look().has_buildx
    monkeypatch.setattr(client, "elsewhere", lambda _: "DOCKER_HOST=tcp://far:2375")
    assert setup.look().engine is Answer.NO
    machine.builder = DEFAULT
    assert setup.look().engine is Answer.YES
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    seen = setup.look()
    assert (seen.has_client, seen.has_buildx, seen.has_apt) == (False, False, False)


def test_a_second_set_up_waits_for_the_first(machine: FakeMachine) -> None:
    machine.images = set()
    lock = FileLock(Journal().lock, thread_local=False)
    Journal().lock.parent.mkdir(parents=True)
    lock.acquire()

    def finish() -> None:
        machine.images = {OFFICIAL.reference}
        lock.release(force=True)

    timer = threading.Timer(0.2, finish)
    timer.start()
    machine.set_up()
    timer.join()
    assert machine.said[0] == "Another set-up is running; waiting for it."
    assert machine.said[1].startswith("Ready: ")


def test_a_second_set_up_does_not_wait_for_ever(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.images = set()
    monkeypatch.setattr(setup, "LOCK_SECONDS", 0.1)
    Journal().lock.parent.mkdir(parents=True)
    with FileLock(Journal().lock), pytest.raises(LockedError, match=r"did not end in 0\.1 s"):
        machine.set_up()


def test_another_architecture_needs_qemu_and_its_own_image(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.images = {OFFICIAL.reference, standin.tag(Architecture.AARCH64)}
    monkeypatch.setattr("os.path.ismount", lambda _: False)
    machine.set_up(archs="auto, aarch64")
    assert machine.asked == [
        "Set-up will install QEMU for programs of aarch64 on this machine. Go on?"
    ]
    assert machine.done == ["mount", *packages.EMULATION]
    assert machine.said[-1].endswith(
        f"{OFFICIAL.reference}, and {standin.brief(Architecture.AARCH64)}."
    )
    assert Journal().additions() == (
        Addition(Kind.MOUNT, str(machine.formats)),
        Addition(Kind.FORMAT, str(machine.formats / "qemu-aarch64")),
    )


def test_where_qemu_is_there_only_the_image_is_got(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.has_qemu = True
    got = imagecontents.ImageContents(frozenset({"cp313-cp313"}), "manylinux_2_28", "")
    monkeypatch.setattr(imagecontents, "look", lambda *_: got)
    monkeypatch.setattr(FakeMachine, "pull", lambda self, name, _: self.images.add(name), False)
    machine.set_up(archs="aarch64")
    assert machine.done == []
    assert FOR_AARCH64.reference in machine.images
    assert Addition(Kind.IMAGE, FOR_AARCH64.reference) in Journal().additions()


def test_what_runs_without_qemu_needs_none(machine: FakeMachine) -> None:
    machine.images.add(
        officialimages.official_image(
            Policy.parse(baseimage.DEFAULT), Platform(Libc.GLIBC, Architecture.I686)
        ).reference
    )
    machine.set_up(archs="i686")
    assert (machine.done, machine.asked) == ([], [])


def test_qemu_that_does_not_help_is_an_error_with_another_way(machine: FakeMachine) -> None:
    machine.install_helps = False
    with pytest.raises(SetupError, match="runs no programs of aarch64") as caught:
        machine.set_up(yes=True, archs="aarch64")
    assert "--install arm64" in caught.value.cure


@pytest.mark.parametrize("is_far", [True, False])
def test_where_set_up_installs_no_qemu_it_tells_how_to(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch, *, is_far: bool
) -> None:
    if is_far:
        monkeypatch.setattr(client, "elsewhere", lambda _: "DOCKER_HOST=tcp://far:2375")
    else:
        monkeypatch.setattr(packages, "is_here", lambda: False)
    why = "names another machine" if is_far else "it can on Debian and Ubuntu"
    with pytest.raises(SetupError, match=why) as caught:
        machine.set_up(archs="aarch64")
    assert "docker run --privileged" in caught.value.cure
    assert machine.done == []


def test_an_architecture_that_there_is_not_is_refused(machine: FakeMachine) -> None:
    with pytest.raises(UsageError, match="--archs: got 'arm65'"):
        machine.set_up(archs="arm65")
