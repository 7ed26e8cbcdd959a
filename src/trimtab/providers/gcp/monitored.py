"""Writes of alert policies and notification channels, whose names are Google's own: one at a time in a project."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from trimtab.errors import NotFound
from trimtab.plan import Action, Change, Resource
from trimtab.providers.base import Write
from trimtab.providers.gcp.bodies import live_of, whole_monitored
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.kinds import ALERT_POLICY, CHANNEL
from trimtab.providers.gcp.reads import age_of, list_monitored
from trimtab.providers.gcp.resources import READERS
from trimtab.providers.writer import mark_of

MONITORED: Mapping[str, tuple[str, str]] = {
    ALERT_POLICY.name: ("alertPolicies", "alert_policy"),
    CHANNEL.name: ("notificationChannels", "notification_channel"),
}
"""The service of each kind, and what the SDK calls one of it."""


@dataclass(frozen=True)
class MonitoredWriter:
    """Sends one change; the caller sees to it that no other is sent meanwhile."""

    calls: Calls

    def write(self, write: Write) -> Mapping[str, Any]:
        """What the cloud gave back."""
        change = write.change
        service, word = MONITORED[change.key.kind]
        if change.action in (Action.DELETE, Action.REPLACE):
            with suppress(NotFound):
                self.calls.monitor(f"{service}.delete_{word}", name=live_of(change).attributes["name"])
        if change.action is Action.DELETE:
            return {}
        live = change.live if change.action in (Action.UPDATE, Action.ADOPT) else self._find_monitored(change)
        body = whole_monitored(write, live)
        if live is None:
            reply = self.calls.monitor(
                f"{service}.create_{word}", name=f"projects/{self.calls.project}", **{word: body}
            )
            return self._first_of(change, reply)
        reply = self.calls.monitor(f"{service}.update_{word}", **{word: {**body, "name": live.attributes["name"]}})
        return READERS[change.key.kind](reply, change.key.location).attributes

    def _first_of(self, change: Change, created: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was made, or what another run made first: display names are nobody's, so two may be made at once."""
        existing = self._all_monitored(change)
        first = min(existing, key=age_of, default=None)
        if first is None or first.attributes["name"] == created["name"]:
            return READERS[change.key.kind](created, change.key.location).attributes
        service, word = MONITORED[change.key.kind]
        with suppress(NotFound):
            self.calls.monitor(f"{service}.delete_{word}", name=created["name"])
        return first.attributes

    def _find_monitored(self, change: Change) -> Resource | None:
        """Ours already, perhaps made by this very call before its reply was lost: their names are Google's own."""
        return min(self._all_monitored(change), key=age_of, default=None)

    def _all_monitored(self, change: Change) -> list[Resource]:
        mark, kind = mark_of(change), change.key.kind
        every = [READERS[kind](item, change.key.location) for item in list_monitored(self.calls, kind).items]
        return [
            resource
            for resource in every
            if resource.key == change.key and resource.mark and resource.mark.fleet == mark.fleet
        ]
