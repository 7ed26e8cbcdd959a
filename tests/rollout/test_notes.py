"""What is noted on a group beside the mark of a run, on each cloud: who drives it, which template went back."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

import trimtab as tt
from tests.rollout.example import FILE
from tests.rollout.world import World, make_fleet
from trimtab.models import AlarmGate, Rollout
from trimtab.providers.run import RolledBack, RolloutRun
from trimtab.rollout import RolloutOutcome
from trimtab.testing.clouds import TEST_CLOUDS

MONDAY = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
WORDS = ("one", "two", "three")
SIZES = {
    "aws": ("t3.medium", "t3.large", "m5.large"),
    "azure": ("Standard_D2s_v5", "Standard_D4s_v5", "Standard_D8s_v5"),
    "gcp": ("e2-medium", "e2-standard-2", "e2-standard-4"),
}
LOOK = timedelta(seconds=15)
BAKING = Rollout(max_unavailable="50%", bake="2m")


@contextmanager
def account_of(provider):
    """A clock and a way to connect, and fleets with three templates."""
    if provider == "memory":
        world = World()
        yield world.clock, lambda: tt.connect("memory", store=world.store, clock=world.clock), make_memory
        return
    with TEST_CLOUDS[provider].started() as account:
        account.emulator.doors.set_clock(MONDAY, freeze=True)
        account.emulator.furnish()
        yield account.clock, account.connect, lambda word: make_example(provider, word)


def make_memory(word):
    return make_fleet(word, rollout=BAKING)


def make_example(provider, word):
    whole = tt.load_fleet(FILE, env={}).for_provider(provider)
    web = whole["web"]
    template = web.template.replace(size=SIZES[provider][WORDS.index(word)])
    return whole.replace(groups=[web.replace(rollout=BAKING, template=template)])


def drive(clock, rollouts, until=lambda result: False):
    for _ in range(400):
        (result,) = rollouts.tick()
        if result.is_settled or until(result):
            return result
        clock.advance(LOOK)
    raise AssertionError(result)


def baking(result):
    return result.run is not None and result.run.phase == "baking"


def status_of(cloud, fleet):
    (result,) = cloud.rollouts(fleet).status()
    return result


@pytest.mark.parametrize("provider", ["memory", "aws", "azure", "gcp"])
def test_a_group_knows_who_drives_it_and_what_went_back(provider):
    with account_of(provider) as (clock, connect, fleet_of), connect() as cloud:
        one, two, three = map(fleet_of, WORDS)
        gated = one.replace(groups=[one["web"].replace(rollout=Rollout(gates=[AlarmGate(alarms=["nobodys"])]))])
        assert any("no alarm is called 'nobodys'" in note.text for note in cloud.plan(gated).notes)
        cloud.apply(cloud.plan(one), timeout=tt.minutes(60)).raise_for_failures()
        rollouts = cloud.rollouts(two)
        rollouts.start(by="ana")
        assert status_of(cloud, two).driven is None
        clock.advance(tt.minutes(2))
        never = status_of(cloud, two)
        assert (never.unattended, never.superseded) == (True, False), never
        drive(clock, rollouts, baking)
        begun = status_of(cloud, two)
        assert not begun.unattended
        assert clock.now() - begun.driven <= tt.minutes(5)
        (newer,) = cloud.rollouts(three).start()
        assert newer.superseded
        assert "the file has another template than it brings" in newer.text
        assert any("the file has another template" in note.text for note in cloud.plan(three).notes)
        clock.advance(tt.minutes(13))
        late = status_of(cloud, two)
        assert late.unattended
        assert "no process drives it; `trimtab rollout resume web` takes it over" in late.text
        rollouts.abort("web", by="ana")
        assert drive(clock, rollouts).outcome is RolloutOutcome.ROLLED_BACK
        assert not cloud.plan(one), cloud.plan(one).to_text()
        assert any("rolled back on" in note.text and "--again" in note.text for note in cloud.plan(two).notes)
        assert not any("rolled back on" in note.text for note in cloud.plan(three).notes)
        assert status_of(cloud, two).rolled_back.why == "aborted by ana"
        (refused,) = rollouts.start(by="ana")
        assert refused.outcome is RolloutOutcome.ERROR
        assert "not started: this template was rolled back on" in refused.text
        rollouts.start(by="ana", again=True)
        assert drive(clock, rollouts).outcome is RolloutOutcome.DONE
        assert not cloud.plan(two), cloud.plan(two).to_text()
        assert not any("rolled back on" in note.text for note in cloud.plan(three).notes)


def test_notes_of_being_driven_are_few():
    world = World()
    world.apply(make_fleet("one"))
    rollouts = world.cloud.rollouts(make_fleet("two", rollout=Rollout(bake="1h")))
    rollouts.start()
    assert drive(world.clock, rollouts).outcome is RolloutOutcome.DONE
    looks = world.store.calls.count("advance rollout") + 4 * 60
    noted = world.store.calls.count("note rollout")
    assert 12 <= noted <= looks / 15


def test_what_was_undone_is_not_started_again_by_itself():
    world = World()
    world.apply(make_fleet("one"))
    two = make_fleet("two")
    world.cloud.rollout(two).raise_for_failures()
    rollouts = world.cloud.rollouts(two)
    rollouts.undo("web", by="ana")
    assert drive(world.clock, rollouts).outcome is RolloutOutcome.DONE
    result = world.cloud.rollout(two)
    assert "undone by ana" in str(result), result
    world.cloud.rollout(two, again=True).raise_for_failures()


def test_a_start_says_what_it_has_not_brought():
    world = World()
    world.apply(make_fleet("one"))
    world.cloud.rollouts(make_fleet("two")).start()
    rolled = world.cloud.rollout(make_fleet("three"))
    assert [each.outcome for each in rolled.groups] == [RolloutOutcome.WAITING]
    assert "start again" in str(rolled)
    world.cloud.rollout(make_fleet("three")).raise_for_failures()


def test_a_mark_has_a_digest_and_reads_those_without():
    run = RolloutRun(id="3f2a9c", since=MONDAY, began=MONDAY, by="ana", old="1", new="2", held=("a", "b"), why="x: y")
    assert RolloutRun.parse(run.line()) == run
    template = "1a2b3c4d"
    run = RolloutRun(
        id="3f2a9c", since=MONDAY, began=MONDAY, by="ana", old="1", new="2", template=template, why="because"
    )
    assert RolloutRun.parse(run.line()) == run
    back = RolledBack(template=template, run="3f2a9c", at=MONDAY, why="alarm fires " * 40)
    assert len(back.line()) <= 255
    known = RolledBack.parse(back.line())
    assert (known.template, known.at) == (template, MONDAY)
    assert RolledBack.parse("nonsense") is None
