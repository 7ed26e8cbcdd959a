"""The gRPC door of Cloud Monitoring: metrics, alert policies and notification channels, as Google's clients ask."""

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from trimtab.emulators.gcp import channels, policy_resources
from trimtab.emulators.gcp.discovery import check, check_query, load
from trimtab.emulators.gcp.metric_descriptors import (
    create_descriptor,
    delete_descriptor,
    get_descriptor,
    get_resource,
    list_descriptors,
    list_resources,
)
from trimtab.emulators.gcp.monitoring_world import MonitoringWorld
from trimtab.emulators.gcp.protos import (
    StatusCode,
    generic_handler,
    grpc_server,
    message_type,
    to_body,
    to_bytes,
    unary_handler,
)
from trimtab.emulators.gcp.series import list_series, write_series
from trimtab.emulators.shared.calls import EmulatorReply
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.faulty import Dropped

Body = dict[str, Any]
Handler = Callable[[MonitoringWorld, Body], Body]
_PACKAGE = "google.monitoring.v3"


@dataclass(frozen=True, slots=True)
class Method:
    """
    One call of the API.

    Attributes:
        service: The gRPC service that has it.
        name: What it is called there.
        id: What it is called in the discovery document, after `monitoring.projects.`.
        answers: The type of the reply, which is also its name in the discovery document.
        handle: Does it.
        body: The field of the request that is its body over HTTP, and what that is in the discovery document.
        is_write: Whether it may change something.
    """

    service: str
    name: str
    id: str
    answers: str
    handle: Handler
    body: tuple[str, str] | None = None
    is_write: bool = True

    @property
    def permission(self) -> str:
        """What a caller must be allowed to do."""
        return f"monitoring.{self.id.replace('.patch', '.update')}"


@dataclass(frozen=True, slots=True)
class MonitoringCall:
    """One call, as the log and the faults see it, which knows how to answer itself."""

    method: Method
    asked: Body
    world: MonitoringWorld
    service: str = "monitoring"
    region: str = "global"

    @property
    def operation(self) -> str:
        """The method."""
        return self.method.name

    @property
    def is_write(self) -> bool:
        """Whether the call may change something."""
        return self.method.is_write

    @property
    def key(self) -> str:
        """The same text for the same question."""
        return f"{self.operation} {self.text}"

    @property
    def text(self) -> str:
        """The request as text."""
        return json.dumps(self.asked, sort_keys=True)

    @property
    def shown(self) -> Body:
        """What the log has of it."""
        return self.asked

    @property
    def subject(self) -> str:
        """The name that it is about."""
        field = self.method.body[0] if self.method.body else ""
        inner = self.asked.get(field)
        named = inner.get("displayName") or inner.get("type") if isinstance(inner, dict) else None
        return str(named or self.asked.get("name", "")).rsplit("/", 1)[-1]

    # what an emulator asks of it

    def handle(self) -> EmulatorReply:
        """Do what is asked; raises `ServiceError` for what is refused."""
        self._check_request()
        try:
            body = self.method.handle(self.world, self.asked)
        except ServiceError:
            raise
        except Exception as error:
            text = f"the emulator failed: {traceback.format_exc()}"
            raise ServiceError("INTERNAL", text, 500) from error
        return self._reply(body)

    def failure(self, error: ServiceError) -> EmulatorReply:
        """An error: its code is a gRPC status, its body the sentence."""
        return EmulatorReply(error.status, error.message.encode(), code=error.code)

    def nothing(self) -> EmulatorReply:
        """What a read answers when there is nothing."""
        if self.operation.startswith("List"):
            return self._reply({})
        return self.failure(ServiceError("NOT_FOUND", f"{self.asked.get('name')} does not exist.", 404))

    def throttled(self) -> ServiceError:
        """The error of a call too many."""
        text = f"Quota exceeded for quota metric '{self.permission}' of service 'monitoring.googleapis.com'."
        return ServiceError("RESOURCE_EXHAUSTED", text, 429)

    def denied(self) -> ServiceError:
        """The error of a call without permission."""
        text = f"Permission {self.permission} denied (or the resource may not exist)."
        return ServiceError("PERMISSION_DENIED", text, 403)

    def broken(self) -> ServiceError:
        """The error of a service that is down."""
        return ServiceError("UNAVAILABLE", "The service is currently unavailable.", 503)

    @property
    def permission(self) -> str:
        """What the caller must be allowed to do."""
        return self.method.permission

    def _check_request(self) -> None:
        field, schema = self.method.body or ("", "")
        body = self.asked if field == "*" else self.asked.get(field, {})
        given = {} if field == "*" else {name: value for name, value in self.asked.items() if name != field}
        name = self.asked.get("name") or body.get("name", "")
        problems = list(check_query(load("monitoring.v3"), self._id, {**dict(_flat(given)), "name": name}))
        if schema:
            inner = {key: value for key, value in body.items() if key != "name"} if field == "*" else body
            problems += check(load("monitoring.v3"), schema, inner, where=field if field != "*" else "request")
        if problems:
            raise ServiceError("INVALID_ARGUMENT", "; ".join(problems))
        if not f"{name}/".startswith(f"projects/{self.world.project}/"):
            raise self.denied()

    @property
    def _id(self) -> str:
        return f"monitoring.projects.{self.method.id}"

    def _reply(self, body: Body) -> EmulatorReply:
        problems = check(load("monitoring.v3"), self.method.answers, body, where="reply")
        if problems:
            raise ServiceError("INTERNAL", f"the emulator answered what the service does not: {problems}", 500)
        return EmulatorReply(200, to_bytes(body, self.method.answers))


class Serve(Protocol):
    """Answers calls, with the faults that were asked for."""

    def __call__(self, request: MonitoringCall, /) -> EmulatorReply:
        """The reply; raises `Dropped` where there is none."""


class MonitoringServer:
    """
    Cloud Monitoring on 127.0.0.1, over gRPC without encryption.

    Args:
        serve: Answers a call, alone.
        world: What is known of the project.
    """

    def __init__(self, serve: Serve, world: MonitoringWorld) -> None:
        self._serve = serve
        self._world = world
        # calls that are held each keep a thread
        self._server = grpc_server(ThreadPoolExecutor(max_workers=16))
        self._server.add_generic_rpc_handlers(tuple(self._handlers()))
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Stop serving; calls under way end without a reply."""
        self._server.stop(grace=None).wait()

    def _handlers(self) -> Iterator[Any]:
        for service in dict.fromkeys(method.service for method in METHODS):
            handlers = {method.name: self._handler(method) for method in METHODS if method.service == service}
            yield generic_handler(f"{_PACKAGE}.{service}", handlers)

    def _handler(self, method: Method) -> Any:
        return unary_handler(
            partial(self._answer, method),
            request_deserializer=message_type(f"{method.name}Request").FromString,
            response_serializer=lambda body: body,
        )

    def _answer(self, method: Method, message: Any, context: Any) -> bytes:
        call = MonitoringCall(method, to_body(message), self._world)
        try:
            reply = self._serve(call)
        except Dropped:
            context.abort(StatusCode.UNAVAILABLE, "Socket closed")
            raise
        if reply.code is not None:
            context.abort(StatusCode[reply.code], reply.body.decode())
        if reply.status >= 400:
            context.abort(StatusCode[_OF_PROXIES.get(reply.status, "UNKNOWN")], "invalid reply: not a message")
        return reply.body


# https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
_OF_PROXIES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "UNIMPLEMENTED",
    **dict.fromkeys((429, 502, 503, 504), "UNAVAILABLE"),
}
"""What gRPC makes of an HTTP status that comes without its own."""


def _flat(given: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """A request as the parameters of a URL."""
    for name, value in given.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value).lower() if isinstance(value, bool) else value


def _write_series(world: MonitoringWorld, request: Body) -> Body:
    written: list[str] = []
    try:
        write_series(
            world.datapoints, world.descriptors, request, project=world.project, now=world.now(), written=written
        )
    finally:
        # some may have been written where others were refused
        for metric in dict.fromkeys(written):
            world.measured(metric)
    return {}


def _list_series(world: MonitoringWorld, request: Body) -> Body:
    return list_series(world.datapoints, request)


_METRICS, _ALERTS, _CHANNELS = "MetricService", "AlertPolicyService", "NotificationChannelService"
_METRIC, _POLICY = ("metricDescriptor", "MetricDescriptor"), ("alertPolicy", "AlertPolicy")
_CHANNEL, _SERIES = ("notificationChannel", "NotificationChannel"), ("*", "CreateTimeSeriesRequest")


def _list(service: str, name: str, call: str, handle: Handler) -> Method:
    return Method(service, name, call, f"{name}Response", handle, is_write=False)


def _get(service: str, name: str, call: str, handle: Handler) -> Method:
    return Method(service, name, call, name.removeprefix("Get"), handle, is_write=False)


def _put(service: str, name: str, call: str, handle: Handler, body: tuple[str, str]) -> Method:
    return Method(service, name, call, body[1], handle, body)


def _drop(service: str, name: str, call: str, handle: Handler) -> Method:
    return Method(service, name, call, "Empty", handle)


METHODS = (
    _list(_METRICS, "ListTimeSeries", "timeSeries.list", _list_series),
    Method(_METRICS, "CreateTimeSeries", "timeSeries.create", "Empty", _write_series, _SERIES),
    _list(_METRICS, "ListMetricDescriptors", "metricDescriptors.list", list_descriptors),
    _get(_METRICS, "GetMetricDescriptor", "metricDescriptors.get", get_descriptor),
    _put(_METRICS, "CreateMetricDescriptor", "metricDescriptors.create", create_descriptor, _METRIC),
    _drop(_METRICS, "DeleteMetricDescriptor", "metricDescriptors.delete", delete_descriptor),
    _list(_METRICS, "ListMonitoredResourceDescriptors", "monitoredResourceDescriptors.list", list_resources),
    _get(_METRICS, "GetMonitoredResourceDescriptor", "monitoredResourceDescriptors.get", get_resource),
    _list(_ALERTS, "ListAlertPolicies", "alertPolicies.list", policy_resources.list_policies),
    _get(_ALERTS, "GetAlertPolicy", "alertPolicies.get", policy_resources.get_policy),
    _put(_ALERTS, "CreateAlertPolicy", "alertPolicies.create", policy_resources.create_policy, _POLICY),
    _put(_ALERTS, "UpdateAlertPolicy", "alertPolicies.patch", policy_resources.update_policy, _POLICY),
    _drop(_ALERTS, "DeleteAlertPolicy", "alertPolicies.delete", policy_resources.delete_policy),
    _list(_CHANNELS, "ListNotificationChannels", "notificationChannels.list", channels.list_channels),
    _get(_CHANNELS, "GetNotificationChannel", "notificationChannels.get", channels.get_channel),
    _put(_CHANNELS, "CreateNotificationChannel", "notificationChannels.create", channels.create_channel, _CHANNEL),
    _put(_CHANNELS, "UpdateNotificationChannel", "notificationChannels.patch", channels.update_channel, _CHANNEL),
    _drop(_CHANNELS, "DeleteNotificationChannel", "notificationChannels.delete", channels.delete_channel),
)
"""Every call that is answered; others are UNIMPLEMENTED, as gRPC says it by itself."""
