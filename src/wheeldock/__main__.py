"""The console script: the same tasks as `invoke`'s, as `wheeldock build` and so on."""

from __future__ import annotations

import sys

from wheeldock import __version__
from wheeldock.errors import StoppedError


def main() -> None:
    """Run the `wheeldock` command."""
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(StoppedError.code)


def _run() -> None:
    # What is loaded here takes long enough for a Ctrl-C.
    from invoke import Program  # noqa: PLC0415

    from wheeldock.tasks import door, ns  # noqa: PLC0415

    program = Program(name="wheeldock", binary="wheeldock", namespace=ns, version=__version__)
    with door.ended_unread():
        try:
            program.run()
        finally:
            sys.stdout.flush()


if __name__ == "__main__":
    main()
