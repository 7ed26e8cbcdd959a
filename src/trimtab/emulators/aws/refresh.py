"""Instance refreshes as they are asked for: started, described, cancelled, rolled back."""

from collections.abc import Iterator, Mapping
from typing import Any

from trimtab.emulators.aws.calls import Answer, Call, find_group, page
from trimtab.emulators.aws.composites import find_alarm
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_fields import update_source
from trimtab.emulators.aws.group_reads import source
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.launch_checks import check_launch, check_source
from trimtab.emulators.aws.maintenance import HEALTHY, check_percentages, healthy_share
from trimtab.emulators.aws.replacing import Refresh, begin, cancel, roll_back, source_of
from trimtab.emulators.aws.templates import find_version
from trimtab.emulators.aws.world import Region
from trimtab.emulators.shared.errors import ServiceError

_DEFAULTS = {
    **HEALTHY,
    "SkipMatching": False,
    "AutoRollback": False,
    "ScaleInProtectedInstances": "Wait",
    "StandbyInstances": "Wait",
}
_CHOICES = {
    "ScaleInProtectedInstances": ("Refresh", "Ignore", "Wait"),
    "StandbyInstances": ("Terminate", "Ignore", "Wait"),
}
_LONGEST_WAIT = 172800
_MOST_ALARMS = 10
_SOURCES = ("LaunchTemplate", "LaunchConfigurationName", "MixedInstancesPolicy")
_BY_PARAMETER = "resolve:ssm:"


def start_instance_refresh(call: Call) -> Answer:
    """A refresh that began; its id."""
    group, params = find_group(call), call.params
    if _active(group) is not None:
        raise ServiceError(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
        )
    if params.get("Strategy", "Rolling") != "Rolling":
        raise invalid("Valid strategies here are: Rolling")
    given, wished = params.get("Preferences") or {}, params.get("DesiredConfiguration") or {}
    check_percentages(given)
    healthy = healthy_share(group, given)
    preferences = {**_DEFAULTS, **given, **healthy.percentages}
    _check(group, preferences, wished)
    refresh = Refresh(group, wished, preferences, healthy, call.world.now(), source_of(group))
    if wished:
        # the group shows it when it has succeeded, but launches from it now
        # (https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html)
        shown = source(group)
        update_source(group, wished, kept=False)
        group.shown_source = shown
    call.region.refreshes.setdefault(group.name, []).append(refresh)
    begin(refresh)
    return {"InstanceRefreshId": refresh.number}


def describe_instance_refreshes(call: Call) -> Answer:
    """The refreshes of a group, newest first."""
    wanted = call.params.get("InstanceRefreshIds")
    refreshes = reversed(call.region.refreshes.get(find_group(call).name, []))
    shown = [_described(each) for each in refreshes if not wanted or each.number in wanted]
    return page(call, shown, "InstanceRefreshes")


def cancel_instance_refresh(call: Call) -> Answer:
    """A refresh, or a rollback, that stops where it is."""
    refresh = _find_active(call)
    if refresh.status != "Cancelling" or call.params.get("WaitForTransitioningInstances") is False:
        cancel(refresh, waits=call.params.get("WaitForTransitioningInstances", True))
    return {"InstanceRefreshId": refresh.number}


def rollback_instance_refresh(call: Call) -> Answer:
    """A refresh that goes back to what the group launched from before."""
    refresh = _find_active(call)
    if refresh.rollback or refresh.status == "Cancelling":
        raise _none_active()
    problem = _irreversible(call.region, refresh.wished, _described_source(refresh.group))
    if problem:
        raise ServiceError("IrreversibleInstanceRefresh", problem)
    roll_back(refresh, "Rollback initiated by user request.")
    return {"InstanceRefreshId": refresh.number}


def refuse_while_refreshing(group: GroupView, params: Mapping[str, Any]) -> None:
    """
    Refuse another template or mix while a refresh goes to a desired configuration.

    https://github.com/floci-io/floci/issues/1598
    """
    refresh = _active(group)
    if refresh is not None and refresh.wished and any(params.get(name) for name in _SOURCES):
        raise invalid(
            "An active instance refresh with a desired configuration exists. All configuration options derived from "
            "the desired configuration are not available for update while the instance refresh is active."
        )


def _check(group: GroupView, preferences: Mapping[str, Any], wished: Mapping[str, Any]) -> None:
    for problem in _problems(group, preferences, wished):
        raise invalid(problem)
    if wished:
        mixed = wished.get("MixedInstancesPolicy") or {}
        check_source(group.home, wished.get("LaunchTemplate"))
        check_source(group.home, (mixed.get("LaunchTemplate") or {}).get("LaunchTemplateSpecification"))
        check_launch(group.home, dict(wished))
    if preferences["AutoRollback"]:
        _check_auto_rollback(group, wished)
    _check_alarms(group.home, preferences)


def _problems(group: GroupView, preferences: Mapping[str, Any], wished: Mapping[str, Any]) -> Iterator[str]:
    points = preferences.get("CheckpointPercentages") or []
    if points != sorted(set(points)):
        yield "CheckpointPercentages must be unique and in ascending order"
    if any(not 1 <= point <= 100 for point in points):
        yield "CheckpointPercentages must be between 1 and 100"
    if preferences.get("CheckpointDelay") is not None and not points:
        yield "CheckpointPercentages must be specified when CheckpointDelay is specified"
    for name in ("CheckpointDelay", "BakeTime"):
        if not 0 <= int(preferences.get(name) or 0) <= _LONGEST_WAIT:
            yield f"{name} must be between 0 and {_LONGEST_WAIT}"
    for name, known in _CHOICES.items():
        if preferences[name] not in known:
            yield f"{name} must be one of {', '.join(known)}"
    if wished and len([name for name in ("LaunchTemplate", "MixedInstancesPolicy") if wished.get(name)]) != 1:
        yield "DesiredConfiguration must contain either LaunchTemplate or MixedInstancesPolicy"
    if preferences["SkipMatching"] and not wished and group.ec2_launch_template is None:
        yield "SkipMatching needs a launch template"
    if (preferences["SkipMatching"] or wished) and _asks_by_attributes(group, wished):
        # https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
        yield "SkipMatching and DesiredConfiguration are not supported with InstanceRequirements"


def _asks_by_attributes(group: GroupView, wished: Mapping[str, Any]) -> bool:
    policies = (group.mixed_instances_policy or {}, wished.get("MixedInstancesPolicy") or {})
    entries = [each for policy in policies for each in (policy.get("LaunchTemplate") or {}).get("Overrides") or ()]
    return any("InstanceRequirements" in each for each in entries)


def _check_auto_rollback(group: GroupView, wished: Mapping[str, Any]) -> None:
    if not wished:
        # https://github.com/hashicorp/terraform-provider-aws/issues/29830
        raise invalid(
            "The request isn't valid. The AutoRollback parameter cannot be set to true when the DesiredConfiguration "
            "parameter is empty. Set AutoRollback to false or specify a desired configuration and try again."
        )
    for given in (wished, source(group)):
        if problem := _irreversible(group.home, wished, given):
            raise invalid(problem)


def _described_source(group: GroupView) -> dict[str, Any]:
    return group.shown_source or source(group)


def _irreversible(region: Region, wished: Mapping[str, Any], saved: Mapping[str, Any]) -> str:
    """Why a group with that source cannot be gone back to; empty where it can."""
    if not wished:
        return "An instance refresh without a desired configuration cannot be rolled back."
    mixed = saved.get("MixedInstancesPolicy") or {}
    template = saved.get("LaunchTemplate") or mixed.get("LaunchTemplate", {}).get("LaunchTemplateSpecification")
    if template is None:
        return ""
    version = template.get("Version") or "$Default"
    if version in ("$Latest", "$Default"):
        return "You cannot roll back with a launch template version of $Latest or $Default; give its number"
    ec2 = region.ec2
    number = template.get("LaunchTemplateId") or ec2.launch_template_name_to_ids.get(template.get("LaunchTemplateName"))
    try:
        data = find_version(ec2.launch_templates[number], version).data if number in ec2.launch_templates else {}
    except ServiceError:
        # it is tried, and fails in the end
        return ""
    if str(data.get("ImageId") or "").startswith(_BY_PARAMETER):
        return "You cannot roll back with a launch template that uses a Systems Manager parameter instead of an AMI ID."
    return ""


def _check_alarms(region: Region, preferences: Mapping[str, Any]) -> None:
    """
    Refuse alarms that are not there or could not tell.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html
    """
    names = (preferences.get("AlarmSpecification") or {}).get("Alarms") or []
    if len(names) > _MOST_ALARMS:
        raise invalid(f"AlarmSpecification can have at most {_MOST_ALARMS} alarms")
    for name in names:
        alarm = find_alarm(region, name)
        if alarm is None:
            raise invalid(f"The CloudWatch alarm {name} does not exist")
        if alarm["StateValue"] != "OK":
            raise invalid(f"The CloudWatch alarm {name} is in the {alarm['StateValue']} state; it must be OK to start")


def _active(group: GroupView) -> Refresh | None:
    refreshes: list[Refresh] = group.home.refreshes.get(group.name, [])
    return next((each for each in refreshes if each.is_active), None)


def _find_active(call: Call) -> Refresh:
    refresh = _active(find_group(call))
    if refresh is None:
        raise _none_active()
    return refresh


def _none_active() -> ServiceError:
    return ServiceError("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found.")


def _described(refresh: Refresh) -> dict[str, Any]:
    answer = {
        "InstanceRefreshId": refresh.number,
        "AutoScalingGroupName": refresh.group.name,
        "Status": refresh.status,
        "StatusReason": refresh.reason or None,
        "StartTime": refresh.began,
        "EndTime": refresh.ended,
        "PercentageComplete": refresh.percentage,
        "InstancesToUpdate": refresh.to_update,
        "ProgressDetails": _details(refresh),
        "Preferences": refresh.preferences,
        "DesiredConfiguration": refresh.wished or None,
        "RollbackDetails": refresh.rollback or None,
        "Strategy": "Rolling",
    }
    return {name: value for name, value in answer.items() if value is not None}


def _details(refresh: Refresh) -> dict[str, Any] | None:
    """How far each part of a group with a warm pool is."""
    if refresh.group.pool is None:
        return None
    left, whole = len(refresh.left_in_pool), refresh.total_in_pool
    done = 100 * (whole - left) // whole if whole else 100
    return {
        "LivePoolProgress": {"PercentageComplete": refresh.live_percentage, "InstancesToUpdate": len(refresh.left)},
        "WarmPoolProgress": {"PercentageComplete": done, "InstancesToUpdate": left},
    }
