"""
Schedules with dates on every cloud: their native bodies, read as the clouds read them, hold what the model holds.

The bodies are read by what the emulators read them by: recurrences with a first and a last moment, profiles with
precedence, windows of which the greatest holds.
"""

import random
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.conftest import make_fleet, make_group
from tests.laws import examples
from trimtab.engine.crons import fires
from trimtab.engine.profiles import FixedDate, Profile, Recurrence, active_profile
from trimtab.engine.schedules import edges, in_force
from trimtab.engine.signals import Window, window_problem
from trimtab.engine.windows import reach_of as gcp
from trimtab.providers.aws.schedules import enacted
from trimtab.providers.azure.names import iana_zones
from trimtab.providers.azure.schedules import reach_of as azure
from trimtab.testing import AwsTestCloud, AzureTestCloud, GcpTestCloud, MemoryTestCloud, translate

NOW = datetime(2026, 3, 5, 10, 30, tzinfo=UTC)
YEAR = timedelta(days=366)
HOUR = timedelta(hours=1)
TEMPLATES = {
    "aws": {"image": "ami-0123456789abcdef0", "size": "t3.medium"},
    "azure": {"image": "Canonical:ubuntu-24_04-lts:server:latest", "size": "Standard_D2s_v5"},
    "gcp": {"image": "debian-cloud/debian-12", "size": "e2-small"},
}
HOLD = {"type": "target-tracking", "metric": "cpu", "target": 60, "approximate": True}


def fleet_of(provider, schedules):
    group = make_group(
        "web",
        capacity={"min": 2, "max": 12, "desired": None},
        template=TEMPLATES[provider],
        policies={} if provider == "azure" else {"hold": HOLD},
        alarms={},
        schedules=schedules,
    )
    return make_fleet(group)


def native_minimum(provider, fleet, now):
    """The minimum at any moment from now on, as the cloud keeps it by the bodies of a plan made now."""
    found = translate(fleet, provider, now=now)
    assert not found.problems, [note.text for note in found.problems]
    bodies = {(item.key.kind, item.key.name): dict(item.body) for item in found.resources}
    if provider == "aws":
        return actions(fleet, bodies, now)
    if provider == "azure":
        (setting,) = [body for (kind, _), body in bodies.items() if kind == "autoscale-setting"]
        return profiles(setting["properties"]["profiles"])
    (scaler,) = [body for (kind, _), body in bodies.items() if kind == "autoscaler"]
    return windows(scaler["autoscalingPolicy"])


def actions(fleet, bodies, now):
    (group,) = [body for (kind, _), body in bodies.items() if kind == "autoscaling-group"]
    found = [(now, -1, group["MinSize"])]
    starts = []
    for place, ((kind, _), body) in enumerate(bodies.items()):
        if kind != "scheduled-action" or "MinSize" not in body:
            continue
        begin = datetime.fromisoformat(body["StartTime"]) if "StartTime" in body else None
        end = datetime.fromisoformat(body["EndTime"]) if "EndTime" in body else now + 2 * YEAR
        moments = [] if begin is None else [begin]
        if "Recurrence" in body:
            moments += fires(body["Recurrence"], body["TimeZone"], begin or now, min(end, now + 2 * YEAR))
        assert all(now < moment <= end for moment in moments)
        starts.append((moments[0], body.get("Recurrence")))
        found += [(moment, place, body["MinSize"]) for moment in moments]
    assert len(found) > 1
    assert len(starts) <= 125
    found.sort()
    return lambda at: found[bisect_right(found, (at, 1000, 0)) - 1][2]


def profiles(bodies):
    assert 1 <= len(bodies) <= 20
    read = []
    for body in bodies:
        when, fixed = (body.get("recurrence") or {}).get("schedule"), body.get("fixedDate")
        zone = iana_zones((when or fixed or {"timeZone": "UTC"})["timeZone"])[0]
        span = (
            [datetime.fromisoformat(fixed[name]).replace(tzinfo=ZoneInfo(zone)) for name in ("start", "end")]
            if fixed
            else None
        )
        recurrence = when and Recurrence(zone, tuple(when["days"]), tuple(when["hours"]), tuple(when["minutes"]))
        read.append(Profile(body["name"], recurrence=recurrence or None, fixed_date=FixedDate(*span) if span else None))
    minimum = {body["name"]: int(body["capacity"]["minimum"]) for body in bodies}
    return lambda at: minimum[active_profile(read, at).name]


def windows(policy):
    some = [
        (Window(cron=one["schedule"], zone=one["timeZone"], duration=timedelta(seconds=one["durationSec"])), one)
        for one in policy["scalingSchedules"].values()
    ]
    assert len(some) <= 128
    assert not [text for one, _ in some if (text := window_problem(one.cron, one.zone, one.duration))]
    least = policy["minNumReplicas"]
    return lambda at: max(
        [least, *(one["minRequiredReplicas"] for window, one in some if window.open_since(at) is not None)]
    )


def moments_of(group, now, days, more, dice):
    """Both sides of each edge near a date or a change of clocks, some other edges, and some other hours."""
    zone = ZoneInfo(group.schedules[0].zone)
    found = edges(group, now, now + YEAR)
    near = [edge for edge in found if {edge.astimezone(zone).date() + timedelta(days=n) for n in (-1, 0, 1)} & days]
    chosen = [*near[:60], *dice.sample(found, min(20, len(found)))]
    second = timedelta(seconds=1)
    hours = [now + dice.randrange(366 * 24) * HOUR for _ in range(more)]
    return sorted(at for at in {*chosen, *(edge - second for edge in chosen), *hours} if at > now)


CHANGES = [date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2028, 2, 29)]
single = st.one_of(
    st.integers(0, 320).map(lambda n: (NOW + timedelta(days=n)).date().isoformat()),
    st.sampled_from([day.isoformat() for day in CHANGES]),
)
ranges = st.tuples(st.integers(0, 320), st.integers(1, 9)).map(
    lambda pair: "..".join((NOW + timedelta(days=n)).date().isoformat() for n in (pair[0], sum(pair)))
)


def apart(texts):
    """The dates that name no day which one before has named."""
    kept, days = [], set()
    for text in texts:
        first, _, last = text.partition("..")
        begin, end = date.fromisoformat(first), date.fromisoformat(last or first)
        some = {begin + timedelta(days=n) for n in range((end - begin).days + 1)}
        if not some & days:
            kept.append(text)
            days |= some
    return kept


dates = st.lists(st.one_of(single, ranges), min_size=1, max_size=6).map(apart)
zones = st.sampled_from(["Europe/Madrid", "America/New_York", "UTC", "Asia/Tokyo"])
plain = st.fixed_dictionaries(
    {
        "cron": st.builds(
            "{} {} * * {}".format, st.sampled_from([0, 30]), st.integers(0, 12), st.sampled_from(["*", "1-5", "0,6"])
        ),
        "min": st.integers(3, 9),
    }
)
length = st.one_of(
    st.sampled_from([{"duration": "1h"}, {"duration": "9h"}]),
    st.builds(lambda hour: {"until": f"15 {hour} * * *"}, st.integers(13, 23)),
)
dated = st.one_of(
    dates.map(lambda some: {"skip_dates": some}),
    dates.map(lambda some: {"only_dates": some}),
    st.tuples(dates, dates).map(lambda pair: {"skip_dates": pair[0], "only_dates": pair[1]}),
)


def days_in(schedules):
    found = set(CHANGES)
    for schedule in schedules:
        for text in (*schedule.get("skip_dates", ()), *schedule.get("only_dates", ())):
            first, _, last = text.partition("..")
            found |= {date.fromisoformat(first), date.fromisoformat(last or first)}
    return found


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
@settings(max_examples=examples(30), deadline=None)
@given(
    st.builds(lambda one, lasting, days, zone: {**one, **lasting, **days, "zone": zone}, plain, length, dated, zones),
    st.integers(0, 1000),
)
def test_native_bodies_hold_what_a_schedule_with_dates_holds(provider, schedule, seed):
    """At the edges by its dates, where clocks change and at drawn hours of a year; bar what a cloud says it cannot."""
    fleet = fleet_of(provider, {"day": schedule})
    (group,) = fleet.groups
    if not edges(group, NOW, NOW + YEAR):
        return
    native = native_minimum(provider, fleet, NOW)
    reach = azure(group, NOW) if provider == "azure" else None
    kept = enacted(group) if provider == "aws" else group
    for at in moments_of(group, NOW, days_in([schedule]), 30, random.Random(seed)):
        # a plan says up to when there is room for dates
        if reach is None or at < reach:
            assert native(at) == in_force(kept, at).min, at


holiday = {"cron": "0 8 * * *", "min": 7, "until": "0 20 * * *"}


@pytest.mark.parametrize("provider", ["azure", "gcp"])
@settings(max_examples=examples(12), deadline=None)
@given(plain, length, dates, zones, st.integers(0, 1000))
def test_so_do_those_of_schedules_that_meet(provider, one, lasting, some, zone, seed):
    """A day that is left out has another schedule instead, and a third goes on through it."""
    shop = {**one, **lasting, "zone": zone, "skip_dates": some}
    night = {"cron": "45 22 * * 5", "duration": "7h", "min": 10, "zone": zone}
    schedules = {"shop": shop, "sale": {**holiday, "zone": zone, "only_dates": some}, "night": night}
    fleet = fleet_of(provider, schedules)
    end = (azure if provider == "azure" else gcp)(fleet.groups[0], NOW)
    if end is None:
        told = " ".join(note.text for note in translate(fleet, provider, now=NOW).problems)
        assert provider == "azure"
        assert "an autoscale setting has 20 at most" in told
        return
    native = native_minimum(provider, fleet, NOW)
    for at in moments_of(fleet.groups[0], NOW, days_in([shop]), 20, random.Random(seed)):
        if at < end:
            assert native(at) == in_force(fleet.groups[0], at).min, at


@pytest.mark.sweep
@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
@pytest.mark.sample(1, over="now")
@pytest.mark.parametrize("now", [NOW, datetime(2027, 11, 20, tzinfo=UTC)], ids=["2026", "leap year"])
def test_each_hour_of_a_year(provider, now):
    """Both changes of clocks, ranges over the turn of the year, and 29 February."""
    turn = f"{now.year}-12-24..{now.year + 1}-01-02"
    some = [
        f"{now.year}-05-01",
        turn,
        f"{now.year + 1}-02-28..{now.year + 1}-03-01",
        f"{now.year}-03-29",
        f"{now.year}-10-25",
    ]
    day = {"cron": "30 2 * * *", "until": "0 18 * * *", "min": 4, "zone": "Europe/Madrid", "skip_dates": some}
    fleet = fleet_of(provider, {"day": day})
    native = native_minimum(provider, fleet, now)
    for hour in range(366 * 24):
        at = now + hour * HOUR
        assert native(at) == in_force(fleet.groups[0], at).min, at


def test_the_days_are_those_of_the_zone():
    """In Auckland 25 December begins at 11:00 UTC of the 24th."""
    schedule = {
        "cron": "30 0 * * *",
        "duration": "1h",
        "zone": "Pacific/Auckland",
        "min": 5,
        "only_dates": ["2026-12-25"],
    }
    (group,) = fleet_of("aws", {"day": schedule}).groups
    begin = datetime(2026, 12, 24, 11, 30, tzinfo=UTC)
    assert edges(group, NOW, NOW + YEAR) == [begin, begin + HOUR]


CLOUDS = {"aws": AwsTestCloud, "azure": AzureTestCloud, "gcp": GcpTestCloud, "memory": MemoryTestCloud}


@pytest.mark.parametrize("provider", CLOUDS)
def test_no_plan_undoes_dates_and_what_is_imported_plans_empty(provider):
    """The emulators carry out what is native; the second plan is empty at the edges, and so is that of an import."""
    with CLOUDS[provider].started() as made, made.connect() as cloud:
        now = cloud.now()
        begin = now.date()
        skipped = [(begin + timedelta(days=n)).isoformat() for n in (2, 3, 9)]
        day = {"cron": "0 8 * * *", "until": "0 18 * * *", "zone": "Europe/Madrid", "min": 4}
        schedules = {"day": {**day, "skip_dates": skipped}, "sale": {**day, "min": 6, "only_dates": skipped[1:]}}
        fleet = fleet_of(provider if provider in TEMPLATES else "aws", schedules)
        if provider == "azure":
            (group,) = fleet.groups
            subnet = made.make_network("main", "web")
            fleet = tt.Fleet(name=fleet.name, groups=(group.replace(placement={"subnets": [subnet]}),))
        (group,) = fleet.groups
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        assert not cloud.plan(fleet)
        seen = set()
        for at in [*edges(group, now, now + timedelta(days=11)), now + timedelta(days=11)]:
            made.clock.advance(at + timedelta(minutes=3) - cloud.now())
            state = cloud.group(fleet.native_name(group)).read()
            assert state.min == in_force(group, cloud.now()).min, at
            seen.add(state.min)
            if at.day % 3 == 0:
                plan = cloud.plan(fleet)
                assert not plan, (at, plan.to_dict()["changes"])
        assert seen == {2, 4, 6}
        if provider == "memory":
            return
        imported = cloud.import_group(fleet.native_name(group))
        assert imported.fleet == fleet.name
        plan = cloud.plan(tt.Fleet(name=fleet.name, groups=(imported.group,)))
        assert [change for change in plan if change.key.kind in KINDS] == []


KINDS = {"scheduled-action", "autoscaling-group", "autoscale-setting", "autoscaler"}


def test_notes_say_how_far_dates_are_held_and_which_do_nothing():
    dates = ["2026-12-25", "2026-12-26", "2026-02-02", "2030-01-01"]
    day = {"cron": "0 8 * * 1-5", "duration": "9h", "min": 4, "zone": "UTC", "skip_dates": dates}
    for provider in ("aws", "azure", "gcp"):
        texts = [note.text for note in translate(fleet_of(provider, {"day": day}), provider, now=NOW).notes]
        assert any("`skip_dates` are held as " in text and "up to 2027-12-31" in text for text in texts), texts
        for place, word in ((1, "does not come then"), (2, "it is over"), (3, "a later plan holds it")):
            assert any(f"schedules.day.skip_dates.{place}: " in text and word in text for text in texts), texts


def test_dates_that_have_no_room_are_the_controllers():
    """An autoscale setting has twenty profiles: https://learn.microsoft.com/azure/azure-monitor/service-limits."""
    dates = [f"2026-04-{day:02}" for day in range(1, 30, 2)]
    day = {"cron": "0 8 * * *", "duration": "9h", "min": 4, "zone": "UTC", "only_dates": dates}
    assert not translate(fleet_of("gcp", {"day": day}), "gcp", now=NOW).problems
    assert not translate(fleet_of("aws", {"day": day}), "aws", now=NOW).problems
    (problem, *_) = translate(fleet_of("azure", {"day": day}), "azure", now=NOW).problems
    assert "azure cannot do this by itself" in problem.text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"skip_dates": ["2026-13-01"]}, "is not a date"),
        ({"skip_dates": ["tomorrow"]}, "is not a date"),
        ({"only_dates": ["2026-12-26..2026-12-24"]}, "ends before it begins"),
        ({"only_dates": ["2026-12-24..2026-12-26", "2026-12-25"]}, "name the same day"),
        ({"cron": None, "at": "2026-12-24T08:00:00", "skip_dates": ["2026-12-24"]}, "`at` is one moment"),
    ],
)
def test_dates_that_cannot_be_are_refused(given, text):
    with pytest.raises(tt.errors.InvalidModel, match=text):
        tt.Schedule.model_validate({"name": "day", "cron": "0 8 * * *", "zone": "UTC", "min": 1, **given})


def test_a_day_may_be_given_as_a_date():
    schedule = tt.Schedule(name="day", cron="0 8 * * *", zone="UTC", min=1, skip_dates=[date(2026, 12, 25)])
    assert schedule.skip_dates == ("2026-12-25",)
