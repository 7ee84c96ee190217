from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheeldock import client
from wheeldock import request as requests
from wheeldock.builder import BuildEndedError, BuildStoppedError, Buildx
from wheeldock.builderinfo import BuilderInfo, Capacity
from wheeldock.errors import BuilderNotFoundError, BuildxMissingError, EngineUnreachableError
from wheeldock.events import Log, Notice, Step
from wheeldock.request import DOCKER, BuildRequest, ImageOutput
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 10.0
REQUEST = BuildRequest(
    target="wheel", dockerfile=Path("/d/Dockerfile"), context=Path("/d"), output=Path("/out")
)


def go_csv(text: str) -> list[str]:
    """The fields of a line as Go's encoding/csv reads them, which is what Buildx does."""
    fields = []
    end = ","
    while end:
        # A quote is an error within a field that does not begin with one.
        match = re.match(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\Z)', text)
        assert match is not None, f"not CSV: {text!r}"
        quoted, plain, end = match.groups()
        fields.append(plain if quoted is None else quoted.replace('""', '"'))
        text = text[match.end() :]
    assert not text
    return fields


def as_buildx_reads(text: str) -> dict[str, str]:
    return dict(field.split("=", 1) for field in go_csv(text))


# --- arguments ---

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"))


@given(st.dictionaries(st.sampled_from(["type", "src", "dest", "id"]), TEXTS, min_size=1))
def test_buildx_reads_every_field_as_it_was_meant(fields: dict[str, str]) -> None:
    assert as_buildx_reads(requests._csv_text(fields)) == fields


def test_plain_fields_are_not_quoted() -> None:
    assert requests._csv_text({"type": "local", "dest": "/two words"}) == (
        "type=local,dest=/two words"
    )


# --- a client that does what a test says ---


class Docker:
    """A `docker` on the PATH that runs a shell script and writes its arguments down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def does(self, script: str) -> None:
        path = self.folder / "bin" / "docker"
        path.write_text(
            f"#!/bin/sh\ncd {shlex.quote(str(self.folder))}\n"
            f"printf '%s\\0' \"$@\" > argv\n{script}\n"
        )
        path.chmod(0o755)

    @property
    def argv(self) -> list[str]:
        return (self.folder / "argv").read_text().split("\0")[:-1]

    def options(self, name: str) -> list[str]:
        """The values of an option that may be given several times."""
        argv = self.argv
        return [argv[i + 1] for i, argument in enumerate(argv) if argument == name]

    def has(self, name: str) -> bool:
        """Whether the script made a file of that name."""
        return (self.folder / name).exists()


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    bin_ = tmp_path / "the client's folder" / "bin"
    bin_.mkdir(parents=True)
    for name in ("sh", "sleep"):
        (bin_ / name).symlink_to(shutil.which(name) or "")
    monkeypatch.setenv("PATH", str(bin_))
    return Docker(bin_.parent)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, for this test alone."""
    folder = tmp_path / "temporary, files"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let children take Ctrl-C as they do in a terminal, even if this process may ignore it."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


def eventually(condition: Callable[[], object]) -> bool:
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(condition())


def status(**lists: list[dict[str, Any]]) -> str:
    """A shell command that says a SolveStatus."""
    return f"printf '%s\\n' {shlex.quote(json.dumps(lists))}"


STARTED = status(vertexes=[{"digest": "sha256:1", "name": "[build 1/1] RUN x"}])


# --- a build ---


def test_a_build_says_its_events(docker: Docker) -> None:
    docker.does(
        f"{STARTED}\n{status(logs=[{'vertex': 'sha256:1', 'stream': 1, 'data': 'aGk='}])}\n"
        "echo WARNING: careful >&2"
    )
    step, log, notice = Buildx().build(REQUEST)
    assert isinstance(step, Step)
    assert step.name == "[build 1/1] RUN x"
    assert log == Log("sha256:1", "hi")
    assert notice == Notice("WARNING: careful")


def test_events_come_as_they_are_said(docker: Docker) -> None:
    docker.does(f"{STARTED}\nwhile [ ! -e go ]; do sleep 0.01; done\necho end")
    events = Buildx().build(REQUEST)
    assert isinstance(next(events), Step)
    (docker.folder / "go").touch()
    assert list(events) == [Notice("end")]


def test_git_is_asked_only_where_its_answer_is_told(docker: Docker) -> None:
    docker.does('echo "git: ${BUILDX_GIT_INFO-asked}"')
    assert list(Buildx().build(REQUEST)) == [Notice("git: false")]
    assert list(Buildx().build(replace(REQUEST, provenance=True))) == [Notice("git: asked")]


def test_a_failed_build_says_all_before_it_ends(docker: Docker) -> None:
    docker.does("echo ERROR: failed to solve >&2\nexit 1")
    events = Buildx().build(REQUEST)
    assert next(events) == Notice("ERROR: failed to solve")
    with pytest.raises(BuildEndedError) as ended:
        next(events)
    assert not isinstance(ended.value, BuildStoppedError)


def test_output_that_is_no_text_ends_no_build(docker: Docker) -> None:
    docker.does("printf '\\377\\376\\n'\nprintf '\\377\\n' >&2\nexit 1")
    events = Buildx().build(REQUEST)
    assert isinstance(next(events), Notice)
    assert isinstance(next(events), Notice)
    with pytest.raises(BuildEndedError):
        next(events)


def test_a_build_without_a_client_ends(docker: Docker) -> None:
    events = Buildx().build(REQUEST)
    said = next(events)
    assert isinstance(said, Notice)
    assert "docker" in said.text
    with pytest.raises(BuildEndedError):
        next(events)
    assert not docker.has("argv")


def test_no_temporary_file_outlives_a_build(docker: Docker, temporary: Path) -> None:
    docker.does("exit 0")
    assert list(Buildx().build(REQUEST)) == []
    assert list(temporary.iterdir()) == []


def test_buildx_is_asked_for_the_target_of_the_dockerfile(docker: Docker) -> None:
    docker.does("")
    list(Buildx().build(REQUEST))
    assert docker.argv[:2] == ["buildx", "build"]
    assert docker.options("--target") == ["wheel"]
    assert docker.options("--file") == ["/d/Dockerfile"]
    assert docker.options("--progress") == ["rawjson"]
    assert "--no-cache" not in docker.argv
    assert "--provenance=false" in docker.argv
    for absent in ("--cache-from", "--cache-to", "--secret", "--builder"):
        assert absent not in docker.argv


@pytest.mark.parametrize(
    "path", ["/plain", "/two words", "/a,b", '/q"uote"', "/ünï", "/a=b", "/new\nline", '/",=']
)
def test_paths_reach_buildx_as_they_are(docker: Docker, path: str) -> None:
    place = Path(path)
    docker.does("")
    request = BuildRequest(
        target="wheel",
        dockerfile=place,
        context=place,
        output=place,
        contexts={"sdist": place},
        secrets={"ca": place},
    )
    list(Buildx().build(request))
    assert docker.options("--file") == [path]
    assert docker.options("--build-context") == [f"sdist={path}"]
    for option, fields in (
        ("--output", {"type": "local", "dest": path}),
        ("--secret", {"id": "ca", "src": path}),
    ):
        (value,) = docker.options(option)
        assert as_buildx_reads(value) == fields


@pytest.fixture
def passing(tmp_path: Path) -> BuildRequest:
    """A request whose second stage gets variables of the machine."""
    line = "    # (secret mounts of environment-pass)\n"
    stages = [f"FROM {stage}\nRUN \\\n{line}    true\n" for stage in ("x AS tools", "x AS env")]
    (tmp_path / "Dockerfile").write_text("".join(stages))
    (tmp_path / "Dockerfile.dockerignore").write_text("x\n")
    passed = {"env": ("TOKEN", "NOT_SET")}
    return replace(REQUEST, dockerfile=tmp_path / "Dockerfile", passed=passed)


def test_variables_of_the_machine_are_secrets_and_never_said(
    docker: Docker, passing: BuildRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "sesame")
    monkeypatch.delenv("NOT_SET", raising=False)
    docker.does('echo "$TOKEN" >&2')
    assert list(Buildx().build(passing)) == [Notice("***")]
    assert docker.options("--secret") == ["id=TOKEN,env=TOKEN"]
    assert "sesame" not in "".join(docker.argv)


def test_variables_of_the_machine_are_mounted_in_the_stages_that_have_them(
    passing: BuildRequest, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    ready = requests.with_fitting_dockerfile(passing, str(place))
    assert ready.dockerfile == place / "Dockerfile"
    first, second = ready.dockerfile.read_text().split("\nFROM ")
    assert "mount" not in first
    for name in ("TOKEN", "NOT_SET"):
        assert f"--mount=type=secret,id={name},target=/run/wheeldock-pass/{name} \\\n" in second
    assert (place / "Dockerfile.dockerignore").read_text() == "x\n"
    without = replace(passing, passed={"env": ()})
    assert requests.with_fitting_dockerfile(without, str(place)) is without


def test_steps_of_stages_that_fetch_nothing_reach_no_network(tmp_path: Path) -> None:
    wanted = replace(REQUEST, dockerfile=DOCKER / "Dockerfile", offline=("repair",))
    ready = requests.with_fitting_dockerfile(wanted, str(tmp_path))
    before, after = (each.dockerfile.read_text().splitlines() for each in (wanted, ready))
    differing = [line for line in after if line not in before]
    (step,) = differing
    assert step.startswith("RUN --network=none --mount=")
    assert after[after.index("FROM build AS repair") :].index(step) < 15


@pytest.mark.parametrize("path", ["/plain", "/two words", "/a,b", '/q"uote"', "/a=b", '/",='])
def test_paths_of_caches_reach_buildx_as_they_are(docker: Docker, path: str) -> None:
    docker.does("")
    caches = {"cache_from": Path(path), "cache_to": Path(path)}
    zstd = {"compression": "zstd", "compression-level": "1"}
    list(Buildx().build(BuildRequest(**{**vars(REQUEST), **caches})))
    for option, fields in (
        ("--cache-from", {"type": "local", "src": path}),
        ("--cache-to", {"type": "local", "dest": path, "mode": "min", **zstd}),
    ):
        (value,) = docker.options(option)
        assert as_buildx_reads(value) == fields


@pytest.mark.parametrize("name", ["ünï", "new\nline"])
def test_a_cache_whose_path_buildkit_does_not_take_is_reached_by_a_link(
    docker: Docker, tmp_path: Path, name: str
) -> None:
    cache = tmp_path / name
    cache.mkdir()
    export = (
        "type=local,dest=*/to,mode=min,*) place=${option#*dest=}; : > ${place%%,*}/index.json ;;"
    )
    docker.does(f"for option; do case $option in {export} esac; done")
    list(Buildx().build(BuildRequest(**{**vars(REQUEST), "cache_to": cache})))
    place = as_buildx_reads(docker.options("--cache-to")[0])["dest"]
    assert place.isascii()
    assert place.isprintable()
    assert (cache / "index.json").exists()


def sent_as(request: BuildRequest, docker: Docker) -> str:
    """The name of a build's context: BuildKit knows all contexts of a build by it."""
    list(Buildx().build(request))
    return Path(docker.argv[-1]).name


def test_contexts_are_sent_by_a_name_that_tells_of_their_content(
    docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.does("")
    one, other = replace(REQUEST, content="one"), replace(REQUEST, content="other")
    names = [sent_as(each, docker) for each in (REQUEST, one, other, REQUEST)]
    assert len({*names}) == 3
    assert names[0] == names[-1]
    elsewhere = replace(REQUEST, context=Path("/elsewhere/d"))
    assert sent_as(elsewhere, docker) == names[0]
    monkeypatch.setattr(requests, "own_files", lambda: "another version of wheeldock")
    assert sent_as(REQUEST, docker) not in names


@pytest.mark.parametrize("name", ["plain", "two words", 'a,"=b', "ünï", "new\nline"])
def test_a_context_is_what_its_link_leads_to(docker: Docker, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "file").write_text("1\n")
    docker.does('for place; do :; done; read line < "$place/file"; echo "$line" >&2')
    assert list(Buildx().build(replace(REQUEST, context=tmp_path / name))) == [Notice("1")]


def test_build_arguments_reach_buildx_as_they_are(docker: Docker) -> None:
    arguments = {"REQUIRES": 'a\nb; python_version<"4"', "SETTINGS": '{"x": ["$HOME", "a,b"]}'}
    docker.does("")
    list(Buildx().build(BuildRequest(**{**vars(REQUEST), "build_args": arguments})))
    assert docker.options("--build-arg") == [f"{name}={value}" for name, value in arguments.items()]


def test_a_build_is_for_the_engines_own_machine_unless_it_names_another(docker: Docker) -> None:
    docker.does("")
    list(Buildx().build(REQUEST))
    assert docker.options("--platform") == []
    list(Buildx().build(replace(REQUEST, architecture=Architecture.AARCH64)))
    assert docker.options("--platform") == ["linux/arm64"]


def test_a_cold_build_of_an_image_on_a_named_builder(docker: Docker) -> None:
    docker.does("")
    request = BuildRequest(
        **{**vars(REQUEST), "output": ImageOutput("x:1"), "builder": "far", "use_cache": False}
    )
    list(Buildx().build(request))
    assert docker.options("--builder") == ["far"]
    assert "--no-cache" in docker.argv
    output = as_buildx_reads(docker.options("--output")[0])
    assert (output["type"], output["name"], output["oci-mediatypes"]) == ("image", "x:1", "true")


# --- its end ---

UNTIL_CTRL_C = f"trap ': > ended; exit 130' INT\n{STARTED}\nwhile :; do sleep 0.01; done"


class Thread(threading.Thread):
    """A build in a thread of its own."""

    def __init__(self, buildx: Buildx) -> None:
        super().__init__(name="build")
        self._buildx = buildx
        self.events: list[object] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            for event in self._buildx.build(REQUEST):
                self.events.append(event)
        except BuildEndedError as error:
            self.error = error


@pytest.mark.usefixtures("ctrl_c")
def test_stop_ends_every_build_that_runs(docker: Docker, temporary: Path) -> None:
    docker.does(UNTIL_CTRL_C.replace("ended", "ended$$"))
    buildx = Buildx()
    threads = [Thread(buildx), Thread(buildx)]
    for thread in threads:
        thread.start()
    assert all(eventually(lambda thread=thread: thread.events) for thread in threads)
    buildx.stop()
    for thread in threads:
        thread.join(PATIENCE)
        assert isinstance(thread.error, BuildStoppedError)
    assert len(list(docker.folder.glob("ended*"))) == 2
    assert list(temporary.iterdir()) == []


def test_after_stop_no_build_begins(docker: Docker) -> None:
    docker.does("")
    buildx = Buildx()
    buildx.stop()
    with pytest.raises(BuildStoppedError):
        next(buildx.build(REQUEST))
    assert not docker.has("argv")


def test_another_is_stopped_apart(docker: Docker) -> None:
    docker.does("echo 1")
    buildx = Buildx()
    another = buildx.another()
    buildx.stop()
    assert list(another.build(REQUEST)) == [Notice("1")]


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("late", ["before", "after"], ids="stop-{}-its-process-id-is-known".format)
def test_stop_ends_a_build_that_is_about_to_begin(
    docker: Docker, late: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = client._START
    pause = ": > waiting; while [ ! -e go ]; do sleep 0.01; done"
    first, _, rest = script.partition(" && ")
    slow = f"{pause}; {script}" if late == "before" else f"{first} && {{ {pause}; }} && {rest}"
    monkeypatch.setattr(client, "_START", slow)
    monkeypatch.chdir(docker.folder)
    docker.does("")
    buildx = Buildx()
    thread = Thread(buildx)
    thread.start()
    assert eventually(lambda: docker.has("waiting"))
    buildx.stop()
    (docker.folder / "go").touch()
    thread.join(PATIENCE)
    assert isinstance(thread.error, BuildStoppedError)
    assert not docker.has("argv")


@pytest.mark.usefixtures("ctrl_c")
def test_stop_after_a_build_ended_does_no_harm(docker: Docker) -> None:
    docker.does("")
    buildx = Buildx()
    list(buildx.build(REQUEST))
    buildx.stop()
    buildx.stop()
    assert buildx._running == set()


@pytest.mark.usefixtures("ctrl_c")
# python-on-whales does not wait for a client that it was told to forget.
@pytest.mark.filterwarnings("ignore:subprocess:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_build_that_nobody_listens_to_is_ended(docker: Docker, temporary: Path) -> None:
    docker.does(UNTIL_CTRL_C)
    events = Buildx().build(REQUEST)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert docker.has("ended")
    assert list(temporary.iterdir()) == []


# --- what the engine has ---


def test_without_a_client_no_engine_answers(docker: Docker) -> None:
    for ask in (Buildx().info, lambda: Buildx().image("x"), lambda: Buildx().pull("x")):
        with pytest.raises(EngineUnreachableError, match="no Docker client") as caught:
            ask()
        assert "invoke setup" in caught.value.cure
    assert not docker.has("argv")


@pytest.mark.parametrize("has_help", [True, False])
def test_a_client_without_buildx_is_told_from_one_without_an_engine(
    docker: Docker, *, has_help: bool
) -> None:
    # Some clients give their own help for a command that they do not know.
    help_ = 'case "$*" in *--help) echo "Usage:  docker [OPTIONS] COMMAND"; exit 0;; esac'
    unknown = "echo 'docker: unknown command: docker buildx' >&2\nexit 1"
    docker.does(f"{help_}\n{unknown}" if has_help else unknown)
    with pytest.raises(BuildxMissingError):
        Buildx().info()


BUILDER = """\
Name:          ours
Driver:        docker
Last Activity: 2026-01-01 10:00:00 +0000 UTC

Nodes:
Name:             theirs
Endpoint:         default
"""
ENGINE = {
    "ServerVersion": "26.1.5",
    "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
    "NCPU": 8,
    "MemTotal": 1 << 34,
}


def answers(builder: str, engine: object) -> str:
    """A script that tells of a builder and of an engine."""
    return (
        f"case $1 in buildx) printf '%s' {shlex.quote(builder)} ;;"
        f" system) printf '%s' {shlex.quote(json.dumps(engine))} ;;"
        " *) echo 'is it running?' >&2; exit 1 ;; esac"
    )


def test_a_builder_and_its_engine_are_told_of(docker: Docker) -> None:
    docker.does(answers(BUILDER, ENGINE))
    assert Buildx().info("ours") == BuilderInfo(
        name="ours",
        driver="docker",
        can_export_cache=True,
        sees_local_images=True,
        capacity=Capacity(8, 1 << 34),
    )
    docker.does(answers(BUILDER, {"ServerVersion": "26.1.5", "DriverStatus": None}))
    info = Buildx().info()
    assert (info.can_export_cache, info.capacity) == (False, None)


@pytest.mark.parametrize("is_itself", [True, False])
def test_a_client_that_is_dockers_own_is_passed_by(
    docker: Docker, monkeypatch: pytest.MonkeyPatch, *, is_itself: bool
) -> None:
    plugin = docker.folder / "the plugin"
    plugin.write_text('#!/bin/sh\nprintf "%s\\0" "$@" > "${0%/*}/past"\necho past\n')
    plugin.chmod(0o755)
    plugins = [{"Name": "compose", "Path": "/x"}, {"Name": "buildx", "Path": str(plugin)}]
    docker.does(answers("", {**ENGINE, "ClientInfo": {"Plugins": plugins}}))
    monkeypatch.setattr(client, "is_itself", lambda: is_itself)
    buildx = Buildx()
    buildx.info()
    for each in (buildx, buildx.another()):
        assert list(each.build(REQUEST)) == ([Notice("past")] if is_itself else [])
    if is_itself:
        words = (docker.folder / "past").read_text().split("\0")
        assert words[0] == "build"
        assert "--progress" in words
    else:
        assert docker.argv[:2] == ["buildx", "build"]


def test_an_engine_has_nothing_to_say_of_a_builder_of_its_own(docker: Docker) -> None:
    docker.does(answers(BUILDER.replace("docker\n", "docker-container\n"), {}))
    info = Buildx().info()
    assert info.driver == "docker-container"
    assert (info.can_export_cache, info.sees_local_images, info.capacity) == (True, False, None)


def test_a_builder_whose_engine_is_away(docker: Docker) -> None:
    away = "Name: default\nDriver:\nError: Cannot connect to the Docker daemon\n"
    # As Docker 26 ends, and as others do.
    for script in (answers(away, {"ServerVersion": ""}), f"echo '{away}'; [ $1 = buildx ]"):
        docker.does(script)
        with pytest.raises(EngineUnreachableError):
            Buildx().info()


def test_the_builder_and_the_engine_are_asked_at_once(docker: Docker) -> None:
    both = ": > asked-$1; while [ ! -e asked-buildx ] || [ ! -e asked-system ]; do sleep 0.01; done"
    docker.does(f"{both}\n{answers(BUILDER, ENGINE)}")
    assert Buildx().info().name == "ours"


def test_a_builder_that_is_not_there_has_no_cache_to_tell_of(docker: Docker) -> None:
    docker.does("echo 'ERROR: no builder \"ours\" found' >&2; exit 1")
    with pytest.raises(BuilderNotFoundError, match="'ours'"):
        Buildx().cache_usage("ours")


def test_records_of_the_build_cache_are_removed_one_by_one(docker: Docker) -> None:
    docker.does('echo "$@" >> removed')
    Buildx().remove_cache(["one", "two"], "ours")
    removed = (docker.folder / "removed").read_text().splitlines()
    prune = "buildx prune --force --builder ours --filter"
    assert removed == [f"{prune} id=one", f"{prune} id=two"]
