"""The compiler cache and the link cache: nothing twice, and never anything wrong."""

from __future__ import annotations

import json
import os
import random
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import accumulate, chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wheeldock import baseimage, config
from wheeldock.builder import BuildEndedError
from wheeldock.recipe import Recipe, seed_request
from wheeldock.record import BuildRecord
from wheeldock.request import DOCKER, BuildRequest
from wheeldock.seeds import Seeder, Seeds, ca_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheeldock.baseimage import BaseImage
    from wheeldock.builder import Buildx

pytestmark = pytest.mark.integration

CASES = Path(__file__).with_name("compiler_cache")
REQUIRES = ("setuptools", "scikit-build-core", "meson-python", "cython")
BACKENDS = sorted(path.name for path in (CASES / "projects").iterdir() if path.name != "rust")
TEST_STAGES = r"""
FROM env AS compiler-cache-test
ARG SCRIPT
ARG SEED
RUN --mount=type=bind,from=kit,target=/toolbox \
    --mount=type=bind,from=cases,target=/cases \
    --mount=type=tmpfs,target=/root/.cache/wheeldock \
    --mount=type=cache,id=wheeldock-uv,target=/root/.cache/uv \
    --mount=type=cache,id=wheeldock-seeds,target=/run/wheeldock,readonly \
    source /toolbox/network.sh; \
    /opt/wheeldock/bin/python /cases/${SCRIPT} /results.json "${SEED}"

FROM scratch AS compiler-cache-results
COPY --from=compiler-cache-test /results.json /

FROM env AS slots-test
ARG SEED
ARG BUILDS
ARG NAME
ARG WITHOUT_CACHES
RUN --mount=type=bind,from=kit,target=/toolbox \
    --mount=type=bind,from=cases,target=/cases \
    --mount=type=cache,id=wheeldock-test-${SEED},target=/root/.cache/wheeldock \
    --mount=type=cache,id=wheeldock-uv,target=/root/.cache/uv \
    --mount=type=cache,id=wheeldock-seeds,target=/run/wheeldock,readonly \
    source /toolbox/network.sh; \
    /opt/wheeldock/bin/python /cases/slots.py /results.json ${BUILDS} ${NAME} "${WITHOUT_CACHES}"

FROM scratch AS slots-results
COPY --from=slots-test /results.json /

FROM scratch AS unrepaired
COPY --from=build /built/ /
"""

ALL_HITS = {"compiles": {"hits": 2, "misses": 0}, "links": {"hits": 1, "misses": 0}}
ALL_MISSES = {"compiles": {"hits": 0, "misses": 2}, "links": {"hits": 0, "misses": 1}}


class Bench:
    """Builds the Dockerfile with a few more stages, each time anew."""

    def __init__(self, buildx: Buildx, base_image: BaseImage, folder: Path, seed: int) -> None:
        self._buildx = buildx
        self._base_image = base_image.reference
        self._folder = folder
        self.seed = seed
        text = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
        theirs = "id=wheeldock-compiler-${PROJECT}${COLD},"
        mine = text.replace(theirs, f"id=wheeldock-test-{seed},")
        anew = mine.replace("ARG COMPILER_CACHE=on", "ARG COMPILER_CACHE=on\nARG SEED")
        assert text != mine != anew
        (folder / "Dockerfile").write_text(anew + TEST_STAGES, encoding="utf-8")
        self._seeds = Seeds(ca_bundle(os.environ))
        recipe = Recipe(
            base_image=self._base_image,
            architecture=baseimage.HOME.architecture,
            tools_interpreter="cp313-cp313",
            build_requires=REQUIRES,
            options=config.load({}, path="", environ={}, overrides={}).everywhere,
            seeds=self._seeds,
        )
        seeding = seed_request(recipe, folder / "seeds")
        Seeder(buildx, self._base_image, self._seeds, seeding).fill(0)

    def build(self, target: str, output: str, contexts: Mapping[str, Path], **more: str) -> Path:
        """Build a target into a folder, and return it; a failure shows the end of the log."""
        request = BuildRequest(
            target=target,
            dockerfile=self._folder / "Dockerfile",
            context=DOCKER,
            contexts={"toolbox": DOCKER / "toolbox", **contexts},
            output=self._folder / output,
            build_args={
                "BASE_IMAGE": self._base_image,
                "TOOLS_INTERPRETER": "cp313-cp313",
                "INTERPRETER": "cp313-cp313",
                "BUILD_REQUIRES": "\n".join(REQUIRES),
                "SEED": f"{self.seed}",
                **more,
            },
            hosts=self._seeds.hosts(),
        )
        record = BuildRecord()
        try:
            for event in self._buildx.build(request):
                record.add(event)
        except BuildEndedError:
            step = record.failed_step
            log = record.tail(step) if step else [*record.notices]
            pytest.fail("\n".join([f"seed {self.seed}", *log]), pytrace=False)
        self.caches = record.caches
        return self._folder / output

    def run(self, script: str) -> Any:
        """Run a script of the cases in a container, and return what it found."""
        output = self.build(
            "compiler-cache-results", script, {"cases": CASES}, SCRIPT=f"{script}.py"
        )
        return json.loads((output / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def bench(buildx: Buildx, base_image: BaseImage, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    assert {"cp311-cp311", "cp313-cp313"} <= set(base_image.interpreters)
    seed = random.SystemRandom().randrange(10**6)
    return Bench(buildx, base_image, tmp_path_factory.mktemp("bench"), seed)


# --- links ---

PASSED = ""
LINKS = {
    "nothing_changed": ["miss", "hit"],
    "object_changed_and_back": ["miss", "miss", "hit"],
    "static_library_changed": ["miss", "miss"],
    "shared_library_changed": ["miss", "miss"],
    "version_script_changed": ["miss", "miss"],
    "flag_changed": ["miss", "miss", "miss"],
    "environment_changed": ["miss", "miss", "miss"],
    "another_time": ["miss", "hit", "hit"] * 2,
    "another_folder": ["miss", "hit"],
    "another_folder_with_debug_information": [*["miss"] * 5, "hit"] * 2,
    "another_linker": ["miss", PASSED, PASSED],
    "another_linker_on_path": ["miss", PASSED, PASSED, PASSED, "hit"],
    "library_turns_up_earlier": ["miss", "miss", "hit"],
    "shared_library_turns_up_beside": ["miss", "miss"],
    "library_turns_up_in_the_system": ["miss", "miss", "hit"],
    "response_file_changed": [PASSED, PASSED],
    "linker_script_changed": ["miss", "hit", "miss"],
    "linker_script_that_searches": ["miss", "miss"],
    "member_of_a_thin_archive_changed": ["miss", "miss"],
    "more_than_one_output": [PASSED] * 7,
    "list_of_inputs": ["hit", PASSED],
    "random_output": [PASSED],
    "made_for_this_machine": [PASSED, PASSED],
    "compiled_and_linked_at_once": [PASSED, PASSED],
    "special_output": [PASSED, PASSED],
    "failed": [PASSED] * 6,
    "warned": ["miss", "miss"],
    "code_generator_says_that_it_is_alone": ["miss", "hit"],
    "file_in_the_code": [PASSED, PASSED],
    "private_umask": ["miss", "hit"],
    "output_edited_in_place": ["miss", "hit"],
    "cache_is_damaged": ["miss", "miss", "hit", "miss", "hit"],
    "names_with_spaces": ["miss", "hit", "miss", "miss"],
    "many_at_the_same_time": [PASSED, PASSED],
}
"""For each case, what the link cache says of each of its links."""

FAILURES = {"failed"}
"""The cases in which every command fails, as it would without the cache."""


@pytest.fixture(scope="module")
def links(bench: Bench) -> dict[str, list[dict[str, Any]]]:
    return bench.run("links")


@pytest.mark.parametrize("case", LINKS)
def test_a_link_is_what_it_is_without_the_cache(links: dict[str, Any], case: str) -> None:
    outcomes = links[case]
    assert [outcome["cache"] for outcome in outcomes] == LINKS[case]
    assert [outcome["differences"] for outcome in outcomes] == [[]] * len(outcomes)
    assert all((outcome["code"] != 0) is (case in FAILURES) for outcome in outcomes)


def test_after_random_edits_too(bench: Bench, links: dict[str, Any]) -> None:
    outcomes = links["random_edits"]
    assert {outcome["cache"] for outcome in outcomes} == {"hit", "miss"}, f"seed {bench.seed}"
    assert not [outcome for outcome in outcomes if outcome["differences"]], f"seed {bench.seed}"


def test_no_case_of_links_is_left_out(links: dict[str, Any]) -> None:
    assert set(links) == {*LINKS, "random_edits"}


# --- compiles ---

AS_PREPROCESSED = "hit of the preprocessed"
COMPILES = {
    "nothing_changed": ["miss", "hit"],
    "source_changed": ["miss", "miss"],
    "header_changed": ["miss", "miss"],
    "another_time": ["miss", "hit"],
    "another_time_that_is_read": ["miss", "miss"] * 3,
    "another_time_in_a_macro": ["miss", AS_PREPROCESSED, "miss"] * 2,
    "what_the_assembler_reads_changed": [PASSED] * 4,
    "what_inline_assembly_reads_changed": ["miss", "hit"] * 4,
    "more_than_an_object": [PASSED] * 18,
    "list_of_dependencies_by_a_variable": [PASSED] * 2,
    "header_turns_up_earlier": ["miss", "miss"],
    "optional_header_turns_up": ["miss", "miss"],
    "optional_header_turns_up_in_the_image": ["miss", "miss"],
    "what_makes_headers_changed": ["miss", AS_PREPROCESSED, "miss"],
    "script_begins_to_make_headers": ["miss", "hit", "miss"],
    "unrelated_file_turns_up": ["miss", AS_PREPROCESSED],
    "another_assembler_on_path": ["miss", PASSED, "miss"],
    "another_folder_of_headers_with_the_same": ["miss", AS_PREPROCESSED],
    "debug_information_has_the_folder": ["miss", "miss"],
    "with_a_list_of_dependencies": ["miss", PASSED, "hit", PASSED],
    "failed_and_warned": ["miss", "hit", PASSED, PASSED],
    "the_same_at_the_same_time": [PASSED, PASSED],
    "asked_and_not_compiled": [PASSED] * 12,
    "standard_input": [PASSED],
    "front_cannot_be_made": [PASSED],
}
"""For each case, what ccache says of each of its compiles."""


@pytest.fixture(scope="module")
def compiles(bench: Bench) -> dict[str, list[dict[str, Any]]]:
    return bench.run("compiles")


@pytest.mark.parametrize("case", COMPILES)
def test_a_compile_is_what_it_is_without_the_cache(compiles: dict[str, Any], case: str) -> None:
    outcomes = compiles[case]
    assert [outcome["cache"] for outcome in outcomes] == COMPILES[case]
    assert [outcome["differences"] for outcome in outcomes] == [[]] * len(outcomes)


def test_no_case_of_compiles_is_left_out(compiles: dict[str, Any]) -> None:
    assert set(compiles) == set(COMPILES)


# --- wheels ---


@pytest.fixture(scope="module")
def wheels(bench: Bench) -> dict[str, Any]:
    return bench.run("backends")


@pytest.mark.parametrize(
    ("backend", "compiled"), [("setuptools", 2), ("scikit-build-core", 2), ("meson-python", 2)]
)
def test_no_backend_compiles_or_links_anything_twice(
    wheels: dict[str, Any], backend: str, compiled: int
) -> None:
    hits = {"compiles": {"hits": compiled, "misses": 0}, "links": {"hits": 1, "misses": 0}}
    built = wheels[backend]
    assert built["first"]["caches"]["links"] == {"hits": 0, "misses": 1}
    assert built["again"]["caches"] == hits
    assert built["python file changed"]["caches"] == hits


@pytest.mark.parametrize("backend", ["setuptools-cython", "meson-python-cython"])
def test_no_backend_lets_cython_translate_anything_twice(
    wheels: dict[str, Any], backend: str
) -> None:
    one = {kind: {"hits": 1, "misses": 0} for kind in ("translations", "compiles", "links")}
    built = wheels[backend]
    assert built["first"]["caches"]["translations"] == {"hits": 0, "misses": 1}
    assert built["again"]["caches"] == one
    assert built["python file changed"]["caches"] == one


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_extension_is_what_it_is_without_the_caches(
    wheels: dict[str, Any], backend: str
) -> None:
    plain = wheels[backend]["without"]
    assert len(plain["libraries"]) == 1
    assert plain["caches"] is None
    assert all(built["libraries"] == plain["libraries"] for built in wheels[backend].values())


def test_what_does_not_include_python_h_is_compiled_for_all_interpreters_at_once(
    wheels: dict[str, Any],
) -> None:
    assert wheels["other interpreter"]["caches"]["compiles"] == {"hits": 1, "misses": 1}


def libraries(folder: Path) -> dict[str, str]:
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if name.endswith(".so")
        }


def test_the_caches_outlive_a_build(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "sdist/src"
    shutil.copytree(CASES / "projects/setuptools", source)
    tag = {"PLATFORM_TAG": "manylinux_2_28_x86_64"}
    sdist = {"source": tmp_path / "sdist"}
    first = libraries(bench.build("wheel", "first", sdist, **tag))
    assert bench.caches == ALL_MISSES
    (source / "ext/__init__.py").write_text("changed = True\n")
    again = libraries(bench.build("wheel", "again", sdist, **tag))
    assert bench.caches == ALL_HITS
    plain = libraries(bench.build("wheel", "plain", sdist, COMPILER_CACHE="off", **tag))
    assert bench.caches is None
    assert first == again == plain


def compressions(folder: Path) -> set[int]:
    """The ways in which files of a wheel are compressed."""
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {member.compress_type for member in archive.infolist() if member.file_size}


def test_a_wheel_is_compressed_once(bench: Bench, tmp_path: Path) -> None:
    shutil.copytree(CASES / "projects/setuptools", tmp_path / "sdist/src")
    given = {"PLATFORM_TAG": "manylinux_2_28_x86_64", "PACKED_AGAIN": "yes"}
    sdist = {"source": tmp_path / "sdist"}
    repaired = bench.build("wheel", "repaired", sdist, **given)
    assert compressions(repaired) == {zipfile.ZIP_DEFLATED}
    assert compressions(bench.build("unrepaired", "stored", sdist, **given)) == {zipfile.ZIP_STORED}
    plain = bench.build("unrepaired", "compressed", sdist, PLATFORM_TAG=given["PLATFORM_TAG"])
    assert compressions(plain) == {zipfile.ZIP_DEFLATED}


# --- how many at once ---


def changes(bench: Bench, name: str, builds: int, cold: str = "") -> tuple[int, list[Any]]:
    """How many compilers may run at once, and when one began (1) or ended (-1) in a build."""
    output = bench.build(
        "slots-results", name, {"cases": CASES}, BUILDS=f"{builds}", NAME=name, WITHOUT_CACHES=cold
    )
    noted = json.loads((output / "results.json").read_text(encoding="utf-8"))
    return noted["at_once"], noted["changes"]


def most_at_once(*changes: list[Any]) -> int:
    return max(accumulate(change for _, change in sorted(chain(*changes))))


def test_a_build_alone_uses_every_processor(bench: Bench) -> None:
    processors, of_it = changes(bench, "alone", 1)
    assert most_at_once(of_it) == min(processors, 4)  # the project has a few files more


def test_builds_side_by_side_share_the_processors(bench: Bench) -> None:
    builds = {"first": "", "second": "", "third": "cold"}
    with ThreadPoolExecutor(len(builds)) as pool:
        noted = pool.map(
            lambda build: changes(bench, build[0], len(builds), build[1]), builds.items()
        )
        processors, of_each = zip(*noted, strict=True)
    assert most_at_once(*of_each) == processors[0]
