"""What translation gives: resources, with all that a provider does otherwise than asked or cannot do; pure."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple, assert_never

from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from trimtab.capabilities import BLOCKS, Means, Support, supports_of
from trimtab.engine.schedules import in_force
from trimtab.models import Fleet, InstanceTemplate, Metric, MetricSource, ScalingGroup
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


class Unused(NamedTuple):
    """Fields of a group that nothing is made of."""

    path: str
    """The field, or what stands around several."""
    text: str
    """Why, and what would use them."""
    but: Collection[str] = ()
    """Those at or below the path that something is made of all the same."""
    partly: bool = False
    """Whether something else still hangs on them, such as the size that a new group begins with."""


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
        self._said: set[str] = set()
        self._leaves = dict(set_leaves(group))

    def translation(self) -> Translation:
        """The group's resources, and everything that is to be said of it."""
        self._take_supports()
        for name in idle_variables(self.group.template):
            self.unused(f"template.variables.{name}", "the start script reads the same without it")
        resources = tuple(self.resources())
        for block in sorted(BLOCKS - {self.provider}):
            if getattr(self.group, block) != type(getattr(self.group, block))():
                self.note(block, f"not used: {self.provider} takes no settings of another cloud")
        return Translation(resources=resources, notes=tuple(self.notes), problems=tuple(self.problems))

    @abstractmethod
    def resources(self) -> Iterator[Resource]:
        """What the group wants to be there; notes and problems are added on the way."""

    def unused(self, path: str, reason: str, *, but: Collection[str] = (), partly: bool = False) -> None:
        """Say of each set field at or below a path, of which nothing else is said, that nothing is made of it."""
        for leaf, value in self._leaves.items():
            at_or_below = leaf == path or leaf.startswith(f"{path}.")
            if at_or_below and leaf not in self._said and leaf not in but:
                self.note(leaf, f"{'' if partly else 'not used: '}{reason}{value}")

    def _is_set_by_schedule(self) -> bool:
        """Whether a schedule that holds now sets the size, whatever the group's own is."""
        bare = self.group.capacity.model_copy(update={"desired": None})
        return in_force(self.group.model_copy(update={"capacity": bare}), self.now).desired is not None

    def note(self, path: str, text: str, *, approximation: bool = False) -> None:
        """Say something of a field that a reviewer should know."""
        self._said.add(path)
        self.notes.append(Note(f"{path}: {text}", self.group.name, approximation=approximation))

    def problem(self, path: str, text: object) -> None:
        """Say of a field that the provider cannot do it."""
        self._said.add(path)
        self.problems.append(Note(f"{path}: {text}", self.group.name))

    def key(self, kind: str, name: str | None = None, parent: str = "") -> Key:
        """The key of a resource where the group lives; its name is the group's when left out."""
        return Key(self.location, kind, self.native if name is None else name, parent)

    # what the table of capabilities says

    def _take_supports(self) -> None:
        for feature, path, support in supports_of(self.group, self.provider):
            self._take(feature, path, support)

    def _take(self, feature: str, path: str, support: Support) -> None:
        match support.means:
            case Means.NATIVE:
                pass
            case Means.APPROXIMATED:
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


def idle_variables(template: InstanceTemplate) -> Iterator[str]:
    """The variables without which the start script reads the same."""
    variables = template.variables or {}
    for name in variables:
        rest = {key: value for key, value in variables.items() if key != name}
        with suppress(PydanticCustomError):  # it is needed
            less = template.model_copy(update={"variables": rest})
            if less.render_user_data() == template.render_user_data():
                yield name


ITEMS = ("policies", "alarms", "schedules")
"""Lists whose items are called by their names in paths."""
_STRUCTURE = {"name", "native_name", "location", "unmanaged", "approximate", "type"}


def set_leaves(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, str]]:
    """
    The leaves that are not at their defaults: `alarms.hot.statistic`, `template.disks.0.iops`.

    Beside a place in a list stands what is there, in brackets: places change when something before them goes.
    """
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        if name not in _STRUCTURE and value != info.get_default(call_default_factory=True):
            yield from _leaves_below(value, f"{prefix}{name}")


def _leaves_below(value: object, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case Metric():
            yield path, ""
            named = ("name",) if value.source is MetricSource.CUSTOM else ()
            for name in (*named, "namespace", "dimensions", "of", "query"):
                if getattr(value, name):
                    yield from _leaves_below(getattr(value, name), f"{path}.{name}")
        case BaseModel():
            yield from set_leaves(value, f"{path}.")
        case tuple():
            for index, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from _leaves_below(item, f"{path}.{getattr(item, 'name', index) if path in ITEMS else index}")
                else:
                    yield f"{path}.{index}", f" ({item})"
        case Mapping():
            for key, item in value.items():
                yield from _leaves_below(item, f"{path}.{key}")
        case _:
            yield path, ""
