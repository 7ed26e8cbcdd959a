"""
Metric alerts: metrics that were never written, and the statistics that Azure Monitor has of each.

https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-network-applicationgateways-metrics
https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-servicebus-namespaces-metrics
https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-storage-storageaccounts-queueservices-metrics
"""

import pytest

from tests.conftest import make_fleet
from tests.providers.azure.groups import OWN, QUEUE, azure_group

GATEWAY = f"{OWN}/Microsoft.Network/applicationGateways/front"
STORAGE = f"{OWN}/Microsoft.Storage/storageAccounts/acc"
LENGTH = {"name": "queue-depth", "of": f"{STORAGE}/queueServices/default/queues/jobs"}


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def fleet_of(world, alarm, **more):
    given = {"above": 5, "notify": ["ops@example.org"], **alarm}
    return make_fleet(azure_group(world, "web", alarms={"it": given}, **more))


def criterion(world, cloud, alarm):
    fleet = fleet_of(world, alarm)
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    assert not cloud.plan(fleet)
    return world.monitor.metric_alerts.get(world.group, "virtualmin-web-it").criteria.all_of[0]


@pytest.mark.parametrize(
    ("metric", "skipped"),
    [
        ({"custom": "Jobs", "namespace": "Shop"}, True),
        ("disk", True),  # what the agent sends, once it runs
        ("cpu", None),
        ("memory", None),
        ("network-in", None),
    ],
)
def test_only_metrics_that_may_not_be_written_yet_are_not_looked_up(world, cloud, metric, skipped):
    assert criterion(world, cloud, {"metric": metric}).skip_metric_validation is skipped


def test_somebody_elses_alert_with_another_word_is_seen(world, cloud):
    fleet = fleet_of(world, {"metric": {"custom": "Jobs", "namespace": "Shop"}})
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    world.cloud.push(fleet.groups[0].alarms[0].metric, group="virtualmin-web", value=1)
    alert = world.monitor.metric_alerts.get(world.group, "virtualmin-web-it")
    alert.criteria.all_of[0].skip_metric_validation = False
    world.monitor.metric_alerts.create_or_update(world.group, "virtualmin-web-it", alert)
    (change,) = cloud.plan(fleet)
    assert [field.path.rpartition(".")[2] for field in change.fields] == ["skipMetricValidation"]


def test_a_severity_is_its_number_and_a_warning_when_left_out(world, cloud):
    """https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-overview"""
    numbers = []
    for severity in (None, "critical", "error", "warning", "informational", "verbose"):
        fleet = fleet_of(world, {"metric": "cpu", **({"severity": severity} if severity else {})})
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        numbers.append(world.monitor.metric_alerts.get(world.group, "virtualmin-web-it").severity)
        (alarm,) = cloud.import_group("virtualmin-web", fleet="virtualmin").group.alarms
        assert alarm.severity == (None if severity == "warning" else severity)
    assert numbers == [2, 0, 1, 2, 3, 4]


def test_a_rule_has_no_severity_and_the_plan_says_so(world, cloud):
    alarm = {"metric": "cpu", "severity": "error", "notify": [], "triggers": ["out"]}
    notes = [note.text for note in cloud.plan(fleet_of(world, alarm, policies={"out": {"change": 1}})).notes]
    assert "alarms.it.severity: not used: a rule has no severity; an alarm that notifies has one" in notes


TABLE = [
    ("requests", {"sum"}),
    ("errors-5xx", {"sum"}),
    ("latency", {"average", "maximum"}),
    ("queue-depth", {"average", "minimum", "maximum"}),
    ("cpu", {"average", "minimum", "maximum", "sum", "count"}),
]
"""What the vendor's tables have in the column Aggregation; that of scale sets names the usual one only."""


@pytest.mark.sample(8, per="name")
@pytest.mark.parametrize("statistic", ["average", "minimum", "maximum", "sum", "count"])
@pytest.mark.parametrize(("name", "known"), TABLE, ids=[name for name, _ in TABLE])
def test_an_alert_has_the_statistics_of_its_metric(world, cloud, name, known, statistic):
    """A count that is asked for its average means its sum."""
    of = {"queue-depth": QUEUE, "cpu": None}.get(name, GATEWAY)
    alarm = {"metric": {"name": name, **({"of": of} if of else {})}, "statistic": statistic}
    problems = [str(problem) for problem in cloud.plan(fleet_of(world, alarm)).problems]
    meant = "sum" if statistic == "average" and "sum" in known and len(known) == 1 else statistic
    assert [text for text in problems if "alarms.it.statistic" in text and "has no" in text] == (
        [] if meant in known else problems
    )
    assert bool(problems) is (meant not in known)


@pytest.mark.parametrize(
    "queue",
    [
        f"{STORAGE}/services/queue/queues/jobs",
        f"{STORAGE}/queueServices/default/queues/jobs",
        f"{STORAGE}/QUEUESERVICES/default/Queues/jobs/",
    ],
)
def test_one_storage_queue_scales_and_does_not_alert(world, cloud, queue):
    """Autoscale has its length under a name of its own, whichever way the id is written; alerts have no such metric."""
    metric = {"name": "queue-depth", "of": queue}
    (problem,) = cloud.plan(fleet_of(world, {"metric": metric})).problems
    assert "alarms.it.metric: a metric alert cannot watch one storage queue" in str(problem)
    scaling = fleet_of(world, {"metric": metric, "notify": [], "period": "5m", "triggers": ["scale-out"]})
    cloud.apply(cloud.plan(scaling)).raise_for_failures()
    setting = world.monitor.autoscale_settings.get(world.group, "virtualmin-web")
    trigger = setting.profiles[0].rules[0].metric_trigger
    assert trigger.metric_name == "ApproximateMessageCount"
    assert trigger.metric_resource_uri.lower() == f"{STORAGE}/services/queue/queues/jobs".lower()
    assert not cloud.plan(scaling)


def test_a_queue_of_a_bus_is_found_whatever_the_case_of_its_id(world, cloud):
    namespace = QUEUE.rsplit("/", 2)[0]
    for of in (
        QUEUE,
        QUEUE.replace("/queues/", "/Queues/"),
        QUEUE.replace("Microsoft.ServiceBus", "MICROSOFT.SERVICEBUS"),
    ):
        fleet = fleet_of(world, {"metric": {"name": "queue-depth", "of": of}})
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        alert = world.monitor.metric_alerts.get(world.group, "virtualmin-web-it")
        assert [scope.lower() for scope in alert.scopes] == [namespace.lower()]
        assert alert.criteria.all_of[0].dimensions[0].values == ["jobs"]
