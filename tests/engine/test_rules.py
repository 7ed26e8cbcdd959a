"""Azure Monitor autoscale rules: what they compare and do, and what Azure refuses of them."""

from datetime import timedelta

import pytest

from trimtab.engine.rules import (
    ChangeType,
    Limits,
    Operator,
    ScaleAction,
    ScaleDirection,
    cooldown_problem,
    lookahead_problem,
    trigger_problem,
)

OUT, IN, TO = ScaleDirection.INCREASE, ScaleDirection.DECREASE, ScaleDirection.NONE
COUNT, PERCENT, EXACT = ChangeType.CHANGE_COUNT, ChangeType.PERCENT_CHANGE_COUNT, ChangeType.EXACT_COUNT
NEXT = ChangeType.SERVICE_ALLOWED_NEXT_VALUE
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        (Operator.EQUALS, [False, True, False]),
        (Operator.NOT_EQUALS, [True, False, True]),
        (Operator.GREATER_THAN, [False, False, True]),
        (Operator.GREATER_THAN_OR_EQUAL, [False, True, True]),
        (Operator.LESS_THAN, [True, False, False]),
        (Operator.LESS_THAN_OR_EQUAL, [True, True, False]),
    ],
)
def test_operators(operator, holds):
    assert [operator.holds(value, 50) for value in (49, 50, 51)] == holds


@pytest.mark.parametrize(
    ("action", "current", "size"),
    [
        (ScaleAction(OUT), 2, 3),
        (ScaleAction(IN), 2, 1),
        (ScaleAction(IN, COUNT, 5), 2, 0),
        (ScaleAction(OUT, COUNT, 0), 2, 2),
        (ScaleAction(OUT, PERCENT, 15), 40, 46),
        (ScaleAction(OUT, PERCENT, 15), 10, 11),
        (ScaleAction(OUT, PERCENT, 1), 10, 11),
        (ScaleAction(IN, PERCENT, 50), 10, 5),
        (ScaleAction(IN, PERCENT, 15), 10, 9),
        (ScaleAction(IN, PERCENT, 200), 10, 0),
        (ScaleAction(OUT, PERCENT, 50), 0, 0),
        (ScaleAction(OUT, EXACT, 5), 2, 5),
        (ScaleAction(OUT, EXACT, 1), 2, 2),
        (ScaleAction(IN, EXACT, 1), 2, 1),
        (ScaleAction(IN, EXACT, 5), 2, 2),
        (ScaleAction(IN, EXACT, 0), 2, 0),
        (ScaleAction(TO, EXACT, 5), 2, 5),
        (ScaleAction(TO, EXACT, 1), 2, 1),
        (ScaleAction(TO, COUNT, 3), 2, 2),
        (ScaleAction(TO, PERCENT, 50), 2, 2),
        (ScaleAction(OUT, NEXT, 7), 2, 3),
        (ScaleAction(IN, NEXT, 7), 2, 1),
        (ScaleAction(TO, NEXT, 7), 2, 2),
    ],
)
def test_amounts(action, current, size):
    assert action.size(current) == size


@pytest.mark.parametrize(("minutes", "valid"), [(0, False), (0.5, False), (1, True), (60, True), (61, False)])
def test_look_ahead(minutes, valid):
    assert (lookahead_problem(minutes * MINUTE) is None) == valid


def test_a_look_ahead_may_be_left_out():
    assert lookahead_problem(None) is None


@pytest.mark.parametrize(
    ("grain", "window", "word"),
    [
        (1, 5, None),
        (720, 720, None),
        (0.5, 5, "time grain"),
        (721, 720, "time grain"),
        (1, 4, "time window"),
        (1, 721, "time window"),
    ],
)
def test_grains_and_windows(grain, window, word):
    problem = trigger_problem(grain * MINUTE, window * MINUTE)
    assert problem is None if word is None else word in str(problem)


@pytest.mark.parametrize(
    ("cooldown", "valid"),
    [
        (timedelta(0), False),
        (timedelta(seconds=59), False),
        (timedelta(minutes=1), True),
        (timedelta(weeks=1), True),
        (timedelta(days=8), False),
    ],
)
def test_cooldowns(cooldown, valid):
    assert (cooldown_problem(cooldown) is None) == valid


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ScaleAction(OUT, COUNT, -1), "0 or more, not -1"),
        (lambda: Limits(4, 3), "not 4 with a maximum of 3"),
        (lambda: Limits(-1, 3), "not -1"),
    ],
)
def test_what_makes_no_sense_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
