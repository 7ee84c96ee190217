from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wheeldock.errors import (
    BaseImageUnavailableError,
    ConfigurationError,
    DiskFullError,
    EngineUnreachableError,
    ImageNotFoundError,
    RegistryAuthenticationError,
    WheeldockError,
)
from wheeldock.refusals import builder_not_found, engine_unreachable, image_error

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "127.0.0.1:5055/x:1"
MANIFEST = "http://127.0.0.1:5055/v2/x/manifests/1"
REQUEST = f'failed to do request: Head "{MANIFEST}": '
DENIED = "pull access denied, repository does not exist or may require authorization: "

# What Docker Engine 26.1 with the containerd image store says.
REFUSALS = [
    ("no basic auth credentials", RegistryAuthenticationError),
    (
        DENIED + "authorization failed: no basic auth credentials",
        RegistryAuthenticationError,
    ),
    (
        f"unexpected status from HEAD request to {MANIFEST}: 401 Unauthorized",
        RegistryAuthenticationError,
    ),
    (
        f"unexpected status from HEAD request to {MANIFEST}: 403 Forbidden",
        RegistryAuthenticationError,
    ),
    (f"{IMAGE}: not found", ImageNotFoundError),
    (
        DENIED + "server message: insufficient_scope: authorization failed",
        ImageNotFoundError,
    ),
    (
        f"unexpected status from HEAD request to {MANIFEST}: 503 Service Unavailable",
        BaseImageUnavailableError,
    ),
    (REQUEST + "dial tcp 127.0.0.1:5401: connect: connection refused", BaseImageUnavailableError),
    (REQUEST + "dial tcp: lookup x on 10.0.0.1:53: no such host", BaseImageUnavailableError),
    (REQUEST + "net/http: TLS handshake timeout", BaseImageUnavailableError),
    (REQUEST + "tls: first record does not look like a TLS handshake", BaseImageUnavailableError),
    (REQUEST + "Proxy Authentication Required", BaseImageUnavailableError),
    ("", BaseImageUnavailableError),
    ("invalid reference format: repository name must be lowercase", ConfigurationError),
    ("write /var/lib/x: no space left on device", DiskFullError),
    ("Cannot connect to the Docker daemon at unix:///x.", EngineUnreachableError),
]


@pytest.mark.parametrize(
    ("variable", "cure"),
    [
        (("DOCKER_HOST", "tcp://far:1"), "DOCKER_HOST=tcp://far:1 names it: start that one, or"),
        (("DOCKER_CONTEXT", "far"), "Docker context 'far' names it: start that one, or"),
        (("DOCKER_CONTEXT", "default"), "`invoke setup` installs and starts one."),
    ],
)
def test_an_engine_that_is_silent_is_told_with_what_names_it(
    variable: tuple[str, str], cure: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv(*variable)
    assert engine_unreachable("Cannot connect").cure.startswith(cure)


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("BUILDX_BUILDER", "BUILDX_BUILDER names it. `docker buildx ls` lists them."),
        ("DOCKER_CONTEXT", "DOCKER_CONTEXT names it. `docker context ls` lists them."),
        ("OTHER", "`docker buildx ls` lists them."),
    ],
)
def test_a_builder_that_is_not_there_is_told_with_what_names_it(
    variable: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "far")
    assert builder_not_found("far").cure == told
    assert "'far'" in builder_not_found("far").message


@pytest.mark.parametrize(("text", "error"), REFUSALS)
def test_the_refusal_of_an_image_is_told_by_what_was_said(
    text: str, error: type[WheeldockError]
) -> None:
    told = image_error(IMAGE, f"Error response from daemon: {text}" if text else "")
    assert type(told) is error
    assert told.cure


def test_a_refusal_names_the_image_once() -> None:
    assert image_error(IMAGE, f"{IMAGE}: not found").message == (
        f"there is no image {IMAGE}: not found"
    )
