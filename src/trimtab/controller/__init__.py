"""The controller: sizes what a cloud cannot size, and can first run beside the cloud without touching anything."""

from trimtab.controller.comparing import Comparison, DifferenceKind, Episode
from trimtab.controller.controller import Controller
from trimtab.controller.events import ControllerEvent, ControllerEventKind
from trimtab.controller.results import GroupTick, Tick, TickOutcome
from trimtab.controller.shadowing import compare_shadow

__all__ = [
    "Comparison",
    "Controller",
    "ControllerEvent",
    "ControllerEventKind",
    "DifferenceKind",
    "Episode",
    "GroupTick",
    "Tick",
    "TickOutcome",
    "compare_shadow",
]
