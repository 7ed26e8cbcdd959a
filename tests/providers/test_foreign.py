"""
Other people's things on three clouds: never touched, whatever their names, and never taken over by a write.

A name that stands without our mark is an error until it is adopted.
"""

import pytest

from tests.laws import IS_EXHAUSTIVE
from tests.providers.killing import noting
from trimtab.errors import ApplyFailed

pytestmark = pytest.mark.sweep

AGREED = {"allow_delete": True, "allow_replace": True}
QUICK = {"wait": "accepted", **AGREED}


def put(proof, fleet):
    proof.cloud.apply(proof.cloud.plan(fleet), **QUICK).raise_for_failures()
    assert not proof.cloud.plan(fleet)


def test_things_with_similar_names_are_left_alone(proof):
    """While a fleet is made, edited, pruned, destroyed and made again."""
    module, cloud = proof.module, proof.cloud
    names = list(module.SCENARIOS) if IS_EXHAUSTIVE else ["create"]
    for name in names:
        world = proof.prepared(module.SCENARIOS[name], foreign=True)
        foreign = proof.foreign(world)
        assert foreign
        for wanted in (module.SCENARIOS[name].after, module.edited, module.pruned, None, module.fleet):
            plan = cloud.destroy(module.fleet()) if wanted is None else cloud.plan(wanted())
            assert not plan.problems
            assert {change.group for change in plan} <= {"web", "api"}
            cloud.apply(plan, **QUICK).raise_for_failures()
            assert not (cloud.destroy(module.fleet()) if wanted is None else cloud.plan(wanted()))
            assert proof.foreign(world) == foreign


def test_a_fleet_whose_name_begins_with_ours_is_another(proof):
    """Neither plans, deletes nor takes over anything of the other's."""
    module, cloud = proof.module, proof.cloud
    ours = module.fleet()
    other = ours.model_copy(update={"name": "virtualmin-web", "groups": ours.groups[:1]})
    proof.prepared(module.SCENARIOS["create"])
    for fleet, neighbour in ((ours, other), (other, ours)):
        put(proof, neighbour)
        put(proof, fleet)
        assert not cloud.plan(neighbour)
        cloud.apply(cloud.destroy(fleet), **QUICK).raise_for_failures()
        assert not cloud.plan(neighbour)


def test_a_name_that_is_taken_is_held_back_alone(proof):
    for kind in proof.module.TAKEN:
        with noting(kind):
            world = proof.prepared(proof.module.SCENARIOS["create"])
            look = proof.module.put_theirs(world, kind)
            before = look()
            plan = proof.cloud.plan(proof.module.fleet())
            assert any("is not managed by trimtab" in problem.text for problem in plan.problems)
            applied = proof.cloud.apply(plan, **QUICK)
            assert look() == before
            assert {one.word for one in applied.outcomes if one.change.group == "api"} == {"done"}, "the rest goes on"
            assert any("is not managed by trimtab" in text for text in applied.held)
            with pytest.raises(ApplyFailed, match="not managed by trimtab"):
                applied.raise_for_failures()


def test_a_name_that_is_taken_after_the_plan_is_left_alone(proof):
    for kind in proof.module.TAKEN_LATER:
        with noting(kind):
            world = proof.prepared(proof.module.SCENARIOS["create"])
            plan = proof.cloud.plan(proof.module.fleet())
            look = proof.module.put_theirs(world, kind)
            before = look()
            applied = proof.cloud.apply(plan, wait="accepted")
            assert look() == before
            failed = next(one for one in applied.outcomes if one.error and not one.skipped)
            assert failed.change.key.kind == kind
            assert "not this fleet's" in failed.error
            assert {one.word for one in applied.outcomes if one.change.group == "api"} == {"done"}
