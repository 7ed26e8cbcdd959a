"""The calls to Azure: Resource Manager through the vendor's SDK, one retry layer, operations awaited, errors ours."""

import io
import json
import os
from collections.abc import Mapping
from datetime import timedelta
from threading import Lock
from typing import Any

from azure.core import MatchConditions, PipelineClient
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
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
from trimtab.errors import (
    AccessDenied,
    AlreadyExists,
    ConfigError,
    Conflict,
    InvalidRequest,
    NotFound,
    ProviderError,
    Throttled,
    Unreachable,
)
from trimtab.events import Listener
from trimtab.providers.azure.ids import Home
from trimtab.providers.calling import Caller, check_endpoint
from trimtab.providers.endpoints import endpoint_found, is_loopback, trusted_certificates

LONGEST_OPERATION = timedelta(minutes=30)
"""How long a long-running operation is waited for."""
FIRST_LOOK, LONGEST_LOOK = timedelta(seconds=2), timedelta(seconds=30)
NETWORK_API = "2024-05-01"
METRICS_SCOPE = "https://monitoring.azure.com/.default"
# https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
TAKEN = {"ResourceExists", "AlreadyExists"}
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
            _setting("subscription", subscription, "AZURE_SUBSCRIPTION_ID"),
            _setting("resource_group", resource_group, "AZURE_DEFAULTS_GROUP"),
        )
        self.location = _setting("location", location, "AZURE_DEFAULTS_LOCATION").replace(" ", "").lower()
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
        return _body(self._reply(operation, args, params))

    def pages(self, operation: str, *args: Any, **params: Any) -> list[dict[str, Any]]:
        """All that a list operation has, page by page, as Resource Manager spells it."""

        def ask() -> list[dict[str, Any]]:
            pages: list[Any] = []
            hook = {"raw_response_hook": lambda response: pages.append(response.http_response.json())}
            for _ in self._method(operation)(*args, **params, **hook):
                pass
            return [item for page in pages for item in page.get("value") or ()]

        return self.retried(operation, lambda: _mapped(operation, ask))

    def begin(
        self,
        operation: str,
        *args: Any,
        etag: str | None = None,
        create: bool = False,
        wait: bool = True,
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
            params: As the method takes them.
        """
        held: dict[str, Any] = {}
        if etag is not None:
            held = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        elif create:
            held = {"etag": "*", "match_condition": MatchConditions.IfMissing}
        reply = self._reply(operation, args, {**params, **held, "polling": False})
        if wait:
            self._await(operation, reply)
        return _body(reply)

    def get(self, path: str, version: str, **query: str) -> Any:
        """The body of a plain read of Resource Manager, for what neither SDK has; follows pages."""
        found: list[Any] = []
        url = f"{self._base}{path}"
        params: dict[str, str] | None = {"api-version": version, **query}
        while url:
            page = self._plain("GET", url, params=params)
            if not isinstance(page, Mapping) or "value" not in page:
                return page
            found += page["value"]
            url, params = page.get("nextLink") or "", None
        return found

    def publish(self, region: str, path: str, body: Mapping[str, Any]) -> None:
        """Send a custom metric to the data plane of a region, which takes tokens of its own."""
        host = self._endpoint or f"https://{region}.monitoring.azure.com"

        def ask() -> None:
            reply = self._data_plane(host).send_request(HttpRequest("POST", f"{host.rstrip('/')}{path}", json=body))
            reply.raise_for_status()

        self.retried("publish", lambda: _mapped("publish", ask))

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

    def _plain(self, method: str, url: str, **parts: Any) -> Any:
        def ask() -> Any:
            reply = self._client("compute").send_request(HttpRequest(method, url, **parts))
            reply.raise_for_status()
            return reply.json() if reply.content else None

        operation = f"{method} {url.rsplit('/', 1)[-1]}"
        return self.retried(operation, lambda: _mapped(operation, ask))

    @property
    def _base(self) -> str:
        return (self._endpoint or "https://management.azure.com").rstrip("/")

    def _reply(self, operation: str, args: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        def ask() -> Any:
            given = [_sent(operation, each) for each in args]
            answer = self._method(operation)(*given, **params, cls=lambda response, _, __: response.http_response)
            return answer.result() if "polling" in params else answer

        return self.retried(operation, lambda: _mapped(operation, ask))

    def _method(self, operation: str) -> Any:
        service, group, method = operation.split(".")
        return getattr(getattr(self._client(service), group), method)

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                made = ComputeManagementClient if service == "compute" else MonitorManagementClient
                options: dict[str, Any] = {"retry_total": 0, "connection_timeout": 10, "read_timeout": 60}
                if self._endpoint is not None:
                    options |= {"base_url": self._endpoint, "per_call_policies": [_PlainHttp()]}
                    options |= _direct(self._endpoint)
                    if self._source:
                        self.listener(endpoint_found(self._source, self._endpoint))
                self._clients[service] = made(self._token(), self.home.subscription, **options)
            return self._clients[service]

    # long-running operations

    def _await(self, operation: str, reply: Any) -> None:
        """Until the operation has ended, by the address that its first reply gave."""
        url = reply.headers.get("Azure-AsyncOperation") or reply.headers.get("Location")
        if not url:
            return
        deadline, pause = self.clock.now() + LONGEST_OPERATION, FIRST_LOOK
        while True:
            status = self._plain("GET", url)
            word = str((status or {}).get("status", "")).lower() if isinstance(status, Mapping) else SUCCEEDED
            if word in FAILED:
                raise _failed(operation, status)
            if word in ("", SUCCEEDED):
                return
            if self.clock.now() >= deadline:
                text = f"the operation has not ended within {LONGEST_OPERATION}"
                raise Conflict(text, provider="azure", operation=operation)
            self.clock.sleep(pause)
            pause = min(pause * 2, LONGEST_LOOK)


def _direct(endpoint: str | None) -> dict[str, Any]:
    """What has a client heed no proxy where it talks to this machine."""
    return {"use_env_settings": False, "connection_verify": trusted_certificates()} if is_loopback(endpoint) else {}


def _setting(name: str, given: str, variable: str) -> str:
    found = given or os.environ.get(variable, "")
    if not found:
        raise ConfigError([f"azure: no {name}: give {name}=..., or set {variable}"])
    return found


def _sent(operation: str, value: Any) -> Any:
    """A body as the client of the service takes it without a loss: Monitor's drops what its models do not know."""
    if isinstance(value, Mapping) and operation.startswith("monitor."):
        return io.BytesIO(json.dumps(value).encode())
    return value


def _body(reply: Any) -> Any:
    return reply.json() if reply.content else None


def _mapped(operation: str, ask: Any) -> Any:
    try:
        return ask()
    except ClientAuthenticationError as error:
        raise AccessDenied(str(error), provider="azure", operation=operation, code=_code(error)) from error
    except HttpResponseError as error:
        raise _of_reply(error, operation) from error
    except (ServiceRequestError, ServiceResponseError) as error:
        raise Unreachable(str(error), provider="azure", operation=operation) from error
    except AzureError as error:
        raise InvalidRequest(str(error), provider="azure", operation=operation) from error


def _code(error: HttpResponseError) -> str:
    return str(getattr(error.error, "code", "") or "")


def _of_reply(error: HttpResponseError, operation: str) -> ProviderError:
    status, code = error.status_code or 400, _code(error)
    text = str(getattr(error.error, "message", "") or error.message or error)
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    after = headers.get("Retry-After", "")
    wait = timedelta(seconds=int(after)) if after.isdigit() else None
    return _class_of(status, code)(text, provider="azure", operation=operation, code=code, after=wait)


def _class_of(status: int, code: str) -> type[ProviderError]:
    if status == 429:
        return Throttled
    if status in (401, 403):
        return AccessDenied
    if status == 404:
        return NotFound
    if status in (409, 412):
        return AlreadyExists if code in TAKEN else Conflict
    if status >= 500 and status != 501:
        return Unreachable
    return InvalidRequest


def _failed(operation: str, status: Mapping[str, Any]) -> ProviderError:
    error = status.get("error") or {}
    text, code = error.get("message") or f"the operation ended as {status.get('status')}", error.get("code") or ""
    found = Conflict if code == "OperationPreempted" else InvalidRequest
    return found(text, provider="azure", operation=operation, code=code)
