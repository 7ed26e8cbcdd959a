"""An autoscale setting in the words of the model: bounds, schedules, alarms and policies."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from trimtab.engine.profiles import Weekday
from trimtab.plan import Resource
from trimtab.providers.azure.autoscaler import ADMINISTRATORS
from trimtab.providers.azure.importing.group import duration
from trimtab.providers.azure.importing.policies import Rules
from trimtab.providers.azure.importing.template import at
from trimtab.providers.azure.names import iana_zones, windows_zone
from trimtab.providers.azure.schedules import DEFAULT, read_twin
from trimtab.providers.importing import legal_item, unused
from trimtab.providers.importing.building import whole

_DAYS = {day.value: str(number) for number, day in enumerate(Weekday, start=1)}
_MODES = {"Enabled": "forecast-and-scale", "ForecastOnly": "forecast-only"}
TARGET = 70
"""Of a forecast that no rule on CPU goes with."""
Body = Mapping[str, Any]


@dataclass(frozen=True)
class SettingRead:
    """What one setting says: fields of a group, its origins and reasons by the path in the setting's body."""

    fields: Mapping[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    zone: str = ""
    """Of several IANA zones that go by one name of Windows, which one was taken."""


def read_setting(item: Resource, taken: Collection[str]) -> SettingRead:
    """The fields of a group that a setting says, as plans read it; no alarm has a name that is taken."""
    profiles: Sequence[Body] = at(item.body, "properties.profiles") or ()
    kept = item.mark.kept if item.mark else {}
    if not profiles:
        return SettingRead({"capacity": {"min": 0, "max": 0}})
    base = _default_profile(profiles)
    rules = Rules(
        kept=dict(pair.split("=", 1) for pair in kept.get("policies", "").split() if "=" in pair), taken=taken
    )
    rules.take(base.get("rules") or ())
    low, high, default = _sizes(base)
    schedules, origins = _schedules(profiles, kept.get("zone", ""))
    told = list(_told(at(item.body, "properties.notifications") or ()))
    azure = {
        **({"default_capacity": default} if default != low else {}),
        **({"notify_scaling": told} if told else {}),
    }
    where = f"properties.profiles[{base['name']}].rules"
    return SettingRead(
        fields={
            "capacity": {"min": low, "max": high},
            "policies": {**rules.policies, **_predictive(item.body, rules.alarms)},
            "alarms": rules.alarms,
            "schedules": schedules,
            "azure": azure,
            "unmanaged": ["policies", "alarms"] if at(item.body, "properties.enabled") is False else [],
        },
        origins={**{f"alarms.{name}": f"{where}[{rule}]" for name, rule in rules.origins.items()}, **origins},
        reasons={f"{where}[{rule}]": text for rule, text in rules.refused.items()},
        zone=next((text for profile in profiles if (text := _doubt(_windows(profile), kept.get("zone", "")))), ""),
    )


def _default_profile(profiles: Sequence[Body]) -> Body:
    plain = [profile for profile in profiles if not profile.get("recurrence") and not profile.get("fixedDate")]
    named = [profile for profile in profiles if profile["name"] == DEFAULT]
    return (plain or named or profiles)[0]


def _sizes(profile: Body) -> tuple[int, int, int]:
    capacity = profile.get("capacity") or {}
    return whole(capacity.get("minimum")), whole(capacity.get("maximum")), whole(capacity.get("default"))


def _predictive(body: Body, alarms: Body) -> dict[str, Any]:
    policy = at(body, "properties.predictiveAutoscalePolicy") or {}
    mode = _MODES.get(str(policy.get("scaleMode")))
    if mode is None:
        return {}
    target = next(
        (alarm["above"] for alarm in alarms.values() if alarm["metric"] == "cpu" and "above" in alarm), TARGET
    )
    ahead = duration(policy.get("scaleLookAheadTime"))
    fields = {"type": "predictive", "metric": "cpu", "target": target, "mode": mode, "approximate": True}
    return {"predictive": {**fields, **({"buffer": ahead} if ahead else {})}}


def _told(notifications: Sequence[Body]) -> Iterator[str]:
    for notification in notifications:
        yield from (word for word, name in ADMINISTRATORS.items() if at(notification, f"email.{name}"))
        yield from at(notification, "email.customEmails") or ()
        yield from (str(hook["serviceUri"]) for hook in notification.get("webhooks") or () if hook.get("serviceUri"))


# schedules


def _schedules(profiles: Sequence[Body], kept: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Schedules by name, and the profiles that they and their ends were read from."""
    schedules: dict[str, Any] = {}
    origins: dict[str, str] = {}
    ends = {ended: twin for twin in profiles if (ended := read_twin(twin["name"])) is not None}
    for profile in profiles:
        is_plain = not profile.get("fixedDate") and not profile.get("recurrence")
        if is_plain or read_twin(profile["name"]) is not None:
            continue
        low, high, _ = _sizes(profile)
        fixed, zone = profile.get("fixedDate"), _zone(_windows(profile), kept)
        when = _fixed(fixed, zone) if fixed else _recurring(profile)
        if not fixed and profile["name"] in ends:
            when["until"] = _recurring(ends[profile["name"]])["cron"]
        name = unused(legal_item(profile["name"], "schedule"), schedules)
        schedules[name] = {**when, "zone": zone, "min": low, "max": high}
        origins[f"schedules.{name}"] = f"properties.profiles[{profile['name']}]"
        if "until" in when:
            origins[f"schedules.{name}.until"] = f"properties.profiles[{ends[profile['name']]['name']}]"
    return schedules, origins


def _windows(profile: Body) -> str:
    fixed, recurring = at(profile, "fixedDate.timeZone"), at(profile, "recurrence.schedule.timeZone")
    return str(fixed or recurring or "UTC")


def _recurring(profile: Body) -> dict[str, Any]:
    schedule = at(profile, "recurrence.schedule") or {}
    numbers = sorted(int(_DAYS[day]) for day in schedule.get("days") or () if day in _DAYS)
    week = "*" if len(numbers) == 7 else "1-5" if numbers == [1, 2, 3, 4, 5] else ",".join(map(str, numbers))
    minutes, hours = (",".join(map(str, schedule.get(name) or ())) for name in ("minutes", "hours"))
    return {"cron": f"{minutes} {hours} * * {week}"}


def _fixed(fixed: Body, zone: str) -> dict[str, Any]:
    start, end = (_moment(str(fixed.get(name))) for name in ("start", "end"))
    if start is None or end is None:
        return {"at": fixed.get("start")}
    local = ZoneInfo(zone)
    return {"at": start, "duration": end.replace(tzinfo=local) - start.replace(tzinfo=local)}


def _moment(text: str) -> datetime | None:
    """A moment by the clock on the wall: the Z that Azure writes after it means nothing."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _zone(windows: str, kept: str) -> str:
    """The IANA zone that the mark keeps, else the one that stands for all of that name."""
    if kept and windows_zone(kept) == windows:
        return kept
    return next(iter(iana_zones(windows)), "UTC")


def _doubt(windows: str, kept: str) -> str:
    known = iana_zones(windows)
    if len(known) < 2 or (kept and windows_zone(kept) == windows):
        return ""
    return f'"{windows}" stands for {len(known)} IANA zones; {known[0]} was chosen: correct `zone` if it is another'
