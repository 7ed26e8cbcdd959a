import gc
import os
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import trimtab as tt
from tests import measuring
from tests.laws import IS_EXHAUSTIVE, SEED, chosen_tests

os.environ.pop("COLUMNS", None)  # xdist sets it, and what commands print would be as narrow
# a server that is started as another user is forked, and what gRPC does at a fork can hang
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"

# how fast a machine is says nothing of the code
UNTIMED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
# the same sample in each run, so that a run says something of the code; other samples are for `nox -s exhaustive`
settings.register_profile("sample", derandomize=True, **UNTIMED)
settings.register_profile("exhaustive", **UNTIMED)
settings.load_profile("exhaustive" if IS_EXHAUSTIVE else "sample")


def pytest_addoption(parser):
    parser.addoption("--cases", metavar="DIR", help="a folder of case files for tests/semantics")
    parser.addoption("--recordings", metavar="DIR", help="a folder of recorded replies for tests/providers/CLOUD")


def pytest_report_header():
    if IS_EXHAUSTIVE:
        return "sweeps: whole"
    return f"sweeps: a sample by TRIMTAB_SEED={SEED}; whole in nox -s exhaustive"


measuring.spare_servers()
measuring.spare_rewriting()


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    gc.disable()
    try:
        return (yield)
    finally:
        leave_alone_what_stays()
        gc.set_threshold(10_000, 10, 10)
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if not any("[" in each for each in config.args):  # who names a case means it
        chosen = chosen_tests(items)
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = [item for item in items if item in chosen]
    measuring.choose(items)


def leave_alone_what_stays():
    """Have garbage looked for in what tests make, not again and again in modules and tests: a million objects."""
    gc.collect()
    gc.freeze()


MANY = 200_000
"""Objects: where more outlived a full look, descriptions of services came, or catalogues of emulators, and stay."""


def full_looks():
    """How often garbage was looked for everywhere."""
    return gc.get_stats()[2]["collections"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    looks = full_looks()
    try:
        with nullcontext() if measuring.is_measured(item) else measuring.unmeasured():
            return (yield)
    finally:
        if full_looks() > looks and len(gc.get_objects(generation=2)) > MANY:
            leave_alone_what_stays()


def pytest_sessionfinish():
    measuring.keep()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared material that some tests read."""
    given = os.environ.get("TRIMTAB_SHARED")
    if given is None:
        pytest.skip("TRIMTAB_SHARED is not set: the vendors' tables and recordings are not at hand")
    folder = Path(given)
    if not folder.is_dir():
        pytest.fail(f"TRIMTAB_SHARED is {given}, which is no folder")
    return folder


@pytest.fixture(scope="session")
def aws_emulator():
    """One AWS emulator for all tests of a process; each wipes it before it begins."""
    from trimtab.emulators import AwsEmulator

    with AwsEmulator() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def azure_emulator():
    """One Azure emulator for all tests of a process; each wipes it before it begins."""
    from trimtab.emulators import AzureEmulator

    with AzureEmulator() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def gcp_emulator():
    """One GCP emulator for all tests of a process; each wipes it before it begins."""
    from trimtab.emulators import GcpEmulator

    with GcpEmulator() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def postgresql():
    """One PostgreSQL server for all tests of a process; each makes a database of its own."""
    from tests.servers import running_postgresql

    with running_postgresql() as server:
        yield server


def make_group(name="web", **fields):
    """A small group: two to four instances, one policy, one alarm, office hours."""
    given = {
        "name": name,
        "capacity": {"min": 2, "max": 4},
        "template": {"image": "ami-0123456789abcdef0", "size": "t3.medium"},
        "policies": {"scale-out": {"change": 1, "cooldown": "5m"}},
        "alarms": {"hot": {"metric": "cpu", "above": 70, "triggers": ["scale-out"]}},
        "schedules": {
            "morning": {"cron": "0 8 * * 1-5", "zone": "Europe/Madrid", "min": 3},
            "evening": {"cron": "0 18 * * 1-5", "zone": "Europe/Madrid", "min": 2},
        },
        **fields,
    }
    return tt.ScalingGroup.model_validate(given)


def make_fleet(*groups, name="virtualmin", **fields):
    """A fleet of the given groups, or of a web and an api group."""
    return tt.Fleet(name=name, groups=groups or (make_group("web"), make_group("api")), **fields)
