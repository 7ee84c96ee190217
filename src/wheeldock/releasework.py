"""What builds, tests, verifies and deploys for `invoke release`: the tasks of those names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheeldock import build, config, deploy, testing, verifying
from wheeldock.console import open_output
from wheeldock.deployview import View
from wheeldock.limits import LARGEST_FILE
from wheeldock.planning import Asked
from wheeldock.releaserecord import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheeldock import releasestart
    from wheeldock.release import Works


def works(asked: releasestart.Asked, environ: Mapping[str, str], progress: str) -> Works:
    """What is done in each step, but for those of Git."""
    what = Asked(options={})
    order = deploy.Order(
        dist=str(config.here().output_dir),
        repository=asked.repository,
        repository_url=asked.repository_url,
        index_url=asked.index_url,
        yes=True,  # the release was agreed to
    )
    return {
        Step.BUILD: lambda: build.run(what, dry_run=False, progress=progress, cold=True),
        Step.TEST: lambda: testing.run(what, wheels=(), again=False, junit="", progress=progress),
        Step.VERIFY: lambda: verifying.run(what, folder="", largest=LARGEST_FILE, as_json=False),
        Step.DEPLOY: lambda: deploy.run(order, environ=environ, view=View(open_output()), ask=None),
    }
