"""Which cloud a fleet is in: options before variables, these before the block `connect:` of the fleet."""

import io

import pytest

import trimtab as tt
from trimtab.errors import ConfigError
from trimtab.providers.memory.store import MemoryStore

pytest.importorskip("typer")
pytest.importorskip("rich")

from tests.commands import VARIABLES
from trimtab.cli import run

GROUP = "  web: {capacity: {min: 1, max: 2}, template: {image: ami-1, size: small}}\n"
NIMBUS = """
from trimtab.providers import Declarations, Option
from trimtab.providers.memory.provider import connect as connect_memory

SEEN = []
DECLARED = Declarations(
    name="nimbus",
    connect="nimbus_for_tests:connect",
    options=(Option("zone", "where"), Option("account", "whose"), Option("token", "a secret", in_file=False)),
    place_option="zone",
    advised=False,
)


def connect(*, clock, workers, listener, zone="ground", account="nobody", token=None):
    SEEN.append((zone, account, token))
    return connect_memory(clock=clock, workers=workers, listener=listener, location=zone)
"""


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def nimbus(tmp_path, monkeypatch):
    """A provider of another distribution, as it lies in a folder of installed ones; what it was connected with."""
    site = tmp_path / "site"
    info = site / "nimbus_for_tests-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "nimbus_for_tests.py").write_text(NIMBUS)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nimbus-for-tests\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[trimtab.providers]\nnimbus = nimbus_for_tests:DECLARED\n")
    monkeypatch.syspath_prepend(str(site))
    import nimbus_for_tests

    nimbus_for_tests.SEEN.clear()
    return nimbus_for_tests.SEEN


def fleet_text(connect):
    return f"name: shop\nconnect: {connect}\ngroups:\n{GROUP}"


def asked(tmp_path, connect, *arguments):
    """What a plan of a fleet with this block connects to: the provider and its settings."""
    path = tmp_path / "fleet.yaml"
    path.write_text(fleet_text(connect))
    seen = []

    def connecting(provider, *, listener, **settings):
        seen.append((provider, settings))
        clock = tt.ManualClock()
        return tt.connect("memory", store=MemoryStore(clock), clock=clock)

    out, err = io.StringIO(), io.StringIO()
    code = run(["plan", str(path), *arguments], connect=connecting, out=out, err=err, source=io.StringIO())
    return seen[0] if seen else (code, err.getvalue())


AZURE = "{provider: azure, subscription: s-1, resource_group: rg-1, region: westeurope}"


def test_the_block_says_it_all(tmp_path):
    azure = {"location": "westeurope", "subscription": "s-1", "resource_group": "rg-1"}
    assert asked(tmp_path, AZURE) == ("azure", azure)
    assert asked(tmp_path, "{provider: aws, region: eu-west-1}") == ("aws", {"region": "eu-west-1"})
    gcp = {"project": "p", "location": "europe-west1"}
    assert asked(tmp_path, "{provider: gcp, project: p, region: europe-west1}") == ("gcp", gcp)


def test_options_go_before_variables_and_these_before_the_block(tmp_path, monkeypatch):
    assert asked(tmp_path, AZURE)[1]["subscription"] == "s-1"
    monkeypatch.setenv("TRIMTAB_SUBSCRIPTION", "s-2")
    monkeypatch.setenv("TRIMTAB_REGION", "northeurope")
    assert asked(tmp_path, AZURE)[1] == {"location": "northeurope", "subscription": "s-2", "resource_group": "rg-1"}
    settings = asked(tmp_path, AZURE, "--subscription", "s-3", "--resource-group", "rg-3")[1]
    assert settings == {"location": "northeurope", "subscription": "s-3", "resource_group": "rg-3"}


def test_a_block_for_another_provider_says_nothing(tmp_path, monkeypatch):
    """A region of one cloud is none of another's."""
    assert asked(tmp_path, AZURE, "--provider", "aws") == ("aws", {})
    monkeypatch.setenv("TRIMTAB_PROVIDER", "gcp")
    assert asked(tmp_path, AZURE, "--project", "p") == ("gcp", {"project": "p"})
    assert asked(tmp_path, "{region: here}") == ("gcp", {"location": "here"})


def test_variables_for_other_clouds_are_left_alone_and_options_are_not(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIMTAB_PROJECT", "p")
    monkeypatch.setenv("TRIMTAB_CONNECT", "account=shop")
    assert asked(tmp_path, "{provider: aws}") == ("aws", {})
    assert asked(tmp_path, "{provider: aws}", "--project", "p") == ("aws", {"project": "p"})
    out, err = io.StringIO(), io.StringIO()
    assert run(["plan", str(tmp_path / "fleet.yaml"), "--provider", "memory", "--project", "p"], out=out, err=err) == 1
    assert "unknown option 'project' for memory" in err.getvalue()


def test_a_provider_of_another_distribution(tmp_path, nimbus, monkeypatch):
    block = "{provider: nimbus, region: attic, settings: {account: shop}}"
    assert asked(tmp_path, block) == ("nimbus", {"zone": "attic", "account": "shop"})
    monkeypatch.setenv("TRIMTAB_CONNECT", "account=store")
    assert asked(tmp_path, block)[1] == {"zone": "attic", "account": "store"}
    assert asked(tmp_path, block, "--connect", "account=stall")[1] == {"zone": "attic", "account": "stall"}
    for given, text in (
        ("token=x", "--connect token: unknown option for nimbus; use region"),
        ("account", "NAME=VALUE"),
    ):
        code, said = asked(tmp_path, block, "--connect", given)
        assert code == 1
        assert text in said
    with tt.connect(tt.parse_fleet(fleet_text(block), env={}), token="secret") as cloud:
        assert cloud.provider.location == "attic"
    assert nimbus[-1] == ("attic", "shop", "secret")


WRONG = {
    "unknown provider": ("{provider: asw}", "connect.provider: unknown provider 'asw'", "did you mean aws?"),
    "not of this cloud": (
        "{provider: aws, project: p}",
        "connect.project: unknown setting 'project' for aws",
        "use region",
    ),
    "its own name": ("{provider: gcp, location: x}", "connect.location: unknown field", "region"),
    "not in settings": (
        "{provider: gcp, settings: {project: x}}",
        "connect.settings.project",
        "write it as `connect.project`",
    ),
    "no address": ("{provider: aws, settings: {endpoint: 'https://x'}}", "unknown setting 'endpoint' for aws", ""),
    "no object": (
        "{provider: aws, settings: {session: x}}",
        "connect.settings.session: unknown setting 'session' for aws",
        "",
    ),
    "empty": ("{provider: ''}", "connect.provider", "empty"),
}


@pytest.mark.parametrize(("connect", "fact", "fix"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_at_its_line(connect, fact, fix):
    with pytest.raises(ConfigError) as caught:
        tt.parse_fleet(fleet_text(connect), env={})
    (problem,) = caught.value.problems
    assert problem.startswith("fleet.yaml:2: ")
    assert fact in problem
    assert fix in problem


def test_a_fleet_made_in_python_connects():
    store = MemoryStore(tt.ManualClock())
    settings = tt.ConnectSettings(provider="memory", region="there")
    fleet = tt.Fleet(name="shop", groups=(), connect=settings)
    with tt.connect(fleet, store=store, clock=store.clock) as cloud:
        assert cloud.provider.location == "there"
    with tt.connect(fleet, location="here") as cloud:
        assert cloud.provider.location == "here"
    assert tt.parse_fleet(tt.dump_fleet(fleet), env={}) == fleet
    for wrong, text in (
        (tt.ConnectSettings(), "names no provider"),
        (tt.ConnectSettings(provider="memory", project="p"), "connect.project: unknown setting 'project' for memory"),
        (tt.ConnectSettings(provider="fog"), "unknown provider 'fog'"),
    ):
        with pytest.raises(ConfigError, match=text):
            tt.connect(tt.Fleet(name="shop", groups=(), connect=wrong))


def test_the_block_is_read_from_the_environment():
    fleet = tt.parse_fleet(fleet_text("{provider: gcp, project: '${PROJECT}'}"), env={"PROJECT": "p-1"})
    assert fleet.connect == tt.ConnectSettings(provider="gcp", project="p-1")


def test_checks_advise_for_the_cloud_of_the_block(tmp_path):
    said = {}
    for block in ("{provider: aws}", "{provider: gcp}", "{}"):
        path = tmp_path / "fleet.yaml"
        path.write_text(fleet_text(block).replace("image: ami-1", "image: {newest: 'u-*'}"))
        out = io.StringIO()
        assert run(["check", str(path), "--exit-zero"], out=out, err=io.StringIO()) == 0
        said[block] = out.getvalue()
    assert "TT203" in said["{provider: aws}"]
    assert "TT203" not in said["{provider: gcp}"]
    assert "TT203" in said["{}"]
