"""What only Azure warns of."""

from collections.abc import Iterator

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject
from trimtab.checks.sizes import bounds_over_time

MOST_IN_PLACEMENT_GROUP = 100
"""https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-placement-groups"""


def find_full_placement_group(subject: Subject) -> Iterator[Remark]:
    """Groups on Azure whose single placement group is full before their maximum is reached."""
    _, most = bounds_over_time(subject.group)
    single = subject.group.azure.single_placement_group
    if single and most > MOST_IN_PLACEMENT_GROUP:
        text = f"one placement group holds {MOST_IN_PLACEMENT_GROUP} instances, and the maximum is {most}"
        yield Remark("azure.single_placement_group", text, "write `false`, or leave it out")


def find_kept_places(subject: Subject) -> Iterator[Remark]:
    """Spot groups on Azure whose evicted instances are deallocated: they count in the size and serve nothing."""
    group = subject.group
    if group.purchase.spot and group.azure.eviction == "deallocate" and group.policies:
        text = "an evicted instance stays in the group, deallocated: it counts in the size, and autoscale adds no other"
        yield Remark("azure.eviction", text, "let it be deleted (`delete`), and give `restore_spot` to get it back")
