from datetime import timedelta

from tests.semantics.adapters import adapter
from trimtab.engine import alarms
from trimtab.engine.alarms import AlarmStatus
from trimtab.models import MissingData
from trimtab.providers.aws.constraints import CONSTRAINTS

STATES = {
    "OK": AlarmStatus.OK,
    "ALARM": AlarmStatus.ALARM,
    "INSUFFICIENT_DATA": AlarmStatus.INSUFFICIENT_DATA,
    None: None,
}
NATIVE = {state: name for name, state in STATES.items()}
MISSING = {
    "missing": MissingData.MISSING,
    "ignore": MissingData.IGNORE,
    "breaching": MissingData.BREACHING,
    "notBreaching": MissingData.NOT_BREACHING,
}
POINTS = {"0": False, "X": True, "-": None}


@adapter("evaluate", "datapoints_oldest_first")
def evaluate(given):
    found = alarms.evaluate(
        [POINTS[point] for point in given["datapoints_oldest_first"]],
        periods=given["evaluation_periods"],
        datapoints=given["datapoints_to_alarm"],
        missing=MISSING[given["treat_missing"]],
        previous=STATES[given["previous_state"]],
        evaluation_range=given["evaluation_range"],
    )
    return {"state": NATIVE[found.state], "filled": found.filled}


@adapter("evaluation_interval")
def evaluation_interval(given):
    period = timedelta(seconds=given["period_seconds"])
    return {"interval_seconds": alarms.evaluation_interval(period, given["evaluation_periods"]).total_seconds()}


@adapter("evaluation_window")
def evaluation_window(given):
    period = timedelta(seconds=given["period_seconds"])
    found = alarms.evaluation_window(period, given["evaluation_periods"], last_minute=given["end_of_minute"])
    return {"minutes_first_last": list(found)}


@adapter("evaluation_cadence")
def evaluation_cadence(given):
    cadence = alarms.evaluation_cadence(timedelta(seconds=given["period_seconds"]))
    return {"evaluate_every_seconds": cadence.total_seconds()}


@adapter("validate_alarm")
def validate_alarm(given):
    body = {"Period": given["period_seconds"], "EvaluationPeriods": given["evaluation_periods"]}
    return {"valid": not list(CONSTRAINTS.breaches("metric-alarm", body))}


@adapter("low_sample")
def low_sample(given):
    return {"low_sample_setting_applies": alarms.has_few_samples(given["percentile"], given["samples"])}


@adapter("alarm_action_invocations")
def alarm_action_invocations(given):
    states = [STATES[state] for state in given["states_one_per_minute"]]
    found = alarms.invocations(states, on=STATES[given["action_on"]], repeats=given["action_is_auto_scaling"])
    return {"invoked_at_index": list(found)}
