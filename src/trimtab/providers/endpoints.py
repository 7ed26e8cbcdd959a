"""Where a cloud's API is reached: addresses that are safe, those of this machine, and settings from the environment."""

import ipaddress
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from trimtab.errors import ConfigError
from trimtab.events import EndpointFound

DIRECT_CHANNEL = (("grpc.enable_http_proxy", 0),)
"""Options of a gRPC channel that heeds no proxy: https://grpc.github.io/grpc/core/group__grpc__arg__keys.html"""


def is_loopback(endpoint: str | None) -> bool:
    """Whether an address is on this machine."""
    name = (urlsplit(endpoint or "").hostname or "").rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def trusted_certificates() -> str | bool:
    """The certificates that `requests` trusts by the environment, where nothing else of it is to be heeded."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def go_direct(session: Any) -> None:
    """Have a session of `requests` heed no proxy of the environment."""
    session.trust_env = False
    session.verify = trusted_certificates()


def endpoint_found(source: str, endpoint: str) -> EndpointFound:
    """The event that tells of an address, without a password that may stand in it."""
    head, _, address = endpoint.rpartition("//")
    return EndpointFound(source, f"{head}//{address.rpartition('@')[2]}" if head else address.rpartition("@")[2])


def variable_of(endpoint: str, variables: Mapping[str, str]) -> str | None:
    """The variable of the environment, among these, that holds an address."""
    names = (name for name, value in variables.items() if value.rstrip("/") == endpoint.rstrip("/"))
    return next(names, None)


def check_endpoint(endpoint: str | None) -> None:
    """
    Refuse an address that is none, or plain http to anywhere but this machine.

    Raises:
        ConfigError: It is one of them.
    """
    if endpoint is None:
        return
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError([f"invalid endpoint {endpoint!r}; write one such as http://127.0.0.1:5000"])
    if parts.scheme == "http" and not is_loopback(endpoint):
        raise ConfigError([f"{endpoint!r}: plain http is for loopback only; use https"])


def setting_of(provider: str, name: str, given: str, variable: str) -> str:
    """
    A setting of a connection as it was given, else as a variable of the environment says.

    Raises:
        ConfigError: Neither does.
    """
    value = given or os.environ.get(variable, "")
    if not value:
        raise ConfigError([setting_missing(provider, name, variable)])
    return value


def setting_missing(provider: str, name: str, variable: str) -> str:
    """That a setting of a connection is missing, with each way to give it."""
    word = "region" if name == "location" else name
    ways = f"--{word.replace('_', '-')}, `connect: {{{word}: ...}}` in the fleet file, or {name}=... in Python"
    return f"{provider}: missing {word}; give {ways}, or set {variable}"


def with_scheme(text: str | None) -> str | None:
    """An address with its scheme and without a path; what is on loopback needs no scheme."""
    if not text:
        return None
    if "://" not in text:
        text = f"{'http' if is_loopback(f'//{text}') else 'https'}://{text}"
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else text
