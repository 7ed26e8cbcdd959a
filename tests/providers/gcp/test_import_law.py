"""Any group of Google Cloud, imported: the notes are exactly what the next plan changes; what it cannot say stays."""

import copy
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.providers.gcp.native import MANAGER, SCOPE, TEMPLATE, imported, manager_of, next_plan
from tests.providers.gcp.random_groups import FLEET, groups
from tests.providers.gcp.replies import replies_to
from tests.providers.import_law import assert_notes_are_the_plan
from trimtab.errors import Unsupported
from trimtab.plan import Action
from trimtab.providers.gcp.importing import Replies
from trimtab.providers.importing import ImportEffect

LAW = settings(max_examples=examples(), deadline=None, suppress_health_check=list(HealthCheck))
STRANGE = "UNHEARD_OF"
numbers = st.integers(0, 9)
POLICY = "autoscalingPolicy"
CUSTOM = st.lists(
    st.fixed_dictionaries(
        {
            "metric": st.sampled_from(
                ["custom.googleapis.com/a", "logging.googleapis.com/user/b", "agent.googleapis.com/x"]
            )
        },
        optional={
            "utilizationTarget": numbers,
            "singleInstanceAssignment": numbers,
            "utilizationTargetType": st.sampled_from(["GAUGE", "DELTA_PER_SECOND", "DELTA_PER_MINUTE"]),
            "filter": st.sampled_from(['resource.type = "global"', 'metric.labels.a != "b"', 'metric.labels.a = "b"']),
        },
    ),
    max_size=2,
    unique_by=lambda one: one["metric"],
)
LEAVES = {
    ("autoscaler", f"{POLICY}.mode"): st.sampled_from(["ON", "OFF", "ONLY_SCALE_OUT", STRANGE]),
    ("autoscaler", f"{POLICY}.cpuUtilization"): st.fixed_dictionaries(
        {},
        optional={
            "utilizationTarget": st.sampled_from([0.6, 1.0]),
            "predictiveMethod": st.sampled_from(["NONE", STRANGE]),
        },
    ),
    ("autoscaler", f"{POLICY}.loadBalancingUtilization"): st.sampled_from([{"utilizationTarget": 0.7}, {}]),
    ("autoscaler", f"{POLICY}.customMetricUtilizations"): CUSTOM,
    ("autoscaler", f"{POLICY}.scalingSchedules"): st.dictionaries(
        st.sampled_from(["office", "night"]),
        st.fixed_dictionaries(
            {
                "schedule": st.sampled_from(["0 8 * * 1-5", "0 0 1-3 1 * 2030", STRANGE]),
                "durationSec": st.sampled_from([300, 0]),
            },
            optional={
                "disabled": st.booleans(),
                "description": st.just("hours"),
                "minRequiredReplicas": numbers,
                "timeZone": st.sampled_from(["UTC", STRANGE]),
            },
        ),
    ),
    ("autoscaler", f"{POLICY}.scaleInControl"): st.sampled_from(
        [{"maxScaledInReplicas": {"percent": 10}, "timeWindowSec": 600}, {"maxScaledInReplicas": {"fixed": 2}}]
    ),
    ("autoscaler", f"{POLICY}.coolDownPeriodSec"): st.sampled_from([60, 90, None]),
    ("manager", "updatePolicy"): st.sampled_from([{"type": "PROACTIVE", "maxSurge": {"fixed": 3}}, {"type": STRANGE}]),
    ("manager", "autoHealingPolicies"): st.sampled_from(
        [[{"healthCheck": "projects/trimtab/global/healthChecks/all", "initialDelaySec": 30}], []]
    ),
    ("manager", "distributionPolicy.targetShape"): st.sampled_from(["ANY", "BALANCED", STRANGE]),
    ("manager", "targetPools"): st.sampled_from([["projects/trimtab/regions/europe-west1/targetPools/p"], []]),
    ("manager", "namedPorts"): st.sampled_from([[{"name": "admin", "port": 10000}], []]),
    ("manager", "statefulPolicy"): st.just({"preservedState": {"disks": {"data": {"autoDelete": "NEVER"}}}}),
    ("template", "properties.scheduling"): st.sampled_from(
        [{"provisioningModel": "SPOT"}, {"automaticRestart": False}]
    ),
    ("template", "properties.metadata"): st.sampled_from(
        [{"items": [{"key": "startup-script", "value": "x"}]}, {"items": [{"key": "windows-keys", "value": "secret"}]}]
    ),
    ("template", "properties.machineType"): st.sampled_from(["n2-standard-2", None]),
    ("template", "properties.canIpForward"): st.booleans(),
    ("template", "properties.serviceAccounts"): st.sampled_from([[], [{"email": "a@b", "scopes": ["x"]}]]),
    ("template", "properties.disks"): st.sampled_from(
        [
            [{"boot": True, "source": "projects/p/zones/z/disks/d"}],
            [{"boot": True, "initializeParams": {"sourceSnapshot": "global/snapshots/s"}}, {"deviceName": "data"}],
        ]
    ),
}


def put(body, path, value):
    *steps, last = path.split(".")
    for step in steps:
        body = body.setdefault(step, {})
    body[last] = value


@st.composite
def replies(draw):
    """What is answered about a random group, some of it otherwise than any fleet asks for."""
    found = replies_to(draw(groups()))
    parts = {name: copy.deepcopy(dict(getattr(found, name))) for name in ("manager", "autoscaler", "template")}
    for part, path in draw(st.lists(st.sampled_from(sorted(LEAVES)), max_size=5, unique=True)):
        put(parts[part], path, copy.deepcopy(draw(LEAVES[part, path])))
    if draw(st.integers(0, 9)) == 0:
        parts["autoscaler"] = None
    return replace(found, **parts)


@LAW
@given(replies(), st.sampled_from([FLEET, None]))
def test_the_notes_are_what_the_next_plan_changes(answers, fleet):
    try:
        found, live, wanted, problems = imported(answers, fleet)
    except Unsupported:
        return
    plan = next_plan(found, live, wanted)
    assert_notes_are_the_plan(found, plan, problems)
    assert not any(change.action is Action.REPLACE for change in plan), found.notes


# what no model says


def scaler(**policy):
    return {
        "name": "recorded",
        "selfLink": f"{SCOPE}/autoscalers/recorded",
        "target": f"{SCOPE}/instanceGroupManagers/recorded",
        POLICY: {"minNumReplicas": 1, "maxNumReplicas": 5, "mode": "ON", "coolDownPeriodSec": 60, **policy},
    }


def group(template=TEMPLATE, scaler=None, **manager):
    return Replies({**manager_of(template), **manager}, template=template, autoscaler=scaler)


HITS = "logging.googleapis.com/user/hits"
HEALING = [{"healthCheck": "projects/p/global/healthChecks/up", "initialDelaySec": 120}]
KEYS = {"items": [{"key": "ssh-keys", "value": "ana:ssh-ed25519 A\nbob:ssh-ed25519 B"}]}
CASES = {
    "a share of a backend": (
        group(scaler=scaler(loadBalancingUtilization={"utilizationTarget": 0.6})),
        f"{POLICY}.loadBalancingUtilization.utilizationTarget is 0.6",
    ),
    "an autoscaler that is off with a target": (
        group(scaler=scaler(mode="OFF", cpuUtilization={"utilizationTarget": 0.6})),
        f"{POLICY}.cpuUtilization.utilizationTarget is 0.6",
    ),
    "what a metric grows by": (
        group(
            scaler=scaler(
                customMetricUtilizations=[
                    {"metric": HITS, "utilizationTarget": 5, "utilizationTargetType": "DELTA_PER_MINUTE"}
                ]
            )
        ),
        "utilizationTargetType is DELTA_PER_MINUTE",
    ),
    "a filter of a metric": (
        group(
            scaler=scaler(
                customMetricUtilizations=[
                    {
                        "metric": HITS,
                        "utilizationTarget": 5,
                        "utilizationTargetType": "GAUGE",
                        "filter": 'resource.type != "global"',
                    }
                ]
            )
        ),
        'filter is resource.type != "global"',
    ),
    "a global health check": (group(autoHealingPolicies=HEALING), "healthCheck is projects/p/global/healthChecks/up"),
    "several keys": (
        group({**TEMPLATE, "properties": {**TEMPLATE["properties"], "metadata": KEYS}}),
        "properties.metadata.items[ssh-keys].value",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_no_model_says_is_left_to_others_and_said(name):
    """Nothing of it changes, and one note says what stays."""
    answers, text = CASES[name]
    found, live, wanted, problems = imported(answers, "shop")
    plan = next_plan(found, live, wanted)
    assert_notes_are_the_plan(found, plan, problems)
    assert not problems
    assert not [change for change in plan if change.action is not Action.CREATE], plan.to_dict()
    assert len([note for note in found.notes if text in note.reason]) == 1, [str(note) for note in found.notes]
    assert found.group.unmanaged


def test_a_target_of_a_load_balancer_stays_under_the_field_that_is_left_to_others():
    found = imported(CASES["a share of a backend"][0], "shop")[0]
    (note,) = [note for note in found.notes if "loadBalancingUtilization" in note.reason]
    assert (note.effect, note.field) == (ImportEffect.STAYS, "policies")
    assert "where trimtab would write nothing" in note.reason


def test_a_group_of_two_templates_keeps_both():
    versions = [
        {"instanceTemplate": TEMPLATE["selfLink"]},
        {"instanceTemplate": "projects/p/global/instanceTemplates/b"},
    ]
    found, live, wanted, problems = imported(Replies({**MANAGER, "versions": versions}, template=TEMPLATE), "shop")
    plan = next_plan(found, live, wanted)
    assert_notes_are_the_plan(found, plan, problems)
    assert "template" in found.group.unmanaged
    assert {change.key.kind for change in plan} == {"autoscaler"}
