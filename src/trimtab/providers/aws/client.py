"""Calls to AWS: the only place that imports the SDK; one layer of retries, one mapping of errors."""

import ipaddress
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own name
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

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
from trimtab.events import CallRetried, Listener, silent

if TYPE_CHECKING:
    from botocore.client import BaseClient

ATTEMPTS = 8
BUDGET = timedelta(seconds=60)
FIRST_WAIT = 0.25
LONGEST_WAIT = 15.0

_THROTTLED = {
    *("Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException"),
    *("RequestThrottled", "RequestThrottledException", "SlowDown", "BandwidthLimitExceeded"),
}
_FAILED = {"InternalFailure", "InternalError", "InternalServiceError", "InternalServerError", "ServiceUnavailable"}
_BUSY = {
    "ResourceContention",
    "ResourceContentionFault",
    "ScalingActivityInProgress",
    "ConcurrentModificationException",
}
_CONFLICT = {*_BUSY, "ResourceInUse", "IdempotentParameterMismatch", "OperationAborted"}
_DENIED = {
    *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "OptInRequired"),
    *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"),
    *("SignatureDoesNotMatch", "MissingAuthenticationToken", "IncompleteSignature", "InvalidAccessKeyId"),
}
_TOKENS = {"elbv2": ("Marker", "NextMarker")}


class Calls:
    """
    AWS API calls by service and operation, in any region, from any thread.

    Args:
        session: The caller's own session; one from the environment when left out.
        region: Where calls go that name no region; the session's when left out.
        endpoint: Where the services listen; plain http only on loopback.
        clock: Waits between attempts.
        workers: How many calls are made at the same time.
        listener: Is told of each retry.

    Raises:
        ConfigError: There is no region, or the endpoint would send credentials in the clear.
    """

    def __init__(
        self,
        *,
        session: "boto3.Session | None",
        region: str | None,
        endpoint: str | None,
        clock: Clock,
        workers: int = 8,
        listener: Listener = silent,
    ) -> None:
        self._session = session or boto3.Session()
        self.region: str = region or self._session.region_name or _no_region()
        self._endpoint = endpoint
        if endpoint is not None:
            _check_endpoint(endpoint)
        self._clock = clock
        self._listener = listener
        self._config = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=5,
            read_timeout=30,
            max_pool_connections=workers,
        )
        self._clients: dict[tuple[str, str], BaseClient] = {}
        self._lock = threading.Lock()

    def call(self, service: str, operation: str, /, *, region: str | None = None, **params: Any) -> dict[str, Any]:
        """
        The reply to one call, made again while what fails is likely to pass.

        Raises:
            ProviderError: It failed; its type says what a caller can do.
        """
        send: Callable[..., dict[str, Any]] = getattr(
            self._client(service, region or self.region), xform_name(operation)
        )
        retrying = Retrying(
            retry=retry_if_exception(_passes),
            stop=lambda state: stop_after_attempt(ATTEMPTS)(state) or state.idle_for >= BUDGET.total_seconds(),
            # full jitter: anything up to a ceiling that doubles
            wait=lambda state: random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2**state.attempt_number)),  # noqa: S311
            sleep=lambda seconds: self._clock.sleep(timedelta(seconds=seconds)),
            before_sleep=lambda state: self._listener(_retried(operation, state)),
            reraise=True,
        )
        try:
            return retrying(send, **params)
        except (ClientError, BotoCoreError) as error:
            raise _translated(error, operation) from error

    def pages(
        self, service: str, operation: str, /, *, region: str | None = None, **params: Any
    ) -> Iterator[dict[str, Any]]:
        """Each page of a reply, as it is asked for."""
        ask, answer = _TOKENS.get(service, ("NextToken", "NextToken"))
        token: str | None = None
        while True:
            page = self.call(service, operation, region=region, **params, **({ask: token} if token else {}))
            yield page
            token = page.get(answer)
            if not token:
                return

    def items(
        self, service: str, operation: str, key: str, /, *, region: str | None = None, **params: Any
    ) -> list[dict[str, Any]]:
        """Every item of a list that comes in pages."""
        pages = self.pages(service, operation, region=region, **params)
        return [item for page in pages for item in page.get(key) or ()]

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def _client(self, service: str, region: str) -> "BaseClient":
        # a session is not safe to share between threads, its clients are
        with self._lock:
            if (service, region) not in self._clients:
                made = self._session.client(  # type: ignore[call-overload]
                    service, region_name=region, endpoint_url=self._endpoint, config=self._config
                )
                _check_endpoint(made.meta.endpoint_url)
                self._clients[service, region] = made
            return self._clients[service, region]


def _no_region() -> str:
    raise ConfigError(["no AWS region is given: connect with region=..., or set AWS_DEFAULT_REGION"])


def _check_endpoint(endpoint: str) -> None:
    parts = urlsplit(endpoint)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise ConfigError([f"the endpoint {endpoint} is not https; plain http is only for this machine (127.0.0.1)"])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# which failures pass


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _message(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", ""))


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _passes(error: BaseException) -> bool:
    if isinstance(error, ClientError):
        if _code(error) in _BUSY:
            # a group that is being deleted is waited for, not asked again
            return "delete" not in _message(error).lower()
        return _code(error) in _THROTTLED or _is_outage(error)
    return isinstance(error, (ConnectionError, HTTPClientError)) and not isinstance(error, CredentialRetrievalError)


def _is_outage(error: ClientError) -> bool:
    return _code(error) in _FAILED or (_status(error) >= 500 and _status(error) != 501)


def _retried(operation: str, state: RetryCallState) -> CallRetried:
    error = state.outcome.exception() if state.outcome else None
    wait = timedelta(seconds=state.next_action.sleep if state.next_action else 0.0)
    text = _code(error) if isinstance(error, ClientError) else type(error).__name__
    return CallRetried(operation=operation, attempt=state.attempt_number, wait=wait, error=text)


# which error of ours


def _translated(error: ClientError | BotoCoreError, operation: str) -> ProviderError:
    if isinstance(error, ClientError):
        code, message = _code(error), _message(error)
        return _kind_of(error)(message or code, provider="aws", operation=operation, code=code)
    if isinstance(error, (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)):
        return AccessDenied(f"no usable credentials: {error}", provider="aws", operation=operation)
    if isinstance(error, (ConnectionError, HTTPClientError)):
        return Unreachable(str(error), provider="aws", operation=operation)
    return InvalidRequest(str(error), provider="aws", operation=operation)


def _kind_of(error: ClientError) -> type[ProviderError]:
    code, text = _code(error), _message(error).lower()
    if _is_outage(error):
        return Unreachable
    by_code: Mapping[type[ProviderError], set[str]] = {
        Throttled: _THROTTLED,
        AccessDenied: _DENIED,
        Conflict: _CONFLICT,
    }
    for kind, codes in by_code.items():
        if code in codes:
            return kind
    if "AlreadyExists" in code or "Duplicate" in code:
        return AlreadyExists
    if "NotFound" in code or (code == "ValidationError" and "not found" in text):
        return NotFound
    return InvalidRequest
