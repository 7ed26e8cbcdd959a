"""What scaling activities say of instances that come into service and that end."""

from datetime import UTC, datetime, timedelta

import pytest

from trimtab.providers.aws.activities import activity_of

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
SECONDS = timedelta(seconds=95)


@pytest.mark.parametrize(
    ("description", "status", "booted", "drained"),
    [
        ("Launching a new EC2 instance: i-1", "Successful", SECONDS, None),
        ("Launching a new EC2 instance from warm pool: i-1", "Successful", SECONDS, None),
        ("Launching a new EC2 instance into warm pool: i-1", "Successful", None, None),
        ("Launching a new EC2 instance: i-1", "Failed", None, None),
        ("Launching a new EC2 instance: i-1", "InProgress", None, None),
        ("Terminating EC2 instance: i-1", "Successful", None, SECONDS),
        ("Attaching an existing EC2 instance: i-1", "Successful", None, None),
    ],
)
def test_how_long_an_instance_boots_and_drains(description, status, booted, drained):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html"""
    item = {"ActivityId": "a", "StartTime": START, "StatusCode": status, "Description": description, "Cause": ""}
    if status != "InProgress":
        item["EndTime"] = START + SECONDS
    activity = activity_of(item)
    assert (activity.booted, activity.drained) == (booted, drained)
