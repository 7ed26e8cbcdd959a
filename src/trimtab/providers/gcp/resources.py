"""What Compute Engine and Cloud Monitoring answer, each thing as plans compare it; pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from trimtab.plan import Attributes, Key, Mark, Resource, Secret, read_description, read_tags
from trimtab.providers.bodies import drop_empty
from trimtab.providers.gcp.ids import Place, name_of, parse_link, place_name, place_of
from trimtab.providers.gcp.kinds import (
    ALERT_POLICY,
    AUTOSCALER,
    BACKEND,
    CHANNEL,
    HEALTH_CHECK,
    MANAGER,
    TEMPLATE,
)
from trimtab.providers.gcp.names import planned_schedules
from trimtab.providers.gcp.template import KEYS
from trimtab.providers.gcp.translate import BALANCERS
from trimtab.providers.pause import BACK_TAG, BOOST_TAG, DRIVEN_TAG, NOTES, Boost, Pause
from trimtab.providers.pause import TAG as PAUSE_TAG

if TYPE_CHECKING:
    from trimtab.providers.run import RolloutRun

ROLLOUT_TAG = "trimtab-rollout"
"""The word before the mark of a rollout; few plans need what else there is to say of one."""
PREVIOUS_TAG = "trimtab-previous"
"""The word before the templates that a group had, the newest first: templates come back, so that no age tells them."""
LONGEST_RUN, LONGEST_PREVIOUS = 800, 500
"""
Characters of the mark of a rollout in a description, which takes 2,048: two templates, a policy, a reason; and of the
templates before.
"""
UNDO = "undo"
"""What is held of a rollout that goes back to a template before."""
HELD = ("type", "minimalAction", "mostDisruptiveAllowedAction", "replacementMethod", "maxSurge", "maxUnavailable")
"""The leaves of an update policy that a rollout writes, and puts back at its end."""
_TEMPLATES = "global/instanceTemplates"
_TAGS = {
    "pause": PAUSE_TAG,
    "boost": BOOST_TAG,
    "previous": PREVIOUS_TAG,
    "back": BACK_TAG,
    "rollout": ROLLOUT_TAG,
    "driven": DRIVEN_TAG,
}
_MARK = re.compile(rf"\n?\[({'|'.join((PAUSE_TAG, BOOST_TAG, ROLLOUT_TAG, PREVIOUS_TAG, *NOTES))}) ([^\]]*)\]")


def manager_resource(item: Mapping[str, Any], location: str) -> Resource:
    """A managed instance group as plans compare it: what a rollout that is on has in its hands as it was before."""
    place = place_of(item)
    description, mark = read_description(unmarked(item.get("description")) or None)
    distribution = item.get("distributionPolicy") or {}
    zones = sorted(name_of(str(zone.get("zone", ""))) for zone in distribution.get("zones") or ())
    run = find_run(item)
    shown = _before(item, run) if run is not None and run.in_place else item
    versions = shown.get("versions") or [drop_empty(instanceTemplate=item.get("instanceTemplate"))]
    body = {
        **shown,
        **drop_empty(zone=place.zone or None),
        "versions": [dict(version) for version in versions],
        "distributionPolicy": {} if place.zone else {**distribution, "zones": zones},
        "namedPorts": [{"name": port["name"], "port": port.get("port", 0)} for port in item.get("namedPorts") or ()],
        "updatePolicy": _redistribution(shown, place),
    }
    if not place.zone:
        body.pop("zone", None)
    return _made(
        Key(place.region, MANAGER.name, item["name"]),
        body,
        item,
        mark,
        description=description,
        zone=place.zone,
        instances=int(item.get("targetSize") or 0),
        instance_group=item.get("instanceGroup"),
        rollout=run.line(LONGEST_RUN) if run else None,
        rolled_back=_marks(item).get(BACK_TAG),
    )


def _before(item: Mapping[str, Any], run: "RolloutRun") -> dict[str, Any]:
    """A group under a rollout with the template and the update policy that it had."""
    link = template_link(item, run.old)
    named = next((version["name"] for version in item.get("versions") or () if version.get("name")), None)
    others = {name: value for name, value in (item.get("updatePolicy") or {}).items() if name not in HELD}
    return {
        **item,
        "versions": [drop_empty(name=named, instanceTemplate=link)],
        "instanceTemplate": link,
        "updatePolicy": {**others, **policy_held(run.held)},
    }


def template_word(manager: Mapping[str, Any], link: str) -> str:
    """An instance template as the mark of a rollout names it: by its name, where that says it all."""
    start = f"projects/{parse_link(str(manager.get('selfLink', ''))).project}/{_TEMPLATES}/"
    return link.removeprefix(start)


def template_link(manager: Mapping[str, Any], word: str) -> str:
    """The link of an instance template that a mark names."""
    return (
        word if "/" in word else f"projects/{parse_link(str(manager.get('selfLink', ''))).project}/{_TEMPLATES}/{word}"
    )


def policy_words(policy: Mapping[str, Any]) -> tuple[str, ...]:
    """The leaves of an update policy that a rollout writes, in the words of its mark."""
    return tuple(f"{name}={_amount(policy[name])}" for name in HELD if policy.get(name) is not None)


def _amount(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    percent = value.get("percent")
    return str(value.get("fixed") or value.get("calculated") or 0) if percent is None else f"{percent}%"


def policy_held(words: Iterable[str]) -> dict[str, Any]:
    """What `policy_words` made words of."""
    policy: dict[str, Any] = {}
    for name, _, value in (word.partition("=") for word in words if word != UNDO):
        is_amount = name in ("maxSurge", "maxUnavailable")
        policy[name] = _number(value) if is_amount else value
    return policy


def _number(text: str) -> dict[str, int]:
    return {"percent": int(text[:-1])} if text.endswith("%") else {"fixed": int(text)}


def find_run(manager: Mapping[str, Any] | None) -> "RolloutRun | None":
    """The rollout that is marked on a group."""
    line = _marks(manager).get(ROLLOUT_TAG)
    if line is None:
        return None
    from trimtab.providers.run import RolloutRun  # few groups are under a rollout

    return RolloutRun.parse(line)


def _redistribution(item: Mapping[str, Any], place: Place) -> dict[str, Any]:
    policy = dict(item.get("updatePolicy") or {})
    if place.zone:
        policy.pop("instanceRedistributionType", None)
    return policy


def autoscaler_resource(item: Mapping[str, Any], location: str) -> Resource:
    """
    An autoscaler as plans compare it, under the name of its group: a size asked for, a pause and a boost undone.

    A group has one autoscaler, and gcloud and the console name it as they like.
    """
    place = place_of(item)
    pause = find_pause(item)
    description, mark = read_description(unmarked(item.get("description")) or None)
    policy = dict(item.get("autoscalingPolicy") or {})
    if pause is not None and pause.held:
        policy["mode"] = pause.held[0]
    windows = {name: _window(schedule) for name, schedule in planned_schedules(policy).items()}
    body = {
        **drop_empty(zone=place.zone or None),
        "target": item.get("target"),
        "autoscalingPolicy": {**policy, "scalingSchedules": windows},
    }
    key = Key(place.region, AUTOSCALER.name, name_of(str(item.get("target") or item["name"])))
    return _made(
        key,
        body,
        item,
        mark,
        description=description,
        zone=place.zone,
        alias="" if item["name"] == key.name else str(item["name"]),
        paused=pause.line() if pause else None,
        boosted=_marks(item).get(BOOST_TAG),
    )


def _window(schedule: Mapping[str, Any]) -> dict[str, Any]:
    return {**schedule, "timeZone": schedule.get("timeZone") or "UTC", "disabled": bool(schedule.get("disabled"))}


def find_pause(autoscaler: Mapping[str, Any] | None) -> Pause | None:
    """The pause that is marked on an autoscaler."""
    line = _marks(autoscaler).get(PAUSE_TAG)
    return None if line is None else Pause.parse(line)


def find_boost(autoscaler: Mapping[str, Any] | None) -> Boost | None:
    """The boost that is marked on an autoscaler."""
    return Boost.parse(_marks(autoscaler).get(BOOST_TAG, ""))


def _marks(bearer: Mapping[str, Any] | None) -> dict[str, str]:
    return dict(_MARK.findall((bearer or {}).get("description") or ""))


def find_notes(manager: Mapping[str, Any]) -> dict[str, str]:
    """What is noted of rollouts on a group."""
    return {tag: text for tag, text in _marks(manager).items() if tag in NOTES}


def unmarked(description: str | None) -> str:
    """A description without the marks of a pause, of a boost and of a rollout."""
    return _MARK.sub("", description or "")


def previous_of(manager: Mapping[str, Any]) -> list[str]:
    """The templates that a group had before the one that it has, the newest first, as far as it knows them."""
    return _marks(manager).get(PREVIOUS_TAG, "").split()


def previous_line(words: Iterable[str]) -> str:
    """The same as a description takes it; the oldest are left out where there is no room."""
    line = ""
    for word in words:
        if len(line) + 1 + len(word) > LONGEST_PREVIOUS:
            break
        line = f"{line} {word}".strip()
    return line


def with_marks(
    description: str | None, bearer: Mapping[str, Any], **changed: "Pause | Boost | RolloutRun | str | None"
) -> str:
    """
    A description with the marks that an autoscaler bears, or a group.

    Args:
        description: Without marks.
        bearer: What bears them.
        changed: `pause`, `boost`, `rollout`, `previous`, `back` or `driven`, where it is another or none; the last goes
            with the rollout.
    """
    marks: dict[str, Pause | Boost | RolloutRun | str | None] = {
        "pause": find_pause(bearer),
        "boost": find_boost(bearer),
        "previous": _marks(bearer).get(PREVIOUS_TAG),
        "back": _marks(bearer).get(BACK_TAG),
        "rollout": find_run(bearer),
        "driven": _marks(bearer).get(DRIVEN_TAG),
        **changed,
    }
    if not marks["rollout"]:
        marks["driven"] = None
    lines = [f"[{_TAGS[name]} {_line(mark)}]" for name, mark in marks.items() if mark]
    plain = unmarked(description)
    if not lines:
        return plain
    # the mark of the owner stays the last line
    head, _, last = plain.rpartition("\n")
    return "\n".join(part for part in (head, *lines, last) if part)


def _line(mark: "Pause | Boost | RolloutRun | str") -> str:
    text = mark if isinstance(mark, str) else mark.line(*([] if isinstance(mark, Pause | Boost) else [LONGEST_RUN]))
    return text.replace("]", ")")


def template_resource(item: Mapping[str, Any], location: str) -> Resource:
    """An instance template as plans compare it: what Compute Engine adds by itself left out."""
    _, mark = read_description(item.get("description"))
    place = mark.kept.get("location") if mark else None
    key = Key(place or location, TEMPLATE.name, item["name"])
    return _made(key, {"properties": plain_properties(item.get("properties") or {})}, item, mark)


def plain_properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    """A machine in the terms in which a fleet gives it."""
    metadata = [_metadata(entry) for entry in (properties.get("metadata") or {}).get("items") or ()]
    return {
        **properties,
        "disks": [_disk(disk) for disk in properties.get("disks") or ()],
        "networkInterfaces": [_card(card) for card in properties.get("networkInterfaces") or ()],
        "metadata": {"items": sorted(metadata, key=lambda entry: str(entry["key"]))},
        "tags": {"items": sorted((properties.get("tags") or {}).get("items") or ())},
        "serviceAccounts": [
            {"email": account.get("email"), "scopes": sorted(account.get("scopes") or ())}
            for account in properties.get("serviceAccounts") or ()
        ],
    }


def _metadata(item: Mapping[str, Any]) -> dict[str, Any]:
    # a start script stands here, and whatever else somebody's program reads from there; only keys are public
    value = item.get("value", "")
    return {"key": item["key"], "value": value if item["key"] == KEYS else Secret(value)}


def _card(card: Mapping[str, Any]) -> dict[str, Any]:
    # a subnetwork says which network it is in
    network = None if card.get("subnetwork") else card.get("network")
    return drop_empty(**{**card, "network": network})


def _disk(disk: Mapping[str, Any]) -> dict[str, Any]:
    body = {**disk, "boot": bool(disk.get("boot")), "autoDelete": bool(disk.get("autoDelete"))}
    if body["boot"]:
        body.pop("deviceName", None)
    return body


def health_check_resource(item: Mapping[str, Any], location: str) -> Resource:
    """A health check as plans compare it."""
    _, mark = read_description(item.get("description"))
    place = place_of(item)
    return _made(Key(place.region, HEALTH_CHECK.name, item["name"]), dict(item), item, mark)


def backend_resources(service: Mapping[str, Any], managers: Mapping[Key, Mapping[str, Any]]) -> list[Resource]:
    """The backends of a service that are groups of the fleet's project, each contained in its group."""
    by_group = {str(raw.get("instanceGroup", "")): key for key, raw in managers.items()}
    drain = (service.get("connectionDraining") or {}).get("drainingTimeoutSec")
    resources = []
    for backend in service.get("backends") or ():
        key = by_group.get(str(backend.get("group", "")))
        if key is not None:
            body = {**backend, **drop_empty(drain=drain)}
            place = Key(key.location, BACKEND.name, place_name(service.get("selfLink") or service["name"]), key.name)
            resource = _made(place, body, service, None, service=service.get("selfLink"))
            resources.append(replace(resource, item=BALANCERS))
    return resources


def alert_resource(item: Mapping[str, Any], location: str) -> Resource:
    """An alert policy as plans compare it."""
    _, mark = read_tags(item.get("userLabels") or {})
    key = Key((mark.kept.get("location") if mark else None) or location, ALERT_POLICY.name, item["displayName"])
    conditions = [_condition(condition) for condition in item.get("conditions") or ()]
    return _made(key, {**item, "conditions": conditions}, item, mark)


def _condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    body = {name: value for name, value in condition.items() if name != "name"}
    threshold = body.get("conditionThreshold")
    if threshold is not None:
        body["conditionThreshold"] = {"thresholdValue": 0.0, "duration": "0s", **threshold}
    return body


def channel_resource(item: Mapping[str, Any], location: str) -> Resource:
    """A notification channel as plans compare it."""
    _, mark = read_tags(item.get("userLabels") or {})
    name = item.get("displayName") or name_of(item["name"])
    key = Key((mark.kept.get("location") if mark else None) or location, CHANNEL.name, name)
    return _made(key, dict(item), item, mark)


def _made(
    key: Key, body: Mapping[str, Any], item: Mapping[str, Any], mark: Mark | None, **more: Unpack[Attributes]
) -> Resource:
    attributes: Attributes = {
        "link": item.get("selfLink"),
        "name": item.get("name"),
        "fingerprint": item.get("fingerprint"),
        "raw": dict(item),
        **more,
    }
    return Resource(key=key, body=body, group=mark.group if mark else "", mark=mark, attributes=attributes)


Reader = Callable[[Mapping[str, Any], str], Resource]
READERS: Mapping[str, Reader] = {
    TEMPLATE.name: template_resource,
    HEALTH_CHECK.name: health_check_resource,
    MANAGER.name: manager_resource,
    AUTOSCALER.name: autoscaler_resource,
    ALERT_POLICY.name: alert_resource,
    CHANNEL.name: channel_resource,
}
