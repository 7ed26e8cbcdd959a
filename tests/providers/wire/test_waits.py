"""Three clouds that do not answer, ask to wait, or have no room: plans end, outcomes come back, and each says why."""

import json
from datetime import timedelta

import pytest

from tests.providers.wire.lives import LIVES
from trimtab import errors
from trimtab.providers.patience import patience_of

pytestmark = pytest.mark.sweep

PROMISED = timedelta(minutes=3)
A_MOMENT = timedelta(milliseconds=300)


@pytest.fixture(scope="module", params=sorted(LIVES))
def life(request):
    return LIVES[request.param]()


@pytest.fixture(scope="module")
def emulator(life):
    with life.emulator() as emulator:
        yield emulator


@pytest.fixture
def world(life, emulator):
    return life.begin(emulator)


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def test_a_black_hole_ends_with_the_patience_of_the_plan(life, world, cloud):
    """All that is asked is swallowed: each kind is unknown, nothing is planned, and no call waits by itself."""
    world.doors.fault("hold_before", times=None)
    try:
        with patience_of(cloud.provider.connection.clock, A_MOMENT):
            plan = cloud.plan(life.fleet())
    finally:
        world.doors.clear_faults()
        world.doors.release(drop=True)
    assert not list(plan)
    assert plan.unknown
    texts = ("no answer within", "not asked", "its groups could not be read")
    assert all(any(text in one.reason for text in texts) for one in plan.unknown), plan.unknown


def test_a_write_that_is_swallowed_is_unknown_and_the_others_go_on(life, world, cloud):
    plan = cloud.plan(life.fleet())
    first = plan.changes[0]
    world.doors.fault("hold_before", contains=first.key.name, write_only=True, times=None)
    try:
        with patience_of(cloud.provider.connection.clock, A_MOMENT):
            (result,) = cloud.provider.resources.write([_write_of(first)])
    finally:
        world.doors.clear_faults()
        world.doors.release(drop=True)
    assert isinstance(result, errors.Unreachable)


def _write_of(change):
    from trimtab.providers.base import Write

    return Write(change=change, body=dict(change.wanted.body))


@pytest.mark.sample(6)
@pytest.mark.parametrize("after", ["86400", "9" * 30, "\u00b2", "-1", "", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_that_is_asked_for_is_bounded(life, world, cloud, after):
    """An error of the cloud's own, of every read, and what a balancer may put into its header."""
    body = {"error": {"code": "TooManyRequests", "message": "slower", "errors": [{"reason": "rateLimitExceeded"}]}}
    text = json.dumps({**body, "__type": "ThrottlingException"}).encode()
    head = {
        "Content-Type": "application/json",
        "x-amzn-RequestId": "1",
        "Retry-After": after.encode().decode("latin-1"),
    }
    service = {"aws": "cloudwatch", "azure": "*", "gcp": "compute"}[cloud.provider.name]
    world.doors.fault("reply_before", service=service, reply=(429, head, text), times=None)
    before = cloud.now()
    plan = cloud.plan(life.fleet())
    world.doors.clear_faults()
    assert plan.unknown
    assert cloud.now() - before <= PROMISED


def test_a_late_group_says_what_the_cloud_says_of_it(life, world, cloud):
    reasons = {"aws": {}, "azure": {"reason": "quota"}, "gcp": {"reason": "quota"}}
    world.doors.run_short(**reasons[cloud.provider.name])
    applied = cloud.apply(cloud.plan(life.fleet()), timeout=timedelta(minutes=4))
    texts = [*applied.timed_out, *(one.error for one in applied.outcomes if one.error)]
    words = {"aws": "capacity", "azure": "quota", "gcp": "QUOTA"}
    assert any(words[cloud.provider.name].lower() in text.lower() for text in texts), texts
    assert not any("look at its activities" in text for text in texts)


def test_a_group_deleted_by_somebody_else_is_not_waited_for(life, world, cloud):
    world.doors.configure(boot_seconds=86400)
    plan = cloud.plan(life.fleet())
    fleet = life.fleet()
    seen = []

    def listener(event):
        if type(event).__name__ == "Waiting" and not seen:
            seen.append(event)
            with world.connect() as other:
                other.apply(other.destroy(fleet), wait="accepted", allow_delete=True)

    applied = cloud.apply(plan, timeout=timedelta(hours=2), on_event=listener)
    assert all(one.is_done for one in applied.outcomes)
    assert any("was deleted while it was waited for" in text for text in applied.timed_out), applied.timed_out
    assert len(applied.timed_out) <= 2
