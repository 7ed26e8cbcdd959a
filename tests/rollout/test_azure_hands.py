"""Rollouts of scale sets by several hands: killed, taken over, begun twice; and what Azure cannot do in one."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.laws import sampled
from tests.rollout.azure_bench import BACK, DONE, LARGE, LOOK, SMALL, Bench
from trimtab.emulators import AzureEmulator
from trimtab.errors import Conflict, InvalidRequest, Unsupported
from trimtab.models import Rollout
from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.held import HeldCapacity
from trimtab.providers.azure.versions import Version, back_of, merged
from trimtab.providers.rolling import Limits, NewTemplate
from trimtab.providers.run import RolloutPhase, RolloutRun
from trimtab.rollout import RolloutOutcome

NOW = datetime(2026, 1, 5, tzinfo=UTC)
MOST_WRITES = 60


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture(name="bench")
def _bench():
    with AzureEmulator() as emulator:
        bench = Bench(emulator)
        yield bench
        bench.close()


@pytest.fixture(name="flexible")
def _flexible(bench):
    bench.flexible = True
    return bench


def killed_at(number, *, after):
    """`Calls.begin` for a process that dies at one of its writes, before or after the effect."""
    real, left = Calls.begin, [number]

    def begin(self, *args, **given):
        left[0] -= 1
        if left[0] == 0 and not after:
            raise Killed
        reply = real(self, *args, **given)
        if left[0] == 0:
            raise Killed
        return reply

    return begin


def driven(bench, new):
    rollouts = bench.link().rollouts(new)
    (started,) = rollouts.start(by="ana")
    if started.outcome is RolloutOutcome.NONE:
        return None
    spec = new.groups[0].rollout
    gone = (0 if spec.max_surge else 1) if spec.max_unavailable is None else spec.max_unavailable
    return bench.drive(rollouts, least=2 - gone)


def most_of(name):
    return 2 if "maximum" in name else 10


def writes_of(name):
    """How many writes an undisturbed run takes."""
    spec, ill = CASES[name]
    with AzureEmulator() as emulator:
        bench = Bench(emulator)
        bench.flexible, most = name.startswith("flexible"), most_of(name)
        bench.made(bench.fleet(count=2, rollout=spec, most=most))
        if ill:
            bench.doors.fail_made_of(LARGE)
        before = bench.writes()
        driven(bench, bench.fleet(LARGE, count=2, rollout=spec, most=most))
        bench.close()
        return bench.writes() - before


CASES = {
    "at the maximum": (Rollout(), False),
    "at the maximum goes back": (Rollout(batch_timeout="2m", max_unavailable=2), True),
    "one by one": (Rollout(), False),
    "flexible": (Rollout(max_unavailable=2, max_surge=1), False),
    "flexible goes back": (Rollout(batch_timeout="2m"), True),
    "surge": (Rollout(max_surge=1), False),
    "canary": (Rollout(strategy="canary", max_unavailable=1), False),
    "goes back": (Rollout(batch_timeout="2m"), True),
    "surge goes back": (Rollout(batch_timeout="2m", max_surge=1), True),
}


@pytest.mark.sweep
@pytest.mark.parametrize("name", CASES)
def test_whoever_comes_next_ends_what_a_killed_process_began(monkeypatch, name):
    spec, ill = CASES[name]
    total = writes_of(name)
    assert 5 <= total <= MOST_WRITES
    points = [(number, after) for number in range(1, total + 1) for after in (False, True)]
    for number, after in sampled(points, 1, name):
        with AzureEmulator() as emulator:
            bench = Bench(emulator)
            bench.flexible = name.startswith("flexible")
            old, new = (bench.fleet(size, count=2, rollout=spec, most=most_of(name)) for size in (SMALL, LARGE))
            bench.made(old)
            if ill:
                bench.doors.fail_made_of(LARGE)
            with monkeypatch.context() as patched:
                patched.setattr(Calls, "begin", killed_at(number, after=after))
                with pytest.raises(Killed):
                    driven(bench, new)
            bench.advance(LOOK)
            (current,) = bench.link().rollouts(new).status()
            if not (ill and current.run is None):
                result = driven(bench, new)
                assert result is None or result.outcome is (BACK if ill else DONE), (number, after, str(result))
            bench.ended(new, {SMALL: 2} if ill else {LARGE: 2})
            bench.close()


def test_a_pause_puts_a_capacity_right_that_was_left_low(monkeypatch, bench):
    """At the maximum of autoscale a deletion comes first."""
    bench.made(bench.fleet(most=4))
    new = bench.fleet(LARGE, most=4)
    rollouts = bench.link().rollouts(new)
    rollouts.start(by="ana")
    with monkeypatch.context() as patched:
        patched.setattr(Calls, "begin", killed_at(3, after=True))
        with pytest.raises(Killed):
            rollouts.tick()
    assert bench.native.sku.capacity == 3
    (state,) = [each.state for each in bench.link().status(new).groups]
    assert state.desired == 4
    assert not bench.link().plan(new).changes
    bench.link().rollouts(new).pause("web", by="bob")
    assert bench.native.sku.capacity == 4


def test_of_two_that_begin_at_once_one_wins(bench):
    bench.made(bench.fleet())
    new = bench.fleet(LARGE)
    rollouts = bench.link().rollouts(new)
    (first,) = rollouts.start(by="ana")
    provider = bench.link().provider.rollouts()
    other = RolloutRun(id="other", since=NOW, began=NOW, by="bob")
    with pytest.raises(Conflict, match="by ana is moving"):
        provider.begin(bench.location, bench.name, other, NewTemplate())
    again = provider.begin(bench.location, bench.name, first.run, NewTemplate())
    assert (again.id, again.old, again.new) == (first.run.id, first.run.old, first.run.new)
    with pytest.raises(Conflict, match="is over"):
        provider.mark(bench.location, bench.name, other)


def test_a_lost_reply_begins_no_second_run(bench):
    bench.made(bench.fleet())
    new = bench.fleet(LARGE)
    rollouts = bench.link().rollouts(new)
    bench.doors.fault("timeout_after", operation="VirtualMachineScaleSets_Update", write_only=True)
    (started,) = rollouts.start(by="ana")
    assert started.outcome is RolloutOutcome.RUNNING
    assert bench.drive(rollouts, least=3).outcome is DONE
    bench.ended(new, {LARGE: 4})


def test_two_processes_that_drive_at_once_move_one_batch(bench):
    new = bench.fleet(LARGE)
    bench.made(bench.fleet())
    one, two = (bench.link().rollouts(new) for _ in range(2))
    one.start(by="ana")
    providers = [bench.link().provider.rollouts() for _ in range(2)]
    looks = [provider.read([(bench.location, bench.name)])[0] for provider in providers]
    providers[0].advance(bench.location, bench.name, looks[0].run, 4, Limits())
    with pytest.raises(Conflict):
        providers[1].advance(bench.location, bench.name, looks[1].run, 4, Limits())
    assert bench.ready() == 3
    for _ in range(60):
        one.tick()
        (result,) = two.tick()
        assert bench.ready() >= 3
        bench.advance(LOOK)
    assert result.outcome in (DONE, RolloutOutcome.NONE)
    bench.ended(new, {LARGE: 4})


# what Azure never gives back


def scripted(bench, text, **more):
    return bench.fleet(template={"user_data": f"#!/bin/sh\necho {text}\n"}, **more)


def test_custom_data_cannot_go_back_and_is_refused_before_anything_is_written(bench):
    bench.made(scripted(bench, "one"))
    new = scripted(bench, "two")
    plan = bench.link().plan(new)
    assert any("never gives custom data back" in note.text for note in plan.notes)
    assert plan.waiting
    before = bench.writes()
    (refused,) = bench.link().rollouts(new).start(by="ana")
    assert refused.outcome is RolloutOutcome.ERROR
    assert "never gives customData back" in refused.text
    assert "give `on_failure: pause`" in refused.text
    assert bench.writes() == before
    assert "trimtab-rollout" not in bench.native.tags


def test_custom_data_is_rolled_out_where_nobody_is_to_go_back(bench):
    stops = Rollout(on_failure="pause", batch_timeout="3m")
    bench.made(scripted(bench, "one", rollout=stops))
    new = scripted(bench, "two", rollout=stops)
    rollouts = bench.link().rollouts(new)
    rollouts.start(by="ana")
    bench.drive(rollouts, until=lambda _: len({each.model for each in bench.members}) == 2)
    with pytest.raises(InvalidRequest, match="is not kept"):
        rollouts.abort("web", by="bob")
    assert bench.drive(rollouts, least=3).outcome is DONE
    assert len({each.model for each in bench.members}) == 1
    plan = bench.link().plan(new)
    assert not plan.changes
    assert not plan.waiting
    assert bench.link().plan(scripted(bench, "one", rollout=stops)).waiting


def test_what_stays_as_it_was_made_takes_another_group(bench):
    bench.made(bench.fleet(template={"disks": [{"size_gb": 40, "type": "Standard_LRS"}]}))
    new = bench.fleet(template={"disks": [{"size_gb": 40, "type": "Premium_LRS"}]})
    plan = bench.link().plan(new)
    assert not plan.changes
    assert plan.waiting
    (refused,) = bench.link().rollouts(new).start(by="ana")
    assert refused.outcome is RolloutOutcome.ERROR
    assert "blue-green" in refused.text


# what a plan refuses


@pytest.mark.parametrize(
    ("rollout", "given", "path"),
    [
        (Rollout(keep=3), {}, "rollout.keep"),
        (Rollout(max_surge=1), {"least": 4, "most": 4}, "rollout.max_surge"),
        (Rollout(), {"azure": {"resource_group": "elsewhere"}}, "rollout.strategy"),
        (Rollout(skip_matching=False), {}, "rollout.skip_matching"),
    ],
)
def test_a_plan_names_what_cannot_be(bench, rollout, given, path):
    plan = bench.link().plan(bench.fleet(rollout=rollout, **given))
    assert any(path in str(problem) for problem in plan.problems), plan.to_text()


def test_surge_at_the_maximum_is_said(bench):
    surge = Rollout(max_surge=1)
    bench.made(bench.fleet(rollout=surge, most=4))
    rollouts = bench.link().rollouts(bench.fleet(LARGE, rollout=surge, most=4))
    rollouts.start(by="ana")
    (result,) = rollouts.tick()
    assert result.outcome is RolloutOutcome.ERROR
    assert "has 4 instances, its maximum" in result.text
    both = bench.link().rollouts(bench.fleet(LARGE, rollout=Rollout(max_surge=1, max_unavailable=1), most=4))
    assert bench.drive(both, least=3).outcome is DONE


# the mode of upgrades


def test_the_mode_of_upgrades_is_manual_for_the_run_and_comes_back(bench):
    bench.made(bench.fleet())
    sets = bench.compute.virtual_machine_scale_sets
    sets.begin_update(bench.group, bench.name, {"properties": {"upgradePolicy": {"mode": "Rolling"}}}).result()
    plan = bench.link().plan(bench.fleet())
    assert [field.path for change in plan.waiting for field in change.fields] == ["properties.upgradePolicy.mode"]
    plain = bench.fleet(LARGE)
    rollouts = bench.link().rollouts(plain)
    rollouts.start(by="ana")
    assert bench.native.upgrade_policy.mode == "Manual"
    assert not bench.link().plan(plain).changes
    rollouts.abort("web", by="bob")
    assert bench.drive(rollouts, least=3).outcome is BACK
    assert bench.native.upgrade_policy.mode == "Rolling"
    rollouts.start(by="ana", again=True)
    assert bench.drive(rollouts, least=3).outcome is DONE
    assert bench.native.upgrade_policy.mode == "Manual"
    bench.ended(plain, {LARGE: 4})


# what gates ask


def test_alarms_and_samples(bench):
    alarms = {"hot": {"metric": "cpu", "above": 90, "period": "1m", "notify": ["ops@example.org"]}}
    fleet = bench.fleet(alarms=alarms)
    bench.made(fleet)
    provider, name = bench.link().provider.rollouts(), "shop-web-hot"
    metric = fleet.groups[0].alarms[0].metric
    assert provider.firing(bench.location, [name, "nobody"]) == {name: False}
    since = bench.doors.now()
    for _ in range(6):
        for number in range(4):
            bench.cloud.push(metric, group=bench.name, value=95 + number, instance=f"{bench.name}_{number}")
        bench.advance(timedelta(minutes=1))
    alert = bench.monitor.metric_alerts.get(bench.group, name)
    assert provider.firing(bench.location, [name, alert.id]) == {name: True, alert.id: True}
    new = provider.samples(bench.location, bench.name, metric, ["2", "3"], since)
    assert sorted(set(new)) == [97, 98]
    assert len(new) >= 8
    gates = Rollout(gates=[{"type": "metric", "metric": "requests"}]).gates
    with pytest.raises(Unsupported, match="application gateway"):
        provider.samples(bench.location, bench.name, gates[0].metric, ["2"], since)


def test_samples_of_flexible_sets_are_of_plain_machines(flexible):
    bench = flexible
    bench.made(bench.fleet())
    since = bench.doors.now()
    ids = [each.number for each in bench.members]
    home = bench.inside.id.rsplit("/providers/", 1)[0]
    point = {"namespace": "Microsoft.Compute/virtualMachines", "metric": "Percentage CPU", "dimensions": {}}
    for _ in range(3):
        resource = f"{home}/providers/Microsoft.Compute/virtualMachines/{ids[0]}"
        bench.doors.push([{**point, "resource": resource, "value": 33}])
        bench.advance(timedelta(minutes=1))
    provider, metric = (
        bench.link().provider.rollouts(),
        Rollout(gates=[{"type": "metric", "metric": "cpu"}]).gates[0].metric,
    )
    values = provider.samples(bench.location, bench.name, metric, ids[:1], since)
    assert set(values) == {33}


# what it costs


@pytest.mark.parametrize("kind", ["uniform", "flexible"])
def test_a_look_that_waits_takes_two_lists_and_those_of_the_instances(bench, kind):
    bench.flexible = kind == "flexible"
    spec = Rollout(bake="1h", gates=[])
    bench.made(bench.fleet(rollout=spec))
    new = bench.fleet(LARGE, rollout=spec)
    rollouts = bench.link().rollouts(new)
    rollouts.start(by="ana")
    bench.drive(rollouts, until=lambda each: each.run.phase is RolloutPhase.BAKING)
    bench.doors.clear_requests()
    rollouts.tick()
    assert bench.doors.count()["total"] == (4 if kind == "flexible" else 3)
    assert bench.doors.count()["writes"] == 0


def test_a_look_at_a_batch_that_starts_takes_no_more(bench):
    bench.made(bench.fleet())
    new = bench.fleet(LARGE)
    rollouts = bench.link().rollouts(new)
    rollouts.start(by="ana")
    bench.doors.clear_requests()
    rollouts.tick()
    assert bench.doors.count()["total"] == 3 + 1 + 2, "it is noted, one comes, one goes"
    bench.advance(timedelta(seconds=1))
    bench.doors.clear_requests()
    rollouts.tick()
    assert bench.doors.count()["total"] == 3


def test_a_rollout_takes_rights_of_its_own(bench):
    plain, rolled = bench.fleet(rollout=False), bench.fleet()
    cloud = bench.link()
    more = set(cloud.permissions(rolled)["Actions"]) - set(cloud.permissions(plain)["Actions"])
    assert more == {"Microsoft.Compute/virtualMachineScaleSets/manualupgrade/action"}
    assert cloud.permissions(rolled, read_only=True) == cloud.permissions(plain, read_only=True)


# words and tags


@pytest.mark.parametrize(
    ("held", "capacity", "size"),
    [
        (HeldCapacity(size=4), 4, 4),
        (HeldCapacity(size=4), 6, 6),
        (HeldCapacity(size=4), 2, 2),
        (HeldCapacity(size=4, low=3, high=4), 3, 4),
        (HeldCapacity(size=4, low=3, high=4), 2, 2),
        (HeldCapacity(size=4, low=4, high=6), 5, 4),
        (HeldCapacity(size=4, low=4, high=6), 7, 7),
        (HeldCapacity(), 5, 5),
    ],
)
def test_whose_doing_a_capacity_is(held, capacity, size):
    assert held.wanted(capacity) == size
    assert HeldCapacity.parse(held.words()) == held or held.size is None
    assert held.seen(capacity).wanted(capacity) == size


def test_what_is_held_is_read_back():
    held = HeldCapacity(size=4, low=3, high=6, mode="Rolling", after=NOW + timedelta(microseconds=7), undo=True)
    assert HeldCapacity.parse(held.words()) == held
    assert len(" ".join(held.words())) < 70


def test_a_version_goes_through_tags():
    card = {"name": "nic", "properties": {"subnet": {"id": "/subscriptions/" + "x" * 300}}}
    version = Version(name="ab", patch={"properties": {"a": [card] * 3, "b": None}}, mark={"trimtab-digest": "0"})
    tags = version.tags()
    assert all(len(value) <= 256 for value in tags.values())
    assert Version.read({**tags, "team": "blue"}) == version
    assert Version.read({}) is None
    assert Version.read({"trimtab-rollout-was-1": "nonsense"}) is None


def test_the_way_back_is_the_way_back():
    item = {"sku": {"name": "small", "capacity": 2}, "properties": {"p": {"image": {"sku": "a", "version": "1"}}}}
    patch = {
        "sku": {"name": "large"},
        "properties": {
            "p": {"image": {"sku": "b"}, "extensions": {"extensions": [{"name": "x"}]}, "probe": {"id": "y"}}
        },
    }
    back = back_of(patch, item)
    there = merged(item, patch)
    again = merged(there, back)
    again["properties"]["p"].pop("extensions")
    assert json.dumps(again, sort_keys=True) == json.dumps(item, sort_keys=True)


@pytest.mark.parametrize("standby", ["skip", "replace"])
@pytest.mark.parametrize("ill", [False, True])
def test_machines_that_are_stopped_count_for_nothing(bench, standby, ill):
    spec = Rollout(standby_instances=standby, batch_timeout="5m")
    bench.made(bench.fleet(rollout=spec))
    bench.compute.virtual_machine_scale_set_vms.begin_deallocate(bench.group, bench.name, "1").result()
    new = bench.fleet(LARGE, rollout=spec)
    rollouts = bench.link().rollouts(new)
    rollouts.start(by="ana")
    if ill:
        bench.doors.fail_made_of(LARGE)
    result = bench.drive(rollouts)
    assert result.outcome is (BACK if ill else DONE), str(result)
    if ill:
        bench.ended(new, {SMALL: 4})
    else:
        bench.ended(new, {LARGE: 4} if standby == "replace" else {SMALL: 1, LARGE: 3})


def test_the_mark_of_a_run_of_two_groups_comes_and_goes(bench):
    bench.made(bench.fleet())
    provider, place = bench.link().provider.rollouts(), (bench.location, bench.name)
    run = RolloutRun(id="3f", strategy="blue-green", since=NOW, began=NOW, by="ana", old=bench.name, new="shop-web-3f")
    provider.mark(*place, run)
    (progress,) = provider.read([place])
    assert progress.run == run
    assert not progress.busy
    assert len(progress.fresh) == 4
    with pytest.raises(Conflict, match="by ana"):
        provider.mark(*place, RolloutRun(id="4f", strategy="blue-green", since=NOW, began=NOW, by="bob"))
    provider.clear(*place)
    provider.clear(*place)
    (progress,) = provider.read([place])
    assert progress.run is None
