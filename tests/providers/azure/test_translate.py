"""
What is put to Azure: five autoscale settings as Microsoft's tools wrote them, and bodies against Azure's own types.

The bodies are those that the Azure CLI and the SDK for .NET were recorded to send, and one of Microsoft's pages, with
the names of this cluster.
"""

import base64
import hashlib
from datetime import UTC, datetime

import pytest

import trimtab as tt
from trimtab.emulators.azure.shapes import check
from trimtab.emulators.azure.type_files import find_shape
from trimtab.emulators.shared.errors import ServiceError
from trimtab.plan import plain, revealed
from trimtab.providers.azure.bodies import sent_properties
from trimtab.providers.azure.facts import AzureFacts
from trimtab.providers.azure.ids import Home
from trimtab.providers.azure.template import PLACEHOLDER_SSH_KEY
from trimtab.providers.azure.translate import translate

HOME = Home("00000000-0000-0000-0000-000000000000", "shop")
SET = HOME.scale_set("shop-web")
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
OUT_AND_IN = {
    "policies": {"out": {"change": 1, "cooldown": "5m"}, "in": {"change": -1, "cooldown": "10m"}},
    "alarms": {
        "hot": {"metric": "cpu", "above": 75, "period": "10m", "triggers": ["out"]},
        "idle": {"metric": "cpu", "below": 25, "period": "10m", "triggers": ["in"]},
    },
}


def group(**more):
    given = {
        "name": "web",
        "capacity": {"min": 3, "max": 3},
        "template": {"image": "Ubuntu2204", "size": "Standard_DS1_v2"},
        **more,
    }
    return tt.ScalingGroup.model_validate(given)


def resources(one, **fleet):
    return translate(tt.Fleet(name="shop", groups=(one,), **fleet), AzureFacts(), NOW, "westus", HOME).resources


def setting(**more):
    found = next(item for item in resources(group(**more)) if item.key.kind == "autoscale-setting")
    return sent_properties(found.body["properties"], {})


def profile(name, size, **more):
    return {"name": name, "capacity": {"minimum": size, "maximum": size, "default": size}, "rules": [], **more}


def test_two_rules():
    """`az monitor autoscale rule create --condition "Percentage CPU > 75 avg 10m" --scale out 1`, and back in."""

    def rule(operator, threshold, direction, cooldown):
        return {
            "metricTrigger": {
                "metricName": "Percentage CPU",
                "metricResourceUri": SET,
                "timeGrain": "PT1M",
                "statistic": "Average",
                "timeWindow": "PT10M",
                "timeAggregation": "Average",
                "operator": operator,
                "threshold": threshold,
                "dividePerInstance": False,
            },
            "scaleAction": {"direction": direction, "type": "ChangeCount", "value": "1", "cooldown": cooldown},
        }

    rules = setting(**OUT_AND_IN)["profiles"][0]["rules"]
    assert sorted(rules, key=str) == sorted(
        [rule("GreaterThan", 75.0, "Increase", "PT5M"), rule("LessThan", 25.0, "Decrease", "PT10M")], key=str
    )


def test_a_recurring_pair():
    """The CLI's `profile create --recurrence week sat sun`: the profile, and its twin a minute before midnight."""
    weekend = {"cron": "0 0 * * 6,7", "until": "59 23 * * 6,7", "zone": "America/Los_Angeles", "min": 1, "max": 1}

    def recurrence(hour, minute):
        schedule = {
            "timeZone": "Pacific Standard Time",
            "days": ["Saturday", "Sunday"],
            "hours": [hour],
            "minutes": [minute],
        }
        return {"frequency": "Week", "schedule": schedule}

    assert setting(schedules={"weekend": weekend})["profiles"] == [
        profile("default", "3"),
        profile("weekend", "1", recurrence=recurrence(0, 0)),
        profile('{"name":"default","for":"weekend"}', "3", recurrence=recurrence(23, 59)),
    ]


def test_a_fixed_date():
    """The CLI's `profile create --start 2018-12-24 --end 2018-12-26 --timezone "Pacific Standard Time"`."""
    christmas = {"at": "2018-12-24T00:00:00", "duration": "2d", "zone": "America/Los_Angeles", "min": 5, "max": 5}
    fixed = {"timeZone": "Pacific Standard Time", "start": "2018-12-24T00:00:00Z", "end": "2018-12-26T00:00:00Z"}
    assert setting(schedules={"christmas": christmas})["profiles"] == [
        profile("default", "3"),
        profile("christmas", "5", fixedDate=fixed),
    ]


def test_a_notification():
    """The body of Autoscale notifications by e-mail and webhook, in Azure Monitor's pages."""
    told = ["ops@example.org", "dev@example.org", "https://example.org/hook"]
    assert setting(azure={"notify_scaling": told})["notifications"] == [
        {
            "operation": "Scale",
            "email": {
                "sendToSubscriptionAdministrator": False,
                "sendToSubscriptionCoAdministrators": False,
                "customEmails": ["dev@example.org", "ops@example.org"],
            },
            "webhooks": [{"serviceUri": "https://example.org/hook", "properties": {}}],
        }
    ]


def test_a_forecast():
    """The CLI's `autoscale update --scale-mode ForecastOnly --scale-look-ahead-time PT1M`."""
    ahead = {"type": "predictive", "metric": "cpu", "target": 70, "buffer": "1m", "approximate": True}
    policies = {**OUT_AND_IN["policies"], "ahead": ahead}
    found = setting(policies=policies, alarms=OUT_AND_IN["alarms"])
    assert found["predictiveAutoscalePolicy"] == {"scaleMode": "ForecastOnly", "scaleLookAheadTime": "PT1M"}


@pytest.mark.parametrize(
    ("alarm", "trigger"),
    [
        ({"metric": "memory", "above": 80}, {"operator": "LessThan", "threshold": 20.0}),
        ({"metric": "memory", "at_most": 30}, {"operator": "GreaterThanOrEqual", "threshold": 70.0}),
        ({"metric": "memory", "above": 80, "statistic": "maximum"}, {"statistic": "Min", "timeAggregation": "Minimum"}),
        ({"metric": "network-in", "above": 1000}, {"metricName": "Network In Total", "threshold": 60000.0}),
        ({"metric": "cpu", "above": 70, "period": "2m", "periods": 2}, {"timeWindow": "PT5M"}),
        ({"metric": "cpu", "above": 70, "period": "5m", "periods": 3, "datapoints": 2}, {"timeWindow": "PT15M"}),
        ({"metric": "disk", "above": 90}, {"metricNamespace": "azure.vm.linux.guestmetrics"}),
    ],
)
def test_a_rule_in_azures_words(alarm, trigger):
    """Free memory turns comparisons round, bytes a second are bytes a minute, windows are of five minutes at least."""
    alarms = {"it": {**alarm, "triggers": ["out"]}}
    rule = setting(policies={"out": {"change": 1}}, alarms=alarms)["profiles"][0]["rules"][0]
    assert {name: rule["metricTrigger"][name] for name in trigger} == trigger


def test_steps_are_rules_from_the_threshold_outwards():
    steps = {"type": "step", "steps": [{"lower": 0, "upper": 10, "change": 1}, {"lower": 10, "change": 3}]}
    alarms = {"hot": {"metric": "cpu", "above": 70, "triggers": ["steps"]}}
    rules = setting(policies={"steps": steps}, alarms=alarms)["profiles"][0]["rules"]
    assert sorted(
        (one["metricTrigger"]["operator"], one["metricTrigger"]["threshold"], one["scaleAction"]["value"])
        for one in rules
    ) == [("GreaterThan", 70.0, "1"), ("GreaterThanOrEqual", 80.0, "3")]


def test_a_step_below_the_threshold_is_no_rule_of_an_alarm_above_it():
    """An alarm above 70 is never in a step that ends there (StepAdjustment, Amazon EC2 Auto Scaling API Reference)."""
    steps = {"type": "step", "steps": [{"upper": 0, "change": -1}, {"lower": 0, "change": 2}]}
    alarms = {"hot": {"metric": "cpu", "above": 70, "triggers": ["steps"]}}
    (rule,) = setting(policies={"steps": steps}, alarms=alarms)["profiles"][0]["rules"]
    assert (rule["scaleAction"]["direction"], rule["scaleAction"]["value"]) == ("Increase", "2")


def test_target_tracking_is_two_rules_with_its_margin():
    hold = {"type": "target-tracking", "metric": "cpu", "target": 60, "approximate": True}
    rules = setting(policies={"hold": hold})["profiles"][0]["rules"]
    found = {one["scaleAction"]["direction"]: one["metricTrigger"]["threshold"] for one in rules}
    assert found == {"Increase": 60.0, "Decrease": pytest.approx(42.0)}


def test_schedules_from_then_on_are_profiles_that_follow_each_other():
    """EC2's way of saying office hours needs no twins: each profile lasts until the next one starts."""
    schedules = {
        "morning": {"cron": "0 8 * * 1-5", "zone": "Europe/Madrid", "min": 3, "max": 9},
        "evening": {"cron": "0 18 * * 1-5", "zone": "Europe/Madrid", "min": 2},
    }
    found = setting(capacity={"min": 1, "max": 5}, schedules=schedules)["profiles"]
    assert [(one["name"], one["capacity"]["minimum"], one["capacity"]["maximum"]) for one in found] == [
        ("default", "1", "5"),
        ("morning", "3", "9"),
        ("evening", "2", "9"),  # the maximum stays as the morning set it
    ]


def test_the_key_of_nobody_is_a_point_that_nobody_chose():
    """No private part is known of it: it is a hash that happens to be a point of the curve."""
    prime = 2**255 - 19
    d = -121665 * pow(121666, prime - 2, prime) % prime

    def is_point(y):
        square = (y * y - 1) * pow(d * y * y + 1, prime - 2, prime) % prime
        return square != 0 and pow(square, (prime - 1) // 2, prime) == 1

    for number in range(64):
        digest = bytearray(hashlib.sha256(f"trimtab: nobody logs in {number}".encode()).digest())
        digest[31] &= 0x7F
        if is_point(int.from_bytes(digest, "little")):
            break
    assert base64.b64decode(PLACEHOLDER_SSH_KEY.split()[1])[-32:] == bytes(digest)


TYPES = {
    "scale-set": ("microsoft.compute.2026-04-01", "Microsoft.Compute/virtualMachineScaleSets"),
    "autoscale-setting": ("microsoft.insights.2022-10-01", "Microsoft.Insights/autoscalesettings"),
    "metric-alert": ("microsoft.insights.2018-03-01", "Microsoft.Insights/metricAlerts"),
}


def test_bodies_hold_against_azures_own_types(shared):
    """A rich group's scale set, setting and alert, by Microsoft's generated type files."""
    alarms = {**OUT_AND_IN["alarms"], "seen": {"metric": "memory", "above": 90, "notify": ["ops@example.org"]}}
    rich = group(
        capacity={"min": 1, "max": 9},
        policies=OUT_AND_IN["policies"],
        alarms=alarms,
        schedules={"office": {"cron": "0 8 * * 1-5", "until": "0 18 * * 1-5", "zone": "Europe/Madrid", "min": 3}},
        purchase={"spot": True, "on_demand_base": 1, "on_demand_percent": 50},
        health_check={"path": "/up", "port": 8080, "grace": "15m"},
        azure={"orchestration": "flexible", "terminate_notification": "5m", "notify_scaling": ["ops@example.org"]},
        tags={"Team": "hosting"},
    )
    checked = set()
    for item in resources(rich):
        if item.key.kind in TYPES:
            shape = find_shape(*TYPES[item.key.kind])
            assert shape is not None
            body = plain(revealed({name: value for name, value in item.body.items() if name != "resourceGroup"}))
            sent = {**body, "properties": sent_properties(body["properties"], {}), "location": "westus"}
            check(sent, shape, whole=True, strict=True)
            checked.add(item.key.kind)
    assert checked == set(TYPES)


def test_the_check_against_types_can_fail(shared):
    """An unknown property, deep down."""
    shape = find_shape(*TYPES["autoscale-setting"])
    body = {"location": "westus", "properties": {**setting(), "profiels": []}}
    with pytest.raises(ServiceError, match="profiels"):
        check(plain(body), shape, whole=True, strict=True)
