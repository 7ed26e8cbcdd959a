"""The health of instances: what is set, what load balancers find, and the replacement of those that are not well."""

import json
from datetime import timedelta
from typing import Any

from trimtab.emulators.aws import lifecycle
from trimtab.emulators.aws.activities import stamp
from trimtab.emulators.aws.calls import Answer, Call
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.world import Phase, Region
from trimtab.emulators.shared.errors import ServiceError

_NOTICED = timedelta(seconds=30)
"""How long an instance that was never well is in service before that is found."""
_BY_USER = "an instance was taken out of service in response to a user health-check."
_BY_BALANCER = "an instance was taken out of service in response to an ELB system health check failure."


def set_instance_health(call: Call) -> Answer:
    """An instance healthy or not; one that is not is replaced."""
    number, status = call.params["InstanceId"], call.params["HealthStatus"]
    if status not in ("Healthy", "Unhealthy"):
        raise invalid("HealthStatus must be Healthy or Unhealthy")
    group, state = find_member(call.region, number)
    respects = call.params.get("ShouldRespectGracePeriod", True)
    if status == "Unhealthy" and respects and call.world.now() < _grace_end(group, state):
        return None
    state.health_status = status
    state.sick_because = _BY_USER
    replace_sick(group)
    return None


def describe_target_health(call: Call) -> Answer:
    """The health of a target group's targets, as the instances are."""
    arn = call.params["TargetGroupArn"]
    target_group = call.region.elbv2.target_groups.get(arn)
    if target_group is None:
        raise ServiceError("TargetGroupNotFound", "One or more target groups not found")
    wanted = call.params.get("Targets") or list(target_group.targets.values())
    leaving = _leaving(call.region)
    descriptions = [_health(call.region, target_group.health_for(target, call.region.ec2)) for target in wanted]
    known = {each["Target"]["Id"] for each in descriptions}
    if not call.params.get("Targets"):
        descriptions += [_draining(number, target_group) for number in leaving.get(arn, ()) if number not in known]
    return {"TargetHealthDescriptions": descriptions}


def fail_target(region: Region, number: str, *, healthy: bool) -> None:
    """Have an instance fail or pass the load balancers' health checks from now on."""
    if healthy:
        region.failing.discard(number)
        return
    try:
        group, state = find_member(region, number)
    except ServiceError as error:
        raise ValueError(error.message) from None
    region.failing.add(number)
    due = max(region.world.now(), _grace_end(group, state))
    region.world.at(due, (Phase.INSTANCES, group.name), lambda: _fail(group, state), lambda: number in region.failing)


def fail_made_of(region: Region, text: str, *, healthy: bool) -> None:
    """Have instances that come from now on fail health checks if their template has a text in it, or pass them."""
    if not healthy:
        region.ailments.add(text)
        return
    region.ailments.discard(text)
    for group in region.groups.values():
        region.failing -= {state.instance.id for state in group.instance_states if text in _made_of(group, state)}


def entered(group: GroupView, state: Any) -> None:
    """An instance has come into service: it is found ill before long if what it is made of makes it so."""
    region, number = group.home, state.instance.id
    if not region.ailments:
        return
    made_of = _made_of(group, state)
    if not any(text in made_of for text in region.ailments):
        return
    region.failing.add(number)
    due = max(region.world.now() + _NOTICED, _grace_end(group, state))
    region.world.at(due, (Phase.INSTANCES, group.name), lambda: _fail(group, state), lambda: number in region.failing)


def _made_of(group: GroupView, state: Any) -> str:
    source = getattr(state, "launched_from", None)
    if source is None or source["LaunchTemplateId"] not in group.ec2_backend.launch_templates:
        return ""
    template = group.ec2_backend.launch_templates[source["LaunchTemplateId"]]
    # a version that was deleted is still what the instance was made of
    return next(
        (json.dumps(each.data, default=str) for each in template.versions if str(each.number) == source["Version"]), ""
    )


def replace_sick(group: GroupView) -> None:
    """Terminate the instances that are unhealthy, and have others in their place."""
    if group.is_deleting:
        return
    rests = {"ReplaceUnhealthy", "Terminate"} & set(group._suspended_processes)
    for state in [] if rests else list(group.active_instances()):
        if state.health_status == "Unhealthy":
            group.cause = f"At {stamp(group.home.world.now())} {getattr(state, 'sick_because', _BY_USER)}"
            lifecycle.stop(group, state, cause=group.cause)
    group.balance()


def find_member(region: Region, number: str) -> tuple[GroupView, Any]:
    """The group that an instance belongs to, and the instance in it."""
    for group in region.groups.values():
        state = group.find(number)
        if state is not None:
            return group, state
    raise invalid(f"Instance Id not found - No managed instance found for instance ID: {number}")


def _grace_end(group: GroupView, state: Any) -> Any:
    return group.in_service_since(state) + timedelta(seconds=group.health_check_grace_period or 0)


def _fail(group: GroupView, state: Any) -> None:
    if "ELB" not in (group.health_check_type or "").split(",") or "HealthCheck" in group._suspended_processes:
        return
    if state in group.active_instances():
        state.health_status, state.sick_because = "Unhealthy", _BY_BALANCER
        replace_sick(group)


def _health(region: Region, target_health: Any) -> dict[str, Any]:
    number, status, reason, text = (
        target_health.instance_id,
        target_health.status,
        target_health.reason,
        target_health.description,
    )
    if status == "healthy" and number in region.failing:
        status, reason, text = "unhealthy", "Target.FailedHealthChecks", "Health checks failed"
    health = {"State": status, "Reason": reason, "Description": text}
    return {
        "Target": {"Id": number, "Port": int(target_health.port)},
        "HealthCheckPort": str(target_health.health_check_port),
        "TargetHealth": {name: value for name, value in health.items() if value},
    }


def _leaving(region: Region) -> dict[str, list[str]]:
    """The instances that wait before they are terminated, by target group."""
    by_target_group: dict[str, list[str]] = {}
    for group in region.groups.values():
        numbers = [each.instance.id for each in group.instance_states if each.lifecycle_state == "Terminating:Wait"]
        for arn in group.target_group_arns if numbers else ():
            by_target_group.setdefault(arn, []).extend(numbers)
    return by_target_group


def _draining(number: str, target_group: Any) -> dict[str, Any]:
    text = "Target deregistration is in progress"
    return {
        "Target": {"Id": number, "Port": int(target_group.port)},
        "HealthCheckPort": str(target_group.health_check_port),
        "TargetHealth": {"State": "draining", "Reason": "Target.DeregistrationInProgress", "Description": text},
    }
