"""HTTP to package indexes, as this machine is set up for it: certificates, proxies, retries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from requests import Response, Session
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from wheeldock import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheeldock.destination import Destination

SECONDS = 30.0
"""How long an index may be silent."""

_TRIES = Retry(
    3, backoff_factor=0.3, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False
)
"""A question may be asked again at once, as an upload may not; Retry-After is heeded."""


class _OneHost(Session):
    """
    Follows no redirect to another host: credentials stay, and so does what an index knows.

    Its certificates are those that it was given, whatever requests finds in the environment.
    """

    def get_redirect_target(self, resp: Response) -> str | None:
        """Where a redirect on the same host leads."""
        target = super().get_redirect_target(resp)
        there = urlsplit(urljoin(resp.url, target or "")).netloc
        return target if there == urlsplit(resp.url).netloc else None

    def merge_environment_settings(
        self,
        url: Any,  # noqa: ANN401 - requests' own types are not public
        proxies: Any,  # noqa: ANN401
        stream: Any,  # noqa: ANN401
        verify: Any,  # noqa: ANN401
        cert: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """The proxies of the environment."""
        chosen = self.verify if verify is None else verify
        return super().merge_environment_settings(url, proxies, stream, chosen, cert)


def certificates(destination: Destination, environ: Mapping[str, str]) -> str:
    """The certificates of authorities for a repository, as a file; "" for requests' own."""
    from wheeldock.seeds import ca_bundle  # noqa: PLC0415 - it brings the whole of Docker along

    named = environ.get("TWINE_CERT") or destination.ca_bundle
    return named or str(ca_bundle(environ) or "")


def session(bundle: str, client_cert: str = "") -> Session:
    """A session for questions; to be closed."""
    made = _OneHost()
    made.headers["User-Agent"] = f"wheeldock/{__version__}"
    adapter = HTTPAdapter(max_retries=_TRIES)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    if bundle:
        made.verify = bundle
    if client_cert:
        made.cert = client_cert
    return made


def reason(error: BaseException) -> str:
    """What is at the bottom of a failed request, in a line."""
    while deeper := error.__cause__ or error.__context__:
        error = deeper
    return getattr(error, "strerror", None) or str(error).partition("\n")[0]
