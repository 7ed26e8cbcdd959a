"""What botocore's service models say that a body may hold, and which of it is given back."""

from typing import Any

from tools.constraints.aws import MOST_WORDS, model

BODIES = {
    "launch-template": ("ec2", "RequestLaunchTemplateData", "ResponseLaunchTemplateData"),
    "autoscaling-group": ("autoscaling", "CreateAutoScalingGroupType", "AutoScalingGroup"),
    "scaling-policy": ("autoscaling", "PutScalingPolicyType", "ScalingPolicy"),
    "metric-alarm": ("cloudwatch", "PutMetricAlarmInput", "MetricAlarm"),
}
"""The shape that writes the body of a kind, and the one that a read gives."""
UPDATES = {"autoscaling-group": ("autoscaling", "UpdateAutoScalingGroupType")}
"""What takes a change, where that is less than what a creation takes."""
TOLD_OTHERWISE = frozenset({("CreateAutoScalingGroupType", "TrafficSources")})
"""What a reply has under the same name and not as it was given: the target groups of a group are in it too."""
_PLAIN = {
    "string": "string",
    "boolean": "boolean",
    "integer": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "timestamp": "string",
    "blob": "string",
}


def shapes() -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The structures by name, and of each kind the structure of its body."""
    found: dict[str, dict[str, Any]] = {}
    kinds: dict[str, Any] = {}
    for kind, (service, request, reply) in BODIES.items():
        written, read = (model(service).shape_for(name) for name in (request, reply))
        kinds[kind] = {"of": _structure(written, read, found)}
        if kind in UPDATES:
            taken = model(UPDATES[kind][0]).shape_for(UPDATES[kind][1]).members
            kinds[kind]["fixed"] = sorted(name for name in written.members if name not in taken)
    return found, kinds


def _structure(written: Any, read: Any, found: dict[str, dict[str, Any]]) -> str:
    if written.name not in found:
        fields = found[written.name] = {}
        for name, member in written.members.items():
            known = read.members.get(name) if read.type_name == "structure" else None
            is_read = known is not None and (written.name, name) not in TOLD_OTHERWISE
            fields[name] = _node(member, known, found) if is_read else "unread"
    return str(written.name)


def _node(written: Any, read: Any, found: dict[str, dict[str, Any]]) -> Any:
    if written.type_name == "structure":
        return {"of": _structure(written, read, found)} if read.type_name == "structure" else "unread"
    if written.type_name == "list":
        return {"list": _node(written.member, read.member if read.type_name == "list" else read, found)}
    if written.type_name == "map":
        return {"map": _node(written.value, read.value if read.type_name == "map" else read, found)}
    return _plain(written)


def _plain(shape: Any) -> Any:
    node: dict[str, Any] = {"type": _PLAIN[shape.type_name]}
    # a long list, such as that of instance types, grows between versions
    if shape.type_name == "string" and shape.enum and len(shape.enum) <= MOST_WORDS:
        node["enum"] = list(shape.enum)
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least:
        node["min"] = least
    if most is not None:
        node["max"] = most
    return node if len(node) > 1 else node["type"]
