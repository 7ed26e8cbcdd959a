"""What ACME wants of its fleets: an owner, and two zones in production."""

from collections.abc import Iterator

from trimtab.checks import Remark, Rule, Subject

PAGES = "https://wiki.acme.example/fleets"


def find_no_owner(subject: Subject) -> Iterator[Remark]:
    """Groups of which no tag says whom to call at night."""
    if "Owner" not in subject.group.tags:
        yield Remark("tags", "no tag says who owns the group", "add the tag `Owner: team@acme.example`")


def find_one_zone(subject: Subject) -> Iterator[Remark]:
    """Groups in production that name a single zone."""
    zones = subject.group.placement.zones
    if subject.group.tags.get("Environment") == "production" and len(zones) == 1:
        yield Remark("placement.zones", f"in production, and only in {zones[0]}", "name a second zone")


RULES = {
    "ACME101": Rule("A group without an owner", find_no_owner, page=f"{PAGES}#owner"),
    "ACME201": Rule("Production in one zone", find_one_zone),
}
