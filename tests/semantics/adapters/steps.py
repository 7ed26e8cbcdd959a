from tests.semantics.adapters import adapter
from trimtab.engine import limits, policies
from trimtab.engine.policies import Direction, TrackingVote
from trimtab.engine.rounding import Rounding, percent_change, round_change
from trimtab.models import Step

AMOUNTS = {"ChangeInCapacity": "change", "PercentChangeInCapacity": "percent", "ExactCapacity": "to"}
DIRECTIONS = {"out": Direction.OUT, "in": Direction.IN}


def steps_of(given):
    amount = AMOUNTS[given["adjustment_type"]]
    return [
        Step.model_validate({"lower": step["lower"], "upper": step["upper"], amount: step["adjustment"]})
        for step in given["steps"]
    ]


def step_asked(given, *, in_service, desired):
    around = policies.bands(steps_of(given), given["threshold"])
    step = policies.find_step(around, given["metric_value"], above=given.get("metric_is", "above") == "above")
    if step is None:
        return {"step_adjustment": None, "delta": 0, "new_desired": desired}
    asked = policies.step_size(
        step, in_service=in_service, desired=desired, minimum_change=given.get("min_adjustment_magnitude")
    )
    size = bounded(given, asked)
    return {
        "step_adjustment": getattr(step, AMOUNTS[given["adjustment_type"]]),
        "delta": size - desired,
        "new_desired": size,
    }


def bounded(given, size):
    return limits.bound(size, given.get("min_size", 0), given.get("max_size", size))


@adapter("step")
def step(given):
    return step_asked(given, in_service=given["capacity"], desired=given["capacity"])


@adapter("step_warming")
def step_warming(given):
    return step_asked(given, in_service=given["in_service_capacity"], desired=given["desired"])


@adapter("interval_contains")
def interval_contains(given):
    probe = Step.model_validate({"lower": given["lower"], "upper": given["upper"], "change": 1})
    around = policies.bands([probe], given["threshold"])
    found = policies.find_step(around, given["metric_value"], above=given["metric_is"] == "above")
    return {"contains": found is probe}


@adapter("validate_steps")
def validate_steps(given):
    bounds = [(step["lower"], step["upper"]) for step in given["steps"]]
    return {"valid": policies.step_problem(bounds) is None}


@adapter("adjust")
def adjust(given):
    capacity = given["capacity"]
    size = policies.adjust(
        capacity,
        **{AMOUNTS[given["adjustment_type"]]: given["adjustment"]},
        minimum_change=given.get("min_adjustment_magnitude"),
    )
    size = bounded(given, size)
    return {"delta": size - capacity, "new_desired": size}


@adapter("round_aws")
def round_aws(given):
    return {"rounded": round_change(given["raw"])}


@adapter("percent_aws")
def percent_aws(given):
    change = percent_change(given["capacity"], given["percent"], minimum=given.get("min_adjustment_magnitude", 0))
    return {"delta": change, "new_desired": given["capacity"] + change}


@adapter("predictive_max")
def predictive_max(given):
    if given["breach"] == "HonorMaxCapacity":
        return {"effective_max": given["max"]}
    return {"effective_max": policies.raised_maximum(given["max"], given["forecast"], given.get("buffer_percent", 0))}


@adapter("round_needed")
def round_needed(given):
    return {"change": round_change(given["needed_change"], Rounding.UP)}


@adapter("target_tracking")
def target_tracking(given):
    capacity = given["capacity"]
    size = bounded(
        {"min_size": given.get("min", 0), "max_size": given.get("max", 10**9)},
        policies.needed_size(capacity, given["metric_value"], given["target"]),
    )
    return {"new_desired": size, "delta": size - capacity}


@adapter("combine_target_tracking")
def combine_target_tracking(given):
    capacity = given["capacity"]
    votes = [
        TrackingVote(
            DIRECTIONS.get(policy["ready"], Direction.NONE),
            policy.get("desired", capacity),
            not policy.get("disable_scale_in", False),
        )
        for policy in given["policies"]
    ]
    size = policies.combine_tracking(capacity, votes)
    return {"direction": policies.direction(capacity, size).value, "new_desired": size}


@adapter("target_tracking_alarms")
def target_tracking_alarms(given):
    high, low = policies.tracking_alarms(given["target"], low_ratio=given["scale_in_ratio"])
    return {"high": native(high), "low": native(low)}


def native(alarm):
    return {
        "comparison": "GreaterThanThreshold" if alarm.above else "LessThanThreshold",
        "threshold": alarm.threshold,
        "period_seconds": alarm.period.total_seconds(),
        "evaluation_periods": alarm.datapoints,
        "datapoints_to_alarm": alarm.datapoints,
    }


@adapter("scale_in_while_warming")
def scale_in_while_warming(given):
    asked = policies.adjust(given["desired"], change=given["policy_delta"])
    size = limits.held_while_warming(given["desired"], asked, given["warming_instances"])
    return {"new_desired": size, "blocked": size != asked}


@adapter("target_tracking_warming")
def target_tracking_warming(given):
    asked = policies.needed_size(given["in_service"], given["metric_value"], given["target"])
    size = limits.held_while_warming(given["desired"], asked, given["warming"])
    return {"new_desired": size, "blocked": size != asked}
