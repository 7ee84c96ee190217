"""What a failed build misses that none of its build requirements has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wheeldock.errors import BuildFailedError

if TYPE_CHECKING:
    from wheeldock.errors import WheeldockError

_MODULE = re.compile(
    r"^ *ModuleNotFoundError: No module named '(?P<module>\w+)|Backend '(?P<backend>\w+)[\w.]*' is "
    "not available",
    re.MULTILINE,
)
_BROUGHT_BY = {"distutils": "setuptools", "pkg_resources": "setuptools<81"}
"""What brings the modules that Python and setuptools once had."""


def tell(error: WheeldockError) -> None:
    """Tell in the cure of a failed build of the module that it misses, where it ends with that."""
    if error.cure or not isinstance(error, BuildFailedError):
        return
    found = list(_MODULE.finditer(error.message))
    if found:
        name = found[-1]["module"] or found[-1]["backend"]
        package = _BROUGHT_BY.get(name, "the package that has it")
        error.cure = (
            f"A build has what `build-system.requires` in pyproject.toml names, and no module "
            f"{name} is in that: name {package} there."
        )
