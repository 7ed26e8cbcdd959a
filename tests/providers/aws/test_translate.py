"""The bodies that translate makes, held against botocore's own model of the services."""

import json
from pathlib import Path

import pytest
from botocore.validate import ParamValidator

from tests.conftest import make_fleet
from tests.providers.aws.translated import (
    NOW,
    SESSION,
    bad_enums,
    hold_against_the_model,
    of_kind,
    one_group,
    wanted,
)
from trimtab.config import load_fleet
from trimtab.errors import InvalidModel
from trimtab.plan import Secret, plain

EXAMPLE = Path(__file__).parents[3] / "examples" / "virtualmin" / "fleet.yaml"


def test_the_example_fits_the_services_own_model():
    """All five calls: no unknown field, no wrong type, no value outside an enum."""
    items = wanted(load_fleet(EXAMPLE))
    assert {item.key.kind for item in items} == {
        "launch-template",
        "autoscaling-group",
        "scaling-policy",
        "scheduled-action",
        "metric-alarm",
    }
    for item in items:
        hold_against_the_model(item)


FULL = {
    "template": {
        "image": "ami-0123456789abcdef0",
        "size": "t3.medium",
        "user_data": "#!/bin/sh\necho hush",
        "ssh_key": "ops",
        "security_groups": ["sg-1", "sg-2"],
        "role": "web",
        "disks": [{"size_gb": 20, "type": "ssd", "encrypted": True, "iops": 3000, "throughput": 125, "keep": True}],
        "public_address": True,
        "metadata_token": True,
        "metadata_hops": 2,
        "detailed_monitoring": True,
        "tags": {"Only": "instances"},
    },
    "placement": {"subnets": ["subnet-1"]},
    "load_balancers": ["web"],
    "health_check": {"by": "load-balancer", "grace": "5m"},
    "cooldown": "2m",
    "warm_up": "3m",
    "protect_from_scale_in": True,
    "tags": {"Team": "web"},
    "aws": {
        "termination_policies": ["OldestInstance", "Default"],
        "max_instance_lifetime": "2d",
        "maintenance": {"min_healthy": 90, "max_healthy": 120},
        "health_checks": ["ebs"],
        "group_tags": {"CostCenter": "hosting"},
    },
    "policies": {"scale-out": {"percent": 10, "minimum_change": 2, "cooldown": "5m", "enabled": False}},
    "alarms": {
        "hot": {
            "metric": {"custom": "Jobs", "namespace": "Own", "dimensions": {"Group": "{group}"}},
            "statistic": "p95",
            "at_least": 5,
            "periods": 3,
            "datapoints": 2,
            "missing": "not-breaching",
            "triggers": ["scale-out"],
            "notify": ["arn:aws:sns:us-east-1:123456789012:ops"],
        }
    },
}


def test_every_field_that_aws_has_fits_the_model():
    for item in wanted(one_group(**FULL)):
        hold_against_the_model(item)


TOPIC = "arn:aws:sns:us-east-1:123456789012:scaling"


@pytest.mark.parametrize(
    ("events", "native"),
    [
        (
            None,
            ["LAUNCH", "LAUNCH_ERROR", "TERMINATE", "TERMINATE_ERROR"],
        ),
        (["terminate", "launch", "terminate"], ["LAUNCH", "TERMINATE"]),
    ],
)
def test_a_topic_is_told_of_scaling_as_put_notification_configuration_takes_it(events, native):
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutNotificationConfiguration.html"""
    told = {"topic": TOPIC, **({"on": events} if events else {})}
    (group,) = of_kind(one_group(aws={"notify_scaling": [told]}), "autoscaling-group")
    (body,) = group.body["NotificationConfigurations"]
    assert body == {"TopicARN": TOPIC, "NotificationTypes": [f"autoscaling:EC2_INSTANCE_{word}" for word in native]}
    assert group.mark.kept["topics"] == "yes"
    shape = SESSION.get_service_model("autoscaling").operation_model("PutNotificationConfiguration").input_shape
    assert not ParamValidator().validate({"AutoScalingGroupName": "web", **body}, shape).has_errors()


def test_tags_of_the_group_alone_are_not_in_its_template():
    template, group = (of_kind(one_group(**FULL), kind)[0] for kind in ("launch-template", "autoscaling-group"))
    own = {tag["Key"]: tag for tag in group.body["Tags"]}
    assert own["CostCenter"] == {"Key": "CostCenter", "Value": "hosting", "PropagateAtLaunch": False}
    passed = {tag["Key"] for spec in template.body["LaunchTemplateData"]["TagSpecifications"] for tag in spec["Tags"]}
    assert (passed, set(own)) == ({"Name", "Only", "Team"}, {"CostCenter", "Name", "Team"})


def test_a_group_can_be_called_otherwise_than_its_instances():
    group = of_kind(one_group(aws={"group_tags": {"Name": "front"}}), "autoscaling-group")[0]
    assert group.body["Tags"] == [{"Key": "Name", "Value": "front", "PropagateAtLaunch": False}]


@pytest.mark.parametrize("key", ["trimtab-fleet", "aws:cloudformation:stack-name", "AWS:it"])
def test_a_reserved_tag_of_the_group_is_refused_at_its_key(key):
    with pytest.raises(InvalidModel, match="choose another name") as refused:
        one_group(aws={"group_tags": {key: "x"}})
    assert refused.value.problems[0].path.endswith(f"aws.group_tags.{key}")


def test_a_topic_is_named_once():
    with pytest.raises(InvalidModel, match="two notifications"):
        one_group(aws={"notify_scaling": [{"topic": TOPIC}, {"topic": TOPIC, "on": ["test"]}]})


def test_the_check_itself_finds_what_is_wrong():
    """An unknown field, a wrong type and a bad enum value are each found."""
    shape = SESSION.get_service_model("cloudwatch").operation_model("PutMetricAlarm").input_shape
    good = {"AlarmName": "a", "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"}
    assert not ParamValidator().validate(good, shape).has_errors()
    assert ParamValidator().validate({**good, "Treshold": 1}, shape).has_errors()
    assert ParamValidator().validate({**good, "Period": "60"}, shape).has_errors()
    assert list(bad_enums(shape, {**good, "Statistic": "Mean"})) == ["Mean"]


def test_security_groups_move_into_the_interface():
    """A template with an interface takes its security groups there and nowhere else."""
    data = of_kind(one_group(**FULL), "launch-template")[0].body["LaunchTemplateData"]
    assert data["NetworkInterfaces"] == [
        {"DeviceIndex": 0, "AssociatePublicIpAddress": True, "Groups": ["sg-1", "sg-2"]}
    ]
    assert "SecurityGroupIds" not in data


def test_the_start_script_is_never_shown():
    item = of_kind(one_group(**FULL), "launch-template")[0]
    script = item.body["LaunchTemplateData"]["UserData"]
    assert isinstance(script, Secret)
    for text in (repr(item), json.dumps(plain(item.body))):
        assert script.value not in text
        assert "echo hush" not in text


def test_the_image_that_was_found_is_kept_in_the_mark():
    item = of_kind(one_group(template={"image": {"newest": "web-*"}, "size": "t3.medium"}), "launch-template")[0]
    assert item.body["LaunchTemplateData"]["ImageId"] == "ami-0123456789abcdef0"
    assert item.mark.kept == {"image": "01234567:ami-0123456789abcdef0"}


def test_a_disk_without_a_device_is_the_images_boot_disk():
    fleet = one_group(template={"image": "ami-1", "size": "t3.medium", "disks": [{"size_gb": 20}]})
    disk = of_kind(fleet, "launch-template")[0].body["LaunchTemplateData"]["BlockDeviceMappings"][0]
    assert disk == {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 20, "DeleteOnTermination": True}}


@pytest.mark.parametrize(
    ("fields", "compared"),
    [
        ({"policies": {}, "alarms": {}, "schedules": {}}, True),
        ({"alarms": {}, "schedules": {}}, False),
        ({"policies": {}, "alarms": {}}, False),
    ],
    ids=["nobody", "a policy", "schedules"],
)
def test_the_size_is_compared_only_while_nothing_owns_it(fields, compared):
    fleet = one_group(capacity={"min": 2, "max": 4, "desired": 3}, **fields)
    item = of_kind(fleet, "autoscaling-group")[0]
    assert ("DesiredCapacity" not in item.initial) is compared


def test_bounds_are_those_in_force_now():
    fleet = one_group()
    at = {hour: of_kind(fleet, "autoscaling-group", NOW.replace(hour=hour))[0].body["MinSize"] for hour in (6, 12, 20)}
    assert at == {6: 2, 12: 3, 20: 2}


def test_metrics_keep_their_unit():
    """Per cents are 0 to 100 on both sides."""
    alarm = of_kind(make_fleet(), "metric-alarm")[0].body
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/EC2", "CPUUtilization", 70.0)
    assert alarm["Dimensions"] == [{"Name": "AutoScalingGroupName", "Value": "virtualmin-web"}]


def actions(schedules, now=NOW, **capacity):
    fleet = one_group(schedules=schedules, capacity={"min": 2, "max": 10, **capacity})
    return {item.key.name: item.body for item in of_kind(fleet, "scheduled-action", now)}


def test_a_window_is_two_actions():
    found = actions({"busy": {"cron": "0 8 * * 1-5", "zone": "Europe/Madrid", "min": 4, "until": "0 18 * * 1-5"}})
    assert found["virtualmin-web-busy"] == {"MinSize": 4, "Recurrence": "0 8 * * 1-5", "TimeZone": "Europe/Madrid"}
    assert found["virtualmin-web-busy-end"] == {
        "MinSize": 2,
        "Recurrence": "0 18 * * 1-5",
        "TimeZone": "Europe/Madrid",
    }


def test_a_window_past_midnight_ends_on_the_next_weekday():
    found = actions({"night": {"cron": "0 22 * * 1-5", "zone": "UTC", "max": 20, "duration": "8h"}})
    assert found["virtualmin-web-night-end"]["Recurrence"] == "0 6 * * 2,3,4,5,6"


def test_a_moment_that_has_passed_is_not_wanted_any_more():
    once = {"sale": {"at": "2026-01-05T08:00:00Z", "zone": "UTC", "min": 5}}
    assert actions(once, NOW.replace(hour=7))["virtualmin-web-sale"] == {
        "MinSize": 5,
        "StartTime": "2026-01-05T08:00:00Z",
    }
    assert actions(once, NOW) == {}


def test_translating_twice_gives_the_same():
    assert wanted(make_fleet()) == wanted(make_fleet())
