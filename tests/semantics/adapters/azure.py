from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from tests.semantics.adapters import adapter
from trimtab.engine import aggregates, autoscale, profiles
from trimtab.engine.aggregates import Statistic, TimeAggregation
from trimtab.engine.autoscale import Cooldown, CooldownMode
from trimtab.engine.profiles import FixedDate, Profile, Recurrence, Weekday
from trimtab.engine.rules import ChangeType, MetricRule, Operator, ProfileCapacity, ScaleAction, ScaleDirection
from trimtab.providers.azure.constraints import CONSTRAINTS

OPERATORS = {
    "=": Operator.EQUALS,
    "!=": Operator.NOT_EQUALS,
    ">": Operator.GREATER_THAN,
    ">=": Operator.GREATER_THAN_OR_EQUAL,
    "<": Operator.LESS_THAN,
    "<=": Operator.LESS_THAN_OR_EQUAL,
}


def action_of(rule):
    return ScaleAction(ScaleDirection(rule["direction"]), ChangeType(rule["type"]), rule.get("value", 1))


def rule_of(rule):
    return MetricRule(
        rule["metric"],
        OPERATORS[rule["operator"]],
        rule["threshold"],
        action_of(rule),
        divide_per_instance=rule.get("divide_per_instance", False),
    )


def limits_of(given):
    return ProfileCapacity(given.get("min") or 0, given.get("max") or 10**9, given.get("default"))


@adapter("evaluate", "instances", "rules")
@adapter("evaluate_rules")
def evaluate(given):
    found = autoscale.evaluate_rules(
        [rule_of(rule) for rule in given["rules"]],
        given["metrics"],
        current=given["instances"],
        limits=limits_of(given),
        flapping_check=given.get("flapping_check", True),
    )
    return {
        "action": found.direction.value,
        "new_capacity": found.size,
        "flapping": found.flapping,
        "flapping_adjusted": found.flapping_adjusted,
        "estimate": found.estimates,
    }


@adapter("combine", "triggered")
def combine(given):
    size = autoscale.combined_size(given["instances"], [action_of(rule) for rule in given["triggered"]])
    return {"new_capacity": limits_of(given).nearest(size)}


@adapter("enforce_limits")
def enforce_limits(given):
    return {"new_capacity": limits_of(given).nearest(given["current"])}


@adapter("metrics_unavailable")
def metrics_unavailable(given):
    return {"new_capacity": autoscale.size_without_metrics(given["current"], limits_of(given))}


@adapter("observe")
def observe(given):
    rule = MetricRule(
        "metric",
        OPERATORS[given.get("operator", ">")],
        given.get("threshold", 0),
        ScaleAction(ScaleDirection.INCREASE),
        divide_per_instance=given.get("divide_per_instance", False),
    )
    observed = rule.observed(given["raw_value"], given["instances"])
    return {"observed": observed, "triggered": rule.fires(observed)}


@adapter("aggregate")
def aggregate(given):
    value = aggregates.aggregate(
        [samples or [] for samples in given["samples_per_grain_by_instance"]],
        statistic=Statistic(given.get("statistic", "Average")),
        time_aggregation=TimeAggregation(given.get("time_aggregation", "Average")),
    )
    return {"value": value}


@adapter("cooldown_allows")
def cooldown_allows(given):
    if not given.get("last_action_at"):
        return {"allowed": True}
    cooldowns = {way: timedelta(minutes=given[f"scale_{way}_cooldown_min"]) for way in ("out", "in")}
    # times of day: a last action later than now was yesterday
    since = (clock(given["now"]) - clock(given["last_action_at"])) % timedelta(days=1)
    mode = CooldownMode(given.get("mode", "last_fired_rule").replace("_", "-"))
    wait = Cooldown(since, cooldowns[given["last_action"]], mode)
    return {"allowed": wait.allows(cooldowns[given["candidate"]])}


def clock(text):
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


@adapter("validate_lookahead")
def validate_lookahead(given):
    minutes = given["minutes"]
    body = {} if minutes is None else {"scaleLookAheadTime": f"PT{round(minutes * 60)}S"}
    setting = {"properties": {"predictiveAutoscalePolicy": body}}
    return {"valid": not list(CONSTRAINTS.breaches("autoscale-setting", setting))}


@adapter("active_profile")
def active_profile(given):
    at = datetime.fromisoformat(given["at"]).astimezone(UTC)
    found = profiles.active_profile([profile_of(profile) for profile in given["profiles"]], at)
    return {"profile": found.name if found else None}


def profile_of(profile):
    return Profile(profile["name"], recurrence_of(profile.get("recurrence")), fixed_date_of(profile.get("fixed_date")))


def recurrence_of(given):
    if given is None:
        return None
    days = tuple(Weekday(day) for day in given["days"])
    return Recurrence(zone_of(given), days, tuple(given["hours"]), tuple(given["minutes"]))


def fixed_date_of(given):
    if given is None:
        return None
    zone = ZoneInfo(zone_of(given))
    start, end = (datetime.fromisoformat(given[edge]).replace(tzinfo=zone) for edge in ("start", "end"))
    return FixedDate(start, end)


def zone_of(given):
    return win_tz[given.get("time_zone") or "UTC"]
