"""The controller on the emulators of three clouds, through their own SDKs: hand over, size, plan empty, hand back."""

import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

import trimtab as tt
from tests.providers.placing import TEMPLATES, placement
from trimtab.controller import Controller, TickOutcome
from trimtab.sources import Function
from trimtab.testing.clouds import TEST_CLOUDS

MINUTE = timedelta(minutes=1)
GUIDE = Path(__file__).parents[2] / "examples" / "virtualmin" / "guide.yaml"
ACCOUNTS = {"memory": "memory", "aws": r"aws:\d{12}", "gcp": "gcp:trimtab"}
ACCOUNTS["azure"] = "azure:00000000-0000-0000-0000-000000000000/trimtab"
OUT = {
    "policies": {"out": {"change": 2, "cooldown": "5m"}},
    "alarms": {"many": {"metric": {"external": "orders"}, "above": 100, "triggers": ["out"]}},
}
NATIVE = {"policies": {"hold": {"type": "target-tracking", "metric": "cpu", "target": 60, "approximate": True}}}


def fleet_of(provider, place, **fields):
    group = {
        "capacity": {"min": 1, "max": 10, "desired": 3},
        "template": TEMPLATES[provider],
        "placement": place,
        **fields,
    }
    return tt.Fleet(name="shop", groups={"web": group}, controller=True, sources={"orders": {}})


@pytest.mark.parametrize("provider", ["memory", "aws", "azure", "gcp"])
def test_a_group_is_handed_over_sized_and_handed_back(provider):
    with TEST_CLOUDS[provider].started() as test_cloud, test_cloud.connect() as cloud:
        place = placement(provider, test_cloud)
        fleet = fleet_of(provider, place, **OUT)
        plan = cloud.plan(fleet)
        assert not plan.problems, [str(problem) for problem in plan.problems]
        cloud.apply(plan).raise_for_failures()
        live = cloud.group("shop-web")
        assert live.read().controller
        source = Function("orders", lambda query: 150.0, clock=test_cloud.clock)
        with Controller(fleet, cloud, sources=[source], store="sqlite://") as controller:
            assert re.fullmatch(ACCOUNTS[provider], controller.subjects[0].key.cloud)
            assert controller.tick()["web"].outcome is TickOutcome.WRITTEN
            assert live.read().desired == 5
            test_cloud.clock.advance(2 * MINUTE)
            assert controller.tick()["web"].decision.change == 0, "the cooldown holds on every cloud"
            assert not cloud.plan(fleet), "the size is nobody's drift"
            live.pause(by="Ana")
            test_cloud.clock.advance(10 * MINUTE)
            assert controller.tick()["web"].outcome is TickOutcome.HELD
            live.resume()
            test_cloud.clock.advance(MINUTE)
            controller.tick()
            assert live.read().desired == 7
        native = fleet_of(provider, place, **NATIVE)
        cloud.apply(cloud.plan(native)).raise_for_failures()
        assert not live.read().controller
        assert live.read().desired == 7
        with Controller(fleet, cloud, sources=[source], store="sqlite://") as controller:
            assert controller.tick()["web"].outcome is TickOutcome.HELD, "the cloud sizes it again"


def test_the_guides_own_simple_policies_scale_a_group_of_google():
    """Out by one each five minutes while the CPU is above 70, in by one after the ten for which Google holds a size."""
    guide = tt.load_fleet(GUIDE, env={})["web"]
    group = guide.replace(
        template=TEMPLATES["gcp"],
        placement={},
        load_balancers=(),
        policies=tuple(policy for policy in guide.policies if policy.type == "simple"),
        alarms=tuple(alarm for alarm in guide.alarms if alarm.metric == tt.metrics.cpu),
    )
    assert [policy.change for policy in group.policies] == [1, -1]
    fleet = tt.Fleet(name="virtualmin", groups=(group,), controller=True)
    with TEST_CLOUDS["gcp"].started() as test_cloud, test_cloud.connect() as cloud:
        plan = cloud.plan(fleet)
        assert not plan.problems, [str(problem) for problem in plan.problems]
        cloud.apply(plan).raise_for_failures()
        test_cloud.clock.advance(10 * MINUTE)
        sizes = []
        with Controller(fleet, cloud, store="sqlite://") as controller:
            for value in (*[90] * 12, *[10] * 13):
                test_cloud.push(tt.metrics.cpu, group="virtualmin-web", value=value)
                test_cloud.clock.advance(MINUTE)
                assert not controller.tick().error
                sizes.append(cloud.group("virtualmin-web").read().desired)
        assert not cloud.plan(fleet)
    changed = [(minute, new - old) for minute, (old, new) in enumerate(pairwise([2, *sizes])) if new != old]
    assert changed == [(3, 1), (8, 1), (24, -1)]
