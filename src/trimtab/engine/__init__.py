"""
The decision engine: pure arithmetic from what is seen of a group to the size to set, with the reason of every step.

`decide` is the whole; the functions beside it are the vendors' rules one by one, each with its source.
`trimtab.engine.batch` does the same for many variants at once and needs numpy (extra `sim`).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trimtab.engine.alarms import AlarmStatus
    from trimtab.engine.behavior import Behavior, LimitUnit, ScalingLimit, ScalingRules, SelectPolicy
    from trimtab.engine.decision import decide
    from trimtab.engine.policies import Band, Direction
    from trimtab.engine.presets import (
        PRESETS,
        AlarmWindow,
        CooldownScope,
        ForecastUse,
        MissingMetric,
        Preset,
        ScaleInAgreement,
        ScheduleStyle,
        Tracking,
    )
    from trimtab.engine.reasons import DecisionReason, ReasonCode
    from trimtab.engine.rounding import Rounding
    from trimtab.engine.ruleset import AlarmRule, AmountRule, ForecastRule, FunctionRule, Ruleset, TrackingRule
    from trimtab.engine.timetable import InForce, Stretch, Timetable
    from trimtab.engine.values import Decision, History, Observation, Recommendation

__all__ = [
    "PRESETS",
    "AlarmRule",
    "AlarmStatus",
    "AlarmWindow",
    "AmountRule",
    "Band",
    "Behavior",
    "CooldownScope",
    "Decision",
    "DecisionReason",
    "Direction",
    "ForecastRule",
    "ForecastUse",
    "FunctionRule",
    "History",
    "InForce",
    "LimitUnit",
    "MissingMetric",
    "Observation",
    "Preset",
    "ReasonCode",
    "Recommendation",
    "Rounding",
    "Ruleset",
    "ScaleInAgreement",
    "ScalingLimit",
    "ScalingRules",
    "ScheduleStyle",
    "SelectPolicy",
    "Stretch",
    "Timetable",
    "Tracking",
    "TrackingRule",
    "decide",
]

_MODULES = {
    "LimitUnit": "behavior",
    "Band": "policies",
    "ScalingLimit": "behavior",
    "SelectPolicy": "behavior",
    "AmountRule": "ruleset",
    "Stretch": "timetable",
    "ScalingRules": "behavior",
    "AlarmRule": "ruleset",
    "ForecastRule": "ruleset",
    "FunctionRule": "ruleset",
    "TrackingRule": "ruleset",
    "Timetable": "timetable",
    "Behavior": "behavior",
    "Direction": "policies",
    "AlarmWindow": "presets",
    "CooldownScope": "presets",
    "ForecastUse": "presets",
    "MissingMetric": "presets",
    "ScaleInAgreement": "presets",
    "ScheduleStyle": "presets",
    "Tracking": "presets",
    "Rounding": "rounding",
    "Ruleset": "ruleset",
    "InForce": "timetable",
    "PRESETS": "presets",
    "AlarmStatus": "alarms",
    "Decision": "values",
    "History": "values",
    "Observation": "values",
    "Preset": "presets",
    "DecisionReason": "reasons",
    "ReasonCode": "reasons",
    "Recommendation": "values",
    "decide": "decision",
}
"""Loaded name by name: whoever plans asks for timetables, and decides nothing."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
