"""The calls to Azure: Resource Manager through the vendor's SDK, one retry layer, operations awaited, errors ours."""

import io
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Lock
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from azure.core import MatchConditions, PipelineClient
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, SansIOHTTPPolicy
from azure.core.rest import HttpRequest
from azure.identity import DefaultAzureCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.monitor import MonitorManagementClient

from trimtab.clock import Clock
from trimtab.errors import InvalidRequest, ProviderError, TrimtabError, Unauthenticated
from trimtab.events import Listener
from trimtab.providers.azure.errors import ERRORS, failed
from trimtab.providers.azure.ids import Home, normal_location
from trimtab.providers.azure.replies import check_reply
from trimtab.providers.endpoints import check_endpoint, endpoint_found, is_loopback, setting_of, trusted_certificates
from trimtab.providers.replies import Reply, ReplyContext, pause_asked
from trimtab.providers.retry import CONNECT_SECONDS, READ_SECONDS, Caller, Pace

# the SDK logs each failed attempt to sign in as a warning, which with no logging set up lands on standard error
logging.getLogger("azure.identity").addHandler(logging.NullHandler())
T = TypeVar("T")
PACE = Pace(timedelta(minutes=30), timedelta(seconds=2), timedelta(seconds=30))
"""How a long-running operation is waited for."""
NETWORK_API = "2024-05-01"
METRICS_SCOPE = "https://monitoring.azure.com/.default"
SUCCEEDED, FAILED = "succeeded", {"failed", "canceled"}


class _PlainHttp(SansIOHTTPPolicy[Any, Any]):
    """Lets a token go over plain http, which `check_endpoint` allows on loopback only."""

    def on_request(self, request: Any) -> None:
        request.context.options["enforce_https"] = False


class _AnyToken:
    """What an emulator on loopback is shown."""

    def get_token(self, *scopes: str, **given: Any) -> AccessToken:
        return AccessToken("trimtab", 2**31)


class Calls(Caller):
    """
    Everything that is asked of Azure goes through here. Thread-safe.

    Args:
        subscription: Its id; `AZURE_SUBSCRIPTION_ID` when left out.
        resource_group: Where groups live that do not say otherwise; `AZURE_DEFAULTS_GROUP` when left out.
        location: Where groups without a location live; `AZURE_DEFAULTS_LOCATION` when left out.
        credential: Anything with `get_token`; `DefaultAzureCredential` when left out.
        endpoint: Another address than Resource Manager's own, `AZURE_RESOURCE_MANAGER_URL` when left out; plain http on
            loopback only.
        clock: Waits between attempts.
        workers: How many calls are under way at the same time.
        listener: Told of every retry.
    """

    provider = "azure"

    def __init__(
        self,
        *,
        subscription: str,
        resource_group: str,
        location: str,
        credential: Any,
        endpoint: str | None,
        clock: Clock,
        workers: int,
        listener: Listener,
    ) -> None:
        super().__init__(clock=clock, workers=workers, listener=listener)
        self._source = "" if endpoint else "AZURE_RESOURCE_MANAGER_URL"
        endpoint = endpoint or os.environ.get("AZURE_RESOURCE_MANAGER_URL")
        check_endpoint(endpoint)
        self.home = Home(
            setting_of("azure", "subscription", subscription, "AZURE_SUBSCRIPTION_ID"),
            setting_of("azure", "resource_group", resource_group, "AZURE_DEFAULTS_GROUP"),
        )
        self.location = normal_location(setting_of("azure", "location", location, "AZURE_DEFAULTS_LOCATION"))
        self._endpoint = endpoint
        self._credential = credential
        self._lock = Lock()
        self._clients: dict[str, Any] = {}

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    # calls

    def call(self, operation: str, *args: Any, **params: Any) -> Any:
        """
        The body of one reply, after as many attempts as a passing fault needs; `None` for an empty one.

        Args:
            operation: Client, group and method of the SDK: `compute.virtual_machine_scale_sets.get`.
            args: As the method takes them; bodies as Resource Manager spells them.
            params: As the method takes them.

        Raises:
            ProviderError: The most specific that fits, with the vendor's code; the cause is kept.
        """
        return self._reply(operation, args, params).body

    def pages(self, operation: str, *args: Any, **params: Any) -> list[dict[str, Any]]:
        """All that a list operation has, page by page, as Resource Manager spells it."""
        pages = self.follow(
            operation,
            lambda token: self.retried(
                operation, partial(self._page, operation, args, params, token), target=_names(args)
            ),
        )
        return [item for page in pages for item in page]

    def _page(
        self, operation: str, args: tuple[Any, ...], params: Mapping[str, Any], token: str
    ) -> tuple[list[dict[str, Any]], str]:
        door = self._door(operation)

        def ask() -> None:
            method = self._method(operation)
            pages = method(*args, **params, raw_response_hook=door.take_page).by_page(continuation_token=token or None)
            with suppress(_PageTaken):
                next(pages, None)

        door.ask(ask)
        return door.body["value"], door.body.get("nextLink") or ""

    def begin(
        self,
        operation: str,
        *args: Any,
        etag: str | None = None,
        create: bool = False,
        wait: bool = True,
        repeatable: bool = True,
        **params: Any,
    ) -> Any:
        """
        Begin a long-running operation and wait until it has ended; the body of its first reply.

        Args:
            operation: Such as `compute.virtual_machine_scale_sets.begin_update`.
            args: As the method takes them.
            etag: Only if the resource is still the one that was read.
            create: Only if there is no such resource yet.
            wait: Until it has ended; else until it was accepted.
            repeatable: Whether a reply that was lost lets it be sent again.
            params: As the method takes them.
        """
        held: dict[str, Any] = {}
        if etag is not None:
            held = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        elif create:
            held = {"etag": "*", "match_condition": MatchConditions.IfMissing}
        reply = self._reply(operation, args, {**params, **held, "polling": False}, repeatable=repeatable)
        if wait:
            self._await(operation, reply)
        return reply.body

    def get(self, path: str, version: str, **query: str) -> list[Any]:
        """All items of a plain list of Resource Manager, for what neither SDK has."""
        operation = f"GET {path.rsplit('/', 1)[-1]}"
        first = {"url": f"{self._base}{path}", "params": {"api-version": version, **query}}

        def page(url: str) -> tuple[list[Any], str]:
            body = self._plain(operation, **({"url": url} if url else first)).body
            return body["value"], body.get("nextLink") or ""

        return [item for items in self.follow(operation, page) for item in items]

    def read(self, path: str, version: str) -> dict[str, Any]:
        """One resource of any subscription, for what the SDK looks for in its own."""
        kind = path.rsplit("/", 2)[-2].lower()
        body: dict[str, Any]
        body = self._plain(f"GET one of {kind}", f"{self._base}{path}", params={"api-version": version}).body
        return body

    def publish(self, region: str, path: str, body: Mapping[str, Any]) -> None:
        """Send a custom metric to the data plane of a region, which takes tokens of its own."""
        host = self._endpoint or f"https://{region}.monitoring.azure.com"

        def attempt() -> None:
            door = self._door("publish")

            def ask() -> None:
                reply = self._data_plane(host).send_request(HttpRequest("POST", f"{host.rstrip('/')}{path}", json=body))
                door.check(reply)
                reply.raise_for_status()

            door.ask(ask)

        self.retried("publish", attempt, target=(region, *_end_of(path)))

    def _data_plane(self, host: str) -> Any:
        with self._lock:
            if host not in self._clients:
                token = BearerTokenCredentialPolicy(self._token(), METRICS_SCOPE)
                policies = [*([_PlainHttp()] if self._endpoint else []), token]
                self._clients[host] = PipelineClient(host, policies=policies, **_direct(self._endpoint))
            return self._clients[host]

    def _token(self) -> Any:
        if self._credential is None:
            # plain http is an emulator on this machine, and sends nobody's token anywhere
            plain = self._endpoint is not None and self._endpoint.startswith("http://")
            self._credential = _AnyToken() if plain else DefaultAzureCredential()
            if not plain and (authority := os.environ.get("AZURE_AUTHORITY_HOST")):
                self.listener(endpoint_found("AZURE_AUTHORITY_HOST", authority))
        return self._credential

    def _plain(self, operation: str, url: str, **parts: Any) -> "_Answer":
        def attempt() -> _Answer:
            door = self._door(operation)

            def ask() -> _Answer:
                # as a stream, since the SDK would decode it once more: sizes of machines are megabytes
                request, client = HttpRequest("GET", url, **parts), self._client("compute")
                reply = client.send_request(request, raw_response_hook=door, stream=True)
                reply.raise_for_status()
                return _Answer(reply.status_code, reply.headers, door.body)

            return door.ask(ask)

        return self.retried(operation, attempt, target=_end_of(url))

    def _door(self, operation: str, name: str = "") -> "_Door":
        return _Door(ReplyContext("azure", operation, self.clock.now()), self._base, name)

    @property
    def _base(self) -> str:
        return (self._endpoint or "https://management.azure.com").rstrip("/")

    def _reply(
        self, operation: str, args: tuple[Any, ...], params: Mapping[str, Any], *, repeatable: bool = True
    ) -> "_Answer":
        def attempt() -> _Answer:
            door = self._door(operation, next((value for value in reversed(args) if isinstance(value, str)), ""))

            def ask() -> _Answer:
                given = [_sent(operation, each) for each in args]
                hooks = {"cls": lambda response, _, __: response.http_response, "raw_response_hook": door}
                answer = self._method(operation)(*given, **params, **hooks)
                reply = answer.result() if "polling" in params else answer
                return _Answer(reply.status_code, reply.headers, door.body)

            return door.ask(ask)

        return self.retried(operation, attempt, target=_names(args), repeatable=repeatable)

    def _method(self, operation: str) -> Any:
        service, group, method = operation.split(".")
        return getattr(getattr(self._client(service), group), method)

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                client_type = ComputeManagementClient if service == "compute" else MonitorManagementClient
                options: dict[str, Any] = {
                    "retry_total": 0,
                    "connection_timeout": CONNECT_SECONDS,
                    "read_timeout": READ_SECONDS,
                }
                if self._endpoint is not None:
                    options |= {"base_url": self._endpoint, "per_call_policies": [_PlainHttp()]}
                    options |= _direct(self._endpoint)
                    if self._source:
                        self.listener(endpoint_found(self._source, self._endpoint))
                self._clients[service] = client_type(self._token(), self.home.subscription, **options)
            return self._clients[service]

    # long-running operations

    def _await(self, operation: str, reply: "_Answer") -> None:
        """Until the operation has ended, by the address that its first reply gave."""
        url = reply.headers.get("Azure-AsyncOperation")
        by = "operation" if url else "location"
        url = url or reply.headers.get("Location")
        if not url:
            return
        answers = [reply]

        def asked() -> timedelta | None:
            return pause_asked(answers[-1].headers, self.clock.now())

        def look() -> bool | None:
            answers[:] = [reply := self._plain(by, url)]
            status = reply.body if by == "operation" else {}
            # https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
            word = status["status"].lower() if status else "" if reply.status == 202 else SUCCEEDED
            if word in FAILED:
                raise failed(ReplyContext("azure", operation), status)
            return True if word == SUCCEEDED else None

        late = f"the operation has not ended within {PACE.longest}"
        self.wait_until(operation, look, PACE, late=late, asked=asked)


def _direct(endpoint: str | None) -> dict[str, Any]:
    """What has a client heed no proxy where it talks to this machine."""
    return {"use_env_settings": False, "connection_verify": trusted_certificates()} if is_loopback(endpoint) else {}


class _Answer(NamedTuple):
    """A reply that is one to its call; the body is `None` for an empty one."""

    status: int
    headers: Any
    body: Any


class _PageTaken(Exception):
    """There is nothing left for the SDK to do."""


class _Door:
    """Looks at each reply of one call before the SDK does, and turns what goes wrong into our errors."""

    def __init__(self, call: ReplyContext, base: str, name: str) -> None:
        self._call, self._base, self._name = call, base, name
        self._answered = False
        self.body: Any = None

    def __call__(self, response: Any) -> None:
        """Called by the SDK with each reply."""
        response.http_response.read()
        self.check(response.http_response)

    def take_page(self, response: Any) -> None:
        """
        Called by the SDK with each reply to a list; a page that is one ends the call.

        The SDK would make models of all that is in it, which takes longer than the rest of a plan, and of some lists
        it drops where the next page is.
        """
        self(response)
        if response.http_response.status_code == 200:
            raise _PageTaken

    def check(self, response: Any) -> None:
        """Refuse what is not a reply to the call."""
        self._answered = True
        headers = {str(name).lower(): str(value) for name, value in response.headers.items()}
        reply = Reply(response.status_code, response.content, headers)
        self.body = check_reply(self._call, reply, self._base, self._name)
        if not headers.get("retry-after", "0").isascii() or not headers.get("retry-after", "0").isdigit():
            after = pause_asked(headers, self._call.now)
            response.headers.pop("Retry-After", None)  # the SDK takes nothing but digits
            if after is not None:
                response.headers["Retry-After"] = str(int(after.total_seconds()))

    def ask(self, question: Callable[[], T]) -> T:
        """What a question gives, or why it gives nothing."""
        call = self._call
        try:
            return question()
        except TrimtabError:
            raise
        except (DecodeError, ServiceRequestError, ServiceResponseError) as error:
            raise call.unanswered(error) from error
        except ClientAuthenticationError as error:
            # what follows is a list of all the ways to sign in that were tried
            text = str(error).partition("\n")[0]
            raise call.error(Unauthenticated, text, code=_code(error)) from error
        except HttpResponseError as error:
            raise _of_reply(error, call) from error
        except Exception as error:
            if isinstance(error, AzureError) or not self._answered:
                raise call.error(InvalidRequest, error) from error
            raise call.unparsed(error) from error


def _sent(operation: str, value: Any) -> Any:
    """A body as the client of the service takes it without a loss: Monitor's drops what its models do not know."""
    if isinstance(value, Mapping) and operation.startswith("monitor."):
        return io.BytesIO(json.dumps(value).encode())
    return value


def _names(args: Sequence[Any]) -> list[str]:
    """What a call is about: its arguments that are no bodies."""
    return [value for value in args if isinstance(value, str)]


def _end_of(url: str) -> list[str]:
    """What an address is about: the end of its path, without the query, which may be signed."""
    return urlsplit(url).path.split("/")[-2:]


def _code(error: HttpResponseError) -> str:
    return str(getattr(error.error, "code", "") or "")


def _of_reply(error: HttpResponseError, call: ReplyContext) -> ProviderError:
    status, code = error.status_code or 400, _code(error)
    text = str(getattr(error.error, "message", "") or error.message or error)
    after = pause_asked(getattr(error.response, "headers", {}), call.now)
    return call.error(ERRORS.class_of(status, code, text), text, code=code, after=after)
