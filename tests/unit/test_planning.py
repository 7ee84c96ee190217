from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.test_baseimage import CONTENTS, NO_REGISTRY, STAND_IN, FakeEngine

from wheeldock import (
    architectures,
    baseimage,
    imagechoice,
    imagecontents,
    officialimages,
    planning,
)
from wheeldock.errors import (
    BaseImageUnavailableError,
    ConfigurationError,
    ImageNotFoundError,
    InterpreterMissingError,
    NothingSelectedError,
    UnknownIdentifierError,
    WheeldockError,
)
from wheeldock.imagechoice import Images
from wheeldock.imagecontents import ImageContents
from wheeldock.planning import Asked
from wheeldock.selection import Reason
from wheeldock.state import State
from wheeldock.tags import Architecture, Platform

if TYPE_CHECKING:
    from pathlib import Path

    from wheeldock.plan import Plan
    from wheeldock.planning import Inputs

MUSL = officialimages.pinned_image("musllinux_1_2", Platform.parse("musllinux_x86_64"))
assert MUSL is not None
MUSL_CONTENTS = ImageContents(CONTENTS.interpreters, "musllinux_1_2", "musllinux_1_2_x86_64")
MANYLINUX_IMAGES = "one of manylinux2014, manylinux_2_28, manylinux_2_34, or an image reference"
BOTH = ["cp39-{}_x86_64", "cp313-{}_x86_64"]
MANYLINUX = [name.format("manylinux") for name in BOTH]
MUSLLINUX = [name.format("musllinux") for name in BOTH]


class Engine(FakeEngine):
    """One whose musllinux images are for musllinux."""

    def look(self, reference: str, *_: object) -> ImageContents:
        contents = super().look(reference)
        return MUSL_CONTENTS if "musl" in reference else contents


class Bench:
    """A project in the working directory, and an engine."""

    def __init__(self, folder: Path) -> None:
        self.engine = Engine()
        self.folder = folder
        self.said: list[str] = []
        self.configure()

    def configure(self, text: str = "", *, project: str = "") -> None:
        text = f'[project]\nname = "tiny"\nversion = "1"\n{project}\n[tool.wheeldock]\n{text}\n'
        (self.folder / "pyproject.toml").write_text(text)

    def read(self, *only: str, **options: str) -> Inputs:
        named = {name.replace("_", "-"): value for name, value in options.items()}
        return planning.read(Asked(only=only, options=named), State(self.folder / ".wheeldock"))

    def plan(self, *only: str, fetch: bool = True, **options: str) -> Plan:
        images = Images(
            buildx=self.engine, builder=None, say=self.said.append, notes=None, fetch=fetch
        )
        return planning.make(self.read(*only, **options), images)

    def names(self, *only: str, fetch: bool = True, **options: str) -> list[str]:
        return [str(target) for target in self.plan(*only, fetch=fetch, **options).targets]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bench:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("WHEELDOCK_BUILD", "CIBW_BUILD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(architectures, "native", lambda: Architecture.X86_64)
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    bench = Bench(tmp_path / "project")
    monkeypatch.setattr(imagecontents, "look", bench.engine.look)
    return bench


# --- which images ---


def test_where_a_registry_answers_both_libcs_are_built(bench: Bench) -> None:
    assert MUSL is not None
    official = officialimages.pinned_image("manylinux_2_28", baseimage.HOME)
    assert official is not None
    bench.engine.remote = {official.reference, MUSL.reference}
    assert bench.names() == [*MANYLINUX, *MUSLLINUX]
    assert bench.said == [f"pulling {official.reference}", f"pulling {MUSL.reference}"]


def test_a_registry_that_fails_is_an_error_where_it_answered_before(bench: Bench) -> None:
    official = officialimages.pinned_image("manylinux_2_28", baseimage.HOME)
    assert official is not None
    bench.engine.images = bench.engine.remote = {official.reference}
    with pytest.raises(BaseImageUnavailableError) as caught:
        bench.names()
    assert caught.value is NO_REGISTRY


def test_beside_the_stand_in_musllinux_is_left_out_without_asking_a_registry(bench: Bench) -> None:
    bench.engine.images = {STAND_IN}
    plan = bench.plan()
    assert [str(target) for target in plan.targets] == MANYLINUX
    assert not any("musl" in look for look in bench.engine.looks)
    # The official image, the stand-in for it, and the one for musllinux: each takes its time.
    assert bench.engine.inspections == 3
    (line,) = (line for line in bench.said if "musllinux" in line)
    assert line.startswith("musllinux_x86_64 is left out: its image musllinux_1_2 is not in the")
    assert "build = '*-manylinux_* *-musllinux_*' asks for it by name" in line
    assert sum(out.reason is Reason.IMAGE for out in plan.left_out) == 10


def test_beside_the_stand_in_musllinux_is_built_where_its_image_is_there(bench: Bench) -> None:
    assert MUSL is not None
    bench.engine.images = {STAND_IN, MUSL.reference}
    assert bench.names() == [*MANYLINUX, *MUSLLINUX]


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("build = '*-manylinux_* *-musllinux_*'", []),
        ("skip = '*-manylinux_*'", []),
        ("musllinux-x86_64-image = 'mine:1'", []),
        ("", ["cp313-musllinux_x86_64"]),
    ],
)
def test_musllinux_that_was_asked_for_is_not_left_out(
    bench: Bench, text: str, only: list[str]
) -> None:
    bench.engine.images = {STAND_IN}
    bench.configure(text)
    with pytest.raises(BaseImageUnavailableError):
        bench.plan(*only)


def test_an_override_may_name_an_image_for_some(bench: Bench) -> None:
    bench.engine.images = {STAND_IN, "mine:1"}
    bench.configure(
        "[[tool.wheeldock.overrides]]\nselect = 'cp313-*'\nmanylinux-x86_64-image = 'mine:1'"
    )
    plan = bench.plan()
    assert [batch.offer.image for batch in plan.batches] == [STAND_IN, "mine:1"]
    assert plan.batches[1].wish.origin.startswith("pyproject.toml [tool.wheeldock.overrides[0]]")


@pytest.mark.parametrize(
    ("text", "option", "image"),
    [
        ("", "manylinux-x86_64-image", "manylinux_2_28"),
        ("manylinux-x86_64-image = 'a:1'", "manylinux-x86_64-image", "a:1"),
        ("manylinux-pypy_x86_64-image = 'b:1'", "manylinux-pypy_x86_64-image", "b:1"),
    ],
)
def test_pypy_has_the_image_of_the_others_until_it_has_its_own(
    bench: Bench, text: str, option: str, image: str
) -> None:
    bench.configure(text)
    inputs = bench.read("pp311-manylinux_x86_64")
    (wish,) = imagechoice.image_wishes(inputs.settings, inputs.selection.identifiers).values()
    assert (wish.option, wish.setting) == (option, image)


# --- without fetching ---


def test_a_plan_fetches_nothing_and_takes_unseen_images_to_have_everything(bench: Bench) -> None:
    names = bench.names(fetch=False, archs="aarch64", build="cp313-*")
    assert names == ["cp313-manylinux_aarch64", "cp313-musllinux_aarch64"]
    assert bench.engine.looks == bench.said == []


def test_an_official_image_lacks_what_it_had_once(bench: Bench) -> None:
    bench.configure("", project="")
    plan = planning.without_engine(bench.read(build="cp31{3,4}*-manylinux_*"))
    names = [str(target).partition("-")[0] for target in plan.targets]
    assert names == ["cp313", "cp314", "cp314t"]
    (lacking,) = [out for out in plan.left_out if out.reason is Reason.INTERPRETER]
    assert lacking.identifier.python == "cp313t"
    with pytest.raises(InterpreterMissingError, match=r"has no cp313-cp313t$"):
        planning.without_engine(bench.read(build="cp313t-manylinux_*"))
    bench.configure("manylinux-x86_64-image = 'mine:1'", project="")
    (target,) = planning.without_engine(bench.read(build="cp313t-manylinux_*")).targets
    assert target.identifier.python == "cp313t"


def test_without_an_engine_there_is_a_plan_all_the_same(bench: Bench) -> None:
    bench.configure("archs = 'all'\nmanylinux-s390x-image = 'mine:1'", project="")
    plan = planning.without_engine(bench.read(build="cp313-manylinux_*"))
    assert [str(batch.wish.platform.architecture) for batch in plan.batches] == list(Architecture)
    emulated = {
        batch.wish.platform.architecture for batch in plan.batches if batch.offer.is_emulated
    }
    assert emulated == set(Architecture) - {Architecture.X86_64, Architecture.I686}
    tags = [batch.offer.platform_tag for batch in plan.batches]
    assert tags[0] == "manylinux_2_28_x86_64"
    assert "" in tags


# --- bad input ---


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("build = 'cp38-* cp3133-*'", UnknownIdentifierError, ["'cp38-*'", "'cp3133-*'"]),
        ("build = 'pp*'", UnknownIdentifierError, ["enable names pypy or pypy-eol"]),
        ("build = 'cp310-*'", InterpreterMissingError, ["has no cp310-cp310"]),
        ("build = 'cp39-*'\nskip = 'cp3?-*'", NothingSelectedError, ["contradict each other"]),
        ("build = 'cp313-win*'", NothingSelectedError, ["build = 'cp313-win*'"]),
        ("source = 3\njobs = 0", ConfigurationError, ["source: got 3 (int)", "jobs: got 0 (int)"]),
        ("archs = 'arm64 ppc'", ConfigurationError, ["got 'arm64 ppc'", "aarch64 and ppc64le?"]),
        ("enable = ['pipy']", ConfigurationError, ["enable: got 'pipy'", "pypy-eol"]),
        ("allow-empty = 'no'", ConfigurationError, ["allow-empty: got 'no'", "true or false"]),
        ("manylinux-s390x-image = 'manylinux2010'", ConfigurationError, ["expected one of many"]),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(
    bench: Bench, text: str, error: type[WheeldockError], said: list[str]
) -> None:
    bench.engine.images = {STAND_IN}
    bench.configure(text)
    with pytest.raises(error) as caught:
        bench.plan()
    for part in said:
        assert part in caught.value.message


class Registry(Engine):
    """An engine whose registry answers, and lacks all but the official images."""

    def look(self, reference: str, *more: object) -> ImageContents:
        if "no-such" in reference:
            self.looks.append(reference)
            raise ImageNotFoundError(f"there is no image {reference}", cure="Check its name.")
        return super().look(reference, *more)


def test_images_that_are_not_there_are_told_with_what_names_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.engine = Registry(images={STAND_IN})
    monkeypatch.setattr(imagecontents, "look", bench.engine.look)
    bench.configure(
        "[[tool.wheeldock.overrides]]\nselect = 'cp39-*'\nmusllinux-x86_64-image = 'no-such:1'\n"
        "[[tool.wheeldock.overrides]]\nselect = 'cp313-*'\nmanylinux-x86_64-image = 'no-such:2'"
    )
    with pytest.raises(ImageNotFoundError) as caught:
        bench.plan(build="cp39-* cp313-*")
    place = (
        "pyproject.toml [tool.wheeldock.overrides[{}]] {}-x86_64-image: got '{}' (str); expected "
    )
    assert caught.value.message.splitlines() == [
        place.format(1, "manylinux", "no-such:2")
        + f"{MANYLINUX_IMAGES}; there is no image no-such:2",
        place.format(0, "musllinux", "no-such:1")
        + "one of musllinux_1_2, or an image reference; there is no image no-such:1",
    ]
    assert caught.value.cure == "Check its name."


def test_a_registry_that_does_not_answer_is_asked_once(bench: Bench) -> None:
    bench.configure("manylinux-x86_64-image = 'a.b/c:1'\nmusllinux-x86_64-image = 'a.b/d:1'")
    with pytest.raises(BaseImageUnavailableError) as caught:
        bench.plan()
    assert bench.engine.looks == ["a.b/c:1"]
    place = "pyproject.toml [tool.wheeldock] manylinux-x86_64-image: got 'a.b/c:1' (str)"
    assert caught.value.message == f"{place}; expected {MANYLINUX_IMAGES}; {NO_REGISTRY.message}"


def test_an_official_image_that_no_registry_gives_is_told_with_the_stand_in_that_is_there(
    bench: Bench,
) -> None:
    bench.configure("manylinux-x86_64-image = 'manylinux2014'")
    place = "pyproject.toml [tool.wheeldock] manylinux-x86_64-image: 'manylinux2014' (str)"
    with pytest.raises(BaseImageUnavailableError) as caught:
        bench.plan("cp313-manylinux_x86_64")
    assert caught.value.message == f"{place}: {NO_REGISTRY.message}"
    assert caught.value.cure == NO_REGISTRY.cure
    bench.engine.images = {STAND_IN}
    with pytest.raises(BaseImageUnavailableError) as caught:
        bench.plan("cp313-manylinux_x86_64")
    assert caught.value.cure.endswith(
        "WHEELDOCK_MANYLINUX_X86_64_IMAGE=manylinux_2_28 builds on it."
    )


def test_an_image_that_does_not_fit_is_told_with_what_names_it(bench: Bench) -> None:
    bench.engine.images = {"mine:1", STAND_IN}
    bench.configure("musllinux-x86_64-image = 'mine:1'")
    with pytest.raises(ConfigurationError) as caught:
        bench.plan()
    assert caught.value.message == (
        "pyproject.toml [tool.wheeldock] musllinux-x86_64-image: got 'mine:1' (str); expected one "
        "of musllinux_1_2, or an image reference; mine:1 is for manylinux_2_28, not for musllinux"
    )


def test_what_is_asked_for_in_vain_is_remarked(bench: Bench) -> None:
    bench.configure("build = 'cp313-* cp39-*'\nskip = 'cp39-* cp27-*'\ntest-skip = 'cp27-*'")
    places = [line.partition(":")[0] for line in bench.read().remarks]
    head = "pyproject.toml [tool.wheeldock]"
    assert places == [f"{head} build", f"{head} skip", f"{head} test-skip"]


def test_an_empty_plan_is_none_where_that_is_allowed(bench: Bench) -> None:
    bench.engine.images = {STAND_IN}
    bench.configure("skip = '*'")
    with pytest.raises(NothingSelectedError):
        bench.plan()
    assert bench.names(allow_empty="1") == []


def test_what_the_project_requires_is_named_when_nothing_is_left(bench: Bench) -> None:
    bench.engine.images = {STAND_IN}
    bench.configure(project='requires-python = "<3.9"')
    with pytest.raises(NothingSelectedError, match=r"requires-python = '<3\.9' leave none"):
        bench.plan()


def test_what_the_project_requires_can_be_overridden(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.engine.images = {STAND_IN}
    bench.configure(project='requires-python = "<3.9"')
    monkeypatch.setenv("CIBW_PROJECT_REQUIRES_PYTHON", "~=3.13.0")
    with pytest.raises(NothingSelectedError, match=r"requires-python = '<3\.9'"):
        bench.plan()  # its table is wheeldock's, and cibuildwheel's words have no meaning
    monkeypatch.setenv("WHEELDOCK_PROJECT_REQUIRES_PYTHON", "~=3.13.0")
    assert bench.names() == ["cp313-manylinux_x86_64"]
