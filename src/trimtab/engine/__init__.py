"""
The decision engine: pure arithmetic from what is seen of a group to the size to set, with the reason of every step.

`decide` is the whole; the functions beside it are the vendors' rules one by one, each with its source.
`trimtab.engine.batch` does the same for many variants at once and needs numpy (extra `sim`).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trimtab.engine.alarms import AlarmState
    from trimtab.engine.decision import decide
    from trimtab.engine.presets import PRESETS, Preset
    from trimtab.engine.reasons import Reason, ReasonCode
    from trimtab.engine.values import Decision, History, Observation, Recommendation

__all__ = [
    "PRESETS",
    "AlarmState",
    "Decision",
    "History",
    "Observation",
    "Preset",
    "Reason",
    "ReasonCode",
    "Recommendation",
    "decide",
]

_MODULES = {
    "PRESETS": "presets",
    "AlarmState": "alarms",
    "Decision": "values",
    "History": "values",
    "Observation": "values",
    "Preset": "presets",
    "Reason": "reasons",
    "ReasonCode": "reasons",
    "Recommendation": "values",
    "decide": "decision",
}
"""Loaded name by name: whoever plans asks for timetables, and decides nothing."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
