"""How the cloud of a fleet is reached, and what is beside it: a HAProxy, and sources of metrics."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from trimtab.models.base import Duration, Filled, Model, SecretHolder, refuse


class ConnectSettings(Model):
    """Which cloud a fleet is in, and how it is reached; never a secret, and never another address of an API."""

    provider: Filled | None = None
    """`aws`, `azure`, `gcp`, or one that another distribution brings. With another provider the block says nothing."""
    region: Filled | None = None
    """Where groups without a location live."""
    subscription: Filled | None = None
    """The id of the subscription (Azure)."""
    resource_group: Filled | None = None
    """Where groups live that name no other resource group (Azure)."""
    project: Filled | None = None
    """The id of the project (Google)."""
    settings: Mapping[Filled, str] = Field(default_factory=dict)
    """What else a provider takes that does not come with trimtab, by the names that it declares."""


LARGEST_PORT = 65535


class HaproxyBalancer(Model):
    """
    A HAProxy that instances join as servers of a backend. trimtab itself adds, probes, drains and deletes them.

    It is asked by its runtime API, at a socket of this machine or at an address, which off this machine takes TLS.
    """

    socket: Filled | None = None
    """Path of its stats socket on the machine where trimtab runs, which may be forwarded; level `admin`."""
    address: Filled | None = None
    """`HOST:PORT` of its runtime API, in place of `socket`."""
    tls: bool = False
    """Whether `address` is asked by TLS; it must be, unless it is on this machine."""
    ca: Filled | None = None
    """A file of certificates of authorities to trust, in place of the system's; beside the fleet file."""
    certificate: Filled | None = None
    """A PEM file with a certificate of one's own and its key; beside the fleet file."""
    server_name: Filled | None = None
    """The name that its certificate must have; the host of `address` when left out."""
    backend: Annotated[str, Field(pattern=r"^[A-Za-z_0-9:.-]+$", max_length=200)]
    """The backend whose servers the instances become; it takes an algorithm other than `static-rr` and `source`."""
    port: Annotated[int, Field(ge=1, le=LARGEST_PORT)]
    """The port that the instances serve on."""
    path: Annotated[str, Field(pattern=r"^/[!-~]*$")] | None = None
    """What a new instance is asked over HTTP before it gets traffic; a connection is enough when left out."""
    reach: Literal["private", "public"] = "private"
    """By which of its addresses an instance is probed and becomes a server."""
    drain: Duration = timedelta(seconds=30)
    """How long a leaving instance may finish its requests; what is left then is cut off."""
    check_interval: Duration = timedelta(seconds=2)
    """From one of HAProxy's own checks of a server to the next."""
    max_connections: Annotated[int, Field(ge=1)] | None = None
    """Most connections of HAProxy to one instance at a time; others wait in its queue. No limit when left out."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            socket: str | None = None,
            address: str | None = None,
            tls: bool = False,
            ca: str | None = None,
            certificate: str | None = None,
            server_name: str | None = None,
            backend: str,
            port: int,
            path: str | None = None,
            reach: Literal["private", "public"] = "private",
            drain: timedelta | str = ...,
            check_interval: timedelta | str = ...,
            max_connections: int | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "HaproxyBalancer":
        if (self.socket is None) == (self.address is None):
            refuse("a HAProxy is asked at a `socket` or at an `address`; give exactly one of them")
        if self.address is not None:
            _check_address(self.address, tls=self.tls)
        elif self.tls:
            refuse("a socket of this machine takes no TLS; leave it out, or give an `address`", "tls")
        for name in ("ca", "certificate", "server_name"):
            if getattr(self, name) is not None and not self.tls:
                refuse(f"`{name}` goes with `tls: true`; add that, or leave it out", name)
        if self.check_interval < timedelta(seconds=1):
            refuse("give at least a second; HAProxy asks each server that often", "check_interval")
        return self


def _check_address(address: str, *, tls: bool) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= LARGEST_PORT:
        refuse(f"{address!r} is not HOST:PORT; write one, such as 10.0.0.5:9999", "address")
    if not tls and not _is_loopback(host):
        text = "who reaches the runtime API controls HAProxy, and it asks for no password"
        refuse(f"{text}; write `tls: true`, or forward its socket and give that as `socket`", "address")


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address  # few fleets have an address of a HAProxy

    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


SIGNING = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers whose value is a secret."""
KINDS = ("prometheus", "http", "file", "haproxy")
_HTTP = ("token", "username", "password", "headers", "ca", "certificate", "timeout")
_TAKES = {
    "prometheus": {*_HTTP, "stale_after"},
    "http": {*_HTTP, "path"},
    "file": {"path", "stale_after"},
    "haproxy": {"measure"},
}


class EnvironmentVariable(Model):
    """A secret that stands in no file: `{env: NAME}`."""

    env: Filled
    """The variable of the environment that holds it, where trimtab runs."""


class SourceSettings(SecretHolder):
    """
    One source of metrics: a Prometheus, JSON over HTTP, a file, or the HAProxies of a group.

    Without any of the four it is what the program that runs the controller gives under this name.
    """

    prometheus: Filled | None = None
    """Address of a Prometheus, or of what speaks its HTTP API; it answers PromQL metrics."""
    http: Filled | None = None
    """Address of a JSON document with a number in it, the newest value."""
    file: Filled | None = None
    """A file: CSV with a moment and a value in each line, JSON, or one number; beside the fleet file."""
    haproxy: Filled | None = None
    """A group of the fleet whose HAProxies are asked; their backends are counted as one."""
    measure: Literal["requests", "errors-5xx", "latency", "queue"] | None = None
    """What of them: `requests` and `errors-5xx` of a period, average `latency` in seconds, or the length of `queue`."""
    path: Filled | None = None
    """Where in the JSON the number is: a JSON pointer (`/queues/0/depth`) or with dots (`queues.0.depth`)."""
    token: EnvironmentVariable | None = None
    """Sent as a bearer token."""
    username: Filled | None = None
    """With `password`, sent as basic authentication."""
    password: EnvironmentVariable | None = None
    """See `username`."""
    headers: Mapping[Filled, str | EnvironmentVariable] = Field(default_factory=dict)
    """What else is sent, such as `X-Scope-OrgID`."""
    ca: Filled | None = None
    """A file of certificates of authorities to trust, in place of the system's; beside the fleet file."""
    certificate: Filled | None = None
    """A PEM file with a certificate of one's own and its key; beside the fleet file."""
    timeout: Duration | None = None
    """How long a query may take; ten seconds when left out."""
    stale_after: Duration | None = None
    """How old a sample may be to count; five minutes when left out."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            prometheus: str | None = None,
            http: str | None = None,
            file: str | None = None,
            haproxy: str | None = None,
            measure: Literal["requests", "errors-5xx", "latency", "queue"] | None = None,
            path: str | None = None,
            token: EnvironmentVariable | None = None,
            username: str | None = None,
            password: EnvironmentVariable | None = None,
            headers: Mapping[str, str | EnvironmentVariable] = ...,
            ca: str | None = None,
            certificate: str | None = None,
            timeout: timedelta | str | None = None,
            stale_after: timedelta | str | None = None,
        ) -> None: ...

    @property
    def kind(self) -> str | None:
        """`prometheus`, `http`, `file` or `haproxy`; `None` for what the program gives."""
        return next((kind for kind in KINDS if getattr(self, kind) is not None), None)

    @model_validator(mode="after")
    def _check(self) -> "SourceSettings":
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) > 1:
            refuse(f"a source is one of {' and '.join(f'`{kind}`' for kind in given)}; write two sources", given[1])
        takes = _TAKES[given[0]] if given else set()
        for name in type(self).model_fields:
            if name not in (*KINDS, *takes) and getattr(self, name):
                what = f"a source by `{given[0]}`" if given else "a source that the program gives"
                refuse(f"{what} takes no `{name}`", name)
        if self.haproxy is not None and self.measure is None:
            refuse("say what a source by `haproxy` measures: requests, errors-5xx, latency or queue", "measure")
        for header, value in self.headers.items():
            if header.lower() in SIGNING and isinstance(value, str):
                refuse("a secret stands in no fleet file; write `{env: NAME}`", "headers", header)
        for name in ("timeout", "stale_after"):
            if getattr(self, name) == timedelta(0):
                refuse("give at least a second", name)
        if (self.username is None) != (self.password is None):
            refuse("give `username` and `password` together", "username" if self.password is None else "password")
        if self.token is not None and self.username is not None:
            refuse("give `token`, or `username` and `password`", "token")
        return self
