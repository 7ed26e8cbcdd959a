"""What every resolver does: each distinct question is asked once, all at the same time; what was resolved is kept."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, ClassVar, Generic, NamedTuple, TypedDict, TypeVar

from trimtab.checks.comments import is_ignored
from trimtab.checks.live import NEWER_IMAGE
from trimtab.errors import ProviderError
from trimtab.models import Fleet, ScalingGroup
from trimtab.phrases import closest, in_words
from trimtab.plan import Key, Live, Note, Resource, Unknown
from trimtab.plan.resource import MAPPINGS
from trimtab.providers.errors import unread
from trimtab.providers.pinning import Settled, is_neutral, pin, pinned
from trimtab.providers.retry import Caller
from trimtab.providers.translation import settled

_THERE, _ASKED = "there", "asked"
WRITE_OR_MAKE = "write another name or make it first"
"""The fix of most references to what does not exist."""
C = TypeVar("C", bound=Caller)
Question = tuple[str, ...]
"""What is asked for, in words, and by what."""
Questions = Mapping[Question, Callable[[], Any]]
Answers = Mapping[Question, Any]
"""The answer to each question, or the error of why there is none."""


NO_START = "without it no instance starts; write another name or make it"
"""What to do where what instances start with is not found."""


class Reference(NamedTuple):
    """
    Something that a group names and that has to be there before the group is made.

    Attributes:
        path: The field that names it.
        what: What it is: `network`, `image`.
        name: As it is asked for.
        place: Where it has to be; empty where it is in no region.
        fix: What to do where it is not there.
        is_needed: Whether nothing can be made without it; else that it is not there is a note.
        known_by: What a group that stands names it by, where that is not `name`.
    """

    path: str
    what: str
    name: str
    place: str = ""
    fix: str = WRITE_OR_MAKE
    is_needed: bool = True
    known_by: str = ""


class ExistingThing(NamedTuple):
    """
    What a cloud says of something that is there, as far as a plan needs it.

    Attributes:
        least_gb: The smallest disk that an image fits on.
        zones: Where a size is offered, or a subnet lies.
        is_spot: Whether a size can be had as spot; `None` where nothing says so.
        architecture: For which processors an image is, as sizes have it; empty where nothing says so.
    """

    least_gb: float | None = None
    zones: frozenset[str] | None = None
    is_spot: bool | None = None
    architecture: str = ""


IMAGE, SIZE, SUBNET, ZONE = "image", "size", "subnet", "zone"
"""What references that are held against each other are called everywhere: disks and images, sizes and zones."""


class ResolvedFacts(TypedDict):
    """What `Facts` has of every provider."""

    notes: tuple[Note, ...]
    problems: tuple[Note, ...]
    unknown: tuple[Unknown, ...]
    settled: Mapping[str, Settled]


@dataclass(kw_only=True)
class Resolving(ABC, Generic[C]):
    """
    Facts in the making.

    Attributes:
        provider: The cloud's name.
        asked: The fleet as it was written.
        holder: The kind of what bears the mark that keeps what is resolved, under the group's name.
        calls: Asks the cloud.
        fleet: Says what is referred to; in the cloud's own words.
        live: What a read found.
        refresh: What is looked up anew although it was kept.
        notes: What a reviewer should know.
        problems: What was not found, or was found more than once.
        unknown: What could not be looked up.
        kept: What was resolved when a group was created and is kept since: by the group's name.
        settled: The groups that were in neutral words, by name.
    """

    provider: ClassVar[str]
    holder: ClassVar[str]
    calls: C
    fleet: Fleet
    live: Live
    refresh: frozenset[str] = frozenset()
    notes: list[Note] = field(default_factory=list)
    problems: list[Note] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    kept: dict[str, dict[str, str]] = field(default_factory=dict)
    settled: dict[str, Settled] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.asked = self.fleet
        self.settled = {group.name: self._settle(group) for group in self.fleet.groups if is_neutral(group)}
        groups = tuple(
            self.settled[group.name].group if group.name in self.settled else group for group in self.fleet.groups
        )
        self.fleet = self.fleet.model_copy(update={"groups": groups}) if self.settled else self.fleet

    def _settle(self, group: ScalingGroup) -> Settled:
        region = self.location_of(group)
        holder = None if "size" in self.refresh else self._holder(group)
        return settled(group, self.provider, region=region, holder=holder, fleet=self.fleet.name)

    def _holder(self, group: ScalingGroup) -> Resource | None:
        return self.live.resources.get(Key(self.location_of(group), self.holder, self.fleet.native_name(group)))

    @abstractmethod
    def location_of(self, group: ScalingGroup) -> str:
        """Where a group lives."""

    @abstractmethod
    def questions(self, group: ScalingGroup) -> Questions:
        """What is to be looked up for a group."""

    def shared_questions(self) -> Questions:
        """What is to be looked up for several groups together."""
        return {}

    @abstractmethod
    def references(self, group: ScalingGroup) -> Iterable[Reference]:
        """What a group names and has to be there."""

    @abstractmethod
    def find(self, what: str, place: str, names: list[str]) -> Mapping[str, ExistingThing]:
        """Those of the things that are there, by name."""

    def unknown_of(self, question: Question, error: ProviderError) -> Iterable[Unknown]:
        """What is unknown because a question was not answered."""
        places = sorted({self.location_of(group) for group in self.fleet.groups})
        return unread(places, "*", error, f"{question[0]}: ")

    def first_questions(self) -> Questions:
        """What the fleet alone tells to look up."""
        questions: dict[Question, Callable[[], Any]] = {}
        for group in self.fleet.groups:
            questions |= self.questions(group)
        return questions | dict(self.shared_questions())

    def beside(self, read: Callable[[], Live]) -> Live:
        """What a read finds, with the answers to the first questions, which are asked at the same time."""
        questions = self.first_questions()
        asked: list[Callable[[], Any]] = [read, *questions.values()]
        found, *answers = self.calls.gather(asked)
        if isinstance(found, ProviderError):
            raise found
        live: Live = found
        return replace(live, seen={**live.seen, _ASKED: dict(zip(questions, answers, strict=True))})

    def look_up(self) -> Answers:
        """The answers about all groups."""
        questions = dict(self.first_questions())
        references = {group.name: list(self._new_references(group)) for group in self.fleet.groups}
        questions |= self._existence(reference for some in references.values() for reference in some)
        answers = dict(self.live.seen.get(_ASKED, {}))
        asked = {question: ask for question, ask in questions.items() if question not in answers}
        answers |= zip(asked, self.calls.gather(list(asked.values())), strict=True)
        for question, answer in answers.items():
            if isinstance(answer, ProviderError) and question[0] != _THERE:
                self.unknown += self.unknown_of(question, answer)
        for group in self.fleet.groups:
            self._hold_against(group, references[group.name], answers)
        return answers

    def names_of(self, what: str, place: str, name: str) -> Iterable[str]:
        """The names of all things of a kind where one was looked for in vain; asked for to guess what was meant."""
        return ()

    def only(
        self,
        group: ScalingGroup,
        path: str,
        what: str,
        name: str,
        told: Sequence[str],
        *,
        where: str,
        fix: str = "",
        among: Iterable[str] = (),
    ) -> bool:
        """
        Whether exactly one thing is called by a name; what is wrong otherwise is a problem of the field.

        Args:
            group: The group that names it.
            path: The field.
            what: What it is: `subnet`.
            name: As the fleet has it.
            told: Those that are called so, each told apart from the others.
            where: Where they were looked for.
            fix: What to write where there are several.
            among: Names that are there, as far as they are known already.
        """
        if len(told) == 1 or _is_left(group, path):
            return len(told) == 1
        hint = "" if told else self._hint(what, self.location_of(group), name, among) or WRITE_OR_MAKE
        text = f"{what} {name!r} not found in {where}; {hint}"
        if told:
            text = f"{len(told)} {what}s are called {name!r} in {where}: {in_words(sorted(told))}"
            text = f"{text}; {fix or 'write the id of one'}"
        self.problems.append(Note(f"{path}: {text}", group.name))
        return False

    # what has to be there

    def _new_references(self, group: ScalingGroup) -> Iterator[Reference]:
        """Those that the group as it stands does not name yet: what it was made with is not asked for again."""
        standing = self._standing(group)
        named = [each for each in self.references(group) if not _is_left(group, each.path)]
        new = [each for each in named if not _names(standing, each.known_by or each.name)]
        held = {SIZE, SUBNET} if {SIZE, SUBNET, ZONE} & {each.what for each in new} else set()
        yield from (each for each in named if each in new or each.what in held)

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str, str], list[Resource]]:
        """What stands at a location, by its own name and by that of its group."""
        result: dict[tuple[str, str, str], list[Resource]] = defaultdict(list)
        for key, item in self.live.resources.items():
            result[key.location, "own", key.name].append(item)
            result[key.location, "group", item.group].append(item)
        return result

    def _standing(self, group: ScalingGroup) -> set[str]:
        location, found = self.location_of(group), self._by_name
        own = found.get((location, "own", self.fleet.native_name(group)), [])
        return _texts([item.body for item in (*own, *found.get((location, "group", group.name), ()))])

    def _existence(self, references: Iterable[Reference]) -> dict[Question, Callable[[], Any]]:
        names: dict[tuple[str, str], dict[str, None]] = {}
        for reference in references:
            names.setdefault((reference.what, reference.place), {})[reference.name] = None
        return {(_THERE, *asked): partial(self.find, *asked, list(some)) for asked, some in names.items()}

    def _hold_against(self, group: ScalingGroup, references: Iterable[Reference], answers: Answers) -> None:
        for reference in references:
            answer = answers[_THERE, reference.what, reference.place]
            if isinstance(answer, ProviderError):
                text = f"{reference.path}: could not check whether {reference.what} {reference.name!r} exists: {answer}"
                self.notes.append(Note(text, group.name))
            elif reference.name not in answer:
                where = f" in {reference.place}" if reference.place else ""
                fix = self._fix(reference, answer)
                text = f"{reference.path}: {reference.what} {reference.name!r} not found{where}; {fix}"
                (self.problems if reference.is_needed else self.notes).append(Note(text, group.name))
            elif reference.what == IMAGE:
                self.hold_disks(group, answer[reference.name])
            elif reference.what == SIZE:
                self._hold_size(group, reference, answer[reference.name], self.zones_of(group, answers))

    def _fix(self, reference: Reference, answer: Mapping[str, ExistingThing]) -> str:
        from trimtab.declarations.catalogue import size_hint  # only mistakes need the catalogue

        if reference.what == SIZE:
            hint = size_hint(self.provider, reference.name)
            return f"did you mean {hint}?" if hint else reference.fix
        return self._hint(reference.what, reference.place, reference.name, answer) or reference.fix

    def _hint(self, what: str, place: str, name: str, among: Iterable[str]) -> str:
        """The nearest name that there is, as a question; empty where none is near, or nobody may list them."""
        try:
            names = [*among, *self.names_of(what, place, name)]
        except ProviderError:
            names = list(among)
        short = name.rpartition("/")[2]
        others = {each.rpartition("/")[2] for each in names} - {short}  # the same name elsewhere is no other
        near = closest(short, sorted(others))
        return f"did you mean {near!r}?" if near else ""

    def zones_of(self, group: ScalingGroup, answers: Answers) -> set[str]:
        """The zones that a group is to be in, as far as they are known."""
        return set(group.placement.zones)

    def there(self, what: str, place: str, answers: Answers) -> Mapping[str, ExistingThing]:
        """What was found of what was asked for; empty where that failed, or nothing was asked."""
        answer = answers.get((_THERE, what, place))
        return answer if isinstance(answer, Mapping) else {}

    def hold_disks(self, group: ScalingGroup, image: ExistingThing) -> None:
        """Name the disks that an image does not fit on, and the sizes that it cannot run on."""
        for index, disk in enumerate(group.template.disks):
            if disk.device is None and disk.size_gb and image.least_gb and disk.size_gb < image.least_gb:
                text = f"the image takes {image.least_gb:g} GB and the disk has {disk.size_gb}; write that or more"
                self.problems.append(Note(f"template.disks.{index}.size_gb: {text}", group.name))
        if image.architecture:
            self._hold_processors(group, image.architecture)

    def _hold_processors(self, group: ScalingGroup, architecture: str) -> None:
        """Name the sizes whose processors an image is not for."""
        from trimtab.declarations.catalogue import catalogue_of  # where an image says for which it is

        catalogue = catalogue_of(self.provider)
        sizes = {f"purchase.sizes.{index}.size": option.size for index, option in enumerate(group.purchase.sizes)}
        for path, name in {**sizes, "template.size": group.template.size_name}.items():
            size = catalogue.find(name) if catalogue and name else None
            if size is not None and size.architecture != architecture:
                text = f"{name} has processors of {size.architecture}, and the image is for {architecture}"
                word = (
                    f"`architecture: {size.architecture}` in `image`" if self._names_system(group) else "another image"
                )
                self.problems.append(Note(f"{path}: {text}; choose another size, or {word}", group.name))

    def _names_system(self, group: ScalingGroup) -> bool:
        return self.asked[group.name].template.image.os is not None

    def _hold_size(self, group: ScalingGroup, reference: Reference, size: ExistingThing, wanted: set[str]) -> None:
        if group.purchase.spot and size.is_spot is False:
            text = f"{reference.name} is not offered as spot; choose another size"
            self.problems.append(Note(f"{reference.path}: {text}", group.name))
        if size.zones is None or not wanted - size.zones:
            return
        missing, offered = in_words(sorted(wanted - size.zones)), in_words(sorted(size.zones)) or "no zone"
        text = f"{reference.path}: {reference.name} is not offered in {missing}, but in {offered}"
        (self.notes if wanted & size.zones else self.problems).append(Note(text, group.name))

    def pin_image(self, group: ScalingGroup, selector: str, newest: str) -> str:
        """
        The image that a group was created with, else the newest match; empty where neither is known.

        Args:
            group: The group.
            selector: Tells one way of asking for an image from another.
            newest: The newest match; empty where there is none. That it is newer is a note, unless it is to be taken.
        """
        kept = "" if "image" in self.refresh else pinned(self._holder(group), self.fleet.name, "image", selector)
        chosen = kept or newest
        if newest and newest != chosen and not is_ignored(self.fleet, NEWER_IMAGE, group.name, "template.image"):
            text = f"a newer image, {newest}, matches; refresh the image to take it (now {chosen})"
            self.notes.append(Note(text, group.name, code=NEWER_IMAGE))
        if chosen:
            self.kept[group.name] = pin("image", selector, chosen)
        return chosen

    def said(self) -> ResolvedFacts:
        """All that is to be said of what was looked up, as `Facts` takes it."""
        said = (tuple(self.notes), tuple(self.problems), tuple(self.unknown))
        return ResolvedFacts(notes=said[0], problems=said[1], unknown=said[2], settled=self.settled)


def texts_at(body: object, leaf: str, path: str = "") -> Iterator[tuple[str, str]]:
    """The texts at a leaf of a native body, each with its own path; `[*]` stands for every item of a list."""
    if not leaf:
        if isinstance(body, str) and body:
            yield path, body
        return
    step, _, rest = leaf.partition(".")
    name, is_list = step.removesuffix("[*]"), step.endswith("[*]")
    inner = body.get(name) if isinstance(body, MAPPINGS) else None
    if not is_list:
        yield from texts_at(inner, rest, f"{path}.{name}")
    elif isinstance(inner, (list, tuple)):
        for index, each in enumerate(inner):
            yield from texts_at(each, rest, f"{path}.{name}.{index}")


def _texts(bodies: Iterable[Any]) -> set[str]:
    """Every text inside bodies, in lower case."""
    texts, stack = set[str](), list(bodies)
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            texts.add(value)
        elif isinstance(value, (list, tuple, frozenset)):
            stack.extend(value)
        elif isinstance(value, MAPPINGS):
            texts.update(value)
            stack.extend(value.values())
    return {text.lower() for text in texts}


def _names(texts: set[str], name: str) -> bool:
    """Whether one of the texts of a body is a name, or a link or an id that ends with it."""
    name = name.lower()
    return name in texts or any(text.endswith(f"/{name}") for text in texts)


def _is_left(group: ScalingGroup, path: str) -> bool:
    """Whether a field is left to others."""
    return any(path == name or path.startswith(f"{name}.") for name in group.unmanaged)
