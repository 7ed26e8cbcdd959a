"""How the cloud of a fleet is reached, and where metrics come from that it does not measure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

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


SIGNING = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers whose value is a secret."""
KINDS = ("prometheus", "http", "file")
_HTTP = ("token", "username", "password", "headers", "ca", "certificate", "timeout")
_TAKES = {
    "prometheus": {*_HTTP, "stale_after"},
    "http": {*_HTTP, "path"},
    "file": {"path", "stale_after"},
}


class EnvironmentVariable(Model):
    """A secret that stands in no file: `{env: NAME}`."""

    env: Filled
    """The variable of the environment that holds it, where trimtab runs."""


class SourceSettings(SecretHolder):
    """
    One source of metrics: a Prometheus, JSON over HTTP, or a file.

    Without any of the three it is what the program that runs the controller gives under this name.
    """

    prometheus: Filled | None = None
    """Address of a Prometheus, or of what speaks its HTTP API; it answers PromQL metrics."""
    http: Filled | None = None
    """Address of a JSON document with a number in it, the newest value."""
    file: Filled | None = None
    """A file: CSV with a moment and a value in each line, JSON, or one number; beside the fleet file."""
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
        """`prometheus`, `http` or `file`; `None` for what the program gives."""
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
