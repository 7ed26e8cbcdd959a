"""A group made by hand with boto3, in the style of the guide: one template, mixed sizes, alarms, schedules."""

import base64

IMAGE = "ami-0123456789abcdef0"
NAME = "virtualmin-pro-cluster-web"


def make_by_hand(world, name=NAME, *, template):
    """The group, and everything that scales it."""
    ec2, autoscaling, cloudwatch = (world.client(one) for one in ("ec2", "autoscaling", "cloudwatch"))
    tags = {"Name": name, "Environment": "production", "Component": "web"}
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    script = base64.b64encode(b"#!/bin/bash\nsystemctl restart webmin\n").decode()
    ec2.create_launch_template(
        LaunchTemplateName=template,
        LaunchTemplateData={
            "ImageId": IMAGE,
            "InstanceType": "t3.medium",
            "UserData": script,
            "TagSpecifications": [{"ResourceType": "instance", "Tags": pairs}],
        },
    )
    launches = {"LaunchTemplateName": template, "Version": "$Latest"}
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=2,
        MaxSize=10,
        DesiredCapacity=2,
        AvailabilityZones=["us-east-1a", "us-east-1b"],
        HealthCheckType="EC2",
        HealthCheckGracePeriod=300,
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": launches,
                "Overrides": [{"InstanceType": "t3.medium"}, {"InstanceType": "t3.large"}],
            },
            "InstancesDistribution": {
                "OnDemandBaseCapacity": 1,
                "OnDemandPercentageAboveBaseCapacity": 50,
                "SpotAllocationStrategy": "capacity-optimized",
            },
        },
        Tags=[{**pair, "PropagateAtLaunch": True} for pair in pairs],
    )
    for word, change, comparison, threshold in (
        ("scale-up", 1, "GreaterThanThreshold", 70.0),
        ("scale-down", -1, "LessThanThreshold", 30.0),
    ):
        policy = autoscaling.put_scaling_policy(
            AutoScalingGroupName=name,
            PolicyName=f"{name}-{word}",
            PolicyType="SimpleScaling",
            AdjustmentType="ChangeInCapacity",
            ScalingAdjustment=change,
            Cooldown=300,
        )
        for metric, namespace in (("CPUUtilization", "AWS/EC2"), ("MemoryUtilization", "System/Linux")):
            cloudwatch.put_metric_alarm(
                AlarmName=f"{name}-{word}-{metric[:3].lower()}",
                AlarmDescription="This metric monitors ec2 utilization",
                MetricName=metric,
                Namespace=namespace,
                Dimensions=[{"Name": "AutoScalingGroupName", "Value": name}],
                Statistic="Average",
                Period=120,
                EvaluationPeriods=2,
                Threshold=threshold,
                ComparisonOperator=comparison,
                AlarmActions=[policy["PolicyARN"]],
            )
    for word, cron, size in (("morning", "0 8 * * 1-5", 3), ("evening", "0 20 * * 1-5", 2)):
        autoscaling.put_scheduled_update_group_action(
            AutoScalingGroupName=name,
            ScheduledActionName=f"{name}-{word}",
            Recurrence=cron,
            TimeZone="Europe/Madrid",
            MinSize=size,
        )
    return name


def instances_of(world, name=NAME):
    """The ids of the group's instances."""
    groups = world.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    return sorted(one["InstanceId"] for one in groups["AutoScalingGroups"][0]["Instances"])
