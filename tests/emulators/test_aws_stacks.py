"""Groups of CloudFormation's stacks are groups like others."""

import json
from typing import Any

import pytest
from aws_bench import Aws, client_for
from botocore.exceptions import ClientError


def body(aws: Aws, **given: Any) -> str:
    properties = {
        "AutoScalingGroupName": "stacked",
        "MinSize": "1",
        "MaxSize": "3",
        "Cooldown": "60",
        "VPCZoneIdentifier": aws.subnets(2),
        "LaunchTemplate": {"LaunchTemplateId": aws.make_template("of-stack")["LaunchTemplateId"], "Version": 1},
        "NewInstancesProtectedFromScaleIn": "true",
        **given,
    }
    return json.dumps(
        {"Resources": {"Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": properties}}}
    )


@pytest.fixture
def stacks(aws: Aws) -> Any:
    return client_for(aws.emulator, "cloudformation")


@pytest.mark.parametrize("named", [True, False])
def test_it_is_described_changed_in_place_and_deleted(aws: Aws, stacks: Any, *, named: bool) -> None:
    made = body(aws)
    if not named:
        template = json.loads(made)
        del template["Resources"]["Group"]["Properties"]["AutoScalingGroupName"]
        made = json.dumps(template)
    stacks.create_stack(StackName="s", TemplateBody=made)
    (group,) = aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert (group["AutoScalingGroupName"] == "stacked") is named
    assert (group["MinSize"], group["MaxSize"], group["DefaultCooldown"]) == (1, 3, 60)
    assert group["LaunchTemplate"]["Version"] == "1"
    assert group["NewInstancesProtectedFromScaleIn"] is True
    (before,) = group["Instances"]
    changed = json.loads(made)
    tag = {"Key": "team", "Value": "core", "PropagateAtLaunch": True}
    changed["Resources"]["Group"]["Properties"] |= {"MinSize": "2", "Tags": [tag]}
    stacks.update_stack(StackName="s", TemplateBody=json.dumps(changed))
    group = aws.group(group["AutoScalingGroupName"])
    assert before["InstanceId"] in [each["InstanceId"] for each in group["Instances"]]
    assert len(group["Instances"]) == 2
    assert [each["Key"] for each in group["Tags"]] == ["team"]
    stacks.delete_stack(StackName="s")
    assert aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_what_cannot_be_is_refused_with_the_stack(aws: Aws, stacks: Any) -> None:
    with pytest.raises(ClientError, match="min"):
        stacks.create_stack(StackName="s", TemplateBody=body(aws, MinSize="4"))
    assert aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
