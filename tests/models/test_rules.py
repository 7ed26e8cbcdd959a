"""The rules of each model: what is refused, with which words, and what the values mean."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from trimtab import metrics
from trimtab.errors import InvalidModel
from trimtab.models import (
    Alarm,
    AwsSettings,
    Capacity,
    Comparison,
    CountRange,
    Fleet,
    Image,
    InstanceTemplate,
    LoadBalancer,
    Metric,
    Placement,
    Purchase,
    ScalingGroup,
    Schedule,
    SizeRequirement,
    SourceSettings,
    Step,
    StepPolicy,
    TargetTrackingPolicy,
    Unit,
)
from trimtab.models.base import Model
from trimtab.models.connect import HaproxyBalancer
from trimtab.models.metric import NEUTRAL

TEMPLATE: dict[str, Any] = {"image": "ami-1", "size": "t3.small"}
GROUP: dict[str, Any] = {"name": "web", "capacity": {"min": 1, "max": 4}, "template": TEMPLATE}
ALARM: dict[str, Any] = {"name": "hot", "metric": "cpu", "above": 70}
CRON = "0 8 * * *"
OUT = {"name": "out", "change": 1}
_HAPROXY = {"backend": "web", "port": 80}
TARGET = {"type": "target-tracking", "name": "aim", "metric": "cpu", "target": 50}
STEP = {"name": "out", "type": "step"}
HOOK = {"name": "A/b_1", "on": "launch"}


def group(**fields: Any) -> dict[str, Any]:
    return GROUP | fields


def template(**fields: Any) -> dict[str, Any]:
    return TEMPLATE | fields


def schedule(**fields: Any) -> dict[str, Any]:
    return {"name": "s", "zone": "Europe/Madrid", "min": 1, **fields}


REFUSED: list[tuple[type[Model], dict[str, Any], str]] = [
    (Capacity, {"min": 3, "max": 2}, "`min` 3 is above `max` 2"),
    (Capacity, {"min": 1, "max": 2, "desired": 3}, "`desired` 3 is outside `min` 1 to `max` 2"),
    (Placement, {"subnets": ["a"], "subnet_tags": {"a": "b"}}, "not by both"),
    (Placement, {"subnet_tags": {}}, "`subnet_tags` is empty"),
    (LoadBalancer, {}, "by `name`, by `id`, or as `haproxy`"),
    (LoadBalancer, {"name": "a", "id": "b"}, "exactly one"),
    (LoadBalancer, {"haproxy": {**_HAPROXY, "socket": "s"}, "port": 80}, "inside `haproxy`; move it there"),
    (LoadBalancer, {"haproxy": {**_HAPROXY, "socket": "s"}, "alternate": "b"}, "leave `alternate` out"),
    (HaproxyBalancer, _HAPROXY, "give exactly one of them"),
    (HaproxyBalancer, {**_HAPROXY, "socket": "s", "address": "127.0.0.1:1"}, "give exactly one of them"),
    (HaproxyBalancer, {**_HAPROXY, "address": "lb"}, "'lb' is not HOST:PORT"),
    (HaproxyBalancer, {**_HAPROXY, "address": "127.lb.example:1"}, "write `tls: true`, or forward its socket"),
    (HaproxyBalancer, {**_HAPROXY, "socket": "s", "tls": True}, "a socket of this machine takes no TLS"),
    (HaproxyBalancer, {**_HAPROXY, "address": "[::1]:1", "ca": "c"}, "`ca` goes with `tls: true`"),
    (HaproxyBalancer, {**_HAPROXY, "socket": "s", "check_interval": "0s"}, "at least a second"),
    (Image, {}, "exactly one of `id`, `newest`, `os`; found none"),
    (Image, {"os": "debian-12", "owner": "debian"}, "of `os` the publisher is known"),
    (Image, {"os": "debian-12", "architecture": "i386"}, "write one of x86_64, arm64"),
    (SizeRequirement, {"burstable": True}, "give `cpus`, `memory_gb` or both"),
    (CountRange, {"min": 4, "max": 2}, "`min` 4 is above `max` 2"),
    (Image, {"id": "a", "newest": "b"}, "found `id` and `newest`"),
    (Image, {"id": "a", "owner": "b"}, "go with `newest`"),
    (InstanceTemplate, template(variables={}), "which is missing"),
    (InstanceTemplate, template(disks=[{}, {}]), "two disks are called the boot disk"),
    (InstanceTemplate, template(disks=[{"device": "a"}, {"device": "a"}]), "two disks are called a"),
    (InstanceTemplate, template(metadata_hops=65), "give 64 or less"),
    (Purchase, {"on_demand_base": 1}, "`on_demand_base` needs `spot: true`"),
    (Purchase, {"fallback": "on-demand"}, "`fallback` needs `spot: true`"),
    (Purchase, {"spot": True, "return_after": "1h"}, "`return_after` needs `fallback: on-demand`"),
    (
        Purchase,
        {"spot": True, "fallback": "on-demand", "fallback_after": "30s"},
        "`fallback_after` is less than a minute",
    ),
    (Purchase, {"sizes": [{"size": "a"}, {"size": "a"}]}, "size 'a' is listed twice"),
    (Purchase, {"spot": True, "max_price": "cheap"}, "write a price in quotes"),
    (Alarm, ALARM | {"below": 3}, "found `above` and `below`"),
    (Alarm, ALARM | {"period": "0s"}, "longer than 0"),
    (Alarm, ALARM | {"datapoints": 3, "periods": 2}, "`datapoints` 3 is more than `periods` 2"),
    (Alarm, ALARM | {"statistic": "p101"}, "a percentile such as p95"),
    (Alarm, ALARM | {"above": float("nan")}, "finite"),
    (Alarm, ALARM | {"metric": {"custom": "a"}}, "missing `namespace`"),
    (Alarm, ALARM | {"metric": {"cpu": 1}}, "unknown field 'cpu'"),
    (Metric, {"name": "a", "unit": "none", "source": "promql"}, "missing `promql` query"),
    (Metric, {"name": "jobs", "unit": "count", "source": "host"}, "not a neutral metric of that unit"),
    (Metric, {"name": "cpu", "unit": "count", "source": "host"}, "not a neutral metric of that unit"),
    (Metric, {"name": "cpu", "unit": "percent", "source": "host", "query": "up"}, "only a PromQL metric has a query"),
    (Metric, {"name": "cpu", "unit": "percent", "source": "host", "namespace": "A"}, "has no namespace"),
    (
        Metric,
        {"name": "jobs", "unit": "count", "source": "external", "of": "x"},
        "is the name of its source and a unit",
    ),
    (Alarm, ALARM | {"metric": {"external": "jobs", "source": "x"}}, "only a PromQL metric names its `source`"),
    (Alarm, ALARM | {"metric": {"external": "jobs", "promql": "up"}}, "a metric has one of `promql`, `external`"),
    (SourceSettings, {"http": "https://h", "file": "f"}, "a source is one of `http` and `file`"),
    (SourceSettings, {"file": "f", "token": {"env": "A"}}, "a source by `file` takes no `token`"),
    (SourceSettings, {"timeout": "5s"}, "a source that the program gives takes no `timeout`"),
    (SourceSettings, {"http": "https://h", "headers": {"Cookie": "a"}}, "a secret stands in no fleet file"),
    (SourceSettings, {"http": "https://h", "timeout": "0s"}, "give at least a second"),
    (SourceSettings, {"http": "https://h", "username": "a"}, "give `username` and `password` together"),
    (Step, {"change": 1}, "give `lower`, `upper` or both"),
    (Step, {"change": 1, "lower": 2, "upper": 2}, "`lower` 2 is not below `upper` 2"),
    (StepPolicy, STEP | {"steps": []}, "at least 1"),
    (StepPolicy, STEP | {"steps": [{"lower": -5, "change": -1}]}, "the lowest step has a `lower`"),
    (StepPolicy, STEP | {"steps": [{"lower": 0, "upper": 5, "change": 1}]}, "the highest step has an `upper`"),
    (
        StepPolicy,
        STEP | {"steps": [{"lower": 0, "upper": 5, "change": 1}, {"lower": 6, "change": 2}]},
        "begins at 6 and the one before it ends at 5; write `lower: 5`",
    ),
    (StepPolicy, STEP | {"steps": [{"lower": 0, "upper": 5, "change": 1}, {"lower": 5, "to": 2}]}, "change and to"),
    (TargetTrackingPolicy, TARGET | {"target": 0}, "give more than 0"),
    (Schedule, schedule(), "exactly one of `cron`, `at`"),
    (Schedule, schedule(cron=CRON, at="2026-01-01T00:00:00"), "found `cron` and `at`"),
    (Schedule, schedule(cron=CRON, min=None), "this schedule sets nothing"),
    (Schedule, schedule(cron=CRON, min=3, max=2), "`min` 3 is above `max` 2"),
    (Schedule, schedule(cron=CRON, min=3, desired=2), "`desired` 2 is below `min` 3"),
    (Schedule, schedule(cron=CRON, max=3, desired=4), "`desired` 4 is above `max` 3"),
    (Schedule, schedule(cron=CRON, duration="1h", until=CRON), "both `duration` and `until` are given"),
    (Schedule, schedule(at="2026-01-01T00:00:00", until=CRON), "`until` needs `cron`"),
    (Schedule, schedule(cron=CRON, duration="30s"), "one minute to 366 days"),
    (Schedule, schedule(cron=CRON, starts="2026-01-02T00:00:00", ends="2026-01-01T00:00:00"), "is not after"),
    (Schedule, schedule(cron=CRON, starts="2026-01-02T00:00:00", ends="2026-01-02T00:00:00"), "is not after"),
    (Schedule, schedule(at="2026-01-01"), "write a moment as date and time"),
    (Schedule, schedule(at=5), "write a moment as date and time"),
    (Schedule, schedule(cron="@daily"), "has 1 fields"),
    (Schedule, schedule(cron="0 8 30 13 *"), "is not cron"),
    (ScalingGroup, group(policies=[{"name": "out", "change": 1, "percent": 1}]), "found `change` and `percent`"),
    (ScalingGroup, group(policies=[{"name": "out", "percent": 0}]), "0 per cent does nothing"),
    (ScalingGroup, group(policies=[OUT | {"minimum_change": 1}]), "`minimum_change` needs `percent`"),
    (ScalingGroup, group(policies=[OUT | {"type": "magic"}]), "unknown type; use simple"),
    (ScalingGroup, group(policies=[OUT, OUT]), "two policies are called 'out'"),
    (ScalingGroup, group(alarms=[ALARM, ALARM]), "two alarms are called 'hot'"),
    (ScalingGroup, group(policies=[OUT, OUT | {"name": "Out"}]), "called 'out' and 'Out', one name to some clouds"),
    (
        ScalingGroup,
        group(schedules=[schedule(cron=CRON, name="a-b"), schedule(cron=CRON, name="A_b")]),
        "called 'a-b' and 'A_b', one name to some clouds",
    ),
    (AwsSettings, {"maintenance": {"min_healthy": 50, "max_healthy": 151}}, "151 is more than 100 points above"),
    (AwsSettings, {"lifecycle_hooks": [HOOK, HOOK]}, "two hooks are called 'A/b_1'"),
    (AwsSettings, {"lifecycle_hooks": [HOOK | {"name": "a b"}]}, "lifecycle_hooks.0.name"),
    (ScalingGroup, group(alarms=[ALARM | {"triggers": ["out"]}]), "the group has no policies"),
    (ScalingGroup, group(policies=[TARGET], alarms=[ALARM | {"triggers": ["aim"]}]), "which no alarm triggers"),
    (ScalingGroup, group(schedules=[schedule(cron=CRON, min=5)]), "`min` 5 is above `max` 4"),
    (ScalingGroup, group(schedules=[schedule(cron=CRON, min=None, max=0)]), "`min` 1 is above `max` 0"),
    (ScalingGroup, group(tags={"trimtab-fleet": "x"}), "trimtab's own mark"),
    (ScalingGroup, group(template=template(tags={"trimtab-fleet": "x"})), "trimtab's own mark"),
    (ScalingGroup, group(unmanaged=["name"]), "'name' is not a field that `unmanaged` can name"),
    (ScalingGroup, group(unmanaged=["health_check.gracee"]), "unknown field 'gracee' of health_check"),
    (ScalingGroup, group(unmanaged=["policies.out"]), "policies: 'out' not found"),
    (ScalingGroup, group(policies=[OUT], unmanaged=["policies.out.colour"]), "unknown field 'colour'"),
    (Fleet, {"name": "f", "groups": [GROUP, GROUP]}, "two groups are called 'web'"),
    (Fleet, {"name": "f", "groups": [GROUP, group(name="api", native_name="f-web")]}, "would both be called 'f-web'"),
    (Fleet, {"name": "f", "groups": {"web": group(name="api")}}, "names itself 'api'"),
]


@pytest.mark.parametrize(("model", "data", "words"), REFUSED, ids=[words for _, _, words in REFUSED])
def test_a_rule_is_refused_in_its_words(model: type[Model], data: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidModel) as caught:
        model.model_validate(data)
    assert words in str(caught.value)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("word", Comparison)
def test_an_alarm_has_one_comparison_and_its_threshold(word: Comparison) -> None:
    alarm = Alarm.model_validate({"name": "hot", "metric": "cpu", word.value: 5})
    assert (alarm.comparison, alarm.threshold) == (word, 5.0)


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_neutral_metric_goes_by_its_name(name: str) -> None:
    alarm = Alarm.model_validate(ALARM | {"metric": name})
    assert alarm.metric == NEUTRAL[name] == getattr(metrics, name.replace("-", "_"))


def test_metrics_of_ones_own() -> None:
    custom = metrics.custom("Shop", "Jobs", unit="count", dimensions={"Group": "{group}"})
    file = {"custom": "Jobs", "namespace": "Shop", "unit": "count", "dimensions": {"Group": "{group}"}}
    assert Alarm.model_validate(ALARM | {"metric": file}).metric == custom
    assert Alarm.model_validate(ALARM | {"metric": {"promql": "up"}}).metric == metrics.promql("up", unit=Unit.NONE)
    balancer = Alarm.model_validate(ALARM | {"metric": {"name": "requests", "of": "shop"}}).metric
    assert (balancer.of, balancer.unit) == ("shop", Unit.COUNT)


def test_a_moment_without_an_offset_is_local() -> None:
    made = Schedule.model_validate(schedule(at="2026-07-01T08:00:00", duration="1h"))
    assert made.at is not None
    assert made.local(made.at) == datetime(2026, 7, 1, 6, tzinfo=UTC)
    assert made.is_window
    assert Schedule.model_validate(schedule(at=datetime(2026, 7, 1, tzinfo=UTC))).is_window is False


@pytest.mark.parametrize("duration", [timedelta(minutes=1), timedelta(days=366)])
def test_a_window_is_as_short_as_a_minute_and_as_long_as_a_leap_year(duration: timedelta) -> None:
    assert Schedule.model_validate(schedule(cron=CRON, duration=duration)).duration == duration


def test_steps_may_be_open_on_both_sides() -> None:
    steps = [{"upper": -10, "change": -2}, {"lower": -10, "upper": 0, "change": -1}, {"lower": 0, "change": 1}]
    made = StepPolicy.model_validate(STEP | {"steps": steps})
    assert [(one.lower, one.upper) for one in made.steps] == [(None, -10), (-10, 0), (0, None)]


@pytest.mark.parametrize("cron", ["0 8 * * 1-5", "*/5 * * * *", "0 0 1 JAN MON"])
def test_cron_takes_five_fields(cron: str) -> None:
    assert Schedule.model_validate(schedule(cron=cron)).cron == cron


def test_python_may_write_what_is_easy() -> None:
    made = ScalingGroup.model_validate(group(load_balancers=["a"], cooldown=timedelta(minutes=5)))
    assert made.load_balancers == (LoadBalancer(name="a"),)
    assert made.template.image == Image(id="ami-1")


def test_fields_may_be_left_to_others() -> None:
    paths = ("health_check.grace", "capacity", "policies", "policies.out.cooldown", "tags.Owner", "cooldown")
    assert ScalingGroup.model_validate(group(policies=[OUT], unmanaged=paths)).unmanaged == paths


def test_a_fleet_gives_its_groups_by_name() -> None:
    fleet = Fleet.model_validate({"name": "f", "groups": [GROUP]})
    assert fleet["web"].name == "web"
    assert fleet.native_name(fleet["web"]) == "f-web"
    with pytest.raises(KeyError, match="has no group 'api'; it has web"):
        fleet["api"]


def test_a_group_may_carry_its_own_name_in_the_cloud_in_two_places() -> None:
    groups = [group(native_name="shop", location="a"), group(name="api", native_name="shop", location="b")]
    fleet = Fleet.model_validate({"name": "f", "groups": groups})
    assert [fleet.native_name(one) for one in fleet.groups] == ["shop", "shop"]
