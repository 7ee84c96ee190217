"""Rust's compiler behind sccache: when it is, what goes through it, and where it keeps results."""

from __future__ import annotations

import http.client
import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.compiler_modules import TOOLBOX, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

rust, results = load("rust"), load("results")

LIBRARY = "--crate-name claw --edition=2021 src/lib.rs --crate-type lib"


# --- what goes through sccache ---


@pytest.fixture
def rustc(tmp_path: Path) -> Callable[..., list[str]]:
    """The wrapper over programs that only say who they are; it returns what they were given."""
    for name in ("rustc", "sccache", "slot"):
        program = tmp_path / name
        rest = 'echo "$CARGO_HTTP_CAINFO"' if name == "rustc" else 'exec "$@"'
        program.write_text(f'#!/bin/sh\necho {name}\n[ {name} = slot ] || echo "$@"\n{rest}\n')
        program.chmod(0o755)
    (tmp_path / "locks").mkdir()
    for number in range(256):
        (tmp_path / "locks" / f"{number:02x}").touch()

    def call(arguments: str, **environment: str) -> list[str]:
        settings = {
            "sccache": f"{tmp_path}/sccache",
            "slot": f"{tmp_path}/slot",
            "locks": f"{tmp_path}/locks",
        }
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in settings.items()]
        script = (TOOLBOX / "compiler/rustc.sh").read_text()
        program = tmp_path / "wrapper"
        program.write_text("".join(["#!/bin/sh\n", *lines, script]))
        program.chmod(0o755)
        done = subprocess.run(
            [program, "rustc", *arguments.split()],
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}", **environment},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.split("\n")

    return call


def test_a_library_goes_through_sccache_in_a_slot(rustc: Callable[..., list[str]]) -> None:
    expected = ["slot", "sccache", f"rustc {LIBRARY}", "rustc", LIBRARY, "", ""]
    assert rustc(LIBRARY, CARGO_HTTP_CAINFO="/of/this/step") == expected


@pytest.mark.parametrize("kind", ["bin", "proc-macro", "cdylib", "dylib"])
def test_what_sccache_cannot_cache_goes_to_rustc_in_a_slot(
    rustc: Callable[..., list[str]], kind: str
) -> None:
    for words in (f"--crate-name a --crate-type {kind}", f"{LIBRARY} --crate-type {kind}"):
        assert rustc(words) == ["slot", "rustc", words, "", ""]


@pytest.mark.parametrize("words", ["-vV", "--version", "- --crate-name ___ --crate-type lib"])
def test_a_question_goes_straight_to_rustc(rustc: Callable[..., list[str]], words: str) -> None:
    assert rustc(words) == ["rustc", words, "", ""]


# --- when ---


@pytest.fixture
def crate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (*rust._WRAPPERS, "CARGO_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "src/inner").mkdir(parents=True)
    (tmp_path / "src/inner/Cargo.toml").touch()
    return tmp_path / "src"


def test_a_crate_anywhere_in_the_source_tree(crate: Path, tmp_path: Path) -> None:
    assert rust.has_crate(crate)
    assert not rust.has_crate(tmp_path / "home")


@pytest.mark.parametrize("name", ["RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"])
@pytest.mark.parametrize("value", ["mine", ""])
def test_a_wrapper_of_the_user_wins(
    crate: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    assert not rust.has_wrapper(crate)
    monkeypatch.setenv(name, value)
    assert rust.has_wrapper(crate)


@pytest.mark.parametrize("place", ["home/.cargo/config.toml", "src/inner/.cargo/config"])
def test_so_does_one_in_a_file_of_cargo(crate: Path, tmp_path: Path, place: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True)
    file.write_text("[build]\njobs = 1\n")
    assert not rust.has_wrapper(crate)
    file.write_text('[build]\nrustc-wrapper = "mine"\n')
    assert rust.has_wrapper(crate)


def test_without_a_crate_nothing_is_set(tmp_path: Path) -> None:
    before = dict(os.environ)
    cached = rust.CachedRust(tmp_path, tmp_path, tmp_path, "")
    cached.start()
    assert dict(os.environ) == before
    assert cached.stop() == rust.RustCounts()


# --- where its results are ---


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Any]:
    server = results.Results(tmp_path / "results")
    server.start()
    yield server
    server.stop()


def ask(store: Any, method: str, path: str, body: bytes = b"", *, stranger: bool = False) -> Any:
    connection = http.client.HTTPConnection(store.address.removeprefix("http://"))
    headers = {"Authorization": f"Bearer {'a guess' if stranger else store.token}"}
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, content


def test_what_is_kept_can_be_had_again(store: Any) -> None:
    assert ask(store, "GET", "/a/b/c/abcdef") == (404, b"")
    assert ask(store, "PROPFIND", "/a/b/c/") == (404, b"")
    assert ask(store, "MKCOL", "/a/") == (201, b"")
    assert ask(store, "PUT", "/a/b/c/abcdef", b"result") == (201, b"")
    assert ask(store, "GET", "/a/b/c/abcdef") == (200, b"result")


def test_another_server_of_the_same_folder_sees_it(store: Any, tmp_path: Path) -> None:
    other = results.Results(tmp_path / "results")
    other.start()
    ask(store, "PUT", "/a/b/c/abcdef", b"result")
    assert ask(other, "GET", "/a/b/c/abcdef") == (200, b"result")
    other.stop()


def test_nobody_else_is_let_in(store: Any) -> None:
    assert ask(store, "PUT", "/a/b/c/abcdef", b"poison", stranger=True) == (403, b"")
    ask(store, "PUT", "/a/b/c/abcdef", b"result")
    assert ask(store, "GET", "/a/b/c/abcdef", stranger=True) == (404, b"")


@pytest.mark.parametrize("path", ["/../../x", "/a/../../etc/passwd", "/%2e%2e/x", "/", "/.."])
def test_no_other_folder_can_be_reached(store: Any, tmp_path: Path, path: str) -> None:
    assert ask(store, "PUT", path, b"x") == (403, b"")
    assert ask(store, "GET", path) == (404, b"")
    assert not (tmp_path / "results").exists()
