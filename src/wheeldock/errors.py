"""
Every failure that wheeldock explains, each with an exit code of its own.

The first line of a class's docstring is its row in the README's table of exit codes.
A message names the place, the value and what is allowed there; `cure` names the next step.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class WheeldockError(Exception):
    """Anything that stops wheeldock and is not a bug in it."""

    code: ClassVar[int] = 1

    def __init__(self, message: str | Sequence[str], *, cure: str = "") -> None:
        """`message` is a line, or one for each of several problems."""
        self.message = message if isinstance(message, str) else "\n".join(message)
        self.cure = cure
        super().__init__(self.message)

    @property
    def problems(self) -> tuple[str, ...]:
        """The lines of the message."""
        return tuple(self.message.splitlines())


class UsageError(WheeldockError):
    """An option on the command line is wrong."""

    code = 2


class EmulationMissingError(WheeldockError):
    """The engine does not run programs of another architecture: it has no QEMU for them."""

    code = 9


class EngineUnreachableError(WheeldockError):
    """No Docker engine answers."""

    code = 10


class BuildxMissingError(WheeldockError):
    """The Docker client has no Buildx."""

    code = 11


class CacheExportUnsupportedError(WheeldockError):
    """The builder's driver cannot export a cache."""

    code = 12


class BuilderNotFoundError(WheeldockError):
    """There is no Buildx builder of that name."""

    code = 13


class SetupError(WheeldockError):
    """Set-up could not make this machine ready."""

    code = 14


class BaseImageUnavailableError(WheeldockError):
    """No registry answers for the base image, and there is no stand-in."""

    code = 15


class ImageNotFoundError(WheeldockError):
    """The registry answers, and has no such image, tag or digest."""

    code = 16


class RegistryAuthenticationError(WheeldockError):
    """The registry refuses the credentials."""

    code = 17


NO_IMAGE = (BaseImageUnavailableError, ImageNotFoundError, RegistryAuthenticationError)
"""What it means that no registry gives an image."""


class EngineNotOursError(WheeldockError):
    """The engine is not wheeldock's to start or stop."""

    code = 18


class ImageNotRemovedError(WheeldockError):
    """An image is not wheeldock's to remove, or a container needs it."""

    code = 19


class SourceNotFoundError(WheeldockError):
    """The source is missing."""

    code = 20


class NotAPythonProjectError(WheeldockError):
    """The source is no Python project."""

    code = 21


class RequirementNotFoundError(WheeldockError):
    """The index has no sdist for that requirement."""

    code = 22


class ConfigurationError(WheeldockError):
    """The configuration is malformed, or has problems of several kinds; all are listed."""

    code = 23


class UnknownIdentifierError(WheeldockError):
    """There is no such build identifier."""

    code = 24


class InterpreterMissingError(WheeldockError):
    """The base image lacks the interpreter that was asked for."""

    code = 25


class NothingSelectedError(WheeldockError):
    """Configuration and options leave nothing to build."""

    code = 26


class StaleExtensionError(WheeldockError):
    """A wheel has an extension module that its source brought along, compiled before."""

    code = 27


class BuildFailedError(WheeldockError):
    """A build step failed (a compile error, say)."""

    code = 30


class PureWheelError(WheeldockError):
    """A pure-Python wheel came out where a platform wheel was due."""

    code = 31


class TooRecentSymbolsError(WheeldockError):
    """A wheel needs newer symbols than the policy has."""

    code = 32


class LibraryNotFoundError(WheeldockError):
    """A wheel needs a shared library that cannot be found."""

    code = 33


class SameWheelError(WheeldockError):
    """Two interpreters' wheels have the same name, and neither serves both."""

    code = 34


class CommandFailedError(WheeldockError):
    """A command of the configuration failed (`before-all`, `before-build`, …)."""

    code = 35


class EnvironmentVariablesError(WheeldockError):
    """A configured variable cannot be evaluated, or hides the build's Python."""

    code = 36


class RepairError(WheeldockError):
    """A repair command left no wheel, or several."""

    code = 37


class AuditFailedError(WheeldockError):
    """An audit command does not pass a wheel."""

    code = 38


class WrongWheelError(WheeldockError):
    """A build made another wheel than was asked for: interpreter, version or platform."""

    code = 39


class OutputError(WheeldockError):
    """The output folder cannot be written."""

    code = 40


class DiskFullError(WheeldockError):
    """A disk is full."""

    code = 41


DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says when a disk, or someone's part of it, is full."""


class LockedError(WheeldockError):
    """Another build of this project is running and did not end in time."""

    code = 42


class AccessDeniedError(WheeldockError):
    """A file or folder may not be read or written."""

    code = 43


class CacheDamagedError(WheeldockError):
    """The cache folder has an export that is damaged."""

    code = 44


class DistributionsUnfitError(WheeldockError):
    """A wheel or the sdist has an error that `invoke verify` finds."""

    code = 45


class NotReproducibleError(WheeldockError):
    """A second build gave other files than the first."""

    code = 46


class FailedTestError(WheeldockError):
    """A wheel failed its tests."""

    code = 50


class NotInstallableError(WheeldockError):
    """A wheel, or what its tests need, could not be installed for a test."""

    code = 51


class NothingToTestError(WheeldockError):
    """There is no wheel to test, or no interpreter that one fits."""

    code = 52


class DeploymentRefusedError(WheeldockError):
    """What is in dist/, or the settings, may not be deployed; all of it is listed."""

    code = 60


class IndexUnreachableError(WheeldockError):
    """The package index does not answer as one, so that nothing can be proved there."""

    code = 61


class FileConflictError(WheeldockError):
    """The package index has a file of the same name and other content."""

    code = 62


class CredentialsRefusedError(WheeldockError):
    """The package index refuses the token."""

    code = 63


class FileRefusedError(WheeldockError):
    """The package index refuses a file."""

    code = 64


class UploadFailedError(WheeldockError):
    """A file could not be sent, however often it was tried."""

    code = 65


class NotListedError(WheeldockError):
    """What was sent does not appear on the package index."""

    code = 66


class TagRefusedError(WheeldockError):
    """The commit may not be tagged; every reason is listed."""

    code = 70


class RepositoryError(WheeldockError):
    """There is no Git checkout, or Git fails, or the remote refuses the tag."""

    code = 71


class ReleaseMismatchError(WheeldockError):
    """What was built for a release is not of the version that was tagged."""

    code = 72


class StoppedError(WheeldockError):
    """Ctrl-C, or a signal to end."""

    code = 130


def every_error() -> Iterator[type[WheeldockError]]:
    """All failures, by exit code: what the README's table is made of."""
    return iter(sorted(_below(WheeldockError), key=lambda error: error.code))


def _below(kind: type[WheeldockError]) -> Iterator[type[WheeldockError]]:
    for error in kind.__subclasses__():
        yield error
        yield from _below(error)
