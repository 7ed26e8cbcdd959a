"""Azure drops no field in silence."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

import trimtab as tt
from tests.conftest import make_group
from tests.laws import examples
from tests.providers.any_group import VALUES, any_groups
from tests.providers.field_law import breaches
from trimtab.providers.azure.facts import Attached, AzureFacts
from trimtab.providers.azure.ids import Home
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


# the cases that people have met


def said(**fields):
    """What notes and problems say of a group, each by its path."""
    bare = {"alarms": {}, "policies": {}, "schedules": {}, "load_balancers": (), "placement": {}}
    template = {"image": "Ubuntu2404", "size": "Standard_D2s_v5", "ssh_key": "ssh-rsa AAAA ops"}
    found = translated(make_group(**{**bare, "template": template, **fields}))
    notes, problems = (
        {one.text.partition(": ")[0]: one.text.partition(": ")[2] for one in some}
        for some in (found.notes, found.problems)
    )
    return notes, problems


QUERY = {"metric": {"promql": "sum(up)"}, "above": 1, "periods": 3, "notify": [TOLD]}
TRACKING = {"type": "target-tracking", "metric": "cpu", "target": 50}
FORECAST = {"type": "predictive", "metric": "cpu", "target": 50}
UNSAID = [
    ({"policies": {"hold": {**TRACKING, "statistic": "maximum"}}}, "policies.hold"),
    ({"alarms": {"up": {**QUERY, "statistic": "p95"}}}, "alarms.up.statistic"),
    ({"alarms": {"up": {**QUERY, "missing": "breaching"}}}, "alarms.up.missing"),
    ({"alarms": {"up": {**QUERY, "datapoints": 2}}}, "alarms.up.datapoints"),
    ({"placement": {"subnets": ["a", "b"], "zones": ["1"]}}, "placement.subnets.1"),
    ({"policies": {"ahead": {**FORECAST, "maximum_buffer": 10}}}, "policies.ahead.maximum_buffer"),
    ({"azure": {"eviction": "delete"}}, "azure.eviction"),
    ({"health_check": {"grace": "5m"}}, "health_check.grace"),
    ({"aws": {"max_instance_lifetime": "7d"}}, "aws"),
    ({"gcp": {"initialization": "3m"}}, "gcp"),
]


@pytest.mark.parametrize(("fields", "path"), UNSAID, ids=[path for _, path in UNSAID])
def test_what_azure_does_not_have_is_told_by_its_path(fields, path):
    notes, problems = said(**fields)
    assert path in notes.keys() | problems.keys()
    assert path not in set().union(*said())


def test_eviction_with_spot_is_sent():
    assert said(azure={"eviction": "delete"}, purchase={"spot": True}) == ({}, {})


def test_a_maximum_that_no_moment_will_see_has_its_note():
    """A recurring profile lasts until the next one starts: beside it the default is never active."""
    day, size = {"cron": "0 8 * * *", "zone": "UTC", "max": 4}, {"min": 0, "max": 9}
    notes, _ = said(capacity=size, schedules={"day": day, "night": {**day, "cron": "0 20 * * *"}})
    assert notes == {"capacity.max": "the schedules set `max` at every moment; change it there"}
    assert said(capacity=size, schedules={"day": {**day, "until": "0 20 * * *"}}) == ({}, {})


def test_weekly_schedules_in_several_zones_are_refused_each_by_its_zone():
    day = {"cron": "0 8 * * *", "min": 2}
    schedules = {"day": {**day, "zone": "UTC"}, "night": {**day, "cron": "0 20 * * *", "zone": "Europe/Madrid"}}
    _, problems = said(schedules=schedules)
    assert set(problems) == {"schedules.day.zone", "schedules.night.zone"}
