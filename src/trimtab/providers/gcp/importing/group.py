"""What stands on a managed instance group itself, in the words of the model."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from trimtab.providers.bodies import drop_empty
from trimtab.providers.gcp.ids import name_of
from trimtab.providers.gcp.importing.template import Body, first
from trimtab.providers.gcp.names import LONGEST_BASE
from trimtab.providers.gcp.template import BOOT_DEVICE, CARD
from trimtab.providers.importing.building import whole

# managers


def manager_of(manager: Body, native: str, zone: str) -> dict[str, Any]:
    """The fields of a group that its manager says, less its size and its health check."""
    distribution = manager.get("distributionPolicy") or {}
    shape = str(distribution.get("targetShape") or "EVEN")
    base = manager.get("baseInstanceName")
    zones = sorted(name_of(str(item.get("zone", ""))) for item in distribution.get("zones") or ())
    gcp = drop_empty(
        base_instance_name=base if base != native[:LONGEST_BASE].rstrip("-") else None,
        stopped=whole(manager.get("targetStoppedSize")) or None,
        suspended=whole(manager.get("targetSuspendedSize")) or None,
        target_shape=None if shape == "EVEN" else shape.lower().replace("_", "-"),
    )
    # a group that has a single zone of its region is no group of that zone
    placed = {"zones": [zone]} if zone else {"zones": zones} if len(zones) > 1 else {}
    return {"gcp": gcp, "placement": placed, "purchase": _sizes(manager)}


def with_state(template: Mapping[str, Any], manager: Body) -> dict[str, Any]:
    """The fields of a template, with what the group's stateful policy says of its disks and addresses."""
    state: Body = (manager.get("statefulPolicy") or {}).get("preservedState") or {}
    disks = [dict(disk) for disk in template.get("disks") or ()]
    names = [disk.get("device") or BOOT_DEVICE for disk in disks]
    if BOOT_DEVICE in (state.get("disks") or {}) and BOOT_DEVICE not in names:
        disks, names = [{}, *disks], [BOOT_DEVICE, *names]
    for name, disk in zip(names, disks, strict=True):
        device = (state.get("disks") or {}).get(name)
        if device is not None:
            disk["stateful"] = True
            disk.pop("keep", None)
            disk |= {"keep": True} if device.get("autoDelete", "NEVER") == "NEVER" else {}
    words = {
        field: "kept" if (state[name].get(CARD) or {}).get("autoDelete", "NEVER") == "NEVER" else "stateful"
        for field, name in (("internal_address", "internalIPs"), ("external_address", "externalIPs"))
        if CARD in (state.get(name) or {})
    }
    return {**template, **({"disks": disks} if disks else {}), **words}


def _sizes(manager: Body) -> dict[str, Any]:
    selections: Body = (manager.get("instanceFlexibilityPolicy") or {}).get("instanceSelections") or {}
    ranked: Sequence[Body] = sorted(selections.values(), key=lambda selection: whole(selection.get("rank")))
    sizes = [{"size": name} for selection in ranked for name in selection.get("machineTypes") or ()]
    ordered = {"strategy": "prioritized"} if any(selection.get("rank") for selection in ranked) else {}
    return {"sizes": sizes, **ordered} if sizes else {}


def ports_of(manager: Body, requested: Mapping[str, bool]) -> dict[str, int]:
    """The named ports; those that a backend service asks for are the load balancer's to say."""
    ports = {str(port["name"]): whole(port["port"]) for port in manager.get("namedPorts") or ()}
    return {name: port for name, port in ports.items() if name not in requested}


def healing_of(manager: Body) -> tuple[str, timedelta | None]:
    """The health check that says when an instance is made anew, and how long a new one is given."""
    policy = first(manager.get("autoHealingPolicies"))
    delay = policy.get("initialDelaySec")
    return str(policy.get("healthCheck") or ""), timedelta(seconds=whole(delay)) if delay else None


def timing_of(check: Body) -> dict[str, Any]:
    """How often a health check asks and how many answers in a row count; less what Compute Engine has by default."""
    spans = {"interval": "checkIntervalSec", "timeout": "timeoutSec"}
    counts = {"healthy_threshold": "healthyThreshold", "unhealthy_threshold": "unhealthyThreshold"}
    given = {word: f"{whole(check[name])}s" for word, name in spans.items() if check.get(name) not in (None, 5)}
    return {**given, **{word: whole(check[name]) for word, name in counts.items() if check.get(name) not in (None, 2)}}
