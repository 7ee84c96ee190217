"""The real things that integration tests run on: engine, stand-in base image, registries."""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.integration.deploying import Dock
from tests.integration.indexes import DevpiServer, PypiServer
from tests.integration.workplace import Workplace

from wheeldock import baseimage, defaultimage, standin, standin_context
from wheeldock.apt import PrivateApt, machine_sources
from wheeldock.builder import Buildx
from wheeldock.errand import run_errand
from wheeldock.errors import WheeldockError
from wheeldock.request import ImageOutput
from wheeldock.standin_parts import FREE_THREADED, PACKAGED, Interpreter, debian_mirror
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from wheeldock.baseimage import BaseImage
    from wheeldock.standin_context import Gathered


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what has the engine to itself; what needs no engine goes on beside it."""
    items.sort(key=lambda item: (not _is_alone(item), _is_of_engine(item)))


@pytest.fixture(scope="module", autouse=True)
def turn(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Wait until the engine is free for a file of tests, which other workers' may share."""
    how = fcntl.LOCK_EX if _is_alone(request.node) else fcntl.LOCK_SH
    with (tmp_path_factory.getbasetemp().parent / "engine.lock").open("w") as lock:
        fcntl.flock(lock, how)
        yield


def _is_alone(node: pytest.Item | pytest.Module) -> bool:
    return node.get_closest_marker("alone") is not None


def _is_of_engine(item: pytest.Item) -> bool:
    return item.get_closest_marker("integration") is not None


@pytest.fixture(scope="session")
def buildx() -> Buildx:
    client = Buildx()
    try:
        client.info()
    except WheeldockError as error:
        pytest.fail(f"{error.message}. {error.cure}", pytrace=False)
    return client


@pytest.fixture(scope="session")
def base_image(buildx: Buildx) -> BaseImage:
    """What set-up gives this machine to build on: the official image or the stand-in."""
    return defaultimage.ensure(buildx, say=print, install_packages=_install)


@pytest.fixture(scope="session")
def stand_in(buildx: Buildx) -> BaseImage:
    """The stand-in, made first if the engine has none that is current."""
    try:
        debian_mirror(machine_sources())
    except WheeldockError as error:
        pytest.skip(error.message)
    image = buildx.image(standin.tag(Architecture.X86_64))
    if image is None or not standin.is_current(image):
        standin.build(buildx, say=print, install_packages=_install)
    return baseimage.resolve(standin.tag(Architecture.X86_64), baseimage.HOME, buildx, say=print)


@pytest.fixture(scope="session")
def stand_in_context(stand_in: BaseImage) -> Iterator[tuple[Gathered, list[str]]]:
    """
    A context as set-up fetches it, and what that said.

    It has a free-threaded interpreter's source, and would have two more that the mirror has not.
    """
    del stand_in
    said: list[str] = []
    more = (Interpreter("3.8", "bookworm"), Interpreter("3.16", "nosuchsuite"))
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(standin_context, "PACKAGED", (*PACKAGED, *more))
            context = standin_context.gather(
                debian_mirror(machine_sources()),
                free_threaded=True,
                say=said.append,
                install_packages=_install,
            )
            gathered = stack.enter_context(context)
        yield gathered, said


@pytest.fixture(scope="session")
def free_threaded(
    base_image: BaseImage, buildx: Buildx, request: pytest.FixtureRequest
) -> BaseImage:
    """The base image, or a stand-in beside it that has an interpreter without a GIL."""
    if not base_image.is_stand_in or FREE_THREADED.name in base_image.interpreters:
        return base_image
    name = "wheeldock-tests/free-threaded:manylinux_2_28_x86_64"
    image = buildx.image(name)
    if image is None or not standin.is_current(image, free_threaded=True):
        gathered, _ = request.getfixturevalue("stand_in_context")
        made = standin.request(gathered, Architecture.X86_64, datetime.now(timezone.utc))
        run_errand(buildx, replace(made, output=ImageOutput(name)), "stand-in", name)
    return baseimage.resolve(name, baseimage.HOME, buildx, say=print)


def _install(packages: Sequence[str]) -> None:
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    subprocess.run(install if os.geteuid() == 0 else ["sudo", "-n", *install], check=True)


@pytest.fixture
def workplace(tmp_path: Path, record_property: Callable[[str, object], None]) -> Workplace:
    """A small project in a folder, in which the command can be run."""
    return Workplace(tmp_path / "project", tmp_path / "temporary", record_property)


class Registry:
    """The distribution's registry server on loopback; with a password, for one user alone."""

    user = "tester"

    def __init__(self, program: Path, folder: Path, password: str = "") -> None:
        self.address = _free_address()
        self.password = password
        self._folder = folder
        settings = [
            "version: 0.1",
            "log: {level: warn}",
            f"storage: {{filesystem: {{rootdirectory: '{folder}/store'}}}}",
            f"http: {{addr: '{self.address}'}}",
        ]
        if password:
            (folder / "htpasswd").write_text(f"{self.user}:{_bcrypt(password)}\n")
            settings.append(f"auth: {{htpasswd: {{realm: test, path: '{folder}/htpasswd'}}}}")
        (folder / "config.yml").write_text("\n".join(settings))
        self._command = [program, "serve", folder / "config.yml"]
        self._process = self._serve([])
        (folder / "pid").write_text(str(self._process.pid))
        self._wait()

    def _serve(self, inside: Sequence[str]) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("ab") as log:
            command = [*inside, *self._command]
            return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    @contextlib.contextmanager
    def also(self, inside: Sequence[str]) -> Iterator[None]:
        """Serve the same images at the same address of another network, too."""
        process = self._serve(inside)
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)

    def _wait(self) -> None:
        host, port = self.address.split(":")
        end = time.monotonic() + 10
        while self._process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1):
                return
            time.sleep(0.05)
        self.stop()
        pytest.fail(f"the registry did not start: {(self._folder / 'log').read_text()}")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)  # hundreds of megabytes


@pytest.fixture
def free_address() -> str:
    """An address on loopback where nothing listens."""
    return _free_address()


def _free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def _bcrypt(password: str) -> str:
    # Debian's libcrypt knows bcrypt, and its perl, which is always there, calls it.
    salt = f"$2y$05${secrets.token_hex(11)}"
    command = ["perl", "-e", "print crypt(<STDIN>, $ARGV[0])", salt]
    done = subprocess.run(command, input=password, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="session")
def registry_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution's registry server, unpacked: nothing is installed on the machine."""
    if installed := shutil.which("docker-registry"):
        return Path(installed)
    folder = tmp_path_factory.mktemp("docker-registry")
    # A machine may know newer suites, too, whose programs need a newer libc.
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    sources = [source for source in machine_sources() if source.suite.startswith(release)]
    apt = PrivateApt(folder / "apt", sources)
    apt.update()
    apt.download(["docker-registry"], folder)
    (package,) = folder.glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", package, folder / "root"], check=True)
    return folder / "root/usr/bin/docker-registry"


@pytest.fixture(scope="session")
def start_registry(
    registry_program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Registry]]:
    """Start a registry, with a password or without; all are stopped at the end."""
    with contextlib.ExitStack() as stack:

        def start(password: str = "") -> Registry:
            registry = Registry(registry_program, tmp_path_factory.mktemp("registry"), password)
            stack.callback(registry.close)
            return registry

        yield start


@pytest.fixture(scope="session")
def docker_registry(start_registry: Callable[..., Registry]) -> Registry:
    """A registry that is open to all."""
    return start_registry()


@pytest.fixture(scope="session")
def private_registry(start_registry: Callable[..., Registry]) -> Registry:
    """A registry that asks for a user and a password."""
    return start_registry(password=secrets.token_hex(8))


@pytest.fixture(scope="session")
def pypi_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PypiServer]:
    """pypiserver, whose packages each test takes away with it."""
    server = PypiServer(tmp_path_factory.mktemp("pypiserver"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def devpi_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevpiServer]:
    """devpi-server, which takes seconds to start."""
    server = DevpiServer(tmp_path_factory.mktemp("devpi"))
    yield server
    server.stop()


@pytest.fixture
def dock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dock:
    """A folder to deploy from, filled, with a machine that has no token of its own."""
    made = Dock(tmp_path / "project", f"pypi-{secrets.token_urlsafe(60)}")
    made.fill()
    monkeypatch.chdir(made.folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return made
