"""The vendor's rows about autoscalers, through the emulator's doors: a group, an autoscaler, and what becomes of it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from gcp_rows import NEEDED, NOW, RATE, SETUPS, Measured, Setup
from tests.semantics.cases import Case, mismatches, read_cases

from trimtab.emulators import ControlClient, GcpEmulator

MINUTE = timedelta(minutes=1)
ZONE = "zones/us-central1-a"
MANAGER = f"{ZONE}/instanceGroupManagers/web"
AUTOSCALER = f"{ZONE}/autoscalers/web"
Given = Mapping[str, Any]
UNSEEN = {"per_signal"}
"""What a row expects and no reply tells."""


@dataclass
class Project:
    """Compute Engine as JSON over HTTP."""

    emulator: GcpEmulator

    @property
    def doors(self) -> ControlClient:
        return self.emulator.doors

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.emulator.endpoint}/compute/v1/projects/{self.emulator.project}/{path}"
        data = None if body is None else json.dumps(body).encode()
        request = Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
        with urlopen(request) as reply:
            return json.loads(reply.read())

    def make_group(self, size: int) -> None:
        """A template, and a group of so many instances that have long initialized."""
        properties = {
            "machineType": "e2-small",
            "disks": [
                {
                    "boot": True,
                    "initializeParams": {"sourceImage": "projects/debian-cloud/global/images/family/debian-12"},
                }
            ],
            "networkInterfaces": [{"network": "global/networks/default"}],
        }
        self.ask("POST", "global/instanceTemplates", {"name": "web", "properties": properties})
        body = {
            "name": "web",
            "baseInstanceName": "web",
            "targetSize": size,
            "instanceTemplate": "global/instanceTemplates/web",
        }
        self.ask("POST", f"{ZONE}/instanceGroupManagers", body)
        self.doors.advance(20 * MINUTE)

    def balance(self) -> None:
        """A backend service that the group is a backend of, which says what one instance takes."""
        check = {"name": "alive", "type": "HTTP", "httpHealthCheck": {"port": 80}}
        self.ask("POST", "global/healthChecks", check)
        backend = {
            "group": self.ask("GET", MANAGER)["instanceGroup"],
            "balancingMode": "RATE",
            "maxRatePerInstance": RATE,
        }
        body = {"name": "web", "backends": [backend], "healthChecks": ["global/healthChecks/alive"]}
        self.ask("POST", "global/backendServices", body)

    def put_autoscaler(self, policy: Given) -> None:
        self.ask("POST", f"{ZONE}/autoscalers", {"name": "web", "target": MANAGER, "autoscalingPolicy": policy})

    def push(self, one: Measured, value: float | None = None) -> None:
        """One value now."""
        where = MANAGER if one.per_instance else one.resource
        labels = {"backend_name": "web"} if one.resource == "https_lb_rule" else {}
        point = {"namespace": "", "metric": one.metric, "value": one.value if value is None else value}
        self.doors.push([{**point, "resource": where, "labels": labels}])

    def prepare(self, setup: Setup) -> None:
        """The group and its autoscaler, which sees what is measured in its first run."""
        self.make_group(setup.size)
        if setup.balanced:
            self.balance()
        for one in setup.measured:
            self.push(one)
        self.put_autoscaler(setup.policy)

    def run(self) -> dict[str, Any]:
        """The autoscaler and the group after the next minute."""
        self.doors.advance(MINUTE)
        return self.see()

    def see(self) -> dict[str, Any]:
        autoscaler = self.ask("GET", AUTOSCALER)
        schedules = autoscaler.get("scalingScheduleStatus", {}).values()
        return {
            "recommended": autoscaler.get("recommendedSize", 0),
            "target_size": self.ask("GET", MANAGER)["targetSize"],
            "active": any(one["state"] == "ACTIVE" for one in schedules),
            "allowed": autoscaler.get("recommendedSize", 0) == 0,
        }


@pytest.fixture(scope="module")
def running() -> Iterator[Project]:
    with GcpEmulator() as emulator:
        yield Project(emulator)


@pytest.fixture
def project(running: Project) -> Project:
    running.doors.reset()
    running.doors.set_clock(NOW, freeze=True)
    return running


def rows(folder: Path) -> Iterator[Case]:
    for case in read_cases(folder / "semantics"):
        if case.source.startswith("gcp_signals.json"):
            yield case


def clean(project: Project) -> None:
    project.doors.reset()
    project.doors.set_clock(NOW, freeze=True)


def simple(project: Project, given: Given) -> dict[str, Any]:
    project.prepare(SETUPS[given["op"]](given))
    return project.run()


def schedule_active(project: Project, given: Given) -> dict[str, Any]:
    at = datetime.fromisoformat(given["at"])
    project.doors.set_clock(at - 20 * MINUTE, freeze=True)
    project.prepare(SETUPS[given["op"]](given))
    found = project.see()
    return {"active": found["active"], "until": end_of(project, at) if found["active"] else None}


def end_of(project: Project, at: datetime) -> str:
    """The first whole minute at which no schedule is active any more."""
    moment = at.replace(second=0)
    while project.see()["active"]:
        moment += 5 * MINUTE
        project.doors.set_clock(moment, freeze=True)
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def predictive(project: Project, given: Given) -> dict[str, Any]:
    setup = SETUPS[given["op"]](given)
    project.prepare(setup)
    points = [{"at": (project.doors.now() - MINUTE).isoformat(), "capacity": size} for _, size in setup.forecast]
    if points:
        project.doors._ask("POST", "forecasts", {"group": "web", "points": points})
    return project.run()


def stabilize(project: Project, given: Given) -> dict[str, Any]:
    """What was needed is measured minute by minute, of an autoscaler that is off so that the size stays."""
    setup = SETUPS[given["op"]](given)
    project.make_group(setup.size)
    needed = setup.measured[0]
    project.push(needed, given["history_needed_size"][0]["size"])
    project.put_autoscaler({**setup.policy, "mode": "OFF"})
    sizes = sorted((one["t"], one["size"]) for one in given["history_needed_size"])
    seen: dict[str, Any] = {}
    # values of two minutes are averaged: the first one is let go by itself
    project.doors.advance(MINUTE)
    for second in range(-660, 60, 60):
        project.push(needed, next(size for at, size in sizes if at >= second))
        seen = project.run()
    return seen


def stabilization_period(project: Project, given: Given) -> dict[str, Any]:
    """How long a peak keeps the recommendation up, minute by minute, of an autoscaler that is off."""
    setup = SETUPS[given["op"]](given)
    project.make_group(setup.size)
    project.push(setup.measured[0], setup.size)
    project.put_autoscaler({**setup.policy, "mode": "OFF"})
    last_peak = project.doors.now()
    while True:
        project.push(setup.measured[0], 1)
        if project.run()["recommended"] < setup.size:
            break
    assert last_peak < project.doors.now()
    return {"seconds": (project.doors.now() - last_peak).total_seconds() - 60}


def validate_schedule(project: Project, given: Given) -> dict[str, Any]:
    project.make_group(1)
    schedule = {
        "schedule": given.get("cron", "0 8 * * *"),
        "timeZone": given.get("time_zone") or "UTC",
        "durationSec": given.get("duration_seconds", 300),
        "minRequiredReplicas": 1,
    }
    try:
        project.put_autoscaler({"minNumReplicas": 1, "maxNumReplicas": 5, "scalingSchedules": {"row": schedule}})
    except HTTPError as error:
        return {"valid": error.code != 400}
    return {"valid": True}


WALKS: dict[str, Callable[[Project, Given], dict[str, Any]]] = {
    "signals": simple,
    "scale_in_control": simple,
    "mode": simple,
    "can_scale_to_zero": simple,
    "schedule_active": schedule_active,
    "predictive_combine": predictive,
    "stabilize": stabilize,
    "stabilization_period": stabilization_period,
    "validate_schedule": validate_schedule,
}


def test_every_row_of_the_vendors_tables_holds_at_the_wire(project: Project, shared: Path) -> None:
    wrong = {}
    for case in rows(shared):
        clean(project)
        answer = WALKS[case.given["op"]](project, case.given)
        seen = {key: value for key, value in case.expect.items() if key not in UNSEEN}
        wrong[case.id] = mismatches(answer, seen)
    assert wrong
    assert not {name: problems for name, problems in wrong.items() if problems}


def test_every_op_is_walked(shared: Path) -> None:
    assert {case.given["op"] for case in rows(shared)} == set(WALKS)


def test_a_value_for_the_group_moves_it_in_the_next_minute(project: Project) -> None:
    signal = {"metric": NEEDED, "filter": 'resource.type = "global"', "singleInstanceAssignment": 1}
    project.make_group(2)
    project.put_autoscaler({"minNumReplicas": 0, "maxNumReplicas": 9, "customMetricUtilizations": [signal]})
    project.push(Measured(NEEDED, 5, per_instance=False, resource="global"))
    assert project.run()["target_size"] == 5
