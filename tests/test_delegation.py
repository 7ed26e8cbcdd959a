"""Groups that the controller sizes: what the cloud is told of them, and what a plan says, on every provider."""

from datetime import UTC, datetime

import pytest

import trimtab as tt
from trimtab.capabilities.delegation import delegate, widest_bounds
from trimtab.controller.deciding import preset_of
from trimtab.engine import History, Observation, decide
from trimtab.testing import translate

NOW = datetime(2026, 7, 6, 23, 0, tzinfo=UTC)
IMAGES = {
    "azure": "Canonical:ubuntu-24_04-lts:server:latest",
    "gcp": "projects/debian-cloud/global/images/family/debian-12",
}
SIZES = {"azure": "Standard_D2s_v5", "gcp": "e2-small"}
RULES = {
    "policies": {"out": {"change": 1}, "in": {"change": -1}},
    "alarms": {
        "hot": {"metric": "cpu", "above": 70, "statistic": "p95", "triggers": ["out"]},
        "cold": {"metric": "cpu", "below": 20, "triggers": ["in"]},
    },
    "schedules": {"night": {"cron": "0 22 * * *", "duration": "8h", "zone": "UTC", "max": 14, "min": 3}},
}


def fleet_for(provider, *, controller=True, **fields):
    group = {
        "capacity": {"min": 2, "max": 10},
        "template": {"image": IMAGES[provider], "size": SIZES[provider]},
        **RULES,
        **fields,
    }
    return tt.Fleet(name="shop", groups={"web": group}, controller=controller)


@pytest.mark.parametrize("provider", ["azure", "gcp"])
def test_without_consent_the_plan_says_how_to_consent(provider):
    problems = [
        str(problem) for problem in translate(fleet_for(provider, controller=False), provider, now=NOW).problems
    ]
    assert problems
    assert all("controller: true" in text for text in problems if "cannot do this by itself" in text)


@pytest.mark.parametrize("provider", ["azure", "gcp"])
def test_the_cloud_is_told_nothing_that_sizes_the_group(provider):
    translation = translate(fleet_for(provider), provider, now=NOW)
    assert not translation.problems
    notes = [str(note) for note in translation.notes]
    for path in ("policies.out", "policies.in", "alarms.hot", "alarms.cold", "schedules.night"):
        assert any(path in text and "the controller enacts it" in text for text in notes), (path, notes)
    bodies = str([item.body for item in translation.resources])
    for native in ("'ScaleAction'", "scaleAction", "customMetricUtilizations", "scalingSchedules"):
        assert native not in bodies


@pytest.mark.parametrize("provider", ["azure", "gcp"])
def test_what_the_controller_does_not_do_either_is_said(provider):
    """It decides by the cloud's own preset: on Azure no schedule sets a size, and a target has two rules."""
    night = {"cron": "0 22 * * *", "duration": "8h", "zone": "UTC", "desired": 8}
    hold = {"type": "target-tracking", "metric": "cpu", "target": 60}
    fleet = fleet_for(provider, schedules={"night": night}, policies={**RULES["policies"], "hold": hold})
    translation = translate(fleet, provider, now=NOW)
    notes = {str(note.path): str(note) for note in translation.notes}
    assert not translation.problems
    seen = Observation(desired=4, alarms=dict.fromkeys(("hot", "cold"), [50.0] * 5), policies={"hold": [60.0] * 5})
    decision = decide(fleet["web"], seen, History(), NOW, preset_of(provider))
    assert decision.size == (4 if provider == "azure" else 8)
    assert "sets no size" in notes["schedules.night.desired"]
    targets = [text for path, text in notes.items() if "policies.hold" in path]
    assert any("two rules" in text for text in targets) == (provider == "azure"), targets


@pytest.mark.parametrize("provider", ["azure", "gcp"])
def test_what_the_controller_enacts_is_in_the_mark(provider):
    """So a plan has a change where only a policy differs."""

    def digests(fleet):
        marks = [item.mark for item in translate(fleet, provider, now=NOW).resources if item.mark]
        return {mark.kept["controller"] for mark in marks if "controller" in mark.kept}

    (before,) = digests(fleet_for(provider))
    (same,) = digests(fleet_for(provider))
    (after,) = digests(fleet_for(provider, policies={"out": {"change": 2}, "in": {"change": -1}}))
    assert before == same != after


def test_the_bounds_of_the_cloud_are_the_widest():
    group = fleet_for("gcp")["web"]
    assert widest_bounds(group) == (2, 14)
    rest = delegate(group, "gcp", NOW).rest
    assert (rest.capacity.min, rest.capacity.max, rest.capacity.desired) == (2, 14, 3)
    assert delegate(group, "gcp", NOW.replace(hour=12)).rest.capacity.desired == 2


def test_an_alarm_that_notifies_stays_with_the_cloud():
    alarms = {
        "hot": {"metric": "cpu", "above": 70, "triggers": ["out"], "notify": ["ops@example.com"]},
        "seen": {"metric": "cpu", "above": 95, "notify": ["ops@example.com"]},
    }
    rest = delegate(fleet_for("gcp", alarms=alarms)["web"], "gcp", NOW).rest
    assert [(alarm.name, alarm.triggers) for alarm in rest.alarms] == [("hot", ()), ("seen", ())]


def test_a_notification_that_the_cloud_cannot_hold_is_a_problem():
    alarms = {"hot": {**RULES["alarms"]["hot"], "notify": ["ops@example.com"]}, "cold": RULES["alarms"]["cold"]}
    texts = [str(problem) for problem in translate(fleet_for("azure", alarms=alarms), "azure", now=NOW).problems]
    assert any("alarms.hot.statistic" in text and "only sizes groups" in text for text in texts), texts


def test_a_forecast_is_refused_by_name():
    policies = {**RULES["policies"], "ahead": {"type": "predictive", "metric": "cpu", "target": 60}}
    texts = [str(problem) for problem in translate(fleet_for("gcp", policies=policies), "gcp", now=NOW).problems]
    assert any("policies.ahead" in text and "makes no forecasts" in text for text in texts), texts


def test_what_the_cloud_does_by_itself_is_left_to_it():
    """Consent alone hands nothing over."""
    native = {"policies": {"hold": {"type": "target-tracking", "metric": "cpu", "target": 60}}, "alarms": {}}
    fleet = fleet_for("gcp", **native, schedules={})
    assert not any("controller" in str(note) for note in translate(fleet, "gcp", now=NOW).notes)


SPOT = {"spot": True, "on_demand_base": 2, "fallback": "on-demand"}
BASE = {
    "aws": "MixedInstancesPolicy.InstancesDistribution.OnDemandBaseCapacity",
    "azure": "properties.priorityMixPolicy.baseRegularPriorityCount",
    "gcp": "targetSize",
    "memory": "purchase.on_demand_base",
}


def falling_back(provider, *, controller=True, **purchase):
    group = {
        "capacity": {"min": 2, "max": 10},
        "template": {"image": IMAGES.get(provider, "ami-12c6146b"), "size": SIZES.get(provider, "t3.small")},
        "purchase": {**SPOT, **purchase},
        "azure": {"orchestration": "flexible"},
    }
    fleet = tt.Fleet(name="shop", groups={"web": group}, controller=controller)
    return translate(fleet, provider, now=NOW)


@pytest.mark.parametrize("provider", BASE)
def test_a_fall_back_from_spot_needs_the_controller_whose_the_base_is(provider):
    (problem,) = [str(each) for each in falling_back(provider, controller=False).problems]
    assert "purchase.fallback: fall-back from spot" in problem
    assert "controller: true" in problem
    translation = falling_back(provider)
    assert not translation.problems
    assert any("purchase.fallback: fall-back from spot" in str(note) for note in translation.notes)
    assert [item.key.kind for item in translation.resources if BASE[provider] in item.initial]
    marks = {
        item.mark.kept["controller"]
        for some in ({}, {"return_after": "1h"}, {"on_demand_base": 3})
        for item in falling_back(provider, **some).resources
        if item.mark and "controller" in item.mark.kept
    }
    assert len(marks) == 3, "a plan shows that the rules of the fall-back are others"
