"""What translation gives: resources, with all that a provider does otherwise than asked or cannot do; pure."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple, Protocol, assert_never

from pydantic import BaseModel

from trimtab.capabilities import Means, Support, inert_paths, is_inert, supports_of
from trimtab.engine.schedules import in_force
from trimtab.models import Capacity, Fleet, InstanceTemplate, Metric, MetricSource, ScalingGroup
from trimtab.models.base import MAX_SIZE
from trimtab.plan import Key, Kind, Note, Resource, Unknown


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


class LookedUp(Protocol):
    """The part of a provider's facts that says what they lack."""

    @property
    def problems(self) -> tuple[Note, ...]:
        """What was not found."""

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """What could not be looked up."""


class Unused(NamedTuple):
    """Fields of a group that are of no use, as `GroupTranslator.unused` takes them."""

    path: str
    text: str
    but: Collection[str] = ()
    partly: bool = False


class GroupTranslator(ABC):
    """
    Translates one group; each provider says by `resources` what becomes of it.

    Args:
        fleet: The group's fleet.
        group: The group.
        facts: What was looked up for the fleet.
        now: When the plan is made.
        location: Where groups live that do not say otherwise.
    """

    provider: ClassVar[str]
    kinds: ClassVar[Mapping[str, Kind]]

    def __init__(self, fleet: Fleet, group: ScalingGroup, facts: LookedUp, now: datetime, location: str) -> None:
        self.fleet, self.group, self.now = fleet, group, now
        self.location = group.location or location
        self.native = fleet.native_name(group)
        self.notes: list[Note] = []
        self.problems: list[Note] = []
        self._said: set[str] = set()
        self._taken: set[str] = set()
        self._facts = facts
        others = group.other_blocks(self.provider)
        self._leaves = [leaf for leaf in set_leaves(group) if not any(leaf.is_within(block) for block in others)]

    def translation(self) -> Translation:
        """The group's resources, and everything that is to be said of it."""
        for block, provider in self.group.other_blocks(self.provider).items():
            self.note(block, f"not used: settings of {provider}, and the plan is for {self.provider}")
        self._take_supports()
        for path, text in unused_variables(self.group.template):
            self.unused(path, text)
        for path, text in unused_names(self.group):
            self.unused(path, text)
        resources = tuple(self.resources())
        for path in self._without_effect(resources):
            text = f"not used on {self.provider} beside the other fields of this group; leave it out"
            self.note(path, text, approximation=True)
        return Translation(resources=resources, notes=tuple(self.notes), problems=tuple(self.problems))

    @abstractmethod
    def resources(self) -> Iterator[Resource]:
        """What the group wants to be there; notes and problems are added on the way."""

    def takes(self, paths: Iterable[str]) -> None:
        """Fields on which a body hangs in a way that no row tells, such as what keeps something out of it."""
        self._taken.update(paths)

    def is_size_scheduled(self) -> bool:
        """Whether a schedule that holds now sets the size, whatever the group's own is."""
        bare = self.group.capacity.model_copy(update={"desired": None})
        return in_force(self.group.model_copy(update={"capacity": bare}), self.now).desired is not None

    def note(self, path: str, text: str, *, approximation: bool = False) -> None:
        """Say something of a field that a reviewer should know."""
        self._said.add(path)
        self.notes.append(Note(f"{path}: {text}", self.group.name, approximation=approximation))

    def unused(self, path: str, reason: str, *, but: Collection[str] = (), partly: bool = False) -> None:
        """
        Say of each set field at or below a path, of which nothing else is said, that it is of no use, without harm.

        Args:
            path: The field, or what is around several.
            reason: Why, and what would use them.
            but: Those that are of use all the same.
            partly: Whether something else still hangs on them, such as the size that a new group begins with.
        """
        self.takes(but)
        for leaf in self._leaves:
            if leaf.is_within(path) and leaf.path not in self._said and leaf.path not in but:
                self.note(leaf.path, f"{'' if partly else 'not used: '}{reason}{leaf.told}")

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

    # what the bodies have taken of it

    def _without_effect(self, resources: Iterable[Resource]) -> Iterator[str]:
        """
        The fields that are set, reach none of the bodies, and that nothing has been said of.

        Where something could not be looked up, bodies lack what hangs on it, and nothing is certain.
        """
        if self._facts.unknown:
            return
        carried = set(_carried(resources, self.kinds))
        noted = {_path_of(note) for note in self.notes} | inert_paths(self.group, self.provider)
        not_found = (note for note in self._facts.problems if note.group == self.group.name)
        known = {_path_of(note) for note in (*self.problems, *not_found)} | self._taken
        for leaf in self._leaves:
            spoken = bool({leaf.path, leaf.listed} & noted) or any(path in known for path in _around(leaf.path))
            if not spoken and not leaf.reaches(carried) and not is_inert(leaf.pattern, self.provider):
                yield leaf.path


ITEMS = ("policies", "alarms", "schedules")
_KEYS = frozenset({"name", "native_name", "location", "type"})
"""Fields that keys are made of, and the type, which says what a policy's body is."""
_WHOLE = frozenset({"template", *ITEMS})
"""What rows name that hang on all of it; they say nothing of one field."""


def _carried(resources: Iterable[Resource], kinds: Mapping[str, Kind]) -> Iterator[str]:
    """The fields of the model that some leaf of a body comes from; `*` stands for any name."""
    for resource in resources:
        kind = kinds[resource.key.kind]
        prefix = f"{resource.item}." if resource.item else ""
        for path in kind.given(resource.body):
            known = resource.sources_of(path)
            models = kind.sources_of(path)
            named = models if known is None else [*known, *(name for name in models if "*" not in name)]
            yield from (f"{prefix}{name}" for name in named if name not in _WHOLE)


@dataclass(frozen=True, slots=True)
class SetLeaf:
    """
    A field of a group that is set.

    Attributes:
        path: As notes name it: `alarms.hot.statistic`, `template.disks.0.iops`.
        bare: The same without places in lists, as rows name it.
        pattern: The same with `*` for names and places.
        told: What stands in a list of words, in brackets: its place changes when one before it goes.
    """

    path: str = ""
    bare: str = ""
    pattern: str = ""
    told: str = ""

    def inner(self, name: str) -> "SetLeaf":
        """A field of it."""
        return SetLeaf(*(f"{text}.{name}" if text else name for text in (self.path, self.bare, self.pattern)))

    def item(self, place: str | int, told: str = "") -> "SetLeaf":
        """An item of it, by its name or its place."""
        bare = self.bare if isinstance(place, int) else f"{self.bare}.{place}"
        return SetLeaf(f"{self.path}.{place}", bare, f"{self.pattern}.*", told)

    @property
    def listed(self) -> str:
        """The list of words that it is in; itself where it is in none."""
        return self.path.rpartition(".")[0] if self.told else self.path

    def is_within(self, path: str) -> bool:
        """Whether it is at a path or below it."""
        return self.path == path or self.path.startswith(f"{path}.")

    def reaches(self, carried: Set[str]) -> bool:
        """Whether it is one of these fields, or part of one."""
        return any(path in carried for text in (self.bare, self.pattern) for path in _around(text))


def set_leaves(model: BaseModel, *, skip: Set[str] = frozenset()) -> list[SetLeaf]:
    """The fields that differ from the model's defaults, each word of a list and each key of a mapping by itself."""
    return list(_leaves_of(model, SetLeaf(), skip))


def _leaves_of(model: BaseModel, at: SetLeaf, skip: Set[str] = frozenset()) -> Iterator[SetLeaf]:
    for name, info in type(model).model_fields.items():
        if name not in model.model_fields_set or name in _KEYS or name in skip:
            continue
        value = getattr(model, name)
        if value != info.get_default(call_default_factory=True):
            yield from _leaves_below(value, at.inner(name))


def _leaves_below(value: object, at: SetLeaf) -> Iterator[SetLeaf]:
    match value:
        case Metric():
            yield at
            yield from _leaves_of_metric(value, at)
        case BaseModel():
            yield from _leaves_of(value, at)
        case tuple():
            for index, item in enumerate(value):
                if isinstance(item, BaseModel):
                    place = getattr(item, "name", index) if at.path in ITEMS else index
                    yield from _leaves_of(item, at.item(place))
                else:
                    yield at.item(index, f" ({item})")
        case Mapping():
            for key, item in value.items():
                yield from _leaves_below(item, at.item(str(key)))
        case _:
            yield at


def _leaves_of_metric(metric: Metric, at: SetLeaf) -> Iterator[SetLeaf]:
    """What a metric says beside its name, and the name where it is not one of ours."""
    own = ("name",) if metric.source is MetricSource.CUSTOM else ()
    for name in (*own, "namespace", "dimensions", "of", "query"):
        if getattr(metric, name):
            yield from _leaves_below(getattr(metric, name), at.inner(name))


def _around(path: str) -> Iterator[str]:
    """A path and those of what is around it."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def _path_of(note: Note) -> str:
    return note.text.partition(": ")[0]


def unused_variables(template: InstanceTemplate) -> Iterator[tuple[str, str]]:
    """Paths of the variables that the start script does not name, and what to say of them."""
    for name in sorted(set(template.variables or {}) - template.used_variables()):
        yield f"template.variables.{name}", "`user_data` does not name this variable; remove one or use the other"


_NAMING = frozenset({MetricSource.BALANCER, MetricSource.QUEUE})


def unused_names(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """Paths of what metrics are said to be of where that chooses nothing, and what to say of it."""
    for list_name in ("policies", "alarms"):
        for item in getattr(group, list_name):
            metric = getattr(item, "metric", None)
            if metric is None or metric.of is None:
                continue
            path = f"{list_name}.{item.name}.metric.of"
            if metric.source not in _NAMING:
                yield path, f"{metric.name!r} is measured on no balancer and no queue; leave `of` out"
            elif [metric.of in (balancer.name, balancer.id) for balancer in group.load_balancers] == [True]:
                yield path, "the group has this load balancer only"


def hidden_sizes(group: ScalingGroup, now: datetime, *, put_back: Set[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """
    Paths of the group's own sizes that hold neither now nor later, and what to say of them.

    Args:
        group: The group, its schedules as the cloud enacts them.
        now: When the plan is made.
        put_back: The sizes that come back in force at a later moment, as when a window ends.
    """
    own = {name for name in ("min", "max", "desired") if getattr(group.capacity, name) is not None}
    own = {name for name in own - put_back if any(getattr(schedule, name) is not None for schedule in group.schedules)}
    if own:
        nobodys = Capacity.model_construct(min=-2, max=MAX_SIZE + 1, desired=-1)
        force = in_force(group.model_copy(update={"capacity": nobodys}), now)
        for name in sorted(own):
            if getattr(force, name) != getattr(nobodys, name):
                yield f"capacity.{name}", f"the schedules set `{name}` at every moment; change it there"
