"""What of this provider runs without a cloud."""

from datetime import datetime

from trimtab.models import Fleet, Placement
from trimtab.providers.aws.facts import AwsFacts, ImageFacts
from trimtab.providers.aws.importing import Replies, import_group
from trimtab.providers.aws.kinds import KINDS
from trimtab.providers.aws.template import ROOT_DEVICE
from trimtab.providers.aws.translate import translate
from trimtab.providers.importing import Imported
from trimtab.providers.pure import PureCode

LOCATION = "us-east-1"


def _import(replies: Replies, *, now: datetime, fleet: str | None, location: str | None) -> Imported:
    """No reply says the region: it is the one that was asked."""
    return import_group(replies, location=location or LOCATION, now=now, fleet=fleet)


def assumed(fleet: Fleet, location: str) -> AwsFacts:
    """Facts in which everything that a fleet names is there: subnets in its zones, target groups behind a balancer."""
    regions = {group.location or location for group in fleet.groups} | {location}
    targets = {word for group in fleet.groups for one in group.load_balancers for word in (one.name, one.id) if word}
    subnets = {group.name: _subnets(group.placement) for group in fleet.groups}
    return AwsFacts(
        images={group.name: ImageFacts(group.template.image.id or "ami-0", ROOT_DEVICE) for group in fleet.groups},
        subnets={name: list(zones) for name, zones in subnets.items() if zones},
        subnet_zones={subnet: zone for zones in subnets.values() for subnet, zone in zones.items()},
        zones={region: [f"{region}a", f"{region}b"] for region in regions},
        target_groups={region: {word: word for word in targets} for region in regions},
        labels={region: {word: f"app/front/0/targetgroup/{word}/0" for word in targets} for region in regions},
    )


def _subnets(place: Placement) -> dict[str, str]:
    """The zone of each subnet, by what stands for its id."""
    zones = place.zones or ("a",)
    names = place.subnets or (tuple(f"subnet-{zone}" for zone in zones) if place.subnet_tags else ())
    return {name: zones[number % len(zones)] for number, name in enumerate(names)}


PURE = PureCode(
    location=LOCATION,
    translate=translate,
    facts=AwsFacts,
    replies=Replies,
    import_group=_import,
    kinds=KINDS,
    assumed=assumed,
)
