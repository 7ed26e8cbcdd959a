"""What Google has everywhere: regions, zones, machine types, and the images that it publishes."""

import re
import zlib
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from trimtab.emulators.gcp.lists import ListFilter
from trimtab.emulators.gcp.machines import MACHINES, SHARED
from trimtab.emulators.gcp.published import LARGE, PUBLISHED, Published
from trimtab.emulators.gcp.quotas import quotas_of
from trimtab.emulators.gcp.regions import EVERY_ZONE, ZONES, region_of, zones_in
from trimtab.emulators.gcp.resources import Collection, WorldCall, in_pages, listed, partial_link
from trimtab.emulators.gcp.wire import not_found
from trimtab.emulators.gcp.world import PREFIX, CloudWorld

OPENED = "1969-12-31T16:00:00.000-08:00"
"""When every zone and machine type was made, as the API has it."""
_ARM = ("t2a", "c4a")
_GPUS = {"g2": {24: 2, 48: 4, 96: 8}}
"""By family, how many GPUs the types with so many processors bring, where it is not one."""
_ARM_REGIONS = frozenset({"us-central1", "europe-west4", "asia-southeast1"})
"""Where T2A is: https://cloud.google.com/compute/docs/regions-zones."""
PUBLISHERS = frozenset(image.project for image in PUBLISHED)
_DATED = re.compile(r"[a-z][-a-z0-9]*-v20\d{6}[-a-z0-9]*|cos-([a-z]+-)*\d+(-\d+){2,3}|fedora-coreos-\d+-[-a-z0-9]+")


def _id(text: str) -> str:
    return str(10**18 + zlib.crc32(text.encode()))


# regions, zones, machine types


def _region(world: CloudWorld, name: str) -> dict[str, Any]:
    return {
        "kind": "compute#region",
        "id": _id(name),
        "creationTimestamp": OPENED,
        "name": name,
        "description": name,
        "status": "UP",
        "zones": [world.link(f"zones/{zone}") for zone in zones_in(name)],
        "quotas": quotas_of(world, name),
        "selfLink": world.link(f"regions/{name}"),
    }


def _zone(world: CloudWorld, name: str) -> dict[str, Any]:
    return {
        "kind": "compute#zone",
        "id": _id(name),
        "creationTimestamp": OPENED,
        "name": name,
        "description": name,
        "status": "UP",
        "region": world.link(f"regions/{region_of(name)}"),
        "selfLink": world.link(f"zones/{name}"),
    }


@cache
def _machines(project: str) -> list[tuple[str, dict[str, Any]]]:
    """The machine types of every zone; there are some ten thousands, and every page of a list reads them."""
    return [
        (f"zones/{zone}", _machine(project, zone, name))
        for zone in EVERY_ZONE
        for name in sorted(MACHINES)
        if _is_there(name, zone)
    ]


def _machine(project: str, zone: str, name: str) -> dict[str, Any]:
    processors, memory = MACHINES[name]
    return {
        "kind": "compute#machineType",
        "id": _id(name),
        "creationTimestamp": OPENED,
        "name": name,
        "description": f"{processors} vCPUs {memory / 1024:g} GB RAM",
        "guestCpus": processors,
        "memoryMb": memory,
        "architecture": "ARM64" if name.startswith(_ARM) else "X86_64",
        "isSharedCpu": name in SHARED,
        **_accelerators(name),
        "zone": zone,
        "selfLink": f"{project}zones/{zone}/machineTypes/{name}",
    }


def _accelerators(name: str) -> dict[str, Any]:
    family, _, number = name.partition("-standard-")
    if family not in _GPUS or not number:
        return {}
    count = _GPUS[family].get(int(number), 1)
    return {"accelerators": [{"guestAcceleratorType": "nvidia-l4", "guestAcceleratorCount": count}]}


def _is_there(name: str, zone: str) -> bool:
    return not name.startswith("t2a") or zone.rpartition("-")[0] in _ARM_REGIONS


def _found(call: WorldCall, names: Any, name: str, kind: str) -> str:
    if name not in names:
        raise not_found(f"projects/{call.world.project}/{kind}/{name}")
    return name


def _get_region(call: WorldCall) -> dict[str, Any]:
    return _region(call.world, _found(call, ZONES, call.request.names["region"], "regions"))


def _get_zone(call: WorldCall) -> dict[str, Any]:
    return _zone(call.world, _found(call, EVERY_ZONE, call.request.names["zone"], "zones"))


def _get_machine(call: WorldCall) -> dict[str, Any]:
    zone = _found(call, EVERY_ZONE, call.request.names["zone"], "zones")
    name = _found(call, MACHINES, call.request.names["machineType"], f"zones/{zone}/machineTypes")
    return _machine(call.world.link(""), zone, name)


def _list_machines(call: WorldCall) -> dict[str, Any]:
    zone = _found(call, EVERY_ZONE, call.request.names["zone"], "zones")
    there = (name for name in sorted(MACHINES) if _is_there(name, zone))
    return listed(call, [_machine(call.world.link(""), zone, name) for name in there])


@lru_cache(maxsize=64)
def _machines_of(project: str, wanted: str) -> list[tuple[str, dict[str, Any]]]:
    """Those that a filter lets through, which many pages ask for."""
    fits = ListFilter(wanted).fits
    return [(scope, machine) for scope, machine in _machines(project) if fits(machine)]


def _every_machine(call: WorldCall) -> dict[str, Any]:
    wanted = call.request.query.get("filter", "")
    return in_pages(call, [f"zones/{zone}" for zone in EVERY_ZONE], _machines_of(call.world.link(""), wanted))


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
        "diskSizeGb": LARGE.get(image.project, "10"),
        "architecture": image.architecture,
        "selfLink": f"{home}/{image.name}",
        **({"deprecated": replaced} if image.replaced_by else {}),
    }


def find_image(world: CloudWorld, link: str) -> Mapping[str, Any] | None:
    """The image that a disk is made from, by its link or by that of its family; `None` where it is not there."""
    plain = partial_link(link)
    parts = (f"projects/{world.project}/{plain}" if plain.startswith("global/") else plain).split("/")
    if len(parts) < 5 or parts[0] != "projects" or parts[2:4] != ["global", "images"]:
        return None
    if parts[1] not in PUBLISHERS:  # images of customers may be shared and gone: they are taken as they are named
        return {"name": parts[-1], "diskSizeGb": "1"}
    images = images_of(world, parts[1])
    if parts[4] == "family":
        fits = [image for image in images if image.get("family") == parts[-1] and "deprecated" not in image]
        return max(fits, key=lambda image: str(image["creationTimestamp"]), default=None)
    found = next((image for image in images if image["name"] == parts[-1]), None)
    # an older image of a publisher is there for years; which there were is not known here
    return found or ({"name": parts[-1], "diskSizeGb": "10"} if _DATED.fullmatch(parts[-1]) else None)


def images_of(world: CloudWorld, project: str) -> list[dict[str, Any]]:
    """The images of a project: one's own are those that were made."""
    if project != world.project:
        return [_published(image) for image in PUBLISHED if image.project == project]
    start = "global/images/"
    return [body for key, body in sorted(world.resources.items()) if key.startswith(start)]


def _images(call: WorldCall) -> list[dict[str, Any]]:
    project = call.request.names["project"]
    images = images_of(call.world, project)
    if not images and project != call.world.project:
        raise not_found(f"projects/{project}")
    return images


def _get_image(call: WorldCall) -> dict[str, Any]:
    name = call.request.names["image"]
    for body in _images(call):
        if body["name"] == name:
            return body
    raise not_found(f"projects/{call.request.names['project']}/global/images/{name}")


def _newest_of_family(call: WorldCall) -> dict[str, Any]:
    """The newest image of a family that is not deprecated."""
    family = call.request.names["family"]
    fits = [image for image in _images(call) if image.get("family") == family and "deprecated" not in image]
    if not fits:
        project = call.request.names["project"]
        raise not_found(f"projects/{project}/global/images/family/{family}")
    return max(fits, key=lambda image: str(image["creationTimestamp"]))


def _complete_image(world: CloudWorld, key: str, body: dict[str, Any]) -> None:
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
            "list": lambda call: listed(call, [_zone(call.world, name) for name in sorted(EVERY_ZONE)]),
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
