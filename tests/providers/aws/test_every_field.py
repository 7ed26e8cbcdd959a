"""For every optional field that AWS carries: set it, apply; remove it, the plan shows it, apply, plan empty."""

import pytest

import trimtab as tt
from tests.laws import sampled
from tests.providers.aws.account import furnish
from tests.providers.aws.world import AwsWorld
from trimtab.emulators import AwsEmulator
from trimtab.models.policy import SimplePolicy
from trimtab.providers.aws.settings import AwsSettings
from trimtab.providers.leaves import set_leaves

pytestmark = pytest.mark.sweep

TOPIC = "arn:aws:sns:us-east-1:123456789012:operators"

GROUP = {
    "capacity.desired": {"capacity": {"min": 1, "max": 4, "desired": 2}},
    "template.user_data": {"template": {"user_data": "#!/bin/sh\n"}},
    "template.user_data_parts": {"template": {"user_data_parts": ["#cloud-config\npackages: [nginx]\n"]}},
    "template.variables": {"template": {"user_data": "echo {{ who }}\n", "variables": {"who": "web"}}},
    "template.agents": {"template": {"agents": ["node-exporter"]}},
    "template.ssh_key": {"template": {"ssh_key": "operators"}},
    "template.security_groups": {"template": {"security_groups": ["the account's own"]}},
    "template.role": {"template": {"role": "web-profile"}},
    "template.disks": {"template": {"disks": [{"size_gb": 30, "type": "ssd", "encrypted": True, "iops": 3000}]}},
    "template.public_address": {"template": {"public_address": False}},
    "template.metadata_token": {"template": {"metadata_token": True}},
    "template.metadata_hops": {"template": {"metadata_hops": 2}},
    "template.detailed_monitoring": {"template": {"detailed_monitoring": True}},
    "template.tags": {"template": {"tags": {"Shift": "night"}}},
    "placement.zones": {"placement": {"zones": ["us-east-1a"]}},
    "load_balancers": {"load_balancers": ["virtualmin-web"]},
    "health_check.by": {"health_check": {"by": "load-balancer"}},
    "health_check.grace": {"health_check": {"grace": "7m"}},
    "cooldown": {"cooldown": "4m"},
    "warm_up": {"warm_up": "3m"},
    "protect_from_scale_in": {"protect_from_scale_in": True},
    "tags": {"tags": {"Team": "hosting"}},
    "aws.termination_policies": {"aws": {"termination_policies": ["OldestInstance", "Default"]}},
    "aws.max_instance_lifetime": {"aws": {"max_instance_lifetime": "7d"}},
    "aws.lifecycle_hooks": {
        "aws": {
            "lifecycle_hooks": [
                {"name": "greet", "on": "launch", "timeout": "5m", "default": "continue", "data": "hello"},
                {"name": "drain", "on": "terminate", "notify": TOPIC, "role": "arn:aws:iam::123456789012:role/hooks"},
            ]
        }
    },
    "aws.maintenance": {"aws": {"maintenance": {"min_healthy": 90, "max_healthy": 120}}},
    "aws.maintenance.min_healthy": {"aws": {"maintenance": {"min_healthy": 0, "max_healthy": 100}}},
    "aws.notify_scaling": {
        "aws": {
            "notify_scaling": [
                {"topic": TOPIC},
                {"topic": f"{TOPIC}-errors", "on": ["terminate-error", "launch-error", "test"]},
            ]
        }
    },
    "aws.group_tags": {"aws": {"group_tags": {"CostCenter": "hosting", "Name": "of the group"}}},
    "aws.warm_pool": {"aws": {"warm_pool": {"min": 1, "max_prepared": 3, "state": "running", "reuse": True}}},
    "aws.suspended_processes": {"aws": {"suspended_processes": ["AZRebalance", "ReplaceUnhealthy"]}},
    "aws.group_metrics": {"aws": {"group_metrics": True}},
    "aws.health_checks": {
        "health_check": {"by": "load-balancer"},
        "aws": {"health_checks": ["ebs", "vpc-lattice"]},
    },
    "purchase.spot": {"purchase": {"spot": True}},
    "purchase.on_demand_base": {"purchase": {"spot": True, "on_demand_base": 1}},
    "purchase.on_demand_percent": {"purchase": {"spot": True, "on_demand_percent": 40}},
    "purchase.strategy": {"purchase": {"spot": True, "strategy": "price-capacity"}},
    "purchase.max_price": {"purchase": {"spot": True, "max_price": "0.05"}},
    "purchase.rebalance": {"purchase": {"spot": True, "rebalance": True}},
    "purchase.sizes": {"purchase": {"sizes": [{"size": "t3.large", "weight": 2}, {"size": "t3.medium", "weight": 1}]}},
    "purchase.reservation": {"purchase": {"reservation": "cr-0123456789abcdef0"}},
    "policies": {"policies": {"out": {"change": 1}}},
    "alarms": {"alarms": {"hot": {"metric": "cpu", "above": 90, "notify": [TOPIC]}}},
    "schedules": {"schedules": {"early": {"cron": "0 6 * * *", "zone": "UTC", "max": 4}}},
}
POLICY = {
    "enabled": {"enabled": False},
    "cooldown": {"cooldown": "2m"},
    "percent": {"percent": 50, "change": None},
    "to": {"to": 2, "change": None},
    "minimum_change": {"percent": 50, "change": None, "minimum_change": 2},
}
STEPS = {"type": "step", "steps": [{"lower": 0, "change": 1}]}
TRACKING = {"type": "target-tracking", "metric": "cpu", "target": 50}
CUSTOM = {"custom": "JobsWaiting", "namespace": "Virtualmin"}
PREDICTIVE = {"type": "predictive", "metric": "cpu", "target": 50}
TYPED = {
    "steps": (STEPS, {"steps": [{"lower": 0, "upper": 10, "change": 1}, {"lower": 10, "change": 3}]}),
    "steps.lower": (STEPS, {"steps": [{"lower": 5, "change": 1}]}),
    "steps.upper": (STEPS, {"steps": [{"upper": 0, "change": 1}]}),
    "steps.change": (STEPS, {"steps": [{"lower": 0, "change": 2}]}),
    "steps.percent": (STEPS, {"steps": [{"lower": 0, "percent": 20}]}),
    "steps.to": (STEPS, {"steps": [{"lower": 0, "to": 3}]}),
    "warm_up": (STEPS, {"warm_up": "2m"}),
    "target": (TRACKING, {"target": 60}),
    "scale_in": (TRACKING, {"scale_in": False}),
    "statistic": ({**TRACKING, "metric": CUSTOM}, {"statistic": "maximum"}),
    "load": (PREDICTIVE, {"load": "network-in"}),
    "mode": (PREDICTIVE, {"mode": "forecast-and-scale"}),
    "buffer": (PREDICTIVE, {"buffer": "10m"}),
    "maximum_breach": (PREDICTIVE, {"maximum_breach": "increase"}),
    "maximum_buffer": ({**PREDICTIVE, "maximum_breach": "increase"}, {"maximum_buffer": 10}),
}
METRICS = {
    "promql": (CUSTOM, {"promql": "sum(rate(jobs_total[5m]))"}),
    "queue": ("cpu", {"name": "queue-depth", "of": "jobs"}),
    "quotient": ("cpu", {"name": "queue-per-instance", "of": "jobs"}),
    "network": ("cpu", "network-in"),
    "math": (
        CUSTOM,
        {
            "math": "MAX([jobs, late])",
            "parts": {
                "jobs": {"custom": "Jobs", "namespace": "Shop", "dimensions": {"Group": "{group}"}, "statistic": "sum"},
                "late": {"custom": "Late", "namespace": "Shop"},
            },
        },
    ),
}
ALARM = {
    "statistic": {"statistic": "p95"},
    "at_least": {"at_least": 70, "above": None},
    "below": {"below": 70, "above": None},
    "at_most": {"at_most": 70, "above": None},
    "period": {"period": "5m"},
    "periods": {"periods": 3},
    "datapoints": {"periods": 3, "datapoints": 2},
    "missing": {"missing": "not-breaching"},
    "triggers": {"triggers": ["out"]},
    "notify": {"notify": [TOPIC]},
    "notify_ok": {"notify_ok": [TOPIC]},
    "notify_no_data": {"notify_no_data": [TOPIC]},
    "sample_unit": {"sample_unit": "Percent"},
    "enabled": {"enabled": False},
    "description": {"description": "Somebody look at this"},
}
SCHEDULE = {
    "min": {"min": 1},
    "max": {"max": 4},
    "desired": {"desired": 2, "min": 1},
    "duration": {"duration": "2h"},
    "until": {"until": "0 9 * * *"},
    "starts": {"starts": "2026-06-01T00:30:00Z"},
    "ends": {"ends": "2026-12-01T00:00:00Z"},
    "skip_dates": {"skip_dates": ["2026-12-25"]},
    "only_dates": {"only_dates": ["2026-12-25", "2026-12-26"]},
}

ELSEWHERE = {
    "placement.subnets": "needs the account's ids; subnet_tags in the running example",
    "placement.subnet_tags": "the running example",
    "placement.network": "narrows names of subnets down: test_named",
    "aws.placement_group": "has to be there: test_importing, with random groups",
    "aws.service_linked_role": "the emulator has the account's own only",
}


def group(**more):
    template = {"image": "ami-0123456789abcdef0", "size": "t3.medium", **more.pop("template", {})}
    given = {"name": "web", "capacity": {"min": 1, "max": 4}, "template": template, **more}
    return tt.ScalingGroup.model_validate(given)


def with_item(kind, base, more):
    item = {name: value for name, value in {**base, **more}.items() if value is not None}
    policies = {"out": {"change": 1}} if kind != "policies" else {}
    return group(**{"policies": policies, kind: {"it": item}})


BASES = {
    "policies": {"change": 1},
    "alarms": {"metric": "cpu", "above": 70},
    "schedules": {"cron": "0 8 * * *", "zone": "Europe/Madrid", "min": 2},
}
CASES = [
    *(pytest.param(group(), group(**more), id=f"group-{name}") for name, more in GROUP.items()),
    *(
        pytest.param(with_item(kind, BASES[kind], {}), with_item(kind, BASES[kind], more), id=f"{kind}-{name}")
        for kind, rows in (("policies", POLICY), ("alarms", ALARM), ("schedules", SCHEDULE))
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
    with AwsEmulator() as emulator:
        world = AwsWorld(emulator)
        furnish(world)
        world.make_key_pair("operators")
        yield world


@pytest.mark.parametrize(("without", "given"), sampled(CASES, 7))
def test_a_field_comes_and_goes(world, without, given):
    if given.template.security_groups:
        template = given.template.model_copy(update={"security_groups": (world.make_security_group("members"),)})
        given = given.model_copy(update={"template": template})
    bare, full = tt.Fleet(name="fields", groups=[without]), tt.Fleet(name="fields", groups=[given])
    with world.connect() as cloud:
        cloud.apply(cloud.plan(bare), allow_replace=True).raise_for_failures()
        assert not cloud.plan(bare)
        for fleet in (full, bare):
            plan = cloud.plan(fleet)
            if fleet == full or given.capacity.desired is None:  # a size that is no longer given is left as it is
                assert any(change.fields for change in plan), "the plan does not show the field"
            cloud.apply(plan, allow_replace=True).raise_for_failures()
            assert not cloud.plan(fleet), cloud.plan(fleet).to_dict()["changes"]


def test_no_field_that_aws_carries_is_forgotten():
    """Every model field in a row of AWS's kinds has a case above, or its reason."""
    with AwsEmulator() as emulator, AwsWorld(emulator).connect() as cloud:
        kinds = cloud.provider.kinds
    rows = {kind.name: {name for row in kind.fields for name in row.models.split()} for kind in kinds.values()}
    plain = {"template", "metric", "zone", "cron", "type", "change", "above", "capacity.min", "capacity.max", "at"}
    group_rows = rows["launch-template"] | rows["autoscaling-group"]
    short = {".".join(name.split(".")[:2]) for name in group_rows} - {"template.image", "template.size"}
    short = {name.split(".")[0] if name.startswith("load_balancers") else name for name in short}
    assert short - plain - set(GROUP) - set(ELSEWHERE) == set()
    assert rows["scaling-policy"] - plain == set(POLICY) | set(TYPED)
    assert rows["metric-alarm"] - plain == set(ALARM)
    assert rows["scheduled-action"] - plain == set(SCHEDULE)


def test_the_cases_set_what_they_say():
    for name, more in GROUP.items():
        if name == "load_balancers":  # named only
            continue
        assert any(leaf.bare.startswith(name) for leaf in set_leaves(group(**more))), name
    assert set(POLICY) <= set(SimplePolicy.model_fields)
    assert {name.split(".")[1] for name in GROUP if name.startswith("aws.")} <= set(AwsSettings.model_fields)
