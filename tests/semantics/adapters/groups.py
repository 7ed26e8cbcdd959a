from datetime import UTC, datetime, time, timedelta

from tests.semantics.adapters import adapter
from trimtab.engine import limits, policies
from trimtab.engine.limits import Sizes, Trigger
from trimtab.models import AwsProcess, PredictiveMode

TRIGGERS = {
    "SimpleScaling": Trigger.SIMPLE,
    "StepScaling": Trigger.STEP,
    "TargetTracking": Trigger.TARGET_TRACKING,
    "TargetTrackingScaling": Trigger.TARGET_TRACKING,
    "PredictiveScaling": Trigger.PREDICTIVE,
    "Predictive": Trigger.PREDICTIVE,
    "ScheduledAction": Trigger.SCHEDULE,
    "Scheduled": Trigger.SCHEDULE,
    "ManualScaling": Trigger.MANUAL,
    "Manual": Trigger.MANUAL,
    "SetDesiredCapacity": Trigger.MANUAL,
    "ReplaceUnhealthy": Trigger.REPLACEMENT,
    "UnhealthyReplacement": Trigger.REPLACEMENT,
    "HealthReplacement": Trigger.REPLACEMENT,
    "AZRebalance": Trigger.REBALANCE,
    "scale_out": Trigger.SCALE_OUT,
    "scale_in": Trigger.SCALE_IN,
}
MODES = {"ForecastOnly": PredictiveMode.FORECAST_ONLY, "ForecastAndScale": PredictiveMode.FORECAST_AND_SCALE}
START = datetime(2026, 1, 1, tzinfo=UTC)


def duration(seconds):
    return None if seconds is None else timedelta(seconds=seconds)


def trigger_of(name):
    return TRIGGERS.get(name, TRIGGERS.get(name.removesuffix("HonorCooldown"), Trigger.MANUAL))


@adapter("apply", "delta")
def apply(given):
    asked = policies.adjust(given["current"], change=given["delta"])
    size = limits.bound(asked, given["min"], given["max"])
    change = size - given["current"]
    return {"new_desired": size, "launched": max(change, 0), "terminated": max(-change, 0)}


@adapter("combine", "proposals")
def combine(given):
    current = given["current"]
    size = policies.largest(current, [proposed(current, proposal) for proposal in given["proposals"]])
    return {"new_desired": size, "delta": size - current}


def proposed(current, proposal):
    names = {"delta": "change", "percent": "percent", "exact": "to", "desired": "to", "new_desired": "to"}
    return policies.adjust(current, **{names[key]: value for key, value in proposal.items() if key in names})


@adapter("cooldown_blocks")
def cooldown_blocks(given):
    name = given["trigger"]
    honor = bool(given.get("honor_cooldown")) or "Honor" in name
    waits = limits.waits_for_cooldown(trigger_of(name), honor_cooldown=honor)
    return {"blocked": waits and given["cooldown_active"]}


@adapter("effective_cooldown")
def effective_cooldown(given):
    found = limits.effective_cooldown(duration(given["policy"]), duration(given["group_default"]))
    return {"seconds": found.total_seconds()}


@adapter("cooldown_start")
def cooldown_start(given):
    finished = [START + duration(seconds) for seconds in given["instance_finished_at_s"]]
    end = limits.cooldown_end(finished, duration(given["cooldown_seconds"]))
    return {"cooldown_ends_at_s": (end - START).total_seconds()}


@adapter("effective_warmup")
def effective_warmup(given):
    names = ("policy_estimated_instance_warmup", "default_instance_warmup", "default_cooldown")
    found = limits.effective_warm_up(*(duration(given.get(name)) for name in names))
    return {"seconds": found.total_seconds()}


@adapter("effective_refresh_warmup")
def effective_refresh_warmup(given):
    names = ("instance_warmup", "default_instance_warmup", "health_check_grace")
    found = limits.effective_refresh_warm_up(*(duration(given[name]) for name in names))
    return {"seconds": found.total_seconds()}


@adapter("scheduled_action")
def scheduled_action(given):
    action = given["action"]
    found = limits.scheduled_sizes(
        Sizes(**given["group"]), minimum=action.get("min"), maximum=action.get("max"), desired=action.get("desired")
    )
    return found._asdict()


@adapter("predictive_apply")
def predictive_apply(given):
    size = limits.predicted_size(
        given["actual"], given["forecast"], low=given["min"], high=given["max"], mode=MODES[given["mode"]]
    )
    return {"new_desired": size}


@adapter("predictive_launch_time")
def predictive_launch_time(given):
    at = datetime.combine(START, time.fromisoformat(given["forecast_at"]))
    return {"launch_at": f"{limits.launch_time(at, duration(given['scheduling_buffer_seconds'])):%H:%M}"}


@adapter("rebalance_max")
def rebalance_max(given):
    return {"temporary_max": limits.rebalance_maximum(given["max"])}


@adapter("terminate_zone")
def terminate_zone(given):
    return {"zone": limits.zone_to_leave(given["zones"])}


@adapter("launch_zone")
def launch_zone(given):
    return {"zone": limits.zone_to_join(given["zones"])}


@adapter("validate_termination_policies")
def validate_termination_policies(given):
    return {"valid": limits.termination_problem(given["policies"]) is None}


@adapter("suspended")
def suspended(given):
    stopped = limits.is_stopped(trigger_of(given["trigger"]), [AwsProcess(given["process"])])
    return {"acts": not stopped}
