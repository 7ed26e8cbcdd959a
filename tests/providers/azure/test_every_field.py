"""For every optional field that Azure carries: set it, apply; remove it, the plan shows it, apply, plan empty."""

import pytest

import trimtab as tt
from tests.laws import sampled
from tests.providers.azure.account import furnish
from tests.providers.azure.groups import FLEXIBLE, KEY, OUT, QUEUE
from tests.providers.azure.world import AzureWorld
from trimtab.emulators import AzureEmulator
from trimtab.providers.azure.settings import AzureSettings

pytestmark = pytest.mark.sweep

CPU_ALARM = {"hot": {"metric": "cpu", "above": 70, "triggers": ["out"]}}
GROUP = {
    "capacity.desired": {"capacity": {"min": 1, "max": 4, "desired": 2}},
    "template.user_data": {"template": {"user_data": "#!/bin/sh\n"}},
    "template.user_data_parts": {"template": {"user_data_parts": ["#cloud-config\npackages: [nginx]\n"]}},
    "template.variables": {"template": {"user_data": "echo {{ who }}\n", "variables": {"who": "web"}}},
    "template.agents": {"template": {"agents": ["node-exporter"]}},
    "template.ssh_key": {"template": {"ssh_key": KEY}},
    "template.security_groups": {"template": {"security_groups": ["web"]}},
    "template.role": {"template": {"role": "web"}},
    "template.disks.data": {"template": {"disks": [{"device": "1", "size_gb": 64, "type": "ssd"}]}},
    "template.public_address": {"template": {"public_address": True}},
    "template.tags": {"template": {"tags": {"Shift": "night"}}},
    "placement.zones": {"placement": {"zones": ["1", "2"]}},
    "load_balancers": {"load_balancers": ["virtualmin-web"]},
    "health_check.by": {"health_check": {"by": "load-balancer"}, "load_balancers": ["virtualmin-web"]},
    "health_check.path": {"health_check": {"path": "/up"}},
    "health_check.port": {"health_check": {"port": 8080}},
    "health_check.interval": {"health_check": {"path": "/up", "interval": "20s"}},
    "health_check.thresholds": {
        "health_check": {"path": "/up", "healthy_threshold": 3, "unhealthy_threshold": 3, "interval": "10s"}
    },
    "tags": {"tags": {"Team": "hosting"}},
    "azure.orchestration": {"azure": FLEXIBLE},
    "azure.zone_balance": {"placement": {"zones": ["1", "2"]}, "azure": {"zone_balance": True}},
    "azure.overprovision": {"azure": {"overprovision": True}},
    "azure.default_capacity": {"azure": {"default_capacity": 3}},
    "azure.admin_username": {"azure": {"admin_username": "operator"}},
    "azure.computer_name_prefix": {"azure": {"computer_name_prefix": "vm-web"}},
    "azure.terminate_notification": {"azure": {"terminate_notification": "10m"}},
    "azure.eviction": {"purchase": {"spot": True}, "azure": {"eviction": "deallocate"}},
    "azure.restore_spot": {"purchase": {"spot": True}, "azure": {"restore_spot": "1h"}},
    "azure.automatic_repairs": {"health_check": {"path": "/up"}, "azure": {"automatic_repairs": False}},
    "azure.scale_in": {"azure": {"scale_in": "oldest"}},
    "azure.notify_scaling": {"azure": {"notify_scaling": ["ops@example.org", "https://example.org/hook"]}},
    "purchase.spot": {"purchase": {"spot": True}},
    "purchase.on_demand_base": {"purchase": {"spot": True, "on_demand_base": 1}, "azure": FLEXIBLE},
    "purchase.on_demand_percent": {"purchase": {"spot": True, "on_demand_percent": 40}, "azure": FLEXIBLE},
    "purchase.max_price": {"purchase": {"spot": True, "max_price": "0.05"}},
    "purchase.sizes": {
        "purchase": {"sizes": [{"size": "Standard_D2s_v5"}, {"size": "Standard_D2as_v5"}]},
        "azure": FLEXIBLE,
    },
    "purchase.strategy": {
        "purchase": {"spot": True, "strategy": "price-capacity", "sizes": [{"size": "Standard_D2s_v5"}]},
        "azure": FLEXIBLE,
    },
    "cooldown": {"cooldown": "4m", "policies": OUT, "alarms": CPU_ALARM},
    "policies": {"policies": OUT, "alarms": CPU_ALARM},
    "alarms": {"alarms": {"hot": {"metric": "cpu", "above": 90, "notify": ["ops@example.org"]}}},
    "schedules": {"schedules": {"early": {"cron": "0 6 * * *", "zone": "UTC", "max": 5}}},
}
POLICY = {
    "enabled": {"enabled": False},
    "cooldown": {"cooldown": "2m"},
    "percent": {"percent": 50, "change": None},
    "to": {"to": 2, "change": None},
}
STEPS = {"type": "step", "steps": [{"lower": 0, "change": 1}]}
TRACKING = {"type": "target-tracking", "metric": "cpu", "target": 50, "approximate": True}
PREDICTIVE = {"type": "predictive", "metric": "cpu", "target": 50, "approximate": True}
TYPED = {
    "steps": (STEPS, {"steps": [{"lower": 0, "upper": 10, "change": 1}, {"lower": 10, "change": 3}]}),
    "steps.lower": (STEPS, {"steps": [{"lower": 5, "change": 1}]}),
    "steps.change": (STEPS, {"steps": [{"lower": 0, "change": 2}]}),
    "target": (TRACKING, {"target": 60}),
    "scale_in": (TRACKING, {"scale_in": False}),
    "mode": (PREDICTIVE, {"mode": "forecast-and-scale"}),
    "buffer": (PREDICTIVE, {"buffer": "10m"}),
}
METRICS = {
    "memory": ("cpu", "memory"),
    "network": ("cpu", "network-in"),
    "queue": ("cpu", {"name": "queue-depth", "of": QUEUE}),
    "quotient": ("cpu", {"name": "queue-per-instance", "of": QUEUE}),
    "custom": ("cpu", {"custom": "JobsWaiting", "namespace": "Virtualmin"}),
}
ALARM = {
    "statistic": {"statistic": "maximum"},
    "at_least": {"at_least": 70, "above": None},
    "below": {"below": 70, "above": None},
    "at_most": {"at_most": 70, "above": None},
    "period": {"period": "10m"},
    "periods": {"periods": 15},
    "notify": {"notify": ["ops@example.org"]},
    "enabled": {"enabled": False},
}
ALERT = {
    "description": {"description": "Somebody look at this"},
    "severity": {"severity": "critical"},
    "period": {"period": "15m"},
    "enabled": {"enabled": False},
    "statistic": {"statistic": "maximum"},
    "notify": {"notify": ["dev@example.org", "https://example.org/hook"]},
}
SCHEDULE = {
    "min": {"min": 1},
    "max": {"max": 5},
    "desired": {"desired": 3},
    "duration": {"duration": "2h"},
    "until": {"until": "0 9 * * *"},
    "zone": {"zone": "Asia/Tokyo"},
    "at": {"cron": None, "at": "2026-12-24T00:00:00", "duration": "2d"},
}


def group(**more):
    template = {"image": "Ubuntu2404", "size": "Standard_D2s_v5", **more.pop("template", {})}
    place = {"network": "virtualmin", "subnets": ["private"], **more.pop("placement", {})}
    given = {"name": "web", "capacity": {"min": 1, "max": 4}, "template": template, "placement": place, **more}
    return tt.ScalingGroup.model_validate(given)


BASES = {
    "policies": {"change": 1},
    "alarms": {"metric": "cpu", "above": 70, "triggers": ["out"]},
    "alerts": {"metric": "cpu", "above": 70, "notify": ["ops@example.org"]},
    "schedules": {"cron": "0 8 * * *", "zone": "Europe/Madrid", "min": 2},
}


def with_item(kind, base, more):
    item = {name: value for name, value in {**base, **more}.items() if value is not None}
    if kind == "policies":
        alarms = (
            {}
            if "type" in item and item["type"] == "target-tracking"
            else {"hot": {**CPU_ALARM["hot"], "triggers": ["it"]}}
        )
        policies = {"it": item}
        if item.get("type") == "predictive":
            policies, alarms = {"it": item, **OUT}, CPU_ALARM
        return group(policies=policies, alarms=alarms)
    place = "alarms" if kind == "alerts" else kind
    return group(**{"policies": OUT if kind == "alarms" else {}, place: {"it": item}})


CASES = [
    *(pytest.param(group(), group(**more), id=f"group-{name}") for name, more in GROUP.items()),
    *(
        pytest.param(with_item(kind, BASES[kind], {}), with_item(kind, BASES[kind], more), id=f"{kind}-{name}")
        for kind, rows in (("policies", POLICY), ("alarms", ALARM), ("alerts", ALERT), ("schedules", SCHEDULE))
        for name, more in rows.items()
    ),
    *(
        pytest.param(with_item("policies", base, {}), with_item("policies", base, more), id=f"policies-typed-{name}")
        for name, (base, more) in TYPED.items()
    ),
    *(
        pytest.param(
            with_item("alarms", BASES["alarms"], {"metric": one}),
            with_item("alarms", BASES["alarms"], {"metric": other}),
            id=f"alarms-metric-{name}",
        )
        for name, (one, other) in METRICS.items()
    ),
]


@pytest.fixture(scope="module")
def world():
    with AzureEmulator() as emulator:
        world = AzureWorld(emulator)
        furnish(world)
        world.put("Microsoft.Network/networkSecurityGroups/web", {"location": "westeurope", "properties": {}})
        world.put("Microsoft.ManagedIdentity/userAssignedIdentities/web", {"location": "westeurope"})
        yield world


@pytest.mark.parametrize(("without", "given"), sampled(CASES, 7))
def test_a_field_comes_and_goes(world, without, given):
    bare, full = tt.Fleet(name="fields", groups=[without]), tt.Fleet(name="fields", groups=[given])
    with world.connect() as cloud:
        cloud.apply(cloud.destroy(bare), allow_delete=True).raise_for_failures()
        cloud.apply(cloud.plan(bare), allow_replace=True).raise_for_failures()
        assert not cloud.plan(bare), cloud.plan(bare).to_dict()["changes"]
        for fleet in (full, bare):
            plan = cloud.plan(fleet)
            assert not plan.problems, plan.problems
            same = without == given
            if fleet == full or given.capacity.desired is None:  # a size that is no longer given is left as it is
                assert same or any(change.fields for change in plan), "the plan does not show the field"
            cloud.apply(plan, allow_replace=True).raise_for_failures()
            assert not cloud.plan(fleet), cloud.plan(fleet).to_dict()["changes"]


def test_every_setting_of_azure_has_a_case():
    named = {name.split(".")[1] for name in GROUP if name.startswith("azure.")}
    # what nobody asks for Azure chooses itself, and nothing takes it back
    chosen = {"single_placement_group", "fault_domains"}
    # leaves of native bodies have laws of their own
    elsewhere = {"resource_group", "application_gateway_pools", "native", *chosen}
    assert named | elsewhere == set(AzureSettings.model_fields)
