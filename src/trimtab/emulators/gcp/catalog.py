"""What each collection does of its own."""

from collections.abc import Iterator, Mapping
from typing import Any

from trimtab.emulators.gcp import autoscalers, instance_groups, managers, places
from trimtab.emulators.gcp.managers import MANAGERS
from trimtab.emulators.gcp.places import find_image
from trimtab.emulators.gcp.resources import Collection, WorldCall, must_exist, refuse_in_use
from trimtab.emulators.gcp.wire import invalid
from trimtab.emulators.gcp.world import CloudWorld

# instance templates and health checks


def _check_template(world: CloudWorld, key: str, body: dict[str, Any]) -> None:
    properties = body.get("properties") or {}
    for card in properties.get("networkInterfaces") or ():
        for name in ("network", "subnetwork"):
            must_exist(world, str(card.get(name) or ""))
    for place, disk in enumerate(properties.get("disks") or ()):
        parameters = disk.get("initializeParams") or {}
        link = str(parameters.get("sourceImage") or "")
        if not link:
            continue
        field, image = f"resource.properties.disks[{place}].initializeParams", find_image(world, link)
        if image is None:
            raise invalid(f"Invalid value for field '{field}.sourceImage': '{link}'. The resource was not found.")
        size = parameters.get("diskSizeGb")
        if size is not None and int(size) < int(image["diskSizeGb"]):
            text = f"Requested disk size cannot be smaller than the image size ({image['diskSizeGb']} GB)"
            raise invalid(f"Invalid value for field '{field}.diskSizeGb': '{size}'. {text}.")


def _complete_template(world: CloudWorld, key: str, body: dict[str, Any]) -> None:
    properties = body["properties"]
    for index, disk in enumerate(properties.get("disks") or ()):
        disk.setdefault("mode", "READ_WRITE")
        disk.setdefault("type", "PERSISTENT")
        disk.setdefault("index", index)
        disk.setdefault("kind", "compute#attachedDisk")
    for index, card in enumerate(properties.get("networkInterfaces") or ()):
        card.setdefault("name", f"nic{index}")
        card.setdefault("kind", "compute#networkInterface")
    scheduling = properties.setdefault("scheduling", {})
    scheduling.setdefault("automaticRestart", True)
    scheduling.setdefault("onHostMaintenance", "MIGRATE")
    scheduling.setdefault("preemptible", False)
    scheduling.setdefault("provisioningModel", "STANDARD")


def _complete_check(world: CloudWorld, key: str, body: dict[str, Any]) -> None:
    for name, value in (
        ("checkIntervalSec", 5),
        ("timeoutSec", 5),
        ("healthyThreshold", 2),
        ("unhealthyThreshold", 2),
    ):
        body.setdefault(name, value)


# backend services


def _check_service(world: CloudWorld, key: str, body: dict[str, Any]) -> None:
    scheme = str(body.get("loadBalancingScheme", "EXTERNAL"))
    passes = key.startswith("regions/") and scheme in ("INTERNAL", "EXTERNAL") and body.get("protocol") in PACKETS
    for place, backend in enumerate(body.get("backends") or ()):
        must_exist(world, str(backend.get("group", "")))
        scaler = backend.get("capacityScaler", 1.0)
        if scaler and not LEAST_SCALER <= scaler <= 1:
            text = "The valid ranges are 0.0 and [0.1,1.0]."
            raise invalid(f"Invalid value for field 'resource.backends[{place}].capacityScaler': '{scaler}'. {text}")
        if not scaler and len(body["backends"]) == 1:
            text = "It cannot be 0 where there is only one backend."
            raise invalid(f"Invalid value for field 'resource.backends[{place}].capacityScaler': '{scaler}'. {text}")
        mode = backend.get("balancingMode", "UTILIZATION")
        if passes and mode != "CONNECTION":
            text = f"Balancing mode must be CONNECTION for an {scheme} backend service."
            raise invalid(f"Invalid value for field 'resource.backends[{place}].balancingMode': '{mode}'. {text}")


def _complete_service(world: CloudWorld, key: str, body: dict[str, Any]) -> None:
    body.setdefault("loadBalancingScheme", "EXTERNAL")
    body.setdefault("sessionAffinity", "NONE")
    body.setdefault("protocol", "HTTP")
    body.setdefault("portName", "http")
    body.setdefault("port", 80)
    body.setdefault("timeoutSec", 30)
    body.setdefault("connectionDraining", {"drainingTimeoutSec": 0})
    for backend in body.get("backends") or ():
        mode = backend.setdefault("balancingMode", "UTILIZATION")
        backend.setdefault("capacityScaler", 1.0)
        if mode == "UTILIZATION":
            backend.setdefault("maxUtilization", 0.8)


def _check_url_map(world: CloudWorld, key: str, body: dict[str, Any]) -> None:
    """
    Refuse services that there are not, and weights that cannot be.

    "The value must be from 0 to 1000." (WeightedBackendService, Compute Engine API)
    """
    for place, value in _leaves(body, "resource"):
        field = place.rsplit(".", 1)[-1]
        if field in ("service", "defaultService", "backendService"):
            must_exist(world, str(value))
        elif field == "weight" and not 0 <= int(value) <= MOST_WEIGHT:
            text = f"Must be less than or equal to {MOST_WEIGHT}."
            raise invalid(f"Invalid value for field '{place}': '{value}'. {text}")


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{place}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{place}[{number}]")
    else:
        yield place, value


MOST_WEIGHT = 1000


def _forget(call: WorldCall) -> dict[str, Any]:
    """An operation is deleted without another one that says so."""
    call.there()
    del call.world.resources[call.key]
    return {}


LEAST_SCALER = 0.1
"""The smallest scaler of a capacity but 0."""
PACKETS = ("TCP", "UDP", "UNSPECIFIED")
"""The protocols of balancers that hand packets on as they are."""

COLLECTIONS: Mapping[str, Collection] = {
    "instanceTemplates": Collection(
        check=_check_template,
        complete=_complete_template,
        leave=lambda world, key: refuse_in_use(world, key, "instance_template", (MANAGERS,)),
    ),
    "healthChecks": Collection(
        complete=_complete_check,
        leave=lambda world, key: refuse_in_use(world, key, "health_check", (MANAGERS, "backendServices")),
    ),
    **managers.COLLECTIONS,
    **instance_groups.COLLECTIONS,
    **autoscalers.COLLECTIONS,
    "backendServices": Collection(
        check=_check_service,
        complete=_complete_service,
        leave=lambda world, key: refuse_in_use(world, key, "backend_service", ("urlMaps",)),
        others={"getHealth": instance_groups.health_of},
    ),
    "urlMaps": Collection(check=_check_url_map),
    **places.COLLECTIONS,
    "targetPools": Collection(),
    "networks": Collection(),
    "subnetworks": Collection(),
    "reservations": Collection(),
    "resourcePolicies": Collection(),
    "operations": Collection(others={"delete": _forget}),
}
