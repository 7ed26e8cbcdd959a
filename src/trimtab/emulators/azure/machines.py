"""Virtual machines, as far as the instances of flexible scale sets are such: listed, read, acted on."""

import re
from collections.abc import Iterator

from trimtab.emulators.azure.activities import note_write
from trimtab.emulators.azure.calls import Answer, ArmRoute, Call, Handler, page
from trimtab.emulators.azure.errors import bad_parameter, missing
from trimtab.emulators.azure.filters import filter_of
from trimtab.emulators.azure.ids import folded
from trimtab.emulators.azure.instance import MACHINE, EmulatedInstance
from trimtab.emulators.azure.instances import ACTS, Act, evict, title
from trimtab.emulators.azure.operations import begin, headers
from trimtab.emulators.azure.routing import GROUP, SUBSCRIPTION
from trimtab.emulators.azure.scaling import retire
from trimtab.emulators.azure.versions import COMPUTE

_FILTER = re.compile(r"'?virtualMachineScaleSet/id'?\s+eq\s+'?(?P<id>/[^'\s]+)'?", re.IGNORECASE)
"""The filter that the API allows, in the spellings that its clients have of it."""


def _list(call: Call) -> Answer:
    """The machines of a resource group or of the subscription; the instance view goes with a filter only."""
    wanted = filter_of(call.query)
    match = _FILTER.fullmatch(wanted)
    if wanted and match is None:
        raise bad_parameter(f"The value of parameter $filter is invalid: '{wanted}'.", "$filter")
    if "instanceview" in call.expand and match is None:
        text = "$expand=instanceView can only be specified with a $filter by virtualMachineScaleSet/id."
        raise bad_parameter(text, "$expand")
    home = folded(match["id"]) if match else ""
    kept = [each for each in _machines(call) if not home or folded(each.home.id) == home]
    return page(call, [each.to_machine(expand=call.expand) for each in kept])


def _get(call: Call) -> Answer:
    return Answer(200, _find(call).to_machine(expand=call.expand))


def _view(call: Call) -> Answer:
    return Answer(200, _find(call).view())


def _delete(call: Call) -> Answer:
    instance = next((each for each in _machines(call) if folded(each.name) == folded(call.name)), None)
    if instance is None:
        return Answer(204)
    if instance.counts:
        retire(instance.home, [instance])
    return _begun(call, instance)


def _act(act: Act) -> Handler:
    def handler(call: Call) -> Answer:
        instance = _find(call)
        act(instance)
        return _begun(call, instance)

    return handler


def _evict(call: Call) -> Answer:
    return evict(_find(call))


def _begun(call: Call, instance: EmulatedInstance) -> Answer:
    note_write(call, instance.machine_id)
    return Answer(202, None, headers(call, begin(call.world, instance.home.location)))


def _machines(call: Call) -> Iterator[EmulatedInstance]:
    for scale_set in call.world.scale_sets.values():
        if scale_set.flexible and ("group" not in call.names or folded(scale_set.group) == folded(call.group)):
            yield from scale_set.instances.values()


def _find(call: Call) -> EmulatedInstance:
    for each in _machines(call):
        if folded(each.name) == folded(call.name):
            return each
    raise missing(MACHINE, call.name, call.group)


_ALL = f"{GROUP}/providers/{MACHINE}"
_ONE = f"{_ALL}/{{name}}"


def _route(method: str, path: str, name: str, handler: Handler) -> ArmRoute:
    return ArmRoute(method, path, "compute", f"VirtualMachines_{name}", COMPUTE, handler)


ROUTES = (
    _route("GET", f"{SUBSCRIPTION}/providers/{MACHINE}", "ListAll", _list),
    _route("GET", _ALL, "List", _list),
    _route("GET", _ONE, "Get", _get),
    _route("GET", f"{_ONE}/instanceView", "InstanceView", _view),
    _route("DELETE", _ONE, "Delete", _delete),
    _route("POST", f"{_ONE}/simulateEviction", "SimulateEviction", _evict),
    *(_route("POST", f"{_ONE}/{word}", title(word), _act(act)) for word, act in ACTS.items() if word != "reimageall"),
)
