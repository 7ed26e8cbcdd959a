"""Service accounts of IAM and keys of Cloud KMS, which templates name: made, and read one by one; REST alone."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from trimtab.emulators.gcp import wire
from trimtab.emulators.shared.calls import EmulatorReply
from trimtab.emulators.shared.errors import ServiceError

# https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/get
# https://docs.cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/get
_PATHS: Mapping[str, re.Pattern[str]] = {
    "ServiceAccount": re.compile(r"^/v1/(projects/([^/]+)/serviceAccounts)(/[^/]+)?$"),
    "CryptoKey": re.compile(r"^/v1/(projects/([^/]+)/locations/[^/]+/keyRings/[^/]+/cryptoKeys)(/[^/]+)?$"),
    "KeyRing": re.compile(r"^/v1/(projects/([^/]+)/locations/[^/]+/keyRings)(/[^/]+)?$"),
}
_PERMISSIONS = {
    "ServiceAccount": "iam.serviceAccounts.get",
    "CryptoKey": "cloudkms.cryptoKeys.get",
    "KeyRing": "cloudkms.keyRings.get",
}


@dataclass(frozen=True, slots=True)
class NamedCall:
    """One get or create, as the log and the faults see it, which knows how to answer itself."""

    kind: str
    collection: str
    project: str
    name: str
    body: Mapping[str, Any]
    new_name: str
    own: str
    names: set[str] = field(repr=False, compare=False)
    region: str = "global"
    is_write: bool = False

    @property
    def service(self) -> str:
        """IAM or KMS."""
        return "iam" if self.kind == "ServiceAccount" else "cloudkms"

    @property
    def operation(self) -> str:
        """As Google's audit logs have it."""
        return f"{'Create' if self.is_write else 'Get'}{self.kind}"

    @property
    def subject(self) -> str:
        """What it is about."""
        return self.name or self.new_name

    @property
    def key(self) -> str:
        """The same text for the same question."""
        return f"{self.operation} {self.text}"

    @property
    def text(self) -> str:
        """The request as text."""
        return json.dumps({"name": f"{self.collection}/{self.subject}", **self.body}, sort_keys=True)

    @property
    def shown(self) -> dict[str, Any]:
        """What the log has of it."""
        return {"name": f"{self.collection}/{self.subject}"}

    # what an emulator asks of it

    def handle(self) -> EmulatorReply:
        """The resource; raises `ServiceError` for one that is not there, or in no ring."""
        return self._create() if self.is_write else self._get()

    def _create(self) -> EmulatorReply:
        name = self._full(self.new_name)
        parent = self.collection.rpartition("/")[0]
        if self.kind == "CryptoKey" and parent not in self.names:
            raise ServiceError("NOT_FOUND", f"KeyRing {parent} not found.", 404)
        self.names.add(name)
        return wire.result({"name": name})

    def _get(self) -> EmulatorReply:
        name = self._full(self.name)
        if name in self.names:
            return wire.result({"name": name})
        if self.project == "-":  # the wildcard hides what is not there
            raise self.denied()
        raise ServiceError("NOT_FOUND", f"{self.kind} {name} not found.", 404)

    def _full(self, name: str) -> str:
        collection = self.collection.replace("projects/-/", f"projects/{self.own}/", 1)
        is_short = self.kind == "ServiceAccount" and "@" not in name
        return f"{collection}/{name}{f'@{self.own}.iam.gserviceaccount.com' if is_short else ''}"

    def failure(self, error: ServiceError) -> EmulatorReply:
        """An error as Google's JSON APIs write it, with the status by its name."""
        body = {"error": {"code": error.status, "message": error.message, "status": error.code}}
        return EmulatorReply(error.status, json.dumps(body).encode(), (("Content-Type", wire.JSON),), error.code)

    def nothing(self) -> EmulatorReply:
        """That it is not there."""
        return self.failure(ServiceError("NOT_FOUND", f"{self.kind} {self.name} not found.", 404))

    def throttled(self) -> ServiceError:
        """429."""
        return ServiceError("RESOURCE_EXHAUSTED", f"Quota exceeded for quota metric '{self.service} requests'", 429)

    def denied(self) -> ServiceError:
        """403."""
        text = f"Permission '{_PERMISSIONS[self.kind]}' denied on resource (or it may not exist)."
        return ServiceError("PERMISSION_DENIED", text, 403)

    def broken(self) -> ServiceError:
        """503."""
        return ServiceError("UNAVAILABLE", "The service is currently unavailable.", 503)


def read_named(environ: Mapping[str, Any], own: str, names: set[str]) -> NamedCall | None:
    """
    The call that an HTTP request makes; `None` where it is another one.

    Args:
        environ: The request.
        own: The project that there is.
        names: The full names of what there is.
    """
    for kind, pattern in _PATHS.items():
        match = pattern.match(str(environ.get("PATH_INFO", "")))
        method = environ["REQUEST_METHOD"]
        if match is None or (method, bool(match[3])) not in (("GET", True), ("POST", False)):
            continue
        query = parse_qs(str(environ.get("QUERY_STRING", "")))
        length = int(environ.get("CONTENT_LENGTH") or 0) if method == "POST" else 0
        body = json.loads(environ["wsgi.input"].read(length) or b"{}") if length else {}
        word = f"{kind[0].lower()}{kind[1:]}Id"
        new_name = str(body.get("accountId") or next(iter(query.get(word, ())), ""))
        name = (match[3] or "").removeprefix("/")
        return NamedCall(kind, match[1], match[2], name, body, new_name, own, names, is_write=method == "POST")
    return None
