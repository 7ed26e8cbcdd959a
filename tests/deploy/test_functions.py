"""A tick for each invocation: the functions of Lambda and Azure, with PostgreSQL, against the emulators."""

import importlib.util
import json
import sys

import pytest

import trimtab as tt
from tests.conftest import make_group
from tests.deploy.places import DEPLOY
from tests.providers.emulated import emulated
from tests.servers import missing

pytest.importorskip("sqlalchemy")


def loaded(path):
    """A module by its file, as the platform loads it."""
    spec = importlib.util.spec_from_file_location(f"deployed_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def store(postgresql, monkeypatch):
    with postgresql.database() as url:
        monkeypatch.setenv("TRIMTAB_STORE", url)
        yield url


def written(folder, connect, orders=200, **fields):
    """A fleet file whose group a number in a file sizes, as it is deployed beside a function."""
    group = make_group(
        "web",
        capacity={"min": 1, "max": 9, "desired": 2},
        policies={"out": {"change": 2, "cooldown": "30m"}},
        alarms={"many": {"metric": {"external": "orders"}, "above": 100, "triggers": ["out"]}},
        schedules={},
        **fields,
    )
    fleet = tt.Fleet(
        name="shop", groups=[group], controller=True, sources={"orders": {"file": "orders.txt"}}, connect=connect
    )
    (folder / "fleet.yaml").write_text(tt.dump_fleet(fleet))
    (folder / "orders.txt").write_text(str(orders))
    return fleet


@pytest.fixture
def aws(tmp_path, monkeypatch):
    """A fleet that stands on the AWS emulator, and the environment of a function."""
    with emulated("aws") as world:
        for name, value in {
            "AWS_ENDPOINT_URL": world.emulator.endpoint,
            "AWS_ACCESS_KEY_ID": "trimtab",
            "AWS_SECRET_ACCESS_KEY": "trimtab",
            "TRIMTAB_FLEET": str(tmp_path / "fleet.yaml"),
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("TRIMTAB_WEBHOOK", raising=False)
        fleet = written(tmp_path, {"provider": "aws", "region": "us-east-1"})
        with tt.connect(fleet) as cloud:
            cloud.apply(cloud.plan(fleet), "accepted").raise_for_failures()
            yield world, cloud


def test_lambda_ticks_and_remembers(aws, store):
    """The cooldown, and what was told: each invocation has a process of its own in mind."""
    _, cloud = aws
    handler = loaded(DEPLOY / "aws-lambda" / "handler.py").handler
    first, second = handler({}, None), handler({"source": "aws.scheduler"}, None)
    assert [tick["groups"][0]["outcome"] for tick in (first, second)] == ["written", "kept"]
    assert cloud.group("shop-web").read().desired == 4
    assert "cooldown" in json.dumps(second)


def test_lambda_fails_where_the_tick_did(aws, store, tmp_path):
    handler = loaded(DEPLOY / "aws-lambda" / "handler.py").handler
    (tmp_path / "orders.txt").unlink()
    with pytest.raises(RuntimeError, match=r"web: .*orders"):
        handler({}, None)


def test_lambda_tells_before_it_freezes(aws, store, monkeypatch):
    from tests.controller.receiving import receiving

    handler = loaded(DEPLOY / "aws-lambda" / "handler.py").handler
    monkeypatch.setenv("TRIMTAB_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    with receiving() as receiver:
        monkeypatch.setenv("TRIMTAB_WEBHOOK", receiver.url)
        handler({}, None)
        handler({}, None)
        assert [json.loads(body)["kind"] for _, _, body in receiver.received] == ["size-changed"]


def test_azure_functions_tick_each_minute(store, tmp_path, monkeypatch):
    try:
        import azure.functions  # noqa: F401
    except ImportError:
        missing("azure-functions of PyPI is not installed")
    module = loaded(DEPLOY / "azure-functions" / "function_app.py")
    [function] = module.app.get_functions()
    [trigger] = [binding for binding in function.get_bindings() if binding.type == "timerTrigger"]
    assert (trigger.schedule, trigger.run_on_startup) == ("0 * * * * *", False)
    with emulated("azure") as world:
        connect = {
            "provider": "azure",
            "subscription": world.emulator.subscription,
            "resource_group": world.resource_group,
        }
        subnet = world.make_network("net", "default")
        template = {"image": "Canonical:ubuntu-24_04-lts:server:latest", "size": "Standard_B2s"}
        fleet = written(tmp_path, connect, placement={"subnets": [subnet]}, template=template)
        with world.connect() as cloud:
            cloud.apply(cloud.plan(fleet), "accepted").raise_for_failures()
            ticks = [module.ticked(tmp_path / "fleet.yaml", lambda _: world.connect()) for _ in range(2)]
            assert [tick["web"].outcome.value for tick in ticks] == ["written", "kept"]
            assert cloud.group("shop-web").read().desired == 4
