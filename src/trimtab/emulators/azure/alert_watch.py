"""Metric alerts over time: when each is looked at, and the state that it is in."""

from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.azure.activities import alert_event, note
from trimtab.emulators.azure.alerts import AlertState, evaluate_alert, longest_window, metrics_of, status_body
from trimtab.emulators.azure.world import CloudWorld, Phase, zulu
from trimtab.emulators.shared.moments import read_iso_span

_CHECKS_TO_RESOLVE = 3
"""After so many looks at which its condition does not hold an alert is over (Azure Monitor, Types of alerts)."""


class AlertWatch:
    """
    One alert rule.

    Args:
        world: Where it is.
        key: Its folded id.
        body: The rule as reads give it.
        earlier: The same rule before this write, whose state goes on.
    """

    def __init__(self, world: CloudWorld, key: str, body: dict[str, Any], earlier: "AlertWatch | None" = None) -> None:
        self.world = world
        self.key = key
        self.body = body
        self.state: AlertState = earlier.state if earlier else AlertState.UNKNOWN
        self.since: datetime = earlier.since if earlier else world.now()
        self._quiet = 0
        self._due: datetime | None = None
        self._every = read_iso_span(body["properties"]["evaluationFrequency"])

    def wake(self) -> None:
        """Be looked at when the next time comes."""
        due = _next(self.world.now(), self._every)
        if self._due is None or self._due > due:
            self._look_at(due)

    def rearm(self) -> None:
        """Be looked at by a clock that was set back."""
        self._due = None
        self.wake()

    def status(self) -> dict[str, Any]:
        """The state as reads give it."""
        return status_body(self.body, self.state, at=zulu(self.since))

    def _look_at(self, due: datetime) -> None:
        self._due = due
        self.world.at(
            due,
            (Phase.ALERTS, self.key),
            lambda: self._look(due),
            lambda: self._due == due and self.world.alerts.get(self.key) is self,
        )

    def _look(self, due: datetime) -> None:
        self._due = None
        if not self.body["properties"].get("enabled", True):
            return
        self._become(evaluate_alert(self.body, now=due, read=self.world.datapoints.values))
        # without data the state has come to rest
        newest = max(
            (measured_at for each in metrics_of(self.body) if (measured_at := self.world.datapoints.newest(*each))),
            default=None,
        )
        if (newest is not None and newest > due - longest_window(self.body)) or (
            self.state is AlertState.FIRED and self._resolves()
        ):
            self._look_at(due + self._every)

    def _resolves(self) -> bool:
        return bool(self.body["properties"].get("autoMitigate", True))

    def _become(self, state: AlertState) -> None:
        if state is AlertState.FIRED:
            self._quiet = 0
            self._enter(state)
        elif self.state is not AlertState.FIRED:
            self._enter(state)
        elif self._resolves():
            self._quiet += 1
            if self._quiet >= _CHECKS_TO_RESOLVE:
                self._enter(AlertState.RESOLVED)

    def _enter(self, state: AlertState) -> None:
        if state is self.state:
            return
        earlier, self.state, self.since = self.state, state, self.world.now()
        if AlertState.FIRED in (earlier, state):
            note(self.world, alert_event(self.body, state, now=self.since))


def _next(now: datetime, every: timedelta) -> datetime:
    seconds = int(every.total_seconds())
    passed = int(now.timestamp()) % seconds
    return now.replace(microsecond=0) + timedelta(seconds=seconds - passed)
