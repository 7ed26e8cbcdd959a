"""What the policies and scheduled actions of a fleet stand for, by their names in the cloud; pure."""

from collections.abc import Iterator

from trimtab.models import Fleet, ScalingGroup
from trimtab.providers.aws.kinds import SCALING_POLICY, SCHEDULED_ACTION
from trimtab.providers.aws.schedules import END


def items_of(fleet: Fleet) -> dict[tuple[str, str, str], str]:
    """The part of its group, such as `policies.scale-out`, by kind, the group's native name and its own."""
    return {
        (kind, native, f"{native}-{name}"): item
        for group in fleet.groups
        for native in [fleet.native_name(group)]
        for kind, name, item in _items(group)
    }


def _items(group: ScalingGroup) -> Iterator[tuple[str, str, str]]:
    yield from ((SCALING_POLICY.name, one.name, f"policies.{one.name}") for one in group.policies)
    for end in (END, ""):
        yield from ((SCHEDULED_ACTION.name, f"{one.name}{end}", f"schedules.{one.name}") for one in group.schedules)
