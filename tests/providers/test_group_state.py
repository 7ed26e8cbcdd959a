"""
When a group is stable, whatever its instances weigh.

"Amazon EC2 Auto Scaling launches instances until the desired capacity is totally fulfilled, even if this results in an
overage": LaunchTemplateOverrides, WeightedCapacity, Auto Scaling API Reference.
"""

from dataclasses import replace
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from trimtab.providers.base import GroupState, Instance, InstanceState

laws = settings(max_examples=examples(), deadline=None)
WEIGHTS = st.lists(st.integers(1, 999), min_size=1, max_size=8)


@cache
def instance_of(place, weight):
    return Instance(id=f"i-{place}", weight=weight)


def state_of(desired, weights, **changes):
    instances = tuple(instance_of(place, weight) for place, weight in enumerate(weights))
    return replace(
        GroupState(name="web", location="here", min=0, max=10**6, desired=desired, instances=instances), **changes
    )


@laws
@given(desired=st.integers(0, 3000), offered=WEIGHTS)
def test_a_group_is_stable_once_its_instances_hold_its_size_and_not_before(desired, offered):
    """Instances are launched one after the other, each of the next size that is offered, until they hold it."""
    weights = []
    while sum(weights) < desired:
        assert not state_of(desired, weights).is_stable
        weights.append(offered[len(weights) % len(offered)])
    assert state_of(desired, weights).is_stable
    assert state_of(desired, weights).is_healthy
    if weights:
        assert not state_of(desired, [*weights, max(weights)]).is_stable


@laws
@given(desired=st.integers(0, 20), running=st.integers(0, 20))
def test_without_weights_exactly_the_wanted_number_is_stable(desired, running):
    assert state_of(desired, [1] * running).is_stable is (desired == running)


def test_states_count_units():
    state = state_of(10, [4, 4, 4])
    kinds = {"pending": InstanceState.PENDING, "terminating": InstanceState.TERMINATING}
    for name, kind in kinds.items():
        first, *others = state.instances
        moving = replace(state, instances=(replace(first, state=kind), *others))
        assert (moving.running, moving.serving, moving.is_stable) == (8, 8, False), name
    assert (state.running, state.pending, state.unit) == (12, 0, "units")
    assert state_of(2, [1, 1]).unit == "instances"


def test_an_instance_that_serves_nothing_keeps_a_group_from_being_healthy():
    state = state_of(10, [4, 4, 4])
    first, *others = state.instances
    idle = replace(state, instances=(replace(first, serving=False), *others))
    assert (idle.serving, idle.is_stable, idle.is_healthy) == (8, True, False)
