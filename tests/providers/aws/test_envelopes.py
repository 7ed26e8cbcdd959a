"""The table of replies of AWS: every operation that is called, each as botocore's model has it."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore import xform_name

import trimtab.providers.aws
from tests.providers.aws.operations import MODELS, model_of
from trimtab.errors import UnreadableReply
from trimtab.providers.aws.replies import SHAPES, check_envelope, check_parts
from trimtab.providers.replies import Reply, ReplyContext, find_problem

NOW = datetime(2026, 1, 5, tzinfo=UTC)
XML = {"content-type": "text/xml"}


def test_every_operation_that_is_called_is_in_the_table_and_no_other():
    folder = Path(trimtab.providers.aws.__file__).parent
    text = "".join(path.read_text() for path in folder.rglob("*.py") if path.name != "replies.py")
    called = {word for word in re.findall(r'"([a-z_0-9]+)"', text) if word in MODELS}
    assert called == set(SHAPES)


@pytest.mark.parametrize("operation", sorted(SHAPES))
def test_shapes_are_parts_of_the_model(operation):
    """What must be there is a member of what botocore reads, of a fitting type."""
    assert_within(SHAPES[operation], model_of(operation).output_shape)


def assert_within(shape, model):
    if isinstance(shape, list):
        assert model.type_name == "list"
        assert_within(shape[0], model.member)
    elif isinstance(shape, dict):
        for name, inner in shape.items():
            assert_within(inner, model.members[name.removesuffix("?")])
    elif shape is not object:
        types = {str: ("string",), int: ("integer", "long"), datetime: ("timestamp",), float | int: ("double",)}
        assert model.type_name in types[shape]


def good(operation):
    """A good reply to an operation that answers nothing."""
    name = MODELS[operation][1]
    inner = f"<{name}Result/>" if model_of(operation).output_shape else ""
    envelope = "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
    return f"<{name}Response xmlns='x'>{inner}{envelope}</{name}Response>"


def test_a_good_reply_is_taken():
    for operation in ("delete_auto_scaling_group", "delete_lifecycle_hook"):
        check_envelope(Reply(200, good(operation).encode(), XML), model_of(operation), NOW)
    json = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "1"}
    for body in (b"", b"{}"):
        check_envelope(Reply(200, body, json), model_of("put_metric_alarm"), NOW)


@pytest.mark.parametrize(
    ("operation", "status", "head", "body"),
    [
        ("delete_auto_scaling_group", 200, {"content-type": "text/html"}, b"<html></html>"),
        ("delete_auto_scaling_group", 200, XML, b"<html><body/></html>"),
        ("delete_auto_scaling_group", 200, XML, b""),
        ("delete_auto_scaling_group", 200, XML, good("delete_policy").encode()),
        ("delete_auto_scaling_group", 200, XML, good("delete_auto_scaling_group")[:80].encode()),
        ("delete_auto_scaling_group", 200, XML, b"<DeleteAutoScalingGroupResponse/>"),
        ("delete_auto_scaling_group", 403, XML, b"<html><h1>Forbidden</h1></html>"),
        ("delete_auto_scaling_group", 503, {}, b""),
        ("put_metric_alarm", 200, {"content-type": "text/html"}, b"<html></html>"),
        ("put_metric_alarm", 200, {"content-type": "application/json"}, b"{}"),
        ("put_metric_alarm", 200, {"x-amzn-requestid": "1"}, b'{"MetricAlarms": []}'),
        ("put_metric_alarm", 400, {"x-amzn-requestid": "1"}, b"{}"),
        ("describe_alarms", 200, {"x-amzn-requestid": "1"}, b"[]"),
        ("describe_alarms", 200, {"x-amzn-requestid": "1"}, b"null"),
    ],
)
def test_what_is_not_of_the_service_is_refused(operation, status, head, body):
    with pytest.raises(UnreadableReply):
        check_envelope(Reply(status, body, head), model_of(operation), NOW)


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"AutoScalingGroups": None},
        {"AutoScalingGroups": ["web"]},
        {"AutoScalingGroups": [{"AutoScalingGroupName": "web"}]},
        {"AutoScalingGroups": [{"AutoScalingGroupName": 5, "MinSize": 1, "MaxSize": 1, "DesiredCapacity": 1}]},
        {
            "AutoScalingGroups": [
                {"AutoScalingGroupName": "web", "MinSize": 1, "MaxSize": 1, "DesiredCapacity": 1, "Tags": ["x"]}
            ]
        },
        {
            "AutoScalingGroups": [
                {"AutoScalingGroupName": "web", "MinSize": 1, "MaxSize": 1, "DesiredCapacity": True, "Tags": []}
            ]
        },
        {
            "AutoScalingGroups": [
                {
                    "AutoScalingGroupName": "web",
                    "MinSize": 1,
                    "MaxSize": 1,
                    "DesiredCapacity": 1,
                    "MaxInstanceLifetime": "x",
                }
            ]
        },
    ],
)
def test_parts_that_are_missing_or_of_another_type_are_refused(reply):
    call = ReplyContext("aws", "describe_auto_scaling_groups")
    with pytest.raises(UnreadableReply):
        check_parts(call, reply, model_of(call.operation).output_shape)


def recorded(folder):
    for path in sorted((folder / "recordings" / "aws").rglob("*.json")):
        found = re.match(r"\w+\.(\w+)_\d+\.json", path.name)
        if found and xform_name(found[1]) in SHAPES:
            data = json.loads(path.read_text(), object_hook=lambda item: NOW if "__class__" in item else item)
            if data.get("status_code", 200) < 300:
                yield xform_name(found[1]), data.get("data", data)


def test_recorded_replies_are_taken(shared):
    """What AWS really answered is never taken for somebody else's."""
    replies = list(recorded(shared))
    assert len(replies) > 50
    for operation, body in replies:
        problem = find_problem(body, SHAPES[operation])
        assert not problem, f"{operation}: {problem}"
