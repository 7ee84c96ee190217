"""The console script: the same tasks as `invoke`'s, as `wheeldock build` and so on."""

from __future__ import annotations

from invoke import Program

from wheeldock import __version__
from wheeldock.tasks import ns


def main() -> None:
    """Run the `wheeldock` command."""
    Program(name="wheeldock", binary="wheeldock", namespace=ns, version=__version__).run()


if __name__ == "__main__":
    main()
