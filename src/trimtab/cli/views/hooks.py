"""What became of notices, a line each."""

from collections.abc import Mapping

from rich.console import RenderableType
from rich.text import Text

from trimtab.cli.views.values import printable
from trimtab.hooks.results import HandledHook, HookOutcome

_STYLES: Mapping[HookOutcome, str] = {
    HookOutcome.CONTINUED: "green",
    HookOutcome.HANDLED: "green",
    HookOutcome.ABANDONED: "yellow",
    HookOutcome.OVER: "yellow",
    HookOutcome.LATE: "yellow",
    HookOutcome.FAILED: "bold red",
    HookOutcome.LEFT: "dim",
    HookOutcome.DUPLICATE: "dim",
    HookOutcome.TEST: "dim",
}


def handled_view(handled: HandledHook) -> RenderableType:
    """When, what, and what became of it."""
    what = str(handled.notice or f"message {handled.message}")
    why = f": {printable(handled.why)}" if handled.why else ""
    outcome = (handled.outcome.value, _STYLES[handled.outcome])
    return Text.assemble((f"{handled.at:%Y-%m-%d %H:%M:%S}Z ", "dim"), f"{printable(what)}: ", outcome, why)
