"""What Google has everywhere: regions, zones, machine types, and the images that it publishes."""

import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from trimtab.emulators.gcp.resources import Call, Collection, in_pages, listed
from trimtab.emulators.gcp.wire import not_found
from trimtab.emulators.gcp.world import PREFIX, ZONES, World

OPENED = "1969-12-31T16:00:00.000-08:00"
"""When every zone and machine type was made, as the API has it."""
MACHINES: Mapping[str, tuple[int, int]] = {
    "e2-micro": (2, 1024),
    "e2-small": (2, 2048),
    "e2-medium": (2, 4096),
    "e2-standard-2": (2, 8192),
    "e2-standard-4": (4, 16384),
    "n2-standard-2": (2, 8192),
    "n2-standard-4": (4, 16384),
    "n2-highmem-2": (2, 16384),
    "n2d-standard-2": (2, 8192),
    "c3-standard-4": (4, 16384),
    "c4-standard-2": (2, 7168),
    "t2a-standard-1": (1, 4096),
}
"""Machine types: processors and mebibytes of memory."""


class Published(NamedTuple):
    """An image that a project of Google publishes."""

    project: str
    name: str
    family: str
    made: str
    architecture: str = "X86_64"
    replaced_by: str = ""


PUBLISHED = (
    Published("debian-cloud", "debian-11-bullseye-v20251209", "debian-11", "2025-12-09T09:35:14.000-08:00"),
    Published(
        "debian-cloud",
        "debian-12-bookworm-v20251014",
        "debian-12",
        "2025-10-14T08:20:30.000-07:00",
        replaced_by="debian-12-bookworm-v20251209",
    ),
    Published("debian-cloud", "debian-12-bookworm-v20251209", "debian-12", "2025-12-09T09:36:02.000-08:00"),
    Published(
        "debian-cloud",
        "debian-12-bookworm-arm64-v20251209",
        "debian-12-arm64",
        "2025-12-09T09:36:40.000-08:00",
        "ARM64",
    ),
    Published(
        "ubuntu-os-cloud", "ubuntu-2404-noble-amd64-v20251110", "ubuntu-2404-lts-amd64", "2025-11-10T05:01:11.000-08:00"
    ),
    Published(
        "ubuntu-os-cloud", "ubuntu-2404-noble-amd64-v20251217", "ubuntu-2404-lts-amd64", "2025-12-17T05:10:43.000-08:00"
    ),
)


def _id(text: str) -> str:
    return str(10**18 + zlib.crc32(text.encode()))


# regions, zones, machine types


def _region(world: World, name: str) -> dict[str, Any]:
    return {
        "kind": "compute#region",
        "id": _id(name),
        "creationTimestamp": OPENED,
        "name": name,
        "description": name,
        "status": "UP",
        "zones": [world.link(f"zones/{name}-{letter}") for letter in ZONES[name]],
        "selfLink": world.link(f"regions/{name}"),
    }


def _zone(world: World, name: str) -> dict[str, Any]:
    return {
        "kind": "compute#zone",
        "id": _id(name),
        "creationTimestamp": OPENED,
        "name": name,
        "description": name,
        "status": "UP",
        "region": world.link(f"regions/{name.rpartition('-')[0]}"),
        "selfLink": world.link(f"zones/{name}"),
    }


def _machine(world: World, zone: str, name: str) -> dict[str, Any]:
    processors, memory = MACHINES[name]
    return {
        "kind": "compute#machineType",
        "id": _id(name),
        "creationTimestamp": OPENED,
        "name": name,
        "description": f"{processors} vCPUs {memory / 1024:g} GB RAM",
        "guestCpus": processors,
        "memoryMb": memory,
        "architecture": "ARM64" if name.startswith("t2a") else "X86_64",
        "zone": zone,
        "selfLink": world.link(f"zones/{zone}/machineTypes/{name}"),
    }


def zones() -> Iterator[str]:
    """The names of all zones."""
    return (f"{region}-{letter}" for region, letters in ZONES.items() for letter in letters)


def _found(call: Call, names: Any, name: str, kind: str) -> str:
    if name not in names:
        raise not_found(f"projects/{call.world.project}/{kind}/{name}")
    return name


def _get_region(call: Call) -> dict[str, Any]:
    return _region(call.world, _found(call, ZONES, call.request.names["region"], "regions"))


def _get_zone(call: Call) -> dict[str, Any]:
    return _zone(call.world, _found(call, list(zones()), call.request.names["zone"], "zones"))


def _get_machine(call: Call) -> dict[str, Any]:
    zone = _found(call, list(zones()), call.request.names["zone"], "zones")
    name = _found(call, MACHINES, call.request.names["machineType"], f"zones/{zone}/machineTypes")
    return _machine(call.world, zone, name)


def _list_machines(call: Call) -> dict[str, Any]:
    zone = _found(call, list(zones()), call.request.names["zone"], "zones")
    return listed(call, [_machine(call.world, zone, name) for name in sorted(MACHINES)])


def _every_machine(call: Call) -> dict[str, Any]:
    every = [(f"zones/{zone}", _machine(call.world, zone, name)) for zone in zones() for name in sorted(MACHINES)]
    return in_pages(call, [f"zones/{zone}" for zone in zones()], every)


# images


def _published(image: Published) -> dict[str, Any]:
    home = f"{PREFIX}projects/{image.project}/global/images"
    replaced = {"state": "DEPRECATED", "replacement": f"{home}/{image.replaced_by}"}
    return {
        "kind": "compute#image",
        "id": _id(image.name),
        "creationTimestamp": image.made,
        "name": image.name,
        "family": image.family,
        "status": "READY",
        "sourceType": "RAW",
        "diskSizeGb": "10",
        "architecture": image.architecture,
        "selfLink": f"{home}/{image.name}",
        **({"deprecated": replaced} if image.replaced_by else {}),
    }


def _images(call: Call) -> list[dict[str, Any]]:
    """The images of the project that is asked: one's own are those that were made."""
    project = call.request.names["project"]
    if project != call.world.project:
        images = [_published(image) for image in PUBLISHED if image.project == project]
        if not images:
            raise not_found(f"projects/{project}")
        return images
    start = "global/images/"
    return [body for key, body in sorted(call.world.resources.items()) if key.startswith(start)]


def _get_image(call: Call) -> dict[str, Any]:
    name = call.request.names["image"]
    for body in _images(call):
        if body["name"] == name:
            return body
    raise not_found(f"projects/{call.request.names['project']}/global/images/{name}")


def _newest_of_family(call: Call) -> dict[str, Any]:
    """The newest image of a family that is not deprecated."""
    family = call.request.names["family"]
    fits = [image for image in _images(call) if image.get("family") == family and "deprecated" not in image]
    if not fits:
        project = call.request.names["project"]
        raise not_found(f"projects/{project}/global/images/family/{family}")
    return max(fits, key=lambda image: str(image["creationTimestamp"]))


def _complete_image(world: World, key: str, body: dict[str, Any]) -> None:
    body.setdefault("status", "READY")
    body.setdefault("architecture", "X86_64")
    body.setdefault("diskSizeGb", "10")
    body.setdefault("sourceType", "RAW")


COLLECTIONS: Mapping[str, Collection] = {
    "regions": Collection(
        others={
            "get": _get_region,
            "list": lambda call: listed(call, [_region(call.world, name) for name in sorted(ZONES)]),
        }
    ),
    "zones": Collection(
        others={
            "get": _get_zone,
            "list": lambda call: listed(call, [_zone(call.world, name) for name in sorted(zones())]),
        }
    ),
    "machineTypes": Collection(others={"get": _get_machine, "list": _list_machines, "aggregatedList": _every_machine}),
    "images": Collection(
        complete=_complete_image,
        others={
            "get": _get_image,
            "list": lambda call: listed(call, _images(call)),
            "getFromFamily": _newest_of_family,
        },
    ),
}
