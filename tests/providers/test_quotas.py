"""What quotas do not allow is a note of the plan that would grow beyond them, and of no other plan; on every cloud."""

from datetime import timedelta

import pytest

from tests.conftest import make_fleet, make_group
from tests.providers.emulated import CLOUDS, TEMPLATES, emulated
from trimtab.errors import ApplyFailed
from trimtab.providers.quotas import Account, Quota, QuotaUnit, demands_of, quota_notes

SIZES = {"aws": "m5.xlarge", "azure": "Standard_D4s_v5", "gcp": "n2-standard-4"}
"""Of four processors each."""
CPUS = {"aws": "L-1216C47A", "azure": "standardDSv5Family", "gcp": "N2_CPUS"}
SPOT = {"aws": "L-34B43A08", "azure": "lowPriorityCores", "gcp": "PREEMPTIBLE_CPUS"}
OTHERS = {
    "aws": {"groups": "autoscaling-groups"},
    "azure": {"cpus": "cores", "instances": "virtualMachines", "groups": "virtualMachineScaleSets"},
    "gcp": {"instances": "INSTANCES", "groups": "REGIONAL_INSTANCE_GROUP_MANAGERS"},
}
ASKED = {
    "aws": {"GetServiceQuota", "GetAWSDefaultServiceQuota", "DescribeAccountLimits"},
    "azure": {"Usage_List"},
    "gcp": {"regions.get"},
}
BARE = {"policies": {}, "alarms": {}, "schedules": {}}


@pytest.fixture(scope="module", params=sorted(CLOUDS))
def shared(request):
    with emulated(request.param) as world:
        yield request.param, world


@pytest.fixture
def here(shared):
    name, world = shared
    world.emulator.doors.reset()
    if name == "azure":
        world.emulator.doors.make_group(world.resource_group, location=world.location)
    return name, world


def a_fleet(name, world, *, size=4, **fields):
    given = {"template": {**TEMPLATES[name], "size": SIZES[name]}, "capacity": {"min": 0, "max": size}, **BARE}
    if name == "azure":
        given["placement"] = {"subnets": [world.make_network("net", "default")]}
    return make_fleet(make_group("web", **{**given, **fields}))


def quota_texts(plan):
    assert not plan.problems
    return [str(note) for note in plan.notes if "quota" in str(note)]


def asked(name, world):
    return [one.operation for one in world.emulator.doors.requests() if one.operation in ASKED[name]]


def test_just_enough_says_nothing_and_one_too_many_is_a_note(here):
    """At the maximum of the group, whatever it has now; with the same text of each quota that counts."""
    name, world = here
    fleet, doors = a_fleet(name, world), world.emulator.doors
    quotas = {CPUS[name]: 16, **dict.fromkeys([OTHERS[name].get("cpus", CPUS[name])], 16)}
    quotas |= {OTHERS[name]["instances"]: 4} if "instances" in OTHERS[name] else {}
    quotas[OTHERS[name]["groups"]] = 1
    with world.connect() as cloud:
        for quota, enough in quotas.items():
            doors.set_quota(quota, enough)
        assert quota_texts(cloud.plan(fleet)) == []
        for quota, enough in quotas.items():
            doors.end_quotas()
            doors.set_quota(quota, enough - 1)
            (text,) = quota_texts(cloud.plan(fleet))
            assert text.startswith("group web: capacity.max: at their maximum ")
            assert f"take {enough} " in text
            assert f" is {enough - 1};" in text


def test_a_plan_asks_only_where_something_grows(here):
    """Once for the region; a plan without changes not at all, nor one that lowers nothing but a cooldown."""
    name, world = here
    fleet = a_fleet(name, world)
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        counts = []
        for wanted in (fleet, a_fleet(name, world, tags={"team": "web"}), a_fleet(name, world, size=5)):
            world.emulator.doors.clear_requests()
            cloud.plan(wanted)
            counts.append(len(asked(name, world)))
    assert (counts[0], counts[2]) == (0, 1)
    assert counts[1] <= 1  # on Google Cloud tags make another template


def test_what_may_not_be_asked_is_one_note_and_stops_nothing(here):
    name, world = here
    fleet = a_fleet(name, world)
    for operation in ASKED[name]:
        world.emulator.doors.fault("denied", operation=operation, times=None)
    with world.connect() as cloud:
        plan = cloud.plan(fleet)
        (text,) = quota_texts(plan)
        assert "could not be read, and the plan checks none" in text
        cloud.apply(plan, wait="accepted").raise_for_failures()


@pytest.mark.parametrize(
    ("rollout", "taken"),
    [({"max_surge": 3}, 28), ({"max_surge": "25%"}, 20), ({"strategy": "blue-green"}, 32)],
    ids=["surge", "share", "second group"],
)
def test_what_a_rollout_adds_counts(here, rollout, taken):
    """On Azure a surge stays within the maximum, since autoscale takes away what is above it."""
    name, world = here
    fleet, doors = a_fleet(name, world, rollout=rollout), world.emulator.doors
    is_second = "strategy" in rollout
    with world.connect() as cloud:
        doors.set_quota(CPUS[name], taken)
        assert quota_texts(cloud.plan(fleet)) == []
        doors.set_quota(CPUS[name], taken - 1)
        texts = quota_texts(cloud.plan(fleet))
    if name == "azure" and not is_second:
        assert texts == []
        return
    field = "rollout.strategy" if is_second else "rollout.max_surge"
    (text,) = texts
    assert text.startswith(f"group web: {field}: a rollout adds {taken - 16} vCPUs to the 16 of the groups")


def test_spot_has_a_quota_of_its_own(here):
    name, world = here
    fleet, doors = a_fleet(name, world, purchase={"spot": True}), world.emulator.doors
    with world.connect() as cloud:
        doors.set_quota(SPOT[name], 15)
        doors.set_quota(CPUS[name], 3)
        (text,) = quota_texts(cloud.plan(fleet))
    assert "take 16 vCPUs" in text
    assert SPOT[name] in text


def test_what_others_use_leaves_less_for_a_new_group(here):
    """AWS does not tell what is used; on the others it is added to what a new group may take."""
    name, world = here
    first = a_fleet(name, world, capacity={"min": 2, "max": 2})
    other = make_fleet(*a_fleet(name, world, size=3).groups, name="other")
    with world.connect() as cloud:
        cloud.apply(cloud.plan(first), wait="accepted").raise_for_failures()
        world.emulator.doors.advance(timedelta(minutes=10))
        world.emulator.doors.set_quota(CPUS[name], 19)
        texts = quota_texts(cloud.plan(other))
    assert (texts == []) == (name == "aws")
    if texts:
        assert "at their maximum the new groups take 12 vCPUs beside the 8 that are used" in texts[0]


def test_nothing_is_made_above_a_quota(here):
    """The emulator refuses with the vendor's code, and trimtab knows what it is."""
    name, world = here
    fleet = a_fleet(name, world, capacity={"min": 2, "max": 2})
    world.emulator.doors.set_quota(CPUS[name], 7)
    with world.connect() as cloud:
        outcome = cloud.apply(cloud.plan(fleet), wait="accepted")
        world.emulator.doors.advance(timedelta(minutes=2))
        if name == "azure":  # refused as a whole, before anything is made
            with pytest.raises(ApplyFailed, match="exceeding approved standardDSv5Family Cores quota"):
                outcome.raise_for_failures()
            return
        web = cloud.group(fleet.native_name(fleet.groups[0]))
        assert {each.failure for each in web.activities() if each.failure} == {"quota"}
        assert sum(one.state == "running" for one in web.instances()) == 1


# the sums alone


def account(*quotas, provider="aws"):
    return Account(provider, "here", lambda location, demands: quotas, {})


class Waiting:
    """A change that waits for a rollout, as far as its group goes."""

    group = "web"


def notes_of(group, *quotas):
    fleet = make_fleet(group)
    return list(quota_notes(account(*quotas), fleet, {}, [], [Waiting()]))


@pytest.mark.parametrize(
    ("purchase", "amounts"),
    [
        ({}, [(10, False)]),
        ({"spot": True}, [(10, True)]),
        ({"spot": True, "on_demand_base": 3, "on_demand_percent": 50}, [(7, False), (3, True)]),
    ],
)
def test_a_mix_is_split_as_the_cloud_splits_it(purchase, amounts):
    group = make_group(**BARE, capacity={"min": 0, "max": 10}, purchase=purchase)
    found = [(demand.units, next(iter(demand.machines)).is_spot) for demand in demands_of(group)]
    assert found == amounts


def test_a_schedule_may_raise_the_maximum():
    night = {"cron": "0 8 * * *", "zone": "UTC", "max": 30}
    (demand,) = demands_of(make_group(policies={}, alarms={}, schedules={"night": night}))
    assert demand.units == 30


@pytest.mark.parametrize(
    ("sizes", "limit", "is_noted"),
    [
        (["m5.large", "m5.xlarge"], 19, True),  # ten of the smaller one
        (["m5.large", "m5.xlarge"], 20, False),
        (["m5.large", "p4d.24xlarge"], 0, False),  # another quota may serve
        (["m99.large"], 0, False),  # the catalogue has no such size
    ],
)
def test_of_several_sizes_the_least_counts_and_of_unknown_ones_nothing(sizes, limit, is_noted):
    sizes = [{"size": size} for size in sizes]
    group = make_group(**BARE, capacity={"min": 0, "max": 10}, purchase={"sizes": sizes})
    quota = Quota("Q", QuotaUnit.CPUS, limit, counts=lambda machine: not machine.size.startswith("p"))
    assert bool(notes_of(group, quota)) == is_noted


def test_weights_are_units_and_no_instances():
    sizes = [{"size": "m5.large", "weight": 2}, {"size": "m5.xlarge", "weight": 4}]
    group = make_group(**BARE, capacity={"min": 0, "max": 10}, purchase={"sizes": sizes})
    (note,) = notes_of(group, Quota("Q", QuotaUnit.CPUS, 9))
    assert "take 10 vCPUs" in note.text
