"""
The Invoke tasks: wheeldock's commands, for `invoke`, for `wheeldock` and for other projects.

`ns` is the collection. A project with tasks of its own adds it to theirs:
`ns.add_collection(wheeldock.ns, name="wheels")`.
"""

from __future__ import annotations

from invoke import Collection

from wheeldock.tasks import (
    building,
    cache,
    checking,
    deploy,
    door,
    image,
    machine,
    release,
    testing,
)

door.check_arguments()

ns = Collection(
    *(building.build, building.plan, testing.run_tests, checking.verify),
    *(release.tag, release.release, deploy.deploy),
    *(machine.init, machine.setup, image.df),
)
ns.add_collection(Collection("engine", machine.start, machine.stop, machine.status))
ns.add_collection(cache.ns)
ns.add_collection(image.ns)
