"""The alerts that alert policies have opened: `projects.alerts.list` of the Monitoring API, which is REST alone."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from trimtab.emulators.gcp import wire
from trimtab.emulators.gcp.discovery import check, check_query, load
from trimtab.emulators.gcp.lists import ListFilter
from trimtab.emulators.gcp.monitoring_world import MonitoringWorld
from trimtab.emulators.shared.calls import EmulatorReply
from trimtab.emulators.shared.errors import ServiceError

_PATH = re.compile(r"^/v3/projects/([^/]+)/alerts$")
_USUAL, _MOST = 50, 1000


@dataclass(frozen=True, slots=True)
class AlertsCall:
    """One call of the list, as the log and the faults see it, which knows how to answer itself."""

    project: str
    query: Mapping[str, str]
    world: MonitoringWorld
    service: str = "monitoring"
    region: str = "global"
    operation: str = "ListAlerts"
    is_write: bool = False
    subject: str = "alerts"

    @property
    def key(self) -> str:
        """The same text for the same question."""
        return f"{self.operation} {self.text}"

    @property
    def text(self) -> str:
        """The request as text."""
        return json.dumps({"project": self.project, **self.query}, sort_keys=True)

    @property
    def shown(self) -> dict[str, Any]:
        """What the log has of it."""
        return {"parent": f"projects/{self.project}", **self.query}

    # what an emulator asks of it

    def handle(self) -> EmulatorReply:
        """A page of alerts, the newest first; raises `ServiceError` for what is refused."""
        method = "monitoring.projects.alerts.list"
        problems = check_query(load("monitoring.v3"), method, {**self.query, "parent": f"projects/{self.project}"})
        if problems:
            raise ServiceError("INVALID_ARGUMENT", problems[0], 400)
        if self.project != self.world.project:
            raise ServiceError("NOT_FOUND", f"The project projects/{self.project} was not found.", 404)
        reply = self._page()
        if problems := check(load("monitoring.v3"), "ListAlertsResponse", reply):
            raise AssertionError(f"{method}: {problems[0]}")
        return wire.result(reply)

    def _page(self) -> dict[str, Any]:
        wanted = ListFilter(self.query.get("filter", ""))
        every = sorted(self._alerts(), key=lambda alert: str(alert["openTime"]), reverse=True)
        fits = [alert for alert in every if wanted.fits(alert)]
        most = min(int(self.query.get("pageSize") or _USUAL), _MOST)
        start = int(self.query.get("pageToken") or 0)
        more = {"nextPageToken": str(start + most)} if start + most < len(fits) else {}
        return {"alerts": fits[start : start + most], "totalSize": len(fits), **more}

    def _alerts(self) -> Iterator[dict[str, Any]]:
        for number, incident in enumerate(self.world.incidents):
            yield {
                "name": f"projects/{self.project}/alerts/0.{number:08x}",
                "state": str(incident["state"]).upper(),
                "openTime": incident["openedAt"],
                **({"closeTime": incident["closedAt"]} if incident["closedAt"] else {}),
                **{name: incident[name] for name in ("metric", "resource") if incident[name] is not None},
                "policy": {"name": incident["policy"], "displayName": incident["policyName"]},
            }

    def failure(self, error: ServiceError) -> EmulatorReply:
        """An error as Google's JSON APIs write it, with the status by its name."""
        body = {"error": {"code": error.status, "message": error.message, "status": error.code}}
        return EmulatorReply(error.status, json.dumps(body).encode(), (("Content-Type", wire.JSON),), error.code)

    def nothing(self) -> EmulatorReply:
        """An empty page."""
        return wire.result({})

    def throttled(self) -> ServiceError:
        """429."""
        return ServiceError("RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Monitoring API requests'", 429)

    def denied(self) -> ServiceError:
        """403."""
        return ServiceError("PERMISSION_DENIED", "Permission monitoring.alerts.list denied (or it may not exist).", 403)

    def broken(self) -> ServiceError:
        """503."""
        return ServiceError("UNAVAILABLE", "The service is currently unavailable.", 503)


def read_alerts(environ: Mapping[str, Any], world: MonitoringWorld) -> AlertsCall | None:
    """The call that an HTTP request makes; `None` where it is another one."""
    match = _PATH.match(str(environ.get("PATH_INFO", "")))
    if match is None or environ["REQUEST_METHOD"] != "GET":
        return None
    query = dict(parse_qsl(str(environ.get("QUERY_STRING", ""))))
    return AlertsCall(match[1], {name: value for name, value in query.items() if not name.startswith("$")}, world)
