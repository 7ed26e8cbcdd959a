"""What a load test may send requests to: hosts that the fleet names."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from trimtab.errors import ConfigError, InvalidArgument
from trimtab.models import Fleet
from trimtab.models.limits import known_host
from trimtab.phrases import in_words

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTarget:
    """
    Where requests go.

    Attributes:
        origin: Scheme, host and port.
        path: The rest, with its query.
    """

    origin: str
    path: str

    @property
    def url(self) -> str:
        """All of it."""
        return f"{self.origin}{self.path}"


def target_of(fleet: Fleet, url: str) -> RequestTarget:
    """
    The target that a URL names, if the fleet agrees to it.

    Raises:
        InvalidArgument: It is not a URL of HTTP, or has a password in it.
        ConfigError: The fleet does not name its host; says where and what to write.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise InvalidArgument(f"url {url!r}: {error}; write one such as http://staging.example.com/") from error
    if parts.scheme not in _PORTS or not host or re.search(r"[\s\x00-\x1f]", url):
        raise InvalidArgument(f"url {url!r} is not a URL of HTTP; write one such as http://staging.example.com/")
    if parts.username is not None or parts.password is not None:
        raise InvalidArgument("url has a user or a password in it, which reports would show; leave it out")
    if port == 0:
        raise InvalidArgument(f"url {url!r} has the port 0; write one of 1 to 65535")
    try:
        place = known_host(f"{f'[{host}]' if ':' in host else host}:{port or _PORTS[parts.scheme]}")
    except ValueError as error:
        raise InvalidArgument(f"url {url!r}: {error}") from error
    name = place.rpartition(":")[0]
    _check_named(fleet, name, place)
    path = parts.path or "/"
    return RequestTarget(origin=f"{parts.scheme}://{place}", path=f"{path}?{parts.query}" if parts.query else path)


def _check_named(fleet: Fleet, name: str, place: str) -> None:
    hosts = fleet.loadtest.hosts if fleet.loadtest else ()
    if name in hosts or place in hosts:
        return
    at = fleet.position("", "loadtest.hosts") or fleet.position("", "name")
    if hosts:
        text = f"loadtest.hosts: {place} is not among them ({in_words(hosts)}); add it if its owner agrees to the load"
    else:
        text = f"the fleet names no host for load tests; write `loadtest: {{hosts: [{place!r}]}}` if its owner agrees"
    places = [(at.file, at.line, at.column)] if at else [None]
    raise ConfigError([f"{at}: {text}" if at else text], places=places)
