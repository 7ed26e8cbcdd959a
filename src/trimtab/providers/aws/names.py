"""Names on AWS: those that it takes, and what a policy or scheduled action stands for by its own; pure."""

import re
from collections.abc import Iterator

from trimtab.models import Fleet, ScalingGroup
from trimtab.providers.alarms import alarm_name
from trimtab.providers.aws.kinds import SCALING_POLICY, SCHEDULED_ACTION
from trimtab.providers.aws.schedules import END

LONGEST_TEMPLATE = 128
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html"""
LONGEST_ALARM = 255
"""botocore cloudwatch:PutMetricAlarmInput.AlarmName."""
# LaunchTemplateName, CreateLaunchTemplate: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
_TEMPLATE = re.compile(rf"[A-Za-z0-9().\-/_]{{3,{LONGEST_TEMPLATE}}}")


def problems_of(fleet: Fleet, group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """The field that gives a name which AWS does not take, and why not."""
    for alarm in group.alarms:
        name = alarm_name(fleet, group, alarm.name)
        if len(name) > LONGEST_ALARM:
            yield f"alarms.{alarm.name}", f"{name!r} is longer than CloudWatch's {LONGEST_ALARM} characters"
    native = fleet.native_name(group)
    if len(native) > LONGEST_TEMPLATE:
        yield "native_name", f"{native!r} is longer than the {LONGEST_TEMPLATE} characters of a launch template"
    elif not _TEMPLATE.fullmatch(native):
        text = f"a launch template cannot be called {native!r}: 3 to {LONGEST_TEMPLATE} letters, digits and ().-/_"
        yield "native_name", text


def is_elsewhere(arn: str, region: str) -> bool:
    """Whether an ARN is of another region."""
    parts = arn.split(":")
    return len(parts) > 5 and bool(parts[3]) and parts[3] != region


def elsewhere_of(group: ScalingGroup, region: str) -> Iterator[tuple[str, str]]:
    """
    The fields with ARNs of another region than the group's, and why they cannot be.

    CloudWatch answers "Invalid region ca-central-1 specified. Only us-west-2 is supported.":
    https://github.com/cds-snc/notification-terraform/pull/128
    """
    named = {f"load_balancers.{index}.id": one.id or "" for index, one in enumerate(group.load_balancers)}
    named |= {
        f"load_balancers.{index}.alternate": one.alternate
        for index, one in enumerate(group.load_balancers)
        if one.id and one.alternate
    }
    for alarm in group.alarms:
        for field in ("notify", "notify_ok", "notify_no_data"):
            for index, arn in enumerate(getattr(alarm, field)):
                named |= {f"alarms.{alarm.name}.{field}.{index}": arn} if arn.split(":")[2:3] == ["sns"] else {}
    named |= {f"aws.notify_scaling.{index}.topic": one.topic for index, one in enumerate(group.aws.notify_scaling)}
    named |= {
        f"aws.lifecycle_hooks.{index}.notify": one.notify or "" for index, one in enumerate(group.aws.lifecycle_hooks)
    }
    for path, arn in named.items():
        if is_elsewhere(arn, region):
            yield path, f"{arn} is in {arn.split(':')[3]} and the group in {region}; name one of {region}"


def items_of(fleet: Fleet) -> dict[tuple[str, str, str], str]:
    """The part of its group, such as `policies.scale-out`, by kind, the group's native name and its own."""
    return {
        (kind, native, f"{native}-{name}"): item
        for group in fleet.groups
        for native in [fleet.native_name(group)]
        for kind, name, item in _items(group)
    }


def _items(group: ScalingGroup) -> Iterator[tuple[str, str, str]]:
    yield from ((SCALING_POLICY.name, policy.name, f"policies.{policy.name}") for policy in group.policies)
    for end in (END, ""):
        yield from (
            (SCHEDULED_ACTION.name, f"{schedule.name}{end}", f"schedules.{schedule.name}")
            for schedule in group.schedules
        )
