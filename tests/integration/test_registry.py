"""A base image from a real registry: pulled, missing, refused, and from one that is no help."""

from __future__ import annotations

import base64
import contextlib
import json
import socketserver
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import tomli
from maintenance.pins import refresh
from python_on_whales import DockerClient

from wheeldock import baseimage, imagecontents, officialimages
from wheeldock.errors import (
    BaseImageUnavailableError,
    ConfigurationError,
    ImageNotFoundError,
    RegistryAuthenticationError,
)
from wheeldock.request import BuildRequest, ImageOutput
from wheeldock.tags import Policy

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.conftest import Registry

    from wheeldock.baseimage import BaseImage
    from wheeldock.builder import Buildx

pytestmark = pytest.mark.integration

NAME = "wheeldock-test-base"
NO_DIGEST = "sha256:" + "0" * 64
DOCKERFILE = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE} AS run
ARG INTERPRETER
RUN --network=none /opt/python/${INTERPRETER}/bin/python -c 'print(6 * 7)' > /answer
FROM scratch AS answer
COPY --from=run /answer /
"""


@pytest.fixture(autouse=True)
def no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of any image."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@dataclass(frozen=True)
class Pushed:
    """An image in a registry, and no longer in the engine under these names."""

    tag: str
    digest: str


@pytest.fixture(scope="module")
def push(buildx: Buildx, base_image: BaseImage) -> Iterator[Callable[[str], Pushed]]:
    """Push the base image to a registry; what tests pulled from there is removed at the end."""
    docker = DockerClient()
    with contextlib.ExitStack() as stack:

        def push_to(address: str) -> Pushed:
            repository = f"{address}/{NAME}"
            tag = f"{repository}:1"
            docker.image.tag(base_image.reference, tag)
            docker.image.push(tag, quiet=True)
            names = docker.image.inspect(tag).repo_digests
            (digest,) = (name for name in names if name.startswith(f"{repository}@"))
            docker.image.remove(tag)
            stack.callback(_remove, buildx, tag, digest)
            return Pushed(tag, digest)

        yield push_to
    assert buildx.image(base_image.reference), "the base image went away with its copies"


def _remove(buildx: Buildx, *references: str) -> None:
    for reference in references:
        buildx.remove_image(reference)


@pytest.fixture(scope="module")
def pushed(push: Callable[[str], Pushed], docker_registry: Registry) -> Pushed:
    return push(docker_registry.address)


def resolve(setting: str, buildx: Buildx) -> tuple[BaseImage, list[str]]:
    said: list[str] = []
    return baseimage.resolve(setting, baseimage.HOME, buildx, say=said.append), said


def test_an_image_is_pulled_by_digest_and_built_on_when_its_registry_is_gone(
    buildx: Buildx,
    base_image: BaseImage,
    start_registry: Callable[..., Registry],
    push: Callable[[str], Pushed],
    tmp_path: Path,
) -> None:
    registry = start_registry()
    reference = push(registry.address).digest
    image, said = resolve(reference, buildx)
    assert image.reference == reference
    assert image.policy == Policy.parse("manylinux_2_28")
    assert image.interpreters == base_image.interpreters
    assert said == [f"pulling {reference}"]

    registry.stop()
    assert resolve(reference, buildx) == (image, [])
    assert answer(buildx, image, tmp_path) == "42\n"

    buildx.remove_image(reference)
    with pytest.raises(BaseImageUnavailableError, match="connection refused"):
        resolve(reference, buildx)


def answer(buildx: Buildx, image: BaseImage, folder: Path) -> str:
    (folder / "context").mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    request = BuildRequest(
        target="answer",
        dockerfile=folder / "Dockerfile",
        context=folder / "context",
        output=folder / "out",
        build_args={"BASE_IMAGE": image.reference, "INTERPRETER": min(image.interpreters)},
    )
    for _ in buildx.build(request):
        pass
    return (folder / "out/answer").read_text()


def test_an_image_is_pulled_by_tag(buildx: Buildx, pushed: Pushed) -> None:
    image, said = resolve(pushed.tag, buildx)
    assert image.reference == pushed.tag
    assert said == [f"pulling {pushed.tag}"]
    assert buildx.image(pushed.tag)


@pytest.mark.parametrize("suffix", [f"{NAME}:2", f"{NAME}@{NO_DIGEST}", "wheeldock-test-none:1"])
def test_a_missing_image_is_named(
    buildx: Buildx, pushed: Pushed, docker_registry: Registry, suffix: str
) -> None:
    assert pushed.tag.startswith(docker_registry.address)
    reference = f"{docker_registry.address}/{suffix}"
    with pytest.raises(ImageNotFoundError, match="not found") as caught:
        resolve(reference, buildx)
    assert caught.value.message.startswith(f"there is no image {reference}: ")


@pytest.fixture
def log_in(
    private_registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Give the Docker client a configuration of its own, with that password or with none."""

    def log_in_with(password: str) -> None:
        login = base64.b64encode(f"{private_registry.user}:{password}".encode()).decode()
        entries = {private_registry.address: {"auth": login}} if password else {}
        folder = tmp_path / "docker"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps({"auths": entries}))
        monkeypatch.setenv("DOCKER_CONFIG", str(folder))

    return log_in_with


def test_no_credentials_are_refused(
    buildx: Buildx, private_registry: Registry, log_in: Callable[[str], None]
) -> None:
    log_in("")
    reference = f"{private_registry.address}/{NAME}:1"
    with pytest.raises(RegistryAuthenticationError, match=reference) as caught:
        resolve(reference, buildx)
    assert "docker login" in caught.value.cure


def test_wrong_credentials_are_refused_and_right_ones_are_not(
    buildx: Buildx,
    private_registry: Registry,
    push: Callable[[str], Pushed],
    log_in: Callable[[str], None],
) -> None:
    log_in(private_registry.password)
    reference = push(private_registry.address).digest

    log_in("mistaken")
    with pytest.raises(RegistryAuthenticationError, match="401") as caught:
        resolve(reference, buildx)
    assert "mistaken" not in str(caught.value)

    log_in(private_registry.password)
    assert resolve(reference, buildx)[0].reference == reference


def test_a_registry_that_is_down_is_told_with_the_cure(buildx: Buildx, free_address: str) -> None:
    with pytest.raises(BaseImageUnavailableError, match="connection refused") as caught:
        resolve(f"{free_address}/{NAME}:1", buildx)
    assert "invoke setup" in caught.value.cure


@contextlib.contextmanager
def serving(respond: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve on loopback what is no registry; yields the address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            respond(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def say_nothing(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def say_nothing_to_http(connection: socket.socket) -> None:
    # Refused TLS, the engine tries plain HTTP, and waits for an answer without any limit.
    if connection.recv(4096).startswith(b"\x16"):
        connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
    else:
        say_nothing(connection)


def say_nonsense(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"\x00\xff\xfe not found, unauthorized \r\n\r\n")


@pytest.mark.parametrize("respond", [say_nothing, say_nothing_to_http])
def test_a_registry_that_accepts_and_is_mute_is_given_up(
    buildx: Buildx, monkeypatch: pytest.MonkeyPatch, respond: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(imagecontents, "PATIENCE", 2.0)
    with serving(respond) as address:
        started = time.monotonic()
        with pytest.raises(BaseImageUnavailableError, match="not a word in 2 s"):
            resolve(f"{address}/{NAME}:1", buildx)
        assert time.monotonic() - started < 5


def test_nonsense_is_no_answer(buildx: Buildx) -> None:
    with (
        serving(say_nonsense) as address,
        pytest.raises(BaseImageUnavailableError, match=f"registry of {address}/"),
    ):
        resolve(f"{address}/{NAME}:1", buildx)


@pytest.fixture
def pin(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Pin a short name to an image."""

    def pin_to(name: str, reference: str) -> None:
        pinned = {"x86_64": {name: {"image": reference, "tag": "2026.11"}}}
        monkeypatch.setattr(officialimages, "_pinned_images", lambda: pinned)

    return pin_to


def test_a_short_name_is_the_pinned_image(
    buildx: Buildx, pushed: Pushed, pin: Callable[[str, str], None]
) -> None:
    pin("manylinux_2_34", pushed.digest)
    image, _ = resolve("manylinux_2_34", buildx)
    assert image.reference == pushed.digest
    assert not image.is_stand_in
    assert image.description == f"{pushed.digest} (2026.11)"


def test_without_a_registry_a_short_name_is_the_stand_in_and_that_is_said(
    buildx: Buildx, stand_in: BaseImage, free_address: str, pin: Callable[[str, str], None]
) -> None:
    pin("manylinux_2_28", f"{free_address}/{NAME}@{NO_DIGEST}")
    image, said = resolve("manylinux_2_28", buildx)
    assert image == stand_in
    assert image.is_stand_in
    assert said == [image.description]


def test_without_a_registry_and_a_stand_in_a_short_name_is_an_error(
    buildx: Buildx, free_address: str, pin: Callable[[str, str], None]
) -> None:
    pin("manylinux_2_34", f"{free_address}/{NAME}@{NO_DIGEST}")
    with pytest.raises(BaseImageUnavailableError) as caught:
        resolve("manylinux_2_34", buildx)
    assert "invoke setup" in caught.value.cure


def test_pins_are_set_to_the_newest_that_a_registry_has(
    buildx: Buildx, docker_registry: Registry, tmp_path: Path
) -> None:
    name = f"{docker_registry.address}/pypa/manylinux_2_28_x86_64"
    docker = DockerClient()
    (tmp_path / "Dockerfile").write_text("FROM scratch AS empty\nCOPY pins.toml /\n")
    digests = {}
    for tag in ("2026.9.30-1", "2026.10.2-1"):
        pins = tmp_path / "pins.toml"
        pins.write_text(f'[x86_64]\nmanylinux_2_28 = {{ image = "{name}@{tag}", tag = "{tag}" }}\n')
        request = BuildRequest(
            target="empty",
            dockerfile=tmp_path / "Dockerfile",
            context=tmp_path,
            output=ImageOutput(f"{name}:{tag}"),
        )
        for _ in buildx.build(request):
            pass
        docker.image.push(f"{name}:{tag}", quiet=True)
        (digests[tag],) = docker.image.inspect(f"{name}:{tag}").repo_digests
        buildx.remove_image(f"{name}:{tag}")
    refresh(pins, print)
    (entry,) = tomli.loads(pins.read_text())["x86_64"].values()
    assert entry == {"image": digests["2026.10.2-1"], "tag": "2026.10.2-1"}
    assert digests["2026.9.30-1"] != digests["2026.10.2-1"]


def test_an_image_in_which_nothing_runs_is_no_base_image(buildx: Buildx, tmp_path: Path) -> None:
    reference = "wheeldock-test-empty:1"
    (tmp_path / "Dockerfile").write_text("FROM scratch AS empty\nCOPY Dockerfile /\n")
    request = BuildRequest(
        target="empty",
        dockerfile=tmp_path / "Dockerfile",
        context=tmp_path,
        output=ImageOutput(reference),
    )
    for _ in buildx.build(request):
        pass
    try:
        with pytest.raises(ConfigurationError, match=f"{reference} is no manylinux"):
            resolve(reference, buildx)
    finally:
        buildx.remove_image(reference)
