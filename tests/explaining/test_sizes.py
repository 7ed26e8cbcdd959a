"""The sizes of the past, out of what a cloud tells of it."""

from datetime import UTC, datetime, timedelta

from trimtab.explaining.sizes import born_at, size_at, steps_of
from trimtab.providers.base import Activity

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
NOW = NOON + timedelta(hours=1)


def at(minute):
    return NOON + timedelta(minutes=minute)


def activity(minute, *, sizes=None, change=0, text="a monitor alarm"):
    return Activity(id=f"{minute}", at=at(minute), status="successful", description=text, sizes=sizes, change=change)


def sizes_of(steps):
    return [(round((step.at - NOON) / timedelta(minutes=1)), step.before, step.after) for step in steps]


def test_without_a_word_the_size_was_always_the_same():
    assert steps_of([], 3, NOW) == []
    assert size_at([], at(5), 3) == 3


def test_one_change_that_starts_several_instances_is_one_step():
    told = [activity(5, sizes=(3, 5)), activity(5, sizes=(3, 5)), activity(9, sizes=(5, 4))]
    steps = steps_of(told[::-1], 4, NOW)
    assert sizes_of(steps) == [(5, 3, 5), (9, 5, 4)]
    assert [size_at(steps, at(minute), 4) for minute in (4, 5, 8, 9)] == [3, 5, 5, 4]


def test_what_is_tried_again_is_no_second_change():
    told = [activity(minute, sizes=(2, 4)) for minute in (5, 6, 7)]
    assert sizes_of(steps_of(told, 4, NOW)) == [(5, 2, 4)]


def test_sizes_that_do_not_fit_have_a_step_between_that_nobody_tells_of():
    told = [activity(5, sizes=(2, 4)), activity(20, sizes=(6, 7))]
    steps = steps_of(told, 7, NOW)
    assert sizes_of(steps) == [(5, 2, 4), (20, 4, 6), (20, 6, 7)]
    (between,) = [step for step in steps if not step.is_seen]
    assert between.is_by_hand


def test_a_write_between_is_who_did_it():
    told = [activity(5, sizes=(2, 4)), activity(9, text="Microsoft.Compute/virtualMachineScaleSets/write")]
    (_, step) = steps_of(told, 9, NOW)
    assert (sizes_of([step]), step.is_by_hand, step.is_seen) == ([(9, 4, 9)], True, True)


def test_instances_that_were_started_and_ended_are_counted_backwards():
    told = [activity(5, change=1), activity(5, change=1), activity(9, change=-1)]
    assert sizes_of(steps_of(told, 4, NOW)) == [(5, 3, 5), (9, 5, 4)]


def test_a_request_just_before_is_who_did_it():
    told = [activity(4, text="resize instanceGroupManager web"), activity(5, change=1)]
    (step,) = steps_of(told, 4, NOW)
    assert step.is_by_hand
    assert step.text == "resize instanceGroupManager web"


def test_a_group_that_begins_has_no_minutes_before():
    steps = steps_of([activity(5, sizes=(0, 2))], 2, NOW)
    assert born_at(steps, 1) == [at(5)]
    assert born_at(steps, 0) == []
    assert born_at((), 1) == []
