"""A group as the cloud itself enacts it, where its autoscaler has other rules than the group's."""

from collections.abc import Iterator
from datetime import timedelta

from trimtab.engine.presets import AlarmWindow, Preset
from trimtab.models import Alarm, Comparison, ScalingGroup, SimplePolicy, TargetTrackingPolicy, Unit

_MINUTE = timedelta(minutes=1)
SHORTEST = timedelta(minutes=5)
"""How far back a rule of Azure Monitor autoscale looks at least (`timeWindow`, Autoscale settings REST API)."""


def as_enacted(group: ScalingGroup, preset: Preset) -> tuple[ScalingGroup, tuple[str, ...]]:
    """
    The group with the rules that a plan makes of its alarms and policies, and what that changes, in sentences.

    Where rules look at the mean of a window (Azure), a window is at least five minutes of a minute's datapoints, and
    target tracking is a pair of such rules that change the size by one. Elsewhere the group is as it was.
    """
    if preset.alarm_window is not AlarmWindow.AVERAGE:
        return group, ()
    alarms = [_averaged(alarm) for alarm in group.alarms]
    policies = [each for each in group.policies if not isinstance(each, TargetTrackingPolicy)]
    for policy in group.policies:
        if isinstance(policy, TargetTrackingPolicy) and policy.enabled:
            for alarm, change in _pair(policy, preset):
                alarms.append(alarm)
                policies.append(change)
    notes = []
    if any(alarm.period * alarm.periods < SHORTEST for alarm in group.alarms):
        notes.append("alarms look at the mean of five minutes at least, as rules of the cloud do")
    if len(policies) != len(group.policies) or any(isinstance(each, TargetTrackingPolicy) for each in group.policies):
        notes.append("target tracking is a pair of rules that change the size by one, as a plan makes of it")
    return group.model_copy(update={"alarms": tuple(alarms), "policies": tuple(policies)}), tuple(notes)


def _averaged(alarm: Alarm) -> Alarm:
    window = max(SHORTEST, alarm.period * alarm.periods)
    values = {"period": _MINUTE, "periods": window // _MINUTE, "datapoints": None}
    counts = alarm.metric.unit is Unit.COUNT and alarm.statistic in ("average", "sum")
    if counts and alarm.period != _MINUTE and alarm.metric.name in ("requests", "errors-5xx"):
        word = alarm.comparison.value
        values[word] = alarm.threshold / (alarm.period / _MINUTE)
    return alarm.model_copy(update=values)


def _pair(policy: TargetTrackingPolicy, preset: Preset) -> Iterator[tuple[Alarm, SimplePolicy]]:
    tracking = preset.tracking
    minutes = max(SHORTEST // _MINUTE, tracking.high_datapoints)
    ways = [(Comparison.ABOVE, policy.target * tracking.high_ratio, +1)]
    if policy.scale_in:
        ways.append((Comparison.BELOW, policy.target * tracking.low_ratio, -1))
    for comparison, threshold, change in ways:
        name = f"{policy.name}-{'out' if change > 0 else 'in'}"
        fields = {
            "name": name,
            "metric": policy.metric,
            "statistic": policy.statistic,
            comparison.value: threshold,
            "periods": minutes,
            "period": _MINUTE,
            "triggers": (name,),
        }
        yield Alarm.model_validate(fields), SimplePolicy(name=name, change=change)
