"""The vendors' tables of Azure rules, through the emulator's HTTP doors and the real SDK."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure_bench import SET_KIND, START, Azure
from tests.semantics.cases import Case, mismatches, read_cases

FILES = ("azure_flapping", "azure_profiles")
Given = Mapping[str, Any]
Adapter = Callable[[Azure, Given], dict[str, Any]]
ADAPTERS: dict[str, Adapter] = {}
NOT_AT_THE_WIRE = {
    "combine": "which rules fire is part of what the service decides; rows of `evaluate` show combinations",
    "observe": "a value divided by the instances is an input of the decision that no call answers",
    "validate_lookahead": "the service refuses the setting; the check of bodies has its own test",
    "cooldown_allows": "two readings of the same page; the emulator keeps the wait of the last rule that fired",
}
"""Rows that no call can show, and why."""
UNSEEN = {"estimate", "flapping", "flapping_adjusted", "observed", "triggered"}
"""What a row expects and no reply tells."""
OPERATORS = {
    "=": "Equals",
    "!=": "NotEquals",
    ">": "GreaterThan",
    ">=": "GreaterThanOrEqual",
    "<": "LessThan",
    "<=": "LessThanOrEqual",
}
MINUTE = timedelta(minutes=1)


def at_the_wire(op: str) -> Callable[[Adapter], Adapter]:
    def register(adapter: Adapter) -> Adapter:
        ADAPTERS[op] = adapter
        return adapter

    return register


def rows(folder: Path) -> Iterator[Case]:
    for case in read_cases(folder / "semantics"):
        if case.source.partition(".json")[0] in FILES:
            yield case


def test_every_op_is_at_the_wire_or_has_its_reason(shared: Path) -> None:
    ops = {case.given["op"] for case in rows(shared)}
    assert ops == set(ADAPTERS) | set(NOT_AT_THE_WIRE)
    assert not set(ADAPTERS) & set(NOT_AT_THE_WIRE)


def put_setting(azure: Azure, profiles: Sequence[Mapping[str, Any]]) -> None:
    body = {
        "location": "eastus",
        "properties": {
            "enabled": True,
            "targetResourceUri": azure.id_of(SET_KIND, "web"),
            "profiles": list(profiles),
        },
    }
    reply = azure.ask("PUT", "Microsoft.Insights/autoscalesettings/web", body, version="2022-10-01")
    assert reply.status in (200, 201), reply


def sizes(low: int, high: int, default: int) -> dict[str, str]:
    return {"minimum": str(low), "maximum": str(high), "default": str(default)}


def rule_of(azure: Azure, rule: Given) -> dict[str, Any]:
    return {
        "metricTrigger": {
            "metricName": rule["metric"],
            "metricNamespace": "rows",
            "metricResourceUri": azure.id_of(SET_KIND, "web"),
            "timeGrain": "PT1M",
            "statistic": "Average",
            "timeWindow": "PT5M",
            "timeAggregation": "Average",
            "operator": OPERATORS[rule["operator"]],
            "threshold": rule["threshold"],
            "dividePerInstance": rule.get("divide_per_instance", False),
        },
        "scaleAction": {
            "direction": rule["direction"],
            "type": rule["type"],
            "value": str(rule.get("value", 1)),
            "cooldown": "PT1M",
        },
    }


def measure(azure: Azure, metrics: Mapping[str, float | None]) -> None:
    points = [
        {"resource": azure.id_of(SET_KIND, "web"), "namespace": "rows", "metric": name, "value": value}
        for name, value in metrics.items()
        if value is not None
    ]
    azure.doors.push(points)


@at_the_wire("evaluate")
def evaluate(azure: Azure, given: Given) -> dict[str, Any]:
    """The size after one run of the service over a setting with these rules."""
    size, low, high = given["instances"], given.get("min") or 0, given.get("max") or 200
    azure.make_set(capacity=size)
    measure(azure, given["metrics"])
    put_setting(
        azure,
        [
            {
                "name": "rows",
                "capacity": sizes(low, high, min(size, high)),
                "rules": [rule_of(azure, rule) for rule in given["rules"]],
            }
        ],
    )
    azure.doors.advance(MINUTE)
    after = azure.size()
    return {"new_capacity": after, "action": "out" if after > size else "in" if after < size else "none"}


@at_the_wire("evaluate_rules")
def evaluate_rules(azure: Azure, given: Given) -> dict[str, Any]:
    return evaluate(azure, given)


@at_the_wire("enforce_limits")
def enforce_limits(azure: Azure, given: Given) -> dict[str, Any]:
    azure.make_set(capacity=given["current"])
    put_setting(azure, [{"name": "rows", "capacity": sizes(given["min"], given["max"], given["min"]), "rules": []}])
    azure.doors.advance(MINUTE)
    return {"new_capacity": azure.size()}


@at_the_wire("metrics_unavailable")
def metrics_unavailable(azure: Azure, given: Given) -> dict[str, Any]:
    azure.make_set(capacity=given["current"])
    rule = {"metric": "nobody", "operator": ">", "threshold": 1, "direction": "Increase", "type": "ChangeCount"}
    capacity = sizes(given["min"], given["max"], given["default"])
    put_setting(azure, [{"name": "rows", "capacity": capacity, "rules": [rule_of(azure, rule)]}])
    azure.doors.advance(timedelta(minutes=10))
    return {"new_capacity": azure.size()}


@at_the_wire("aggregate")
def aggregate(azure: Azure, given: Given) -> dict[str, Any]:
    """Thresholds close in on the value that a rule sees: it fires up to the value, and not above it."""
    return {"value": _fired(azure, given)}


def _fired(azure: Azure, given: Given) -> float:
    """The largest whole threshold at which a rule `>= threshold` fires, by halving."""
    samples = given["samples_per_grain_by_instance"]
    low, high = 0, 200
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _fires(azure, given, samples, middle) else (low, middle)
    return low


def _fires(azure: Azure, given: Given, samples: Sequence[Sequence[float]], threshold: float) -> bool:
    azure.doors.reset()
    azure.doors.set_clock(START, freeze=True)
    azure.make_ground()
    azure.make_set(capacity=2)
    for grain in samples:
        points = [
            {
                "resource": azure.id_of(SET_KIND, "web"),
                "namespace": "rows",
                "metric": "m",
                "value": value,
                "dimensions": {"VMName": f"web_{number}"},
            }
            for number, value in enumerate(grain)
        ]
        azure.doors.push(points)
        azure.doors.advance(MINUTE)
    rule = rule_of(
        azure,
        {"metric": "m", "operator": ">=", "threshold": threshold, "direction": "Increase", "type": "ChangeCount"},
    )
    rule["metricTrigger"] |= {"statistic": given["statistic"], "timeAggregation": given["time_aggregation"]}
    put_setting(azure, [{"name": "rows", "capacity": sizes(1, 9, 2), "rules": [rule]}])
    azure.doors.advance(MINUTE)
    return azure.size() > 2


@at_the_wire("active_profile")
def active_profile(azure: Azure, given: Given) -> dict[str, Any]:
    """Each profile holds the size at a number of its own: the size says which one is active."""
    at = datetime.fromisoformat(given["at"])
    azure.doors.set_clock(at - timedelta(seconds=5), freeze=True)
    azure.make_set(capacity=1)
    profiles = []
    for number, profile in enumerate(given["profiles"], start=2):
        body: dict[str, Any] = {"name": profile["name"], "capacity": sizes(number, number, number), "rules": []}
        if recurrence := profile.get("recurrence"):
            schedule = {
                "timeZone": recurrence["time_zone"],
                "days": recurrence["days"],
                "hours": recurrence["hours"],
                "minutes": recurrence["minutes"],
            }
            body["recurrence"] = {"frequency": "Week", "schedule": schedule}
        if fixed := profile.get("fixed_date"):
            body["fixedDate"] = {"timeZone": fixed["time_zone"], "start": fixed["start"], "end": fixed["end"]}
        profiles.append(body)
    put_setting(azure, profiles)
    azure.doors.set_clock(at, freeze=True)
    azure.doors.advance(timedelta(seconds=40))
    return {"profile": given["profiles"][azure.size() - 2]["name"]}


@pytest.mark.parametrize(
    "op", ["active_profile", "aggregate", "enforce_limits", "evaluate", "evaluate_rules", "metrics_unavailable"]
)
def test_rows_hold(azure: Azure, shared: Path, op: str) -> None:
    found = [case for case in rows(shared) if case.given["op"] == op]
    assert found
    wrong = []
    for case in found:
        azure.doors.reset()
        azure.doors.set_clock(START, freeze=True)
        azure.make_ground()
        expected = {name: value for name, value in case.expect.items() if name not in UNSEEN}
        wrong += [f"{case.id}: {text}" for text in mismatches(ADAPTERS[op](azure, case.given), expected)]
    assert not wrong, "\n".join(wrong)
