"""The console script: the same tasks as `invoke`'s, as `wheeldock build` and so on."""

from __future__ import annotations

import sys

from invoke import Program

from wheeldock import __version__
from wheeldock.tasks import door, ns


def main() -> None:
    """Run the `wheeldock` command."""
    program = Program(name="wheeldock", binary="wheeldock", namespace=ns, version=__version__)
    with door.ended_unread():
        try:
            program.run()
        finally:
            sys.stdout.flush()


if __name__ == "__main__":
    main()
