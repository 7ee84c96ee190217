from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from wheeldock.client import SOCKET, elsewhere, is_itself

if TYPE_CHECKING:
    from pathlib import Path


def test_the_client_is_set_up_for_this_machine(tmp_path: Path) -> None:
    folder = {"DOCKER_CONFIG": str(tmp_path)}
    assert elsewhere(folder) == ""
    assert elsewhere({**folder, "DOCKER_CONTEXT": "default"}) == ""
    assert elsewhere({"DOCKER_HOST": f"unix://{SOCKET}"}) == ""
    assert elsewhere({"DOCKER_HOST": f"unix://{SOCKET.resolve()}"}) == ""


@pytest.mark.parametrize("host", ["tcp://far:2375", "ssh://far", "unix:///run/other.sock"])
def test_the_client_is_set_up_for_another_host(host: str) -> None:
    assert elsewhere({"DOCKER_HOST": host}) == f"DOCKER_HOST={host}"


def test_the_client_is_set_up_for_another_context(tmp_path: Path) -> None:
    settings = tmp_path / "config.json"
    settings.write_text(json.dumps({"currentContext": "colima"}))
    folder = {"DOCKER_CONFIG": str(tmp_path)}
    assert elsewhere(folder) == "Docker context 'colima'"
    assert elsewhere({**folder, "DOCKER_CONTEXT": "far"}) == "Docker context 'far'"
    assert elsewhere({**folder, "DOCKER_CONTEXT": "default"}) == ""
    for text in ("{", "[]", '{"auths": {}}'):
        settings.write_text(text)
        assert elsewhere(folder) == ""


def test_dockers_own_program_is_told_from_what_is_put_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not is_itself()
    command, program = tmp_path / "docker", tmp_path / "elsewhere" / "docker"
    program.parent.mkdir()
    for path, content, expected in (
        (program, b"\x7fELF", True),
        (program, b'#!/bin/sh\nexec sudo /usr/bin/docker "$@"\n', False),
        (program.with_name("snap"), b"\x7fELF", False),
    ):
        path.write_bytes(content)
        path.chmod(0o755)
        command.unlink(missing_ok=True)
        command.symlink_to(path)
        assert is_itself() is expected
