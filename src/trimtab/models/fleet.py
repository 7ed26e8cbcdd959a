"""The fleet: a named set of groups; the unit of plan, apply and ownership."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import PrivateAttr, model_validator

from trimtab.models.base import Name, NamedList, SecretHolder, check_unique, refuse
from trimtab.models.group import ScalingGroup
from trimtab.phrases import in_words


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Fleet(SecretHolder):
    """A named set of groups; the unit of plan, apply and ownership."""

    name: Name
    """Marks everything that belongs to the fleet in the cloud."""
    groups: Annotated[tuple[ScalingGroup, ...], NamedList]
    controller: bool = False
    """Consent to groups whose size a running trimtab decides, where the cloud cannot."""
    _positions: Mapping[tuple[str, ...], Position] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> "Fleet":
        check_unique("groups", (group.name for group in self.groups), "groups")
        seen: dict[tuple[str, str | None], str] = {}
        for index, group in enumerate(self.groups):
            place = (self.native_name(group), group.location)
            if place in seen:
                refuse(
                    f"this group and {seen[place]!r} would both be called {place[0]!r} in the cloud",
                    "groups",
                    index,
                )
            seen[place] = group.name
        return self

    def __eq__(self, other: object) -> bool:
        """Whether both declare the same, wherever they were read from."""
        if not isinstance(other, Fleet):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in Fleet.model_fields)

    def __getitem__(self, name: str) -> ScalingGroup:
        """The group called `name`; `KeyError` when there is none."""
        for group in self.groups:
            if group.name == name:
                return group
        raise KeyError(f"fleet {self.name!r} has no group {name!r}; it has {in_words([g.name for g in self.groups])}")

    def native_name(self, group: ScalingGroup) -> str:
        """The group's name in the cloud."""
        return group.native_name or f"{self.name}-{group.name}"

    def position(self, group: str, path: str = "") -> Position | None:
        """
        Where the file gives a field, or the nearest thing around it; `None` for a fleet made in Python.

        Args:
            group: The group's name.
            path: The field, with names for list items: `policies.scale-out.cooldown`.
        """
        steps = ("groups", group, *(step for step in path.split(".") if step))
        while steps:
            if steps in self._positions:
                return self._positions[steps]
            steps = steps[:-1]
        return None
