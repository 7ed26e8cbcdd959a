from datetime import UTC, datetime, timedelta

from tests.semantics.adapters import adapter
from trimtab.engine import signals
from trimtab.engine.signals import ScalingMode, Signal, SignalType, Window
from trimtab.engine.values import Sized

NOW = datetime(2026, 1, 5, tzinfo=UTC)
TYPES = {
    "cpu": SignalType.CPU,
    "load_balancing": SignalType.LOAD_BALANCING,
    "metric": SignalType.METRIC,
    "per_instance_metric": SignalType.METRIC,
    "per_group": SignalType.PER_GROUP,
}
MODES = {
    "ON": ScalingMode.ON,
    "ONLY_SCALE_OUT": ScalingMode.ONLY_SCALE_OUT,
    "ONLY_UP": ScalingMode.ONLY_SCALE_OUT,
    "OFF": ScalingMode.OFF,
}


def seconds(number):
    return timedelta(seconds=number)


def signal_of(given):
    assignment = given.get("single_instance_assignment")
    return Signal(type=TYPES[given["type"]], value=given["value"], target=given.get("target"), assignment=assignment)


@adapter("signals")
def several(given):
    sizes = [signal_of(one).needed(given["serving_size"]) for one in given["signals"]]
    found = signals.recommended_size(sizes, given["active_schedules"], low=given["min"], high=given["max"])
    return {"per_signal": sizes, "recommended": found}


@adapter("scale_in_control")
def scale_in_control(given):
    limits = given["max_scaled_in"]
    found = signals.controlled(
        given["current"],
        given["wanted"],
        peak=given["window_peak"],
        limit=limits.get("fixed"),
        percent=limits.get("percent"),
    )
    return {"recommended": found}


@adapter("stabilization_period")
def stabilization_period(given):
    own = given.get("stabilization_period_seconds", given.get("stabilization_seconds"))
    found = signals.stabilization_period(
        seconds(given["initialization_seconds"]), None if own is None else seconds(own)
    )
    return {"seconds": found.total_seconds()}


@adapter("stabilize", "history_needed_size")
def stabilize(given):
    history = [Sized(NOW + seconds(one["t"]), one["size"]) for one in given["history_needed_size"]]
    window = seconds(given["window_seconds"])
    return {"recommended": signals.stabilized(given["current"], given["needed_now"], history, window=window, now=NOW)}


@adapter("mode")
def mode(given):
    return {"target_size": signals.enacted(MODES[given["mode"]], given["target_size"], given["recommended"])}


@adapter("schedule_active")
def schedule_active(given):
    created = given.get("created_at")
    window = Window(
        cron=given["cron"],
        zone=given.get("time_zone") or "UTC",
        duration=seconds(given["duration_seconds"]),
        created=None if created is None else datetime.fromisoformat(created),
    )
    start = window.open_since(datetime.fromisoformat(given["at"]))
    until = None if start is None else f"{start + window.duration:%Y-%m-%dT%H:%M:%SZ}"
    return {"active": start is not None, "until": until}


@adapter("validate_schedule", "cron")
@adapter("validate_schedule", "duration_seconds")
def validate_schedule(given):
    zone = given.get("time_zone") or "UTC"
    duration = seconds(given["duration_seconds"]) if "duration_seconds" in given else signals.SHORTEST_WINDOW
    return {"valid": signals.window_problem(given.get("cron"), zone, duration) is None}


@adapter("can_scale_to_zero")
def can_scale_to_zero(given):
    names = given["signals"] if "signals" in given else [given["signal"]]
    types = [TYPES[name] for name in names if name is not None]
    return {"allowed": signals.can_reach_zero(types, low=given["min"], schedules=given["active_schedules"])}


@adapter("predictive_combine")
def predictive_combine(given):
    found = signals.combined_forecast(given["real_time_size"], given.get("predicted_size"))
    if "min" in given or "max" in given:
        found = signals.recommended_size([found], low=given.get("min", 0), high=given.get("max", found))
    return {"recommended": found}
