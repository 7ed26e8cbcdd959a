"""With a right of its role taken away trimtab says which one it lacks, and does nothing else in its stead."""

import io

import pytest

import trimtab as tt
from tests.conftest import make_fleet
from tests.laws import sampled
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.proof import AGREED, State
from tests.providers.gcp.rights import permission_of
from tests.providers.gcp.world import GcpWorld
from tests.providers.killing import noting
from trimtab import errors, metrics
from trimtab.cli import run

pytestmark = pytest.mark.sweep

FILE = """\
name: virtualmin
defaults:
  template: {image: debian-cloud/debian-12, size: e2-small}
groups:
  web: {capacity: {min: 2, max: 4}}
"""
NEWEST = {"image": {"newest": "debian-12-*", "owner": "debian-cloud"}, "size": "e2-small"}


def fleet(**fields):
    return make_fleet(gcp_group("web", **fields))


def edited():
    return fleet(
        template={"image": "debian-cloud/debian-12", "size": "e2-medium"},
        tags={"team": "ops"},
        load_balancers=[{"name": "virtualmin", "port": 9090}],
        health_check={"path": "/other", "port": 81},
        policies={"hold": {"type": "target-tracking", "metric": "cpu", "target": 70}},
        alarms={"hot": {"metric": "cpu", "above": 95, "notify": ["dev@example.org"]}},
    )


def group(cloud):
    return cloud.group("virtualmin-web")


ASKED = {
    "plan": lambda cloud: cloud.plan(fleet()),
    "plan with an image that is looked up": lambda cloud: cloud.plan(fleet(template=NEWEST)),
    "status": lambda cloud: cloud.status(fleet(), addresses=True),
    "look": lambda cloud: cloud.watch(fleet()).snapshot(),
    "activities": lambda cloud: group(cloud).activities(),
    "import_group": lambda cloud: cloud.import_group("virtualmin-web"),
    "datapoints": lambda cloud: group(cloud).datapoints(metrics.cpu),
    "publish": lambda cloud: group(cloud).publish(metrics.custom("Virtualmin", "Jobs"), 3),
    "scale": lambda cloud: group(cloud).scale(to=4),
    "pause": lambda cloud: group(cloud).pause(by="Ana"),
    "scale in a pause": lambda cloud: group(cloud).scale(to=3),
    "resume": lambda cloud: group(cloud).resume(),
}
"""What reads, or ends in one write, in an order in which it can be done."""
ASKED_ALONG = {
    "compute.regionBackendServices.list",
    "compute.regionHealthChecks.list",
    "compute.regionOperations.list",
    "compute.zoneOperations.list",
}
"""What an aggregated list asks for beside the right that it is named after."""
LOOKED_UP = {
    *("compute.images.list", "compute.machineTypes.list", "compute.zones.list", "compute.targetPools.list"),
    "compute.regions.get",
}
"""Whether what a new group names is there: a plan goes on without the answer, and says so."""
APPLIED = {
    "create": (None, lambda cloud: cloud.plan(fleet())),
    "edit": (fleet, lambda cloud: cloud.plan(edited())),
    "destroy": (fleet, lambda cloud: cloud.destroy(fleet())),
}


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def said(cloud, step):
    """The text of what a step could not do."""
    try:
        found = step(cloud)
    except errors.ProviderError as error:
        return str(error)
    if isinstance(found, tt.Plan):
        unread = [note for note in found.notes if "could not be read" in note.text]
        return " ".join(str(one) for one in (*found.unknown, *found.problems, *unread))
    alarms = [alarm for one in getattr(found, "groups", ()) for alarm in one.alarms]
    return " ".join([*getattr(found, "failures", ()), *(alarm.reason for alarm in alarms)])


def rights_of(world, done):
    """What the calls of something take, each right with the calls that take it."""
    world.doors.clear_requests()
    done()
    found = {}
    for call in world.doors.requests():
        found.setdefault(permission_of(call), set()).add(call.operation)
    return found


def deny(world, operations):
    for operation in operations:
        world.doors.fault("denied", operation=operation, times=None)


@pytest.fixture(scope="module")
def needed(emulator):
    """The rights that each step takes where nothing is in its way."""
    emulator.doors.reset()
    world = GcpWorld(emulator)
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet())).raise_for_failures()
        return {name: rights_of(world, lambda step=step: said(cloud, step)) for name, step in ASKED.items()}


def test_who_lacks_a_right_is_told_which(world, cloud, needed):
    """Whatever is asked of a fleet that runs, without each of the rights that it takes; nothing is written then."""
    cloud.apply(cloud.plan(fleet())).raise_for_failures()
    tried = set()
    for name, step in ASKED.items():
        before = State(world, cloud).items
        for right, operations in needed[name].items():
            with noting(f"{name} without {right}"):
                deny(world, operations)
                assert right in said(cloud, step)
                world.doors.clear_faults()
                assert State(world, cloud).items == before
                tried.add(right)
        assert not said(cloud, step)
    asked = set(cloud.permissions(fleet(), read_only=True)["includedPermissions"])
    assert tried >= asked - ASKED_ALONG - LOOKED_UP


@pytest.mark.parametrize(
    ("right", "operation"), [("images", "images.list"), ("machineTypes", "machineTypes.aggregatedList")]
)
def test_what_cannot_be_looked_up_is_noted_and_stops_nothing(world, cloud, right, operation):
    world.doors.fault("denied", operation=operation, times=None)
    plan = cloud.plan(fleet())
    assert [note for note in plan.notes if f"compute.{right}.list" in str(note)]
    cloud.apply(plan, wait="accepted").raise_for_failures()


@pytest.mark.parametrize("name", APPLIED)
def test_a_write_without_its_right_fails_by_name_and_is_done_once_it_is_there(world, cloud, name):
    before, plan = APPLIED[name]

    def prepared():
        world.doors.reset()
        again = GcpWorld(world.emulator)
        if before is not None:
            cloud.apply(cloud.plan(before()), wait="accepted").raise_for_failures()
        return again

    def done():
        return cloud.apply(plan(cloud), wait="accepted", **AGREED)

    rights = rights_of(prepared(), done)
    written = set(rights) - set(rights_of(world, lambda: plan(cloud))) - LOOKED_UP
    for right in sampled(sorted(written), 3, name):
        with noting(f"{name} without {right}"):
            again = prepared()
            deny(again, rights[right])
            applied = done()
            failed = [one.error for one in applied.outcomes if one.error and not one.skipped]
            assert any(right in text for text in failed)
            # what was to go after it cannot, since it is still in use
            assert all(right in text or "used by" in text for text in failed)
            again.doors.clear_faults()
            done().raise_for_failures()
            assert not list(plan(cloud))


def test_a_command_ends_with_1_and_the_right_that_it_lacks(world, tmp_path):
    path = tmp_path / "fleet.yaml"
    path.write_text(FILE)
    world.doors.fault("denied", operation="instanceGroupManagers.aggregatedList", times=None)
    for command in ("plan", "status"):
        out, err = io.StringIO(), io.StringIO()
        connect = lambda provider, **settings: world.connect(**settings)  # noqa: E731
        code = run([command, str(path), "--provider", "gcp"], connect=connect, out=out, err=err)
        assert code == 1
        assert "compute.instanceGroupManagers.list" in out.getvalue() + err.getvalue()
