"""What other people's programs and moto's own tests found: requests that the emulator answered unlike AWS."""

from datetime import timedelta
from typing import Any

import pytest
from aws_bench import START, Aws, client_for, code
from botocore.exceptions import ClientError

GROUP = {"MinSize": 1, "MaxSize": 3, "AvailabilityZones": ["us-east-1a"]}


def refusal(call: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_group_like_an_instance(aws: Aws) -> None:
    (instance,) = aws.ec2.run_instances(ImageId="ami-12c6146b", InstanceType="t3.micro", MinCount=1, MaxCount=1)[
        "Instances"
    ]
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="like", InstanceId=instance["InstanceId"], DesiredCapacity=2, **GROUP
    )
    (made,) = aws.autoscaling.describe_launch_configurations()["LaunchConfigurations"]
    assert (made["LaunchConfigurationName"], made["InstanceType"]) == ("like", "t3.micro")
    (group,) = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["like"])["AutoScalingGroups"]
    assert group["LaunchConfigurationName"] == "like"
    assert {each["InstanceType"] for each in group["Instances"]} == {"t3.micro"}


def test_a_group_like_an_instance_that_is_not_there(aws: Aws) -> None:
    given = {"AutoScalingGroupName": "like", "InstanceId": "i-0", **GROUP}
    assert refusal(aws.autoscaling.create_auto_scaling_group, **given) == (
        "ValidationError",
        "Instance [i-0] is invalid.",
    )


@pytest.mark.parametrize("call", ["create_launch_template_version", "modify_launch_template", "delete_launch_template"])
def test_a_dry_run_has_no_effect(aws: Aws, call: str) -> None:
    more = {"LaunchTemplateData": {"InstanceType": "t3.large"}} if "version" in call else {}
    given = {"LaunchTemplateName": "web", "DryRun": True, **more}
    assert refusal(getattr(aws.ec2, call), **given)[0] == "DryRunOperation"
    (template,) = aws.ec2.describe_launch_templates()["LaunchTemplates"]
    assert template["LatestVersionNumber"] == 1


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_arns_are_in_the_partition_of_their_region(aws: Aws, region: str, partition: str) -> None:
    client = client_for(aws.emulator, "cloudwatch", region)
    client.put_metric_alarm(
        AlarmName="hot",
        Namespace="N",
        MetricName="m",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    (alarm,) = client.describe_alarms()["MetricAlarms"]
    assert alarm["AlarmArn"].startswith(f"arn:{partition}:cloudwatch:{region}:")


@pytest.mark.parametrize(
    ("datum", "expected"),
    [
        ({"Value": float("nan")}, "InvalidParameterValue"),
        ({"Value": 1, "Values": [1]}, "InvalidParameterCombination"),
        ({"Values": [1, 2], "Counts": [1]}, "InvalidParameterValue"),
        (
            {"Value": 1, "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1}},
            "InvalidParameterCombination",
        ),
        ({}, "MissingParameter"),
    ],
)
def test_datapoints_that_are_none(aws: Aws, datum: dict[str, Any], expected: str) -> None:
    put = aws.cloudwatch.put_metric_data
    assert code(put, Namespace="N", MetricData=[{"MetricName": "m", **datum}]) == expected


def test_a_span_that_ends_before_it_begins(aws: Aws) -> None:
    stat = {"Metric": {"Namespace": "N", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": "a", "MetricStat": stat}]
    get = aws.cloudwatch.get_metric_data
    for end, text in (
        (START, "The parameter StartTime must not equal parameter EndTime."),
        (START - timedelta(seconds=1), "The parameter EndTime must be greater than StartTime."),
    ):
        refused = refusal(get, MetricDataQueries=queries, StartTime=START, EndTime=end)
        assert refused == ("ValidationError", text)


def test_templates_by_name_and_number_at_once(aws: Aws) -> None:
    given = {"LaunchTemplateName": "web", "LaunchTemplateId": "lt-0", "DefaultVersion": "1"}
    assert refusal(aws.ec2.modify_launch_template, **given)[0] == "InvalidParameterCombination"


def test_a_template_whose_user_data_is_no_base64(aws: Aws) -> None:
    given = {"LaunchTemplateName": "x", "LaunchTemplateData": {"UserData": "not base64"}}
    assert refusal(aws.ec2.create_launch_template, **given) == (
        "InvalidUserData.Malformed",
        "Invalid BASE64 encoding of user data.",
    )
