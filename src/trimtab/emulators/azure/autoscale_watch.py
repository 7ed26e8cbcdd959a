"""Autoscale settings over time: every minute one is looked at, and where it asks for another size, there is one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.azure.activities import autoscale_events, failure_events, note
from trimtab.emulators.azure.autoscale import AutoscaleVerdict, LastAction, evaluate, next_moment
from trimtab.emulators.azure.ids import folded
from trimtab.emulators.azure.scaling import scale
from trimtab.emulators.azure.world import CloudWorld, Phase
from trimtab.emulators.shared.errors import ServiceError

MINUTE = timedelta(minutes=1)


class AutoscaleWatch:
    """
    One autoscale setting.

    Args:
        world: Where it is.
        key: Its folded id.
        body: The setting as reads give it.
        earlier: The same setting before this write, whose cooldown and forecast go on.
    """

    def __init__(
        self, world: CloudWorld, key: str, body: dict[str, Any], earlier: "AutoscaleWatch | None" = None
    ) -> None:
        self.world = world
        self.key = key
        self.body = body
        self.last: LastAction | None = earlier.last if earlier else None
        self.forecast: dict[datetime, float] = earlier.forecast if earlier else {}
        """The value of the metric from each moment on, as it was handed in."""
        self._due: datetime | None = None
        self._told: tuple[Any, ...] | None = None

    @property
    def properties(self) -> Mapping[str, Any]:
        """What it asks for."""
        fields: Mapping[str, Any] = self.body["properties"]
        return fields

    @property
    def enabled(self) -> bool:
        """Whether it acts."""
        return bool(self.properties["enabled"])

    @property
    def target(self) -> str:
        """The folded id of what it scales."""
        return folded(str(self.properties.get("targetResourceUri") or ""))

    def wake(self) -> None:
        """Be looked at when the next minute begins."""
        due = self.world.now().replace(second=0, microsecond=0) + MINUTE
        if self.enabled and (self._due is None or self._due > due):
            self._look_at(due)

    def rearm(self) -> None:
        """Be looked at by a clock that was set back."""
        self._due = None
        self.wake()

    def _look_at(self, due: datetime) -> None:
        self._due = due
        self.world.at(
            due,
            (Phase.AUTOSCALE, self.key),
            lambda: self._look(due),
            lambda: self._due == due and self.world.autoscale.get(self.key) is self,
        )

    def _look(self, due: datetime) -> None:
        self._due = None
        scale_set = self.world.scale_sets.get(self.target)
        if scale_set is None or scale_set.is_deleting:
            # it is looked at again when there is one
            return
        verdict = evaluate(
            self.properties,
            size=scale_set.capacity,
            now=due,
            read=self.world.datapoints.values,
            last_action=self.last,
            forecast=self.forecast,
        )
        self._act(verdict, due)
        self._look_at(self._next(verdict, due))

    def _next(self, verdict: AutoscaleVerdict, due: datetime) -> datetime:
        if verdict.size is not None:
            return due + MINUTE
        return next_moment(self.properties, now=due, datapoints=self.world.datapoints, forecast=self.forecast)

    def _act(self, verdict: AutoscaleVerdict, due: datetime) -> None:
        scale_set = self.world.scale_sets[self.target]
        told = (verdict.cause, verdict.profile, verdict.size, scale_set.capacity)
        if verdict.size is None:
            if told != self._told:
                self._note(failure_events(self.body, verdict, now=due))
            self._told = told
            return
        before = scale_set.capacity
        try:
            scale(scale_set, verdict.size)
        except ServiceError as error:
            self._note(autoscale_events(self.body, verdict, before=before, now=due, last=self.last, error=error))
        else:
            self._note(autoscale_events(self.body, verdict, before=before, now=due, last=self.last))
            if verdict.cooldown is not None:
                self.last = LastAction(due, verdict.cooldown)
        self._told = None

    def _note(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            note(self.world, event)


def hand_in(world: CloudWorld, body: Mapping[str, Any]) -> None:
    """Keep a forecast: the value of the metric that a setting predicts, from each moment on."""
    watch = world.autoscale.get(folded(str(body["group"])))
    if watch is None:
        raise KeyError(f"autoscale setting {body['group']} not found")
    watch.forecast.update({datetime.fromisoformat(each["at"]): float(each["capacity"]) for each in body["points"]})
    watch.wake()
