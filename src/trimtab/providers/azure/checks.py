"""What only Azure warns of."""

from collections.abc import Iterator

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject
from trimtab.checks.sizes import bounds_over_time
from trimtab.providers.health import asks_balancer, has_probe

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
        yield Remark("azure.eviction", text, "let it be deleted: `eviction: delete`; autoscale then adds another")


def find_unrepaired(subject: Subject) -> Iterator[Remark]:
    """
    Groups on Azure behind a load balancer of which nothing says how an instance is, so that nothing repairs it.

    https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-automatic-instance-repairs
    """
    group = subject.group
    if group.cloud_balancers and not (asks_balancer(group) or has_probe(group)):
        text = "on azure it is behind a load balancer and no health check runs: an instance that serves nothing stays"
        mend = "set `by: load-balancer`, or `path` and `port`, with a `grace` of ten minutes or more"
        yield Remark("health_check.by", text, mend)


def find_all_spot(subject: Subject) -> Iterator[Remark]:
    """Spot groups on Azure that do not say how much stays on demand."""
    purchase = subject.group.purchase
    if purchase.spot and not {"on_demand_base", "on_demand_percent"} & purchase.model_fields_set:
        text = "on azure `on_demand_base` and `on_demand_percent` are not set: every instance is spot"
        mend = "set `on_demand_percent: 0` if that is meant, else a share, which needs `orchestration: flexible`"
        yield Remark("purchase.spot", text, mend)
