"""KPIs of groups that run: from what the cloud measured and did; what it did not measure is said."""

import json
from datetime import UTC, datetime, timedelta

import pytest

import trimtab as tt
from tests.commands import FLEET
from trimtab.errors import InvalidRequest, Unsupported
from trimtab.kpis.card import KpiOptions
from trimtab.kpis.prices import Prices
from trimtab.kpis.running import LiveGroupSource, cpu_target, running_kpis
from trimtab.metrics import cpu, errors_5xx, latency, requests, requests_per_instance
from trimtab.providers.base import Activity
from trimtab.testing import MemoryTestCloud

START = datetime(2026, 1, 5, tzinfo=UTC)
IN_SERVICE = tt.metrics.custom("Cloud", "InService", unit="count")
WEB = tt.parse_fleet(FLEET, env={})["web"]


def source(series, *, group=WEB, sizes=IN_SERVICE, **fields):
    """A group of which a cloud measured these values, one a minute; any other metric is not supported."""

    def read(queries):
        (query,) = queries
        if query.metric not in series:
            raise Unsupported(f"no {query.metric.name} here")
        values = dict(zip((START + timedelta(minutes=at) for at in range(1000)), series[query.metric], strict=False))
        return [query.answered({at: value for at, value in values.items() if value is not None})]

    return LiveGroupSource(group=group, name="shop-web", location="local", read=read, sizes=sizes, **fields)


def kpis(series, minutes, **fields):
    options = fields.pop("options", None)
    return running_kpis(source(series, **fields), START, START + timedelta(minutes=minutes), options=options)


def test_demand_is_what_brings_the_cpu_to_the_groups_bar():
    """Two instances at 35, 70, 84 and 105 % of what the alarm asks for: 1, 2, 3 and 3 are needed."""
    card = kpis({IN_SERVICE: [2, 2, 2, 3], cpu: [35, 70, 84, 49]}, 4)
    assert card["precision"].value == pytest.approx(100 * (1 + 2 + 2 + 3) / (2 + 2 + 3 + 3))
    assert card["efficiency"].value == pytest.approx(100 * 8 / 9)
    assert card["time-to-scale"].value == 60
    assert any("/ 70 % (alarm hot)" in note for note in card.notes)
    assert card["instance-hours"].value == pytest.approx(9 / 60)


def test_a_full_cpu_hides_how_much_is_needed():
    card = kpis({IN_SERVICE: [2, 2], cpu: [100, 50]}, 2)
    assert any("in 50 % of the time the CPU was full" in note for note in card.notes)


def test_sizes_from_requests_where_none_are_recorded():
    card = kpis({cpu: [35, 35], requests: [600, 900], requests_per_instance: [300, 300]}, 2, sizes=None)
    assert card["instance-hours"].value == pytest.approx((2 + 3) / 60)
    assert any("requests divided by requests per instance" in note for note in card.notes)


def test_sizes_that_nobody_recorded_are_unknown_and_what_to_switch_on_is_said():
    card = kpis({cpu: [35, 35]}, 2, sizes=None, switch="set `counted: true`")
    for name in ("time-to-scale", "efficiency", "instance-hours", "savings", "under-time"):
        assert card[name].value is None
        assert card[name].note
    assert any("set `counted: true`" in note for note in card.notes)
    assert any("requests: cannot be read: no requests here" in note for note in card.notes)


def test_a_group_without_a_bar_has_no_demand():
    plain = WEB.model_copy(update={"alarms": (), "policies": ()})
    card = kpis({IN_SERVICE: [2], cpu: [50]}, 1, group=plain)
    assert card["efficiency"].value is None
    assert card["instance-hours"].value == pytest.approx(2 / 60)
    assert any("no policy or alarm" in note for note in card.notes)


def test_errors_are_zero_where_requests_are_counted():
    card = kpis({IN_SERVICE: [1, 1, 1], requests: [100, 300, 100], errors_5xx: [None, 1, None]}, 3)
    assert card["error-rate"].value == pytest.approx(0.2)
    assert card["availability"].value == pytest.approx(99.8)
    assert card["apdex"].value is None


@pytest.mark.parametrize(
    ("values", "value", "passes"),
    [([0.1, 0.15], None, True), ([0.3, 0.5], None, False), ([0.1, 0.5], None, None), ([0.1, 0.1], 0.1, True)],
)
def test_percentiles_of_minutes_bound_that_of_all(values, value, passes):
    item = kpis({latency: values}, 2)["response-p95"]
    assert (item.value, item.passes) == (value, passes)
    assert value or "between" in item.note


def test_hosts_that_measure_every_five_minutes_are_read_so():
    one_of_five = [35 if at % 5 == 0 else None for at in range(20)]
    card = kpis({IN_SERVICE: [2] * 20, cpu: one_of_five}, 20)
    assert card["efficiency"].value == pytest.approx(50)
    assert card["instance-hours"].value == pytest.approx(2 / 3)


def test_activities_are_counted_and_failures_told():
    def activity(minute, status):
        at = START + timedelta(minutes=minute)
        return Activity(id=str(minute), at=at, status=status, description=f"no capacity {minute}")

    done = [activity(3, "successful"), activity(2, "failed"), activity(-5, "failed")]
    card = kpis({}, 4, activities=done)
    assert (card["activities"].value, card["failed-activities"].value) == (2, 1)
    assert "no capacity 2" in card["failed-activities"].note
    assert "at least" in kpis({}, 4, activities=done, most_activities=2)["activities"].note
    assert kpis({}, 4, activities=None, no_activities="denied")["activities"].note == "denied"


def test_money_of_a_running_group():
    card = kpis({IN_SERVICE: [2] * 60, cpu: [35] * 60}, 60, options=KpiOptions(prices=Prices(instance_hour=0.5)))
    assert card["cost"].value == pytest.approx(1)
    assert card["savings"].value == pytest.approx(-100)


@pytest.mark.parametrize(
    ("policies", "alarms", "expected"),
    [
        ({"hold": {"type": "target-tracking", "metric": "cpu", "target": 55}}, {}, 55),
        ({"out": {"change": 1}}, {"hot": {"metric": "cpu", "at_least": 80, "triggers": ["out"]}}, 80),
        ({"less": {"change": -1}}, {"cold": {"metric": "cpu", "above": 20, "triggers": ["less"]}}, None),
        ({"out": {"change": 1}}, {"busy": {"metric": "requests", "above": 20, "triggers": ["out"]}}, None),
        (
            {"out": {"type": "step", "steps": [{"lower": 0, "change": 2}]}},
            {"hot": {"metric": "cpu", "above": 60, "triggers": ["out"]}},
            60,
        ),
        ({"hold": {"type": "target-tracking", "metric": "requests-per-instance", "target": 55}}, {}, None),
    ],
)
def test_what_cpu_a_group_aims_at(policies, alarms, expected):
    body = {"capacity": {"min": 1, "max": 3}, "template": {"image": "ami-1", "size": "t3.small"}}
    text = json.dumps({"name": "shop", "groups": {"web": {**body, "policies": policies, "alarms": alarms}}})
    group = tt.parse_fleet(text, env={})["web"]
    found = cpu_target(group)
    assert (found and found[0]) == expected


# through a connection


@pytest.fixture
def memory():
    with MemoryTestCloud.started() as test_cloud:
        yield test_cloud


def test_a_fleet_in_memory(memory):
    fleet = tt.parse_fleet(FLEET, env={})
    with memory.connect() as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        for _ in range(10):
            memory.push(cpu, group="web", value=35)
            memory.push(requests, group="web", value=200)
            memory.push(requests_per_instance, group="web", value=100)
            memory.clock.advance(timedelta(minutes=1))
        found = cloud.kpis(fleet, timedelta(minutes=10))
        assert list(found) == ["web", "api"]
        assert found["web"]["efficiency"].value == pytest.approx(50)
        assert found["api"]["efficiency"].value is None
        with pytest.raises(InvalidRequest, match="has not passed"):
            cloud.kpis(fleet, cloud.now() + timedelta(minutes=1))
        with pytest.raises(InvalidRequest, match="time zone"):
            cloud.kpis(fleet, datetime(2026, 1, 1))


def test_a_group_that_does_not_exist(memory):
    with memory.connect() as cloud:
        found = cloud.kpis(tt.parse_fleet(FLEET, env={}), timedelta(hours=1))
    assert len(found["web"]) == 0
    assert "does not exist" in found["web"].notes[0]
