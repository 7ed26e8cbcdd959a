"""Links of Compute Engine: `projects/P/zones/Z/instanceGroupManagers/N`, with or without an address before."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

PREFIX = "https://www.googleapis.com/compute/v1/"
_ADDRESS = re.compile(r"^https?://[^/]+/(compute/[^/]+/)?")
_PLACE = re.compile(r"^projects/[^/]+/(global|zones|regions)/")


class Parts(NamedTuple):
    """What a link says."""

    project: str
    scope: str
    """`global`, `zones/europe-west1-b` or `regions/europe-west1`."""
    kind: str
    """The collection: `instanceTemplates`."""
    name: str

    @property
    def zone(self) -> str:
        """The zone; empty for what is in none."""
        return self.scope.removeprefix("zones/") if self.scope.startswith("zones/") else ""


def short(link: str) -> str:
    """A link without its address: from `projects/` on."""
    return _ADDRESS.sub("", link)


def full(link: str) -> str:
    """A link with the address that the API gives back."""
    return f"{PREFIX}{link}" if _PLACE.match(link) else link


def is_link(text: str) -> bool:
    """Whether a text is a link and no plain name."""
    return "/" in text


def parse_link(link: str) -> Parts:
    """The parts of a link; those that it does not say are empty."""
    words = short(link).split("/")
    project = words[1] if words[0] == "projects" and len(words) > 2 else ""
    rest = words[2:] if project else words
    if rest[:1] == ["global"]:
        return Parts(project, "global", "/".join(rest[1:-1]), rest[-1])
    if len(rest) > 2 and rest[0] in ("zones", "regions"):
        return Parts(project, "/".join(rest[:2]), "/".join(rest[2:-1]), rest[-1])
    return Parts(project, "", "/".join(rest[:-1]), rest[-1])


def name_of(link: str) -> str:
    """The name at the end of a link."""
    return link.rsplit("/", 1)[-1]


def place_name(link: str) -> str:
    """The name at the end of a link, the region before it where there is one: a global thing may have the same name."""
    parts = parse_link(link)
    return f"{name_of(parts.scope)}/{parts.name}" if parts.scope.startswith("regions/") else parts.name


def region_of(zone: str) -> str:
    """The region that a zone is in: `europe-west1` of `europe-west1-b`."""
    return zone.rpartition("-")[0]


def is_zone(location: str) -> bool:
    """Whether a location is a zone and no region."""
    return re.fullmatch(r"[a-z]+-[a-z]+\d+-[a-z]", location) is not None


def shortened(value: Any) -> Any:
    """A body whose links have no address."""
    return _mapped(value, short)


def lengthened(value: Any) -> Any:
    """A body whose links have the address that the API gives back."""
    return _mapped(value, full)


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value) if _PLACE.match(short(value)) else value
    if isinstance(value, Mapping):
        return {name: _mapped(item, change) for name, item in value.items()}
    return [_mapped(item, change) for item in value] if isinstance(value, (list, tuple)) else value


class Place(NamedTuple):
    """Where something is: its region, and its zone if it is in one."""

    region: str
    zone: str = ""


def place_of(item: Mapping[str, Any]) -> Place:
    """The place of a thing by its own link."""
    scope = parse_link(str(item.get("selfLink", ""))).scope
    kind, _, name = scope.partition("/")
    if kind == "zones":
        return Place(region_of(name), name)
    return Place(name)


class Scoped(NamedTuple):
    """A collection of one zone or one region, and the name of its place."""

    collection: str
    place: Mapping[str, Any]

    @property
    def scope(self) -> str:
        """`zones/europe-west1-b` or `regions/europe-west1`."""
        kind, name = next(iter(self.place.items()))
        return f"{kind}s/{name}"


def scoped(collection: str, *, zone: str | None, region: str) -> Scoped:
    """The collection of a zone, or of a region where there is no zone."""
    if zone:
        return Scoped(collection, {"zone": zone})
    return Scoped(f"region{collection[0].upper()}{collection[1:]}", {"region": region})
