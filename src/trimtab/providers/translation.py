"""What translation gives: resources, with all that a provider does otherwise than asked or cannot do; pure."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, assert_never

from pydantic import BaseModel

from trimtab.capabilities import BLOCKS, Means, Support, is_controlled, supports_of
from trimtab.models import Fleet, ScalingGroup
from trimtab.plan import Key, Kind, Note, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """
    A fleet in a provider's own terms.

    Attributes:
        resources: What the fleet wants to be there.
        notes: What is done otherwise than asked, and what a reviewer should know.
        problems: What the provider cannot do; with one of them nothing of the plan is carried out.
    """

    resources: tuple[Resource, ...] = ()
    notes: tuple[Note, ...] = ()
    problems: tuple[Note, ...] = ()

    @classmethod
    def of(cls, parts: Iterable["Translation"]) -> "Translation":
        """Several as one, in their order."""
        resources: list[Resource] = []
        notes: list[Note] = []
        problems: list[Note] = []
        for part in parts:
            resources += part.resources
            notes += part.notes
            problems += part.problems
        return cls(resources=tuple(resources), notes=tuple(notes), problems=tuple(problems))


class GroupTranslator(ABC):
    """
    Translates one group; each provider says by `resources` what becomes of it.

    Args:
        fleet: The group's fleet.
        group: The group.
        now: When the plan is made.
        location: Where groups live that do not say otherwise.
    """

    provider: ClassVar[str]
    kinds: ClassVar[Mapping[str, Kind]]

    def __init__(self, fleet: Fleet, group: ScalingGroup, now: datetime, location: str) -> None:
        self.fleet, self.group, self.now = fleet, group, now
        self.location = group.location or location
        self.native = fleet.native_name(group)
        self.notes: list[Note] = []
        self.problems: list[Note] = []

    def translation(self) -> Translation:
        """The group's resources, and everything that is to be said of it."""
        said = self._take_supports()
        for path in _not_carried(self.group, self.kinds, self.provider):
            if not any(path == one or path.startswith(f"{one}.") for one in said):
                self.problem(path, f"{self.provider} has no translation for this field")
        resources = tuple(self.resources())
        return Translation(resources=resources, notes=tuple(self.notes), problems=tuple(self.problems))

    @abstractmethod
    def resources(self) -> Iterator[Resource]:
        """What the group wants to be there; notes and problems are added on the way."""

    def note(self, path: str, text: str, *, approximation: bool = False) -> None:
        """Say something of a field that a reviewer should know."""
        self.notes.append(Note(f"{path}: {text}", self.group.name, approximation=approximation))

    def problem(self, path: str, text: object) -> None:
        """Say of a field that the provider cannot do it."""
        self.problems.append(Note(f"{path}: {text}", self.group.name))

    def key(self, kind: str, name: str | None = None, parent: str = "") -> Key:
        """The key of a resource where the group lives; its name is the group's when left out."""
        return Key(self.location, kind, self.native if name is None else name, parent)

    # what the table of capabilities says

    def _take_supports(self) -> set[str]:
        """Say what the table of capabilities has to say; the paths of all that it speaks of."""
        said: set[str] = set()
        controlled = is_controlled(self.group, self.provider)
        for feature, path, support in supports_of(self.group, self.provider):
            if support.means is not Means.NATIVE or support.text:
                said.add(path)
            self._take(feature, path, support, controlled=controlled)
        return said

    def _take(self, feature: str, path: str, support: Support, *, controlled: bool) -> None:
        match support.means:
            case Means.NATIVE:
                pass
            case Means.APPROXIMATED:
                if not (controlled and path.split(".")[0] in ITEMS):  # a controller does it as it is written
                    self._approximate(feature, path, support)
            case Means.CONTROLLER:
                text = f"{feature}: {support.text}; {self.provider} cannot do this by itself"
                self.problem(path, f"{text}{f'; {support.instead}' if support.instead else ''}")
            case Means.UNSUPPORTED:
                self.problem(path, f"{self.provider} cannot do this: {feature}, {support.text}")
            case _:
                assert_never(support.means)

    def _approximate(self, feature: str, path: str, support: Support) -> None:
        text = f"{feature}: {support.text}"
        if support.sizes and not self._consents(path):
            self.problem(path, f"{text}; agree to another size by `approximate: true` on the policy")
        else:
            self.note(path, text, approximation=True)

    def _consents(self, path: str) -> bool:
        name = path.split(".")[1]
        return any(policy.name == name and policy.approximate for policy in self.group.policies)


ITEMS = ("policies", "alarms", "schedules")
_STRUCTURE = {"name", "native_name", "location", "unmanaged", "approximate", "type"}


def _not_carried(group: ScalingGroup, kinds: Mapping[str, Kind], provider: str) -> Iterator[str]:
    """Paths of the fields that are set and that no row of any kind comes from."""
    carried = {name for kind in kinds.values() for row in kind.fields for name in row.models.split()}
    for item in ITEMS:
        for one in getattr(group, item):
            for path in set_fields(one):
                if not (_is_carried(path, carried) or _is_carried(f"{item}.*.{path}", carried)):
                    yield f"{item}.{one.name}.{path}"
    skipped = {*ITEMS, *(BLOCKS - {provider})}
    for path in set_fields(group):
        if path.split(".")[0] not in skipped and not _is_carried(path, carried):
            yield path


def _is_carried(path: str, carried: Set[str]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in carried)


def set_fields(model: BaseModel, prefix: str = "") -> Iterator[str]:
    """Paths of the leaves that differ from the model's defaults."""
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        if name in _STRUCTURE or value == info.get_default(call_default_factory=True):
            continue
        if isinstance(value, BaseModel):
            yield from set_fields(value, f"{prefix}{name}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            found = {path for item in value for path in set_fields(item, f"{prefix}{name}.")}
            yield from sorted(found)
        else:
            yield f"{prefix}{name}"
