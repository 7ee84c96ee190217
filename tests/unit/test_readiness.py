from __future__ import annotations

from dataclasses import replace

import pytest

from wheeldock.daemon import Answer
from wheeldock.errors import SetupError
from wheeldock.readiness import Machine, Step, plan
from wheeldock.system import Family, System

READY = Machine(
    system=System(Family.DEBIAN, "Debian GNU/Linux 12 (bookworm)"),
    has_apt=True,
    has_rights=True,
    elsewhere="",
    engine=Answer.YES,
    has_dockerd=True,
    has_client=True,
    has_buildx=True,
)
BARE = replace(READY, engine=Answer.NO, has_dockerd=False, has_client=False, has_buildx=False)


def test_a_ready_machine_needs_nothing() -> None:
    assert plan(READY) == ()


def test_a_ready_machine_needs_no_rights_and_may_be_any_system() -> None:
    fedora = System(Family.FEDORA, "Fedora Linux 43")
    assert plan(replace(READY, has_rights=False, has_apt=False, system=fedora)) == ()


def test_a_bare_machine_needs_an_engine() -> None:
    assert plan(BARE) == (Step.INSTALL_ENGINE, Step.START_ENGINE)


def test_a_client_alone_proves_nothing() -> None:
    assert plan(replace(BARE, has_client=True)) == (Step.INSTALL_ENGINE, Step.START_ENGINE)
    with_buildx = replace(BARE, has_client=True, has_buildx=True)
    assert plan(with_buildx) == (Step.INSTALL_ENGINE, Step.START_ENGINE)


def test_an_engine_without_buildx_gets_buildx_alone() -> None:
    assert plan(replace(READY, has_buildx=False)) == (Step.INSTALL_BUILDX,)


def test_an_engine_without_a_client_gets_a_client() -> None:
    machine = replace(READY, has_dockerd=False, has_client=False, has_buildx=False)
    assert plan(machine) == (Step.INSTALL_CLIENT,)


def test_an_engine_that_does_not_run_is_started() -> None:
    assert plan(replace(READY, engine=Answer.NO)) == (Step.START_ENGINE,)
    without_buildx = replace(READY, engine=Answer.NO, has_buildx=False)
    assert plan(without_buildx) == (Step.INSTALL_BUILDX, Step.START_ENGINE)


def test_a_socket_that_is_closed_to_the_user_is_opened() -> None:
    assert plan(replace(READY, engine=Answer.FORBIDDEN)) == (Step.OPEN_SOCKET,)


def test_an_engine_of_the_users_choice_is_not_replaced_by_another() -> None:
    with pytest.raises(SetupError, match=r"DOCKER_HOST=tcp://far:2375 names an engine"):
        plan(replace(BARE, elsewhere="DOCKER_HOST=tcp://far:2375", has_client=True))
    far = replace(BARE, elsewhere="DOCKER_HOST=tcp://far:2375", has_client=True, engine=Answer.YES)
    assert plan(far) == (Step.INSTALL_BUILDX,)


def test_without_rights_nothing_is_done() -> None:
    with pytest.raises(SetupError, match="only root may") as caught:
        plan(replace(BARE, has_rights=False))
    assert "sudo -v" in caught.value.cure
    assert "apt-get install docker.io docker-buildx" in caught.value.cure


@pytest.mark.parametrize(
    ("family", "instruction"),
    [
        (Family.FEDORA, "dnf install moby-engine docker-buildx"),
        (Family.ARCH, "pacman -S docker docker-buildx"),
        (Family.ALPINE, "apk add docker docker-cli-buildx"),
        (Family.SUSE, "zypper install docker docker-buildx"),
        (Family.MACOS, "brew install colima docker docker-buildx"),
        (Family.OTHER, "https://docs.docker.com/engine/install/"),
    ],
)
def test_other_systems_get_their_own_instructions(family: Family, instruction: str) -> None:
    with pytest.raises(SetupError, match="and this is Some System") as caught:
        plan(replace(BARE, system=System(family, "Some System")))
    assert instruction in caught.value.cure


def test_other_systems_can_still_start_an_engine_that_they_have() -> None:
    arch = System(Family.ARCH, "Arch Linux")
    assert plan(replace(READY, system=arch, engine=Answer.NO)) == (Step.START_ENGINE,)
