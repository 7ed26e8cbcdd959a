"""For every leaf of a rich group: change it live through Resource Manager; the plan names it alone, apply heals it."""

import copy

import pytest
from azure.core.rest import HttpRequest

from tests.laws import sampled
from tests.providers.azure.account import furnish, load_cluster
from tests.providers.azure.proof import GROUP, group
from tests.providers.azure.world import AzureWorld
from trimtab.emulators import AzureEmulator
from trimtab.models import Fleet
from trimtab.plan import Secret, assign

pytestmark = pytest.mark.sweep

PATHS = {
    "scale-set": ("Microsoft.Compute/virtualMachineScaleSets", "2026-04-01"),
    "autoscale-setting": ("Microsoft.Insights/autoscaleSettings", "2022-10-01"),
    "metric-alert": ("Microsoft.Insights/metricAlerts", "2018-03-01"),
    "action-group": ("Microsoft.Insights/actionGroups", "2023-01-01"),
}
FIXED = {
    "resourceGroup": "where it lives: another one is another scale set",
    "properties.orchestrationMode": "fixed at creation",
    "properties.virtualMachineProfile.priority": "fixed at creation",
    "properties.virtualMachineProfile.osProfile.computerNamePrefix": "fixed at creation",
    "properties.virtualMachineProfile.osProfile.adminUsername": "fixed at creation",
    "properties.virtualMachineProfile.osProfile.linuxConfiguration": "keys and passwords are fixed at creation",
    "properties.virtualMachineProfile.osProfile.customData": "hidden; held by its own test in test_every_field.py",
    "properties.virtualMachineProfile.storageProfile.imageReference.publisher": "another publisher is another image",
    "properties.virtualMachineProfile.storageProfile.imageReference.offer": "with the publisher",
    "properties.virtualMachineProfile.storageProfile.osDisk.managedDisk.diskEncryptionSet": "needs a set of keys",
    "properties.upgradePolicy.mode": "a rolling mode takes a policy of its own",
    "properties.virtualMachineProfile.billingProfile": "the default of what a group without spot does not have",
    "properties.targetResourceUri": "another target is another setting",
    "properties.scopes": "another scope is another metric",
    "properties.emailReceivers[": "a receiver's address is its target; see the note on names",
    "properties.groupShortName": "comes from the address",
    "sku.capacity": "the cloud's own once policies own it",
    "properties.zoneBalance": "fixed at creation",
    "identity": "needs identities that exist",
}
SPARE = {
    "sku.name": "Standard_B4ms",
    "properties.scaleInPolicy.rules": frozenset({"OldestVM"}),
    "properties.virtualMachineProfile.storageProfile.osDisk.managedDisk.storageAccountType": "Premium_LRS",
    "properties.virtualMachineProfile.storageProfile.imageReference.sku": "20_04-lts-gen2",
    "properties.virtualMachineProfile.storageProfile.imageReference.version": "22.04.202501010",
    "properties.automaticRepairsPolicy.gracePeriod": "PT40M",
    "properties.predictiveAutoscalePolicy.scaleMode": "ForecastOnly",
    "properties.evaluationFrequency": "PT5M",
    "properties.windowSize": "PT15M",
    "properties.severity": 0,
}
LAST = {
    "capacity.minimum": "0",
    "capacity.maximum": "11",
    "capacity.default": "4",
    "metricName": "Network In Total",
    "timeGrain": "PT2M",
    "timeWindow": "PT20M",
    "statistic": "Max",
    "timeAggregation": "Maximum",
    "metricTrigger.operator": "NotEquals",
    "scaleAction.direction": "None",
    "scaleAction.type": "ExactCount",
    "scaleAction.value": "3",
    "scaleAction.cooldown": "PT9M",
    "timeZone": "Tokyo Standard Time",
    "operator": "GreaterThanOrEqual",
    "criterionType": "StaticThresholdCriterion",
    "storageAccountType": "Premium_LRS",
}
RENAMES = ("metricTrigger.metricName", "metricTrigger.operator", "scaleAction.direction")
"""What a rule is told by: with another one it is another rule, and both are in the plan."""


@pytest.fixture(scope="module")
def running():
    with AzureEmulator() as emulator:
        world = AzureWorld(emulator)
        furnish(world)
        example = load_cluster()
        more = group(
            "more",
            policies={"hold": {"type": "target-tracking", "metric": "memory", "target": 60, "approximate": True}},
            schedules={"night": {"cron": "0 22 * * 1-5", "until": "0 6 * * 2-6", "zone": "Europe/Madrid", "min": 1}},
            alarms={"hot": {"metric": "cpu", "above": 90, "notify": ["ops@example.org"]}},
        )
        fleet = Fleet(name=example.name, groups=(example["web"], more))
        with world.connect() as cloud:
            cloud.apply(cloud.plan(fleet)).raise_for_failures()
            yield world, cloud, fleet


def reason_to_skip(path):
    return next((reason for start, reason in FIXED.items() if path.startswith(start)), None)


def changed(path, value):
    if path in SPARE:
        return SPARE[path]
    for end, other in LAST.items():
        if path.endswith(end):
            return other if other != value else f"{value}-x"
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, frozenset):
        return frozenset(sorted(value)[:-1]) if len(value) > 1 else None
    if path.endswith(("minutes[0]", "hours[0]")):
        return int(value) + 1
    return f"{value}-x"


def arm_body(item, body):
    """The body as Resource Manager takes it."""
    raw = item.attributes["raw"]
    properties = copy.deepcopy(body["properties"])
    for profile in properties.get("profiles") or ():
        for rule in profile.get("rules") or ():
            rule.pop("name", None)
    return {"location": raw["location"], "tags": raw.get("tags") or {}, "properties": properties}


def nested(steps, body):
    """A patch of one thing only, in all that it is in."""
    value = body.get(steps[0])
    return {steps[0]: value if len(steps) == 1 else nested(steps[1:], value or {})}


def send(world, item, path, body):
    kind, version = PATHS[item.key.kind]
    url = f"{world.emulator.endpoint}{world.home}/providers/{kind}/{item.key.name}?api-version={version}"
    if item.key.kind == "scale-set":
        steps = path.split("[")[0].split(".")
        sent = nested(steps, body)
        if steps[0] == "tags":
            sent = {"tags": {**item.attributes["raw"]["tags"], **body["tags"]}}
        reply = world.compute.send_request(HttpRequest("PATCH", url, json=sent))
    else:
        reply = world.compute.send_request(HttpRequest("PUT", url, json=arm_body(item, body)))
    if reply.status_code >= 400:
        return reply.json()["error"]["message"]
    return None


def given_leaves(cloud, fleet):
    """What the fleet asks for, by resource: fields that Azure fills in are compared only where it does."""
    facts = cloud.provider.resources.resolve(fleet, cloud.provider.resources.read(fleet))
    wanted = cloud.provider.resources.translate(fleet, facts, cloud.now()).resources
    return {item.key: cloud.provider.kinds[item.key.kind].leaves(item.body) for item in wanted}


def test_every_leaf_is_named_and_healed(running):
    world, cloud, fleet = running
    kinds = cloud.provider.kinds
    seen, tried, refused = set(), set(), {}
    given = given_leaves(cloud, fleet)
    first = cloud.provider.resources.read(fleet).resources
    assert all(item.attributes["resource_group"] == GROUP for item in first.values())
    for key, item in first.items():
        kind = kinds[key.kind]
        leaves = sorted(kind.leaves(item.body).items())
        drawn = dict(sampled(leaves, len(leaves) // 12, item.key))
        for path, value in leaves:
            if path.endswith("recurrence.frequency"):
                continue  # autoscale settings recur by the week and by nothing else
            is_left_alone = kind.find(path).server_default and path not in given[key]
            if reason_to_skip(path) or is_left_alone or isinstance(value, Secret):
                continue
            seen.add((kind.name, path))
            if kind.name in tried and path not in drawn:
                continue
            now = cloud.provider.resources.read(fleet).resources[key]
            body = copy.deepcopy(dict(now.body))
            assign(kind, body, path, changed(path, value))
            problem = send(world, now, path, body)
            if problem is not None:
                refused[path] = problem
                seen.discard((kind.name, path))
                continue
            tried.add(kind.name)
            plan = cloud.plan(fleet)
            found = {change.key: {one.path for one in change.fields} for change in plan if change.fields}
            assert set(found) == {key}, (key, path, found)
            if not path.endswith(RENAMES):
                assert found[key] == {path}, (key, path, found)
            assert {str(change.reason) for change in plan} == {"drifted"}, (key, path)
            cloud.apply(plan, allow_replace=True).raise_for_failures()
            assert not cloud.plan(fleet), (key, path)
    assert tried == {name for name, _ in seen} == set(kinds)
    assert len(seen) > 90, len(seen)
    assert len(refused) < 12, refused


def test_balance_over_zones_takes_another_scale_set(running):
    """A patch knows no zoneBalance (VirtualMachineScaleSetUpdateProperties, Compute REST API)."""
    _, cloud, fleet = running
    zoned = group("zoned", placement={"network": "virtualmin", "subnets": ["private"], "zones": ["1", "2"]})
    before = Fleet(name="zoned", groups=(zoned,))
    cloud.apply(cloud.plan(before)).raise_for_failures()
    azure = zoned.azure.model_copy(update={"zone_balance": True})
    after = Fleet(name="zoned", groups=(zoned.model_copy(update={"azure": azure}),))
    plan = cloud.plan(after)
    assert plan.summary["replace"] == 1
    cloud.apply(plan, allow_replace=True).raise_for_failures()
    assert not cloud.plan(after)
    assert not cloud.plan(fleet)
