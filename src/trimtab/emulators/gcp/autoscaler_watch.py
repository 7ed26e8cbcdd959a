"""Autoscalers over time: every minute one is looked at, and where it asks for another size, there is one."""

from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.gcp.autoscaling import AutoscalerVerdict, Forecast, evaluate, next_moment
from trimtab.emulators.gcp.facts import Backend, Balancing, GroupFacts, InstanceFacts, RunHistory
from trimtab.emulators.gcp.group import Group
from trimtab.emulators.gcp.world import CloudWorld, Phase

MINUTE = timedelta(minutes=1)
TROUBLES = {
    "ZONE_RESOURCE_POOL_EXHAUSTED": "ZONE_RESOURCE_STOCKOUT",
    "QUOTA_EXCEEDED": "NOT_ENOUGH_QUOTA_AVAILABLE",
}
"""What an autoscaler calls the errors of its group."""


class AutoscalerWatch:
    """
    One autoscaler.

    Args:
        world: Where it is.
        key: Its key.
        earlier: The same autoscaler before this write, whose past goes on.
    """

    def __init__(self, world: CloudWorld, key: str, earlier: "AutoscalerWatch | None" = None) -> None:
        self.world = world
        self.key = key
        self.past: RunHistory | None = earlier.past if earlier else None
        self.forecast: Forecast = earlier.forecast if earlier else ()
        self.verdict: AutoscalerVerdict | None = None
        self._due: datetime | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The autoscaler as it is kept."""
        return self.world.resources[self.key]

    @property
    def target(self) -> str:
        """The key of its group."""
        return self.world.key(str(self.body["target"]))

    def wake(self) -> None:
        """Be looked at when the next minute begins."""
        due = self.world.now().replace(second=0, microsecond=0) + MINUTE
        if self._due is None or self._due > due:
            self._look_at(due)

    def rearm(self) -> None:
        """Be looked at by a clock that was set back."""
        self._due = None
        self.wake()

    def look(self) -> None:
        """Look now."""
        group = self.world.groups.get(self.target)
        if group is None:
            return
        now, facts = self.world.now(), facts_of(group)
        read = self.world.datapoints.of_metric
        self.verdict = evaluate(self.body, facts=facts, now=now, read=read, past=self.past, forecast=self.forecast)
        self.past = self.verdict.past
        if self.verdict.size is not None and self.verdict.size != facts.target_size:
            group.resize(self.verdict.size)
        due = next_moment(
            self.body,
            facts_of(group),
            now,
            datapoints=self.world.datapoints,
            past=self.past,
            forecast=self.forecast,
        )
        if due is not None and (self._due is None or due < self._due):
            # what has changed while it looked may have woken it for earlier
            self._look_at(due)

    def _look_at(self, due: datetime) -> None:
        self._due = due
        self.world.at(due, (Phase.AUTOSCALERS, self.key), self._come, lambda: self._is_current(due))

    def _is_current(self, due: datetime) -> bool:
        return self._due == due and self.world.watches.get(self.key) is self

    def _come(self) -> None:
        self._due = None
        self.look()

    def shown(self) -> dict[str, Any]:
        """The autoscaler with what it found."""
        if self.verdict is None:
            return {**self.body, "status": "PENDING"}
        return {
            **self.body,
            "status": self.verdict.status,
            "statusDetails": [dict(detail) for detail in self.verdict.status_details],
            "recommendedSize": self.verdict.recommended,
            **(
                {"scalingScheduleStatus": {name: dict(status) for name, status in self.verdict.schedule_status.items()}}
                if self.verdict.schedule_status
                else {}
            ),
        }


def facts_of(group: Group) -> GroupFacts:
    """What an autoscaler knows of a group."""
    return GroupFacts(
        name=group.name,
        target_size=int(group.body.get("targetSize") or 0),
        instances=[InstanceFacts(id=member.number, running_since=member.running_since) for member in group.staying()],
        backends=list(_backends(group)),
        troubles=sorted(_troubles(group)),
    )


def _troubles(group: Group) -> set[str]:
    """What an autoscaler calls the errors of its group; a region is out where each of its zones is."""
    failed = {(member.zone, str(member.error["code"])) for member in group.members if member.error}
    troubles = {TROUBLES[code] for _, code in failed if code in TROUBLES}
    empty = {zone for zone, code in failed if TROUBLES.get(code) == "ZONE_RESOURCE_STOCKOUT"}
    is_region = group.key.startswith("regions/") and empty == set(group.zones)
    return {*troubles, "REGION_RESOURCE_STOCKOUT"} if is_region else troubles


def _backends(group: Group) -> list[Backend]:
    link, backends = str(group.body.get("instanceGroup", "")), []
    for key, body in group.world.resources.items():
        if key.split("/")[-2] != "backendServices":
            continue
        for backend in body.get("backends") or ():
            if backend.get("group") == link:
                balancing = Balancing(backend.get("balancingMode", "UTILIZATION"))
                capacity = backend.get("maxRatePerInstance" if balancing is Balancing.RATE else "maxUtilization")
                backends.append(Backend(service=str(body["name"]), balancing=balancing, capacity=capacity))
    return backends
