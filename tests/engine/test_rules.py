"""Azure Monitor autoscale rules: what they compare and do, and what Azure refuses of them."""

from datetime import timedelta

import pytest

from trimtab.engine.rules import (
    ChangeType,
    Operator,
    ProfileCapacity,
    ScaleAction,
    ScaleDirection,
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


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ScaleAction(OUT, COUNT, -1), "0 or more, not -1"),
        (lambda: ProfileCapacity(4, 3), "not 4 with a maximum of 3"),
        (lambda: ProfileCapacity(-1, 3), "not -1"),
    ],
)
def test_what_makes_no_sense_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
