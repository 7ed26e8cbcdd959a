"""Policies in Python: what marks a function as one, how it is called, and which of its answers count."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from trimtab.engine.case import Ask, Case, Tally
from trimtab.engine.reasons import ReasonCode
from trimtab.engine.recommend import why_wait
from trimtab.engine.ruleset import FunctionRule
from trimtab.engine.values import History, Observation, Recommendation
from trimtab.errors import InvalidArgument
from trimtab.models import ScalingGroup
from trimtab.models.base import MAX_SIZE
from trimtab.models.policy import POLICY_MARK
from trimtab.phrases import error_words, one_line

PolicyFunction = Callable[[ScalingGroup, Observation, History, datetime], Recommendation | None]
"""A policy in Python: the size that it wants and why, or `None` where it has no opinion."""
Functions = Mapping[str, PolicyFunction]
"""Policies in Python by their import paths."""
NO_FUNCTIONS: Functions = MappingProxyType({})
_Function = TypeVar("_Function", bound=PolicyFunction)
_SORTS = {
    inspect.iscoroutinefunction: "a coroutine",
    inspect.isasyncgenfunction: "an asynchronous generator",
    inspect.isgeneratorfunction: "a generator",
}


def policy(function: _Function) -> _Function:
    """
    The same function, marked as a policy that a fleet may name (`type: python`, `call: "package.module:function"`).

    It is called at every decision with the group, what is observed of it, what came before and the moment, and gives
    back `Recommendation(size, reason)`, or `None` where it has no opinion. It goes by these four alone: the same input
    gives the same answer. It reads no clock, makes no request and keeps nothing.

    Args:
        function: A plain function that takes these four by position.

    Raises:
        InvalidArgument: It is no plain function, or takes other arguments.
    """
    if not inspect.isfunction(function):
        raise InvalidArgument(f"a policy is a plain function, not {type(function).__name__}")
    for is_sort, sort in _SORTS.items():
        if is_sort(function):
            raise InvalidArgument(f"policy {function.__qualname__} is {sort}; write a plain function, `def`")
    try:
        inspect.signature(function).bind(None, None, None, None)
    except TypeError:
        text = f"policy {function.__qualname__} takes four arguments: group, observation, history, now"
        raise InvalidArgument(text) from None
    setattr(function, POLICY_MARK, True)
    return function


def recommend_by_functions(group: ScalingGroup, case: Case, functions: Functions, tally: Tally) -> None:
    """
    Gather what the policies in Python ask for.

    One that asks for fewer instances is one more rule that scales in, and agrees; one that asks for the size there is
    holds it; one that has no opinion is not there. One that fails or is missing is a metric that cannot be read.
    """
    if case.rules.policies_stopped:
        return
    seen, history = _sealed(case.seen), case.history._replace(states=_fixed(case.history.states))
    for rule in case.rules.functions:
        function = functions.get(rule.call)
        if (why := why_wait(case, rule.policy, rule)) is not None:
            tally.reasons.append(why)
        elif function is None:
            tally.record(ReasonCode.PYTHON_MISSING, rule.policy, rule.call)
            tally.unread.append(rule.policy)
        else:
            _record(rule, _answer(function, group, seen, history, case.now), tally)


def _record(rule: FunctionRule, answer: Recommendation | str | None, tally: Tally) -> None:
    if answer is None:
        tally.record(ReasonCode.PYTHON_ABSTAINS, rule.policy)
    elif isinstance(answer, str):
        tally.record(ReasonCode.PYTHON_FAILED, rule.policy, rule.call, answer)
        tally.unread.append(rule.policy)
    else:
        tally.record(ReasonCode.PYTHON, rule.policy, answer.size, answer.reason)
        tally.asks.append(Ask(rule.policy, answer.size, rule.simple, rule.cooldown, answer.reason))


def _answer(
    function: PolicyFunction, group: ScalingGroup, seen: Observation, history: History, now: datetime
) -> Recommendation | str | None:
    """What a function asks for; a text where that is nothing to go by: what is wrong with it."""
    try:
        answer: object = function(group, seen, history, now)
        return None if answer is None else _checked(answer)
    # whatever somebody else's code raises is that policy's failure and no other's; `exit()` too
    except (Exception, SystemExit) as error:
        return f"raised {error_words(error)}"


def _checked(answer: object) -> Recommendation | str:
    if not isinstance(answer, Recommendation):
        return f"gave {_shown(answer)}; give back Recommendation(size, reason), or None for no opinion"
    size: object = answer.size
    reason: object = answer.reason
    if isinstance(size, bool) or not isinstance(size, int):
        return f"asks for {_shown(size)}, which is not a whole number; round it, for example with math.ceil"
    if not 0 <= size <= MAX_SIZE:
        return f"asks for {_number(size)}, which is outside 0 to {MAX_SIZE}; keep the size within these bounds"
    if not isinstance(reason, str):
        return f"gives {_shown(reason)} as its reason; write a sentence"
    return Recommendation(int(size), one_line(reason) or "(no reason given)")


def _number(size: int) -> str:
    """A number that may have more digits than Python prints."""
    return str(size) if abs(size) < 10 * MAX_SIZE else f"a number of {size.bit_length()} bits"


def _shown(value: object) -> str:
    try:
        return one_line(f"{value!r} ({type(value).__name__})")
    except Exception:
        return f"a {type(value).__name__}"


# what a function is given it cannot change


def _sealed(seen: Observation) -> Observation:
    return replace(
        seen,
        started=tuple(seen.started),
        alarms=_fixed_lists(seen.alarms),
        policies=_fixed_lists(seen.policies),
        forecasts=_fixed_lists(seen.forecasts),
        predicted=_fixed(seen.predicted),
    )


def _fixed_lists(lists: Mapping[str, Sequence[Any]]) -> Mapping[str, Sequence[Any]]:
    return MappingProxyType({name: tuple(points) for name, points in lists.items()})


def _fixed(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(values))
