"""Azure drops no field in silence."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings

import trimtab as tt
from tests.laws import examples
from tests.providers.any_group import VALUES, any_groups
from tests.providers.field_law import breaches
from trimtab.providers.azure.facts import AzureFacts
from trimtab.providers.azure.ids import Home
from trimtab.providers.azure.template import Attached
from trimtab.providers.azure.translate import translate

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
HOME = Home("00000000-0000-0000-0000-000000000000", "shop")
POOL = HOME.id_of("Microsoft.Network/loadBalancers", "{}/backendAddressPools/all")
FRONT = HOME.id_of("Microsoft.Network/applicationGateways", "front")
BUS = HOME.id_of("Microsoft.ServiceBus/namespaces", "bus/queues/jobs")
STORAGE = HOME.id_of("Microsoft.Storage/storageAccounts", "shop/services/queues/default/queues/jobs")
TOLD = HOME.id_of("Microsoft.Insights/actionGroups", "ops")
OWN = {
    "location": ("northeurope", "eastus"),
    "health_check.port": (81, 8080),
    "template.image.id": ("Ubuntu2204", "Canonical:ubuntu-24_04-lts:server:latest"),
    "template.image.newest": ("0001-com-ubuntu-server-jammy:22_04-lts-gen2", "ubuntu-24_04-lts:server"),
    "template.image.owner": ("Canonical", "Debian"),
    "template.disks.*.device": (None, "1", "2"),
    "placement.zones.*": ("1", "2", "3"),
    "load_balancers.*.id": (POOL.format("other"), POOL.format("more")),
    **{f"{item}.*.metric.of": (BUS, STORAGE, FRONT, "jobs") for item in ("policies", "alarms")},
    "alarms.*.notify.*": ("ops@example.org", "https://example.org/a", TOLD),
}


def translated(group):
    """A group as Azure has it, with whatever it refers to found."""
    image, place = group.template.image, group.placement
    offer, _, sku = (image.newest or "").partition(":")
    match = {"publisher": image.owner or "", "offer": offer, "sku": sku, "version": "1.0.0"}
    subnet = next(iter(place.subnets), "")
    pools = [one.id or POOL.format(one.name) for one in group.load_balancers]
    attached = Attached(
        subnet=f"{place.network}/{subnet}" if subnet else "",
        balancer_pools=pools,
        gateway_pools=[f"{FRONT}/backendAddressPools/{name}" for name in group.azure.application_gateway_pools],
        probe=f"{pools[0]}/probe" if pools and group.health_check.by == "load-balancer" else "",
        gateway=FRONT if group.azure.application_gateway_pools else "",
    )
    facts = AzureFacts(attached={"web": attached}, images={"web": match} if image.newest else {})
    return translate(tt.Fleet(name="virtualmin", groups=[group]), facts, NOW, "westeurope", HOME)


@settings(max_examples=examples(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_groups(OWN))
def test_every_leaf_reaches_a_body_or_has_its_note(group):
    assert not list(breaches(group, translated, "azure", {**VALUES, **OWN}))
