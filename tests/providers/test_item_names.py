"""Policies, alarms and schedules by names in any case: made, planned empty, imported, and told apart on every cloud."""

import pytest

import trimtab as tt
from tests.constraints.cases import BASES
from tests.found.accounts import aws, aws_account, azure, azure_account, gcp, gcp_account  # noqa: F401
from trimtab.testing import translate

pytestmark = pytest.mark.sweep

DAY = {"cron": "0 8 * * 1-5", "until": "0 20 * * 1-5", "zone": "Europe/Madrid", "min": 2}
STEPS = {
    "policies": {"Scale_Out": {"change": 1}, "scaleIn": {"change": -1}},
    "alarms": {
        "CPU-High": {"metric": "cpu", "above": 70, "period": "5m", "triggers": ["Scale_Out"]},
        "CPU_low": {"metric": "cpu", "below": 20, "period": "5m", "triggers": ["scaleIn"]},
    },
}
TARGET = {"policies": {"HoldCPU": {"type": "target-tracking", "metric": "cpu", "target": 60}}}
TOLD = {"aws": "arn:aws:sns:us-east-1:123456789012:ops"}


def fleet_on(cloud):
    base = {name: value for name, value in BASES[cloud].items() if name != "policies"}
    items = dict(TARGET if cloud == "gcp" else STEPS)
    shown = {"metric": "cpu", "above": 95, "period": "5m", "notify": [TOLD.get(cloud, "ops@example.org")]}
    items["alarms"] = {**items.get("alarms", {}), "Too_Hot": {**shown, "notify_ok": shown["notify"]}}
    schedules = {"OfficeHours": DAY, "Late_Night": {**DAY, "cron": "0 22 * * 1-5", "until": "0 23 * * 1-5"}}
    return tt.Fleet(name="shop", groups=[{"name": "web", **base, **items, "schedules": schedules}])


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_names_in_any_case_are_made_and_come_back(request, cloud):
    account = request.getfixturevalue(cloud)
    fleet = fleet_on(cloud)
    plan = account.cloud.plan(fleet)
    assert not plan.problems, [str(problem) for problem in plan.problems]
    account.cloud.apply(plan, wait="accepted").raise_for_failures()
    assert not account.cloud.plan(fleet)
    found = account.cloud.import_group("shop-web", fleet="shop")
    assert not [str(note) for note in found.changes]
    again = account.cloud.plan(fleet.model_copy(update={"groups": (found.group,)}))
    assert not again, again.to_dict()


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_a_name_in_another_case_is_another_name_where_the_cloud_tells_them_apart(request, cloud):
    """On AWS the schedule is made anew; the plan is empty afterwards on both."""
    account = request.getfixturevalue(cloud)
    before = fleet_on(cloud)
    account.cloud.apply(account.cloud.plan(before), wait="accepted").raise_for_failures()
    (group,) = before.groups
    office, late = group.schedules
    schedules = (office.model_copy(update={"name": "officeHours"}), late)
    after = before.model_copy(update={"groups": (group.model_copy(update={"schedules": schedules}),)})
    plan = account.cloud.plan(after)
    assert plan
    account.cloud.apply(plan, wait="accepted", allow_delete=True).raise_for_failures()
    assert not account.cloud.plan(after)


def test_google_has_schedules_in_lower_case():
    """The names of its API: https://cloud.google.com/compute/docs/naming-resources."""
    found = translate(fleet_on("gcp"), "gcp")
    (scaler,) = (item for item in found.resources if item.key.kind == "autoscaler")
    assert set(scaler.body["autoscalingPolicy"]["scalingSchedules"]) == {"officehours", "late-night"}
