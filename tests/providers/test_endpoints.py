"""Where a cloud is reached: never by a proxy on this machine, and never by the environment without a word."""

import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

import trimtab as tt
from tests.providers.emulated import CLOUDS, emulated, fleet_for
from trimtab.errors import ProviderError
from trimtab.metrics import custom
from trimtab.providers.endpoints import endpoint_found, is_loopback
from trimtab.testing import AwsTestCloud, GcpTestCloud

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy")


class Proxy:
    """A listener on loopback that notes who comes, and hangs up."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                self.seen.append(connection.recv(200))

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy that every variable names."""
    proxy = Proxy()
    for name in PROXIES:
        monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv(name.upper(), proxy.url)
    for name in ("no_proxy", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    yield proxy
    proxy.close()


@pytest.fixture(params=list(CLOUDS))
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Each cloud's emulator, and no address in the environment."""
    for name in (
        *("AWS_ENDPOINT_URL", "AZURE_RESOURCE_MANAGER_URL", "AZURE_AUTHORITY_HOST"),
        *("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE", "CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING"),
    ):
        monkeypatch.delenv(name, raising=False)
    with emulated(request.param) as world:
        yield world


def test_the_proxy_is_one(proxy: Proxy) -> None:
    """A client of Python that goes to loopback by the environment comes by it: the tests below can fail."""
    with pytest.raises(OSError, match=r"."):
        # an opener of its own: the one of the module keeps the environment of its first use
        urllib.request.build_opener().open("http://127.0.0.1:9/", timeout=10)
    deadline = time.monotonic() + 10
    while not proxy.seen and time.monotonic() < deadline:
        threading.Event().wait(0.01)  # its thread notes the request after the client has gone
    assert b"http://127.0.0.1:9/" in proxy.seen[0]


def round_trip(cloud: tt.Cloud, fleet: tt.Fleet) -> None:
    """Every sort of call: plan, apply, status, watch, measure, publish."""
    with cloud:
        plan = cloud.plan(fleet)
        assert not plan.problems, plan.problems
        assert not plan.unknown, plan.unknown
        assert not cloud.apply(plan, wait="accepted").failures
        assert cloud.status(fleet).groups[0].state is not None
        cloud.watch(fleet).snapshot()
        group = cloud.group("shop-web")
        group.publish(custom("shop", "jobs"), 3)


def test_loopback_is_asked_directly(world: Any, proxy: Proxy) -> None:
    """boto3, azure-core and Google's clients over HTTP and gRPC: the proxy sees nothing."""
    round_trip(world.connect(), fleet_for(world))
    assert proxy.seen == []


def test_loopback_of_the_environment_is_asked_directly_too(
    world: Any, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """And an event tells of it; the library itself prints nothing."""
    fleet = fleet_for(world)
    events: list[tt.Event] = []
    given: dict[str, Any] = {"endpoint": None, "listener": events.append}
    for name, value in world.emulator.environment.items():
        monkeypatch.setenv(name, value)
    if isinstance(world, AwsTestCloud):
        cloud = tt.connect("aws", clock=world.clock, listener=events.append)
    else:
        more = {"monitoring_endpoint": None} if isinstance(world, GcpTestCloud) else {}
        cloud = world.connect(**given, **more)
    round_trip(cloud, fleet)
    assert proxy.seen == []
    found = {(one.source, one.endpoint.rstrip("/")) for one in events if isinstance(one, tt.EndpointFound)}
    addresses = {value.rstrip("/") for value in world.emulator.environment.values() if "//" in value}
    assert found == {(name, value.rstrip("/")) for name, value in world.emulator.environment.items() if "//" in value}
    assert {address for _, address in found} == addresses
    assert capfd.readouterr() == ("", "")


def test_an_address_that_was_given_is_not_told(world: Any) -> None:
    events: list[tt.Event] = []
    with world.connect(listener=events.append) as cloud:
        cloud.plan(fleet_for(world))
    assert not [one for one in events if isinstance(one, tt.EndpointFound)]


class TestAws:
    """What botocore heeds: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html"""

    @pytest.fixture(autouse=True)
    def _environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("boto3")
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "trimtab")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "trimtab")

    def found(self) -> set[tuple[str, str]]:
        """What is told when one service is asked; nobody answers."""
        events: list[tt.Event] = []
        cloud = tt.connect("aws", region="eu-west-1", clock=tt.ManualClock(), listener=events.append)
        with cloud, suppress(ProviderError):
            cloud.group("web").read()
        return {(one.source, one.endpoint) for one in events if isinstance(one, tt.EndpointFound)}

    def test_the_variable_of_a_service(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        monkeypatch.setenv("AWS_ENDPOINT_URL_AUTO_SCALING", "http://127.0.0.1:2")
        assert ("AWS_ENDPOINT_URL_AUTO_SCALING", "http://127.0.0.1:2") in self.found()

    def test_the_configuration_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
        for text in (
            "[default]\nendpoint_url = http://127.0.0.1:3\n",
            "[default]\nservices = here\n[services here]\nauto_scaling =\n  endpoint_url = http://127.0.0.1:3\n",
        ):
            (tmp_path / "config").write_text(text)
            monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
            assert self.found() == {("the AWS configuration file", "http://127.0.0.1:3")}

    def test_nothing_is_told_of_awss_own(self) -> None:
        events: list[tt.Event] = []
        with tt.connect("aws", region="eu-west-1", listener=events.append) as cloud:
            provider: Any = cloud.provider
            assert provider.connection._client("autoscaling", "eu-west-1").meta.endpoint_url.endswith(".amazonaws.com")
        assert events == []


@pytest.mark.parametrize("variable", ["GOOGLE_CLOUD_UNIVERSE_DOMAIN", "GOOGLE_API_USE_MTLS_ENDPOINT"])
def test_what_googles_sdk_heeds_is_told(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """https://google.aip.dev/auth/4114, and universes; Cloud Monitoring is asked at its own address in any case."""
    pytest.importorskip("google.cloud.compute_v1")
    from google.auth.credentials import AnonymousCredentials

    monkeypatch.setenv(variable, "always" if "MTLS" in variable else "example.com")
    events: list[tt.Event] = []
    credentials: Any = AnonymousCredentials()  # type: ignore[no-untyped-call]
    with tt.connect(
        "gcp", project="p", location="europe-west1", credentials=credentials, listener=events.append
    ) as cloud:
        provider: Any = cloud.provider
        provider.connection._client("autoscalers")
        provider.connection._service("metrics")
    told = [one for one in events if isinstance(one, tt.EndpointFound)]
    assert [one.source for one in told] == [variable]
    assert [one.endpoint.split(".")[0].rpartition("/")[2] for one in told] == ["compute"]


def test_where_tokens_of_azure_come_from_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("azure.identity")
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "login.example.com")
    events: list[tt.Event] = []
    with tt.connect(
        "azure", subscription="s", resource_group="g", location="westeurope", listener=events.append
    ) as cloud:
        provider: Any = cloud.provider
        provider.connection._client("compute")
    assert events == [tt.EndpointFound("AZURE_AUTHORITY_HOST", "login.example.com")]


def test_the_command_tells_once(world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """On standard error, also when results are JSON; not when the address is an option's."""
    pytest.importorskip("typer")
    import io
    import json

    from trimtab.cli import run
    from trimtab.config import dump_fleet

    (tmp_path / "fleet.yaml").write_text(dump_fleet(fleet_for(world)))
    for name, value in world.emulator.environment.items():
        monkeypatch.setenv(name, value)
    provider = next(name for name, cloud in CLOUDS.items() if isinstance(world, cloud))
    if provider == "azure":
        monkeypatch.setenv("AZURE_DEFAULTS_GROUP", world.resource_group)
        monkeypatch.setenv("AZURE_DEFAULTS_LOCATION", world.location)
    if provider == "gcp":
        monkeypatch.setenv("CLOUDSDK_COMPUTE_REGION", world.location)
    out, err = io.StringIO(), io.StringIO()
    plan = ["plan", str(tmp_path / "fleet.yaml"), "--provider", provider, "--format", "json"]
    assert run(plan, out=out, err=err) == 2, out.getvalue() + err.getvalue()
    assert json.loads(out.getvalue())["changes"]
    variables = [name for name, value in world.emulator.environment.items() if "//" in value]
    lines = [line for line in err.getvalue().splitlines() if "sets the address of the cloud's API: http" in line]
    assert sorted(line.split()[0] for line in lines) == sorted(variables)
    if provider != "gcp":
        out, err = io.StringIO(), io.StringIO()
        assert run([*plan, "--endpoint", world.emulator.endpoint], out=out, err=err) == 2
        assert err.getvalue() == ""


@pytest.mark.parametrize(
    ("endpoint", "own"),
    [
        ("http://127.0.0.1:5000", True),
        ("https://127.9.9.9", True),
        ("http://localhost:1", True),
        ("http://LOCALHOST.:1", True),
        ("http://aws.localhost:1", True),
        ("http://[::1]:1", True),
        ("http://[::2]:1", False),
        ("https://localhost.example.com", False),
        ("https://10.0.0.1", False),
        ("https://notlocalhost", False),
        ("", False),
        (None, False),
    ],
)
def test_which_addresses_are_this_machines(endpoint: str | None, own: bool) -> None:
    assert is_loopback(endpoint) is own


def test_no_password_of_an_address_is_told() -> None:
    assert endpoint_found("X", "http://me:hunter2@127.0.0.1:1/a").endpoint == "http://127.0.0.1:1/a"
    assert endpoint_found("X", "me:hunter2@here").endpoint == "here"
