"""What a new group names is looked up before it is made, once; what may not be looked up is noted."""

import pytest

from tests.conftest import make_fleet
from tests.providers.azure.account import furnish
from tests.providers.azure.groups import azure_group

IMAGE = {"image": "Ubuntu2404", "size": "Standard_D2s_v5"}


@pytest.fixture
def cloud(world):
    furnish(world)
    with world.connect() as cloud:
        yield cloud


@pytest.mark.parametrize(
    ("fields", "path", "name"),
    [
        ({"placement": {"network": "virtualmin", "subnets": ["nope"]}}, "placement.subnets.0", "subnet"),
        ({"placement": {"network": "nope", "subnets": ["private"]}}, "placement.subnets.0", "subnet"),
        ({"template": {**IMAGE, "security_groups": ["nope"]}}, "template.security_groups.0", "security group"),
        ({"template": {**IMAGE, "role": "nope"}}, "template.role", "identity"),
        ({"template": {**IMAGE, "image": "Canonical:nope:server:latest"}}, "template.image", "image"),
    ],
)
def test_what_is_not_there_is_a_problem_by_its_field(world, cloud, fields, path, name):
    plan = cloud.plan(make_fleet(azure_group(world, "web", **fields)))
    assert [one for one in plan.problems if f"{path}: {name} " in str(one) and "not found" in str(one)], plan.problems


def test_a_group_that_stands_is_not_asked_about_again(world, cloud):
    fleet = make_fleet(azure_group(world, "web"))
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    world.doors.clear_requests()
    assert not cloud.plan(fleet)
    asked = {call.operation for call in world.doors.requests()}
    assert not asked & {"Subnets_Get", "VirtualMachineImages_List"}


@pytest.mark.parametrize("operation", ["Subnets_Get", "VirtualMachineImages_List"])
def test_what_may_not_be_looked_up_is_noted_and_stops_nothing(world, cloud, operation):
    world.doors.fault("denied", operation=operation, times=None)
    plan = cloud.plan(make_fleet(azure_group(world, "web")))
    assert not plan.problems
    assert [note for note in plan.notes if "could not check whether" in str(note)]
    cloud.apply(plan, wait="accepted").raise_for_failures()
