"""Two wanted things of one name are a problem that names both, and neither is quietly left out."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.conftest import make_group
from tests.laws import examples
from trimtab.clock import ManualClock
from trimtab.engine.windows import minimums_of
from trimtab.plan import Field, Key, Kind, Live, Mark, MarkPlace, Resource, make_plan
from trimtab.providers.azure.kinds import KINDS as AZURE
from trimtab.providers.azure.schedules import profiles_of
from trimtab.providers.memory.store import MemoryStore
from trimtab.testing import MemoryTestCloud

NOW = datetime(2026, 1, 5, tzinfo=UTC)
GROUP = Kind(name="group", label="group", rank=1, mark=MarkPlace.TAGS, holds_instances=True)
POLICY = Kind(name="policy", label="policy", rank=2, mark=MarkPlace.PARENT, parent="group", fields=(Field(path="n"),))
ALARM = Kind(name="alarm", label="metric alarm", rank=3, mark=MarkPlace.TAGS)
KINDS = {kind.name: kind for kind in (GROUP, POLICY, ALARM)}
NAMES = ("a", "b", "a-b", "b-c", "c", "a-b-c")


def problems(*wanted, kinds=KINDS):
    fleet = tt.Fleet(name="f", groups=[make_group(name) for name in {item.group: None for item in wanted}])
    plan = make_plan(provider="x", kinds=kinds, fleet=fleet, wanted=wanted, live=Live(), now=NOW)
    return [str(problem) for problem in plan.problems]


def thing(kind, name, group, item="", parent="", location="here", **attributes):
    key = Key(location, kind, name, parent)
    return Resource(key=key, body={}, group=group, item=item, mark=Mark("f", group), attributes=attributes)


def test_alarms_of_two_groups():
    one, two = thing("alarm", "f-a-b-c", "a", "alarms.b-c"), thing("alarm", "f-a-b-c", "a-b", "alarms.c")
    assert problems(one, two) == [
        "group a-b: alarms.c: metric alarm 'f-a-b-c' in here would also be that of alarms.b-c of group 'a'; "
        "rename one of the two"
    ]
    assert problems(two, one)
    assert not problems(one, thing("alarm", "f-a-b-c", "a-b", "alarms.c", location="there"))


def test_two_of_one_group():
    one, two = (thing("policy", "web-night-end", "a", f"schedules.{name}", "web") for name in ("night", "night-end"))
    (text,) = problems(thing("group", "web", "a"), one, two)
    assert "schedules.night-end: " in text
    assert "that of schedules.night;" in text


def test_what_groups_of_one_name_contain_is_said_once():
    def both(group):
        return thing("group", "web", group), thing("policy", "web-out", group, "policies.out", "web")

    (text,) = problems(*both("a"), *both("b"))
    assert text == (
        "group b: native_name: group 'web' in here would also be that of group 'a'; "
        "give one of the two another `native_name`"
    )


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        (("web", "west", "g"), ("WEB", "west", "g"), True),
        (("web", "west", "g"), ("web", "north", "G"), True),
        (("web", "west", "g"), ("WEB", "west", "h"), False),
        (("web", "west", "g"), ("web", "west", "h"), True),
        (("web", "west", "g"), ("web", "north", "h"), False),
    ],
)
@pytest.mark.parametrize("kind", AZURE)
def test_azure_tells_names_of_a_resource_group_apart_by_no_case_and_no_location(kind, first, second, clash):
    """And two things of one name and location have one key, whatever their resource groups."""
    made = [
        thing(kind, name, group, f"alarms.{group}", location=location, resource_group=home)
        for group, (name, location, home) in (("a", first), ("b", second))
    ]
    assert bool(problems(*made, kinds=AZURE)) is clash


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES))), unique_by=lambda pair: pair[0]))
@settings(max_examples=examples(), deadline=None)
def test_a_plan_has_a_problem_if_and_only_if_two_alarms_have_one_name(drawn):
    groups = [make_group(name, alarms={one: {"metric": "cpu", "above": 1} for one in some}) for name, some in drawn]
    fleet = tt.Fleet(name="f", groups=groups)
    clock = ManualClock()
    with MemoryTestCloud(clock, MemoryStore(clock)).connect() as cloud:
        plan = cloud.plan(fleet)
    times = Counter(f"f-{name}-{alarm}" for name, some in drawn for alarm in some)
    assert len(plan.problems) == sum(number - 1 for number in times.values())
    assert {change.key.name for change in plan if change.key.kind == "alarm"} == set(times)
    assert all(any(repr(name) in str(one) for one in plan.problems) for name, number in times.items() if number > 1)


CRONS = ("0 8 * * 1", "30 9 * * 2", "0 8 * * 1,3")
SCHEDULES = st.dictionaries(
    st.sampled_from(["day", "day-2", "day-3", "day-2-2", "default", "default-2"]),
    st.one_of(
        st.fixed_dictionaries({"cron": st.sampled_from(CRONS), "until": st.sampled_from(["0 18 * * *", "0 20 * * *"])}),
        st.fixed_dictionaries({"at": st.just("2027-03-01T08:00:00"), "duration": st.just("2h")}),
        st.fixed_dictionaries({"cron": st.just("0 8,12 * * *"), "until": st.just("0 10,15 * * *")}),
    ),
    min_size=1,
    max_size=4,
)


@given(SCHEDULES)
@settings(max_examples=examples(), deadline=None)
def test_no_two_profiles_and_no_two_windows_have_one_name(drawn):
    """What a schedule is split into is never called like another schedule, nor like Azure's default profile."""
    zoned = {name: {**fields, "zone": "UTC", "min": 3} for name, fields in drawn.items()}
    group = make_group("web", schedules=zoned, alarms={})
    names = [profile.name for profile in profiles_of(group, NOW)]
    assert len(set(names)) == len(names)
    assert all(one.name == one.schedule for one in profiles_of(group, NOW)[1:] if one.name in drawn)
    try:
        windows = minimums_of(group, NOW).windows
    except ValueError:
        return
    assert len({one.name for one in windows}) == len(windows)
    assert all(one.name == one.schedule for one in windows if one.name in drawn)
