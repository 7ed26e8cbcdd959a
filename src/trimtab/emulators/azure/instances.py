"""The instances of scale sets: read, protected, acted on."""

from collections.abc import Callable, Mapping

from trimtab.emulators.azure.activities import note_write
from trimtab.emulators.azure.bodies import find
from trimtab.emulators.azure.calls import Answer, ArmRoute, Call, Handler, check_etag, page
from trimtab.emulators.azure.errors import bad_parameter, missing_entity, no_view, not_allowed
from trimtab.emulators.azure.filters import filter_of
from trimtab.emulators.azure.instance import DEALLOCATED, RUNNING, SPOT, STOPPED, EmulatedInstance
from trimtab.emulators.azure.operations import begin, headers
from trimtab.emulators.azure.routing import GROUP
from trimtab.emulators.azure.scale_set import KIND, ScaleSet
from trimtab.emulators.azure.scale_set_fields import PROFILE
from trimtab.emulators.azure.scale_sets import find_scale_set
from trimtab.emulators.azure.scaling import reimage, retire, upgrade
from trimtab.emulators.azure.versions import COMPUTE

Act = Callable[[EmulatedInstance], None]

_FILTERS: Mapping[str, Callable[[EmulatedInstance], bool]] = {
    "startswith(instanceview/statuses/code, powerstate) eq true": lambda each: each.state == "Succeeded",
    "properties/latestmodelapplied eq true": lambda each: each.model == each.home.model,
    "properties/latestmodelapplied eq false": lambda each: each.model != each.home.model,
}
"""The filters that the API allows, in small letters and without quotes: clients write them with and without."""


def _power(state: str) -> Act:
    def act(instance: EmulatedInstance) -> None:
        instance.power = state

    return act


def _restart(instance: EmulatedInstance) -> None:
    if instance.power != DEALLOCATED:
        instance.power = RUNNING


def _reapply(_: EmulatedInstance) -> None:
    """Change nothing: the state is as it should be."""


def _redeploy(instance: EmulatedInstance) -> None:
    instance.power = RUNNING


def _reimage(instance: EmulatedInstance) -> None:
    instance.power = RUNNING
    reimage(instance)


ACTS: Mapping[str, Act] = {
    "start": _power(RUNNING),
    "poweroff": _power(STOPPED),
    "deallocate": _power(DEALLOCATED),
    "restart": _restart,
    "reimage": _reimage,
    "reimageall": _reimage,
    "redeploy": _redeploy,
    "reapply": _reapply,
}
"""What is done to an instance, by the word in the address."""
_TITLES = {"poweroff": "PowerOff", "reimageall": "ReimageAll"}


def _list(call: Call) -> Answer:
    scale_set = find_scale_set(call, "parent")
    if scale_set.flexible and "instanceview" in call.expand:
        raise no_view("virtualMachines", scale_set.name)
    given = filter_of(call.query)
    wanted = " ".join(given.lower().replace("'", "").split())
    if wanted and wanted not in _FILTERS:
        raise bad_parameter(f"The value of parameter $filter is invalid: '{given}'.", "$filter")
    keep = _FILTERS.get(wanted)
    kept = [each for each in scale_set.instances.values() if keep is None or keep(each)]
    return page(call, [each.to_dict(expand=call.expand) for each in kept])


def _get(call: Call) -> Answer:
    return Answer(200, _find(call).to_dict(expand=call.expand))


def _view(call: Call) -> Answer:
    return Answer(200, _find(call).view())


def _put(call: Call) -> Answer:
    instance = _find(call)
    check_etag(call, f'"{instance.etag}"')
    policy = find(call.body, "properties.protectionPolicy")
    if policy is not None:
        instance.protection = {name: bool(value) for name, value in policy.items() if value is not None}
    if call.body.get("tags") is not None:
        instance.made_by = {**instance.made_by, "tags": dict(call.body["tags"])}
    instance.etag += 1
    operation = begin(call.world, instance.home.location)
    return Answer(200, instance.to_dict(), headers(call, operation, location=False))


def _delete(call: Call) -> Answer:
    scale_set = find_scale_set(call, "parent")
    instance = _find(call) if scale_set.flexible else scale_set.find(call.name)
    if instance is None:
        return Answer(204)
    return _retire(call, scale_set, [instance])


def _delete_many(call: Call) -> Answer:
    scale_set = find_scale_set(call, "parent")
    return _retire(call, scale_set, _named(call, scale_set, required=True))


def _retire(call: Call, scale_set: ScaleSet, leavers: list[EmulatedInstance]) -> Answer:
    retire(scale_set, [each for each in leavers if each.counts])
    note_write(call, scale_set.id)
    return _begun(call, scale_set)


def _upgrade_many(call: Call) -> Answer:
    scale_set = find_scale_set(call, "parent")
    for each in _named(call, scale_set, required=True):
        upgrade(each)
    return _begun(call, scale_set)


def _act_on_many(act: Act) -> Handler:
    def handler(call: Call) -> Answer:
        scale_set = find_scale_set(call, "parent")
        for each in _named(call, scale_set):
            if not each.protection.get("protectFromScaleSetActions"):
                act(each)
        return _begun(call, scale_set)

    return handler


def _act_on_one(act: Act) -> Handler:
    def handler(call: Call) -> Answer:
        # the star is every instance here too
        if call.name == "*":
            return _act_on_many(act)(call)
        instance = _find(call)
        act(instance)
        return _begun(call, instance.home)

    return handler


def _maintain(call: Call) -> Answer:
    scale_set = find_scale_set(call, "parent")
    shown = scale_set.find(call.name) if "name" in call.names else next(iter(scale_set.members()), None)
    if shown is None:
        raise missing_entity()
    text = (
        f"Operation 'performMaintenance' is not allowed on VM '{shown.name}' since the Subscription of this VM is not "
        "eligible."
    )
    raise not_allowed(text)


def _evict(call: Call) -> Answer:
    return evict(_find(call))


def evict(instance: EmulatedInstance) -> Answer:
    """Have a spot instance taken away; refused for others."""
    if instance.priority != SPOT:
        raise not_allowed("Simulate Eviction is only allowed on Azure Spot Virtual Machines.")
    if str(find(instance.home.body, f"{PROFILE}.evictionPolicy")).lower() == "delete":
        retire(instance.home, [instance])
    else:
        instance.power = DEALLOCATED
    return Answer(204)


def _serve(call: Call) -> Answer:
    scale_set = find_scale_set(call, "parent")
    scale_set.repairs = str(call.body.get("action")).lower() == "resume"
    return _begun(call, scale_set)


def _find(call: Call) -> EmulatedInstance:
    scale_set = find_scale_set(call, "parent")
    if scale_set.flexible:
        # it is a plain machine, and asked for as one
        raise bad_parameter("Virtual Machine Scale Set VM instanceId must be a number.", "instanceId")
    instance = scale_set.find(call.name)
    if instance is None:
        raise missing_entity()
    return instance


def _named(call: Call, scale_set: ScaleSet, *, required: bool = False) -> list[EmulatedInstance]:
    """The instances that the body names; without a name all, unless names are required."""
    numbers = (call.body or {}).get("instanceIds") or []
    if required and not numbers:
        raise bad_parameter("Required parameter 'instanceIds' is missing (null).", "instanceIds")
    if not numbers or numbers == ["*"]:
        return list(scale_set.instances.values())
    instances = []
    for number in numbers:
        instance = scale_set.find(number)
        if instance is None:
            text = f"The provided instanceId {number} is not an active Virtual Machine Scale Set VM instanceId."
            raise bad_parameter(text, "instanceIds")
        instances.append(instance)
    return instances


def _begun(call: Call, scale_set: ScaleSet) -> Answer:
    return Answer(202, None, headers(call, begin(call.world, scale_set.location)))


_SET = f"{GROUP}/providers/{KIND}/{{parent}}"
_ALL = f"{_SET}/virtualMachines"
_ONE = f"{_ALL}/{{name}}"
_READS, _ACTIONS = "GetVMScaleSetVM", "VMScaleSetActions"


def _of_one(method: str, path: str, name: str, handler: Handler, bucket: str, body: str = "") -> ArmRoute:
    return ArmRoute(method, path, "compute", f"VirtualMachineScaleSetVMs_{name}", COMPUTE, handler, body, bucket=bucket)


def _of_many(path: str, name: str, handler: Handler, body: str = "") -> ArmRoute:
    return ArmRoute("POST", path, "compute", f"VirtualMachineScaleSets_{name}", COMPUTE, handler, body, bucket=_ACTIONS)


def title(word: str) -> str:
    """The word of an action as ids of operations have it."""
    return _TITLES.get(word, word.capitalize())


ROUTES = (
    _of_one("GET", _ALL, "List", _list, "HighCostGetVMScaleSet"),
    _of_one("GET", _ONE, "Get", _get, _READS),
    _of_one("GET", f"{_ONE}/instanceView", "GetInstanceView", _view, _READS),
    _of_one("PUT", _ONE, "Update", _put, _ACTIONS, "compute:VirtualMachineScaleSetVM"),
    _of_one("DELETE", _ONE, "Delete", _delete, "DeleteVMScaleSetVM"),
    _of_one("POST", f"{_ONE}/performMaintenance", "PerformMaintenance", _maintain, _ACTIONS),
    _of_one("POST", f"{_ONE}/simulateEviction", "SimulateEviction", _evict, _ACTIONS),
    *(_of_one("POST", f"{_ONE}/{word}", title(word), _act_on_one(act), _ACTIONS) for word, act in ACTS.items()),
    _of_many(f"{_SET}/delete", "DeleteInstances", _delete_many, "compute:VirtualMachineScaleSetVMInstanceRequiredIDs"),
    _of_many(
        f"{_SET}/manualupgrade",
        "UpdateInstances",
        _upgrade_many,
        "compute:VirtualMachineScaleSetVMInstanceRequiredIDs",
    ),
    _of_many(f"{_SET}/performMaintenance", "PerformMaintenance", _maintain),
    _of_many(
        f"{_SET}/setOrchestrationServiceState",
        "SetOrchestrationServiceState",
        _serve,
        "compute:OrchestrationServiceStateInput",
    ),
    *(_of_many(f"{_SET}/{word}", title(word), _act_on_many(act)) for word, act in ACTS.items()),
)
