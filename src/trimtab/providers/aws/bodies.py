"""The bodies that writes send; pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trimtab.plan import Action, Change, Mark, Resource, revealed
from trimtab.providers.aws.kinds import AUTO_SCALING_GROUP, KINDS, mark_tags
from trimtab.providers.aws.resources import DEFAULT_POOLS, NO_POOLS
from trimtab.providers.base import Write
from trimtab.providers.bodies import body_of
from trimtab.providers.writer import live_of

LOWEST_PRICE = "lowest-price"
"""The strategy for Spot Instances that is in force when none is given."""


def whole_body(write: Write) -> dict[str, Any]:
    """What a template's version, a policy or an alarm is put as."""
    change = write.change
    body = body_of(write, KINDS[change.key.kind], change.live if change.action is Action.UPDATE else None)
    if "ExtendedStatistic" not in body:  # "used only for alarms based on percentiles": PutMetricAlarm
        body.pop("EvaluateLowSampleCountPercentile", None)
    data = body.get("LaunchTemplateData", {})
    if "InstanceType" in data:  # "If you specify InstanceRequirements, you can't specify InstanceType": EC2 API
        data = {name: value for name, value in data.items() if name != "InstanceRequirements"}
    return {**body, "LaunchTemplateData": data} if data else body


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


def update_params(body: Mapping[str, Any], fields: set[str], existing: Mapping[str, Any]) -> dict[str, Any]:
    """
    What UpdateAutoScalingGroup takes of these fields; what is no longer wanted goes back to its default.

    Args:
        body: What is wanted.
        fields: What of it is written.
        existing: What is there.
    """
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
            before = existing.get("MixedInstancesPolicy", {}).get("InstancesDistribution")
            update["MixedInstancesPolicy"] = _complete(params["MixedInstancesPolicy"], before)
    elif fields & {"MixedInstancesPolicy", "LaunchConfigurationName"}:
        update["LaunchTemplate"] = params["LaunchTemplate"]
    return update


def _complete(policy: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """A mixed instances policy that says everything: what an update leaves out would stay as it was."""
    plain_shares = {
        row.path.rsplit(".", 1)[-1]: row.default if row.cleared is None else row.cleared
        for row in AUTO_SCALING_GROUP.fields
        if ".InstancesDistribution." in row.path and (row.default is not None or row.cleared is not None)
    }
    launch = {"Overrides": [], **policy["LaunchTemplate"]}
    shares = {**plain_shares, **policy["InstancesDistribution"]}
    return {"LaunchTemplate": launch, "InstancesDistribution": {**_pools(shares, before), **shares}}


def _pools(shares: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, int]:
    """
    The number of Spot pools where there may be one already, which only the strategy `lowest-price` takes.

    "SpotInstancePools option is only available with the lowest-price allocation strategy": ValidationError of Auto
    Scaling, hashicorp/terraform-provider-aws#13495.
    """
    strategies = [each.get("SpotAllocationStrategy", LOWEST_PRICE) for each in (shares, before or {})]
    if before is None or (LOWEST_PRICE not in strategies and "SpotInstancePools" not in before):
        return {}
    return {"SpotInstancePools": DEFAULT_POOLS if strategies[0] == LOWEST_PRICE else NO_POOLS}


def group_tags(name: str, body: Mapping[str, Any], mark: Mark) -> list[dict[str, Any]]:
    """The tags of a group, those of its mark included."""
    base = {"ResourceId": name, "ResourceType": "auto-scaling-group"}
    own = [{**base, **tag} for tag in body.get("Tags", ())]
    return [*own, *({**base, **tag} for tag in mark_tags(mark))]


def action_params(body: Mapping[str, Any]) -> dict[str, Any]:
    """A scheduled action as it is put, its moments no text."""
    moments = {name: datetime.fromisoformat(body[name]) for name in ("StartTime", "EndTime") if name in body}
    return {**revealed(body), **moments}


def top_step(path: str) -> str:
    """The part of a body that a leaf is in."""
    return path.split(".")[0].split("[")[0]


def is_written(change: Change, body: Mapping[str, Any], existing: Resource) -> bool:
    """Whether what is there is what is wanted."""
    kind = KINDS[change.key.kind].of(change.wanted)
    return kind.leaves(body) == kind.leaves(existing.body)
