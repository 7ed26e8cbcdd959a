"""
Groups that exist, read back: what was put to Azure, less its marks, comes back as a group whose plan is empty.

The groups are drawn at random from everything that Azure carries. Beside them: what no model says, made by hand; the
plan after `adopt` changes what the notes said, what was left to others stays, and the plan after that is empty.
"""

import copy
import random

import pytest

import trimtab as tt
from tests.laws import IS_EXHAUSTIVE
from tests.providers.azure.account import furnish
from tests.providers.azure.groups import FLEXIBLE, KEY, OUT, QUEUE
from tests.providers.azure.native import profile, rule, scale_set, setting
from tests.providers.azure.unsayable import CASES, Case
from tests.providers.azure.world import GROUP as HOME
from tests.providers.azure.world import AzureWorld
from tests.providers.import_law import assert_notes_are_the_plan, import_adopt_and_plan
from trimtab.emulators import AzureEmulator

NUMBER = 80 if IS_EXHAUSTIVE else 10
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
    {"health_check": {"port": 22, "interval": "30s", "healthy_threshold": 4, "unhealthy_threshold": 4}},
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
        "template": {"image": chance.choice(["Ubuntu2404", "Debian12"]), "size": "Standard_D2s_v5"},
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
    for key in cloud.provider.resources.read(fleet).resources:
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
    found, again, left = import_adopt_and_plan(cloud, "laws-web", fleet="laws")
    assert_notes_are_the_plan(found, left)
    fields = [(change.key.kind, one.path, one.old, one.new) for change in left for one in change.fields]
    cloud.apply(left, wait="accepted", allow_replace=True).raise_for_failures()
    cloud.apply(cloud.destroy(again), allow_delete=True).raise_for_failures()
    return found, fields


@pytest.mark.sweep
def test_what_was_put_comes_back(world):
    tried = 0
    with world.connect() as cloud:
        for seed in range(NUMBER):
            outcome = round_trip(world, cloud, seed)
            if outcome is None:
                continue
            found, fields = outcome
            tried += 1
            assert not fields, (seed, fields)
            assert not found.changes, (seed, [str(note) for note in found.changes])
            assert not found.group.unmanaged, (seed, found.group.unmanaged)
    assert tried > NUMBER * 0.7


# what no model says

SETS, SETTINGS = "compute.virtual_machine_scale_sets", "monitor.autoscale_settings"


def make_by_hand(world, cloud, case):
    """The group of a case, as somebody else would have made it."""
    calls = cloud.provider.connection
    for name in "abc":
        world.put(f"Microsoft.ManagedIdentity/userAssignedIdentities/{name}", {"location": "westeurope"})
    sent = copy.deepcopy(case.scale_set or scale_set())
    for word in ("id", "name", "type"):
        del sent[word]
    del sent["properties"]["provisioningState"]
    system = sent["properties"]["virtualMachineProfile"]["osProfile"]
    if not system["linuxConfiguration"]["disablePasswordAuthentication"]:
        system["adminPassword"] = "never-given-back-1"
    calls.begin(f"{SETS}.begin_create_or_update", HOME, "shop-web", sent, create=True)
    if case.setting is not None:
        body = {"location": "westeurope", "properties": case.setting["properties"]}
        calls.call(f"{SETTINGS}.create_or_update", HOME, "shop-web", body)
    for one in case.alerts:
        body = {"location": "global", "properties": one["properties"]}
        calls.call("monitor.metric_alerts.create_or_update", HOME, one["name"], body)


def bodies(cloud, case):
    """What is there, as Resource Manager answers it."""
    calls = cloud.provider.connection
    alerts = [calls.call("monitor.metric_alerts.get", HOME, one["name"]) for one in case.alerts]
    setting = calls.call(f"{SETTINGS}.get", HOME, "shop-web") if case.setting is not None else None
    return {"scale_set": calls.call(f"{SETS}.get", HOME, "shop-web"), "setting": setting, "alerts": alerts}


def found_in(body, steps):
    for step in steps:
        body = body[step]
    return body


@pytest.mark.sample(8)
@pytest.mark.parametrize("name", CASES)
def test_what_no_model_says_is_adopted_as_it_is_and_then_changes_as_noted(world, name):
    case = CASES[name]
    world.doors.reset()
    world.__init__(world.emulator)
    with world.connect() as cloud:
        make_by_hand(world, cloud, case)
        found, declared, plan = import_adopt_and_plan(cloud, "shop-web", fleet="shop")
        assert_notes_are_the_plan(found, plan)
        cloud.apply(plan, wait="accepted").raise_for_failures()
        assert not cloud.plan(declared), cloud.plan(declared).to_dict()
        if case.kept:
            steps, value = case.kept
            assert found_in(bodies(cloud, case), steps) == value


@pytest.mark.sample(8)
@pytest.mark.parametrize("name", CASES)
def test_adopting_leaves_all_but_the_mark_byte_for_byte(world, name):
    case = CASES[name]
    world.doors.reset()
    world.__init__(world.emulator)
    with world.connect() as cloud:
        make_by_hand(world, cloud, case)
        before = bodies(cloud, case)
        found = cloud.import_group("shop-web", fleet="shop")
        cloud.apply(cloud.adopt(tt.Fleet(name="shop", groups=(found.group,)))).raise_for_failures()
        assert without_marks(bodies(cloud, case)) == without_marks(before)


def without_marks(body):
    """A body less the tags that are marks, and what says which write it was."""
    if isinstance(body, list):
        return [without_marks(one) for one in body]
    if not isinstance(body, dict):
        return body
    aside = ("etag", "systemData", "lastUpdatedTime")
    found = {name: without_marks(value) for name, value in body.items() if name not in aside}
    tags = {name: value for name, value in (body.get("tags") or {}).items() if not name.startswith("trimtab-")}
    return {name: value for name, value in {**found, "tags": tags}.items() if name != "tags" or value}


def test_a_change_leaves_all_that_no_plan_looks_at(world):
    """A write of a list starts from what is there: the accelerated card, the other extension, where a metric is."""
    case = copy.deepcopy(CASES["an extension of somebody else"])
    card = case.scale_set["properties"]["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"][0]
    card["properties"]["enableAcceleratedNetworking"] = True
    told = [{"operation": "Scale", "email": {"customEmails": ["ops@example.org"]}, "webhooks": []}]
    hot = rule(metricResourceLocation="westeurope")
    made = Case("", "", case.scale_set, setting(profile("mine", rules=[hot]), notifications=told))
    world.doors.reset()
    world.__init__(world.emulator)
    world.put("Microsoft.Network/networkSecurityGroups/web", {"location": "westeurope", "properties": {}})
    with world.connect() as cloud:
        make_by_hand(world, cloud, made)
        _, declared, plan = import_adopt_and_plan(cloud, "shop-web", fleet="shop")
        assert not plan
        group = declared["web"]
        template = group.template.model_copy(update={"security_groups": ("web",)})
        azure = group.azure.model_copy(update={"notify_scaling": ("dev@example.org",)})
        probe = tt.HealthCheck(port=22)
        edited = group.model_copy(update={"template": template, "azure": azure, "health_check": probe})
        cloud.apply(cloud.plan(tt.Fleet(name="shop", groups=(edited,))), wait="accepted").raise_for_failures()
        assert not cloud.plan(tt.Fleet(name="shop", groups=(edited,)))
        there = bodies(cloud, made)
    machine = there["scale_set"]["properties"]["virtualMachineProfile"]
    card = machine["networkProfile"]["networkInterfaceConfigurations"][0]["properties"]
    assert card["networkSecurityGroup"]["id"].endswith("/web")
    assert card["enableAcceleratedNetworking"] is True
    assert {one["name"] for one in machine["extensionProfile"]["extensions"]} == {"script", "health"}
    sized = there["setting"]["properties"]
    assert [one["name"] for one in sized["profiles"]] == ["mine"]
    assert sized["profiles"][0]["rules"][0]["metricTrigger"]["metricResourceLocation"] == "westeurope"
    assert sized["notifications"][0]["email"]["customEmails"] == ["dev@example.org"]
