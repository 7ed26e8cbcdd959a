"""What checks add to the notes of a plan."""

from dataclasses import replace

import pytest

import trimtab as tt
from tests.conftest import make_group
from trimtab.checks.notes import advice
from trimtab.providers.memory.store import MemoryStore

ONLY_OUT = {"policies": {"scale-out": {"change": 1}}, "schedules": {}}
CALM = {"policies": {}, "alarms": {}, "schedules": {}}


@pytest.fixture
def store():
    return MemoryStore(tt.ManualClock())


@pytest.fixture
def cloud(store):
    return tt.connect("memory", store=store, clock=store.clock)


def fleet_of(*groups):
    return tt.Fleet(name="virtualmin", groups=groups)


def codes(plan):
    return [note.code for note in plan.notes]


def apply(cloud, fleet):
    cloud.apply(cloud.plan(fleet)).raise_for_failures()


def test_findings_are_notes_with_their_code(cloud):
    plan = cloud.plan(fleet_of(make_group(**ONLY_OUT)))
    assert codes(plan) == ["TT110"]
    assert str(plan.notes[0]).startswith("group web: TT110 policies: scale-out scales out")
    (note,) = plan.to_dict()["notes"]
    assert (note["group"], note["code"], note["path"]) == ("web", "TT110", "policies")
    assert note["message"].startswith("policies: scale-out scales out")


def test_groups_that_share_a_finding_share_a_note(cloud):
    groups = [make_group(f"g{number}", **ONLY_OUT) for number in range(5)]
    (note,) = cloud.plan(fleet_of(*groups)).notes
    assert note.group == "g0, g1, g2 and 2 more"


def test_findings_are_no_part_of_what_was_approved(cloud):
    """Not of the fingerprint, not of strict, not of whether there is anything to do."""
    fleet = fleet_of(make_group(**ONLY_OUT))
    apply(cloud, fleet)
    plan = cloud.plan(fleet, strict=True)
    assert codes(plan) == ["TT110"]
    assert not plan
    assert not plan.problems


def test_findings_take_no_call(cloud, store):
    noisy, calm = fleet_of(make_group(**ONLY_OUT)), fleet_of(make_group(**CALM))
    apply(cloud, noisy)

    def calls(fleet):
        before = len(store.calls)
        cloud.plan(fleet)
        return store.calls[before:]

    assert calls(noisy) == calls(calm)


def test_a_plan_to_destroy_gives_no_advice(cloud):
    fleet = fleet_of(make_group(**ONLY_OUT))
    apply(cloud, fleet)
    assert not any(codes(cloud.destroy(fleet)))


def test_adopting_one_group_gives_advice_on_that_one(cloud):
    fleet = fleet_of(make_group("web", **ONLY_OUT), make_group("api", **ONLY_OUT))
    assert [note.group for note in cloud.adopt(fleet, ["api"]).notes] == ["api"]


def test_a_plan_with_problems_gives_advice_too(cloud, store):
    fleet = fleet_of(make_group(**ONLY_OUT))
    apply(cloud, fleet)
    for thing in store.things.values():
        thing.mark = None
    plan = cloud.plan(fleet)
    assert plan.problems
    assert "TT110" in codes(plan)


# TT6xx


def newest_of(**fields):
    template = {"image": {"newest": "u-*", "owner": "us"}, "size": "t3.medium"}
    return fleet_of(make_group(template=template, **CALM, **fields))


def test_tt601_finds_a_newer_image(cloud, store):
    store.images["u-*"] = ["u-1"]
    apply(cloud, newest_of())
    store.images["u-*"].append("u-2")
    plan = cloud.plan(newest_of())
    assert codes(plan) == ["TT601"]
    assert "TT601 a newer image, u-2" in str(plan.notes[0])


def test_tt601_lets_the_newest_image_be(cloud, store):
    store.images["u-*"] = ["u-1"]
    apply(cloud, newest_of())
    assert codes(cloud.plan(newest_of())) == []


def sized(size):
    return fleet_of(make_group(template={"image": "ami-1", "size": size}, **CALM))


def test_tt602_finds_instances_of_an_old_template(cloud):
    apply(cloud, sized("t3.medium"))
    apply(cloud, sized("t3.large"))
    plan = cloud.plan(sized("t3.large"))
    assert codes(plan) == ["TT602"]
    assert "2 of 2 instances run on an old template" in plan.notes[0].text


def test_tt602_lets_instances_be_that_a_plan_is_about_to_outdate(cloud):
    """What runs is still of the template that the group has; the plan itself shows the change."""
    apply(cloud, sized("t3.medium"))
    assert codes(cloud.plan(sized("t3.large"))) == []


def test_tt602_lets_a_group_be_that_is_being_deleted(cloud):
    apply(cloud, sized("t3.medium"))
    apply(cloud, sized("t3.large"))
    fleet, kinds = sized("t3.large"), cloud.provider.kinds
    live = cloud.provider.resources.read(fleet)
    going = {key: replace(thing, deleting=True) for key, thing in live.resources.items()}
    assert [note.code for note in advice(fleet, "memory", live, kinds)] == ["TT602"]
    assert advice(fleet, "memory", replace(live, resources=going), kinds) == ()


def test_tt602_lets_groups_of_other_owners_be(cloud, store):
    apply(cloud, sized("t3.medium"))
    apply(cloud, sized("t3.large"))
    for thing in store.things.values():
        thing.mark = None
    assert "TT602" not in codes(cloud.plan(sized("t3.large")))
