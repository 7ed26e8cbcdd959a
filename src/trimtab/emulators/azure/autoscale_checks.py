"""What the service refuses about an autoscale setting."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from tzlocal.windows_tz import win_tz

from trimtab.emulators.azure.bodies import find
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.moments import read_iso_span
from trimtab.engine.profiles import MOST_PROFILES
from trimtab.engine.rules import MOST_INSTANCES

_DAYS = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
_COUNTS = ("changecount", "percentchangecount", "exactcount")


def check_setting(properties: Mapping[str, Any]) -> None:
    """
    Refuse a setting that the service does not take.

    Raises:
        ServiceError: `InvalidArgument`, with the property that is wrong.
    """
    profiles = properties.get("profiles") or []
    if not 1 <= len(profiles) <= MOST_PROFILES:
        raise _wrong("profiles", f"a setting has 1 to {MOST_PROFILES} profiles, not {len(profiles)}")
    names = [profile["name"] for profile in profiles]
    if len(set(names)) < len(names):
        raise _wrong("profiles", "the names of profiles are unique")
    if sum(_is_default(profile) for profile in profiles) > 1:
        raise _wrong("profiles", "only one profile has neither a fixed date nor a recurrence")
    for profile in profiles:
        _check_profile(profile)
    _check_notifications(properties.get("notifications") or [])
    _check_prediction(properties)


def _check_profile(profile: Mapping[str, Any]) -> None:
    where = f"profiles['{profile['name']}']"
    _check_capacity(profile["capacity"], where)
    rules = profile.get("rules") or []
    for index, rule in enumerate(rules):
        _check_rule(rule, f"{where}.rules[{index}]")
    if profile.get("fixedDate") and profile.get("recurrence"):
        raise _wrong(where, "a profile has a fixed date or a recurrence, not both")
    if profile.get("recurrence"):
        _check_recurrence(profile["recurrence"], f"{where}.recurrence")
    if profile.get("fixedDate"):
        _check_fixed_date(profile["fixedDate"], f"{where}.fixedDate")


def _check_capacity(capacity: Mapping[str, str], where: str) -> None:
    values = []
    for name in ("minimum", "default", "maximum"):
        text = str(capacity[name])
        if not text.isdigit() or int(text) > MOST_INSTANCES:
            raise _wrong(f"{where}.capacity.{name}", f"'{text}' is not a number of 0 to {MOST_INSTANCES}")
        values.append(int(text))
    if values != sorted(values):
        text = f"minimum <= default <= maximum does not hold for {values[0]}, {values[1]}, {values[2]}"
        raise _wrong(f"{where}.capacity", text)


def _check_rule(rule: Mapping[str, Any], where: str) -> None:
    trigger, action = rule["metricTrigger"], rule["scaleAction"]
    _span(trigger["timeGrain"], f"{where}.metricTrigger.timeGrain")
    _span(trigger["timeWindow"], f"{where}.metricTrigger.timeWindow")
    _span(action["cooldown"], f"{where}.scaleAction.cooldown")
    value, kind = str(action.get("value") or "1"), str(action["type"]).lower()
    if kind in _COUNTS and not value.isdigit():
        raise _wrong(f"{where}.scaleAction.value", f"'{value}' is not a number")


def _check_recurrence(recurrence: Mapping[str, Any], where: str) -> None:
    if str(recurrence["frequency"]).lower() != "week":
        raise _wrong(f"{where}.frequency", "only the frequency Week is supported")
    schedule = recurrence["schedule"]
    _check_zone(schedule["timeZone"], f"{where}.schedule.timeZone")
    days = [str(day).lower() for day in schedule["days"]]
    if not days or not set(days) <= _DAYS:
        raise _wrong(f"{where}.schedule.days", f"expected days of the week, Monday to Sunday, not {schedule['days']}")
    for name, most in (("hours", 23), ("minutes", 59)):
        numbers = schedule[name]
        # https://learn.microsoft.com/rest/api/monitor/autoscalesettings: one hour and one minute only
        if len(numbers) != 1 or not 0 <= numbers[0] <= most:
            raise _wrong(f"{where}.schedule.{name}", f"there is one number of 0 to {most}, not {numbers}")


def _check_fixed_date(date: Mapping[str, Any], where: str) -> None:
    _check_zone(date.get("timeZone") or "UTC", f"{where}.timeZone")
    if str(date["start"]) >= str(date["end"]):
        raise _wrong(where, "a fixed date ends after it starts")


def _check_zone(zone: str, where: str) -> None:
    if zone != "UTC" and zone not in win_tz:
        raise _wrong(where, f"expected a Windows time zone, such as 'UTC', not '{zone}'")


def _check_notifications(notifications: list[Mapping[str, Any]]) -> None:
    if len(notifications) > 1:
        raise _wrong("notifications", "a setting has one notification at most")
    for text in _webhooks(notifications):
        if not text.startswith(("http://", "https://")):
            raise _wrong("notifications[0].webhooks", f"expected an http or https address, not '{text}'")


def _webhooks(notifications: list[Mapping[str, Any]]) -> Iterator[str]:
    for each in notifications:
        for hook in each.get("webhooks") or ():
            yield str(hook.get("serviceUri") or "")


def _check_prediction(properties: Mapping[str, Any]) -> None:
    ahead = find(properties, "predictiveAutoscalePolicy.scaleLookAheadTime")
    where = "predictiveAutoscalePolicy.scaleLookAheadTime"
    if ahead:
        _span(ahead, where)


def _is_default(profile: Mapping[str, Any]) -> bool:
    return not profile.get("fixedDate") and not profile.get("recurrence")


def _span(text: str, where: str) -> timedelta:
    try:
        return read_iso_span(text)
    except ValueError as error:
        raise _wrong(where, str(error)) from error


def _wrong(name: str, why: str) -> ServiceError:
    return ServiceError("InvalidArgument", f"The property '{name}' has an invalid value: {why}.")
