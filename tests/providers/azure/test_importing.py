"""
Groups that exist, read back: what was put to Azure, less its marks, comes back as a group whose plan is empty.

The groups are drawn at random from everything that Azure carries; at least 70 % of them come back without a note.
"""

import random

import pytest

import trimtab as tt
from tests.providers.azure.account import furnish
from tests.providers.azure.test_every_field import FLEXIBLE, KEY, OUT, QUEUE
from tests.providers.azure.world import GROUP as HOME
from tests.providers.azure.world import AzureWorld
from trimtab.emulators import AzureEmulator

NUMBER = 80
PARTS = [
    {"template": {"ssh_key": KEY}},
    {"template": {"security_groups": ["web"]}},
    {"template": {"role": "web"}},
    {"template": {"disks": [{"size_gb": 64, "type": "fast-ssd"}, {"device": "1", "size_gb": 128, "type": "ssd"}]}},
    {"template": {"public_address": True}},
    {"placement": {"zones": ["1", "2"]}, "azure": {"zone_balance": True}},
    {"load_balancers": ["virtualmin-web"], "health_check": {"by": "load-balancer", "grace": "15m"}},
    {"health_check": {"path": "/up", "port": 8080}},
    {"health_check": {"port": 22}, "azure": {"automatic_repairs": False}},
    {"tags": {"Team": "hosting", "Tier": "gold"}},
    {"azure": {"overprovision": True}},
    {"azure": {"default_capacity": 3}},
    {"azure": {"admin_username": "operator", "computer_name_prefix": "vm"}},
    {"azure": {"terminate_notification": "10m"}},
    {"azure": {"scale_in": "newest"}},
    {"azure": {"notify_scaling": ["ops@example.org", "https://example.org/hook"]}},
    {"purchase": {"spot": True, "max_price": "0.05"}, "azure": {"eviction": "deallocate"}},
    {"purchase": {"spot": True, "on_demand_base": 1, "on_demand_percent": 40}, "azure": FLEXIBLE},
    {"purchase": {"sizes": [{"size": "Standard_D2s_v5"}, {"size": "Standard_D2as_v5"}]}, "azure": FLEXIBLE},
]
ALARMS = [
    {"metric": "cpu", "above": 70, "triggers": ["out"]},
    {"metric": "cpu", "at_least": 80, "period": "5m", "periods": 2, "triggers": ["out"]},
    {"metric": "cpu", "below": 20, "period": "10m", "triggers": ["in"]},
    {"metric": "memory", "above": 85, "statistic": "maximum", "triggers": ["out"]},
    {"metric": "network-out", "above": 2_000_000, "triggers": ["out"]},
    {"metric": {"name": "queue-depth", "of": QUEUE}, "above": 100, "triggers": ["half"]},
    {"metric": {"custom": "Jobs", "namespace": "Virtualmin"}, "above": 5, "triggers": ["out"]},
    {"metric": "cpu", "above": 95, "notify": ["ops@example.org"], "notify_ok": ["ops@example.org"]},
    {"metric": "memory", "above": 95, "period": "15m", "notify": ["https://example.org/hook"]},
]
POLICIES = {
    **OUT,
    "in": {"change": -1, "cooldown": "10m"},
    "half": {"percent": 50, "cooldown": "2m"},
    "ahead": {"type": "predictive", "metric": "cpu", "target": 70, "buffer": "10m", "approximate": True},
}
SCHEDULES = [
    {"office": {"cron": "0 8 * * 1-5", "until": "0 18 * * 1-5", "zone": "Europe/Madrid", "min": 2, "max": 6}},
    {
        "morning": {"cron": "30 7 * * *", "zone": "UTC", "min": 2},
        "night": {"cron": "0 20 * * *", "zone": "UTC", "min": 1},
    },
    {"feast": {"at": "2026-12-24T00:00:00", "duration": "3d", "zone": "Europe/Madrid", "min": 3}},
]


def merged(one, two):
    found = dict(one)
    for name, value in two.items():
        found[name] = merged(found[name], value) if isinstance(value, dict) and name in found else value
    return found


def random_group(seed):
    chance = random.Random(seed)
    given = {
        "name": "web",
        "capacity": {"min": 1, "max": 5},
        "template": {"image": chance.choice(["Ubuntu2404", "Debian12"]), "size": "Standard_B2s"},
        "placement": {"network": "virtualmin", "subnets": ["private"]},
    }
    for part in chance.sample(PARTS, chance.randint(0, 4)):
        given = merged(given, part)
    alarms = chance.sample(ALARMS, chance.randint(0, 3))
    triggered = {name for alarm in alarms for name in alarm.get("triggers", ())}
    given["alarms"] = {f"alarm-{place}": alarm for place, alarm in enumerate(alarms)}
    policies = {name: POLICIES[name] for name in ("out", "in", "half") if name in triggered}
    if any(alarm["metric"] == "cpu" and "above" in alarm and alarm.get("triggers") for alarm in alarms):
        policies |= {"ahead": POLICIES["ahead"]} if chance.random() < 0.4 else {}
    given["policies"] = policies
    given["schedules"] = chance.choice([{}, {}, *SCHEDULES])
    return tt.ScalingGroup.model_validate(given)


@pytest.fixture(scope="module")
def world():
    with AzureEmulator() as emulator:
        world = AzureWorld(emulator)
        furnish(world)
        world.put("Microsoft.Network/networkSecurityGroups/web", {"location": "westeurope", "properties": {}})
        world.put("Microsoft.ManagedIdentity/userAssignedIdentities/web", {"location": "westeurope"})
        yield world


def take_marks_off(world, cloud, fleet):
    for key in cloud.provider.read(fleet).resources:
        if key.kind != "action-group":  # whose they are says whom they tell
            world.make_foreign(cloud, key) if key.kind != "scale-set" else strip(world, key)


def strip(world, key):
    sets = world.compute.virtual_machine_scale_sets
    tags = {name: value for name, value in sets.get(HOME, key.name).tags.items() if not name.startswith("trimtab-")}
    sets.begin_update(HOME, key.name, {"tags": tags}).result()


def round_trip(world, cloud, seed):
    """The group, and what came back of it without its marks."""
    group = random_group(seed)
    fleet = tt.Fleet(name="laws", groups=(group,))
    cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()
    plan = cloud.plan(fleet)
    if plan.problems:
        return None
    cloud.apply(plan, wait="accepted").raise_for_failures()
    take_marks_off(world, cloud, fleet)
    found = cloud.read_group("laws-web", fleet="laws")
    again = tt.Fleet(name="laws", groups=(found.group,))
    cloud.apply(cloud.adopt(again)).raise_for_failures()
    left = cloud.plan(again)
    fields = [(change.key.kind, one.path, one.old, one.new) for change in left for one in change.fields]
    cloud.apply(left, wait="accepted", allow_replace=True).raise_for_failures()
    cloud.apply(cloud.destroy(again), allow_delete=True).raise_for_failures()
    return found, fields


def test_what_was_put_comes_back(world):
    clean = tried = 0
    with world.connect() as cloud:
        for seed in range(NUMBER):
            outcome = round_trip(world, cloud, seed)
            if outcome is None:
                continue
            found, fields = outcome
            tried += 1
            assert not fields, (seed, fields)
            zones = [note for note in found.notes if note.path == "time zone"]
            clean += len(found.notes) == len(zones)
    assert tried > NUMBER * 0.7
    assert clean >= 0.7 * tried, f"{clean} of {tried} came back without a note"
