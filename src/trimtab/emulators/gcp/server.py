"""The GCP emulator as a server on loopback: Compute Engine over REST, Cloud Monitoring over gRPC."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TextIO

from trimtab.clock import Clock
from trimtab.emulators.gcp import wire
from trimtab.emulators.gcp.alerts_read import AlertsCall, read_alerts
from trimtab.emulators.gcp.catalog import COLLECTIONS
from trimtab.emulators.gcp.discovery import check, check_query, load
from trimtab.emulators.gcp.furnishing import furnish
from trimtab.emulators.gcp.health import is_ill_made
from trimtab.emulators.gcp.member import REASONS
from trimtab.emulators.gcp.monitoring import MonitoringCall, MonitoringServer
from trimtab.emulators.gcp.named_read import NamedCall, read_named
from trimtab.emulators.gcp.operations import once
from trimtab.emulators.gcp.preemption import notice
from trimtab.emulators.gcp.regions import EVERY_ZONE, ZONES
from trimtab.emulators.gcp.resources import NAME, VERBS, WorldCall, without_nulls
from trimtab.emulators.gcp.routing import API, ApiRoute, permission_of, plain_collection
from trimtab.emulators.gcp.world import DEFAULT_SETTINGS, REGION, CloudWorld
from trimtab.emulators.shared.calls import EmulatorReply
from trimtab.emulators.shared.control import Door
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.serving import Emulator

Asked = wire.Request | MonitoringCall | AlertsCall | NamedCall
OTHERS = MonitoringCall | AlertsCall | NamedCall
"""Calls of other APIs than Compute Engine's, which know how to answer themselves."""
HOME_PROJECTS = ("images",)
"""Collections that are read in other people's projects too."""
PARTIAL = "returnPartialSuccess"
"""A parameter of every list, which gcloud sends and the discovery document only speaks of."""


class GcpEmulator(Emulator[Asked, CloudWorld]):
    """
    A project of Google Cloud on 127.0.0.1, as a context manager; the real SDK talks to it.

    Args:
        clock: The clock that its own follows until it is moved; by default the machine's.
        port: Where to listen; 0 takes a free port.
        log: Gets one line for each API call.
    """

    defaults = DEFAULT_SETTINGS

    def __init__(self, clock: Clock | None = None, port: int = 0, log: TextIO | None = None) -> None:
        super().__init__(clock, port, log)
        self._monitoring = MonitoringServer(self.serve, self._world.monitoring)

    @property
    def monitoring_endpoint(self) -> str:
        """Where Cloud Monitoring listens, over gRPC."""
        return self._monitoring.endpoint

    def stop(self) -> None:
        """Stop serving, drop what is held, and forget everything."""
        self.faults.gate.release(drop=True)
        self._monitoring.stop()
        super().stop()

    @property
    def project(self) -> str:
        """The id of the project."""
        return self._world.project

    @property
    def managers(self) -> frozenset[str]:
        """The managed instance groups that there are, by the part of their links behind the project."""
        return frozenset(self._world.groups)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that send gcloud, and trimtab, here."""
        return {
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": f"{self.endpoint}/",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING": f"http://{self.monitoring_endpoint}/",
            "GOOGLE_CLOUD_PROJECT": self.project,
            "CLOUDSDK_COMPUTE_REGION": REGION,
        }

    def make_world(self) -> CloudWorld:
        """A project of its own."""
        return CloudWorld(self.clock, self.settings)

    def more_doors(self, world: CloudWorld) -> Mapping[tuple[str, str], Door]:
        """Forecasts, shortages, targets and images."""
        return doors_of(world)

    def make_furniture(self) -> Mapping[str, str]:
        """The default network, and backend services with a health check."""
        return furnish(self.endpoint)

    def read(self, environ: dict[str, Any]) -> Asked:
        """The call that an HTTP request makes."""
        own = read_named(environ, self._world.project, self._world.names)
        return own or read_alerts(environ, self._world.monitoring) or wire.read(environ)

    def handle(self, request: Asked) -> EmulatorReply:
        """Answer a call that is known and well made, and hold the answer against the document."""
        if isinstance(request, OTHERS):
            return request.handle()
        route = request.route
        if route is None:
            raise self.missing(request, f"{request.method} {request.path}")
        own = COLLECTIONS.get(plain_collection(route.collection))
        handler = None if own is None else (own.others.get(route.verb) or VERBS.get(route.verb))
        if own is None or handler is None:
            raise self.missing(request, route.id)
        self._check_project(request)
        _check_place(request)
        request = _check(request, route)
        answer = once(self._world, request, lambda: handler(WorldCall(self._world, request, own)))
        _check_answer(route, answer)
        return wire.result(answer)

    def _check_project(self, request: wire.Request) -> None:
        project = request.names.get("project", "")
        if project != self.project and request.route and request.route.collection not in HOME_PROJECTS:
            raise wire.not_found(f"projects/{project}")

    def failure(self, request: Asked, error: ServiceError) -> EmulatorReply:
        """An error as Google writes it."""
        return request.failure(error) if isinstance(request, OTHERS) else wire.failure(error)

    def nothing(self, request: Asked) -> EmulatorReply:
        """An empty list, or that the one thing is not there."""
        if isinstance(request, OTHERS):
            return request.nothing()
        if request.route is not None and request.route.verb in ("list", "aggregatedList", "listManagedInstances"):
            about = load(API).schemas[request.route.response or ""]["properties"]
            kind = about.get("kind", {}).get("default")
            return wire.result({"kind": kind} if kind else {})
        return wire.failure(wire.not_found(request.path))

    def throttled(self, request: Asked) -> ServiceError:
        """403, as for a call too many in a minute."""
        if isinstance(request, OTHERS):
            return request.throttled()
        return ServiceError("rateLimitExceeded", "Rate Limit Exceeded", 403)

    def denied(self, request: Asked) -> ServiceError:
        """403 `forbidden`."""
        if isinstance(request, OTHERS):
            return request.denied()
        right = permission_of(request.route) if request.route else f"compute.{request.operation}"
        text = f"Required '{right}' permission for 'projects/{self.project}'"
        return ServiceError("forbidden", text, 403)

    def broken(self, request: Asked) -> ServiceError:
        """503 `backendError`."""
        if isinstance(request, OTHERS):
            return request.broken()
        return ServiceError("backendError", "Internal error. Please try again or contact Google Support.", 503)

    def missing(self, request: Asked, text: str) -> ServiceError:
        """501."""
        return ServiceError("notImplemented", f"the emulator does not have {text}", 501)

    def measure(self, region: str | None, point: Mapping[str, Any]) -> dict[str, Any]:
        """Store a value of every running instance of a group, or of one resource."""
        measure(self._world, point, datetime.fromisoformat(str(point["at"])))
        return dict(point)


def _check_place(request: wire.Request) -> None:
    """Refuse a zone or region in a path that there is not, unless it is the place itself that is asked for."""
    for kind, known in (("zone", EVERY_ZONE), ("region", ZONES)):
        given = request.names.get(kind)
        if given is None or given in known or request.operation == f"{kind}s.get":
            continue
        if not re.fullmatch(NAME, given):
            raise wire.invalid(f"Invalid value for field '{kind}': '{given}'. Must be a match of regex '{NAME}'")
        raise wire.invalid(f"Invalid value for field '{kind}': '{given}'. Unknown {kind}.")


def _check(request: wire.Request, route: ApiRoute) -> wire.Request:
    """
    The request as it is meant: a field that is null was not given, but for a patch, in which it takes one away.

    Raises:
        ServiceError: It is not well made.
    """
    method = f"compute.{route.id}"
    query = {
        name: value for name, value in request.query.items() if name != PARTIAL or "list" not in route.verb.lower()
    }
    problems = check_query(load(API), method, {**query, **request.names})
    if route.request is not None:
        given = request.body or {}
        body = without_nulls(given)
        problems += check(load(API), route.request, body, method=method if route.verb == "insert" else None)
        request = replace(request, raw=json.dumps(given if route.verb == "patch" else body).encode())
    if problems:
        raise wire.invalid(problems[0])
    return request


def _check_answer(route: ApiRoute, answer: Mapping[str, Any]) -> None:
    if route.response is not None:
        problems = check(load(API), route.response, answer)
        if problems:
            raise AssertionError(f"{route.id}: {problems[0]}")


# the control doors that only Google Cloud has


def doors_of(world: CloudWorld) -> Mapping[tuple[str, str], Door]:
    """The doors by method and name."""
    return {
        **world.quotas.doors(),
        ("POST", "forecasts"): lambda body: _hand_in(world, body),
        ("POST", "shortages"): lambda body: _run_short(world, body),
        ("GET", "shortages"): lambda _: world.shortages,
        ("DELETE", "shortages"): lambda _: world.shortages.clear(),
        ("POST", "ailments"): lambda body: _fail_made_of(world, body),
        ("POST", "targets"): lambda body: _fail(world, body),
        ("POST", "notices"): lambda body: notice(world, body),
        ("POST", "doomed"): lambda body: world.doomed.append(dict(body)),
        ("POST", "unreachable"): lambda body: world.unreachable.add(str(body["scope"])),
        ("DELETE", "unreachable"): lambda _: world.unreachable.clear(),
        ("GET", "incidents"): lambda _: world.monitoring.incidents,
    }


def _hand_in(world: CloudWorld, body: Mapping[str, Any]) -> None:
    for key, watch in world.watches.items():
        if key.endswith(f"/{body['group']}"):
            points = [(datetime.fromisoformat(point["at"]), int(point["capacity"])) for point in body["points"]]
            watch.forecast = sorted(points)
            watch.wake()
            return
    raise KeyError(f"autoscaler {body['group']} not found")


def _run_short(world: CloudWorld, body: Mapping[str, Any]) -> None:
    reason = body.get("reason") or "stockout"
    if reason not in REASONS:
        raise KeyError(f"unknown reason {reason!r}; write one of {', '.join(REASONS)}")
    world.shortages.append(dict(body))


def _fail_made_of(world: CloudWorld, body: Mapping[str, Any]) -> None:
    text = str(body["text"])
    if not body.get("healthy"):
        world.ailments.add(text)
        return
    made = [member for group in world.groups.values() for member in group.members if is_ill_made(world, member)]
    world.ailments.discard(text)
    for member in made:
        if not is_ill_made(world, member):
            _fail(world, {"instance": member.name, "healthy": True})


def _fail(world: CloudWorld, body: Mapping[str, Any]) -> None:
    name = str(body["instance"]).rsplit("/", 1)[-1]
    if body.get("healthy"):
        world.failing.pop(name, None)
    else:
        world.failing.setdefault(name, world.now())
    for group in world.groups.values():
        group.health_changed(name)


def measure(world: CloudWorld, point: Mapping[str, Any], at: datetime) -> None:
    """Keep one value: of each running instance where the point names a group."""
    metric, value, labels = str(point["metric"]), float(point["value"]), dict(point.get("dimensions") or {})
    if point.get("resource") is None:
        raise ValueError("a point of Google Cloud names the link of its group as `resource`, or a type of resource")
    key = world.key(str(point["resource"]))
    group = world.groups.get(key)
    if group is None:
        world.monitoring.measure(metric, labels, key, dict(point.get("labels") or {}), at, value)
        return
    only = (point.get("labels") or {}).get("instance_name")
    for member in group.members:
        if member.running_since is not None and only in (None, member.name):
            where = {"instance_id": member.number, "zone": member.zone}
            own = {**labels, "instance_name": member.name} if metric.startswith("compute.") else labels
            world.monitoring.measure(metric, own, "gce_instance", where, at, value)
