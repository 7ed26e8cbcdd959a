"""What runs against what is wanted, on a load: the same for an unchanged fleet, on each cloud."""

import pytest

import trimtab as tt
from tests.laws import sampled
from tests.providers.placing import TEMPLATES, placement
from trimtab.errors import InvalidArgument
from trimtab.providers.memory.store import MemoryStore
from trimtab.testing.clouds import TEST_CLOUDS

pytest.importorskip("numpy", reason="a simulation needs numpy (extra `sim`)")

MODEL = tt.FleetModel(capacity=10, patience=tt.minutes(1))
LOAD = tt.Load.steps([(tt.hours(1), 15), (tt.hours(1), 90), (tt.hours(2), 15)])
GROUP = {
    "capacity": {"min": 2, "max": 12},
    "policies": {"out": {"change": 1, "cooldown": "5m"}, "in": {"change": -1, "cooldown": "5m"}},
    "alarms": {
        "hot": {"metric": "cpu", "above": 70, "periods": 5, "triggers": ["out"]},
        "idle": {"metric": "cpu", "below": 30, "periods": 5, "triggers": ["in"]},
    },
}
TEMPLATE = {"image": "ami-1", "size": "small"}


def fleet_of(**groups):
    return tt.Fleet(name="shop", groups={name: {"template": TEMPLATE, **each} for name, each in groups.items()})


def running(fleet):
    clock = tt.ManualClock()
    cloud = tt.connect("memory", store=MemoryStore(clock), clock=clock)
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    return cloud


CASES = [(provider, kind) for provider in ("aws", "azure", "gcp") for kind in ("tracking", "simple")]


@pytest.mark.parametrize(("provider", "kind"), sampled(CASES, 3))
def test_a_fleet_that_is_applied_does_what_runs(provider, kind):
    pytest.importorskip("moto", reason="the emulators need their extra")
    policies = {k: GROUP[k] for k in ("policies", "alarms")}
    if kind == "tracking":
        target = {"type": "target-tracking", "metric": "cpu", "target": 60, "approximate": True}
        policies = {"policies": {"hold": target}}
    with TEST_CLOUDS[provider].started() as test_cloud, test_cloud.connect() as cloud:
        place = {"template": TEMPLATES[provider], "placement": placement(provider, test_cloud)}
        fleet = tt.Fleet(name="shop", groups={"web": {**GROUP, **place, "alarms": {}, **policies}}, controller=True)
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        (same,) = cloud.rehearse(fleet, LOAD, model=MODEL).groups
        if (provider, kind) == ("gcp", "simple"):  # which Compute Engine has not
            assert same.notes[0].startswith("the controller sizes the group, and its rules are not in")
            assert same.comparison is None
            return
        assert same.comparison is not None, same.notes
        differ = [each.name for each in same.figures if each.change]
        assert not differ, str(same.comparison)
        lower = fleet.replace(groups=[fleet["web"].replace(capacity=tt.Capacity(min=2, max=4))])
        (worse,) = cloud.rehearse(lower, LOAD, model=MODEL).groups
        hours = {each.name: each.change for each in worse.figures}
        assert hours["instance-hours"] < 0
        assert hours["availability"] < 0


def test_both_sides_begin_at_the_size_that_runs():
    fleet = fleet_of(web=GROUP)
    cloud = running(fleet)
    cloud.group("shop-web").scale(to=7)
    load = tt.Load.steps([(tt.minutes(20), 40)])
    (found,) = cloud.rehearse(fleet, load, model=MODEL).groups
    hours = next(each for each in found.figures if each.name == "instance-hours")
    assert (hours.first, hours.second) == (pytest.approx(7 / 3), pytest.approx(7 / 3))
    fixed = fleet.replace(groups=[fleet["web"].replace(policies=(), alarms=(), capacity=tt.Capacity(min=3, max=3))])
    (found,) = cloud.rehearse(fixed, load, model=MODEL).groups
    hours = next(each for each in found.figures if each.name == "instance-hours")
    assert (hours.first, hours.second) == (pytest.approx(7 / 3), pytest.approx(1))


def test_a_new_group_has_one_side_and_each_group_a_block():
    fleet = fleet_of(web=GROUP)
    cloud = running(fleet)
    more = fleet_of(web=GROUP, api=GROUP, batch=GROUP)
    found = cloud.rehearse(more, {"web": LOAD, "api": LOAD * 0.5}, model=MODEL, require=["served >= 99", "cost < 1"])
    web, api = found.groups
    assert (web.group, api.group) == ("web", "api")
    assert web.comparison is not None
    assert api.comparison is None
    assert "the group is new" in " ".join(api.notes)
    assert [line.first for line in api.lines] == [None] * 5
    assert found.notes == ("not rehearsed, as they have no load: batch",)
    assert [(group, str(item.requirement)) for group, item in found.unjudged] == [
        ("web", "cost < 1"),
        ("api", "cost < 1"),
    ]
    assert not found.holds
    priced = tt.KpiOptions(prices=tt.Prices(instance_hour=0.1))
    again = cloud.rehearse(more, LOAD, model=MODEL, require=["cost < 100"], options=priced)
    assert again.holds
    assert [line.name for line in again.groups[0].lines][-1] == "cost"
    assert again.notes == (
        "each of the 3 groups is given the whole load; give each group its own to have it otherwise",
    )


def test_where_chance_counts_bounds_hold_in_each_seed():
    fleet = fleet_of(web=GROUP)
    model = MODEL.replace(boot_spread=0.9)
    (found,) = running(fleet).rehearse(fleet, LOAD, model=model, seeds=range(4), require=["availability >= 0"]).groups
    worst = min(card["availability"].value for card in found.kpis)
    assert (found.seeds, len(found.kpis), found.requirements[0].value) == (4, 4, worst)
    assert "mean of 4 seeds" in found.heading


def test_a_live_group_that_cannot_be_replayed_says_why_and_a_wanted_one_is_an_error():
    by_memory = {
        **GROUP,
        "policies": {"hold": {"type": "target-tracking", "metric": "memory", "target": 50}},
        "alarms": {},
    }
    cloud = running(fleet_of(web=by_memory))
    (found,) = cloud.rehearse(fleet_of(web=GROUP), LOAD, model=MODEL).groups
    assert found.comparison is None
    assert found.notes[0].startswith("the live group cannot be replayed: group 'web', policies.hold.metric: the load")
    with pytest.raises(InvalidArgument, match="does not give the metric 'memory'"):
        cloud.rehearse(fleet_of(web=by_memory), LOAD, model=MODEL)
    with pytest.raises(InvalidArgument, match="has no group 'wep'"):
        cloud.rehearse(fleet_of(web=GROUP), {"wep": LOAD})
