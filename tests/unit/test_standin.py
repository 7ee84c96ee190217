from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wheeldock import architectures, standin, standin_context
from wheeldock.apt import Source
from wheeldock.builder import BuildEndedError, ImageInfo
from wheeldock.errand import run_errand
from wheeldock.errors import BaseImageUnavailableError, BuildFailedError
from wheeldock.events import Log, Step
from wheeldock.request import ImageOutput
from wheeldock.standin_context import BASE, Gathered
from wheeldock.standin_parts import (
    FREE_THREADED,
    PACKAGED,
    TOOLS_INTERPRETERS,
    Interpreter,
    debian_mirror,
)
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheeldock.events import Event
    from wheeldock.request import BuildRequest

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEBIAN = Source("http://one.example/debian", "bookworm", ("main",), KEYRING)
SECURITY = Source("http://two.example/debian-security", "bookworm-security", ("main",), KEYRING)
X86_64 = Architecture.X86_64
NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
CP313 = Interpreter("3.13", "trixie")


def info(**labels: str) -> ImageInfo:
    """An image with labels as `build` writes them, but for those that are given."""
    known = {
        "recipe": standin.recipe(),
        "interpreters": "cp39-cp39 cp313-cp313",
        "skipped": "",
        **labels,
    }
    written = {f"org.wheeldock.{name}": value for name, value in known.items()}
    written["org.opencontainers.image.created"] = NOW.isoformat()
    return ImageInfo(id="sha256:0", labels=written, environment={})


class TestMirror:
    def test_it_is_the_machines_own_with_security_at_its_own_uri(self) -> None:
        mirror = debian_mirror([DEBIAN, SECURITY])

        assert mirror.sources("trixie", X86_64) == (
            Source("http://one.example/debian", "trixie", ("main",), KEYRING),
            Source("http://two.example/debian-security", "trixie-security", ("main",), KEYRING),
        )

    def test_a_moving_suite_has_no_security(self) -> None:
        sources = debian_mirror([DEBIAN, SECURITY]).sources("forky", X86_64)
        assert [source.suite for source in sources] == ["forky"]

    def test_other_architectures_do_without_security(self) -> None:
        sources = debian_mirror([DEBIAN, SECURITY]).sources("bullseye", Architecture.AARCH64)
        assert [source.suite for source in sources] == ["bullseye"]

    def test_a_machine_without_security_does_without(self) -> None:
        assert len(debian_mirror([DEBIAN]).sources("trixie", X86_64)) == 1

    def test_others_that_name_suites_after_debians_come_second(self) -> None:
        multimedia = Source("http://media.example", "bookworm", ("main",), "/usr/share/media.gpg")
        docker = Source("https://docker.example/debian", "bookworm", ("stable",))

        assert debian_mirror([docker, multimedia, DEBIAN]).main == DEBIAN

    @pytest.mark.parametrize(
        "sources", [[], [Source("http://three.example/ubuntu", "noble", ("main",))]]
    )
    def test_no_debian_is_an_error_with_a_cure(self, sources: list[Source]) -> None:
        with pytest.raises(BaseImageUnavailableError, match="no Debian mirror") as caught:
            debian_mirror(sources)

        assert "manylinux-x86_64-image" in caught.value.cure


class TestInterpreter:
    @pytest.mark.parametrize(
        "package",
        [
            *("python3.13-minimal", "libpython3.13-stdlib", "libpython3.13-dev"),
            *("libc6", "zlib1g", "libssl3t64", "libgcc-s1", "python3-distutils"),
        ],
    )
    def test_it_wants_python_and_shared_libraries(self, package: str) -> None:
        assert CP313.wants(package)

    @pytest.mark.parametrize(
        "package",
        [
            *("libc6-dev", "libc-dev-bin", "libpython3.13", "libc-gconv-modules-extra"),
            *("tzdata", "perl", "python3-pip-whl", "libexpat1-dev"),
        ],
    )
    def test_and_nothing_else_of_their_closure(self, package: str) -> None:
        assert not CP313.wants(package)

    def test_names(self) -> None:
        assert CP313.name == "cp313-cp313"
        assert (FREE_THREADED.stage, FREE_THREADED.name) == ("cp313t", "cp313-cp313t")


class TestDockerfile:
    text = (BASE / "Dockerfile").read_text(encoding="utf-8")

    @pytest.mark.parametrize("interpreter", [*PACKAGED, FREE_THREADED], ids=lambda each: each.name)
    def test_each_interpreter_has_a_stage_that_the_image_copies(
        self, interpreter: Interpreter
    ) -> None:
        script = rf"interpreter.sh {re.escape(interpreter.version)}"
        stage = rf"FROM \w+ AS {interpreter.stage}\nRUN (?:.*\\\n)*.*{script}\n"
        (found,) = re.findall(stage, self.text)

        assert f"source=interpreters/{interpreter.stage}," in found
        assert f"COPY --link --from={interpreter.stage} /out /\n" in self.text

    def test_it_has_no_other_interpreters(self) -> None:
        assert len(re.findall(r"interpreters/cp\d+t?,", self.text)) == len(PACKAGED) + 1

    def test_it_needs_no_frontend_from_a_registry(self) -> None:
        assert not re.search(r"^#\s*syntax\s*=", self.text, flags=re.MULTILINE)

    def test_each_interpreter_can_run_the_tools(self) -> None:
        assert set(TOOLS_INTERPRETERS) == {interpreter.stage for interpreter in PACKAGED}


class TestIsCurrent:
    def test_an_image_of_this_recipe_is(self) -> None:
        assert standin.is_current(info())

    def test_one_of_another_recipe_is_not(self) -> None:
        assert not standin.is_current(info(recipe="0"))

    def test_any_other_image_is_not(self) -> None:
        assert not standin.is_current(ImageInfo(id="sha256:0", labels={}, environment={}))

    def test_one_that_lacks_an_interpreter_is_for_a_day(self) -> None:
        image = info(skipped="cp315-cp315")

        assert standin.is_current(image, now=NOW + timedelta(hours=23))
        assert not standin.is_current(image, now=NOW + timedelta(hours=25))

    def test_one_without_the_free_threaded_interpreter_is_not_when_that_is_wanted(self) -> None:
        image = info(interpreters="cp313-cp313 cp313-cp313t")

        assert standin.is_current(image, free_threaded=True)
        assert not standin.is_current(info(), free_threaded=True)


class TestRecipe:
    def test_it_changes_with_a_script_and_with_the_interpreters(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "Dockerfile").write_text("FROM scratch\n")
        monkeypatch.setattr(standin, "BASE", tmp_path)
        digests = [standin.recipe()]
        (tmp_path / "more.sh").write_text("true\n")
        digests.append(standin.recipe())
        monkeypatch.setattr(standin, "PACKAGED", PACKAGED[:-1])
        digests.append(standin.recipe())

        assert len(set(digests)) == 3


def gathered() -> Gathered:
    return Gathered(Path("/context"), PACKAGED[:2], PACKAGED[2:])


def test_the_request_says_what_is_there_and_what_is_not() -> None:
    request = standin.request(gathered(), X86_64, NOW)

    assert request.output == ImageOutput(standin.tag(X86_64))
    assert request.architecture is X86_64
    assert request.build_args == {
        "ARCHITECTURE": "x86_64",
        "TOOLS_INTERPRETER": "cp311",
        "RECIPE": standin.recipe(),
        "INTERPRETERS": "cp39-cp39 cp311-cp311",
        "SKIPPED": "cp313-cp313 cp314-cp314 cp315-cp315",
        "CREATED": "2026-11-24T12:00:00+00:00",
    }


def test_it_is_described_as_what_it_is() -> None:
    text = standin.describe(X86_64)

    assert "not the official" in text
    assert "glibc 2.28" in text
    assert "\n" not in text


def test_a_stage_that_fails_is_explained() -> None:
    class Failing:
        def build(self, request: BuildRequest) -> Iterator[Event]:
            name = f"[cp313 1/1] RUN {request.target}"
            yield Step("1", name, started=1.0)
            yield Log("1", "site.py: there is no 'x' to replace\n")
            yield Step("1", name, started=1.0, completed=2.0, error="exit code: 1")
            raise BuildEndedError

        def stop(self) -> None:
            """Nothing runs."""

    with pytest.raises(BuildFailedError, match=r"(?s)stage cp313.*to replace"):
        run_errand(
            Failing(), standin.request(gathered(), X86_64, NOW), "stand-in", standin.tag(X86_64)
        )


def test_an_architecture_has_its_own() -> None:
    request = standin.request(gathered(), Architecture.AARCH64, NOW)

    assert request.architecture is Architecture.AARCH64
    assert request.output == ImageOutput("wheeldock/stand-in:manylinux_2_28_aarch64")
    assert request.build_args["ARCHITECTURE"] == "aarch64"
    assert "_aarch64" in standin.describe(Architecture.AARCH64)


def test_an_architecture_may_have_no_stand_in() -> None:
    with pytest.raises(BaseImageUnavailableError, match=r"x86_64 and aarch64, and none for s390x"):
        standin.build(
            None,  # type: ignore[arg-type]
            say=print,
            install_packages=print,
            architecture=Architecture.S390X,
        )


def test_a_stand_in_that_is_made_in_qemu_has_fewer_interpreters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(architectures, "native", lambda: X86_64)

    assert standin_context.packaged(X86_64) == PACKAGED
    names = [interpreter.name for interpreter in standin_context.packaged(Architecture.AARCH64)]
    assert names == ["cp311-cp311", "cp313-cp313"]
    assert set(TOOLS_INTERPRETERS) & {"cp311", "cp313"}
