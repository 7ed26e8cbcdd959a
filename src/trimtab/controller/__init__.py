"""The controller: sizes what a cloud cannot size, and can first run beside the cloud without touching anything."""

from trimtab.controller.comparing import DifferenceKind, Episode, ShadowComparison
from trimtab.controller.controller import Controller
from trimtab.controller.events import ControllerEvent, ControllerEventKind
from trimtab.controller.results import GroupTick, Tick, TickOutcome
from trimtab.controller.shadowing import compare_shadow

__all__ = [
    "Controller",
    "ControllerEvent",
    "ControllerEventKind",
    "DifferenceKind",
    "Episode",
    "GroupTick",
    "ShadowComparison",
    "Tick",
    "TickOutcome",
    "compare_shadow",
]
