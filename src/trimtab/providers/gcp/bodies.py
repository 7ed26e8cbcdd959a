"""The bodies that writes send: whole ones, and merge patches of what differs; pure."""

import copy
from collections.abc import Mapping
from typing import Any

from trimtab.errors import InvalidRequest
from trimtab.plan import Action, Change, Kind, Resource, overlaid, read_description, revealed
from trimtab.providers.base import Write
from trimtab.providers.gcp.ids import lengthened, parse_link
from trimtab.providers.gcp.kinds import KINDS
from trimtab.providers.gcp.resources import with_pause
from trimtab.providers.writer import find_part, mark_of, put_part

_READ_ONLY = frozenset({"creationRecord", "mutationRecord", "mutationRecords", "validity", "verificationStatus"})


def sent_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with its secrets told and its links in full."""
    return dict(lengthened(revealed(body)))


def manager_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a manager as the API takes it, less where it is."""
    return {name: value for name, value in body.items() if name not in ("zone", "distributionPolicy")}


def autoscaler_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an autoscaler as the API takes it, less where it is."""
    return {name: value for name, value in body.items() if name != "zone"}


def zone_in(item: Resource | None) -> str | None:
    """The zone of a group or an autoscaler; `None` for one of a region."""
    return None if item is None else item.body.get("zone") or None


def scope_in(item: Resource, change: Change) -> str:
    """Where it is, as paths have it."""
    zone = zone_in(item)
    return f"zones/{zone}" if zone else f"regions/{change.key.location}"


def live_of(change: Change) -> Resource:
    """What a change is about, as it was read; raises `InvalidRequest` where nothing was."""
    if change.live is None:
        raise InvalidRequest(f"{change.key}: an update needs what it updates", provider="gcp", operation="update")
    return change.live


def described(change: Change, live: Resource | None = None) -> str:
    """What people wrote in the description, and the mark under it."""
    raw = (live or live_of(change)).attributes.get("raw") or {}
    return mark_of(change).sign(read_description(with_pause(raw.get("description"), None) or None)[0])


def patch_of(change: Change, kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """
    A merge patch of the fields that a change names: each, or the whole list that it is in.

    What is no longer wanted goes back to its default, or to null where the kind has none.
    """
    patch: dict[str, Any] = {}
    for item in change.fields:
        steps = item.path.split("[", 1)[0].split(".")
        row = kind.find(item.path)
        if steps[0] not in body:
            default = None if row is None else row.default
            patch[steps[0]] = [] if len(steps) == 1 and _is_list(kind, item.path) else default
            continue
        value = find_part(body, steps)
        if value is None:
            value = [] if _is_list(kind, item.path) else None if row is None else row.default
        put_part(patch, steps, value)
    return patch


def _is_list(kind: Kind, path: str) -> bool:
    return "[" in path or path in kind.sets


def selections_patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any] | None:
    """A merge patch of the sizes that a group may use: those that leave are null."""
    before, after = (
        (body.get("instanceFlexibilityPolicy") or {}).get("instanceSelections") or {} for body in (old, new)
    )
    return {"instanceSelections": {**dict.fromkeys(before), **after}} if after else None


def without_backend(service: Mapping[str, Any], group: str) -> dict[str, Any] | None:
    """A patch of a backend service that takes a group out; `None` where it is not in."""
    backends = list(service.get("backends") or ())
    left = [backend for backend in backends if backend.get("group") != group]
    return None if len(left) == len(backends) else {"backends": left}


def with_backend(
    service: Mapping[str, Any], wanted: Mapping[str, Any], drain: int | None, stale: str
) -> dict[str, Any]:
    """The backends with one put in or changed in its place; what trimtab knows nothing of stays."""
    group = wanted["group"]
    before: Mapping[str, Any] = next(
        (backend for backend in service.get("backends") or () if backend.get("group") in (group, stale)), {}
    )
    known = {"group", "maxRatePerInstance"}
    kept = {name: value for name, value in before.items() if name not in known}
    if wanted.get("balancingMode") == "RATE":
        kept.pop("maxUtilization", None)
    if not before and passes_through(service):
        kept["balancingMode"] = "CONNECTION"
    others = [backend for backend in service.get("backends") or () if backend.get("group") not in (group, stale)]
    patch: dict[str, Any] = {"backends": [*others, {**kept, **wanted}]}
    if drain is not None:
        patch["connectionDraining"] = {"drainingTimeoutSec": drain}
    return patch


def passes_through(service: Mapping[str, Any]) -> bool:
    """
    Whether a balancer hands packets on as they are: it knows connections only, and no requests.

    https://cloud.google.com/load-balancing/docs/backend-service#balancing-mode
    """
    return (
        parse_link(str(service.get("selfLink", ""))).scope.startswith("regions/")
        and service.get("loadBalancingScheme") in ("INTERNAL", "EXTERNAL")
        and service.get("protocol") in ("TCP", "UDP", "UNSPECIFIED", "ALL")
    )


def whole_monitored(write: Write, live: Resource | None) -> dict[str, Any]:
    """The body to put: what trimtab knows nothing of stays as it is."""
    change, kind = write.change, KINDS[write.change.key.kind]
    raw = copy.deepcopy(dict(live.attributes["raw"])) if live is not None else {}
    body = {name: value for name, value in raw.items() if name not in _READ_ONLY}
    if change.action is not Action.ADOPT:
        whole = overlaid(kind, live.body, write.body) if live is not None else write.body
        body = {name: value for name, value in revealed(whole).items() if name not in _READ_ONLY}
    own = {name: value for name, value in (raw.get("userLabels") or {}).items() if not name.startswith("trimtab-")}
    return {**body, "displayName": change.key.name, "userLabels": {**own, **mark_of(change).tags()}}
