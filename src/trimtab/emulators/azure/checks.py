"""The check of a request: who asks, for what version, with what body."""

from collections.abc import Mapping

from trimtab.emulators.azure.calls import ArmRequest, ArmRoute
from trimtab.emulators.azure.errors import bad_content
from trimtab.emulators.azure.ids import parse_id
from trimtab.emulators.azure.regions import REGIONS, normal_location
from trimtab.emulators.azure.routing import check_version, not_registered
from trimtab.emulators.azure.sdk_shapes import shape_of
from trimtab.emulators.azure.shapes import check
from trimtab.emulators.azure.type_files import find_shape
from trimtab.emulators.azure.world import CloudWorld
from trimtab.emulators.shared.errors import ServiceError

_FILES: Mapping[str, tuple[str, str]] = {
    "compute:VirtualMachineScaleSet": ("microsoft.compute.2026-04-01", "Microsoft.Compute/virtualMachineScaleSets"),
    "monitor:AutoscaleSettingResource": ("microsoft.insights.2022-10-01", "Microsoft.Insights/autoscalesettings"),
    "monitor:MetricAlertResource": ("microsoft.insights.2018-03-01", "Microsoft.Insights/metricAlerts"),
}
"""The type file of a whole body, by the SDK's model."""
_CHALLENGE = 'Bearer authorization_uri="https://login.microsoftonline.com/", error="invalid_token"'


def check_request(world: CloudWorld, request: ArmRequest) -> ArmRoute:
    """
    The route of a call that may be answered.

    Raises:
        ServiceError: It is not allowed, not known or not well made.
    """
    if not request.headers.get("authorization", "").startswith("Bearer "):
        text = "Authentication failed. The 'Authorization' header is missing."
        raise ServiceError("AuthenticationFailed", text, 401, headers=(("WWW-Authenticate", _CHALLENGE),))
    if request.route is None:
        raise _unknown(request)
    if request.route.versions:
        _check_place(world, request, request.route)
    if request.route.body:
        _check_body(request, request.route.body)
    return request.route


def _check_place(world: CloudWorld, request: ArmRequest, route: ArmRoute) -> None:
    """Refuse a version or a region that there is not."""
    place = normal_location(request.names.get("location", ""))
    check_version(request, route, place or _home(world, request))
    if place and place not in REGIONS:
        raise not_registered(route, place, request.version)


def _home(world: CloudWorld, request: ArmRequest) -> str:
    """The region that a call is about, by its body or where its resource group is; empty for one about several."""
    body = request.body if request.is_write else None
    if isinstance(body, dict) and body.get("location"):
        return normal_location(str(body["location"]))
    group = world.groups.get(request.names.get("group", "").lower())
    return str(group["location"]) if group else ""


def _check_body(request: ArmRequest, model: str) -> None:
    body = request.body
    if not isinstance(body, dict):
        raise bad_content("'Expected an object.'.")
    whole = request.method == "PUT"
    check(body, shape_of(model), whole=whole)
    if whole and model in _FILES and (shape := find_shape(*_FILES[model])):
        check(body, shape, whole=True, strict=True)


def _unknown(request: ArmRequest) -> ServiceError:
    resource_id = parse_id(request.path)
    if resource_id is None:
        return ServiceError("NotFound", f"No HTTP resource was found that matches '{request.path}'.", 404)
    text = f"The resource type '{resource_id.types[-1]}' could not be found in the namespace '{resource_id.provider}'."
    return ServiceError("InvalidResourceType", text, 404)
