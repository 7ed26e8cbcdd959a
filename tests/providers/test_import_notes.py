"""Values as the notes of an import show them: as a fleet file would write them, never as Python does."""

from datetime import UTC, datetime

import pytest

from trimtab.errors import TrimtabError
from trimtab.plan import Secret
from trimtab.providers.importing.notes import in_a_row, shown, shown_at
from trimtab.testing import import_replies

LINK = "projects/project-of-many-letters/global/instanceTemplates/a-template-of-many-letters"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (70.0, "70"),
        (0.65, "0.65"),
        ("", '""'),
        (None, '""'),
        ([], "[]"),
        (["a", True], "[a, true]"),
        (frozenset({"b", "a"}), "[a, b]"),
        (list("abcde"), "[a, b, c and 2 more]"),
        ({"name": "http", "ports": [80]}, "{name: http, ports: [80]}"),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00+00:00"),
        ("word " * 20, f"{('word ' * 20)[:57]}..."),
        (LINK, f"...{LINK[-57:]}"),
        ([LINK], f"[...{LINK[-57:]}]"),
    ],
)
def test_a_value_is_shown_as_a_fleet_file_writes_it(value, text):
    assert shown(value) == text


def test_what_may_be_secret_is_a_digest():
    assert shown_at("LaunchTemplateData.UserData", "hunter2") == str(Secret("hunter2"))
    assert shown_at("properties.metadata.items[0].value", "hunter2") == str(Secret("hunter2"))
    assert shown_at("metadata.items[0].value", Secret("hunter2")) == str(Secret("hunter2"))


def test_of_many_texts_the_first_are_said():
    assert in_a_row("abc") == "a; b; c"
    assert in_a_row("abcde") == "a; b; c; and 2 more"


@pytest.mark.parametrize(
    ("cloud", "replies"),
    [
        ("aws", {"group": {"AutoScalingGroupName": "web"}}),
        ("azure", {"scale_set": {"name": "web"}, "setting": None, "alerts": []}),
        ("gcp", {"manager": {"name": "web"}, "autoscaler": None, "template": {}}),
    ],
)
def test_replies_that_lack_what_a_cloud_always_answers_are_an_error(cloud, replies):
    with pytest.raises(TrimtabError, match="a reply could not be read"):
        import_replies(cloud, replies)


def test_an_alarm_without_a_period_is_left_out_with_the_reason():
    group = {
        "AutoScalingGroupName": "web",
        "MinSize": 1,
        "MaxSize": 2,
        "DesiredCapacity": 1,
        "Instances": [],
        "AvailabilityZones": ["us-east-1a"],
        "LaunchTemplate": {"LaunchTemplateName": "web", "Version": "1"},
        "AutoScalingGroupARN": "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:1:autoScalingGroupName/web",
    }
    alarm = {
        "AlarmName": "odd",
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/EC2",
        "Statistic": "Average",
        "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "web"}],
        "Threshold": 1.0,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    version = {"LaunchTemplateData": {"ImageId": "ami-1", "InstanceType": "t3.small"}, "VersionNumber": 1}
    named = {"LaunchTemplateName": "web", **version}
    found = import_replies("aws", {"group": group, "alarms": [alarm], "version": named}, fleet="shop")
    assert any("states no period" in str(note) for note in found.notes)
