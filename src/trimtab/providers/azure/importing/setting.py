"""An autoscale setting in the words of the model: bounds, schedules, alarms and policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from trimtab.engine.profiles import Weekday
from trimtab.plan import read_tags
from trimtab.providers.azure.importing.metrics import compared, metric_of, statistic_of
from trimtab.providers.azure.names import iso, read_iso
from trimtab.providers.azure.profiles import DEFAULT, read_twin
from trimtab.providers.azure.zones import iana_zones, windows_zone
from trimtab.providers.importing.names import legal
from trimtab.providers.importing.notes import ImportNote
from trimtab.providers.imports import loss
from trimtab.providers.leaves import Reply
from trimtab.providers.pause import Pause

PROFILES = "properties.profiles"
MINUTE = timedelta(minutes=1)
_DAYS = {day.value: str(number) for number, day in enumerate(Weekday, start=1)}
_WORDS = {"ChangeCount": "change", "PercentChangeCount": "percent", "ExactCount": "to"}
_MODES = {"Enabled": "forecast-and-scale", "ForecastOnly": "forecast-only"}
READ_ONLY: Mapping[str, str] = {
    "id|name|type|location": "the setting itself",
    "properties\\.(name|targetResourceUri|targetResourceLocation)": "what it is about",
    f"{PROFILES}\\[\\d+\\]\\.name": "named by the schedule",
    f"{PROFILES}\\[\\d+\\]\\.recurrence\\.frequency": "always by the week",
    f"{PROFILES}\\[\\d+\\]\\.rules\\[\\d+\\]\\.metricTrigger\\.(timeGrain|metricResourceLocation|dividePerInstance)": (
        "a minute; part of the metric"
    ),
    "properties\\.notifications\\[\\d+\\]\\.(operation|email\\.sendTo.*|webhooks\\[\\d+\\]\\.properties.*)": (
        "as every notification"
    ),
    "properties\\.predictiveAutoscalePolicy\\.scaleMode": "Disabled without a predictive policy",
}


@dataclass
class SettingReading:
    """Reads one setting."""

    reply: Reply
    paused: Pause | None
    notes: list[ImportNote] = field(default_factory=list)

    def fields(self) -> dict[str, Any]:
        """The fields of a group that the setting says."""
        base = self._default_profile()
        low, high, default = self._sizes(base, "capacity")
        policies, alarms = self._rules(base)
        self._same_rules(base)
        if self.reply.take("properties.enabled", "policies") is False and self.paused is None:
            self.reply.lose("properties.enabled", "the setting is disabled; a plan enables it, pause the group instead")
        found: dict[str, Any] = {
            "capacity": {"min": low, "max": high},
            "policies": {**policies, **self._predictive(alarms)},
            "alarms": alarms,
            "schedules": self._schedules(base, (low, high)),
            "azure": {"notify_scaling": self._told()},
        }
        if default != low:
            found["azure"]["default_capacity"] = default
        found["azure"] = {name: value for name, value in found["azure"].items() if value not in ([], None)}
        return found

    @property
    def _profiles(self) -> Sequence[Mapping[str, Any]]:
        return self.reply.peek(PROFILES) or ()

    def _default_profile(self) -> int:
        plain = [
            place for place, one in enumerate(self._profiles) if not one.get("recurrence") and not one.get("fixedDate")
        ]
        named = [place for place, one in enumerate(self._profiles) if one["name"] == DEFAULT]
        return (plain or named or [0])[0]

    def _sizes(self, place: int, model: str) -> tuple[int, int, int]:
        path = f"{PROFILES}[{place}].capacity"
        found = [
            int(self.reply.take(f"{path}.{name}", f"{model}.{ours}") or 0)
            for name, ours in (("minimum", "min"), ("maximum", "max"), ("default", "desired"))
        ]
        return found[0], found[1], found[2]

    # rules

    def _rules(self, base: int) -> tuple[dict[str, Any], dict[str, Any]]:
        policies: dict[str, Any] = {}
        alarms: dict[str, Any] = {}
        for place, rule in enumerate(self._profiles[base].get("rules") or ()):
            path = f"{PROFILES}[{base}].rules[{place}]"
            alarm = self._alarm(path, rule)
            amount = self._amount(path, rule)
            if alarm is None or amount is None:
                self.reply.lose(path, "no alarm and policy of the model say this rule; a plan removes it")
                continue
            name = self._policy(policies, amount)
            alarms[_free(alarms, _alarm_name(alarm))] = {**alarm, "triggers": [name]}
        return policies, alarms

    def _alarm(self, path: str, rule: Mapping[str, Any]) -> dict[str, Any] | None:
        trigger = rule["metricTrigger"]
        named = {one["DimensionName"]: one["Values"][0] for one in trigger.get("dimensions") or ()}
        shared = bool(trigger.get("dividePerInstance"))
        metric, native = metric_of(
            trigger["metricResourceUri"], trigger["metricName"], trigger.get("metricNamespace"), named, shared=shared
        )
        comparison = compared(trigger["operator"], trigger["threshold"], native)
        if not comparison or trigger["timeGrain"] != iso(MINUTE):
            return None
        for name, model in _TRIGGER.items():
            self.reply.take(f"{path}.metricTrigger.{name}", f"alarms.*.{model}")
        window = read_iso(trigger["timeWindow"])
        statistic = statistic_of(trigger["statistic"], trigger["timeAggregation"], native)
        given = {"statistic": statistic} if statistic != "average" and not native.counts else {}
        return {"metric": metric, **given, **comparison, "period": MINUTE, "periods": window // MINUTE}

    def _amount(self, path: str, rule: Mapping[str, Any]) -> dict[str, Any] | None:
        action = rule["scaleAction"]
        word, value = _WORDS.get(action["type"]), int(action.get("value") or 0)
        if word is None or (action["direction"] == "None" and word != "to"):
            return None
        for name, model in (("direction", word), ("type", word), ("value", word), ("cooldown", "cooldown")):
            self.reply.take(f"{path}.scaleAction.{name}", f"policies.*.{model}")
        signed = -value if action["direction"] == "Decrease" and word != "to" else value
        return {word: signed, "cooldown": read_iso(action["cooldown"])}

    def _policy(self, policies: dict[str, Any], amount: Mapping[str, Any]) -> str:
        """The policy that does this: one that is there already, else a new one, by its name in the mark."""
        for name, there in policies.items():
            if there == amount:
                return name
        word, value = next((word, amount[word]) for word in _WORDS.values() if word in amount)
        _, mark = read_tags(self.reply.peek("tags") or {})
        kept = [one.split("=", 1) for one in (mark.kept.get("policies", "") if mark else "").split()]
        names = [name for name, text in kept if text == f"{word}:{value}" and name not in policies]
        way = "scale-in" if value < 0 else "scale-to" if word == "to" else "scale-out"
        name = names[0] if names else _free(policies, way)
        policies[name] = dict(amount)
        return name

    def _same_rules(self, base: int) -> None:
        """Rules are copied from profile to profile; one with rules of its own has no words in the model."""
        wanted = _without_order(self._profiles[base].get("rules") or ())
        for place, profile in enumerate(self._profiles):
            path = f"{PROFILES}[{place}].rules"
            if place == base:
                continue
            if _without_order(profile.get("rules") or ()) == wanted:
                self.reply.known(path, "the default profile's, copied")
            else:
                self.reply.lose(path, "a profile has the group's rules; a plan copies them over its own")

    def _predictive(self, alarms: Mapping[str, Any]) -> dict[str, Any]:
        path = "properties.predictiveAutoscalePolicy"
        mode = _MODES.get(str(self.reply.peek(f"{path}.scaleMode")))
        if mode is None:
            return {}
        self.reply.take(f"{path}.scaleMode", "policies.*.mode")
        ahead = self.reply.take(f"{path}.scaleLookAheadTime", "policies.*.buffer")
        target = next((one["above"] for one in alarms.values() if one["metric"] == "cpu" and "above" in one), 70)
        found = {"type": "predictive", "metric": "cpu", "target": target, "mode": mode, "approximate": True}
        return {"predictive": {**found, **({"buffer": read_iso(ahead)} if ahead else {})}}

    def _told(self) -> list[str]:
        found: list[str] = []
        for place in range(len(self.reply.peek("properties.notifications") or ())):
            path = f"properties.notifications[{place}]"
            found += self.reply.take(f"{path}.email.customEmails", "azure.notify_scaling") or []
            for number in range(len(self.reply.peek(f"{path}.webhooks") or ())):
                found.append(str(self.reply.take(f"{path}.webhooks[{number}].serviceUri", "azure.notify_scaling")))
        return found

    # schedules

    def _schedules(self, base: int, bounds: tuple[int, int]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        ends = {
            ended: place for place, one in enumerate(self._profiles) if (ended := read_twin(one["name"])) is not None
        }
        for place, profile in enumerate(self._profiles):
            if place == base or read_twin(profile["name"]) is not None:
                continue
            low, high, _ = self._sizes(place, "schedules.*")
            name = _free(found, legal(profile["name"], "schedule"))
            sizes = {"min": low, "max": high}
            when = self._fixed(place) if profile.get("fixedDate") else self._recurring(place)
            end = ends.get(profile["name"])
            if end is not None:
                self._end(end, bounds)
                when["until"] = self._recurring(end)["cron"]
            found[name] = {**when, **sizes}
        return found

    def _end(self, place: int, bounds: tuple[int, int]) -> None:
        low, high, _ = self._sizes(place, "capacity")
        if (low, high) != bounds:
            reason = "after a window the group's own sizes hold; a plan writes these over them"
            self.reply.lose(f"{PROFILES}[{place}].capacity", reason)

    def _recurring(self, place: int) -> dict[str, Any]:
        path = f"{PROFILES}[{place}].recurrence.schedule"
        days, hours, minutes = (
            self.reply.take(f"{path}.{name}", "schedules.*.cron") or () for name in ("days", "hours", "minutes")
        )
        numbers = sorted(int(_DAYS[day]) for day in days)
        week = "*" if len(numbers) == 7 else "1-5" if numbers == [1, 2, 3, 4, 5] else ",".join(map(str, numbers))
        cron = f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * {week}"
        return {"cron": cron, "zone": self._zone(f"{path}.timeZone")}

    def _fixed(self, place: int) -> dict[str, Any]:
        path = f"{PROFILES}[{place}].fixedDate"
        zone = self._zone(f"{path}.timeZone")
        local = ZoneInfo(zone)
        start, end = (
            datetime.fromisoformat(self.reply.take(f"{path}.{name}", f"schedules.*.{model}")).replace(tzinfo=local)
            for name, model in (("start", "at"), ("end", "duration"))
        )
        return {"at": start.replace(tzinfo=None), "zone": zone, "duration": end - start}

    def _zone(self, path: str) -> str:
        windows = str(self.reply.take(path, "schedules.*.zone") or "UTC")
        _, mark = read_tags(self.reply.peek("tags") or {})
        kept = mark.kept.get("zone", "") if mark else ""
        if kept and windows_zone(kept) == windows:
            return kept
        known = iana_zones(windows)
        if len(known) > 1 and not any(note.path == "time zone" for note in self.notes):
            reason = f"{len(known)} zones of IANA go by this name; {known[0]} is taken, correct it if it is another"
            self.notes.append(loss(path="time zone", value=windows, reason=reason))
        return known[0] if known else "UTC"


_TRIGGER: Mapping[str, str] = {
    "metricName": "metric",
    "metricNamespace": "metric",
    "metricResourceUri": "metric",
    "dimensions": "metric",
    "dividePerInstance": "metric",
    "timeGrain": "period",
    "timeWindow": "periods",
    "statistic": "statistic",
    "timeAggregation": "statistic",
    "operator": "above",
    "threshold": "above",
}


def _alarm_name(alarm: Mapping[str, Any]) -> str:
    metric = alarm["metric"]
    name = metric if isinstance(metric, str) else metric.get("name") or metric.get("custom")
    word = next(word for word in ("above", "at_least", "below", "at_most") if word in alarm)
    return legal(f"{name}-{word}", "alarm")


def _free(taken: Mapping[str, Any], name: str) -> str:
    return next(one for one in (name, *(f"{name}-{number}" for number in range(2, 99))) if one not in taken)


def _without_order(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted(str(sorted(rule.items(), key=str)) for rule in rules)
