"""
Alarms on Azure: metric alerts that look back a day, or ask for a metric that was never written or does not exist.

https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/metrics-index and
https://learn.microsoft.com/rest/api/monitor/metric-alerts/create-or-update (2018-03-01).
"""

import pytest

from tests.found.marks import case
from tests.found.worlds import fleet_of, naming, said

GROUP = """
name: shop
groups:
  web:
    capacity: {min: 1, max: 4}
    template: {image: Ubuntu2404, size: Standard_D2s_v5}
    placement: {network: virtualmin, subnets: [private]}
"""
CUSTOM = (
    GROUP + "    alarms: {q: {metric: {custom: JobsWaiting, namespace: Shop}, above: 5, notify: [ops@example.org]}}\n"
)


def criterion(azure, name):
    status, body = azure.ask("GET", f"Microsoft.Insights/metricAlerts/{name}", version="2018-03-01")
    if status != 200:
        raise RuntimeError(f"there is no alert {name}")
    return body["properties"]["criteria"]["allOf"][0]


def put_alert(azure, scope, **fields):
    """Status and error code of a metric alert as somebody else makes one."""
    criteria = {
        "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
        "allOf": [
            {
                "name": "q",
                "criterionType": "StaticThresholdCriterion",
                "operator": "GreaterThan",
                "threshold": 5,
                "timeAggregation": "Average",
                **fields,
            }
        ],
    }
    body = {
        "location": "global",
        "properties": {
            "severity": 3,
            "enabled": True,
            "scopes": [scope],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "criteria": criteria,
        },
    }
    return azure.answer("PUT", "Microsoft.Insights/metricAlerts/q", body, "2018-03-01")


class TestUnwritten:
    """
    A metric that was never written: "Couldn't find a metric named ... use the -skipMetricValidation flag".

    CompositionalIT/farmer#807, hashicorp/terraform-provider-azurerm#10359, mspnp/aks-baseline#117.
    """

    def test_an_alert_on_a_custom_metric_skips_the_validation(self, azure):
        fleet = azure.put(CUSTOM)
        assert criterion(azure, "shop-web-q").get("skipMetricValidation") is True
        assert azure.left(fleet) == []

    @pytest.mark.parametrize(
        ("fields", "taken"),
        [
            case({}, False, id="validated"),
            case({"skipMetricValidation": True}, True, id="skipped"),
        ],
    )
    def test_the_emulator_refuses_an_alert_on_an_unwritten_metric(self, azure, fields, taken):
        azure.put_scale_set("old")
        scope = f"{azure.providers}/Microsoft.Compute/virtualMachineScaleSets/old"
        answer = put_alert(azure, scope, metricNamespace="Shop", metricName="JobsWaiting", **fields)
        assert (answer[0] in (200, 201)) is taken

    def test_the_emulator_takes_an_alert_on_a_metric_of_every_scale_set(self, azure):
        azure.put_scale_set("old")
        scope = f"{azure.providers}/Microsoft.Compute/virtualMachineScaleSets/old"
        namespace = "Microsoft.Compute/virtualMachineScaleSets"
        assert put_alert(azure, scope, metricNamespace=namespace, metricName="Percentage CPU")[1] is None


class TestStorageQueue:
    """
    Metric alerts know of a storage queue only QueueMessageCount of `queueServices/default`, once an hour; the name
    ApproximateMessageCount is autoscale's own.

    hashicorp/terraform-provider-azurerm#5511, MicrosoftDocs/azure-docs#65227;
    https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-storage-storageaccounts-queueservices-metrics
    """

    ACCOUNT = "Microsoft.Storage/storageAccounts/acc"

    def text(self, azure, alarm):
        queue = f"{azure.providers}/{self.ACCOUNT}/services/queue/queues/jobs"
        return GROUP + f"    alarms: {{q: {{metric: {{name: queue-depth, of: {queue}}}, above: 100, {alarm}}}}}\n"

    def test_an_alert_on_a_storage_queue_is_refused_by_the_plan(self, azure):
        assert naming("alarms.q", azure.refusals(self.text(azure, "notify: [ops@example.org]")))

    def test_an_alarm_on_a_storage_queue_that_scales_is_a_rule_of_autoscale(self, azure):
        text = self.text(azure, "period: 5m, triggers: [out]") + "    policies: {out: {change: 1}}\n"
        assert azure.left(azure.put(text)) == []

    def test_the_emulator_refuses_an_alert_by_the_name_of_autoscale(self, azure):
        scope = f"{azure.providers}/{self.ACCOUNT}/services/queue/queues/jobs"
        assert put_alert(azure, scope, metricName="ApproximateMessageCount")[0] in (400, 404)


class TestWindows:
    """
    An alert looks back a day, a rule of autoscale twelve hours.

    https://learn.microsoft.com/rest/api/monitor/metric-alerts (windowSize PT1M to P1D) and
    https://learn.microsoft.com/rest/api/monitor/autoscale-settings (timeWindow: "between 12 hours and 5 minutes").
    """

    DAY = "    alarms: {hot: {metric: cpu, above: 80, period: 1h, periods: 24, %s}}\n"

    def test_an_alarm_that_only_notifies_looks_back_a_day(self, azure):
        text = GROUP + self.DAY % "notify: [ops@example.org]"
        assert azure.refusals(text) == []
        fleet = azure.put(text)
        status, body = azure.ask("GET", "Microsoft.Insights/metricAlerts/shop-web-hot", version="2018-03-01")
        assert (status, body["properties"]["windowSize"]) == (200, "P1D")
        assert azure.left(fleet) == []

    def test_an_alarm_that_scales_is_refused_beyond_twelve_hours(self, azure):
        text = GROUP + self.DAY % "triggers: [out]" + "    policies: {out: {change: 1}}\n"
        assert naming("alarms.hot", azure.refusals(text))


class TestCooldowns:
    """
    A rule's cooldown is a minute to a week: Azure/azure-powershell#11556.

    "It must be between 1 week and 1 minute in ISO 8601 format": ScaleAction of the autoscale settings' API.
    """

    RULE = (
        "    policies: {out: {change: 1, cooldown: %s}}\n    alarms: {hot: {metric: cpu, above: 70, triggers: [out]}}\n"
    )

    @pytest.mark.parametrize("cooldown", ["30s", "8d"])
    def test_a_cooldown_that_azure_refuses_is_refused_by_the_plan(self, azure, cooldown):
        assert naming("policies.out.cooldown", azure.refusals(GROUP + self.RULE % cooldown))

    @pytest.mark.parametrize("cooldown", ["1m", "7d"])
    def test_a_cooldown_that_azure_just_takes_is_made(self, azure, cooldown):
        assert azure.left(azure.put(GROUP + self.RULE % cooldown)) == []

    @pytest.mark.parametrize("cooldown", ["30s", "8d"])
    def test_the_emulator_refuses_a_cooldown_outside_a_minute_to_a_week(self, azure, cooldown):
        plan = azure.cloud.plan(fleet_of(GROUP + self.RULE % cooldown))
        if plan.problems:
            assert naming("policies.out.cooldown", said(plan))
            return
        failures = azure.cloud.apply(plan, wait="accepted").failures
        assert [text for text in failures if "cooldown" in text and "InvalidArgument" in text], failures
