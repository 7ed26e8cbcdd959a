"""What a controller says in the log: each tick a line, and each group that something was done to or went wrong with."""

import logging
from typing import Any

from trimtab.controller.results import GroupTick, Tick, TickOutcome
from trimtab.logs import ABOUT

CONTROLLER = logging.getLogger("trimtab.controller")


def log_tick(tick: Tick) -> None:
    """A line at info for each size that was set, at warning for what failed; the tick itself at debug."""
    for result in tick.groups:
        if result.is_error:
            CONTROLLER.warning("%s: %s", tick.fleet, result, extra=_about(tick, result))
        elif result.outcome is not TickOutcome.KEPT or result.text:
            CONTROLLER.info("%s: %s", tick.fleet, result, extra=_about(tick, result))
    for backend in tick.haproxies:
        if backend.error or backend.held:
            CONTROLLER.warning("%s: %s", tick.fleet, backend, extra=_about(tick))
        elif backend.done:
            CONTROLLER.info("%s: %s", tick.fleet, backend, extra=_about(tick))
    if tick.error:
        CONTROLLER.error("%s: %s", tick.fleet, tick.error, extra=_about(tick))
    CONTROLLER.debug(
        "%s on %s: %d groups, %d changed, %d errors in %.3f s, %.0f s late",
        tick.fleet,
        tick.provider,
        len(tick.groups),
        tick.changed,
        tick.errors,
        tick.duration.total_seconds(),
        tick.lag.total_seconds(),
        extra=_about(tick),
    )


def _about(tick: Tick, result: GroupTick | None = None) -> dict[str, Any]:
    """What a record is about, for programs."""
    about: dict[str, Any] = {"fleet": tick.fleet, "provider": tick.provider}
    if result is not None:
        decision = result.decision
        about |= {"group": result.group, "outcome": result.outcome.value, "live": result.live}
        about |= {"previous": decision.previous, "size": decision.size} if decision else {}
    return {ABOUT: about}
