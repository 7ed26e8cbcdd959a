"""The versions of a group: how many instances are to run from each template, and how far a rollout may go at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from trimtab.emulators.gcp.member import Member
from trimtab.engine.rounding import ceil_ratio, floor_ratio


def wanted_sizes(versions: Sequence[Mapping[str, Any]], size: int) -> dict[str, int]:
    """
    How many instances each template is to have.

    A version with a target size has as many; of a share of the group that is rounded up. The one without gets the rest
    (`versions[].targetSize`, instanceGroupManagers of the Compute Engine API).
    """
    sizes: dict[str, int] = {}
    rest = ""
    for version in versions:
        template = str(version["instanceTemplate"])
        target = version.get("targetSize") or {}
        if not target:
            rest = template
        sizes[template] = min(size, number_of(target, size, up=True)) if target else 0
    if rest:
        sizes[rest] = max(0, size - sum(sizes.values()))
    return sizes


def next_template(versions: Sequence[Mapping[str, Any]], size: int, members: Sequence[Member]) -> str:
    """The template of the next instance: of the version that lacks most."""
    wanted = wanted_sizes(versions, size)
    counts = Counter(member.template for member in members)
    return max(wanted, key=lambda template: wanted[template] - counts[template])


def surplus(versions: Sequence[Mapping[str, Any]], size: int, members: Sequence[Member]) -> list[Member]:
    """The instances that run from a template that has enough of them, or from none of the versions; newest last."""
    wanted = wanted_sizes(versions, size)
    excess = []
    counts: Counter[str] = Counter()
    for member in members:
        counts[member.template] += 1
        if counts[member.template] > wanted.get(member.template, 0):
            excess.append(member)
    return excess


def has_enough(versions: Sequence[Mapping[str, Any]], size: int, members: Sequence[Member], template: str) -> bool:
    """Whether more instances run from a template than are wanted of it."""
    return sum(member.template == template for member in members) > wanted_sizes(versions, size).get(template, 0)


def number_of(value: Mapping[str, Any], size: int, *, up: bool) -> int:
    """A number that is fixed, or a share of the group's size."""
    if "percent" in value:
        return (ceil_ratio if up else floor_ratio)(size, int(value["percent"]), 100)
    return int(value.get("fixed") or 0)
