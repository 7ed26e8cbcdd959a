"""The bodies that writes send; pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trimtab.plan import Action, Change, Mark, Resource, revealed
from trimtab.providers.aws.kinds import AUTO_SCALING_GROUP, KINDS
from trimtab.providers.base import Write
from trimtab.providers.bodies import body_of
from trimtab.providers.writer import live_of


def whole_body(write: Write) -> dict[str, Any]:
    """What a template's version, a policy or an alarm is put as."""
    change = write.change
    body = body_of(write, KINDS[change.key.kind], change.live if change.action is Action.UPDATE else None)
    if "ExtendedStatistic" not in body:  # "used only for alarms based on percentiles": PutMetricAlarm
        body.pop("EvaluateLowSampleCountPercentile", None)
    return body


def alarm_as_it_is(change: Change) -> dict[str, Any]:
    """An alarm's settings as they were answered: an alarm is put whole, and adopting changes none of them."""
    live = live_of(change)
    said = live.attributes["raw"]
    settings = {name: said[name] for name in live.body if name in said}
    return {**settings, "AlarmDescription": live.body.get("AlarmDescription")}


def group_params(body: Mapping[str, Any]) -> dict[str, Any]:
    """A group's body as CreateAutoScalingGroup and UpdateAutoScalingGroup take it, less its tags."""
    params = {name: value for name, value in revealed(body).items() if name != "Tags"}
    if "VPCZoneIdentifier" in params:
        params["VPCZoneIdentifier"] = ",".join(params["VPCZoneIdentifier"])
    return params


def update_params(body: Mapping[str, Any], fields: set[str]) -> dict[str, Any]:
    """What UpdateAutoScalingGroup takes of these fields; what is no longer wanted goes back to its default."""
    params = group_params(body)
    rows = {row.path: row for row in AUTO_SCALING_GROUP.fields}
    update: dict[str, Any] = {}
    for name in sorted(fields):
        if name in params:
            update[name] = params[name]
        elif name in rows and (rows[name].cleared is not None or rows[name].default is not None):
            row = rows[name]
            update[name] = row.default if row.cleared is None else row.cleared
    if "MixedInstancesPolicy" in params:
        if fields & {"MixedInstancesPolicy", "LaunchTemplate", "LaunchConfigurationName"}:
            update["MixedInstancesPolicy"] = _complete(params["MixedInstancesPolicy"])
    elif fields & {"MixedInstancesPolicy", "LaunchConfigurationName"}:
        update["LaunchTemplate"] = params["LaunchTemplate"]
    return update


def _complete(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A mixed instances policy that says everything: what an update leaves out would stay as it was."""
    plain_shares = {
        row.path.rsplit(".", 1)[-1]: row.default if row.cleared is None else row.cleared
        for row in AUTO_SCALING_GROUP.fields
        if ".InstancesDistribution." in row.path and (row.default is not None or row.cleared is not None)
    }
    launch = {"Overrides": [], **policy["LaunchTemplate"]}
    return {"LaunchTemplate": launch, "InstancesDistribution": {**plain_shares, **policy["InstancesDistribution"]}}


def group_tags(name: str, body: Mapping[str, Any], mark: Mark) -> list[dict[str, Any]]:
    """The tags of a group, those of its mark included."""
    base = {"ResourceId": name, "ResourceType": "auto-scaling-group"}
    own = [{**base, **tag} for tag in body.get("Tags", ())]
    ours = [
        {**base, "Key": key, "Value": value, "PropagateAtLaunch": key in ("trimtab-fleet", "trimtab-group")}
        for key, value in mark.tags().items()
    ]
    return [*own, *ours]


def action_params(body: Mapping[str, Any]) -> dict[str, Any]:
    """A scheduled action as it is put, its moments no text."""
    moments = {name: datetime.fromisoformat(body[name]) for name in ("StartTime", "EndTime") if name in body}
    return {**revealed(body), **moments}


def top_step(path: str) -> str:
    """The part of a body that a leaf is in."""
    return path.split(".")[0].split("[")[0]


def is_written(change: Change, body: Mapping[str, Any], existing: Resource) -> bool:
    """Whether what is there is what is wanted."""
    kind = KINDS[change.key.kind]
    return kind.leaves(body) == kind.leaves(existing.body)
