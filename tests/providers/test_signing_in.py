"""Nobody is signed in, or as nobody whom the cloud knows: one error that says what to do, and nothing is lost by it."""

import io
import json

import pytest

from tests.providers.emulated import emulated, fleet_for
from trimtab.cli import run
from trimtab.config import dump_fleet
from trimtab.errors import AccessDenied, Unauthenticated

pytestmark = pytest.mark.sweep

FIXES = {"aws": "run `aws configure`", "azure": "run `az login`", "gcp": "run `gcloud auth application-default login`"}
JSON = {"Content-Type": "application/json"}
REFUSED = {
    "aws": (
        403,
        {"Content-Type": "text/xml"},
        "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included in the "
        "request is expired</Message></Error><RequestId>1</RequestId></ErrorResponse>",
    ),
    "azure": (
        401,
        {**JSON, "WWW-Authenticate": 'Bearer error="invalid_token"'},
        json.dumps({"error": {"code": "ExpiredAuthenticationToken", "message": "The access token expiry is past."}}),
    ),
    "gcp": (
        401,
        JSON,
        json.dumps(
            {
                "error": {
                    "code": 401,
                    "message": "Request had invalid authentication credentials.",
                    "errors": [{"reason": "authError", "message": "Invalid Credentials"}],
                    "status": "UNAUTHENTICATED",
                }
            }
        ),
    ),
}
"""What each cloud answers to a token whose time is over."""
LISTS = {
    "aws": ("autoscaling", "DescribeAutoScalingGroups"),
    "azure": ("compute", "VirtualMachineScaleSets_List"),
    "gcp": ("compute", "instanceGroupManagers.aggregatedList"),
}
MAKES = {
    "aws": ("autoscaling", "CreateAutoScalingGroup"),
    "azure": ("compute", "VirtualMachineScaleSets_CreateOrUpdate"),
    "gcp": ("compute", "regionInstanceGroupManagers.insert"),
}


@pytest.fixture(params=["aws", "azure", "gcp"])
def world(request):
    with emulated(request.param) as world:
        world.name = request.param
        yield world


def refuse(world, where):
    service, operation = where[world.name]
    status, headers, body = REFUSED[world.name]
    reply = (status, headers, body.encode())
    world.emulator.doors.fault("reply_before", service=service, operation=operation, reply=reply)


def test_a_plan_is_one_error_with_what_to_do(world):
    refuse(world, LISTS)
    with world.connect() as cloud, pytest.raises(Unauthenticated) as caught:
        cloud.plan(fleet_for(world))
    assert FIXES[world.name] in str(caught.value)
    assert caught.value.provider == world.name
    assert "\n" not in str(caught.value)


def test_the_command_says_it_once(world, tmp_path):
    fleet = fleet_for(world)
    path = tmp_path / "fleet.yaml"
    path.write_text(dump_fleet(fleet))
    refuse(world, LISTS)
    out, err = io.StringIO(), io.StringIO()
    connect = lambda provider, **settings: world.connect()  # noqa: E731
    assert run(["plan", str(path), "--provider", world.name], connect=connect, out=out, err=err) == 1
    (line,) = [one for one in (out.getvalue() + err.getvalue()).splitlines() if one]
    assert line.startswith("error: ")
    assert FIXES[world.name] in line


def test_an_apply_that_is_thrown_out_half_way_says_what_it_did(world):
    """A token whose time is over while apply writes: what was done is told, and the next run does the rest."""
    fleet = fleet_for(world)
    with world.connect() as cloud:
        plan = cloud.plan(fleet)
        refuse(world, MAKES)
        applied = cloud.apply(plan, wait="accepted")
        assert len(applied.outcomes) == len(list(plan))
        assert any(outcome.error for outcome in applied.outcomes)
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        assert not cloud.plan(fleet)


def test_it_is_a_kind_of_denial():
    assert issubclass(Unauthenticated, AccessDenied)
