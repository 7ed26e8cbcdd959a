"""Resource groups."""

from typing import Any

from trimtab.emulators.azure.calls import Answer, ArmRoute, Call, page
from trimtab.emulators.azure.errors import missing_group
from trimtab.emulators.azure.ids import folded
from trimtab.emulators.azure.operations import begin, headers
from trimtab.emulators.azure.regions import check_group_location
from trimtab.emulators.azure.routing import SUBSCRIPTION
from trimtab.emulators.azure.versions import RESOURCES
from trimtab.emulators.azure.world import CloudWorld
from trimtab.emulators.shared.errors import ServiceError

HOME = "eastus"


def check_group(call: Call) -> None:
    """
    Refuse a call on a group that is not there; a PUT makes it where the setting `make_groups` says so.

    Raises:
        ServiceError: `ResourceGroupNotFound`.
    """
    if "group" not in call.names or call.group.lower() in call.world.groups:
        return
    if call.request.method != "PUT" or not call.world.settings["make_groups"]:
        raise missing_group(call.group)
    make_group(call.world, call.group, HOME)


def make_group(world: CloudWorld, name: str, location: str, tags: dict[str, str] | None = None) -> dict[str, Any]:
    """A group, made or changed."""
    group = {
        "id": f"/subscriptions/{world.subscription}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        **({} if tags is None else {"tags": tags}),
        "properties": {"provisioningState": "Succeeded"},
    }
    world.groups[name.lower()] = group
    return group


def _put(call: Call) -> Answer:
    body = call.body or {}
    place = check_group_location(body.get("location"))
    earlier = call.world.groups.get(call.name.lower())
    if earlier and earlier["location"] != place:
        text = (
            f"Invalid resource group location '{place}'. The Resource group already exists in location "
            f"'{earlier['location']}'."
        )
        raise ServiceError("InvalidResourceGroupLocation", text, 409)
    group = make_group(call.world, call.name, place, body.get("tags"))
    return Answer(200 if earlier else 201, group)


def _get(call: Call) -> Answer:
    return Answer(200, _find(call))


def _head(call: Call) -> Answer:
    return Answer(204 if call.name.lower() in call.world.groups else 404)


def _list(call: Call) -> Answer:
    return page(call, call.world.groups.values())


def _delete(call: Call) -> Answer:
    world, group = call.world, _find(call)
    group["properties"] = {"provisioningState": "Deleting"}

    def finish() -> None:
        _wipe(world, call.name)

    operation = begin(world, group["location"], finish, provider="Microsoft.Resources")
    where = headers(call, operation)
    return Answer(202, None, where)


def _find(call: Call) -> dict[str, Any]:
    group = call.world.groups.get(call.name.lower())
    if group is None:
        raise missing_group(call.name)
    return group


def _wipe(world: CloudWorld, name: str) -> None:
    world.groups.pop(name.lower(), None)
    start = folded(f"/subscriptions/{world.subscription}/resourceGroups/{name}") + "/"
    held: tuple[dict[str, Any], ...] = (world.resources, world.scale_sets, world.autoscale, world.alerts)
    for each in held:
        for key in [key for key in each if key.startswith(start)]:
            del each[key]


_ALL = f"{SUBSCRIPTION}/resourceGroups"
_ONE = f"{_ALL}/{{name}}"
ROUTES = (
    ArmRoute("GET", _ALL, "resources", "ResourceGroups_List", RESOURCES, _list),
    ArmRoute("PUT", _ONE, "resources", "ResourceGroups_CreateOrUpdate", RESOURCES, _put),
    ArmRoute("GET", _ONE, "resources", "ResourceGroups_Get", RESOURCES, _get),
    ArmRoute("HEAD", _ONE, "resources", "ResourceGroups_CheckExistence", RESOURCES, _head),
    ArmRoute("DELETE", _ONE, "resources", "ResourceGroups_Delete", RESOURCES, _delete),
)
