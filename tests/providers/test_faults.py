"""
Three clouds whose calls fail: once, and they are made again; for good, and they leave a mess of nothing else.

A sample by seed; `nox -s exhaustive` has every write of every scenario fail in every way.
"""

from itertools import product

import pytest

from tests.laws import IS_EXHAUSTIVE, sampled
from tests.providers.killing import noting
from trimtab.events import CallRetried

pytestmark = pytest.mark.sweep

AGREED = {"allow_delete": True, "allow_replace": True}
PASSING = ("throttle", "error500", "timeout_before", "timeout_after")
SHARED = {"backendServices.patch"}
"""What is about both groups, so that its fault is either's."""
DENIED = ("authorized to perform", "have authorization", "permission")


LOST = ("timeout_after",)
ONCE = [("create", LOST), ("edit", LOST), ("destroy", PASSING)]
MORE = [("create", PASSING), ("edit", PASSING), ("destroy", LOST)]


@pytest.mark.sample(3, per="proof")
@pytest.mark.parametrize(("name", "kinds"), [*ONCE, *(MORE if IS_EXHAUSTIVE else ())])
def test_writes_that_fail_once_are_made_again(proof, name, kinds):
    """Each write of a run fails the first time, whether or not it had its effect: the run ends as an untroubled one."""
    scenario = proof.module.SCENARIOS[name]
    writes = proof.expected(name)[1]
    for first in range(len(kinds) if IS_EXHAUSTIVE else 1):
        world = proof.prepared(scenario)
        # the first write, then, the repeated one having gone through, the second, and so on
        rules = [
            {"kind": kinds[(first + number) % len(kinds)], "write_only": True, "after": number}
            for number in range(len(writes))
        ]
        world.doors.faults(rules)
        scenario.run(proof.cloud).raise_for_failures()
        assert not world.doors.list_faults()
        assert len([event for event in proof.events if isinstance(event, CallRetried)]) == len(writes)
        plan = scenario.plan(proof.cloud)
        assert not plan, plan.to_dict()
        assert proof.names(world) == proof.expected(name)[0]


@pytest.mark.parametrize("name", sampled(["create", "edit", "prune", "destroy"], 2, "lasting"))
def test_a_lasting_fault_ends_one_group_and_no_other(proof, name):
    """What depends on it is not tried; each outcome is said; the next run, without the fault, ends the work."""
    writes = proof.expected(name)[1]
    operations = sorted({call.operation for call in writes if "virtualmin-web" in str(call.params)} - SHARED)
    cases = product(operations, ("denied", "error500", "timeout_after"))
    for operation, kind in sampled(cases, 1, f"{proof.name} {name}"):
        with noting(f"{name}: {operation}, {kind}"):
            last(proof, name, operation, kind)


def last(proof, name, operation, kind):
    scenario, cloud = proof.module.SCENARIOS[name], proof.cloud
    world = proof.prepared(scenario)
    world.doors.fault(kind, operation=operation, contains="virtualmin-web", times=None)
    applied = scenario.run(cloud)
    world.doors.clear_faults()
    not_through = {one.change.key for one in applied.outcomes if one.error}
    assert [one for one in applied.outcomes if one.error and not one.skipped]
    assert {one.change.group for one in applied.outcomes if one.error} == {"web"}
    assert {one.word for one in applied.outcomes if one.change.group == "api"} == {"done"}
    for one in applied.outcomes:
        blocked = bool(one.change.after & not_through)
        assert one.skipped == blocked, str(one)
        assert not blocked or "not tried, because" in one.error
        if kind == "denied" and one.error and not one.skipped:
            assert any(text in one.error for text in DENIED), one.error
    assert applied.to_dict()["ok"] is False
    deleted = {one.change.key for one in applied.outcomes if one.is_done and one.change.action == "delete"}
    assert not deleted & set(cloud.provider.resources.read(proof.module.fleet()).resources), (
        "said to be deleted, and is there"
    )
    cloud.apply(scenario.plan(cloud), **AGREED).raise_for_failures()
    plan = scenario.plan(cloud)
    assert not plan, plan.to_dict()
    assert proof.is_as_after_one_run(world, name)
