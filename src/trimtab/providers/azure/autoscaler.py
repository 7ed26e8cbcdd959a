"""A group's bounds, schedules, alarms and policies as one autoscale setting; pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from trimtab.engine.schedules import InForce
from trimtab.models import MetricSource, PredictiveMode, PredictivePolicy, ScalingGroup
from trimtab.plan import Ref
from trimtab.providers.alarms import is_web_address
from trimtab.providers.azure.metrics import NATIVE
from trimtab.providers.azure.names import iso
from trimtab.providers.azure.policies import INCREASE, AutoscaleRule
from trimtab.providers.azure.schedules import TimedProfile, profiles_of

MODES = {PredictiveMode.FORECAST_ONLY: "ForecastOnly", PredictiveMode.FORECAST_AND_SCALE: "Enabled"}
DISABLED = "Disabled"


class Setting(NamedTuple):
    """A setting's body, and the model fields that its leaves come from."""

    body: Mapping[str, Any]
    sources: Mapping[str, str]


ADMINISTRATORS = {
    "administrators": "sendToSubscriptionAdministrator",
    "co-administrators": "sendToSubscriptionCoAdministrators",
}
"""Words for those who administer the subscription, each with what has Azure write to them."""


def setting_of(
    group: ScalingGroup, rules: Sequence[AutoscaleRule], target: Ref | str, now: datetime, *, enabled: bool = True
) -> Setting:
    """The autoscale setting of a group: all that is native of its schedules, alarms and policies."""
    profiles = profiles_of(group, now)
    body = {
        "properties": {
            "enabled": enabled,
            "targetResourceUri": target,
            "profiles": [_profile(group, profile, rules) for profile in profiles],
            "notifications": list(_notifications(group.azure.notify_scaling)),
            "predictiveAutoscalePolicy": _predictive(group) or {"scaleMode": DISABLED},
        }
    }
    sources = dict(_sources(profiles, rules))
    forecast = predictive_policy(group)
    if forecast is not None:
        sources["properties.predictiveAutoscalePolicy.scaleMode"] = f"policies.{forecast.name}.mode"
        sources["properties.predictiveAutoscalePolicy.scaleLookAheadTime"] = f"policies.{forecast.name}.buffer"
    return Setting(body, sources)


def _profile(group: ScalingGroup, profile: TimedProfile, rules: Sequence[AutoscaleRule]) -> dict[str, Any]:
    sizes = profile.sizes
    return {
        "name": profile.name,
        "capacity": {
            "minimum": str(sizes.min),
            "maximum": str(sizes.max),
            "default": str(_default(group, sizes)),
        },
        "rules": [dict(rule.body) for rule in rules],
        **profile.when,
    }


def _default(group: ScalingGroup, sizes: InForce) -> int:
    """The size to go to when metrics cannot be read."""
    given = group.azure.default_capacity
    wanted = given if given is not None else sizes.desired if sizes.desired is not None else sizes.min
    return max(sizes.min, min(sizes.max, wanted))


def _notifications(targets: Sequence[str]) -> Iterator[dict[str, Any]]:
    if not targets:
        return
    mails = sorted(target for target in targets if not is_web_address(target) and target not in ADMINISTRATORS)
    yield {
        "operation": "Scale",
        "email": {
            **{name: word in targets for word, name in ADMINISTRATORS.items()},
            "customEmails": mails,
        },
        "webhooks": [{"serviceUri": target, "properties": {}} for target in targets if is_web_address(target)],
    }


def predictive_policy(group: ScalingGroup) -> PredictivePolicy | None:
    """The group's predictive policy, if it has one that is enabled; a setting has one at most."""
    return next(iter(_predictive_policies(group)), None)


def _predictive_policies(group: ScalingGroup) -> list[PredictivePolicy]:
    policies = [policy for policy in group.policies if isinstance(policy, PredictivePolicy) and policy.enabled]
    return [policy for policy in policies if policy.metric.name == "cpu" and policy.metric.source is MetricSource.HOST]


def _predictive(group: ScalingGroup) -> dict[str, Any] | None:
    policy = predictive_policy(group)
    if policy is None:
        return None
    ahead = {} if policy.buffer is None else {"scaleLookAheadTime": iso(policy.buffer)}
    return {"scaleMode": MODES[policy.mode], **ahead}


def _sources(profiles: Sequence[TimedProfile], rules: Sequence[AutoscaleRule]) -> Iterator[tuple[str, str]]:
    for profile in profiles:
        where = f"properties.profiles[{profile.name}]"
        scheduled = f"schedules.{profile.schedule}."
        for native, ours in (("minimum", "min"), ("maximum", "max"), ("default", "desired")):
            own = f"{scheduled}{ours} " if profile.schedule and not profile.ends else ""
            yield f"{where}.capacity.{native}", f"{own}capacity.{ours}"
        if profile.schedule:
            timing = "until duration" if profile.ends else "cron at"
            yield f"{where}.recurrence", " ".join(scheduled + word for word in timing.split())
            yield f"{where}.fixedDate", f"{scheduled}at {scheduled}duration"
        if profile.dated:
            dates = "cron until duration skip_dates only_dates"
            yield f"{where}.fixedDate", " ".join(scheduled + word for word in dates.split())
        for rule in rules:
            for path, models in rule.sources.items():
                yield f"{where}.rules[{rule.body['name']}].{path}", models


def problems_of(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """What keeps a group's predictive policies from being Azure's: path and text."""
    policies = _predictive_policies(group)
    for policy in policies[1:]:
        yield f"policies.{policy.name}", "an autoscale setting has one forecast at most"


def remarks_on(group: ScalingGroup, rules: Sequence[AutoscaleRule]) -> Iterator[tuple[str, str]]:
    """
    What a group's predictive policy lacks to do anything: path and text.

    Azure takes a setting that forecasts without a rule on CPU; its instances then come from the rules alone.
    """
    for policy in _predictive_policies(group)[:1]:
        if not any(_is_cpu_rule(rule) for rule in rules):
            text = "Azure holds its forecast against a rule on CPU that adds instances; give an alarm that triggers one"
            yield f"policies.{policy.name}", text


def _is_cpu_rule(rule: AutoscaleRule) -> bool:
    trigger, action = rule.body["metricTrigger"], rule.body["scaleAction"]
    return bool(trigger["metricName"] == NATIVE["cpu"].name and action["direction"] == INCREASE)
