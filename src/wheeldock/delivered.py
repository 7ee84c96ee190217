"""Whether a wheel is the one that was asked for: its interpreter, version and platform. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import parse_wheel_filename

from wheeldock import abi
from wheeldock.errors import WrongWheelError
from wheeldock.tags import Policy
from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from wheeldock.plan import BuildTarget
    from wheeldock.wheelhouse import Distribution


def check(
    target: BuildTarget, sdist: str | None, wheel: Distribution, *, repaired: bool = True
) -> None:
    """
    Make sure that a wheel made of an sdist, if there is one of that name, is what was asked for.

    It is for the policy or for an older one of the same libc; one that was not `repaired` may be
    for no policy at all. Raises WrongWheelError.
    """
    file = wheel.path.name
    made = f"{target}: the build made {file}, "
    source = read_distribution(Path(sdist)) if sdist else None
    if source and (wheel.name, wheel.version.public) != (source.name, source.version.public):
        raise WrongWheelError(
            f"{made}and its sdist is {sdist}",
            cure="Let name and version depend on nothing that differs from build to build.",
        )
    if not abi.can_load(target.identifier, abi.abis(file)):
        raise WrongWheelError(
            f"{made}which {target.identifier.python} cannot load",
            cure="Look for what names another interpreter: a python tag in the build backend's "
            "configuration, or a hook that changes PATH.",
        )
    platforms = {tag.platform for tag in parse_wheel_filename(file)[3]}
    architecture = target.identifier.architecture
    wanted = Policy.of_tag(target.platform_tag, architecture)
    if any(wanted.covers(platform, architecture) for platform in platforms):
        return
    if repaired:
        raise WrongWheelError(
            f"{made}and {target.platform_tag} was asked for",
            cure=f"Let repair-wheel-command end in `auditwheel repair --plat "
            f'{target.platform_tag}`. With repair-wheel-command = "" a wheel stays as it is built.',
        )
    if not all(platform.startswith("linux_") for platform in platforms):
        raise WrongWheelError(
            f"{made}and linux_{architecture} or {target.platform_tag} was due",
            cure="Look for what names another platform in the build backend's configuration.",
        )
