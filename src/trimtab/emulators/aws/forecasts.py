"""Forecasts of predictive policies: handed in, answered, and applied at the beginning of each hour."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.aws.activities import stamp
from trimtab.emulators.aws.calls import Answer, Call
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.scaling import seconds
from trimtab.emulators.aws.sizes import apply, checked
from trimtab.emulators.aws.world import Forecast, Phase, Region
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.limits import DEFAULT_BUFFER, Sizes, launch_time, predicted_size
from trimtab.engine.policies import raised_maximum
from trimtab.models import PredictiveMode

HOUR = timedelta(hours=1)
_MODES = {"ForecastOnly": PredictiveMode.FORECAST_ONLY, "ForecastAndScale": PredictiveMode.FORECAST_AND_SCALE}
_PAIR = "PredefinedMetricPairSpecification"
_SIDES = (
    ("PredefinedLoadMetricSpecification", "CustomizedLoadMetricSpecification"),
    ("PredefinedScalingMetricSpecification", "CustomizedScalingMetricSpecification"),
)


def check_predictive(config: dict[str, Any]) -> None:
    """Refuse a configuration that the service refuses."""
    if len(config.get("MetricSpecifications") or ()) != 1:
        raise invalid("You must specify exactly one metric specification")
    given = {name for name, value in config["MetricSpecifications"][0].items() if value}
    is_pair, sides = _PAIR in given, [given & set(names) for names in _SIDES]
    if is_pair == any(sides) or not (is_pair or all(sides)):
        raise invalid("You must specify either a metric pair, or a load metric and a scaling metric individually")
    increases = config.get("MaxCapacityBreachBehavior") == "IncreaseMaxCapacity"
    if increases != (config.get("MaxCapacityBuffer") is not None):
        raise invalid("MaxCapacityBuffer is required with IncreaseMaxCapacity, and goes with nothing else")
    if not 0 <= config.get("SchedulingBufferTime", 0) <= 3599:
        raise invalid("SchedulingBufferTime must be between 0 and 3599")


def hand_in(region: Region, given: Mapping[str, Any]) -> None:
    """Take a forecast for a group's predictive policy, and have it applied from the next hour on."""
    group, policy = str(given["group"]), given.get("policy")
    keys = [
        key
        for key, each in region.policies.items()
        if key[0] == group and each["PolicyType"] == "PredictiveScaling" and policy in (None, key[1])
    ]
    if len(keys) != 1:
        raise ValueError(f"the group {group!r} has {len(keys)} predictive policies of that name; one is needed")
    (key,) = keys
    forecast = region.forecasts[key] = Forecast(region.world.now())
    for point in given["points"]:
        at = datetime.fromisoformat(point["at"]).replace(minute=0, second=0, microsecond=0)
        forecast.capacity[at] = float(point["capacity"])
        forecast.load[at] = float(point.get("load", point["capacity"]))
    arm_forecast(region, key)


def arm_forecast(region: Region, key: tuple[str, str]) -> None:
    """Have each hour of a forecast applied, its policy's buffer earlier."""
    policy, forecast = region.policies.get(key), region.forecasts.get(key)
    if policy is None or forecast is None:
        return
    for hour in forecast.capacity:
        due = launch_time(hour, _buffer_of(policy))
        if due >= region.world.now():
            _arm(region, key, due, hour)


def floor_of(region: Region, group: str, now: datetime) -> int:
    """The capacity that forecasts hold a group at now."""
    capacities = [
        forecast.at(now + _buffer_of(region.policies[owner, name]))
        for (owner, name), forecast in region.forecasts.items()
        if owner == group and _scales(region.policies.get((owner, name)))
    ]
    return max(capacities, default=0)


def get_predictive_scaling_forecast(call: Call) -> Answer:
    """The forecast of a policy between two times."""
    params = call.params
    key = (params["AutoScalingGroupName"], params["PolicyName"])
    policy = call.region.policies.get(key)
    if policy is None or policy["PolicyType"] != "PredictiveScaling":
        raise invalid("Policy not found or not of type PredictiveScaling")
    forecast = call.region.forecasts.get(key)
    if forecast is None:
        raise invalid("The policy has too little history for a forecast; wait until it has 24 hours of it")
    hours = [hour for hour in sorted(forecast.capacity) if params["StartTime"] <= hour < params["EndTime"]]
    specification = policy["PredictiveScalingConfiguration"]["MetricSpecifications"][0]
    load = {
        "Timestamps": hours,
        "Values": [forecast.load[hour] for hour in hours],
        "MetricSpecification": specification,
    }
    capacity = {"Timestamps": hours, "Values": [forecast.capacity[hour] for hour in hours]}
    return {"LoadForecast": [load], "CapacityForecast": capacity, "UpdateTime": forecast.made_at}


def _arm(region: Region, key: tuple[str, str], due: datetime, hour: datetime) -> None:
    forecast = region.forecasts[key]
    policy = region.policies[key]
    region.world.at(
        due,
        (Phase.FORECASTS, *key),
        lambda: _apply(region, key, hour),
        lambda: region.forecasts.get(key) is forecast and region.policies.get(key) is policy,
    )


def _buffer_of(policy: Mapping[str, Any]) -> timedelta:
    given = seconds(policy["PredictiveScalingConfiguration"].get("SchedulingBufferTime"))
    return DEFAULT_BUFFER if given is None else given


def _scales(policy: Mapping[str, Any] | None) -> bool:
    return bool(
        policy and policy["Enabled"] and policy["PredictiveScalingConfiguration"].get("Mode") == "ForecastAndScale"
    )


def _apply(region: Region, key: tuple[str, str], hour: datetime) -> None:
    policy, group = region.policies[key], region.groups.get(key[0])
    if group is None or group.is_deleting or not policy["Enabled"]:
        return
    config, wanted = policy["PredictiveScalingConfiguration"], region.forecasts[key].at(hour)
    high = group.max_size
    if config.get("MaxCapacityBreachBehavior") == "IncreaseMaxCapacity" and _scales(policy):
        high = raised_maximum(high, wanted, config["MaxCapacityBuffer"])
    mode = _MODES[config.get("Mode", "ForecastOnly")]
    size = predicted_size(group.desired_capacity, wanted, low=group.min_size, high=high, mode=mode)
    if size == group.desired_capacity:
        return
    cause = (
        f"At {stamp(region.world.now())} predictive scaling policy {key[1]} with a forecast capacity of {wanted} "
        f"for {stamp(hour)} changing the desired capacity from {group.desired_capacity} to {size}."
    )
    try:
        apply(group, checked(Sizes(group.min_size, high, size)), cause)
    except ServiceError:
        return
