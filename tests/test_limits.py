"""Plans are held to the limits of their fleet: when they are made, and again when they are applied."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.conftest import make_fleet, make_group
from tests.laws import examples
from trimtab import errors
from trimtab.providers.memory.store import MemoryStore

EXAMPLE = Path(__file__).parents[1] / "examples" / "virtualmin" / "fleet.yaml"
BARE = {"policies": {}, "alarms": {}, "schedules": {}}
NONE_AT_ALL = tt.PlanLimits(fall=0, rise=0)


@dataclass
class Memory:
    store: MemoryStore
    cloud: tt.Cloud

    def fleet(self, *, limits=None, **fields):
        group = make_group("web", **{**BARE, **fields})
        return make_fleet(group, limits=limits or tt.PlanLimits())

    def apply(self, fleet, **consent):
        return self.cloud.apply(self.cloud.plan(fleet), "accepted", **consent).raise_for_failures()

    @property
    def size(self):
        return self.cloud.group("virtualmin-web").read().desired


def make_memory():
    store = MemoryStore(tt.ManualClock())
    return Memory(store, tt.connect("memory", store=store, clock=store.clock))


@pytest.fixture
def memory():
    return make_memory()


POLICIES = {"policies": {"out": {"change": 1}}}


def bounds(low, high, desired=None):
    return {"capacity": {"min": low, "max": high, "desired": desired}}


def test_a_maximum_below_what_runs_is_a_fall(memory):
    """The size is the policies', and is not in the plan; the bound that cuts it is."""
    memory.apply(memory.fleet(**bounds(1, 10), **POLICIES))
    memory.cloud.group("virtualmin-web").scale(to=8)
    plan = memory.cloud.plan(memory.fleet(**bounds(1, 2), **POLICIES, limits=tt.PlanLimits(fall="50%")))
    (problem,) = plan.problems
    fact = "limits.fall: the size falls from 8 to 2 instances, by 6 at once, and at most 50% is allowed"
    assert str(problem) == f"group web: {fact}; go to 4 first, or raise `limits.fall`"
    assert plan.is_refused
    with pytest.raises(errors.PlanRefused, match=r"limits\.fall"):
        memory.cloud.apply(plan)
    memory.apply(memory.fleet(**bounds(1, 4), **POLICIES, limits=tt.PlanLimits(fall="50%")))
    assert memory.size == 4


def test_it_is_held_again_against_what_runs_when_it_is_applied(memory):
    """Fewer ran when it was planned: that it no longer fits is no matter of the fingerprint."""
    memory.apply(memory.fleet(**bounds(1, 10), **POLICIES))
    memory.cloud.group("virtualmin-web").scale(to=3)
    plan = memory.cloud.plan(memory.fleet(**bounds(1, 2), **POLICIES, limits=tt.PlanLimits(fall=1)))
    assert not plan.problems
    memory.cloud.group("virtualmin-web").scale(to=9)
    with pytest.raises(errors.PlanRefused, match="falls from 9 to 2 instances, by 7 at once"):
        memory.cloud.apply(plan)
    assert memory.size == 9
    memory.cloud.group("virtualmin-web").scale(to=3)
    memory.cloud.apply(plan, "accepted").raise_for_failures()
    assert memory.size == 2


def test_deletions_are_counted_by_groups_and_hold_destroy_too(memory):
    groups = [make_group(name, **BARE) for name in ("web", "api", "job")]
    memory.apply(make_fleet(*groups))
    left = make_fleet(groups[0], limits=tt.PlanLimits(deletions=1))
    (problem,) = memory.cloud.plan(left).problems
    assert "2 are deleted or replaced (group virtualmin-api, group virtualmin-job), and at most 1 may be" in str(
        problem
    )
    assert not memory.cloud.plan(make_fleet(*groups[:2], limits=tt.PlanLimits(deletions=1))).problems
    assert memory.cloud.destroy(left).is_refused
    assert not memory.cloud.destroy(make_fleet(*groups)).is_refused


def test_new_groups_adoption_and_what_is_left_to_others_fall_under_none(memory):
    strict = tt.PlanLimits(fall=0, rise=0, deletions=0)
    memory.apply(memory.fleet(**bounds(5, 9), limits=strict))
    left = memory.fleet(**bounds(1, 2), limits=strict, unmanaged=["capacity"], cooldown="7m")
    assert [change.action for change in memory.cloud.plan(left)] == ["update"]
    assert not memory.cloud.plan(left).problems
    for thing in memory.store.things.values():
        thing.mark = None
    assert not memory.cloud.adopt(memory.fleet(**bounds(1, 2), limits=strict)).problems


def test_a_size_that_cannot_be_read_is_a_problem(memory):
    memory.apply(memory.fleet(**bounds(1, 9)))
    wanted = memory.fleet(**bounds(1, 8), limits=NONE_AT_ALL)
    assert not memory.cloud.plan(wanted).problems
    seen = []

    def fault(operation, key):
        seen.append(operation)
        return errors.AccessDenied("not allowed") if operation == "read groups" else None

    memory.store.fault = fault
    plan = memory.cloud.plan(wanted)
    assert "read groups" in seen
    assert "how large the groups are could not be read" in str(plan.problems[0])


def test_without_limits_nothing_more_is_read(memory):
    memory.apply(memory.fleet(**bounds(1, 9)))
    calls = []
    for limits in (None, tt.PlanLimits(deletions=0), NONE_AT_ALL):
        memory.store.calls.clear()
        memory.cloud.plan(memory.fleet(**bounds(1, 8), limits=limits))
        calls.append(len(memory.store.calls))
    assert calls[0] == calls[1] < calls[2]
    memory.store.calls.clear()
    memory.cloud.plan(memory.fleet(**bounds(1, 9), limits=NONE_AT_ALL))
    assert len(memory.store.calls) == calls[0] - 1, "of groups that change it is asked what they lack"


SIZES = st.integers(0, 6)
FIELDS = st.fixed_dictionaries(
    {
        "low": SIZES,
        "more": SIZES,
        "desired": st.none() | SIZES,
        "owned": st.booleans(),
        "window": st.none() | st.tuples(SIZES, SIZES),
    }
)


def drawn(low, more, desired, owned, window):
    wanted = None if desired is None else min(low + desired, low + more)
    given = {**bounds(low, low + more, wanted), **(POLICIES if owned else {})}
    if window is not None:
        first, extra = window
        day = {"cron": "0 0 * * *", "zone": "UTC", "min": first, "max": first + extra, "duration": "23h"}
        given["schedules"] = {"day": day}
    return given


@settings(max_examples=examples(), deadline=None)
@given(before=FIELDS, after=FIELDS, runs=SIZES)
def test_what_a_plan_says_of_a_size_is_what_comes_of_it(before, after, runs):
    """Held against the cloud in memory: the size after the apply is the one that the limit told, whoever owns it."""
    memory = make_memory()
    memory.apply(memory.fleet(**drawn(**before)))
    live = memory.cloud.group("virtualmin-web").read()
    memory.cloud.group("virtualmin-web").scale(to=max(live.min, min(live.max, runs)))
    first = memory.size
    problems = memory.cloud.plan(memory.fleet(**drawn(**after), limits=NONE_AT_ALL)).problems
    memory.apply(memory.fleet(**drawn(**after)), allow_replace=True)
    verb = "falls" if memory.size < first else "rises"
    said = [f"the size {verb} from {first} to {memory.size} instances"] if memory.size != first else []
    assert len(problems) == len(said), problems
    assert all(text in str(problem) for text, problem in zip(said, problems, strict=True))


# on the clouds


def example_group(provider, low, high, desired=None):
    """The first group of the cloud's example, sized by its policies."""
    fleet = tt.load_fleet(EXAMPLE, provider=provider, env={})
    capacity = tt.Capacity(min=low, max=high, desired=desired)
    return fleet.groups[0].model_copy(update={"capacity": capacity, "schedules": ()})


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
def test_clouds_fall_as_the_plan_says(provider, request):
    emulators = pytest.importorskip("trimtab.testing")
    emulator = request.getfixturevalue(f"{provider}_emulator")
    emulator.reset()
    emulator.furnish()
    world = getattr(emulators, f"{provider.capitalize()}TestCloud")(emulator)

    def fleet(*sizes, **limits):
        group = example_group(provider, *sizes)
        return tt.Fleet(name="shop", groups=(group,), limits=tt.PlanLimits(**limits))

    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet(1, 10, 8)), "accepted").raise_for_failures()
        live = cloud.group(f"shop-{example_group(provider, 1, 10).name}")
        live.scale(to=8)
        assert live.read().desired == 8
        (problem,) = cloud.plan(fleet(1, 2, fall=5, rise=0)).problems
        assert "limits.fall: the size falls from 8 to 2 instances, by 6 at once" in str(problem)
        cloud.apply(cloud.plan(fleet(1, 2, fall=6, rise=0)), "accepted").raise_for_failures()
        world.clock.advance(tt.minutes(10))
        assert live.read().desired == 2
