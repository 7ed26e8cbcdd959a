"""What was resolved when a group was created and is kept in a mark since, such as its image and size; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from trimtab.models import ScalingGroup
from trimtab.plan import Resource


def pinned(holder: Resource | None, fleet: str, name: str, selector: str) -> str:
    """
    The value that a mark keeps; empty where it keeps none for this selector.

    Args:
        holder: What bears the mark.
        fleet: Whose mark counts.
        name: The word of the mark.
        selector: Tells one way of asking for a value from another: what was asked for otherwise is not kept.
    """
    if holder is None or holder.mark is None or holder.mark.fleet != fleet:
        return ""
    known, _, value = holder.mark.kept.get(name, "").partition(":")
    return value if known == selector else ""


def pin(name: str, selector: str, value: str) -> dict[str, str]:
    """What a mark is to keep of a value."""
    return {name: f"{selector}:{value}"}


class SettledRemark(NamedTuple):
    """What is to be said of a field: its path and the text."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """
    A group whose neutral words are replaced by a cloud's own.

    Attributes:
        group: The group; its size is a requirement still where the cloud itself chooses by it.
        kept: What the mark is to keep of the choice.
        notes: What a reviewer should know.
        unused: What of the requirement does not matter, by path.
        problems: What the cloud has no word for.
        image_plan: The purchase plan that the use of the image takes.
    """

    group: ScalingGroup
    kept: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[SettledRemark, ...] = ()
    unused: tuple[SettledRemark, ...] = ()
    problems: tuple[SettledRemark, ...] = ()
    image_plan: Mapping[str, str] = field(default_factory=dict)


def is_neutral(group: ScalingGroup) -> bool:
    """Whether a group has words that mean the same in every cloud."""
    return group.template.image.os is not None or group.template.requirement is not None
