"""What a rollout writes of a managed instance group: its versions, and how far the updater may go at once; pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from trimtab.providers.gcp.resources import HELD, policy_held, policy_words, template_link
from trimtab.providers.rolling import Limits
from trimtab.providers.run import RolloutRun

PROACTIVE, OPPORTUNISTIC = "PROACTIVE", "OPPORTUNISTIC"
REPLACE = "REPLACE"
Patch = dict[str, Any]


class Budget(NamedTuple):
    """How far the updater may go at once, in instances."""

    surge: int
    unavailable: int


def version_of(manager: Mapping[str, Any], word: str, *, named: bool = False) -> Patch:
    """A version as it is written, called as it is; with `named` as any of the group's is."""
    link = template_link(manager, word)
    versions: Sequence[Mapping[str, Any]] = manager.get("versions") or ()
    names = [version.get("name") for version in versions if named or version.get("instanceTemplate") == link]
    name = next(filter(None, names), None)
    return {**({"name": name} if name else {}), "instanceTemplate": link}


def versions_for(
    manager: Mapping[str, Any],
    run: RolloutRun,
    members: Sequence[Mapping[str, Any]],
    goal: int,
    *,
    is_whole: bool,
    natively: bool,
) -> list[Patch]:
    """Two versions, of which the first takes the rest; at the end the old one is there with nothing, to be known."""
    new, old = version_of(manager, run.new), version_of(manager, run.old)
    if run.old == run.new:
        other = _other(members, new["instanceTemplate"])
        if is_whole or not natively or not other:
            return [new]
        old = {"instanceTemplate": other}
    if is_whole:
        return [new, {**old, "targetSize": {"fixed": 0}}]
    return [old, {**new, "targetSize": {"fixed": goal}}]


def _other(members: Sequence[Mapping[str, Any]], new: str) -> str:
    """The template that most other instances run from."""
    links = Counter(link for member in members if (link := template_in(member)) not in ("", new))
    return next((link for link, _ in links.most_common(1)), "")


def same_versions(live: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a group has these versions, in this order."""
    return [_plain(version, place) for place, version in enumerate(live)] == [
        _plain(version, place) for place, version in enumerate(wanted)
    ]


def _plain(version: Mapping[str, Any], place: int) -> tuple[str, str, int]:
    """A version as it is compared: the first has no size of its own; of 0 only what it comes to may be told."""
    size = version.get("targetSize") or {}
    number = int(size.get("fixed") or size.get("calculated") or 0)
    return str(version.get("instanceTemplate")), str(version.get("name") or ""), number if place else 0


def standing(manager: Mapping[str, Any]) -> Patch:
    """What lets the updater stand still; empty where it does."""
    policy = manager.get("updatePolicy") or {}
    return {} if policy.get("type") == OPPORTUNISTIC else {"updatePolicy": {"type": OPPORTUNISTIC}}


def budget_for(manager: Mapping[str, Any], limits: Limits, desired: int) -> Budget | None:
    """
    How far the updater may go; `None` where it cannot be told so, and instances are named one by one.

    A number of a group in several zones is 0, or at least that of the zones (`updatePolicy.maxSurge`, Compute Engine
    API). A group that keeps the state of its instances cannot be updated proactively:
    https://cloud.google.com/compute/docs/instance-groups/configuring-stateful-migs#limitations
    """
    if any(((manager.get("statefulPolicy") or {}).get("preservedState") or {}).values()):
        return None
    zones = len((manager.get("distributionPolicy") or {}).get("zones") or ()) or 1
    surge = max(limits.surge, zones) if limits.surge else 0
    unavailable = max(0, min(limits.unavailable, desired - limits.healthy))
    if unavailable < zones:
        unavailable = 0
    return Budget(surge, unavailable) if surge or unavailable else None


def version_patch(manager: Mapping[str, Any], versions: Sequence[Patch], budget: Budget | None) -> Patch | None:
    """What is to be written of the versions and of the update policy; `None` where all is so already."""
    patch = {} if same_versions(manager.get("versions") or (), versions) else {"versions": list(versions)}
    if budget is None:
        return {**patch, **standing(manager)} or None
    wanted = {
        "type": PROACTIVE,
        "minimalAction": REPLACE,
        "mostDisruptiveAllowedAction": REPLACE,
        "replacementMethod": "SUBSTITUTE",
        "maxSurge": {"fixed": budget.surge},
        "maxUnavailable": {"fixed": budget.unavailable},
    }
    return {**patch, **_policy_patch(manager, wanted)} or None


def policy_back(manager: Mapping[str, Any], run: RolloutRun) -> Patch:
    """The leaves of an update policy that are not as they were before a run."""
    return dict(_policy_patch(manager, policy_held(run.held)).get("updatePolicy") or {})


def _policy_patch(manager: Mapping[str, Any], wanted: Mapping[str, Any]) -> Patch:
    """A merge patch of the leaves that a rollout writes; those that are wanted to be nothing are null."""
    live = manager.get("updatePolicy") or {}
    have = {word.partition("=")[0]: word for word in policy_words(live)}
    want = {word.partition("=")[0]: word for word in policy_words(wanted)}
    policy: Patch = {}
    for name in HELD:
        if have.get(name) != want.get(name):
            value = wanted.get(name)
            # of a number and a share the other one has to go
            policy[name] = {"fixed": None, "percent": None, **value} if isinstance(value, Mapping) else value
    return {"updatePolicy": policy} if policy else {}


def template_in(member: Mapping[str, Any]) -> str:
    """The link of the template that a managed instance runs from; empty where it is on its way out."""
    return str((member.get("version") or {}).get("instanceTemplate", ""))
