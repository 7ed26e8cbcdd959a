"""Who else launches from the launch templates of a fleet: EC2 deletes one under a group that does."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from trimtab.errors import ProviderError
from trimtab.plan import Action, Change, Key, Mark, read_tags
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.kinds import AUTO_SCALING_GROUP, LAUNCH_TEMPLATE
from trimtab.providers.sharing import used_by, users_of

PAGE = 100
"""botocore autoscaling:AutoScalingGroupNamesType.MaxRecords: no page of groups is longer."""
LATEST = "$Latest"
LABEL = AUTO_SCALING_GROUP.label


def users_elsewhere(calls: Calls, changes: Sequence[Change], fleet: str) -> dict[Key, str]:
    """
    By launch template what is to be said of the other groups that launch from it; a list of all groups of a region.

    Of one that is deleted any group is told, else those that follow `$Latest`.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-launch-template.html
    """
    touched = [
        change
        for change in changes
        if change.key.kind == LAUNCH_TEMPLATE.name and change.live is not None and change.action is not Action.CREATE
    ]
    regions = sorted({change.key.location for change in touched})
    answers = calls.gather([partial(list_groups, calls, region) for region in regions])
    result = {}
    for region, groups in zip(regions, answers, strict=True):
        for change in (one for one in touched if one.key.location == region):
            if text := _text(change, groups, changes, fleet):
                result[change.key] = text
    return result


def list_groups(calls: Calls, region: str) -> list[dict[str, Any]]:
    """Every Auto Scaling group of a region."""
    return list(calls.items("autoscaling", "describe_auto_scaling_groups", region, MaxRecords=PAGE))


def _text(change: Change, groups: "list[dict[str, Any]] | ProviderError", changes: Sequence[Change], fleet: str) -> str:
    goes = change.action is Action.DELETE
    if isinstance(groups, ProviderError):
        return f"whether other groups launch from it is not known: {groups}" if goes else ""
    attributes = change.live.attributes if change.live is not None else {}
    names = frozenset({change.key.name, attributes.get("id") or change.key.name})
    found = {
        Key(change.key.location, AUTO_SCALING_GROUP.name, item["AutoScalingGroupName"]): _mark_of(item)
        for item in groups
        if any(goes or version == LATEST for version in versions_of(item, names))
    }
    users = users_of(change, found, changes, fleet)
    if not users:
        return ""
    verb = "launches" if len(users) == 1 else "launch"
    return f"{used_by(LABEL, users)} {verb} from {'it' if goes else 'its $Latest version'} too"


def versions_of(group: Mapping[str, Any], names: frozenset[str]) -> list[str]:
    """The versions of a template, which name or id is one of these, that a group launches from."""
    return [
        str(source.get("Version") or "$Default")
        for source in _sources(group)
        if {source.get("LaunchTemplateName"), source.get("LaunchTemplateId")} & names
    ]


def _sources(group: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield group.get("LaunchTemplate") or {}
    mixed = (group.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
    yield mixed.get("LaunchTemplateSpecification") or {}
    for override in mixed.get("Overrides") or ():
        yield override.get("LaunchTemplateSpecification") or {}


def _mark_of(group: Mapping[str, Any]) -> Mark | None:
    return read_tags({tag["Key"]: tag.get("Value", "") for tag in group.get("Tags") or ()})[1]
