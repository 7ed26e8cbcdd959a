from datetime import UTC, datetime

import pytest

from tests.conftest import make_fleet, make_group
from trimtab.capabilities import FEATURES, Means, features_of, support_of
from trimtab.declarations import declarations_of
from trimtab.declarations.support import BY_THE_CONTROLLER
from trimtab.errors import InvalidModel
from trimtab.providers.aws.facts import AwsFacts
from trimtab.providers.aws.translate import translate
from trimtab.testing import translate as translate_for

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
LABEL = {"web": "app/front/0/targetgroup/web/0"}


def translated(**fields):
    facts = AwsFacts(labels={"us-east-1": LABEL}, zones={"us-east-1": ["us-east-1a"]})
    return translate(make_fleet(make_group(**fields)), facts, NOW, "us-east-1")


def problems(**fields):
    return [str(note) for note in translated(**fields).problems]


def test_a_plain_group_is_carried_whole():
    found = translated(schedules={})
    assert (found.notes, found.problems) == ((), ())


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"placement": {"network": "vpc-1"}}, "placement.network"),
        ({"stabilization": "5m"}, "stabilization"),
        ({"health_check": {"path": "/up"}}, "health_check.path"),
        ({"load_balancers": [{"name": "web", "port": 80}]}, "load_balancers.0.port"),
    ],
)
def test_what_aws_does_not_carry_is_a_problem_that_names_group_and_field(fields, path):
    found = problems(**fields)
    assert any(text.startswith(f"group web: {path}") for text in found), found


def test_a_field_is_complained_of_once():
    found = problems(load_balancers=[{"name": "web", "drain": "1m"}])
    assert len(found) == 1, found


def test_every_policy_type_and_metric_is_carried():
    policies = {
        "steps": {"type": "step", "steps": [{"lower": 0, "change": 1}]},
        "hold": {"type": "target-tracking", "metric": "requests-per-instance", "target": 500},
        "ahead": {"type": "predictive", "metric": "cpu", "target": 50},
    }
    alarms = {"slow": {"metric": "latency", "above": 1, "statistic": "p95", "triggers": ["steps"]}}
    assert problems(policies=policies, alarms=alarms, load_balancers=[{"name": "web"}]) == []


def test_the_settings_of_another_cloud_have_one_note_each():
    found = translated(azure={"zone_balance": True, "eviction": "delete"}, gcp={"stopped": 1}, schedules={})
    assert not found.problems
    assert [note.text.partition(":")[0] for note in found.notes] == ["azure", "gcp"]


@pytest.mark.parametrize("provider", ["memory", "aws", "azure", "gcp"])
def test_a_provider_declares_every_feature_and_says_why_not(provider):
    declared = declarations_of(provider).capabilities
    assert {*declared, *BY_THE_CONTROLLER} == set(FEATURES)
    for feature, support in declared.items():
        assert support.text or support.means is Means.NATIVE, feature


def test_features_of_a_group_are_all_in_the_table():
    for feature, _ in features_of(make_group()):
        assert support_of(feature, "memory").means is Means.NATIVE


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
def test_the_settings_of_a_provider_from_elsewhere_have_one_note(provider):
    fleet = make_fleet(make_group(settings={"toy": {"racks": 2, "rooms": {"a": 1}}}, schedules={}))
    plain = make_fleet(make_group(schedules={}))
    notes = [note.text for note in translate_for(fleet, provider).notes]
    others = [note.text for note in translate_for(plain, provider).notes]
    assert sorted(set(notes) - set(others)) == [
        f"settings.toy: not used: settings of toy, and the plan is for {provider}"
    ]
    assert len(notes) == len(others) + 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("aws", "the settings of aws have a field of their own; write them under `aws`"),
        ("memory", "memory has no settings"),
    ],
)
def test_settings_of_a_provider_of_ours_have_their_own_field(name, text):
    with pytest.raises(InvalidModel, match=text):
        make_group(settings={name: {"x": 1}})
