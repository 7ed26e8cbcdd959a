from datetime import timedelta

from tests.semantics.adapters import adapter
from trimtab.engine import strategies
from trimtab.engine.strategies import ActionDirection, Strategy, StrategyAction


def answer(action):
    if action is None:  # nothing is asked for
        return {"result": None, "direction": ActionDirection.NONE.value}
    return {"direction": action.way.value, "count": action.size}


@adapter("strategy")
def strategy(given):
    try:
        return answer(
            strategies.run(Strategy(given["strategy"]), given["count"], given["metrics"], given["config"] or {})
        )
    except ValueError as error:
        return {"error": str(error)}


@adapter("direction", "factor")
def direction_of_factor(given):
    tolerance = given.get("threshold", strategies.DEFAULT_TOLERANCE)
    return {"direction": strategies.way_of_factor(given["count"], given["factor"], tolerance).value}


@adapter("direction", "metric")
def direction_of_metric(given):
    return {"direction": strategies.way_to(given["count"], given["metric"]).value}


@adapter("direction", "fixed")
def direction_of_fixed(given):
    return {"direction": strategies.way_to(given["count"], given["fixed"]).value}


@adapter("cap")
def cap(given):
    return {"count": strategies.bounded(given["count"], given["min"], given["max"])}


def action_of(given):
    return None if given is None else StrategyAction(ActionDirection(given["direction"]), given["count"])


@adapter("preempt")
def preempt(given):
    winner = strategies.stronger(action_of(given["a"]), action_of(given["b"]))
    return {"winner": None if winner is None else {"direction": winner.way.value, "count": winner.size}}


@adapter("remaining_cooldown")
def remaining_cooldown(given):
    left = strategies.remaining_cooldown(
        timedelta(seconds=given["cooldown_s"]), timedelta(seconds=given["seconds_since_last_event"])
    )
    return {"remaining_s": left.total_seconds()}


@adapter("scaling_needed")
def scaling_needed(given):
    action = StrategyAction(ActionDirection(given["direction"]), given["action_count"])
    return {"needed": strategies.is_needed(action, given["current_count"])}
