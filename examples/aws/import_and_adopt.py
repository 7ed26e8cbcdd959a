"""
Take over a group that somebody made by hand: read it as a model, write the fleet file, mark it, plan nothing.

    python examples/aws/import_and_adopt.py --emulator
"""

from account import Account

import trimtab as tt

NAME = "hosting-legacy"


def make_by_hand(account: Account) -> None:
    """What somebody clicked together long ago."""
    ec2, autoscaling = account.client("ec2"), account.client("autoscaling")
    data = {"ImageId": "ami-12c6146b", "InstanceType": "t3.small"}
    ec2.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData=data)
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=NAME,
        LaunchTemplate={"LaunchTemplateName": NAME, "Version": "1"},
        MinSize=1,
        MaxSize=3,
        DesiredCapacity=2,
        AvailabilityZones=["us-east-1a", "us-east-1b"],
    )
    arn = autoscaling.put_scaling_policy(
        AutoScalingGroupName=NAME,
        PolicyName=f"{NAME}-out",
        AdjustmentType="ChangeInCapacity",
        ScalingAdjustment=1,
        Cooldown=120,
    )["PolicyARN"]
    account.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{NAME}-busy",
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "AutoScalingGroupName", "Value": NAME}],
        Statistic="Average",
        Period=300,
        EvaluationPeriods=1,
        Threshold=65,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[arn],
    )


def main() -> None:
    """Import, adopt, plan."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        make_by_hand(account)
        before = {instance.id for instance in cloud.group(NAME).instances()}

        found = cloud.import_group(NAME, fleet="hosting")
        for note in found.notes:
            print(f"note: {note}")
        fleet = tt.Fleet(name="hosting", groups=(found.group,))
        print(tt.dump_fleet(fleet))

        assert cloud.plan(fleet).problems, "what is not managed by trimtab is never written to"
        cloud.apply(cloud.adopt(fleet)).raise_for_failures()
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        assert not cloud.plan(fleet)
        assert {instance.id for instance in cloud.group(NAME).instances()} == before, "no instance was restarted"
        cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
