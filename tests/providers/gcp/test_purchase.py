"""An on-demand part beside spot on Google Cloud: two managed instance groups that are one group of the model."""

from datetime import timedelta

import pytest

import trimtab as tt
from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.world import SCOPE, SERVICE
from trimtab import errors, metrics
from trimtab.cli import context
from trimtab.controller import Controller, TickOutcome
from trimtab.engine.fallback import FallbackRule
from trimtab.engine.mix import base_for
from trimtab.plan import MAIN, SPOT, Action, read_description
from trimtab.providers.gcp.purchase import Floor, parts_of
from trimtab.sources import Function

MINUTE = timedelta(minutes=1)
BASE = {"purchase": {"spot": True, "on_demand_base": 2}}
SHARE = {"purchase": {"spot": True, "on_demand_base": 2, "on_demand_percent": 20}}
STILL = {"policies": {}, "schedules": {}, "alarms": {}}
QUEUE = {"name": "queue-per-instance", "of": "projects/trimtab/subscriptions/jobs"}
BOTH = ("virtualmin-web", "virtualmin-web-spot")


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def fleet_of(**fields):
    return make_fleet(gcp_group("web", **{**BASE, **fields}))


def apply(cloud, fleet):
    cloud.apply(cloud.plan(fleet), allow_delete=True).raise_for_failures()
    return cloud.group("web")


def applied(cloud, **fields):
    fleet = fleet_of(**fields)
    return fleet, apply(cloud, fleet)


def asked(world, collection, name):
    return world.ask("GET", f"{SCOPE}/{collection}/{name}")


def mark_on(item):
    return read_description(item["description"])[1]


def spot_of(live):
    return [one.id for one in live.read().instances if "-spot-" in one.id]


# what there is


def test_both_native_groups_are_made_marked_and_balanced(world, cloud):
    """One health check, the same ports, a place of each in the backend service; only the one is of Spot VMs."""
    fleet, _ = applied(cloud)
    managers = [asked(world, "instanceGroupManagers", name) for name in BOTH]
    assert [(mark_on(each).group, mark_on(each).role) for each in managers] == [("web", MAIN), ("web", SPOT)]
    assert [mark_on(asked(world, "autoscalers", name)).role for name in BOTH] == [MAIN, SPOT]
    templates = [world.ask("GET", each["instanceTemplate"].partition("trimtab/")[2]) for each in managers]
    models = [each["properties"]["scheduling"].get("provisioningModel", "STANDARD") for each in templates]
    assert models == ["STANDARD", "SPOT"]
    assert managers[0]["namedPorts"] == managers[1]["namedPorts"] == [{"name": "http", "port": 8080}]
    assert managers[0]["autoHealingPolicies"] == managers[1]["autoHealingPolicies"]
    backends = world.ask("GET", SERVICE)["backends"]
    assert {each["group"].rpartition("/")[2] for each in backends} == set(BOTH)
    assert len({each["balancingMode"] for each in backends}) == 1
    policies = [asked(world, "autoscalers", name)["autoscalingPolicy"] for name in BOTH]
    assert [(each["mode"], each["minNumReplicas"], each["maxNumReplicas"]) for each in policies] == [
        ("OFF", 2, 2),
        ("ON", 0, 8),
    ]
    assert policies[1]["scalingSchedules"]["day"]["minRequiredReplicas"] == 2
    assert not cloud.plan(fleet)


def test_the_notes_say_what_is_split_and_what_is_approximated(cloud):
    down = {"metric": {"promql": 'up{job="{group}"}', "name": "up", "unit": "count"}, "below": 1}
    plan = cloud.plan(fleet_of(capacity={"min": 1, "max": 10}, alarms={"down": down}))
    texts = [note.text for note in plan.notes]
    assert any(text.startswith("purchase.on_demand_base: two managed instance groups: ") for text in texts)
    assert any(text.startswith("capacity.min: 2 standard VMs run at every moment") for text in texts)
    assert any(text.startswith("alarms.down.metric: `{group}` is 'virtualmin-web' in the query") for text in texts)
    (inexact,) = [note.text for note in plan.notes if note.approximation]
    assert inexact.startswith("policies.hold.metric: policy beside an on-demand base: ")
    assert cloud.plan(fleet_of(), strict=True).is_refused


def test_the_quota_of_groups_counts_both(world, cloud):
    world.doors.set_quota("REGIONAL_INSTANCE_GROUP_MANAGERS", 1)
    (text,) = [note.text for note in cloud.plan(fleet_of()).notes if "quota" in note.text]
    assert "take 2 groups" in text


def test_it_is_one_group_to_whoever_looks(world, cloud):
    """Sizes add up, instances and activities are of both, and a metric is of all instances."""
    fleet, live = applied(cloud, capacity={"min": 2, "max": 10, "desired": 5})
    (status,) = cloud.status(fleet).groups
    assert status.state.parts == {MAIN: 2, SPOT: 3}
    assert (status.state.min, status.state.max, status.state.desired, status.state.running) == (2, 10, 5, 5)
    assert not status.state.stopped
    assert {name for name in BOTH for each in live.activities(50) if each.description.endswith(f"Manager {name}")} == {
        *BOTH
    }
    spots = set(spot_of(live))
    world.advance(4 * MINUTE)
    for one in live.read().instances:
        world.cloud.push(metrics.cpu, group=BOTH[one.id in spots], value=90 if one.id in spots else 40, instance=one.id)
    world.advance(MINUTE)
    assert live.datapoints(metrics.cpu, since=3 * MINUTE).latest == 70
    (watched,) = cloud.watch(fleet).snapshot().groups
    assert watched.cpu.latest == 70
    explained = cloud.explain(fleet, "web", since=10 * MINUTE).to_dict()
    assert [entry["text"] for entry in explained["entries"] if entry["kind"] == "size"] == [
        "the group is made, with 5",
        "5 to 7",
    ]
    assert explained["minute"]["because"] == ["policy hold asks for 6: 5 instances at 70 against a target of 60"]
    assert cloud.group(BOTH[1]).read().max == 8, "by its own name it is what it is"


# what is done to it


def test_the_size_over_time_is_that_of_both(world, cloud):
    applied(cloud)
    for name, size in zip(BOTH, (2, 3), strict=True):
        labels = {"instance_group_name": name, "location": "europe-west1", "instance_group_id": "1"}
        about = {"namespace": "", "metric": "compute.googleapis.com/instance_group/size", "resource": "instance_group"}
        world.doors.push([{**about, "labels": labels, "value": size}])
    world.advance(2 * MINUTE)
    assert cloud.group("web").datapoints(metrics.instances, since=5 * MINUTE, period=MINUTE).latest == 5


def test_sizes_are_held_paused_and_boosted_as_those_of_one_group(world, cloud):
    fleet, live = applied(cloud)
    live.scale(to=6)
    assert live.read().parts == {MAIN: 2, SPOT: 4}
    with pytest.raises(errors.InvalidRequest, match="outside the bounds of 'virtualmin-web': 2 to 10"):
        live.scale(to=11)
    live.pause(by="Ana")
    assert live.read().paused.by == "Ana"
    assert not cloud.plan(fleet)
    live.scale(to=3)
    live.wait(timeout=5 * MINUTE)
    assert live.read().parts == {MAIN: 2, SPOT: 1}
    live.resume()
    assert live.read().paused is None
    world.advance(11 * MINUTE)
    live.boost(min=7, until=world.cloud.clock.now() + 20 * MINUTE, by="Ana")
    world.advance(2 * MINUTE)
    assert (live.read().desired, live.read().min, live.read().boost.min) == (7, 7, 7)
    assert not cloud.plan(fleet)
    live.end_boost()
    assert live.read().boost is None


def test_a_window_raises_both_together_to_its_minimum(world, cloud):
    fleet, live = applied(cloud)
    world.advance(timedelta(hours=8))  # nine o'clock in Madrid
    assert (live.read().desired, live.read().min) == (4, 4)
    assert not cloud.plan(fleet)


def test_instances_end_in_the_group_that_has_them(world, cloud):
    _, live = applied(cloud, capacity={"min": 2, "max": 10, "desired": 5})
    spots = spot_of(live)
    mains = [one.id for one in live.read().instances if one.id not in spots]
    with pytest.raises(errors.InvalidRequest, match="would have 1 standard VMs, and 2 is the least; end Spot VMs"):
        live.end(mains[0], shrink=True)
    live.replace(mains[0], spots[0])
    live.end(spots[1], shrink=True)
    live.wait(timeout=5 * MINUTE)
    assert live.read().parts[MAIN] == 2
    assert {*mains, spots[0]} <= {one.id for one in live.read().instances}


def test_spot_vms_that_are_taken_leave_the_base_and_come_back(world, cloud):
    """https://cloud.google.com/compute/docs/instances/spot#preemption-process."""
    fleet, live = applied(cloud)
    live.scale(to=4)
    live.wait(timeout=5 * MINUTE)
    spots = spot_of(live)
    world.doors.configure(boot_seconds=90)
    for name in spots:
        world.doors.notice(name)
    world.advance(timedelta(seconds=29))
    assert live.read().running == 4
    world.advance(timedelta(seconds=1))
    assert (live.read().running, live.read().pending) == (2, 2)
    assert not cloud.plan(fleet)
    assert sum("preempted" in each.description for each in live.activities(50)) == 2
    world.advance(2 * MINUTE)
    assert (live.read().running, sorted(spot_of(live))) == (4, sorted(spots))
    with pytest.raises(Exception, match="no Spot VM"):
        world.doors.notice(next(one.id for one in live.read().instances if one.id not in spots))


def test_everything_of_both_goes(world, cloud):
    fleet, _ = applied(cloud)
    plan = cloud.destroy(fleet)
    cloud.apply(plan, allow_delete=True).raise_for_failures()
    assert {change.key.name for change in plan.changes if change.key.kind == "group-manager"} == {*BOTH}
    assert not cloud.destroy(fleet)
    assert not world.ask("GET", SERVICE).get("backends")


# turned on and off


def test_a_group_that_runs_gets_a_floor_and_loses_it_again(cloud):
    """No standard VM goes before Spot VMs are there, and none is made anew."""
    plain, floored = make_fleet(gcp_group("web")), fleet_of()
    live = apply(cloud, plain)
    live.scale(to=6)
    live.wait(timeout=5 * MINUTE)
    before = {one.id for one in live.read().instances}
    plan = cloud.plan(floored)
    assert any("keeps its 6 instances while 'virtualmin-web-spot' comes" in note.text for note in plan.notes)
    apply(cloud, floored)
    assert live.read().parts == {MAIN: 6, SPOT: 4}
    (change,) = cloud.plan(floored).changes
    assert [(field.path, field.old, field.new) for field in change.fields] == [("targetSize", 6, 2)]
    apply(cloud, floored)
    assert live.read().parts == {MAIN: 2, SPOT: 4}
    assert not cloud.plan(floored)
    off = cloud.plan(plain)
    gone = [change.key.name for change in off.changes if change.action is Action.DELETE]
    assert BOTH[1] in gone
    assert BOTH[0] not in gone
    with pytest.raises(errors.ConsentMissing):
        cloud.apply(off)
    apply(cloud, plain)
    assert not cloud.plan(plain)
    assert not live.read().parts
    assert {one.id for one in live.read().instances} & before


# a share of what is above the base


def test_a_share_of_a_size_that_nothing_moves_is_split_by_the_plan(cloud):
    fleet, live = applied(cloud, **SHARE, **STILL, capacity={"min": 0, "max": 20, "desired": 10})
    assert live.read().parts == {MAIN: 4, SPOT: 6}
    assert not cloud.plan(fleet)
    live.scale(to=3)
    assert live.read().parts == {MAIN: 3, SPOT: 0}
    apply(cloud, fleet)
    assert live.read().parts == {MAIN: 4, SPOT: 6}


def test_a_share_of_a_size_that_moves_is_the_controllers(world, cloud):
    """It writes only sizes, one for each of the two."""
    (problem,) = cloud.plan(fleet_of(**SHARE)).problems
    assert problem.text.startswith("purchase.on_demand_percent: policy or schedule beside an on-demand share: ")
    assert "`controller: true`" in problem.text
    out = {
        "policies": {"out": {"change": 4, "cooldown": "5m"}},
        "alarms": {"many": {"metric": {"external": "orders"}, "above": 100, "triggers": ["out"]}},
    }
    group = gcp_group("web", **{**STILL, **SHARE, **out, "capacity": {"min": 1, "max": 10, "desired": 3}})
    fleet = make_fleet(group, controller=True, sources={"orders": {}})
    live = apply(cloud, fleet)
    assert live.read().parts == {MAIN: 3, SPOT: 0}
    source = Function("orders", lambda query: 150.0, clock=world.cloud.clock)
    with Controller(fleet, cloud, sources=[source], store="sqlite://") as controller:
        assert controller.tick()["web"].outcome is TickOutcome.WRITTEN
    assert (live.read().desired, live.read().parts) == (7, {MAIN: 3, SPOT: 4})
    assert not cloud.plan(fleet)
    imported = cloud.import_group(BOTH[0])
    assert imported.group.purchase == group.purchase
    assert imported.group.capacity.max == 10
    said = {note.reason for note in imported.notes if note.paths == ("mark.controller",)}
    assert any(
        "; policies, alarms: enacted by the controller alone, and not readable from the" in text for text in said
    )


def test_a_share_that_comes_to_a_group_of_the_controller_doubles_nothing(cloud):
    """Spot VMs come with the next size that is written."""
    out = {"policies": {"out": {"change": 1, "cooldown": "5m"}}, "capacity": {"min": 1, "max": 10, "desired": 5}}
    plain = make_fleet(gcp_group("web", **{**STILL, **out}), controller=True)
    assert apply(cloud, plain).read().desired == 5
    shared = make_fleet(gcp_group("web", **{**STILL, **SHARE, **out}), controller=True)
    live = apply(cloud, shared)
    assert (live.read().desired, live.read().parts) == (5, {MAIN: 5, SPOT: 0})
    assert not cloud.plan(shared)
    live.scale(to=6)
    assert live.read().parts == {MAIN: 3, SPOT: 3}


BACK = {"spot": True, "on_demand_percent": 20, "fallback": "on-demand"}


def falling_back(**purchase):
    group = gcp_group("web", **STILL, purchase={**BACK, **purchase}, capacity={"min": 2, "max": 10, "desired": 5})
    return make_fleet(group, controller=True)


def test_what_falls_back_is_two_groups_without_a_floor_too(world, cloud):
    """Neither a size asked for by hand nor a plan undoes what the controller shifts; by the API it is never lower."""
    fleet = falling_back(on_demand_percent=0)
    live = apply(cloud, fleet)
    assert live.read().parts == {MAIN: 0, SPOT: 5}
    assert {each.spot for each in live.read().instances} == {True}
    actor = cloud.provider.actions.on(live.read().location, BOTH[0])
    actor.set_mix(5, base=4)
    assert (live.read().parts, live.read().on_demand_base) == ({MAIN: 4, SPOT: 1}, 4)
    imported = cloud.import_group(BOTH[1])
    assert imported.group.purchase == fleet["web"].purchase
    assert not cloud.plan(context.make_fleet("virtualmin", [imported.group])), "as `trimtab import` writes it"
    live.scale(to=7)
    assert live.read().parts == {MAIN: 4, SPOT: 3}
    assert not cloud.plan(fleet)


def test_no_standard_vm_goes_before_a_spot_vm_serves_in_its_place(world, cloud):
    plain = make_fleet(gcp_group("web", **STILL, capacity={"min": 2, "max": 10, "desired": 5}))
    place = apply(cloud, plain).read().location
    with pytest.raises(errors.NotFound, match="has no group of Spot VMs beside it; apply the fleet"):
        cloud.provider.actions.on(place, BOTH[0]).set_mix(5, base=1)
    world.doors.configure(boot_seconds=150)
    fleet = falling_back()
    live = apply(cloud, fleet)
    seen = []
    with Controller(fleet, cloud, store="sqlite://") as controller:
        for _ in range(6):
            controller.tick()
            seen.append((live.read().running, live.read().parts[MAIN]))
            world.advance(MINUTE)
        assert controller.tick()["web"].outcome is TickOutcome.KEPT
    assert min(running for running, _ in seen) == 5
    assert live.read().parts == {MAIN: 1, SPOT: 4}
    assert not cloud.plan(fleet)


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        ({"rollout": {"strategy": "blue-green"}}, "rollout.strategy: a blue-green rollout moves one group to another"),
        ({"rollout": {"strategy": "rolling"}}, "rollout.strategy: a rolling rollout moves one template"),
        ({"gcp": {"stopped": 1}}, "gcp.stopped: a pool of instances in reserve"),
        ({"capacity": {"min": 1, "max": 2}, **STILL}, "purchase.on_demand_base: at most 2 instances, and all"),
        (
            {"policies": {"hold": {"type": "target-tracking", "metric": QUEUE, "target": 5}}},
            "policies.hold.metric: policy on a whole queue beside an on-demand base",
        ),
    ],
)
def test_what_two_groups_cannot_be_is_refused_by_name(cloud, fields, start):
    texts = [problem.text for problem in cloud.plan(fleet_of(**fields)).problems]
    assert any(text.startswith(start) for text in texts), texts


def test_the_second_groups_name_is_nobody_elses(cloud):
    fleet = make_fleet(gcp_group("web", **BASE), gcp_group("web-spot"))
    assert any("rename one of them by `native_name`" in problem.text for problem in cloud.plan(fleet).problems)


# read back into a file


@pytest.mark.parametrize("name", BOTH)
def test_it_is_imported_as_one_group_by_either_name(cloud, name):
    fleet, _ = applied(cloud, capacity={"min": 3, "max": 10})
    imported = cloud.import_group(name)
    assert imported.group.purchase == fleet["web"].purchase
    assert (imported.group.capacity.min, imported.group.capacity.max) == (3, 10)
    assert imported.group.schedules[0].min == 4
    assert not cloud.plan(make_fleet(imported.group))


def test_without_marks_it_is_two_groups(world, cloud):
    """Nothing else says that they belong together; the fleet's file does, and `adopt` writes it on them again."""
    fleet, live = applied(cloud)
    for name in BOTH:
        body = {"description": "", "fingerprint": asked(world, "instanceGroupManagers", name)["fingerprint"]}
        world.ask("PATCH", f"{SCOPE}/instanceGroupManagers/{name}", body)
    purchases = [cloud.import_group(name).group.purchase for name in BOTH]
    assert purchases == [tt.Purchase(), tt.Purchase(spot=True)]
    cloud.apply(cloud.adopt(fleet)).raise_for_failures()
    assert live.read().parts == {MAIN: 2, SPOT: 1}
    assert not cloud.plan(fleet)


# the arithmetic


@pytest.mark.parametrize("floor", [Floor(2), Floor(0, 20, falls_back=True), Floor(3, 50), Floor(12), Floor(0, 100)])
def test_both_parts_are_the_whole_at_every_size(world, floor):
    """A fraction goes to on demand, as on EC2, whose documented examples `trimtab.engine.mix` has in its table."""
    assert Floor.parse(floor.word) == floor
    now = world.cloud.clock.now()
    sizes = []
    for total in range(31):
        group = gcp_group("web", **STILL, capacity={"min": total, "max": 30, "desired": total})
        parts = parts_of(group, "web", floor, now)
        assert [sum(getattr(part.group.capacity, name) for part in parts) for name in ("min", "max", "desired")] == [
            total,
            30,
            total,
        ]
        sizes.append(tuple(part.size for part in parts))
        rule = FallbackRule(floor.base, floor.percent)
        own = {"base": floor.base, "percent": floor.percent}
        for on_demand in range(total + 2):
            base = base_for(total, on_demand, **own)
            reached = {base: floor._replace(base=base).split(total).on_demand for base in range(total + 1)}
            assert (base in reached or base == floor.base) if on_demand in reached.values() else base is None
            assert base is None or floor._replace(base=base).split(total).on_demand == on_demand
            assert rule.base_for(total, on_demand) == max(floor.base, base or 0), "never below the group's own"
    assert sizes == sorted(sizes), "neither shrinks while the whole grows"
    assert all(main >= min(total, floor.base) for total, (main, _) in enumerate(sizes))
