from __future__ import annotations

import pytest

from wheeldock import unrequired
from wheeldock.errors import BuildFailedError, CommandFailedError, WheeldockError

HEAD = "sdist, stage sdist: the build backend could not make the sdist: it failed\n"
NUMPY = (
    f'{HEAD}    Traceback (most recent call last):\n      File "<string>", line 1\n'
    "    ModuleNotFoundError: No module named 'numpy.core'"
)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (NUMPY, "no module numpy is in that: name the package that has it there."),
        (NUMPY.replace("numpy.core", "pkg_resources"), "name setuptools<81 there."),
        (NUMPY.replace("numpy.core", "distutils"), "name setuptools there."),
        (
            f"{HEAD[:-1]}: Backend 'setuptools.build_meta' is not available.",
            "module setuptools is in that",
        ),
        (NUMPY.replace("ModuleNotFound", "Import"), ""),
    ],
)
def test_a_module_that_no_build_requirement_has_is_told(message: str, said: str) -> None:
    error = BuildFailedError(message)
    unrequired.tell(error)
    assert bool(error.cure) == bool(said)
    assert said in error.cure


@pytest.mark.parametrize(
    "error", [BuildFailedError(NUMPY, cure="Mend it."), CommandFailedError(NUMPY, cure="")]
)
def test_what_is_explained_or_no_build_stays_as_it_is(error: WheeldockError) -> None:
    before = error.cure
    unrequired.tell(error)
    assert error.cure == before
