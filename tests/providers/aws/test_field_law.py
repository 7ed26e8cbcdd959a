"""AWS drops no field in silence."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings

import trimtab as tt
from tests.laws import examples
from tests.providers.any_group import VALUES, any_groups
from tests.providers.field_law import breaches
from trimtab.providers.aws.facts import AwsFacts, ImageFacts
from trimtab.providers.aws.translate import translate

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
REGION = "us-east-1"
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{}/0123456789abcdef"
LABEL = "app/front/50dc6c495c0c9188/targetgroup/{}/0123456789abcdef"
BALANCERS = {"web": ARN.format("web"), "api": ARN.format("api")}
LABELS = {word: LABEL.format(name) for name, arn in BALANCERS.items() for word in (name, arn)}
OWN = {
    "location": ("us-west-2", "eu-west-1"),
    "load_balancers.*.id": (ARN.format("other"), ARN.format("more")),
    "template.disks.*.device": (None, "/dev/sdf", "/dev/sdg"),
}


def translated(group):
    """A group as AWS has it, with whatever it refers to found."""
    image, regions = group.template.image, ("us-east-1", "us-west-2", "eu-west-1")
    found = f"ami-{image.newest}-{image.owner}-{image.architecture}" if image.newest else image.id
    tags, zones = group.placement.subnet_tags, group.placement.zones
    tagged = "-".join(["subnet", *(f"{name}-{value}" for name, value in sorted((tags or {}).items()))])
    facts = AwsFacts(
        images={"web": ImageFacts(found, "/dev/xvda")},
        subnets={"web": [tagged]} if tags else {},
        subnet_zones={"subnet-1": "a", "subnet-2": "b", tagged: (*zones, "a")[0]},
        zones={region: [f"{region}a", f"{region}b"] for region in regions},
        target_groups=dict.fromkeys(regions, BALANCERS),
        labels=dict.fromkeys(regions, LABELS),
    )
    return translate(tt.Fleet(name="virtualmin", groups=[group]), facts, NOW, REGION)


@settings(max_examples=examples(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_groups(OWN))
def test_every_leaf_reaches_a_body_or_has_its_note(group):
    assert not list(breaches(group, translated, "aws", {**VALUES, **OWN}))
