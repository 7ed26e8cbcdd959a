"""The bodies that writes send: whole ones, and merge patches of what differs; pure."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trimtab.errors import Conflict
from trimtab.plan import Action, Change, Resource, read_description, revealed
from trimtab.providers.base import Write
from trimtab.providers.bodies import body_of, drop_empty
from trimtab.providers.gcp.ids import lengthened
from trimtab.providers.gcp.kinds import KINDS
from trimtab.providers.gcp.resources import HELD, UNDO, find_run, policy_held, policy_words, unmarked, with_marks
from trimtab.providers.writer import live_of, mark_of

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


def described(change: Change, live: Resource | None = None) -> str:
    """What people wrote in the description, and the mark under it."""
    raw = (live or live_of(change)).attributes.get("raw") or {}
    return mark_of(change).sign(read_description(unmarked(raw.get("description")) or None)[0])


def rollout_in_the_way(version: Resource, live: Resource, patch: Mapping[str, Any]) -> Conflict | None:
    """Why a template is not written: a rollout has begun since the group was read."""
    began = version.attributes.get("rollout") and not live.attributes.get("rollout")
    if not began or "versions" not in patch:
        return None
    return Conflict(
        f"a rollout of {live.key.name!r} has begun meanwhile; plan again", provider="gcp", operation="patch"
    )


def around_rollout(patch: Mapping[str, Any], version: Resource, description: str) -> dict[str, Any]:
    """
    A patch of a group that leaves a rollout alone which is on: its mark stays, and so does its update policy.

    What a plan wants of the policy is kept in the mark, and written at the rollout's end.
    """
    raw = version.attributes["raw"]
    run, policy = find_run(raw), patch.get("updatePolicy") or {}
    wanted = {name: policy[name] for name in HELD if name in policy}
    if run is None or not run.in_place or not wanted:
        return {**patch, "description": with_marks(description, raw)}
    held = {**policy_held(run.held), **wanted}
    run = replace(run, held=(*policy_words(held), *(word for word in run.held if word == UNDO)))
    rest = {name: value for name, value in patch.items() if name != "updatePolicy"}
    others = {name: value for name, value in policy.items() if name not in HELD}
    return {**rest, **drop_empty(updatePolicy=others), "description": with_marks(description, raw, rollout=run)}


def selections_patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any] | None:
    """A merge patch of the sizes that a group may use: those that leave are null."""
    before, after = (
        (body.get("instanceFlexibilityPolicy") or {}).get("instanceSelections") or {} for body in (old, new)
    )
    return {"instanceSelections": {**dict.fromkeys(before), **after}} if after else None


def stateful_patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """A merge patch of what instances keep: what is no longer kept is null."""
    before, after = ((body.get("statefulPolicy") or {}).get("preservedState") or {} for body in (old, new))
    names = dict.fromkeys((*before, *after))
    return {
        "preservedState": {name: {**dict.fromkeys(before.get(name) or ()), **after.get(name, {})} for name in names}
    }


def named_versions(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The one version that a group of a fleet has, called as it is now."""
    before: Mapping[str, Any] = next(iter(old.get("versions") or ()), {})
    return [{**drop_empty(name=before.get("name")), **version} for version in new["versions"]]


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
    others = [backend for backend in service.get("backends") or () if backend.get("group") not in (group, stale)]
    patch: dict[str, Any] = {"backends": [*others, {**kept, **wanted}]}
    if drain is not None:
        patch["connectionDraining"] = {"drainingTimeoutSec": drain}
    return patch


def whole_monitored(write: Write, live: Resource | None) -> dict[str, Any]:
    """The body to put: what trimtab knows nothing of stays as it is."""
    change, kind = write.change, KINDS[write.change.key.kind]
    raw = copy.deepcopy(dict(live.attributes["raw"])) if live is not None else {}
    body = {name: value for name, value in raw.items() if name not in _READ_ONLY}
    if change.action is not Action.ADOPT:
        body = {name: value for name, value in revealed(body_of(write, kind, live)).items() if name not in _READ_ONLY}
    own = {name: value for name, value in (raw.get("userLabels") or {}).items() if not name.startswith("trimtab-")}
    return {**body, "displayName": change.key.name, "userLabels": {**own, **mark_of(change).tags()}}
