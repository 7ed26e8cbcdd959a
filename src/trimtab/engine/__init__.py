"""
The decision engine: pure arithmetic from what is seen of a group to the size to set, with the reason of every step.

`decide` is the whole; the functions beside it are the vendors' rules one by one, each with its source.
`trimtab.engine.batch` does the same for many variants at once and needs numpy (extra `sim`).
"""

from trimtab.engine.alarms import AlarmState
from trimtab.engine.decide import decide
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
