"""Names on AWS: those that it takes, and what a policy or scheduled action stands for by its own; pure."""

import re
from collections.abc import Iterator

from trimtab.models import Fleet, ScalingGroup
from trimtab.providers.alarms import alarm_name
from trimtab.providers.aws.kinds import SCALING_POLICY, SCHEDULED_ACTION
from trimtab.providers.aws.schedules import END

LONGEST_TEMPLATE = 128
LONGEST_ALARM = 255
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
