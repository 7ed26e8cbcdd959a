"""The peer: what somebody writes by hand in boto3 to compare two groups' worth of resources in bulk."""

from collections.abc import Iterator
from typing import Any


def read_account(client: Any) -> dict[str, list[Any]]:
    """
    Everything that a no-change check needs, by account pages, one call after the other.

    Args:
        client: Gives a boto3 client by service name.
    """
    autoscaling, cloudwatch, ec2, elbv2 = (client(name) for name in ("autoscaling", "cloudwatch", "ec2", "elbv2"))
    private = [{"Name": "tag:Type", "Values": ["Private"]}]
    canonical = [{"Name": "name", "Values": ["ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*"]}]
    return {
        "groups": list(_pages(autoscaling, "describe_auto_scaling_groups", "AutoScalingGroups", MaxRecords=100)),
        "policies": list(_pages(autoscaling, "describe_policies", "ScalingPolicies", MaxRecords=100)),
        "actions": list(
            _pages(autoscaling, "describe_scheduled_actions", "ScheduledUpdateGroupActions", MaxRecords=100)
        ),
        "alarms": list(_pages(cloudwatch, "describe_alarms", "MetricAlarms", MaxRecords=100)),
        "templates": list(_pages(ec2, "describe_launch_templates", "LaunchTemplates", MaxResults=200)),
        "versions": list(
            _pages(
                ec2, "describe_launch_template_versions", "LaunchTemplateVersions", Versions=["$Latest"], MaxResults=200
            )
        ),
        "balancers": list(_pages(elbv2, "describe_target_groups", "TargetGroups")),
        "subnets": list(_pages(ec2, "describe_subnets", "Subnets", Filters=private)),
        "images": ec2.describe_images(Filters=canonical, Owners=["099720109477"])["Images"],
    }


def _pages(client: Any, operation: str, name: str, **params: Any) -> Iterator[Any]:
    for page in client.get_paginator(operation).paginate(**params):
        yield from page[name]
