"""Incidents staged on each emulator: each is named from outside, and nothing else is."""

import pytest

import trimtab as tt
from tests.explaining.incidents import PROVIDERS, RULES

pytestmark = pytest.mark.sample(1, over="provider")

on_each_cloud = pytest.mark.parametrize("provider", PROVIDERS)
CLOSE = {
    "policies": {"out": {"change": 1, "cooldown": "1m"}, "in": {"change": -1, "cooldown": "1m"}},
    "alarms": {
        "hot": {"metric": "cpu", "above": 50, "periods": 1, "triggers": ["out"]},
        "cold": {"metric": "cpu", "below": 45, "periods": 1, "triggers": ["in"]},
    },
}
TOPICS = {
    "aws": "arn:aws:sns:us-east-1:123456789012:told",
    "azure": "ops@example.com",
    "gcp": "ops@example.com",
}
ALARMS = {provider: rules["alarms"] for provider, rules in RULES.items() if "alarms" in rules}
ONLY_OUT = {
    "policies": {"out": {"change": 2, "cooldown": "5m"}},
    "alarms": {"hot": {"metric": "cpu", "above": 70, "periods": 5, "triggers": ["out"]}},
}


@on_each_cloud
def test_a_group_that_is_well_has_nothing_wrong(stage, provider):
    staged = stage(provider)
    staged.run(40, load=1.0)
    assert staged.causes() == []


@on_each_cloud
def test_a_group_that_scales_as_it_should_has_nothing_wrong(stage, provider):
    staged = stage(provider)
    staged.run(15, load=1.0)
    staged.run(25, load=2.4)
    found = staged.explain()
    assert found.diagnoses == ()
    assert found.size > 2


@on_each_cloud
def test_a_dead_agent(stage, provider):
    staged = stage(provider)
    staged.run(20, load=1.0)
    staged.run(25, measured=False)
    (diagnosis,) = staged.explain().diagnoses
    assert diagnosis.cause == "no-data"
    assert "the last at" in diagnosis.evidence[0]


@pytest.mark.parametrize("provider", ["aws", "gcp"])  # no log of Azure's tells of the making of a scale set
def test_a_group_that_was_just_made_has_no_dead_agent(stage, provider):
    staged = stage(provider)
    staged.run(3, measured=False)
    assert "no-data" not in {each.cause for each in staged.explain().diagnoses}


@on_each_cloud
def test_scaling_that_somebody_has_stopped(stage, provider):
    staged = stage(provider)
    staged.run(10, load=1.0)
    staged.stop()
    staged.run(25, load=4.0)
    found = staged.explain()
    assert [each.cause for each in found.diagnoses] == ["stopped"]
    assert found.size == 2
    assert found.minute.wanted > 2 or found.differences


@on_each_cloud
def test_a_pause_of_a_week(stage, provider):
    staged = stage(provider)
    staged.run(10, load=1.0)
    staged.live.pause(by="ana", until=staged.clock.now() + tt.minutes(30), why="a move")
    staged.clock.advance(tt.hours(7 * 24))
    staged.run(25, load=4.0)
    (diagnosis,) = staged.explain(since=tt.minutes(20)).diagnoses
    assert diagnosis.cause == "paused"
    assert "it was to be over at" in diagnosis.text


@on_each_cloud
def test_a_shortage(stage, provider):
    staged = stage(provider)
    staged.run(15, load=1.0)
    staged.doors.run_short()
    staged.run(25, load=4.0)
    (diagnosis,) = staged.explain().diagnoses
    assert diagnosis.cause == "shortage"
    assert diagnosis.symptom == "too little"


@pytest.mark.parametrize(("provider", "others"), [("aws", []), ("gcp", ["at-maximum"])])
def test_a_shortage_that_is_over(stage, provider, others):
    """It is told in the past, and hides no maximum that the rules would go beyond now."""
    staged = stage(provider)
    staged.run(12, load=1.0)
    staged.doors.run_short()
    staged.run(10, load=4.0)
    staged.doors.end_shortages()
    staged.run(20)
    first, *more = staged.explain().diagnoses
    assert first.cause == "shortage"
    assert first.text.startswith("the cloud had no such machine there (")
    assert first.text.endswith("; by now 6 of 6 instances run")
    assert [each.cause for each in more] == others


@pytest.mark.parametrize("provider", ["azure", "gcp"])
def test_a_quota(stage, provider):
    staged = stage(provider)
    staged.run(15, load=1.0)
    staged.doors.run_short(reason="quota")
    staged.run(25, load=4.0)
    assert staged.causes() == ["quota"]


def test_an_image_that_is_gone(stage):
    staged = stage("aws")
    staged.run(15, load=1.0)
    calls = staged.cloud.provider.connection
    calls.call("ec2", "deregister_image", "us-east-1", ImageId="ami-12c6146b")
    staged.run(25, load=4.0)
    assert staged.causes() == ["image-gone"]


@on_each_cloud
def test_a_group_at_its_maximum(stage, provider):
    staged = stage(provider, capacity={"min": 1, "max": 3, "desired": 2})
    staged.run(10, load=1.0)
    staged.run(45, load=9.0)
    (diagnosis,) = staged.explain().diagnoses
    assert (diagnosis.cause, diagnosis.symptom) == ("at-maximum", "too little")
    assert "-    max: 3" in diagnosis.diff or "-      max: 3" in diagnosis.diff
    assert "on the same datapoints" in diagnosis.rehearsed


@on_each_cloud
def test_a_minimum_that_nobody_needs(stage, provider):
    staged = stage(provider, capacity={"min": 4, "max": 6, "desired": 4})
    staged.run(60, load=0.3)
    (diagnosis,) = staged.explain().diagnoses
    assert (diagnosis.cause, diagnosis.symptom) == ("at-minimum", "too much")
    assert "+      min: 1" in diagnosis.diff


def test_the_minimum_of_a_schedule_that_nobody_needs(stage):
    """What helps is the schedule's to change: the group's own minimum is lower already."""
    office = {"cron": "0 0 * * *", "until": "0 23 * * *", "zone": "UTC", "min": 4}
    staged = stage("gcp", schedules={"office": office})
    staged.run(60, load=0.3)
    (diagnosis,) = staged.explain().diagnoses
    assert diagnosis.cause == "at-minimum"
    assert diagnosis.fix.startswith("lower the minimum of office in force: between 4 and 6 instances")
    assert diagnosis.diff == ""


@pytest.mark.parametrize("provider", ["aws", "azure"])
def test_a_group_that_only_grows(stage, provider):
    staged = stage(provider, **ONLY_OUT)
    staged.run(15, load=5.0)
    staged.run(50, load=0.5)
    (diagnosis,) = staged.explain().diagnoses
    assert (diagnosis.cause, diagnosis.symptom) == ("no-way-in", "too dear")
    assert "idle" in diagnosis.diff
    assert "scale in" in diagnosis.rehearsed


def test_policies_that_undo_each_other(stage):
    """Azure and Google Cloud estimate the load after a scale-in themselves, and do not do it."""
    staged = stage("aws", **CLOSE)
    staged.run(40, load=1.02)
    (diagnosis,) = staged.explain(since=tt.minutes(30)).diagnoses
    assert (diagnosis.cause, diagnosis.symptom) == ("flapping", "unsteady")
    assert "below" in diagnosis.diff
    assert "on the same datapoints the rules scale in 0 times" in diagnosis.rehearsed


@pytest.mark.parametrize("provider", ["aws", "gcp"])
def test_sizes_that_follow_a_load_that_comes_and_goes(stage, provider):
    """They turn round as often as the load, which is no fault of the thresholds."""
    staged = stage(provider)
    for _ in range(3):
        staged.run(12, load=0.4)
        staged.run(12, load=3.5)
    found = staged.explain(since=tt.minutes(70))
    assert len([each for each in found.entries if each.kind == "size"]) > 3
    assert found.diagnoses == ()


@pytest.mark.parametrize("provider", ["aws", "azure"])
def test_schedules_that_fight(stage, provider):
    at = {"cron": "0 3 * * *", "zone": "UTC"}
    schedules = {"more": {**at, "min": 3, "max": 6}, "less": {**at, "min": 1, "max": 6}}
    staged = stage(provider, schedules=schedules)
    staged.run(30, load=1.0)
    assert staged.causes() == ["schedules-fight"]


def test_instances_that_no_balancer_reaches(stage):
    staged = stage(
        "aws", furnished=True, load_balancers=["virtualmin-web"], placement={"subnet_tags": {"Type": "Private"}}
    )
    staged.run(15, load=1.0)
    for instance in staged.live.instances():
        staged.doors.fail_target(instance.id)
    staged.run(10)
    (diagnosis,) = staged.explain().diagnoses
    assert diagnosis.cause == "unreachable"
    assert "the load balancer" in diagnosis.evidence[0]


@on_each_cloud
def test_the_history_of_an_alarm(stage, provider):
    """Of an alarm that tells people, on each cloud."""
    told = {"hot": {"metric": "cpu", "above": 70, "periods": 5, "notify": [TOPICS[provider]]}}
    group = {"alarms": told} if provider == "gcp" else {"alarms": {**ALARMS[provider], "told": told["hot"]}}
    staged = stage(provider, **group)
    staged.run(15, load=1.0)
    staged.run(15, load=9.0)
    found = staged.explain(diagnose=False)
    assert not [note for note in found.notes if "history of alarms" in note]
    assert [entry for entry in found.entries if entry.kind == "alarm" and entry.text.endswith(": alarm")]


def test_somebody_sets_the_size(stage):
    staged = stage("aws")
    staged.run(15, load=1.0)
    staged.live.scale(to=4)
    staged.run(10, load=2.0)
    found = staged.explain()
    (entry,) = [each for each in found.entries if each.kind == "manual" and each.text != "0 to 2"]
    assert entry.text == "2 to 4"
    assert "user request" in entry.detail
