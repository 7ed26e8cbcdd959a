"""What botocore's service models say that a body may hold, and which of it is given back."""

from dataclasses import dataclass
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
    "timestamp": "timestamp",
    "blob": "string",
}


def shapes() -> tuple[dict[str, dict[str, Any]], dict[str, Any], dict[str, list[str]]]:
    """The structures by name, of each kind the structure of its body, and what a structure cannot be without."""
    found: dict[str, dict[str, Any]] = {}
    needed: dict[str, list[str]] = {}
    kinds: dict[str, Any] = {}
    for kind, (service, request, reply) in BODIES.items():
        reader = Reader(service, found, needed)
        written, read = (model(service).shape_for(name) for name in (request, reply))
        kinds[kind] = {"of": reader.structure(written, read)}
        if kind in UPDATES:
            taken = model(UPDATES[kind][0]).shape_for(UPDATES[kind][1]).members
            kinds[kind]["fixed"] = sorted(name for name in written.members if name not in taken)
    return found, kinds, {name: needed[name] for name in sorted(needed)}


@dataclass
class Reader:
    """Reads the structures of one service."""

    service: str
    found: dict[str, dict[str, Any]]
    needed: dict[str, list[str]]

    def structure(self, written: Any, read: Any) -> str:
        """The name of a structure, which is among those found from now on."""
        place = f"{self.service}.{written.name}"
        if place not in self.found:
            fields = self.found[place] = {}
            if written.required_members:
                self.needed[place] = sorted(written.required_members)
            for name, member in written.members.items():
                known = read.members.get(name) if read.type_name == "structure" else None
                is_read = known is not None and (written.name, name) not in TOLD_OTHERWISE
                fields[name] = self._node(member, known) if is_read else "unread"
        return place

    def _node(self, written: Any, read: Any) -> Any:
        match written.type_name:
            case "structure":
                return {"of": self.structure(written, read)} if read.type_name == "structure" else "unread"
            case "list":
                return {"list": self._node(written.member, read.member if read.type_name == "list" else read)}
            case "map":
                return {"map": self._node(written.value, read.value if read.type_name == "map" else read)}
            case _:
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
