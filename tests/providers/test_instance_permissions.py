"""What instances need in a role of their own, on each cloud, held against the vendors' own lists."""

import json
import re
from pathlib import Path

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from trimtab.errors import InvalidArgument, Unsupported
from trimtab.providers.aws import hooks
from trimtab.providers.aws.permissions import hook_document, instance_document
from trimtab.providers.azure.ids import Home
from trimtab.providers.azure.permissions import instance_definition as azure_definition
from trimtab.providers.gcp.permissions import instance_definition as gcp_definition
from trimtab.providers.gcp.permissions import is_published

HOME = Home("00000000-0000-0000-0000-000000000000", "shop")
# https://cloud.google.com/iam/docs/roles-permissions/monitoring#monitoring.metricWriter
METRIC_WRITER = {
    "monitoring.metricDescriptors.create",
    "monitoring.metricDescriptors.get",
    "monitoring.metricDescriptors.list",
    "monitoring.monitoredResourceDescriptors.get",
    "monitoring.monitoredResourceDescriptors.list",
    "monitoring.timeSeries.create",
}
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/monitor#monitoring-metrics-publisher
METRICS_PUBLISHER = {"Microsoft.Insights/Metrics/Write", "Microsoft.Insights/Telemetry/Write"}
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/CloudWatchAgentServerPolicy.html
AGENT_POLICY = {"cloudwatch:PutMetricData", "ec2:DescribeVolumes", "ec2:DescribeTags"}

ALONE = {"alarms": {}}
"""A group of these tests has an alarm that triggers one of its policies."""
JOBS = tt.metrics.custom("Shop", "Jobs")
OWN = {
    **ALONE,
    "policies": {"hold": {"type": "target-tracking", "metric": {"custom": "Jobs", "namespace": "Shop"}, "target": 5}},
}
AGENT = {"alarms": {"full": {"metric": "memory", "above": 90, "notify": ["arn:aws:sns:us-east-1:1:ops"]}}}
HOOK = {"aws": {"lifecycle_hooks": [{"name": "drain", "on": "terminate"}]}}
VENDORS = {
    **ALONE,
    "policies": {"hold": {"type": "target-tracking", "metric": {"custom": "Age", "namespace": "AWS/SQS"}, "target": 5}},
}


def statements(*groups):
    document = instance_document(make_fleet(*groups), region="us-east-1")
    assert document["Version"] == "2012-10-17"
    return {statement["Sid"]: statement for statement in document["Statement"]}


class TestAws:
    def test_own_metrics_are_published_in_their_namespace_only(self):
        found = statements(make_group("web", **OWN))
        assert set(found) == {"PublishMetrics"}
        assert found["PublishMetrics"]["Action"] == ["cloudwatch:PutMetricData"]
        # the action has no resources; the condition key is CloudWatch's own
        assert found["PublishMetrics"]["Resource"] == ["*"]
        assert found["PublishMetrics"]["Condition"] == {"StringEquals": {"cloudwatch:namespace": ["Shop"]}}

    def test_an_agent_publishes_in_its_namespace_and_reads_the_instances_tags(self):
        found = statements(make_group("web", **AGENT), make_group("api", **OWN))
        names = found["PublishMetrics"]["Condition"]["StringEquals"]["cloudwatch:namespace"]
        assert names == ["CWAgent", "Shop"]
        assert {action for one in found.values() for action in one["Action"]} <= AGENT_POLICY
        assert found["ReadOwnTags"]["Action"] == ["ec2:DescribeTags"]

    def test_hooks_are_ended_in_groups_of_the_fleet_only(self):
        found = statements(make_group("web", **HOOK))
        assert set(found) == {"EndLifecycleHooks"}
        assert all("autoScalingGroupName/virtualmin-*" in arn for arn in found["EndLifecycleHooks"]["Resource"])
        assert found["EndLifecycleHooks"]["Condition"] == {
            "StringEquals": {"aws:ResourceTag/trimtab-fleet": "virtualmin"}
        }

    @pytest.mark.parametrize("fields", [{}, VENDORS])
    def test_what_aws_measures_itself_takes_nothing(self, fields):
        assert statements(make_group("web", **fields)) == {}

    def test_each_action_is_one_of_the_services(self):
        loading = pytest.importorskip("botocore.session", reason="the models of the services are botocore's")
        session = loading.get_session()
        found = statements(make_group("web", **OWN), make_group("api", **AGENT), make_group("job", **HOOK))
        for action in (action for one in found.values() for action in one["Action"]):
            service, _, operation = action.partition(":")
            assert operation in session.get_service_model(service).operation_names


class TestAzure:
    def test_own_metrics_take_the_right_of_a_metrics_publisher(self):
        role = azure_definition(make_fleet(make_group("web", **OWN)), HOME)
        assert role["DataActions"] == ["Microsoft.Insights/Metrics/Write"]
        assert set(role["DataActions"]) <= METRICS_PUBLISHER
        assert role["Actions"] == []
        assert role["AssignableScopes"] == [HOME.path]

    def test_memory_is_the_hosts(self):
        assert azure_definition(make_fleet(make_group("web", **AGENT)), HOME)["DataActions"] == []


class TestGoogle:
    @pytest.mark.parametrize("fields", [OWN, AGENT])
    def test_metrics_take_the_role_of_a_metric_writer(self, fields):
        role = gcp_definition(make_fleet(make_group("web", **fields)))
        assert set(role["includedPermissions"]) == METRIC_WRITER

    def test_what_google_measures_itself_takes_nothing(self):
        assert gcp_definition(make_fleet(make_group("web")))["includedPermissions"] == []
        assert not is_published(tt.metrics.custom("pubsub.googleapis.com/subscription", "oldest_unacked_message_age"))
        assert is_published(JOBS)


def test_what_instances_need_is_asked_for_alone():
    with tt.connect("memory") as cloud:
        assert cloud.permissions(make_fleet(make_group("web")), instances=True) == {}
        for other in ({"read_only": True}, {"controller": True}):
            with pytest.raises(InvalidArgument, match="`instances` stands alone"):
                cloud.permissions(make_fleet(make_group("web")), instances=True, **other)


def test_the_document_is_json():
    json.dumps(instance_document(make_fleet(make_group("web", **OWN)), region="us-east-1"))


QUEUE = "arn:aws:sqs:us-east-1:123456789012:drain"
TOLD = {
    "aws": {"lifecycle_hooks": [{"name": "drain", "on": "terminate", "notify": QUEUE, "role": "arn:aws:iam::1:role/h"}]}
}


class TestHooks:
    """What the consumer of hooks needs."""

    def document(self, *groups):
        found = hook_document(make_fleet(*groups), region="us-east-1")
        return {statement["Sid"]: statement for statement in found["Statement"]}

    def test_the_queue_that_hooks_tell_and_the_fleets_groups_alone(self):
        found = self.document(make_group("web", **ALONE, **TOLD))
        assert found["ConsumeQueues"]["Resource"] == [QUEUE]
        assert found["EndLifecycleHooks"]["Condition"] == {
            "StringEquals": {"aws:ResourceTag/trimtab-fleet": "virtualmin"}
        }
        assert set(found) == {"ReadHooks", "EndLifecycleHooks", "ConsumeQueues"}

    def test_any_queue_of_the_region_where_eventbridge_fills_it(self):
        found = self.document(make_group("web", **ALONE, **HOOK))
        assert found["ConsumeQueues"]["Resource"] == ["arn:aws:sqs:us-east-1:*:*"]

    def test_every_call_of_the_consumer_is_granted(self):
        """By the SDK's names of the operations that the queue's code calls."""
        said = Path(hooks.__file__).read_text()
        called = {
            "".join(part.title() for part in name.split("_"))
            for name in re.findall(r'"((?:describe|record|complete|receive|delete|change|get)_[a-z_]+)"', said)
        }
        granted = {
            action.partition(":")[2]
            for one in self.document(make_group("web", **ALONE)).values()
            for action in one["Action"]
        }
        assert called == granted

    @pytest.mark.parametrize("name", ["memory", "azure", "gcp"])
    def test_elsewhere_the_instances_are_told(self, request, name):
        test = request.getfixturevalue(f"trimtab_{name}")
        with test.connect() as cloud:
            with pytest.raises(Unsupported, match="takes no permission"):
                cloud.permissions(make_fleet(), hooks=True)
            with pytest.raises(InvalidArgument, match="`hooks` stands alone"):
                cloud.permissions(make_fleet(), hooks=True, controller=True)
