"""A group's bounds, policies and schedules as one autoscaler; pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from trimtab.engine.signals import LONGEST_STABILIZATION, MOST_SCHEDULES, Minimums, window_problem
from trimtab.engine.windows import minimums_of, only_raises_minimum, raises_minimum
from trimtab.models import ScalingGroup
from trimtab.models.base import fold_name
from trimtab.plan import Ref
from trimtab.providers.bodies import drop_empty
from trimtab.providers.gcp.metrics import Scope, metric_for
from trimtab.providers.gcp.names import MANUAL_SIZE_SCHEDULE, seconds
from trimtab.providers.gcp.policies import (
    IDLE,
    forecast_of,
    is_balancing,
    is_cpu,
    policy_problems,
    signals_of,
    tracked,
)
from trimtab.providers.pause import BOOST

ON, OFF, ONLY_OUT = "ON", "OFF", "ONLY_SCALE_OUT"
INITIALIZATION = timedelta(seconds=60)
"""What Google has where nobody gives it: https://docs.cloud.google.com/compute/docs/autoscaler."""
SCALE_IN_WINDOW = timedelta(minutes=10)
"""What a group has that gives a limit on scaling in alone."""
_POLICY = "autoscalingPolicy"


class Autoscaler(NamedTuple):
    """An autoscaler's body, and the model fields that its leaves come from."""

    body: Mapping[str, Any]
    sources: Mapping[str, str]


def autoscaler_of(group: ScalingGroup, scope: Scope, target: Ref | str, now: datetime) -> Autoscaler:
    """
    The autoscaler of a group: all that is native of its policies and schedules, and of dates as far as they are held.

    Where nothing of it decides the size, it only keeps the group's bounds and is off.
    """
    mode, minimums = mode_of(group), minimums_held(group, now)
    signals = dict(IDLE) if mode == OFF else signals_of(group, scope)
    texts = {schedule.name: schedule.description for schedule in group.schedules}
    policy = drop_empty(
        minNumReplicas=minimums.base,
        maxNumReplicas=group.capacity.max,
        mode=mode,
        coolDownPeriodSec=seconds(initialization_of(group)),
        stabilizationPeriodSec=_stabilization(group),
        scaleInControl=_scale_in_control(group),
        scalingSchedules={
            fold_name(window.name): _schedule(window, texts[window.schedule]) for window in minimums.windows
        },
        **signals,
    )
    return Autoscaler({"target": target, _POLICY: policy}, dict(_sources(group, minimums)))


def mode_of(group: ScalingGroup) -> str:
    """What the autoscaler may do: nothing where nothing native decides the size."""
    if not (tracked(group) or forecast_of(group) or raises_minimum(group)):
        return OFF
    return ONLY_OUT if group.gcp.mode == "only-scale-out" or is_outwards(group) else ON


def is_outwards(group: ScalingGroup) -> bool:
    """Whether no policy of a group that holds a metric removes instances."""
    tracking = tracked(group)
    return bool(tracking) and not any(policy.scale_in for policy in tracking)


def minimums_held(group: ScalingGroup, now: datetime) -> Minimums:
    """The minimums that the autoscaler of a group keeps."""
    if mode_of(group) == OFF or not only_raises_minimum(group):
        return Minimums(group.capacity.min)
    return minimums_of(group, now)


def initialization_of(group: ScalingGroup) -> timedelta:
    """How long the metrics of a new instance are ignored: there is one such period for all signals."""
    own = [policy.warm_up for policy in tracked(group) if policy.warm_up is not None]
    periods = (group.gcp.initialization, max(own, default=None), group.warm_up)
    return next((period for period in periods if period is not None), INITIALIZATION)


def _stabilization(group: ScalingGroup) -> int | None:
    period = group.gcp.stabilization if group.gcp.stabilization is not None else group.stabilization
    return None if period is None else seconds(period)


def _scale_in_control(group: ScalingGroup) -> dict[str, Any]:
    if group.gcp.scale_in_limit is None:
        return {}
    window = group.gcp.scale_in_window or SCALE_IN_WINDOW
    return {"maxScaledInReplicas": {"fixed": group.gcp.scale_in_limit}, "timeWindowSec": seconds(window)}


def _schedule(window: Any, description: str | None) -> dict[str, Any]:
    return {
        **drop_empty(description=description),
        "schedule": window.cron,
        "timeZone": window.zone,
        "durationSec": seconds(window.duration),
        "minRequiredReplicas": window.min,
        "disabled": False,
    }


# signals


# where the leaves come from


def _sources(group: ScalingGroup, minimums: Minimums) -> Iterator[tuple[str, str]]:
    for policy in tracked(group):
        where = f"policies.{policy.name}"
        if is_cpu(policy.metric):
            yield f"{_POLICY}.cpuUtilization", f"{where}.target {where}.metric"
        elif is_balancing(policy.metric):
            yield f"{_POLICY}.loadBalancingUtilization", f"{where}.metric {where}.target"
        else:
            native = metric_for(policy.metric, Scope("")).native
            yield f"{_POLICY}.customMetricUtilizations[{native.type}]", f"{where}.target {where}.metric"
    forecast = forecast_of(group)
    if forecast is not None:
        where = f"policies.{forecast.name}"
        yield f"{_POLICY}.cpuUtilization.predictiveMethod", f"{where}.mode {where}.metric"
    for window in minimums.windows:
        where, path = f"schedules.{window.schedule}", f"{_POLICY}.scalingSchedules.{fold_name(window.name)}"
        yield path, where
        dates = f"{where}.skip_dates {where}.only_dates"
        yield f"{path}.schedule", f"{where}.cron {where}.at {where}.until {dates}"
        yield f"{path}.durationSec", f"{where}.duration {where}.until"
        yield f"{path}.minRequiredReplicas", f"{where}.min"
        yield f"{path}.timeZone", f"{where}.zone"
        yield f"{path}.description", f"{where}.description"


# what an autoscaler cannot say


def problems_of(group: ScalingGroup, now: datetime) -> Iterator[tuple[str, str]]:
    """What keeps a group's policies and schedules from being an autoscaler: path and text."""
    yield from policy_problems(group)
    yield from _window_problems(group, now)


def _window_problems(group: ScalingGroup, now: datetime) -> Iterator[tuple[str, str]]:
    settings = group.gcp
    if settings.scale_in_window is not None and settings.scale_in_limit is None:
        yield "gcp.scale_in_window", "it goes with `gcp.scale_in_limit`; give both"
    period = settings.stabilization if settings.stabilization is not None else group.stabilization
    if period is not None and period > LONGEST_STABILIZATION:
        path = "stabilization" if settings.stabilization is None else "gcp.stabilization"
        yield path, f"an autoscaler looks back an hour at most, not {period}"
    windows = minimums_held(group, now).windows
    for window in windows:
        if window.name in (MANUAL_SIZE_SCHEDULE, BOOST):
            text = f"{window.name!r} is the schedule that holds what somebody asked for; rename it"
            yield f"schedules.{window.schedule}", text
        if problem := window_problem(window.cron, window.zone, window.duration):
            yield f"schedules.{window.schedule}", problem
    if len(windows) > MOST_SCHEDULES:
        yield "schedules", f"they make {len(windows)} windows, and an autoscaler has {MOST_SCHEDULES} at most"
