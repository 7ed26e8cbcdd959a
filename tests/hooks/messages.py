"""Messages as the vendor's pages have them."""

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"


def action(**changed):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/configuring-lifecycle-hook-notifications.html."""
    return {
        "Service": "AWS Auto Scaling",
        "Time": "2026-01-05T00:00:00.533Z",
        "RequestId": "18b2ec17-3e9b-4c15-8024-ff2e8ce8786a",
        "LifecycleActionToken": "71514b9d-6a40-4b26-8523-05e7ee35fa40",
        "AccountId": "123456789012",
        "AutoScalingGroupName": "my-asg",
        "LifecycleHookName": "my-hook",
        "EC2InstanceId": "i-0598c7d356eba48d7",
        "LifecycleTransition": LAUNCHING,
        "NotificationMetadata": "hook message metadata",
        **changed,
    }


def warning(**changed):
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html."""
    return {
        "version": "0",
        "id": "12345678-1234-1234-1234-123456789012",
        "detail-type": "EC2 Spot Instance Interruption Warning",
        "source": "aws.ec2",
        "account": "123456789012",
        "time": "2026-01-05T00:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:ec2:us-east-1a:instance/i-1234567890abcdef0"],
        "detail": {"instance-id": "i-1234567890abcdef0", "instance-action": "terminate"},
        **changed,
    }


def event(**changed):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html."""
    said = action(Origin="EC2", Destination="AutoScalingGroup")
    detail = {name: value for name, value in said.items() if name not in ("Service", "Time", "RequestId", "AccountId")}
    kind = {"detail-type": "EC2 Instance-launch Lifecycle Action", "source": "aws.autoscaling"}
    return warning(**kind, resources=["auto-scaling-group-arn"], detail={**detail, **changed})
