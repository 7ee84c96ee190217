"""
`invoke build --attest`: bills of materials, and BuildKit's provenance, beside the wheels.

They go to a folder of their own in the output folder, under names that no index takes for
distributions: deployments leave it alone.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wheeldock import digests, sbom
from wheeldock.limits import LONGEST_TEXT
from wheeldock.swap import take_place
from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wheeldock.plan import Plan
    from wheeldock.targets import TargetResult
    from wheeldock.wheelhouse import Distribution

FOLDER = "attestations"
"""Its name in the output folder."""

_BILL, _PROVENANCE = ".cdx.json", ".provenance.json"

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
                (fresh / f"{name}{_PROVENANCE}").write_bytes(result.provenance)
            if result.distribution.path.suffix == ".whl":
                bill = sbom.document(_materials(result, result.distribution, plan))
                (fresh / f"{name}{_BILL}").write_text(json.dumps(bill, indent=2), "utf-8")
        take_place(fresh, output / FOLDER)


def attested(output: Path) -> dict[Path, str]:
    """The files of the output folder that something is attested of, and their digests."""
    told = (path.name for path in (output / FOLDER).glob("*.json"))
    names = {name.removesuffix(_BILL).removesuffix(_PROVENANCE) for name in told}
    found = map(read_distribution, (output / name for name in names))
    return {each.path: each.sha256() for each in found if each and each.path.is_file()}


def retract(before: Mapping[Path, str], output: Path) -> None:
    """
    Remove what is attested of files that are gone by now, or are others than `before`.

    Raises OSError.
    """
    now = attested(output)
    for path in before.keys() - {path for path, _ in before.items() & now.items()}:
        for suffix in (_BILL, _PROVENANCE):
            (output / FOLDER / f"{path.name}{suffix}").unlink(missing_ok=True)


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
                found[info.filename] = digests.of_stream(member)
    return found


def _packages(archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    """The components that auditwheel's own bill has, if the wheel has one."""
    for info in archive.infolist():
        if info.filename.endswith(_AUDITWHEELS) and info.file_size <= LONGEST_TEXT:
            found: list[dict[str, Any]] = json.loads(archive.read(info)).get("components", [])
            return found
    return []
