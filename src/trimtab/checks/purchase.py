"""TT3xx: spot instances that may all be taken at once."""

from collections.abc import Iterator

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject
from trimtab.checks.words import listed
from trimtab.declarations import declarations_of


def find_one_size(subject: Subject) -> Iterator[Remark]:
    """Spot groups that can use one instance type only."""
    purchase = subject.group.purchase
    if (requirement := subject.group.template.requirement) is not None:
        chosen = [cloud for cloud in subject.clouds if not declarations_of(cloud).selects_sizes]
        if purchase.spot and requirement.choices == 1 and chosen:
            text = f"on {listed(chosen)} all spot instances are of one size, which the catalogue gives"
            yield Remark("purchase.spot", text, "let the cloud choose among several: `choices: 3` in `template.size`")
        return
    sizes = [option.size for option in purchase.sizes] or [subject.group.template.size_name or ""]
    if purchase.spot and len(sizes) == 1:
        path = "purchase.sizes" if purchase.sizes else "purchase.spot"
        text = f"all spot instances are {sizes[0]}: when that size runs short, all are interrupted and none starts"
        yield Remark(path, text, "list several suitable `sizes`")


def find_one_zone(subject: Subject) -> Iterator[Remark]:
    """Spot groups in a single zone, or in the single subnet that is in one zone: on Azure and Google they span all."""
    placement = subject.group.placement
    subnets = placement.subnets if subject.where_declared(lambda declared: declared.subnets_are_zonal) else ()
    for what, places in (("zone", placement.zones), ("subnet", subnets)):
        if subject.group.purchase.spot and len(places) == 1:
            text = f"all spot instances are in one {what}, {places[0]}: each zone has spare capacity of its own"
            yield Remark(f"placement.{what}s", text, f"name a {what} in two or more zones")
            return


def find_no_share(subject: Subject) -> Iterator[Remark]:
    """Spot groups that do not say how much stays on demand."""
    purchase = subject.group.purchase
    said = {"on_demand_base", "on_demand_percent"} & purchase.model_fields_set
    if purchase.spot and not said:
        text = (
            "`on_demand_base` and `on_demand_percent` are not set: every instance is spot, while EC2's own default is "
            "all on-demand"
        )
        yield Remark(
            "purchase.spot", text, "set `on_demand_base: 1`, or `on_demand_percent: 0` if every instance is to be spot"
        )
