"""Random groups and loads: what property tests and the differential test of the batch form draw from."""

from datetime import UTC, datetime, timedelta
from functools import cache

from hypothesis import strategies as st

import trimtab as tt
from trimtab.models import MissingData

START = datetime(2026, 3, 6, 7, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
METRICS = st.sampled_from(["cpu", "memory"])
SECONDS = st.sampled_from([0, 60, 120, 300]).map(lambda seconds: timedelta(seconds=seconds))
OUT = st.one_of(
    st.builds(dict, change=st.integers(1, 4)),
    st.builds(dict, percent=st.integers(1, 150), minimum_change=st.none() | st.integers(1, 3)),
    st.builds(dict, to=st.integers(1, 12)),
)
IN = st.one_of(
    st.builds(dict, change=st.integers(-4, -1)),
    st.builds(dict, percent=st.integers(-100, -1), minimum_change=st.none() | st.integers(1, 3)),
    st.builds(dict, to=st.integers(0, 6)),
)


@st.composite
def steps(draw, sign):
    sort = draw(st.sampled_from(["change", "percent"]))
    amounts = sorted(draw(st.lists(st.integers(0, 5 if sort == "change" else 60), min_size=1, max_size=3)))
    ends = sorted(
        draw(st.lists(st.sampled_from([5, 10, 20]), min_size=len(amounts), max_size=len(amounts), unique=True))
    )
    edges = [0, *ends[:-1], None]
    found = []
    for index, amount in enumerate(amounts):
        low, high = edges[index], edges[index + 1]
        if sign < 0:
            low, high = (None if high is None else -high), -low
        found.append({"lower": low, "upper": high, sort: sign * amount})
    return found if sign > 0 else found[::-1]


MAYBE_SECONDS = st.none() | SECONDS
# made once: making a strategy takes longer than drawing from it
STEPS = {sign: steps(sign) for sign in (1, -1)}
AMOUNTS = {1: OUT, -1: IN}


@st.composite
def amounts(draw, sign):
    if draw(st.booleans()):
        return {**draw(AMOUNTS[sign]), "cooldown": draw(MAYBE_SECONDS)}
    return {"type": "step", "steps": draw(STEPS[sign])}


POLICIES = {sign: amounts(sign) for sign in (1, -1)}


def amount_policy(name, sign):
    return POLICIES[sign].map(lambda fields: {"name": name, **fields})


@st.composite
def alarm(draw, sign):
    periods = draw(st.integers(1, 5))
    word = draw(st.sampled_from(["above", "at_least"] if sign > 0 else ["below", "at_most"]))
    return {
        "metric": draw(METRICS),
        word: draw(st.integers(55, 80) if sign > 0 else st.integers(15, 50)),
        "periods": periods,
        "datapoints": draw(st.none() | st.integers(1, periods)),
        "missing": draw(st.sampled_from(MissingData)),
    }


ALARMS = {sign: alarm(sign) for sign in (1, -1)}
TARGETS = st.fixed_dictionaries(
    {
        "type": st.just("target-tracking"),
        "metric": METRICS,
        "target": st.integers(30, 70),
        "scale_in": st.booleans(),
    }
)


SCHEDULES = [
    [],
    [{"name": "office", "cron": "0 8 * * *", "zone": "Europe/Madrid", "min": 3, "max": 9}],
    [
        {"name": "morning", "cron": "0 8 * * *", "zone": "UTC", "min": 3, "desired": 5},
        {"name": "noon", "cron": "20 8 * * *", "zone": "UTC", "min": 1, "max": 8},
    ],
    [{"name": "peak", "cron": "45 7 * * *", "zone": "UTC", "duration": "30m", "min": 2, "desired": 6}],
]


@st.composite
def groups(draw):
    """A group with up to six alarms and policies, as the mapping of its fields."""
    policies, alarms = [], []
    for number in range(draw(st.integers(0, 3))):
        sign = draw(st.sampled_from([1, -1]))
        name = f"policy-{number}"
        policies.append({"name": name, **draw(POLICIES[sign])})
        alarms.append({"name": f"alarm-{number}", **draw(ALARMS[sign]), "triggers": [name]})
        if draw(st.booleans()):
            alarms.append({"name": f"other-{number}", **draw(ALARMS[sign]), "triggers": [name]})
    policies += [{"name": f"target-{number}", **draw(TARGETS)} for number in range(draw(st.integers(0, 2)))]
    low = draw(st.integers(0, 3))
    return {
        "name": "web",
        "capacity": {"min": low, "max": draw(st.integers(max(low, 9), 14))},
        "template": {"image": "ami-1", "size": "t3.medium"},
        "policies": policies,
        "alarms": alarms,
        "schedules": draw(st.sampled_from(SCHEDULES)),
        "cooldown": draw(MAYBE_SECONDS),
        "stabilization": draw(MAYBE_SECONDS),
    }


VALUES = st.one_of(
    st.none(),
    st.integers(0, 100).map(float),
    st.floats(0, 100, allow_nan=False).map(lambda value: round(value, 2)),
)


@cache
def any_values(ticks):
    return st.lists(VALUES, min_size=ticks, max_size=ticks)


@st.composite
def loads(draw, ticks):
    """Datapoints of the two metrics, one a tick."""
    return {name: draw(any_values(ticks)) if draw(st.booleans()) else draw(waves(ticks)) for name in ("cpu", "memory")}


@cache
@st.composite
def waves(draw, ticks):
    """Values that stay high or low for a while, so that alarms of many datapoints fire."""
    found: list[float | None] = []
    while len(found) < ticks:
        level = draw(st.sampled_from([2.0, 20.0, 45.0, 60.0, 75.0, 95.0, None]))
        found += [level] * draw(st.integers(1, 18))
    return found[:ticks]


def make(fields):
    return tt.ScalingGroup.model_validate(fields)
