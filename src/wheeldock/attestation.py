"""
`invoke build --attest`: bills of materials, and BuildKit's provenance, beside the wheels.

They go to a folder of their own in the output folder, under names that no index takes for
distributions: deployments leave it alone.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wheeldock import sbom
from wheeldock.limits import LONGEST_TEXT
from wheeldock.swap import take_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wheeldock.plan import Plan
    from wheeldock.targets import TargetResult
    from wheeldock.wheelhouse import Distribution

FOLDER = "attestations"
"""Its name in the output folder."""

_AUDITWHEELS = ".dist-info/sboms/auditwheel.cdx.json"


def write(results: Sequence[TargetResult], plan: Plan, output: Path) -> None:
    """
    Write what is attested of a run's results, in place of what an earlier run left.

    Raises OSError.
    """
    with tempfile.TemporaryDirectory(
        prefix=".wheeldock-", dir=output, ignore_cleanup_errors=True
    ) as folder:
        fresh = Path(folder, FOLDER)
        fresh.mkdir()
        for result in results:
            if result.distribution is None:
                continue
            name = result.distribution.path.name
            if result.provenance:
                (fresh / f"{name}.provenance.json").write_bytes(result.provenance)
            if result.distribution.path.suffix == ".whl":
                bill = sbom.document(_materials(result, result.distribution, plan))
                (fresh / f"{name}.cdx.json").write_text(json.dumps(bill, indent=2), "utf-8")
        take_place(fresh, output / FOLDER)


def _materials(result: TargetResult, wheel: Distribution, plan: Plan) -> sbom.Materials:
    offer = next(
        batch.offer for batch in plan.batches if result.report.name in map(str, batch.targets)
    )
    with zipfile.ZipFile(wheel.path) as archive:
        return sbom.Materials(
            file=wheel.path.name,
            name=wheel.name,
            version=str(wheel.version),
            sha256=result.report.sha256 or wheel.sha256(),
            build_requirements=result.report.build_requirements,
            base_image=offer.image,
            image_digest=offer.digest,
            libraries=_grafted(archive),
            packages=_packages(archive),
        )


def _grafted(archive: zipfile.ZipFile) -> dict[str, str]:
    """The digests of the libraries in the folder where auditwheel grafts them."""
    found = {}
    for info in archive.infolist():
        if info.filename.partition("/")[0].endswith(".libs") and not info.is_dir():
            with archive.open(info) as member:
                digest = hashlib.sha256()
                while chunk := member.read(1 << 20):
                    digest.update(chunk)
            found[info.filename] = digest.hexdigest()
    return found


def _packages(archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    """The components that auditwheel's own bill has, if the wheel has one."""
    for info in archive.infolist():
        if info.filename.endswith(_AUDITWHEELS) and info.file_size <= LONGEST_TEXT:
            found: list[dict[str, Any]] = json.loads(archive.read(info)).get("components", [])
            return found
    return []
