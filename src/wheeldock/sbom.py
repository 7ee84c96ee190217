"""
A bill of materials of a wheel: what is in it, and what it was built with (CycloneDX 1.6). Pure.

The same wheel, built the same way, has the same bill: it has no time, and its serial number is made
from the wheel's digest.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from wheeldock import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMAT = "1.6"
_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
"""RFC 9562's for names that are URLs."""


@dataclass(frozen=True, kw_only=True)
class Materials:
    """What went into a wheel."""

    file: str
    name: str
    version: str
    sha256: str
    """The wheel's digest, hexadecimal."""
    build_requirements: Mapping[str, Mapping[str, str]]
    """What its build environment had, as `TargetReport` has it."""
    base_image: str
    """The reference that FROM was given."""
    image_digest: str
    """The digest of what that was, as `sha256:…`; "" where it is not known."""
    libraries: Mapping[str, str] = field(default_factory=dict)
    """The libraries that repair grafted into it: their digests by name in the wheel."""
    packages: Sequence[Mapping[str, Any]] = ()
    """The components of auditwheel's own bill: the distribution's packages of those libraries."""


def document(materials: Materials) -> dict[str, Any]:
    """The bill as JSON's own types."""
    wheel = f"wheel:{materials.file}"
    built_with = [_requirement(name, materials) for name in sorted(materials.build_requirements)]
    inside = [_library(*each) for each in sorted(materials.libraries.items())]
    packages = [dict(each) for each in materials.packages]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": FORMAT,
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'sha256:{materials.sha256}')}",
        "version": 1,
        "metadata": {
            "tools": {
                "components": [
                    {"type": "application", "name": "wheeldock", "version": __version__},
                ]
            },
            "component": {
                "type": "library",
                "bom-ref": wheel,
                "name": materials.name,
                "version": materials.version,
                "purl": f"{_purl(materials.name, materials.version)}?file_name={materials.file}",
                "hashes": [_sha256(materials.sha256)],
            },
        },
        "components": [_image(materials), *built_with, *inside, *packages],
        "dependencies": [
            {"ref": wheel, "dependsOn": [library["bom-ref"] for library in inside]},
        ],
    }


def _requirement(name: str, materials: Materials) -> dict[str, Any]:
    found = materials.build_requirements[name]
    purl = _purl(name, found["version"])
    return {
        "type": "library",
        "bom-ref": f"build:{purl}",
        "name": name,
        "version": found["version"],
        "purl": purl,
        "scope": "excluded",  # it is not in the wheel
        "properties": [
            {"name": "wheeldock:role", "value": "build requirement"},
            {"name": "wheeldock:files-sha256", "value": found["files-sha256"]},
        ],
    }


def _image(materials: Materials) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "container",
        "bom-ref": f"build:{materials.base_image}",
        "name": materials.base_image,
        "scope": "excluded",
        "properties": [{"name": "wheeldock:role", "value": "base image"}],
    }
    kind, _, digest = materials.image_digest.partition(":")
    if kind == "sha256":
        component |= {"version": materials.image_digest, "hashes": [_sha256(digest)]}
    return component


def _library(name: str, digest: str) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": f"grafted:{name}",
        "name": name,
        "scope": "required",
        "hashes": [_sha256(digest)],
        "properties": [{"name": "wheeldock:role", "value": "grafted library"}],
    }


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{canonicalize_name(name)}@{version.replace('+', '%2B').replace('!', '%21')}"


def _sha256(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest}
