"""Scale sets: written, read, deleted."""

from collections.abc import Mapping
from typing import Any

from trimtab.emulators.azure.activities import note_write
from trimtab.emulators.azure.bodies import find, without_nulls
from trimtab.emulators.azure.calls import Answer, ArmRoute, Call, check_etag, page
from trimtab.emulators.azure.errors import missing, no_view, not_allowed
from trimtab.emulators.azure.ids import folded
from trimtab.emulators.azure.operations import begin, headers
from trimtab.emulators.azure.references import check_references
from trimtab.emulators.azure.regions import check_location, check_zones, normal_location
from trimtab.emulators.azure.rolling import outdated, roll
from trimtab.emulators.azure.routing import GROUP, SUBSCRIPTION
from trimtab.emulators.azure.scale_set import KIND, ScaleSet
from trimtab.emulators.azure.scale_set_fields import (
    check_body,
    check_changes,
    completed,
    is_same_model,
    patched,
    replaced,
    upgrade_mode,
)
from trimtab.emulators.azure.scaling import upgrade, work
from trimtab.emulators.azure.sdk_shapes import shape_of
from trimtab.emulators.azure.shapes import recased
from trimtab.emulators.azure.shortages import check_quota
from trimtab.emulators.azure.skus import check_size
from trimtab.emulators.azure.versions import COMPUTE
from trimtab.emulators.shared.errors import ServiceError


def find_scale_set(call: Call, which: str = "name") -> ScaleSet:
    """
    The scale set that the path names.

    Raises:
        ServiceError: There is none.
    """
    scale_set: ScaleSet | None = call.world.scale_sets.get(
        folded(call.world.id_of(call.group, KIND, call.names[which]))
    )
    if scale_set is None:
        raise missing(KIND, call.names[which], call.group)
    return scale_set


def _put(call: Call) -> Answer:
    existing = call.world.scale_sets.get(folded(call.world.id_of(call.group, KIND, call.name)))
    check_etag(call, existing.version if existing else None)
    given = recased(without_nulls(call.body), shape_of(_WHOLE))
    if existing is None:
        return _create(call, completed(given))
    _check_location(existing, given)
    return _update(call, existing, replaced(existing.body, given))


def _patch(call: Call) -> Answer:
    existing = find_scale_set(call)
    check_etag(call, existing.version)
    return _update(call, existing, patched(existing.body, recased(call.body, shape_of(f"{_WHOLE}Update"))))


def _create(call: Call, body: dict[str, Any]) -> Answer:
    body["location"] = check_location(KIND, body.get("location"))
    scale_set = ScaleSet(call.world, call.group, call.name, body)
    check_zones(KIND, call.name, body)
    check_body(call.name, body)
    check_size(body)
    check_references(call.world, scale_set.id, body)
    check_quota(scale_set, scale_set.capacity)
    call.world.scale_sets[scale_set.key] = scale_set
    operation = work(scale_set)
    note_write(call, scale_set.id)
    return Answer(201, scale_set.to_dict(api=call.request.version), headers(call, operation, location=False))


def _update(call: Call, scale_set: ScaleSet, body: dict[str, Any]) -> Answer:
    _check_writable(scale_set)
    check_changes(scale_set.body, body)
    check_zones(KIND, scale_set.name, body)
    check_body(scale_set.name, body)
    check_size(body)
    check_references(call.world, scale_set.id, body)
    check_quota(scale_set, int(find(body, "sku.capacity") or 0))
    same = is_same_model(scale_set.body, body)
    scale_set.body, scale_set.state = body, "Updating"
    scale_set.etag += 1
    if not same:
        scale_set.model += 1
    _bring_up_to_date(scale_set)
    operation = work(scale_set)
    note_write(call, scale_set.id)
    return Answer(200, scale_set.to_dict(api=call.request.version), headers(call, operation, location=False))


def _get(call: Call) -> Answer:
    return Answer(200, find_scale_set(call).to_dict(api=call.request.version, expand=call.expand))


def _view(call: Call) -> Answer:
    scale_set = find_scale_set(call)
    if scale_set.flexible:
        raise no_view("instanceView", scale_set.name)
    return Answer(200, scale_set.view())


def _list(call: Call) -> Answer:
    group, place = call.names.get("group"), call.names.get("location")
    scale_sets = [
        each.to_dict(api=call.request.version)
        for each in call.world.scale_sets.values()
        if (group is None or each.group.lower() == group.lower())
        and (place is None or each.location == normal_location(place))
    ]
    return page(call, scale_sets)


def _delete(call: Call) -> Answer:
    world = call.world
    existing: ScaleSet | None = world.scale_sets.get(folded(world.id_of(call.group, KIND, call.name)))
    if existing is None:
        return Answer(204)
    existing.state = "Deleting"
    scale_set = existing

    def finish() -> None:
        if world.scale_sets.get(scale_set.key) is scale_set:
            del world.scale_sets[scale_set.key]
        for each in scale_set.instances.values():
            world.failing.discard(each.key)

    operation = begin(world, existing.location, finish)
    existing.supersede(operation)
    note_write(call, existing.id)
    return Answer(202, None, headers(call, operation))


def _bring_up_to_date(scale_set: ScaleSet) -> None:
    """
    Bring every instance to the newest model, unless that is left to the user; any write looks whether they are.

    https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-configure-rolling-upgrades
    """
    mode = upgrade_mode(scale_set.body)
    if mode == "rolling":
        roll(scale_set)
    elif mode == "automatic":
        for each in outdated(scale_set):
            upgrade(each)


def _check_writable(scale_set: ScaleSet) -> None:
    if scale_set.is_deleting:
        raise not_allowed(f"The Virtual Machine Scale Set '{scale_set.name}' is marked for deletion.")


def _check_location(scale_set: ScaleSet, given: Mapping[str, Any]) -> None:
    place = normal_location(str(given["location"]))
    if place != scale_set.location:
        text = (
            f"The resource '{scale_set.name}' already exists in location '{scale_set.location}' in resource group "
            f"'{scale_set.group}'. A resource with the same name cannot be created in location '{place}'. "
            "Please select a new resource name."
        )
        raise ServiceError("InvalidResourceLocation", text, 409)


_ONE = f"{GROUP}/providers/{KIND}/{{name}}"
_TITLE = "VirtualMachineScaleSets"
_WHOLE = "compute:VirtualMachineScaleSet"


def _route(method: str, path: str, name: str, handler: Any, *, body: str = "", bucket: str = "") -> ArmRoute:
    return ArmRoute(method, path, "compute", f"{_TITLE}_{name}", COMPUTE, handler, body=body, bucket=bucket)


_PLACE = f"{SUBSCRIPTION}/providers/Microsoft.Compute/locations/{{location}}/virtualMachineScaleSets"
ROUTES = (
    _route("GET", f"{SUBSCRIPTION}/providers/{KIND}", "ListAll", _list, bucket="HighCostGetVMScaleSet"),
    _route("GET", _PLACE, "ListByLocation", _list, bucket="HighCostGetVMScaleSet"),
    _route("GET", f"{GROUP}/providers/{KIND}", "List", _list, bucket="HighCostGetVMScaleSet"),
    _route("PUT", _ONE, "CreateOrUpdate", _put, body=_WHOLE, bucket="CreateVMScaleSet"),
    _route("PATCH", _ONE, "Update", _patch, body=f"{_WHOLE}Update", bucket="CreateVMScaleSet"),
    _route("GET", _ONE, "Get", _get, bucket="GetVMScaleSet"),
    _route("DELETE", _ONE, "Delete", _delete, bucket="DeleteVMScaleSet"),
    _route("GET", f"{_ONE}/instanceView", "GetInstanceView", _view, bucket="GetVMScaleSet"),
)
