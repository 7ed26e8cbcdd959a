"""The calls to Google Cloud: Compute Engine and Cloud Monitoring through the vendor's SDKs, one retry layer."""

import json
import os
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, count
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import urlsplit

import google.auth
import grpc
import requests
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError
from google.auth.transport.requests import AuthorizedSession
from google.cloud import compute_v1, monitoring_v3
from google.cloud.monitoring_v3.services.alert_policy_service import AlertPolicyServiceClient
from google.cloud.monitoring_v3.services.alert_policy_service.transports import AlertPolicyServiceGrpcTransport
from google.cloud.monitoring_v3.services.metric_service import MetricServiceClient
from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport
from google.cloud.monitoring_v3.services.notification_channel_service import NotificationChannelServiceClient
from google.cloud.monitoring_v3.services.notification_channel_service.transports import (
    NotificationChannelServiceGrpcTransport,
)
from google.protobuf.json_format import MessageToDict, ParseError
from google.protobuf.unknown_fields import UnknownFieldSet

from trimtab.clock import Clock
from trimtab.errors import (
    AccessDenied,
    ConfigError,
    InvalidRequest,
    NotFound,
    ProviderError,
    TrimtabError,
    Unauthenticated,
)
from trimtab.events import Listener
from trimtab.providers.endpoints import (
    DIRECT_CHANNEL,
    check_endpoint,
    endpoint_found,
    go_direct,
    is_loopback,
    setting_missing,
    setting_of,
    with_scheme,
)
from trimtab.providers.gcp.errors import ERRORS, failed
from trimtab.providers.gcp.ids import shortened
from trimtab.providers.gcp.replies import (
    Listed,
    check_alerts,
    check_envelope,
    check_list,
    check_monitored,
    check_named,
    check_one,
    check_operation,
    following_page,
    if_ended,
    listed_items,
    look_of,
    scoped_items,
    subject_of,
    without_empty_scopes,
)
from trimtab.providers.replies import Reply, ReplyContext, pause_asked
from trimtab.providers.retry import READ_SECONDS, Caller, Pace

T = TypeVar("T")

ENDPOINT = "https://compute.googleapis.com"
MONITORING = "https://monitoring.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
PACE = Pace(timedelta(minutes=15), timedelta(seconds=1), timedelta(seconds=10))
"""How an operation is waited for."""
UNNAMED = frozenset({"request_id", "page_token", "filter"})
"""Texts in requests that name no thing."""
WITHOUT_ID = ".applyUpdatesToInstances"
"""The write that takes no id of its own, so that a lost reply has it made again."""
OF_SDK = ("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "GOOGLE_API_USE_MTLS_ENDPOINT")
"""Variables by which Google's SDK takes other addresses: https://google.aip.dev/auth/4114"""
SERVICES: Mapping[str, tuple[Any, Any]] = {
    "alertPolicies": (AlertPolicyServiceClient, AlertPolicyServiceGrpcTransport),
    "notificationChannels": (NotificationChannelServiceClient, NotificationChannelServiceGrpcTransport),
    "metrics": (MetricServiceClient, MetricServiceGrpcTransport),
}


class Calls(Caller):
    """
    Everything that is asked of Google Cloud goes through here. Thread-safe.

    Args:
        project: Its id; `GOOGLE_CLOUD_PROJECT`, or that of the credentials, when left out.
        location: The region of groups without a location; `CLOUDSDK_COMPUTE_REGION` when left out.
        credentials: Of google-auth; the application's default when left out.
        endpoint: Another address than Compute Engine's own; plain http on loopback only.
        monitoring_endpoint: Another address than Cloud Monitoring's own, which speaks gRPC.
        clock: Waits between attempts.
        workers: How many calls are under way at the same time.
        listener: Told of every retry.
    """

    provider = "gcp"

    def __init__(
        self,
        *,
        project: str,
        location: str,
        credentials: Any,
        endpoint: str | None,
        monitoring_endpoint: str | None,
        clock: Clock,
        workers: int,
        listener: Listener,
    ) -> None:
        super().__init__(clock=clock, workers=workers, listener=listener)
        self._sources = {
            name: f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name.upper()}"
            for name, address in (("compute", endpoint), ("monitoring", monitoring_endpoint))
            if not address
        }
        endpoint = with_scheme(endpoint or os.environ.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE"))
        monitoring = with_scheme(monitoring_endpoint or os.environ.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING"))
        check_endpoint(endpoint)
        check_endpoint(monitoring)
        self._endpoint, self._monitoring = endpoint, monitoring
        self._credentials = credentials
        self._lock = Lock()
        self._clients: dict[str, Any] = {}
        self.location = setting_of("gcp", "location", location, "CLOUDSDK_COMPUTE_REGION")
        self.seconds: Mapping[tuple[str, str], str] = {}
        """Second native groups that the last list of groups told of, by region and main name; metrics are of both."""
        self._project = project or os.environ.get("GOOGLE_CLOUD_PROJECT", "")

    @property
    def project(self) -> str:
        """The id of the project."""
        if not self._project:
            self._find_credentials()
        if not self._project:
            raise ConfigError([setting_missing("gcp", "project", "GOOGLE_CLOUD_PROJECT")])
        return self._project

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in self._clients.values():
                (client.close if isinstance(client, AuthorizedSession) else client.transport.close)()
            self._clients.clear()

    # Compute Engine

    def get(self, operation: str, /, **names: Any) -> dict[str, Any]:
        """
        The body of one reply, its links without addresses, after as many attempts as a passing fault needs.

        Args:
            operation: As the API has it: `autoscalers.get`.
            names: As the SDK's request spells them: `zone`, `autoscaler`.

        Raises:
            ProviderError: The most specific that fits, with the vendor's reason; the cause is kept.
        """
        return self._ask(operation, names, lambda call, body: check_one(call, body, names))

    def pages(self, operation: str, /, **names: Any) -> list[dict[str, Any]]:
        """All that a list has, page by page."""
        return [item for body in self._pages(operation, names, listed_items) for item in listed_items(body)]

    def aggregated(self, collection: str, /, **names: Any) -> Listed:
        """All that a collection has in the zones and regions of the project."""
        bodies = self._pages(f"{_aggregator(collection)}.aggregatedList", names, scoped_items)
        items = [item for body in bodies for item in scoped_items(body)]
        return Listed(items, [scope for body in bodies for scope in body.get("unreachables") or ()])

    def _pages(
        self, operation: str, names: Mapping[str, Any], items: Callable[[Mapping[str, Any]], list[dict[str, Any]]]
    ) -> list[dict[str, Any]]:
        def page(token: str) -> tuple[dict[str, Any], str]:
            request = {**names, "page_token": token} if token else names
            body = self._ask(operation, request, lambda call, body: check_list(call, body, items(body)))
            return body, following_page(body)

        return list(self.follow(operation, page))

    def run(self, operation: str, /, *, wait: bool = True, **names: Any) -> dict[str, Any]:
        """
        A write, and its operation once it has ended.

        Args:
            operation: As the API has it: `autoscalers.insert`.
            wait: Until the operation has ended; else until it was accepted.
            names: As the SDK's request spells them; bodies as `..._resource`, in JSON's spelling.
        """
        # the same id for all attempts: a write whose reply was lost is not made again
        request = names if operation.endswith(WITHOUT_ID) else {"request_id": str(uuid.uuid4()), **names}
        name = subject_of(names)
        reply = self._ask(f"{operation}Unary", request, lambda call, body: check_operation(call, body, name))
        return self.wait_for(operation, reply) if wait else reply

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """
        A merge patch, and its operation once it has ended.

        As JSON, since the SDK's messages cannot say null or an empty list, which take a field away.
        """
        collection, name = path.split("/")[-2:]
        operation = f"{collection}.patch"
        url = f"{self._base}/compute/v1/projects/{self.project}/{path}"
        number = str(uuid.uuid4())

        def ask() -> dict[str, Any]:
            reply = self._session().patch(url, params={"requestId": number}, json=body, timeout=READ_SECONDS)
            if reply.status_code >= 400:
                raise _http_error(reply)
            result = _body(compute_v1.Operation.from_json(reply.content, ignore_unknown_fields=True))
            check_operation(self._call(operation), result, name)
            return result

        attempt = partial(_mapped, self._call(operation), ask)
        return self.wait_for(operation, self.retried(operation, attempt, target=path.split("/")))

    def _ask(
        self, operation: str, names: Mapping[str, Any], check: Callable[[ReplyContext, dict[str, Any]], None]
    ) -> dict[str, Any]:
        call = self._call(operation.removesuffix("Unary"))

        def ask() -> dict[str, Any]:
            answer = self._method(operation)(request=self._request(names), retry=None, timeout=READ_SECONDS)
            # a pager has read its first page, and is given up for one call each
            body = _body(next(iter(answer.pages)) if hasattr(answer, "pages") else answer)
            check(call, body)
            return body

        return self.retried(call.operation, partial(_mapped, call, ask), target=[self._project, *_target(names)])

    def _call(self, operation: str) -> ReplyContext:
        return ReplyContext("gcp", operation, self.clock.now())

    def _look_at(self, response: Any, *_: Any, **__: Any) -> None:
        """Called by the SDK's session with each reply, before anything is made of it."""
        request = response.request
        call = self._call(f"{request.method} {urlsplit(request.url).path.rsplit('/', 1)[-1]}")
        headers = {str(name).lower(): str(value) for name, value in response.headers.items()}
        body = check_envelope(call, Reply(response.status_code, response.content, headers))
        less = without_empty_scopes(body)
        if less is not None:
            response._content = json.dumps(less).encode()

    def _request(self, names: Mapping[str, Any]) -> dict[str, Any]:
        given = {name: _message(name, value) for name, value in names.items()}
        return {"project": self.project, **given}

    def _method(self, operation: str) -> Callable[..., Any]:
        collection, _, method = operation.partition(".")
        function: Callable[..., Any] = getattr(self._client(collection), _snake(method))
        return function

    def _client(self, collection: str) -> Any:
        credentials = self._find_credentials()
        with self._lock:
            if collection not in self._clients:
                kind = getattr(compute_v1, f"{collection[0].upper()}{collection[1:]}Client")
                client = kind(
                    credentials=credentials, client_options={"api_endpoint": self._base} if self._endpoint else None
                )
                self._say_address("compute", self._endpoint, client)
                client.transport._session.hooks["response"].append(self._look_at)
                if is_loopback(self._endpoint):
                    go_direct(client.transport._session)
                self._clients[collection] = client
            return self._clients[collection]

    def _session(self) -> AuthorizedSession:
        credentials = self._find_credentials()
        with self._lock:
            if "" not in self._clients:
                self._clients[""] = _new_session(credentials)
                if is_loopback(self._endpoint):
                    go_direct(self._clients[""])
                self._clients[""].hooks["response"].append(self._look_at)
            session: AuthorizedSession = self._clients[""]
            return session

    @property
    def _base(self) -> str:
        return (self._endpoint or ENDPOINT).rstrip("/")

    def _find_credentials(self) -> Any:
        with self._lock:
            if self._credentials is None:
                self._credentials, project = self._default_credentials()
                self._project = self._project or project or ""
            return self._credentials

    def _default_credentials(self) -> tuple[Any, str | None]:
        # plain http is an emulator on this machine, and sends nobody's token anywhere
        if self._endpoint is not None and self._endpoint.startswith("http://"):
            return _anonymous(), None
        try:
            credentials: tuple[Any, str | None] = google.auth.default(scopes=[SCOPE])
        except DefaultCredentialsError as error:
            raise Unauthenticated(f"gcp: {error.args[0]}") from error
        return credentials

    # operations

    def wait_for(self, operation: str, reply: dict[str, Any]) -> dict[str, Any]:
        """
        An operation once it has ended.

        Args:
            operation: What is told of in errors.
            reply: The operation as it was answered.

        Raises:
            ProviderError: It ended with an error, or has not ended in time.
        """
        where, names = look_of(reply)
        replies = chain([reply], (self.get(where, **names) for _ in count()))
        late = f"the operation {reply.get('name')} has not ended within {PACE.longest}"
        ended = self.wait_until(operation, lambda: if_ended(next(replies)), PACE, late=late)
        if ended.get("error"):
            raise failed(self._call(operation), ended)
        return ended

    # Cloud Monitoring

    def monitor(self, operation: str, **parts: Any) -> Any:
        """
        What one call of Cloud Monitoring answers; a list is read to its end.

        Args:
            operation: Service and method: `alertPolicies.list_alert_policies`.
            parts: As the SDK's request spells them; bodies as the API spells them in JSON.
        """
        call = self._call(operation)

        def page(token: str) -> tuple[Any, str]:
            attempt = partial(_mapped, call, partial(self._monitor, call, parts, token))
            return self.retried(operation, attempt, target=_target(parts))

        replies = list(self.follow(operation, page))
        return [item for items in replies for item in items] if isinstance(replies[0], list) else replies[0]

    def _monitor(self, call: ReplyContext, parts: Mapping[str, Any], token: str) -> tuple[Any, str]:
        """What one call answers, the items where it is a list, and the token of the page that follows."""
        service, _, method = call.operation.partition(".")
        request = {name: _monitored(name, value) for name, value in parts.items()}
        request |= {"page_token": token} if token else {}
        answer = getattr(self._service(service), method)(request=request, retry=None, timeout=READ_SECONDS)
        if not hasattr(answer, "pages"):
            body = None if answer is None else _body(answer)
            check_monitored(call, body, parts)
            return body, ""
        page = next(iter(answer.pages))
        if getattr(page, "execution_errors", None):
            raise call.unreadable(Reply(200, b""), f"some of it could not be read: {page.execution_errors[0]}")
        names = ("alert_policies", "notification_channels", "time_series", "metric_descriptors")
        items = [_body(item) for name in names if hasattr(page, name) for item in getattr(page, name)]
        check_monitored(call, items, {})
        return items, str(page.next_page_token)

    # IAM and Cloud KMS

    def exists(self, service: str, name: str) -> bool:
        """
        Whether IAM or Cloud KMS has something.

        As JSON over HTTP, since nothing else of their SDKs is needed.

        Args:
            service: `iam` or `cloudkms`.
            name: The full name, from `projects/` on.

        Raises:
            ProviderError: It cannot be told, as without the permission.
        """
        is_emulated = self._endpoint is not None and self._endpoint.startswith("http://")
        base = self._endpoint if is_emulated else f"https://{service}.googleapis.com"
        operation = f"{name.split('/')[-2]}.get"
        call = self._call(operation)

        def ask() -> bool:
            reply = self._session().get(f"{base}/v1/{name}", timeout=READ_SECONDS)
            if reply.status_code >= 400:
                raise _http_error(reply)
            check_named(call, dict(reply.json()))
            return True

        try:
            return self.retried(operation, partial(_mapped, call, ask), target=[name])
        except NotFound:
            return False

    # alerts

    def open_alerts(self) -> list[dict[str, Any]]:
        """
        The alerts of the project that are open.

        As JSON over HTTP, since the SDK does not have this list.
        """
        return [alert for page in self._alert_pages({"filter": 'state="OPEN"'}) for alert in page]

    def alerts_since(self, since: datetime) -> list[dict[str, Any]]:
        """The alerts of the project, open and closed: pages, newest first, to the first that began before a moment."""
        result = []
        for page in self._alert_pages({}):
            result += page
            # sorted by openTime, the newest first: the reference of projects.alerts.list
            if page and datetime.fromisoformat(str(page[-1]["openTime"])) < since:
                break
        return result

    def _alert_pages(self, asked: Mapping[str, str]) -> Iterator[list[dict[str, Any]]]:
        url = f"{self._alerts_base}/v3/projects/{self.project}/alerts"
        call = self._call("alerts.list")

        def page(token: str) -> tuple[dict[str, Any], str]:
            query = {**asked, "pageSize": "1000", **({"pageToken": token} if token else {})}
            attempt = partial(_mapped, call, partial(self._get_alerts, call, url, query))
            body = self.retried("alerts.list", attempt, target=[self.project])
            return body, following_page(body)

        return (list(body.get("alerts") or ()) for body in self.follow("alerts.list", page))

    def _get_alerts(self, call: ReplyContext, url: str, query: Mapping[str, str]) -> dict[str, Any]:
        reply = self._session().get(url, params=dict(query), timeout=READ_SECONDS)
        if reply.status_code >= 400:
            raise _http_error(reply)
        body = dict(reply.json())
        check_alerts(call, body)
        return body

    @property
    def _alerts_base(self) -> str:
        """Where Cloud Monitoring speaks HTTP: where it speaks gRPC, and in an emulator where Compute Engine is."""
        if self._endpoint is not None and self._endpoint.startswith("http://"):
            return self._endpoint
        return self._monitoring or MONITORING

    def _service(self, name: str) -> Any:
        credentials = self._find_credentials() if self._monitoring is None else None
        with self._lock:
            if name not in self._clients:
                self._clients[name] = self._made_service(*SERVICES[name], credentials)
                self._say_address("monitoring", self._monitoring, self._clients[name])
            return self._clients[name]

    def _made_service(self, client: Any, transport: Any, credentials: Any) -> Any:
        parts = urlsplit(self._monitoring or MONITORING)

        def watched(*args: Any, **named: Any) -> Any:
            options = [*(named.get("options") or ()), *(DIRECT_CHANNEL if is_loopback(self._monitoring) else ())]
            if parts.scheme == "http":
                channel = _plain_channel(parts.netloc, options=options)
            else:
                channel = transport.create_channel(*args, **{**named, "options": options})
            return _watched_channel(channel, _GrpcDoor())

        host = {} if self._monitoring is None else {"host": parts.netloc}
        if parts.scheme == "http":
            return client(transport=transport(channel=watched()))
        return client(transport=transport(credentials=credentials or self._credentials, channel=watched, **host))

    def _say_address(self, service: str, endpoint: str | None, client: Any) -> None:
        """Tell of an address that a variable gives, ours or one of the SDK's own."""
        if endpoint and service in self._sources:
            self.listener(endpoint_found(self._sources[service], endpoint))
        elif not endpoint and not _is_usual(client.api_endpoint, service):
            of_sdk = [name for name in OF_SDK if os.environ.get(name)] or ["the environment"]
            self.listener(endpoint_found(of_sdk[0], client.api_endpoint))


class _GrpcDoor(grpc.UnaryUnaryClientInterceptor):
    """Refuses a message of which nothing is known but that there is something in it: it is another call's."""

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        """Called by gRPC with each call."""
        answer = continuation(details, request)
        # one that failed is raised by whoever takes its result
        message: Any = None if answer.exception() else answer.result()
        pb: Any = type(message).pb(message) if hasattr(type(message), "pb") else message
        if pb is not None and not pb.ListFields() and len(UnknownFieldSet(pb)):
            raise ReplyContext("gcp", str(details.method).rsplit("/", 1)[-1]).unreadable(
                Reply(200, b""), "it is not its own"
            )
        return answer


def _is_usual(address: str, service: str) -> bool:
    return urlsplit(f"//{address.rpartition('/')[2]}").hostname == f"{service}.googleapis.com"


# names and messages of the SDK


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _aggregator(collection: str) -> str:
    return "globalOperations" if collection == "operations" else collection


def _message(name: str, value: Any) -> Any:
    """A body as the SDK's own message, which refuses what the API does not have."""
    if not name.endswith("_resource"):
        return value
    words = name.removesuffix("_resource").split("_")
    message_class = getattr(compute_v1, "".join(word.capitalize() for word in words))
    return message_class.from_json(json.dumps(value))


def _target(names: Mapping[str, Any]) -> list[str]:
    """What a request is about: places and names, no body and no token."""
    texts = [value for name, value in names.items() if isinstance(value, str) and name not in UNNAMED]
    return texts + [str(value["name"]) for value in names.values() if isinstance(value, Mapping) and "name" in value]


_MONITORED: Mapping[str, Any] = {
    "alert_policy": monitoring_v3.AlertPolicy,
    "notification_channel": monitoring_v3.NotificationChannel,
    "interval": monitoring_v3.TimeInterval,
    "aggregation": monitoring_v3.Aggregation,
}


def _monitored(name: str, value: Any) -> Any:
    if name == "time_series":
        return [monitoring_v3.TimeSeries.from_json(json.dumps(series)) for series in value]
    return _MONITORED[name].from_json(json.dumps(value)) if name in _MONITORED else value


def _body(message: Any) -> dict[str, Any]:
    """A message as the API spells it in JSON, links without addresses."""
    pb = type(message).pb(message) if hasattr(type(message), "pb") else message
    return dict(shortened(_to_json(pb)))


# errors


def _mapped(call: ReplyContext, ask: Callable[[], T]) -> T:
    try:
        return ask()
    except TrimtabError:
        raise
    except exceptions.GoogleAPICallError as error:
        raise _of_call(error, call) from error
    except TransportError as error:
        raise call.unanswered(error) from error
    except GoogleAuthError as error:
        raise call.error(Unauthenticated, error) from error
    except exceptions.GoogleAPIError as error:
        raise call.error(AccessDenied, error) from error
    except requests.exceptions.RequestException as error:
        raise call.unanswered(error) from error
    except ParseError as error:
        raise call.unparsed(error) from error
    except (ValueError, TypeError) as error:
        raise call.error(InvalidRequest, error) from error


_to_json: Callable[[Any], dict[str, Any]] = MessageToDict
_plain_channel: Callable[..., Any] = grpc.insecure_channel
_watched_channel: Callable[..., Any] = grpc.intercept_channel
_http_error: Callable[[Any], exceptions.GoogleAPICallError] = exceptions.from_http_response
_new_session: Callable[[Any], AuthorizedSession] = AuthorizedSession
_anonymous: Callable[[], Any] = AnonymousCredentials


def _of_call(error: exceptions.GoogleAPICallError, call: ReplyContext) -> ProviderError:
    status = int(error.code or 500)
    reason = _reason(error)
    headers: Mapping[str, str] = getattr(error.response, "headers", None) or {}
    after = pause_asked(headers, call.now)
    return call.error(ERRORS.class_of(status, reason), error.message or error, code=reason, after=after)


def _reason(error: exceptions.GoogleAPICallError) -> str:
    """The vendor's word for what went wrong."""
    for detail in error.errors or ():
        if isinstance(detail, Mapping) and detail.get("reason"):
            return str(detail["reason"])
    grpc_code = error.grpc_status_code
    return str(grpc_code.name) if grpc_code is not None else str(error.reason or "")
