"""The vendors' tables of AWS rules, through the emulator's HTTP doors and the real boto3."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aws_bench import START, Aws
from botocore.exceptions import ClientError
from tests.semantics.cases import Case, mismatches, read_cases

FILES = ("aws_group_rules", "step_scaling", "alarms_missing_data")
MINUTE = timedelta(minutes=1)
Given = Mapping[str, Any]
Adapter = Callable[[Aws, Given], dict[str, Any]]
ADAPTERS: dict[str, Adapter] = {}
NOT_AT_THE_WIRE = {
    "evaluation_interval": "a product of two numbers of the alarm; nothing answers it",
    "cooldown_start": "the three instances would have to boot for different times; one instance's end is tested",
    "rebalance_max": "the emulator does not rebalance zones of its own accord",
}
"""Rows that no call can show, and why."""
UNSEEN = {"filled"}
"""What a row expects and no reply tells."""


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


@pytest.mark.parametrize(
    "op",
    [
        *("adjust", "alarm_action_invocations", "apply", "combine", "cooldown_blocks", "effective_cooldown"),
        *("effective_refresh_warmup", "effective_warmup", "evaluate", "evaluation_cadence", "evaluation_window"),
        *("interval_contains", "low_sample", "predictive_apply", "predictive_launch_time"),
        *("scale_in_while_warming", "scheduled_action", "step", "step_warming", "suspended"),
        *("terminate_zone", "validate_alarm", "validate_steps", "validate_termination_policies"),
    ],
)
def test_rows_hold(aws: Aws, shared: Path, op: str) -> None:
    found = [case for case in rows(shared) if case.given["op"] == op]
    wrong = []
    for case in found:
        start_anew(aws)
        expect = {key: value for key, value in case.expect.items() if key not in UNSEEN}
        assert expect
        wrong += [f"{case.id}: {text}" for text in mismatches(ADAPTERS[op](aws, case.given), expect)]
    assert found
    assert not wrong


# what the rows are made of


def start_anew(aws: Aws) -> None:
    aws.doors.reset()
    aws.doors.set_clock(START, freeze=True)
    aws.make_template()


def advance(aws: Aws, minutes: float = 1) -> None:
    aws.doors.advance(minutes * MINUTE)


def group(aws: Aws, desired: int, low: int = 0, high: int | None = None, **given: Any) -> None:
    top = max(desired, 1) * 10 if high is None else high
    aws.make_group(DesiredCapacity=desired, MinSize=low, MaxSize=top, **given)


def policy(aws: Aws, name: str = "p", **given: Any) -> str:
    wanted = {key: value for key, value in given.items() if value is not None}
    made = aws.autoscaling.put_scaling_policy(AutoScalingGroupName="web", PolicyName=name, **wanted)
    return str(made["PolicyARN"])


def simple(aws: Aws, delta: int, name: str = "p", **given: Any) -> str:
    return policy(aws, name, AdjustmentType="ChangeInCapacity", ScalingAdjustment=delta, **given)


def steps_of(given: Given) -> list[dict[str, Any]]:
    names = {"lower": "MetricIntervalLowerBound", "upper": "MetricIntervalUpperBound"}
    return [
        {
            **{names[end]: float(step[end]) for end in names if step[end] is not None},
            "ScalingAdjustment": step["adjustment"],
        }
        for step in given["steps"]
    ]


def step_policy(aws: Aws, steps: list[dict[str, Any]], kind: str = "ChangeInCapacity", **given: Any) -> str:
    return policy(aws, PolicyType="StepScaling", AdjustmentType=kind, StepAdjustments=steps, **given)


def alarm(aws: Aws, name: str = "a", **given: Any) -> None:
    wanted = {
        "AlarmName": name,
        "Namespace": "rows",
        "MetricName": "m",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 50.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        **given,
    }
    aws.cloudwatch.put_metric_alarm(**{key: value for key, value in wanted.items() if value is not None})


def push(aws: Aws, value: float, at: datetime | None = None) -> None:
    moment = {} if at is None else {"at": at.isoformat()}
    aws.doors.push([{"namespace": "rows", "metric": "m", "value": value, **moment}])


def state(aws: Aws, name: str = "a") -> str:
    return str(aws.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"])


def desired(aws: Aws) -> int:
    return aws.sizes()[2]


def is_taken(call: Callable[..., Any], **params: Any) -> bool:
    try:
        call(**params)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return False
    return True


# alarms


@at_the_wire("evaluate")
def evaluate(aws: Aws, given: Given) -> dict[str, Any]:
    # what is older than the row's range is missing here, and so counts for nothing
    assert given["evaluation_range"] <= given["evaluation_periods"] + 2
    alarm(
        aws,
        EvaluationPeriods=given["evaluation_periods"],
        DatapointsToAlarm=given["datapoints_to_alarm"],
        TreatMissingData=given["treat_missing"],
    )
    points = given["datapoints_oldest_first"]
    for place, point in enumerate(points):
        if point != "-":
            push(aws, 90 if point == "X" else 10, START - (len(points) - 1 - place) * MINUTE)
    before = given["previous_state"] or "INSUFFICIENT_DATA"
    aws.cloudwatch.set_alarm_state(AlarmName="a", StateValue=before, StateReason="before")
    advance(aws)
    return {"state": state(aws)}


@at_the_wire("evaluation_cadence")
def evaluation_cadence(aws: Aws, given: Given) -> dict[str, Any]:
    alarm(aws, Period=given["period_seconds"])
    push(aws, 90)
    seconds = 0
    while state(aws) != "ALARM" and seconds < 120:
        aws.doors.advance(1)
        seconds += 1
    return {"evaluate_every_seconds": seconds}


@at_the_wire("evaluation_window")
def evaluation_window(aws: Aws, given: Given) -> dict[str, Any]:
    """The minutes whose datapoints are in the sum at the end of the last one."""
    last = given["end_of_minute"]
    inside = []
    for minute in range(-2, last + 3):
        start_anew(aws)
        push(aws, 1, START + (minute - 1) * MINUTE)
        advance(aws, last - 1)
        period = given["period_seconds"]
        alarm(aws, Statistic="Sum", Threshold=1.0, Period=period, EvaluationPeriods=given["evaluation_periods"])
        advance(aws)
        reasons = aws.cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0].get("StateReasonData", "")
        begin = (START + last * MINUTE - timedelta(seconds=period)).strftime("%Y-%m-%dT%H:%M:%S")
        if f'"timestamp": "{begin}.000+0000"' in reasons:
            inside.append(minute)
    return {"minutes_first_last": [inside[0], inside[-1]]}


@at_the_wire("validate_alarm")
def validate_alarm(aws: Aws, given: Given) -> dict[str, Any]:
    times = {"Period": given["period_seconds"], "EvaluationPeriods": given["evaluation_periods"]}
    return {"valid": is_taken(alarm, aws=aws, **times)}


@at_the_wire("low_sample")
def low_sample(aws: Aws, given: Given) -> dict[str, Any]:
    statistic = {"Statistic": None, "ExtendedStatistic": f"p{given['percentile']:g}"}
    alarm(aws, **statistic, EvaluateLowSampleCountPercentile="ignore")
    datum = {"MetricName": "m", "Values": [90.0], "Counts": [float(given["samples"])], "Timestamp": START}
    aws.cloudwatch.put_metric_data(Namespace="rows", MetricData=[datum])
    advance(aws)
    return {"low_sample_setting_applies": state(aws) == "INSUFFICIENT_DATA"}


@at_the_wire("alarm_action_invocations")
def alarm_action_invocations(aws: Aws, given: Given) -> dict[str, Any]:
    """A policy is seen to run; for an action of another sort it is the change of state that would run it."""
    group(aws, 1, DefaultInstanceWarmup=0)
    advance(aws, 30)
    arn = step_policy(aws, [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}])
    alarm(aws, AlarmActions=[arn] if given["action_on"] == "ALARM" else [])
    runs, size, before = [], 1, "INSUFFICIENT_DATA"
    for index, wanted in enumerate(given["states_one_per_minute"]):
        push(aws, 90 if wanted == "ALARM" else 10)
        advance(aws)
        now = state(aws)
        is_run = desired(aws) > size if given["action_is_auto_scaling"] else now == given["action_on"] != before
        runs += [index] if is_run else []
        size, before = desired(aws), now
    return {"invoked_at_index": runs}


# steps


def fire(aws: Aws, given: Given) -> None:
    """Have an alarm of the row's kind fire with its value; it is loose enough to fire at any."""
    is_above = given.get("metric_is", "above") == "above"
    word = "GreaterThanOrEqualToThreshold" if is_above else "LessThanOrEqualToThreshold"
    arn = policy_arn(aws)
    alarm(aws, Threshold=float(given["threshold"]), ComparisonOperator=word, AlarmActions=[arn])
    push(aws, given["metric_value"])
    advance(aws)


def policy_arn(aws: Aws) -> str:
    return str(aws.autoscaling.describe_policies()["ScalingPolicies"][0]["PolicyARN"])


@at_the_wire("step")
def step(aws: Aws, given: Given) -> dict[str, Any]:
    size = given["capacity"]
    group(aws, size, given.get("min_size", 0), given.get("max_size"), DefaultInstanceWarmup=0)
    magnitude = given.get("min_adjustment_magnitude")
    if given["adjustment_type"] != "PercentChangeInCapacity":
        magnitude = None
    step_policy(aws, steps_of(given), given["adjustment_type"], MinAdjustmentMagnitude=magnitude)
    fire(aws, given)
    found = {"delta": desired(aws) - size, "new_desired": desired(aws)}
    start_anew(aws)
    return {**found, "step_adjustment": chosen_step(aws, given)}


def chosen_step(aws: Aws, given: Given) -> int | None:
    """The amount of the step that is taken, told by steps that each add another number."""
    group(aws, 10, DefaultInstanceWarmup=0)
    told = [{**each, "adjustment": number} for number, each in enumerate(given["steps"], 1)]
    step_policy(aws, steps_of({"steps": told}))
    fire(aws, given)
    number = desired(aws) - 10
    return given["steps"][number - 1]["adjustment"] if number else None


@at_the_wire("step_warming")
def step_warming(aws: Aws, given: Given) -> dict[str, Any]:
    group(aws, given["in_service_capacity"], DefaultInstanceWarmup=300)
    advance(aws, 10)
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=given["desired"])
    step_policy(aws, steps_of(given), given["adjustment_type"])
    fire(aws, given)
    return {"new_desired": desired(aws)}


@at_the_wire("scale_in_while_warming")
def scale_in_while_warming(aws: Aws, given: Given) -> dict[str, Any]:
    size = given["desired"]
    group(aws, size - given["warming_instances"], DefaultInstanceWarmup=300)
    advance(aws, 10)
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=size)
    step_policy(aws, [{"MetricIntervalUpperBound": 0.0, "ScalingAdjustment": given["policy_delta"]}])
    fire(aws, {"threshold": 50, "metric_is": "below", "metric_value": 10})
    return {"new_desired": desired(aws), "blocked": desired(aws) == size}


@at_the_wire("interval_contains")
def interval_contains(aws: Aws, given: Given) -> dict[str, Any]:
    """The row's interval adds three instances, the rest of the scale none."""
    low, high = given["lower"], given["upper"]
    probe = [{"lower": low, "upper": high, "adjustment": 3}]
    below = [] if low is None else [{"lower": None, "upper": low, "adjustment": 0}]
    above = [] if high is None else [{"lower": high, "upper": None, "adjustment": 0}]
    group(aws, 4, DefaultInstanceWarmup=0)
    step_policy(aws, steps_of({"steps": [*below, *probe, *above]}))
    fire(aws, given)
    return {"contains": desired(aws) == 7}


@at_the_wire("validate_steps")
def validate_steps(aws: Aws, given: Given) -> dict[str, Any]:
    group(aws, 1)
    return {"valid": is_taken(step_policy, aws=aws, steps=steps_of(given))}


# sizes


@at_the_wire("adjust")
def adjust(aws: Aws, given: Given) -> dict[str, Any]:
    size = given["capacity"]
    group(aws, size, given.get("min_size", 0), given.get("max_size"))
    policy(
        aws,
        AdjustmentType=given["adjustment_type"],
        ScalingAdjustment=given["adjustment"],
        MinAdjustmentMagnitude=given.get("min_adjustment_magnitude"),
    )
    aws.autoscaling.execute_policy(AutoScalingGroupName="web", PolicyName="p")
    return {"delta": desired(aws) - size, "new_desired": desired(aws)}


@at_the_wire("apply")
def apply(aws: Aws, given: Given) -> dict[str, Any]:
    group(aws, given["current"], given["min"], given["max"])
    before = len(aws.group()["Instances"])
    simple(aws, given["delta"])
    aws.autoscaling.execute_policy(AutoScalingGroupName="web", PolicyName="p")
    change = len(aws.group()["Instances"]) - before
    return {"new_desired": desired(aws), "launched": max(change, 0), "terminated": max(-change, 0)}


@at_the_wire("combine")
def combine(aws: Aws, given: Given) -> dict[str, Any]:
    size = given["current"]
    group(aws, size, DefaultInstanceWarmup=0)
    for number, proposal in enumerate(given["proposals"]):
        arn = simple(aws, proposal["delta"], f"p{number}")
        alarm(aws, f"a{number}", AlarmActions=[arn])
    push(aws, 90)
    advance(aws)
    return {"new_desired": desired(aws), "delta": desired(aws) - size}


@at_the_wire("cooldown_blocks")
def cooldown_blocks(aws: Aws, given: Given) -> dict[str, Any]:
    group(aws, 2)
    arn = simple(aws, 1, Cooldown=600)
    if given["cooldown_active"]:
        aws.autoscaling.execute_policy(AutoScalingGroupName="web", PolicyName="p")
    before = desired(aws)
    if given["trigger"] == "ScheduledAction":
        schedule(aws, DesiredCapacity=before + 1)
    else:
        alarm(aws, AlarmActions=[arn])
        push(aws, 90)
    advance(aws)
    return {"blocked": desired(aws) == before}


@at_the_wire("effective_cooldown")
def effective_cooldown(aws: Aws, given: Given) -> dict[str, Any]:
    group(aws, 2, DefaultCooldown=given["group_default"])
    alarm(aws, AlarmActions=[simple(aws, 1, Cooldown=given["policy"])], TreatMissingData="breaching")
    advance(aws)
    assert desired(aws) == 3
    seconds = 0
    while desired(aws) == 3 and seconds < 3600:
        advance(aws)
        seconds += 60
    return {"seconds": seconds}


@at_the_wire("effective_warmup")
def effective_warmup(aws: Aws, given: Given) -> dict[str, Any]:
    """How long after coming into service an instance keeps a step policy from scaling in."""
    names = {"DefaultInstanceWarmup": "default_instance_warmup", "DefaultCooldown": "default_cooldown"}
    group(aws, 5, **{name: given[row] for name, row in names.items() if given[row] is not None})
    warm_up = given["policy_estimated_instance_warmup"]
    arn = step_policy(
        aws, [{"MetricIntervalUpperBound": 0.0, "ScalingAdjustment": -1}], EstimatedInstanceWarmup=warm_up
    )
    alarm(aws, ComparisonOperator="LessThanThreshold", Period=10, AlarmActions=[arn])
    for ten in range(70):
        push(aws, 10, START + timedelta(seconds=10 * ten))
    seconds = 0
    while desired(aws) == 5 and seconds < 700:
        aws.doors.advance(10)
        seconds += 10
    # with none at all the first evaluation acts
    return {"seconds": 0 if seconds == 10 else seconds}


@at_the_wire("effective_refresh_warmup")
def effective_refresh_warmup(aws: Aws, given: Given) -> dict[str, Any]:
    warm_up = given["default_instance_warmup"]
    more = {} if warm_up is None else {"DefaultInstanceWarmup": warm_up}
    group(aws, 1, HealthCheckGracePeriod=given["health_check_grace"], **more)
    own = given["instance_warmup"]
    preferences = {"MinHealthyPercentage": 0, **({} if own is None else {"InstanceWarmup": own})}
    aws.autoscaling.start_instance_refresh(AutoScalingGroupName="web", Preferences=preferences)
    aws.doors.advance(timedelta(hours=1))
    done = aws.autoscaling.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"][0]
    return {"seconds": (done["EndTime"] - done["StartTime"]).total_seconds()}


def schedule(aws: Aws, **sizes: int) -> None:
    aws.autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName="web", ScheduledActionName="s", StartTime=START + timedelta(seconds=30), **sizes
    )


@at_the_wire("scheduled_action")
def scheduled_action(aws: Aws, given: Given) -> dict[str, Any]:
    there, names = given["group"], {"min": "MinSize", "max": "MaxSize", "desired": "DesiredCapacity"}
    group(aws, there["desired"], there["min"], there["max"])
    schedule(aws, **{names[name]: value for name, value in given["action"].items()})
    advance(aws)
    return dict(zip(names, aws.sizes(), strict=True))


# forecasts


def predictive(aws: Aws, **config: Any) -> None:
    pair = {"TargetValue": 50.0, "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ASGCPUUtilization"}}
    policy(
        aws, PolicyType="PredictiveScaling", PredictiveScalingConfiguration={"MetricSpecifications": [pair], **config}
    )


@at_the_wire("predictive_apply")
def predictive_apply(aws: Aws, given: Given) -> dict[str, Any]:
    group(aws, given["actual"], given["min"], given["max"])
    predictive(aws, Mode=given["mode"])
    aws.doors.forecast("web", {START + timedelta(hours=1): given["forecast"]})
    advance(aws, 60)
    return {"new_desired": desired(aws)}


@at_the_wire("predictive_launch_time")
def predictive_launch_time(aws: Aws, given: Given) -> dict[str, Any]:
    group(aws, 1)
    buffer = given["scheduling_buffer_seconds"]
    more = {} if buffer is None else {"SchedulingBufferTime": buffer}
    predictive(aws, Mode="ForecastAndScale", **more)
    hour, minute = map(int, given["forecast_at"].split(":"))
    aws.doors.forecast("web", {START.replace(hour=hour, minute=minute): 3})
    advance(aws, 24 * 60)
    newest = aws.autoscaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"][0]
    return {"launch_at": newest["StartTime"].strftime("%H:%M")}


# the rest of a group


@at_the_wire("terminate_zone")
def terminate_zone(aws: Aws, given: Given) -> dict[str, Any]:
    """One zone after the other is filled, then the group gives up one instance in all of them."""
    zones, size = given["zones"], 0
    subnets = dict(zip(sorted(zones), aws.subnets(len(zones)), strict=True))
    group(aws, 0, 0, 50, VPCZoneIdentifier=",".join(subnets.values()))
    for zone, count in sorted(zones.items()):
        size += count
        for change in ({"VPCZoneIdentifier": subnets[zone]}, {"DesiredCapacity": size}):
            aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", **change)
    before = zones_of(aws)
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=size - 1)
    after = zones_of(aws)
    (lost,) = [zone for zone in set(before) if after.count(zone) < before.count(zone)]
    return {"zone": lost[-1]}


def zones_of(aws: Aws) -> list[str]:
    return [each["AvailabilityZone"] for each in aws.group()["Instances"]]


@at_the_wire("validate_termination_policies")
def validate_termination_policies(aws: Aws, given: Given) -> dict[str, Any]:
    return {"valid": is_taken(aws.make_group, TerminationPolicies=given["policies"])}


@at_the_wire("suspended")
def suspended(aws: Aws, given: Given) -> dict[str, Any]:
    group(aws, 2, DefaultInstanceWarmup=0)
    arn = step_policy(aws, [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}])
    alarm(aws, AlarmActions=[arn])
    aws.autoscaling.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=[given["process"]])
    push(aws, 90)
    advance(aws)
    return {"acts": len(aws.group()["Instances"]) > 2}
