"""A group of the cloud in memory, back in our words."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.conftest import make_group
from tests.laws import examples
from tests.providers.import_law import assert_notes_are_the_plan, import_adopt_and_plan, plan_after_adopt
from trimtab.errors import NotFound, Unsupported
from trimtab.plan import Key, Mark, Resource
from trimtab.providers.memory.importing import import_group
from trimtab.providers.memory.kinds import KINDS
from trimtab.providers.memory.translate import MemoryFacts, translate

POLICIES = {
    "out": {"change": 1},
    "steps": {"type": "step", "steps": [{"lower": 0, "change": 2}]},
    "steady": {"type": "target-tracking", "metric": "cpu", "target": 50},
    "ahead": {"type": "predictive", "metric": "cpu", "target": 40},
}


def applied(cloud, group, fleet="shop"):
    cloud.apply(cloud.plan(tt.Fleet(name=fleet, groups=[group]))).raise_for_failures()
    return group


def in_order(group):
    """The group with its parts in the order of their names, in which they are found."""
    parts = {name: getattr(group, name) for name in ("policies", "alarms", "schedules")}
    return group.model_copy(
        update={name: tuple(sorted(items, key=lambda one: one.name)) for name, items in parts.items()}
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"policies": POLICIES, "alarms": {"hot": {"metric": "cpu", "above": 70, "triggers": ["out", "steps"]}}},
        {"placement": {"subnet_tags": {"Type": "Private"}, "zones": ["a"]}, "load_balancers": ["front"]},
        {"template": {"image": "i", "size": "s", "user_data": "x", "disks": [{"size_gb": 8}]}, "tags": {"Team": "ops"}},
        {"aws": {"lifecycle_hooks": [{"name": "bye", "on": "terminate"}]}, "purchase": {"spot": True}},
    ],
)
def test_a_group_comes_back_as_it_was_declared(fields):
    with tt.connect("memory", clock=tt.ManualClock()) as cloud:
        group = applied(cloud, make_group(**fields))
        found = cloud.import_group("shop-web", fleet="shop")
    assert found.group == in_order(group)
    assert not found.notes


def test_a_group_of_another_fleet_keeps_its_name():
    with tt.connect("memory", clock=tt.ManualClock()) as cloud:
        applied(cloud, make_group())
        found = cloud.import_group("shop-web", fleet="other").group
    assert (found.name, found.native_name) == ("shop-web", "shop-web")


def test_there_is_no_such_group():
    with tt.connect("memory") as cloud, pytest.raises(NotFound, match="group 'shop-web' not found"):
        cloud.import_group("shop-web")


# the law: what is noted is what the next plan changes


metrics = st.sampled_from(["cpu", "memory", "requests-per-instance"])
sizes = st.integers(0, 9)
policies = st.one_of(
    st.builds(lambda change: {"change": change}, st.integers(-5, 5)),
    st.builds(lambda target: {"type": "target-tracking", "metric": "cpu", "target": target}, st.integers(-1, 99)),
    st.just({"type": "nonsense"}),
)
alarms = st.fixed_dictionaries(
    {"metric": metrics, "above": st.integers(0, 99)}, optional={"period": st.just("nonsense")}
)
words = st.sampled_from(["out", "in", "hot", "web-hot", "shop-web-hot"])


@st.composite
def clouds(draw):
    """The bodies of one group and its parts, some of which no model has, marked by one fleet, another, or none."""
    mark = draw(st.sampled_from([None, Mark("shop", "web"), Mark("other", "web")]))
    group = Key("local", "group", "shop-web")
    body = {
        "base": {"min": draw(sizes), "max": draw(st.integers(5, 9))},
        "min": draw(sizes),
        "max": draw(sizes),
        "desired": draw(sizes),
        "template": {"name": "shop-web", "version": 1},
        **draw(
            st.fixed_dictionaries(
                {}, optional={"zones": st.lists(st.sampled_from("ab"), unique=True), "tags": st.just({"Team": "ops"})}
            )
        ),
        **draw(
            st.fixed_dictionaries({}, optional={"cooldown": st.sampled_from(["5m", "nonsense"]), "new": st.just(1)})
        ),
    }
    found = [
        Resource(key=group, body=body, mark=mark, attributes={"id": "shop-web", "instances": 2}),
        Resource(
            key=Key("local", "template", "shop-web"),
            body={"image": "i", "size": "s", **draw(st.fixed_dictionaries({}, optional={"newer": st.just(True)}))},
            mark=mark,
            attributes={"id": "shop-web", "version": 1},
        ),
    ]
    named = draw(st.dictionaries(words, policies, max_size=3))
    found += [
        Resource(key=Key("local", "policy", name, "shop-web"), body=one, attributes={"id": f"shop-web/{name}"})
        for name, one in named.items()
    ]
    for name, one in draw(st.dictionaries(words, alarms, max_size=2)).items():
        triggers = [f"shop-web/{each}" for each in named][:1]
        found.append(Resource(key=Key("local", "alarm", name), body={**one, "triggers": triggers}, mark=mark))
    return {item.key: item for item in found}, group


@settings(max_examples=examples(), deadline=None)
@given(clouds(), st.sampled_from([None, "shop", "mine"]))
def test_the_notes_are_what_the_next_plan_changes(cloud, fleet):
    found, key = cloud
    now = datetime(2026, 1, 1, tzinfo=UTC)
    try:
        imported = import_group(found, key, location="local", now=now, fleet=fleet)
    except Unsupported:
        return
    wanted = translate(tt.Fleet(name=imported.fleet, groups=(imported.group,)), MemoryFacts(), now, "local").resources
    parts = [item for item in found.values() if item.key.kind != "alarm" or item.mark or item.body["triggers"]]
    plan = plan_after_adopt("memory", KINDS, imported, parts, wanted, now)
    assert_notes_are_the_plan(imported, plan)


def test_what_the_cloud_was_given_comes_back_without_a_note():
    with tt.connect("memory", clock=tt.ManualClock()) as cloud:
        applied(cloud, make_group())
        for thing in cloud.provider.connection.things.values():
            thing.mark = None
        found, _, plan = import_adopt_and_plan(cloud, "shop-web", fleet="shop")
        assert_notes_are_the_plan(found, plan)
        assert not found.notes
        assert not plan


def test_alarms_of_another_name_are_made_beside_the_old_ones():
    """A fleet of its own calls its alarms otherwise; the notes say what is made and what stays."""
    with tt.connect("memory", clock=tt.ManualClock()) as cloud:
        applied(cloud, make_group())
        for thing in cloud.provider.connection.things.values():
            thing.mark = None
        found, _, plan = import_adopt_and_plan(cloud, "shop-web", fleet="mine")
        assert_notes_are_the_plan(found, plan)
    assert sorted(str(note.effect) for note in found.notes) == ["creates", "stays"]


def test_a_group_of_another_fleet_is_refused_and_the_note_says_so():
    with tt.connect("memory", clock=tt.ManualClock()) as cloud:
        applied(cloud, make_group())
        found = cloud.import_group("shop-web", fleet="other")
        assert cloud.plan(tt.Fleet(name="other", groups=(found.group,))).problems
    assert any("belongs to fleet 'shop'" in note.reason for note in found.notes)


def test_a_group_comes_back_into_the_fleet_that_it_bears():
    with tt.connect("memory", clock=tt.ManualClock()) as cloud:
        applied(cloud, make_group().model_copy(update={"native_name": "legacy"}))
        found = cloud.import_group("legacy")
    assert (found.fleet, found.owner, found.group.name, found.group.native_name) == ("shop", "shop", "web", "legacy")
    assert not found.notes
