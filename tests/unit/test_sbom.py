"""Bills of materials, held against the schema of CycloneDX."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tests.unit.wheel_files import INFO, WHEEL, wheel_files, write_wheel

from wheeldock import attestation
from wheeldock.identifier import BuildIdentifier
from wheeldock.plan import Batch, BuildTarget, ImageWish, Offer, Plan
from wheeldock.report import TargetReport
from wheeldock.sbom import Materials, document
from wheeldock.targets import TargetResult
from wheeldock.wheelhouse import read_distribution

DIGEST = "0123456789abcdef" * 4
CP313 = BuildIdentifier.parse("cp313-manylinux_x86_64")
MATERIALS = Materials(
    file=WHEEL,
    name="ovf",
    version="1!1.0+local",
    sha256=DIGEST,
    build_requirements={"scikit_build_core": {"version": "1.0", "files-sha256": DIGEST}},
    base_image="quay.io/pypa/manylinux_2_28_x86_64",
    image_digest=f"sha256:{DIGEST}",
    libraries={"ovf.libs/libz-1.so": DIGEST},
    packages=[{"type": "library", "name": "zlib1g", "version": "1.3", "bom-ref": "zlib"}],
)


def flaws(bill: dict[str, object]) -> str:
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill))
    return str(error)[:1000] if error else ""


@pytest.mark.parametrize(
    "materials",
    [
        MATERIALS,
        replace(MATERIALS, build_requirements={}, image_digest="", libraries={}, packages=()),
    ],
    ids=["all", "little"],
)
def test_a_bill_keeps_to_the_schema(materials: Materials) -> None:
    assert flaws(document(materials)) == ""


def test_a_bill_names_what_went_into_a_wheel() -> None:
    bill = document(MATERIALS)
    wheel = bill["metadata"]["component"]
    assert wheel["purl"] == f"pkg:pypi/ovf@1%211.0%2Blocal?file_name={WHEEL}"
    assert wheel["hashes"] == [{"alg": "SHA-256", "content": DIGEST}]
    image, requirement, library, package = bill["components"]
    assert (image["type"], image["version"]) == ("container", f"sha256:{DIGEST}")
    assert requirement["purl"] == "pkg:pypi/scikit-build-core@1.0"
    assert requirement["scope"] == "excluded"
    assert library["name"] == "ovf.libs/libz-1.so"
    assert package["name"] == "zlib1g"
    assert bill["dependencies"][0]["dependsOn"] == [library["bom-ref"]]


def test_the_same_wheel_has_the_same_bill_and_another_another() -> None:
    other = replace(MATERIALS, sha256="f" * 64)
    assert document(MATERIALS) == document(MATERIALS)
    assert document(other)["serialNumber"] != document(MATERIALS)["serialNumber"]


def result(path: Path, provenance: bytes = b"{}") -> TargetResult:
    report = TargetReport(name=str(CP313), file=path.name, stages={}, seconds=0.0)
    return TargetResult(report, read_distribution(path), provenance=provenance)


def plan() -> Plan:
    wish = ImageWish(CP313.platform, "", "", "")
    offer = Offer(image="base", interpreters=None, platform_tag="", digest=f"sha256:{DIGEST}")
    target = BuildTarget(CP313, "manylinux_2_28_x86_64")
    return Plan((Batch(wish=wish, offer=offer, tools_interpreter="", targets=(target,)),))


def test_what_is_attested_takes_the_place_of_what_was(tmp_path: Path) -> None:
    built, dist = tmp_path / "built", tmp_path / "dist"
    built.mkdir()
    (dist / "attestations").mkdir(parents=True)
    (dist / "attestations" / "ovf-0.9.whl.cdx.json").touch()
    auditwheels = {"components": [{"type": "library", "name": "zlib1g", "bom-ref": "z"}]}
    more = {
        "ovf.libs/libz.so.1": b"library",
        f"{INFO}/sboms/auditwheel.cdx.json": json.dumps(auditwheels).encode(),
    }
    wheel = write_wheel(built / WHEEL, {**more, **wheel_files()})
    attestation.write([result(wheel, b'{"a": 1}')], plan(), dist)
    found = {path.name: path.read_bytes() for path in (dist / "attestations").iterdir()}
    assert sorted(found) == [f"{WHEEL}.cdx.json", f"{WHEEL}.provenance.json"]
    assert found[f"{WHEEL}.provenance.json"] == b'{"a": 1}'
    bill = json.loads(found[f"{WHEEL}.cdx.json"])
    assert flaws(bill) == ""
    hashes = [component.get("hashes", [{}])[0] for component in bill["components"]]
    assert hashes[1]["content"] == hashlib.sha256(b"library").hexdigest()
    assert [path.name for path in dist.iterdir()] == ["attestations"]


def test_no_name_of_an_attestation_is_a_distributions() -> None:
    for suffix in ("cdx.json", "provenance.json"):
        assert read_distribution(Path(f"{WHEEL}.{suffix}")) is None
