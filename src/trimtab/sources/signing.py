"""How sources sign in: addresses that are safe to ask, and a client that is opened with what it sends."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from trimtab.errors import ConfigError
from trimtab.providers.endpoints import check_endpoint

if TYPE_CHECKING:
    from trimtab.sources.client import HttpClient


class Signing(NamedTuple):
    """How a source signs in, and whom it trusts."""

    token: str | None = None
    username: str | None = None
    password: str | None = None
    headers: Mapping[str, str] = {}
    ca: str | None = None
    certificate: str | None = None


def open_client(name: str, url: str, signing: Signing, timeout: timedelta) -> "HttpClient":
    """
    A client of one host.

    Raises:
        ConfigError: The address or the way to sign in is not safe or not whole.
        MissingExtra: The extra `controller` is not installed.
    """
    check_url(name, url)
    headers = {**signing.headers, **_authorization(name, signing)}
    from trimtab.sources.client import HttpClient  # its library is an extra, which files and functions do not need

    return HttpClient(name, url, headers=headers, ca=signing.ca, certificate=signing.certificate, timeout=timeout)


def check_url(name: str, url: str) -> None:
    """
    Refuse an address that is not safe to ask.

    Raises:
        ConfigError: It is plain http to another machine, no address, or has a user or password in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError([f"source {name!r}: its address is none; write one such as https://host:9090"]) from None
    if parts.username is not None or parts.password is not None:
        text = "its address has a user or a password in it; give `username` and `password`"
        raise ConfigError([f"source {name!r}: {text}"])
    if parts.fragment or port == 0 or any(ord(letter) <= 32 or ord(letter) > 126 for letter in url):
        raise ConfigError([f"source {name!r}: its address has letters that no address takes; quote them (%20)"])
    try:
        check_endpoint(url)
    except ConfigError as error:
        raise ConfigError([f"source {name!r}: {problem}" for problem in error.problems]) from None


def _authorization(name: str, signing: Signing) -> Mapping[str, str]:
    """The header that signs a request."""
    token, username, password = signing.token, signing.username, signing.password
    if token is not None and (username is not None or password is not None):
        raise ConfigError([f"source {name!r}: give `token`, or `username` and `password`, not both"])
    if (username is None) != (password is None):
        raise ConfigError([f"source {name!r}: give `username` and `password` together"])
    if token is not None:
        return {"authorization": f"Bearer {token}"}
    if username is None or password is None:
        return {}
    if ":" in username:
        raise ConfigError([f"source {name!r}: a user name has no colon in it (RFC 7617)"])
    return {"authorization": f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"}
