"""A build backend that is loaded once, for hooks that run in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.toolbox_scripts import tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

    from pyproject_hooks import BuildBackendHookCaller

__all__ = ["tool"]  # a fixture

BACKEND = textwrap.dedent("""
    import os, sys

    if os.environ.get("THREAD"):
        import threading
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    if os.environ.get("BROKEN"):
        raise ImportError("what it needs is missing")
    with open(os.environ["LOADED"], "a") as file:
        file.write(f"{os.getpid()}\\n")
    state = []

    def get_requires_for_build_wheel(config_settings=None):
        state.append("asked")
        os.chdir("/")
        os.environ["CHANGED"] = "yes"
        return []

    def build_wheel(directory, config_settings=None, metadata_directory=None):
        if config_settings:
            os.kill(os.getpid(), 9) if config_settings["end"] == "killed" else os._exit(3)
        main = sys.modules["__main__"]
        return {
            "state": state,
            "folder": os.getcwd(),
            "environ": dict(os.environ),
            "process": os.getpid(),
            "main": main.__name__,
            "file": os.path.basename(main.__file__),
            "arguments": sys.argv,
            "path": sys.path,
        }
""")


@pytest.fixture
def loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """A backend `kept` on the path of the environment, and which processes have loaded it."""
    place, file = tmp_path / "site", tmp_path / "loaded"
    place.mkdir()
    (place / "kept.py").write_text(BACKEND)
    monkeypatch.setenv("PYTHONPATH", str(place))
    monkeypatch.setenv("LOADED", str(file))
    return lambda: file.read_text().split() if file.exists() else []


@pytest.fixture
def hooks(tool: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The hooks, with `kept` among the backends that are known."""
    module = tool("hooks")
    monkeypatch.setattr(module, "_WELL_KNOWN", {*module._WELL_KNOWN, "kept"})
    return module


@pytest.fixture
def loaded(hooks: ModuleType) -> Iterator[Any]:
    with hooks.LoadedBackend() as runner:
        yield runner


@pytest.fixture
def backend(loaded: Any, tmp_path: Path) -> Callable[..., BuildBackendHookCaller]:
    """A way to call hooks, of `kept` if of no other."""

    def caller(name: str = "kept", *path: str, runner: Any = loaded) -> BuildBackendHookCaller:
        from pyproject_hooks import BuildBackendHookCaller  # noqa: PLC0415 - `tool` skips without

        source = tmp_path / "source"
        source.mkdir(exist_ok=True)
        return BuildBackendHookCaller(source, name, path, runner, sys.executable)

    return caller


def test_each_hook_has_a_process_of_its_own_and_one_loads_the_backend(
    backend: Callable[..., Any], loads: Callable[[], list[str]], tmp_path: Path
) -> None:
    assert backend().get_requires_for_build_wheel() == []
    one, other = (backend().build_wheel("/out") for _ in range(2))
    assert one["state"] == other["state"] == []
    assert one["folder"] == str(tmp_path / "source")
    assert "CHANGED" not in one["environ"]
    (loader,) = loads()
    assert len({loader, str(one["process"]), str(other["process"]), str(os.getpid())}) == 4


def test_a_hook_finds_what_it_would_find_where_it_is_not_a_fork(
    backend: Callable[..., Any], loads: Callable[[], list[str]]
) -> None:
    from pyproject_hooks import default_subprocess_runner  # noqa: PLC0415 - as above

    forked = backend().build_wheel("/out")
    other = backend(runner=default_subprocess_runner).build_wheel("/out")
    assert len(loads()) == 2
    for told in (forked, other):
        told["arguments"] = told["arguments"][1:-1]
        del told["process"]
    assert forked == other


def test_a_hook_has_the_environment_of_its_time(
    backend: Callable[..., Any], loads: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARLIER", "yes")
    backend().get_requires_for_build_wheel()
    monkeypatch.delenv("EARLIER")
    monkeypatch.setenv("PATH", "/front:/bin")
    environ = backend().build_wheel("/out")["environ"]
    assert environ["PATH"] == "/front:/bin"
    assert "EARLIER" not in environ
    assert len(loads()) == 1


def test_what_it_forgets_is_loaded_anew(
    backend: Callable[..., Any], loaded: Any, loads: Callable[[], list[str]]
) -> None:
    backend().get_requires_for_build_wheel()
    loaded.forget()
    backend().build_wheel("/out")
    assert len(loads()) == 2


@pytest.mark.parametrize(("end", "code"), [("killed", -9), ("ended", 3)])
def test_a_hook_that_fails_says_how(
    backend: Callable[..., Any], loads: Callable[[], list[str]], end: str, code: int
) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        backend().build_wheel("/out", {"end": end})
    assert caught.value.returncode == code
    assert backend().get_requires_for_build_wheel() == []
    assert len(loads()) == 1


def test_a_backend_that_does_not_load_is_told_as_ever(
    backend: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    loads: Callable[[], list[str]],
) -> None:
    from pyproject_hooks import BackendUnavailable  # noqa: PLC0415 - as above

    monkeypatch.setenv("BROKEN", "yes")
    for _ in range(2):
        with pytest.raises(BackendUnavailable) as caught:
            backend().build_wheel("/out")
        assert "what it needs is missing" in caught.value.traceback
    assert capfd.readouterr() == ("", "")
    assert loads() == []


def test_a_backend_with_threads_is_loaded_by_each_hook(
    backend: Callable[..., Any], loads: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THREAD", "yes")
    process = backend().build_wheel("/out")["process"]
    assert str(process) in loads()


def test_a_backend_that_nobody_knows_is_loaded_by_each_hook(
    backend: Callable[..., Any], loads: Callable[[], list[str]], tmp_path: Path
) -> None:
    (tmp_path / "site" / "other.py").write_text(BACKEND)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "kept.py").write_text(BACKEND)
    for caller in (backend("other"), backend("kept", ".")):
        assert str(caller.build_wheel("/out")["process"]) in loads()
    assert len(loads()) == 2


def test_the_process_ends_with_what_asked_it(
    hooks: ModuleType, backend: Callable[..., Any], loads: Callable[[], list[str]]
) -> None:
    with hooks.LoadedBackend() as runner:
        backend(runner=runner).get_requires_for_build_wheel()
    (loader,) = loads()
    with pytest.raises(ProcessLookupError):
        os.kill(int(loader), 0)


@pytest.mark.parametrize("suffix", ["", ":__legacy__"])
def test_setuptools_is_loaded_once(
    backend: Callable[..., Any], tmp_path: Path, loads: Callable[[], list[str]], suffix: str
) -> None:
    pytest.importorskip("setuptools")
    caller = backend(f"setuptools.build_meta{suffix}")
    (tmp_path / "source" / "setup.py").write_text(
        "import os, sys\nfrom setuptools import setup\n"
        "print(os.getppid(), file=open(os.environ['LOADED'], 'a'))\n"
        "setup(name='tiny', version='1', py_modules=[])\n"
    )
    assert caller.get_requires_for_build_sdist() == []
    output = tmp_path / "out"
    output.mkdir()
    assert (output / caller.build_sdist(output)).is_file()
    first, *others = loads()
    assert others
    assert {first, *others} == {first}
    assert first != str(os.getpid())
