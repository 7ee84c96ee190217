"""Rules of secrets: none was packed by mistake, and what is let through is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheeldock.findings import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheeldock.sdistfile import Sdist
    from wheeldock.secretscan import Secret
    from wheeldock.wheelfile import Wheel


def of_wheel(wheel: Wheel) -> Iterator[Problem]:
    """No file is a secret by its name, or has a key or a token in it; `public-secrets` excepted."""
    for secret in wheel.secrets:
        if not _is_public(secret, wheel.public_secrets):
            yield Problem(secret.path, secret.what, _cure(secret, "wheel"))


def of_sdist(sdist: Sdist) -> Iterator[Problem]:
    """No file is a secret by its name, or has a key or a token in it; `public-secrets` excepted."""
    for secret in sdist.secrets:
        if not _is_public(secret, sdist.public_secrets):
            place = f"{sdist.folder}/{secret.path}"
            yield Problem(place, secret.what, _cure(secret, "sdist"))


def _is_public(secret: Secret, patterns: tuple[str, ...]) -> bool:
    return any(map(secret.is_named_by, patterns))


def _cure(secret: Secret, kind: str) -> str:
    cure = f"Leave it out of the {kind}, and revoke it: whoever has seen the file has it."
    if secret.is_token:
        return cure
    return f'{cure} What is for tests and public: public-secrets = ["{secret.path}"].'


def heeded(found: Wheel | Sdist) -> frozenset[str]:
    """The patterns that name a secret there."""
    return frozenset(
        pattern
        for pattern in found.public_secrets
        if any(secret.is_named_by(pattern) for secret in found.secrets)
    )
