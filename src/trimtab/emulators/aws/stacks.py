"""Groups that CloudFormation's stacks hold: made, changed and deleted as by calls of Auto Scaling."""

from collections.abc import Callable
from typing import Any

import moto.autoscaling.models
from moto.cloudformation.exceptions import ValidationError
from moto.core.utils import get_service_model

from trimtab.emulators.aws import groups
from trimtab.emulators.aws.calls import Answer, Call
from trimtab.emulators.aws.world import Region, home_of
from trimtab.emulators.shared.errors import ServiceError

_RENAMED = {"Cooldown": "DefaultCooldown"}
_NAME = "AutoScalingGroupName"
_of_moto: Any = moto.autoscaling.models.FakeAutoScalingGroup
_MADE_BY_MOTO = {name: getattr(_of_moto, f"{name}_from_cloudformation_json") for name in ("create", "update", "delete")}


def hold_stacks() -> None:
    """Have moto's CloudFormation ask this emulator for groups; calling it again changes nothing."""
    acts: dict[str, Callable[..., Any]] = {"create": _create, "update": _update, "delete": _delete}
    for name, act in acts.items():
        setattr(_of_moto, f"{name}_from_cloudformation_json", staticmethod(act))


def _create(
    resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **more: Any
) -> Any:
    region = home_of(account_id, region_name)
    if region is None:
        return _MADE_BY_MOTO["create"](resource_name, cloudformation_json, account_id, region_name, **more)
    given = {**_parameters(cloudformation_json["Properties"]), _NAME: resource_name}
    _do(region, groups.create_auto_scaling_group, "CreateAutoScalingGroup", given)
    return region.groups[resource_name]


def _update(
    original_resource: Any,
    new_resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
) -> Any:
    region = home_of(account_id, region_name)
    if region is None:
        return _MADE_BY_MOTO["update"](
            original_resource, new_resource_name, cloudformation_json, account_id, region_name
        )
    properties, before = _parameters(cloudformation_json["Properties"]), original_resource.name
    name = properties.get(_NAME, before)
    if name != before:
        result = _create(name, cloudformation_json, account_id, region_name)
        _delete(before, cloudformation_json, account_id, region_name)
        return result
    tags = [{**tag, "ResourceId": name} for tag in properties.pop("Tags", [])]
    _do(region, groups.update_auto_scaling_group, "UpdateAutoScalingGroup", {**properties, _NAME: name})
    _do(region, groups.create_or_update_tags, "CreateOrUpdateTags", {"Tags": tags})
    return region.groups[name]


def _delete(resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str) -> None:
    region = home_of(account_id, region_name)
    if region is None:
        _MADE_BY_MOTO["delete"](resource_name, cloudformation_json, account_id, region_name)
    elif resource_name in region.groups:
        given = {_NAME: resource_name, "ForceDelete": True}
        _do(region, groups.delete_auto_scaling_group, "DeleteAutoScalingGroup", given)


def _do(region: Region, handler: Callable[[Call], Answer], operation: str, given: dict[str, Any]) -> None:
    try:
        handler(Call(operation, given, region))
    except ServiceError as error:
        raise ValidationError(message=error.message) from None


def _parameters(properties: dict[str, Any]) -> dict[str, Any]:
    """A group's properties as CreateAutoScalingGroup has them: of its types, under its names."""
    shape: Any = get_service_model("autoscaling").shape_for("CreateAutoScalingGroupType")
    subnets = properties.get("VPCZoneIdentifier")
    given = {_RENAMED.get(name, name): value for name, value in properties.items()}
    if isinstance(subnets, list):
        given["VPCZoneIdentifier"] = ",".join(subnets)
    return dict(_typed(shape, given))


def _typed(shape: Any, value: Any) -> Any:
    match shape.type_name:
        case "structure":
            return {name: _typed(shape.members[name], each) for name, each in value.items() if name in shape.members}
        case "list":
            return [_typed(shape.member, each) for each in value]
        case "integer":
            return int(value)
        case "boolean":
            return str(value).lower() == "true"
    return str(value)
