from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wheeldock import engine, packages, undo
from wheeldock.builder import Buildx
from wheeldock.errors import EngineNotOursError, SetupError
from wheeldock.journal import Addition, Journal, Kind
from wheeldock.root import Root

if TYPE_CHECKING:
    from pathlib import Path


class Undoing:
    """A journal of things in a folder, and the order in which they were taken away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal()
        self.said: list[str] = []
        self.done: list[str] = []

    def make(self, kind: Kind, name: str, *files: str) -> Path:
        path = self.folder / name
        path.mkdir(parents=True)
        for file in files:
            (path / file).parent.mkdir(parents=True, exist_ok=True)
            (path / file).write_text("x")
        self.journal.add(kind, path)
        return path

    def undo(self, *, yes: bool = True) -> None:
        undo.undo(yes=yes, say=self.said.append, confirm=lambda _: False)


@pytest.fixture
def undoing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Undoing:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    work = Undoing(tmp_path / "machine")
    monkeypatch.setattr(undo, "needed_rights", lambda _: Root(()))
    monkeypatch.setattr(engine, "stop", lambda _: work.done.append("stop"))

    def remove(names: list[str], _: Root) -> tuple[str, ...]:
        work.done.append(f"remove {' '.join(names)}")
        return ("iptables",) if "iptables" in names else ()

    monkeypatch.setattr(packages, "remove", remove)
    monkeypatch.setattr(Buildx, "remove_image", lambda _, name: work.done.append(name))
    return work


def test_nothing_added_leaves_nothing_to_do(undoing: Undoing, tmp_path: Path) -> None:
    undoing.undo()
    assert undoing.said == ["There is nothing that set-up added to this machine."]
    assert list(tmp_path.iterdir()) == []


def test_all_goes_and_a_second_time_nothing_is_left(undoing: Undoing, tmp_path: Path) -> None:
    made = undoing.make(Kind.FOLDER, "made by dockerd, and more", "deep/file", ".hidden")
    filled = undoing.make(Kind.CONTENTS, "was there", "file", ".hidden")
    settings = undoing.make(Kind.FOLDER, "etc") / "settings.json"
    settings.write_text("{}")
    undoing.journal.add(Kind.FILE, settings)
    undoing.undo()
    assert not made.exists()
    assert list(filled.iterdir()) == []
    assert not settings.exists()
    assert undoing.said[-1] == "What set-up added to this machine is gone."
    assert not (tmp_path / "state").exists()
    undoing.undo()
    assert undoing.said[-1] == "There is nothing that set-up added to this machine."


def test_what_lies_within_something_goes_first(undoing: Undoing) -> None:
    undoing.journal.add(Kind.IMAGE, "stand-in:latest")
    undoing.journal.add(Kind.PACKAGE, "docker.io", "runc")
    undoing.journal.add(Kind.ENGINE, "dockerd")
    undoing.journal.add(Kind.PACKAGE, "mmdebstrap")
    undoing.undo()
    assert undoing.done == ["stand-in:latest", "stop", "remove docker.io runc mmdebstrap"]


def test_an_engine_that_is_not_ours_by_now_is_left(
    undoing: Undoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: object) -> None:
        raise EngineNotOursError("The engine runs, not started by wheeldock.")

    monkeypatch.setattr(engine, "stop", stop)
    undoing.journal.add(Kind.ENGINE, "dockerd")
    undoing.journal.add(Kind.PACKAGE, "runc")
    undoing.undo()
    assert "The engine runs, not started by wheeldock. It is left." in undoing.said
    assert undoing.done == ["remove runc"]


def test_images_go_with_an_engine_that_goes(undoing: Undoing) -> None:
    undoing.journal.add(Kind.IMAGE, "stand-in:latest")
    undoing.journal.add(Kind.CONTENTS, "/var/lib/docker that was not there")
    undoing.journal.add(Kind.FOLDER, undo.DATA)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(undo.Undo, "_folders", lambda *_: None)
        undoing.undo()
    assert undoing.done == []


def test_packages_that_others_need_are_said_to_stay(undoing: Undoing) -> None:
    undoing.journal.add(Kind.PACKAGE, "iptables", "runc")
    undoing.undo()
    assert "Others need iptables: they stay." in undoing.said


def test_a_client_folder_without_the_users_settings_goes(undoing: Undoing) -> None:
    folder = undoing.make(Kind.CLIENT_FOLDER, ".docker", "buildx/current")
    (folder / "buildx/instances").mkdir()
    undoing.undo()
    assert not folder.exists()


@pytest.mark.parametrize(
    "file", ["config.json", "contexts/meta/a/meta.json", "buildx/instances/mine"]
)
def test_a_client_folder_with_the_users_settings_stays(undoing: Undoing, file: str) -> None:
    folder = undoing.make(Kind.CLIENT_FOLDER, ".docker", file, "buildx/current")
    undoing.undo()
    assert (folder / file).exists()
    assert f"Leaving {folder}, which has settings of yours." in undoing.said


def test_what_is_gone_already_is_passed_over(undoing: Undoing, tmp_path: Path) -> None:
    undoing.journal.add(Kind.FOLDER, tmp_path / "gone")
    undoing.journal.add(Kind.CONTENTS, tmp_path / "gone, too")
    undoing.journal.add(Kind.FILE, tmp_path / "gone/file")
    undoing.journal.add(Kind.SOCKET, tmp_path / "gone/docker.sock")
    undoing.undo()
    assert undoing.journal.additions() == ()


def test_a_folder_that_is_a_link_by_now_is_left(undoing: Undoing) -> None:
    users = undoing.folder / "a disk of the user"
    users.mkdir(parents=True)
    (users / "file").touch()
    link = undoing.folder / "docker"
    link.symlink_to(users)
    undoing.journal.add(Kind.FOLDER, link)
    undoing.undo()
    assert (users / "file").exists()


def test_a_failure_leaves_the_rest_written_down(
    undoing: Undoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> tuple[str, ...]:
        raise SetupError("`dpkg --remove` failed: locked")

    monkeypatch.setattr(packages, "remove", fail)
    undoing.journal.add(Kind.FILE, "/etc/settings")
    undoing.journal.add(Kind.PACKAGE, "runc")
    undoing.journal.add(Kind.IMAGE, "stand-in:latest")
    with pytest.raises(SetupError, match="locked"):
        undoing.undo()
    assert undoing.journal.additions() == (
        Addition(Kind.FILE, "/etc/settings"),
        Addition(Kind.PACKAGE, "runc"),
    )


def test_an_answer_of_no_takes_nothing_away(undoing: Undoing) -> None:
    folder = undoing.make(Kind.FOLDER, "made")
    with pytest.raises(SetupError, match="nothing was taken away"):
        undoing.undo(yes=False)
    assert folder.exists()
    assert undoing.said == []


def test_what_the_kernel_was_told_is_taken_back_after_the_packages(
    undoing: Undoing, tmp_path: Path
) -> None:
    format_ = tmp_path / "qemu-aarch64"
    format_.write_text("enabled")
    undoing.journal.add(Kind.PACKAGE, "qemu-user-static")
    undoing.journal.add(Kind.FORMAT, format_, tmp_path / "gone by itself")
    undoing.undo()
    assert undoing.done == ["remove qemu-user-static"]
    assert format_.read_text() == "-1"
    assert not (tmp_path / "gone by itself").exists()


def test_a_file_system_is_unmounted_after_what_uses_it_is_gone(
    undoing: Undoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Root, "run", lambda _, *words: undoing.done.append(" ".join(words)))
    monkeypatch.setattr("os.path.ismount", lambda name: name == "/mounted")
    undoing.journal.add(Kind.MOUNT, "/mounted", "/gone")
    undoing.journal.add(Kind.PACKAGE, "qemu-user-static")
    undoing.undo()
    assert undoing.done == ["remove qemu-user-static", "umount /mounted"]
