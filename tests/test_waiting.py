"""Apply always returns its outcomes: what nobody knows is said to be unknown, what waiting lacks is in `timed_out`."""

from datetime import timedelta

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from trimtab import errors
from trimtab.clock import ManualClock
from trimtab.plan import Key
from trimtab.providers.base import Activity
from trimtab.providers.memory.store import MemoryStore

WEB = Key("local", "group", "virtualmin-web")
PROMISED = timedelta(minutes=3)


@pytest.fixture
def store():
    return MemoryStore(ManualClock(), boot=timedelta(minutes=1))


@pytest.fixture
def cloud(store):
    with tt.connect("memory", store=store, clock=store.clock) as cloud:
        yield cloud


def fleet(**fields):
    return make_fleet(make_group("web", schedules={}, **fields), make_group("api", schedules={}))


def failing(error, operation, after=0):
    """A fault of one call, after it went well a few times."""
    seen = []

    def fault(called, key):
        if called != operation:
            return None
        seen.append(key)
        return error if len(seen) > after else None

    return fault


@pytest.mark.parametrize("error", [errors.Unreachable("nothing"), errors.UnreadableReply("HTML")])
def test_a_write_that_may_have_gone_through_is_unknown_and_the_others_go_on(store, cloud, error):
    plan = cloud.plan(fleet())
    store.fault = lambda called, key: error if called == "create group" and key == WEB else None
    applied = cloud.apply(plan)
    (unknown,) = [one for one in applied.outcomes if one.unknown]
    assert unknown.change.key == WEB
    assert unknown.error.startswith("outcome unknown: ")
    assert not unknown.is_done
    assert {one.word for one in applied.outcomes if one.change.group == "api"} == {"done"}
    (policy,) = [one for one in applied.outcomes if one.change.group == "web" and one.change.key.kind == "policy"]
    assert policy.skipped
    words = {one["name"]: one["outcome"] for one in applied.to_dict()["changes"] if one["kind"] == "group"}
    assert words == {"virtualmin-web": "unknown", "virtualmin-api": "done"}
    with pytest.raises(errors.ApplyFailed, match="outcome unknown"):
        applied.raise_for_failures()


def test_a_write_that_is_refused_is_not_unknown(store, cloud):
    plan = cloud.plan(fleet())
    store.fault = failing(errors.InvalidRequest("no"), "create group")
    words = {(one.change.key.kind, one.word) for one in cloud.apply(plan).outcomes}
    assert words == {("template", "done"), ("group", "failed"), ("policy", "skipped"), ("alarm", "skipped")}


@pytest.mark.parametrize("error", [errors.Unreachable("nothing"), errors.AccessDenied("no"), errors.Throttled("slow")])
def test_states_that_cannot_be_read_cost_no_outcome(store, cloud, error):
    plan = cloud.plan(fleet())
    store.fault = failing(error, "read groups", after=1)
    before = cloud.now()
    applied = cloud.apply(plan, timeout=timedelta(hours=1))
    assert all(one.is_done for one in applied.outcomes)
    assert len(applied.timed_out) == 2
    assert all(f"could not be read: {error}" in text for text in applied.timed_out)
    assert cloud.now() - before <= PROMISED


def test_a_read_that_fails_for_a_while_is_waited_out(store, cloud):
    plan = cloud.plan(fleet())
    left = iter(range(3))
    store.fault = lambda called, key: (
        errors.Unreachable("nothing") if called == "read groups" and next(left, None) is not None else None
    )
    assert not cloud.apply(plan).failures


def test_a_group_that_is_deleted_meanwhile_is_not_waited_for(store, cloud):
    plan = cloud.plan(fleet())
    seen = []

    def fault(called, key):
        if called == "read groups":
            seen.append(called)
            if len(seen) == 3:
                del store.things[WEB], store.sizes[WEB]

    store.fault = fault
    before = cloud.now()
    applied = cloud.apply(plan, timeout=timedelta(hours=1))
    assert applied.timed_out == ("group web: 'virtualmin-web' was deleted while it was waited for",)
    assert cloud.now() - before < timedelta(minutes=10)


def test_a_group_that_is_being_deleted_is_not_waited_for(store, cloud):
    store.boot = timedelta(days=1)
    plan = cloud.plan(fleet())

    def fault(called, key):
        if called == "read groups":
            store.sizes[WEB].deleted = store.clock.now()
            store.deletion = timedelta(days=1)

    store.fault = fault
    applied = cloud.apply(plan, timeout=timedelta(minutes=5))
    assert "group web: 'virtualmin-web' was deleted while it was waited for" in applied.timed_out


def test_a_late_group_quotes_what_failed(store, cloud):
    store.boot = timedelta(hours=2)
    cloud.apply(cloud.plan(fleet()), wait="accepted")
    now = cloud.now()
    store.sizes[WEB].activities[:0] = [
        Activity(id="2", at=now, status="successful", description="Looking around"),
        Activity(id="1", at=now, status="failed", description="Launching", cause="quota of vCPUs reached"),
        Activity(id="0", at=now - timedelta(days=2), status="failed", description="Launching", cause="long ago"),
    ]
    with pytest.raises(errors.WaitTimeout, match="failed: Launching: quota of vCPUs reached"):
        cloud.group("web").wait(timeout=timedelta(minutes=5))


def test_old_failures_are_no_reason(store, cloud):
    store.boot = timedelta(hours=2)
    cloud.apply(cloud.plan(fleet()), wait="accepted")
    old = Activity(id="0", at=cloud.now() - timedelta(days=2), status="failed", description="Launching", cause="old")
    store.sizes[WEB].activities[:] = [old]
    with pytest.raises(errors.WaitTimeout, match="look at its activities"):
        cloud.group("web").wait(timeout=timedelta(minutes=5))
