"""Rolling upgrades as they are asked after: the latest one read and cancelled, one of images begun."""

from typing import Any

from trimtab.emulators.azure.activities import note_write
from trimtab.emulators.azure.calls import Answer, ArmRoute, Call
from trimtab.emulators.azure.errors import missing_entity, not_allowed
from trimtab.emulators.azure.operations import begin, headers
from trimtab.emulators.azure.rolling import roll_images
from trimtab.emulators.azure.routing import GROUP
from trimtab.emulators.azure.scale_set import KIND, ScaleSet
from trimtab.emulators.azure.scale_set_fields import has_probe
from trimtab.emulators.azure.scale_sets import find_scale_set
from trimtab.emulators.azure.versions import COMPUTE


def _latest(call: Call) -> Answer:
    scale_set = find_scale_set(call)
    if scale_set.upgrade is None:
        raise missing_entity()
    return Answer(200, scale_set.upgrade.to_dict())


def _cancel(call: Call) -> Answer:
    scale_set = find_scale_set(call)
    if scale_set.upgrade is None or not scale_set.upgrade.goes_on:
        raise not_allowed(f"There is no rolling upgrade in progress for Virtual Machine Scale Set '{scale_set.name}'.")
    scale_set.upgrade.cancel()
    return _begun(call, scale_set)


def _roll_images(call: Call) -> Answer:
    """
    Every instance on the newest image of the platform; what was changed in the model is not rolled out so.

    Not with flexible orchestration: virtual-machine-scale-sets-orchestration-modes, learn.microsoft.com.
    """
    scale_set = find_scale_set(call)
    if scale_set.flexible:
        raise not_allowed("OS upgrades are not supported for Virtual Machine Scale Sets with Flexible orchestration.")
    if not has_probe(scale_set.body):
        text = "OS Rolling Upgrade is not supported because a health probe or health extension was not provided."
        raise not_allowed(text)
    roll_images(scale_set)
    return _begun(call, scale_set)


def _begun(call: Call, scale_set: ScaleSet) -> Answer:
    note_write(call, scale_set.id)
    return Answer(202, None, headers(call, begin(call.world, scale_set.location)))


_ONE = f"{GROUP}/providers/{KIND}/{{name}}"
_TITLE = "VirtualMachineScaleSetRollingUpgrades"


def _route(method: str, path: str, name: str, handler: Any, bucket: str) -> ArmRoute:
    return ArmRoute(method, f"{_ONE}/{path}", "compute", f"{_TITLE}_{name}", COMPUTE, handler, bucket=bucket)


ROUTES = (
    _route("GET", "rollingUpgrades/latest", "GetLatest", _latest, "GetVMScaleSet"),
    _route("POST", "rollingUpgrades/cancel", "Cancel", _cancel, "VMScaleSetActions"),
    _route("POST", "osRollingUpgrade", "StartOSUpgrade", _roll_images, "VMScaleSetActions"),
)
