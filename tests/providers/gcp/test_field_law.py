"""Google Cloud drops no field in silence."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings

import trimtab as tt
from tests.laws import examples
from tests.providers.any_group import VALUES, any_groups
from tests.providers.field_law import breaches
from trimtab.providers.gcp.facts import Attached, GcpFacts, Service
from trimtab.providers.gcp.translate import translate

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
PROJECT, REGION = "trimtab", "europe-west1"
SERVICE = f"projects/{PROJECT}/global/backendServices/{{}}"
POOL = f"projects/{PROJECT}/regions/{REGION}/targetPools/old"
CHECK = f"projects/{PROJECT}/global/healthChecks/front"
OWN = {
    "location": ("europe-west4", "us-east1"),
    "template.image.id": ("debian-cloud/debian-12", "golden"),
    "template.image.owner": ("debian-cloud", "ubuntu-os-cloud"),
    "template.disks.*.device": (None, "data", "mail"),
    "template.tags.*": ("web", "Pro"),
    "tags.*": ("web", "Pro"),
    "placement.zones.*": (f"{REGION}-b", f"{REGION}-c", f"{REGION}-d"),
    "load_balancers.*.id": (SERVICE.format("other"), POOL),
    "health_check.port": (81, 8080),
    "alarms.*.notify.*": ("ops@example.org", "https://example.org/a", f"projects/{PROJECT}/topics/alarms"),
}


def translated(group):
    """A group as Google Cloud has it, with whatever it refers to found."""
    image, balancers = group.template.image, group.load_balancers
    services = {
        one: Service(one.id or SERVICE.format(one.name), one.name or "other", "http", CHECK)
        for one in balancers
        if one.id != POOL
    }
    attached = Attached(
        services=tuple(services.values()),
        target_pools=tuple(one.id for one in balancers if one not in services),
        ports={service.port_name: one.port for one, service in services.items() if one.port is not None},
    )
    found = f"projects/{image.owner}/global/images/{image.newest}-{image.architecture}"
    facts = GcpFacts(attached={"web": attached}, images={"web": found} if image.newest else {})
    return translate(tt.Fleet(name="virtualmin", groups=[group]), facts, NOW, REGION, PROJECT)


@settings(max_examples=examples(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_groups(OWN))
def test_every_leaf_reaches_a_body_or_has_its_note(group):
    assert not list(breaches(group, translated, "gcp", {**VALUES, **OWN}))
