"""The calls to AWS: one retry layer, paging, and vendor errors turned into ours."""

import gzip
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from copy import copy
from functools import cache, partial
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.loaders import JSONFileLoader, Loader, create_loader

from trimtab.clock import Clock
from trimtab.errors import (
    ConfigError,
    InvalidRequest,
    ProviderError,
    TrimtabError,
    Unauthenticated,
)
from trimtab.events import Listener
from trimtab.providers.aws.errors import ERRORS
from trimtab.providers.aws.replies import LISTS, check_envelope, check_parts
from trimtab.providers.endpoints import check_endpoint, endpoint_found, is_loopback, setting_missing, variable_of
from trimtab.providers.replies import Reply, ReplyContext, pause_asked
from trimtab.providers.retry import CONNECT_SECONDS, READ_SECONDS, Caller

if TYPE_CHECKING:
    import boto3

NOT_SIGNED_IN = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, TokenRetrievalError, SSOError)
ADDITIVE = frozenset({"execute_policy", "enter_standby", "terminate_instance_in_auto_scaling_group"})
"""Operations that have no token against repetition, and of which each goes on from what the one before it did."""
NAMES = ("Name", "Names", "Id", "Ids", "Arn", "Arns")
"""How parameters end that name things."""
MARKERS: Mapping[str, tuple[str, str]] = {"elbv2": ("Marker", "NextMarker"), "kms": ("Marker", "NextMarker")}
"""What a service calls the token of a page in a request and in the reply before it, where that is not `NextToken`."""


class Calls(Caller):
    """
    Everything that is asked of AWS goes through here. Thread-safe.

    Args:
        session: Where credentials and the region come from; boto3's default chain when left out.
        region: The region of the connection.
        endpoint: Another address than AWS's own; plain http on loopback only.
        clock: Waits between attempts.
        workers: How many calls are under way at the same time.
        listener: Told of every retry.
    """

    provider = "aws"

    def __init__(
        self,
        *,
        session: "boto3.Session | None",
        region: str | None,
        endpoint: str | None,
        clock: Clock,
        workers: int,
        listener: Listener,
    ) -> None:
        super().__init__(clock=clock, workers=workers, listener=listener)
        check_endpoint(endpoint)
        try:
            self._core = session._session if session else core_session()
            found = self._core.get_config_variable("region")
        except BotoCoreError as error:
            text = f"{str(error).rstrip('.')}; correct it, or name another profile in AWS_PROFILE"
            raise ConfigError([f"aws: {text}"]) from error
        self._session = session
        self.region = region or found or ""
        if not self.region:
            raise ConfigError([setting_missing("aws", "region", "AWS_DEFAULT_REGION")])
        self._endpoint = endpoint
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = Lock()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def call(self, service: str, operation: str, region: str, /, **params: Any) -> dict[str, Any]:
        """
        One reply, after as many attempts as a passing fault needs.

        Args:
            service: boto3's name of the service.
            operation: boto3's name of the method.
            region: Where.
            params: As the service's API names them.

        Raises:
            ProviderError: The most specific that fits, with the vendor's code; the cause is kept.
        """
        client = self._client(service, region)
        attempt, repeatable = partial(self._once, client, operation, params), operation not in ADDITIVE
        return self.retried(operation, attempt, target=_target(region, params), repeatable=repeatable)

    def pages(self, service: str, operation: str, region: str, /, **params: Any) -> Iterator[dict[str, Any]]:
        """Replies one after the other, by the tokens that each gives for the next."""
        sent, given = MARKERS.get(service, ("NextToken", "NextToken"))

        def page(token: str) -> tuple[dict[str, Any], str]:
            reply = self.call(service, operation, region, **params, **({sent: token} if token else {}))
            return reply, reply.get(given) or ""

        return self.follow(operation, page)

    def items(self, service: str, operation: str, region: str, /, **params: Any) -> Iterator[dict[str, Any]]:
        """What a list operation lists, one by one, from all its pages."""
        part = LISTS[operation]
        return (item for page in self.pages(service, operation, region, **params) for item in page[part])

    def _client(self, service: str, region: str) -> Any:
        """The client of a service, made at its first call: one at a time, while calls of others are under way."""
        if client := self._clients.get((service, region)):
            return client
        with self._lock:
            if (service, region) not in self._clients:
                config = Config(
                    retries={"total_max_attempts": 1},
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,
                    max_pool_connections=self.workers,
                    user_agent_extra="trimtab",
                )
                try:
                    client = self._new_client(service, region, self._endpoint, config)
                    if self._endpoint is None:
                        client = self._from_environment(client, service, region, config)
                except (BotoCoreError, ValueError) as error:
                    raise ConfigError([f"aws: {error}"]) from error
                client.meta.events.register("before-parse", self._check)
                check_endpoint(client.meta.endpoint_url)  # AWS_ENDPOINT_URL counts like one that was handed in
                self._clients[service, region] = client
            return self._clients[service, region]

    def _new_client(self, service: str, region: str, endpoint: str | None, config: Config) -> Any:
        if is_loopback(endpoint):
            config = config.merge(Config(proxies={}))
        make: Callable[..., Any] = self._session.client if self._session else self._core.create_client
        return make(service, region_name=region, endpoint_url=endpoint, config=config)

    def _from_environment(self, client: Any, service: str, region: str, config: Config) -> Any:
        """The client again, direct where botocore was given an address of this machine; any such address is told."""
        endpoint = client.meta.endpoint_url
        name = client.meta.service_model.service_id.replace(" ", "_")
        source = variable_of(endpoint, _variables(name.upper())) or self._file_of(endpoint, name.lower())
        if source is not None:
            self.listener(endpoint_found(source, endpoint))
        return self._new_client(service, region, endpoint, config) if is_loopback(endpoint) else client

    def _file_of(self, endpoint: str, service: str) -> str | None:
        # https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        profile = self._core.get_scoped_config()
        named = self._core.full_config.get("services", {}).get(profile.get("services"), {})
        files = {"all": profile.get("endpoint_url", ""), "one": (named.get(service) or {}).get("endpoint_url", "")}
        return "the AWS configuration file" if variable_of(endpoint, files) else None

    def _check(self, *, operation_model: Any, response_dict: Any, **_: Any) -> None:
        """Called by the SDK with each reply, before it is parsed."""
        headers = {str(name).lower(): str(value) for name, value in response_dict["headers"].items()}
        body = response_dict["body"]
        reply = Reply(response_dict["status_code"], body if isinstance(body, bytes) else b"", headers)
        check_envelope(reply, operation_model, self.clock.now())

    def _once(self, client: Any, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        call = ReplyContext("aws", operation, self.clock.now())
        try:
            reply: dict[str, Any] = getattr(client, operation)(**params)
        except TrimtabError:
            raise
        except ClientError as error:
            raise _mapped(error, call) from error
        except NOT_SIGNED_IN as error:
            raise call.error(Unauthenticated, error) from error
        except NoRegionError as error:
            raise ConfigError([f"aws: {error}"]) from error
        except (HTTPClientError, IncompleteReadError) as error:
            raise call.unanswered(error) from error
        except EndpointConnectionError as error:
            raise call.error(InvalidRequest, f"{error}; check the network and the endpoint") from error
        except BotoCoreError as error:
            raise call.error(InvalidRequest, error) from error
        except Exception as error:
            raise call.unparsed(error) from error
        api = client.meta.method_to_api_mapping[operation]
        check_parts(call, reply, client.meta.service_model.operation_model(api).output_shape)
        return reply


class _ReadOnce(JSONFileLoader):
    """Reads the SDK's description of a service once for all sessions: most of what a connection costs."""

    _read: ClassVar[dict[str, Any]] = {}

    def load_file(self, file_path: str) -> Any:
        """Called by the SDK for each of its files."""
        if file_path not in self._read and (found := self._first(file_path)) is not None:
            self._read[file_path] = found
        return self._read.get(file_path)

    def _first(self, path: str) -> Any:
        # into plain mappings, which keep their order too: into the SDK's ordered ones takes twice as long
        for ending, opened in ((".json", open), (".json.gz", gzip.open)):
            with suppress(FileNotFoundError), opened(path + ending, "rb") as file:
                return json.loads(file.read())
        return None


def core_session() -> botocore.session.Session:
    """A session of botocore's that reads descriptions of services only where none has read them before."""
    core = botocore.session.get_session()
    loader: Any = copy(_loader(core.get_config_variable("data_path")))
    loader._search_paths = [*loader.search_paths]  # boto3 adds a folder of its own, once for each session
    core.register_component("data_loader", loader)
    return core


@cache
def _loader(path: str | None) -> Loader:
    """What finds descriptions of services, and keeps which there are: folders are searched once for all sessions."""
    loader: Loader = create_loader(path)
    loader.file_loader = _ReadOnce()
    return loader


def new_session(**given: str) -> "boto3.Session":
    """The same as a session of boto3's, with what is given."""
    import boto3  # a connection needs what is below it alone, which is loaded sooner

    return boto3.Session(botocore_session=core_session(), **given)


def _target(region: str, params: Mapping[str, Any]) -> list[str]:
    """Where a call goes and which things it names; bodies, which may hold start scripts, are left out."""
    named = [value for name, value in params.items() if name.endswith(NAMES)]
    lists = [value if isinstance(value, list) else [value] for value in named]
    return [region, *(item for items in lists for item in items if isinstance(item, str))]


def _variables(service: str) -> dict[str, str]:
    names = (f"AWS_ENDPOINT_URL_{service}", "AWS_ENDPOINT_URL")
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def _mapped(error: ClientError, call: ReplyContext) -> ProviderError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    text = str(error.response.get("Error", {}).get("Message", "") or error)
    about = error.response.get("ResponseMetadata", {})
    after = pause_asked(about.get("HTTPHeaders", {}), call.now)
    return call.error(ERRORS.class_of(about.get("HTTPStatusCode", 400), code, text), text, code=code, after=after)
