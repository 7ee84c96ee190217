"""`verify`: whether what was built can be released."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke import Context, task

from wheeldock.tasks.door import explained

if TYPE_CHECKING:
    from collections.abc import Sequence


@task(
    iterable=["only"],
    help={
        "dist": "The folder with the wheels and the sdist (default: the output folder).",
        "source": "What they are of: a folder, an sdist, or a requirement (default: this folder).",
        "only": "The identifiers that there should be, when not all of the plan; several times.",
        "config-file": "Read this TOML file's options; {package} is the source's folder.",
        "max-size": "The largest file that the index takes (default: PyPI's 100MiB).",
        "rebuild": "Build all of it again without any cache, and compare.",
        "json": "One line of JSON for programs.",
    },
)
def verify(
    _: Context,
    dist: str = "",
    source: str = "",
    only: Sequence[str] | None = None,
    config_file: str = "",
    max_size: str = "100MiB",
    rebuild: bool = False,
    json: bool = False,
) -> None:
    """
    Check wheels and sdist: names, metadata, contents, policy, ELF, PyPI's rules.

    Example: invoke verify --dist dist --json
    """
    with explained():
        from wheeldock import verifying
        from wheeldock.planning import Asked
        from wheeldock.sizes import bytes_of

        asked = Asked(source=source, only=tuple(only or ()), options={}, config_file=config_file)
        largest = bytes_of(max_size, "--max-size")
        verifying.run(asked, folder=dist, largest=largest, as_json=json, again=rebuild)
