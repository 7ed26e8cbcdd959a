"""The two alarms that a target tracking policy makes for itself."""

from typing import Any

from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.evaluation import forget, watch
from trimtab.emulators.aws.world import Region, new_id
from trimtab.engine.policies import TrackingAlarm, tracking_alarms

_HOST = {
    "ASGAverageCPUUtilization": "CPUUtilization",
    "ASGAverageNetworkIn": "NetworkIn",
    "ASGAverageNetworkOut": "NetworkOut",
}
_PER_TARGET = "ALBRequestCountPerTarget"


def check_tracking(config: dict[str, Any]) -> None:
    """Refuse a configuration that the service refuses."""
    given = [name for name in ("PredefinedMetricSpecification", "CustomizedMetricSpecification") if config.get(name)]
    if len(given) != 1:
        raise invalid("Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be given")
    predefined = config.get("PredefinedMetricSpecification")
    if predefined and (predefined["PredefinedMetricType"] == _PER_TARGET) != bool(predefined.get("ResourceLabel")):
        raise invalid(f"ResourceLabel must be specified for {_PER_TARGET}, and for no other predefined metric")
    own = config.get("CustomizedMetricSpecification")
    if own and not own.get("Metrics") and not all(own.get(name) for name in ("MetricName", "Namespace", "Statistic")):
        raise invalid("MetricName, Namespace and Statistic are required in a CustomizedMetricSpecification")


def make_alarms(region: Region, policy: dict[str, Any]) -> None:
    """Make the alarms of a new or changed policy; those that it had are gone."""
    drop_alarms(region, policy["PolicyARN"])
    config, group = policy["TargetTrackingConfiguration"], policy["AutoScalingGroupName"]
    high, low = tracking_alarms(config["TargetValue"], low_ratio=region.world.settings["tracking_low_ratio"])
    names = (f"TargetTracking-{group}-AlarmHigh-{new_id()}", f"TargetTracking-{group}-AlarmLow-{new_id()}")
    region.tracking[policy["PolicyARN"]] = names
    _make(region, policy, names[0], high)
    if not config["DisableScaleIn"]:
        _make(region, policy, names[1], low)


def drop_alarms(region: Region, arn: str) -> None:
    """Delete the alarms of a policy."""
    for name in region.tracking.pop(arn, ()):
        alarm = region.alarms.pop(name, None)
        if alarm is not None:
            region.alarm_tags.pop(alarm["AlarmArn"], None)
            forget(region, name)


def _make(region: Region, policy: dict[str, Any], name: str, wanted: TrackingAlarm) -> None:
    now, arn = region.world.now(), region.arn("cloudwatch", f"alarm:{name}")
    region.alarm_tags[arn] = {}
    alarm = region.alarms[name] = {
        "AlarmName": name,
        "AlarmArn": arn,
        "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy['PolicyARN']}.",
        "ActionsEnabled": True,
        "AlarmActions": [policy["PolicyARN"]],
        "OKActions": [],
        "InsufficientDataActions": [],
        "Threshold": float(wanted.threshold),
        "ComparisonOperator": "GreaterThanThreshold" if wanted.above else "LessThanThreshold",
        "EvaluationPeriods": wanted.datapoints,
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": now,
        "StateTransitionedTimestamp": now,
        "AlarmConfigurationUpdatedTimestamp": now,
        **_metric(policy, int(wanted.period.total_seconds())),
    }
    watch(region, alarm)


def _metric(policy: dict[str, Any], period: int) -> dict[str, Any]:
    config = policy["TargetTrackingConfiguration"]
    own = config.get("CustomizedMetricSpecification")
    if own and own.get("Metrics"):
        return {"Dimensions": [], "Metrics": [_query(query, period) for query in own["Metrics"]]}
    if own:
        kept = {name: own[name] for name in ("MetricName", "Namespace", "Statistic", "Unit") if own.get(name)}
        return {**kept, "Dimensions": own.get("Dimensions") or [], "Period": own.get("Period") or period}
    known = config["PredefinedMetricSpecification"]
    kind = known["PredefinedMetricType"]
    if kind == _PER_TARGET:
        balancer, _, targets = known["ResourceLabel"].partition("/targetgroup/")
        dimensions = {"LoadBalancer": balancer, "TargetGroup": f"targetgroup/{targets}"}
        return _named("AWS/ApplicationELB", "RequestCountPerTarget", "Sum", dimensions, period)
    group = {"AutoScalingGroupName": policy["AutoScalingGroupName"]}
    return _named("AWS/EC2", _HOST[kind], "Average", group, period)


def _named(namespace: str, name: str, statistic: str, dimensions: dict[str, str], period: int) -> dict[str, Any]:
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Statistic": statistic,
        "Dimensions": [{"Name": key, "Value": value} for key, value in sorted(dimensions.items())],
        "Period": period,
    }


def _query(query: dict[str, Any], period: int) -> dict[str, Any]:
    stat = query.get("MetricStat")
    entry = {"ReturnData": True, **query}
    return {**entry, "MetricStat": {"Period": period, **stat}} if stat else entry
