"""How a request reaches Buildx."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.docker_client import REQUEST, docker

from wheeldock import request as requests
from wheeldock.builder import Buildx
from wheeldock.events import Notice
from wheeldock.request import DOCKER, BuildRequest, ImageOutput
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from tests.unit.docker_client import Docker

__all__ = ["docker"]  # a fixture


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


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"))


@given(st.dictionaries(st.sampled_from(["type", "src", "dest", "id"]), TEXTS, min_size=1))
def test_buildx_reads_every_field_as_it_was_meant(fields: dict[str, str]) -> None:
    assert as_buildx_reads(requests._csv_text(fields)) == fields


def test_plain_fields_are_not_quoted() -> None:
    assert requests._csv_text({"type": "local", "dest": "/two words"}) == (
        "type=local,dest=/two words"
    )


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
