"""Replies that other projects recorded: every form that the folder has, as (name, operation, reply)."""

import json
import re
from datetime import UTC, datetime

BY_SHAPE = {
    "AnomalyDetectors": "DescribeAnomalyDetectors",
    "AvailabilityZones": "DescribeAvailabilityZones",
    "MetricAlarms": "DescribeAlarms",
    "MetricDataResults": "GetMetricData",
    "Datapoints": "GetMetricStatistics",
    "AlarmHistoryItems": "DescribeAlarmHistory",
    "Reservations": "DescribeInstances",
    "ScheduleArn": "CreateSchedule",
    "SpotInstanceRequests": "DescribeSpotInstanceRequests",
    "StateChangeTime": "PublishNotification",
    "Tags": "ListTagsForResource",
}
"""What a snapshot without the name of its operation is an answer to."""


def recorded(folder):
    """Every reply below a folder."""
    for path in sorted(folder.rglob("*.json")):
        name = str(path.relative_to(folder).with_suffix(""))
        content = json.loads(_filled(path.read_text(encoding="utf-8")), object_hook=_moment)
        for part, operation, reply in _replies(path.stem, content):
            yield (f"{name}:{part}" if part else name), operation, reply


def _filled(text):
    """What a recording hides of an ARN, as it may have been: what is no ARN is no action of an alarm."""
    text = text.replace("<partition>", "aws").replace("<region>", "us-east-1")
    return re.sub(r'(?<=")<(topic_\w+)>(?=")', r"arn:aws:sns:us-east-1:111111111111:\1", text)


def _moment(found):
    if found.get("__class__") != "datetime":
        return found
    names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return datetime(*(found[name] for name in names), tzinfo=UTC)


def _replies(stem, content):
    if "status_code" in content:
        yield "", re.search(r"\.(\w+)_\d+$", stem)[1], content["data"]
    elif "snapshots" in content:
        for test, snapshot in content["snapshots"].items():
            for name, reply in snapshot.get("recorded-content", snapshot).items():
                if isinstance(reply, dict):
                    yield f"{test}:{name}", _by_shape(name, reply), reply
    elif "outputs" in content:
        for number, (command, reply) in enumerate(zip(_commands(content), content["outputs"], strict=True)):
            if isinstance(reply, dict):
                yield f"{number}", _pascal(command), reply
    else:
        yield "", _by_shape(stem, content), content


def _commands(content):
    """A command for each output; several that a page answers with one are told apart by nobody."""
    words = [command.split()[2] for command in content["commands"]]
    return (words + words[-1:] * len(content["outputs"]))[: len(content["outputs"])]


def _by_shape(name, reply):
    if name == "describe-alarms-for-metric":
        return "DescribeAlarmsForMetric"
    return next((operation for key, operation in BY_SHAPE.items() if key in reply), _pascal(name))


def _pascal(name):
    return "".join(word.capitalize() for word in re.split(r"[-_ ]+", name))
