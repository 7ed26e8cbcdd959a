"""What people are told of ticks: each thing once, when it begins and when it is over."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.controller.conftest import MINUTE
from tests.laws import examples
from trimtab.controller import ControllerEventKind, GroupTick, Tick, TickOutcome
from trimtab.controller.events import CONDITIONS, FLEET, ControllerEvent, GroupStanding, events_of, standings_after
from trimtab.engine.reasons import DecisionReason, ReasonCode
from trimtab.engine.values import Decision, History

START = datetime(2026, 1, 5, tzinfo=UTC)


def decision(previous, size, low=1, high=10, *reasons):
    return Decision(size, previous, low, high, reasons, (), History())


def result(outcome=TickOutcome.KEPT, previous=4, size=4, group="web", **fields):
    """A group in a tick; without a decision where the outcome has none."""
    made = None if outcome in (TickOutcome.ERROR, TickOutcome.HELD) else decision(previous, size)
    fields = {"decision": made, "live": previous, "running": previous, "minimum": 1, "maximum": 10, **fields}
    return GroupTick(group=group, name=f"shop-{group}", location="here", outcome=outcome, **fields)


def tick(*results, minute=0, error="", shadow=False):
    return Tick(fleet="shop", provider="memory", at=START + minute * MINUTE, groups=results, error=error, shadow=shadow)


def told(*ticks):
    """The kinds of what is told, tick by tick, with what is over."""
    standings, kinds = {}, []
    for each in ticks:
        kinds.append([f"{event.over} over" if event.over else event.kind.value for event in events_of(standings, each)])
        standings = standings_after(standings, each)
    return kinds


def test_a_size_that_is_written_is_told_with_its_reasons():
    reason = DecisionReason(ReasonCode.AT_MAXIMUM, (12, 10))
    written = result(TickOutcome.WRITTEN, decision=decision(4, 6, 1, 10, reason))
    [event] = events_of({}, tick(written))
    assert (event.kind, event.previous, event.size, event.group) == (ControllerEventKind.SIZE_CHANGED, 4, 6, "web")
    assert event.to_dict()["reasons"] == [{"code": "at-maximum", "text": "12 is above the maximum of 10"}]
    assert str(event) == "shop/web: size-changed, 4 to 6"


def test_the_maximum_is_told_once_when_it_is_reached_and_once_when_it_is_left():
    up, stays, down = (
        result(TickOutcome.WRITTEN, 8, 10),
        result(size=10, previous=10),
        result(TickOutcome.WRITTEN, 10, 9),
    )
    assert told(tick(up), tick(stays), tick(stays), tick(down), tick(result(size=9, previous=9))) == [
        ["size-changed", "at-maximum"],
        [],
        [],
        ["size-changed", "at-maximum over"],
        [],
    ]


def test_a_group_of_a_fixed_size_is_never_at_its_maximum():
    assert told(tick(result(decision=decision(4, 4, 4, 4)))) == [[]]


def test_a_failure_is_told_once_and_so_is_its_end():
    failed = result(TickOutcome.FAILED, 4, 6, text="quota")
    assert told(tick(failed), tick(failed), tick(result(TickOutcome.WRITTEN, 4, 6))) == [
        ["failed"],
        [],
        ["size-changed", "failed over"],
    ]


def test_a_size_without_an_answer_is_told_once_it_is_known():
    lost = result(TickOutcome.UNKNOWN, 4, 6, text="no answer")
    assert told(tick(result()), tick(lost), tick(result(size=6, previous=6))) == [
        [],
        ["failed"],
        ["size-changed", "failed over"],
    ]


def test_a_pause_is_told_and_what_is_not_seen_meanwhile_goes_on():
    paused = result(TickOutcome.HELD, paused=True, text="paused by Ana")
    top = result(size=10, previous=10)
    assert told(tick(top), tick(paused, minute=1), tick(paused), tick(top)) == [
        ["at-maximum"],
        ["size-changed", "paused"],
        [],
        ["size-changed", "paused over"],
    ]


def test_a_metric_that_cannot_be_read_or_is_silent_is_missing():
    unread, silent = result(unread=("alarms.hot.metric: refused",)), result(silent=("hot has no datapoint",))
    assert told(tick(unread), tick(silent), tick(result())) == [["metric-missing"], [], ["metric-missing over"]]


def test_a_store_that_is_down_is_told_once_for_the_fleet():
    down = tick(
        result(TickOutcome.ERROR, text="gone"), result(TickOutcome.ERROR, group="api", text="gone"), error="gone"
    )
    assert told(tick(result()), down, down, tick(result())) == [[], ["failed"], [], ["failed over"]]
    [event] = events_of({}, down)
    assert (event.group, event.to_dict()["group"], event.text) == (FLEET, None, "gone")


def test_a_group_of_another_controller_is_that_ones_to_tell_of():
    assert told(tick(result(TickOutcome.HELD, leased=False, text="another controller has its lease"))) == [[]]


def test_in_shadow_the_size_is_what_the_cloud_has():
    first, second = result(TickOutcome.SHADOW, 4, 9), result(TickOutcome.SHADOW, 6, 9)
    assert told(tick(first, shadow=True), tick(second, shadow=True)) == [[], ["size-changed"]]


# laws


def results():
    outcomes = st.sampled_from(sorted(set(TickOutcome) - {TickOutcome.SHADOW}))
    sizes, flags = st.integers(0, 10), st.booleans()
    return st.builds(
        lambda outcome, previous, size, unread, paused: result(
            outcome,
            previous,
            size if outcome is not TickOutcome.KEPT else previous,
            unread=("gone",) if unread else (),
            paused=paused and outcome is TickOutcome.HELD,
        ),
        outcomes, sizes, sizes, flags, flags,
    )  # fmt: skip


def ticks():
    errors = st.sampled_from(["", "", "", "the store is gone"])
    return st.lists(st.tuples(results(), errors), min_size=1, max_size=12)


def lived(pairs):
    """The events of ticks one after the other, and how all stands after each."""
    standings, events, stood = {}, [], []
    for minute, (each, error) in enumerate(pairs):
        now = tick(each, minute=minute, error=error)
        events += events_of(standings, now)
        standings = standings_after(standings, now)
        stood.append(standings)
    return events, stood


@settings(max_examples=examples(), deadline=None)
@given(ticks())
def test_conditions_begin_and_end_in_turn(pairs):
    events, stood = lived(pairs)
    for about in (FLEET, "web"):
        for kind in CONDITIONS:
            turns = [
                event.over is None for event in events if event.group == about and kind in (event.kind, event.over)
            ]
            assert turns == [place % 2 == 0 for place in range(len(turns))]
            holds = kind in stood[-1].get(about, GroupStanding()).conditions
            assert holds == (len(turns) % 2 == 1), "what is told adds up to what holds"


@settings(max_examples=examples(), deadline=None)
@given(ticks())
def test_sizes_that_are_told_follow_each_other(pairs):
    events, stood = lived(pairs)
    changes = [event for event in events if event.kind is ControllerEventKind.SIZE_CHANGED]
    assert all(event.size != event.previous for event in changes)
    assert all(one.size == other.previous for one, other in pairwise(changes))
    if changes:
        assert changes[-1].size == stood[-1]["web"].size


@settings(max_examples=examples(), deadline=None)
@given(ticks())
def test_the_same_again_is_not_told_again(pairs):
    _, stood = lived(pairs)
    size = stood[-1].get("web", GroupStanding()).size
    last, error = pairs[-1]
    if last.decision is not None and last.outcome is TickOutcome.WRITTEN:
        last = result(previous=size, size=size, unread=last.unread)
    assert events_of(stood[-1], tick(last, error=error)) == ()


@settings(max_examples=examples(), deadline=None)
@given(ticks())
def test_ids_differ_and_are_the_same_for_the_same(pairs):
    events, _ = lived(pairs)
    ids = [event.id for event in events]
    assert len(set(ids)) == len(ids)
    assert [event.id for event in lived(pairs)[0]] == ids


@settings(max_examples=examples(), deadline=None)
@given(st.builds(GroupStanding, st.none() | st.integers(0, 99), st.frozensets(st.sampled_from(CONDITIONS))))
def test_a_standing_comes_back_from_its_data(standing):
    assert GroupStanding.from_list(standing.to_list()) == standing
    assert GroupStanding.from_list([standing.size, [*standing.to_list()[1], "of another version"]]) == standing


# by the controller


def test_a_listener_is_told_and_what_it_raises_harms_no_tick(world, caplog):
    world.apply()
    heard = []

    def listener(event):
        heard.append(event)
        raise RuntimeError("not my day")

    controller = world.controller(on_event=listener)
    controller.tick()
    world.orders = 200.0
    world.after()
    assert controller.tick()["web"].outcome is TickOutcome.WRITTEN
    assert [(event.kind, event.previous, event.size) for event in heard] == [("size-changed", 4, 6)]
    assert "not my day" in caplog.text
    controller.close()


def test_a_second_process_does_not_tell_again(world):
    """As where each tick is a process of its own."""
    world.apply(capacity={"min": 1, "max": 6, "desired": 4})
    world.orders = 200.0
    heard = []
    for _ in range(4):
        with world.controller(on_event=heard.append) as controller:
            controller.tick()
        world.after(10)
    assert [event.kind for event in heard] == [ControllerEventKind.SIZE_CHANGED, ControllerEventKind.AT_MAXIMUM]


def test_somebody_else_who_resizes_or_pauses_is_told_of(world):
    world.apply()
    heard = []
    controller = world.controller(on_event=heard.append)
    controller.tick()
    world.cloud.group("shop-web").scale(to=9)
    world.after(3)
    controller.tick()
    world.cloud.group("shop-web").pause(by="Ana", why="moving")
    world.after()
    controller.tick()
    world.cloud.group("shop-web").resume()
    world.after()
    controller.tick()
    told = [(event.kind.value, event.over) for event in heard]
    assert told == [("size-changed", None), ("paused", None), ("recovered", "paused")]
    assert "somebody else" in heard[0].text
    assert "Ana" in heard[1].text


def test_a_dead_source_is_a_missing_metric(world):
    world.apply()
    heard = []
    controller = world.controller(on_event=heard.append)
    world.orders = RuntimeError("no such table")
    controller.tick()
    assert [event.kind for event in heard] == [ControllerEventKind.METRIC_MISSING]
    assert "no such table" in heard[0].text


def test_an_alarm_that_says_what_missing_data_means_expects_it(world):
    alarms = {"many": {"metric": {"external": "orders"}, "above": 100, "missing": "not-breaching", "triggers": ["out"]}}
    for fields, kinds in (({}, ["metric-missing"]), ({"alarms": alarms, "policies": {"out": {"change": 2}}}, [])):
        world.apply(**fields)
        world.orders = float("nan")
        heard = []
        with world.controller(on_event=heard.append) as controller:
            controller.tick()
        assert [event.kind.value for event in heard if event.over is None] == kinds
        world.after(5)


@pytest.mark.parametrize("kind", ControllerEventKind)
def test_every_kind_says_what_it_is_about(kind):
    event = ControllerEvent(kind=kind, at=START + timedelta(hours=1), provider="gcp", fleet="shop", group="web")
    assert kind.value in str(event)
    assert event.to_dict()["kind"] == kind.value
    assert tt.ManualClock().now() < event.at
