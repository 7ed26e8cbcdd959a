"""What translation gives: resources, with all that a provider does otherwise than asked or cannot do; pure."""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, assert_never

from trimtab.capabilities import READ_BY_ENGINE, Means, Support, inert_paths, is_delegated, is_inert, supports_of
from trimtab.declarations import declarations_of
from trimtab.declarations.constraint import Breach, Constraints
from trimtab.declarations.limits import last_word, number_of
from trimtab.engine.schedules import in_force
from trimtab.models import Capacity, Fleet, InstanceTemplate, MetricSource, ScalingGroup
from trimtab.models.base import MAX_SIZE
from trimtab.phrases import in_words
from trimtab.plan import Key, Kind, Note, Resource, Unknown
from trimtab.plan.changes import PATHS
from trimtab.plan.resource import path_in, revealed
from trimtab.providers.leaves import ITEMS, around, set_leaves
from trimtab.providers.pinning import Settled, is_neutral

if TYPE_CHECKING:
    from trimtab.capabilities.delegation import Delegation
    from trimtab.providers.natives import NativeBlock


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

    @property
    def settled(self) -> Mapping[str, Settled]:
        """The groups with neutral words, in the cloud's own."""


def settled(
    group: ScalingGroup, provider: str, *, region: str, holder: Resource | None = None, fleet: str = ""
) -> Settled:
    """
    A group in a cloud's own words; what translates neutral ones is loaded with the first.

    Args:
        group: The group.
        provider: The cloud.
        region: Where it lives.
        holder: What bears the mark that keeps the choice of a group that is there.
        fleet: Whose mark counts.
    """
    if not is_neutral(group):
        return Settled(group=group)
    from trimtab.providers.neutral import settle

    return settle(group, provider, region=region, holder=holder, fleet=fleet)


class Unused(NamedTuple):
    """Fields of a group that are of no use, as `GroupTranslator.unused` takes them."""

    path: str
    text: str
    but: Collection[str] = ()
    partly: bool = False


class GroupTranslator(ABC):
    """
    Translates one group; each provider says by `resources` what becomes of it.

    `group` is in the cloud's own words, `asked` as the fleet has it.

    Args:
        fleet: The group's fleet.
        group: The group.
        facts: What was looked up for the fleet.
        now: When the plan is made.
        location: Where groups live that do not say otherwise.
    """

    provider: ClassVar[str]
    kinds: ClassVar[Mapping[str, Kind]]
    constraints: ClassVar[Constraints | None] = None

    def __init__(self, fleet: Fleet, group: ScalingGroup, facts: LookedUp, now: datetime, location: str) -> None:
        self.settled = facts.settled.get(group.name) or settled(group, self.provider, region=group.location or location)
        self.delegation = delegation_of(fleet, group, self.provider, now)
        self.declared = group
        self.asked = self.delegation.rest if self.delegation else group
        native = delegation_of(fleet, self.settled.group, self.provider, now)
        self.fleet, self.group, self.now = fleet, native.rest if native else self.settled.group, now
        self.location = group.location or location
        self.native = fleet.native_name(group)
        self.notes: list[Note] = []
        self.problems: list[Note] = []
        self._said: set[str] = set()
        self._taken: set[str] = set()
        self._done: set[str] = set()
        self._facts = facts
        others = group.other_blocks(self.provider)
        self._leaves = [leaf for leaf in set_leaves(self.asked) if not any(leaf.is_within(block) for block in others)]

    def translation(self) -> Translation:
        """The group's resources, and everything that is to be said of it."""
        for block, provider in self.group.other_blocks(self.provider).items():
            self.note(block, f"not used: settings of {provider}, and the plan is for {self.provider}")
        self._take_supports()
        self._take_delegation()
        self._tell_settled()
        self._take_rollout()
        self._check_disks()
        self._check_agents()
        self._check_parts()
        for path, text in unused_variables(self.group.template):
            self.unused(path, text)
        for path, text in unused_names(self.group):
            self.unused(path, text)
        resources = tuple(self._with_natives(self.resources()))
        self._refuse(resources)
        for path in self._without_effect(resources):
            text = f"not used on {self.provider} beside the other fields of this group; leave it out"
            self.note(path, text, approximation=True)
        return Translation(resources=resources, notes=tuple(self.notes), problems=tuple(self.problems))

    @abstractmethod
    def resources(self) -> Iterator[Resource]:
        """What the group wants to be there; notes and problems are added on the way."""

    @property
    def delegated(self) -> dict[str, str]:
        """What the mark of the group keeps where the controller sizes it."""
        return dict(self.delegation.kept) if self.delegation else {}

    @property
    def falls_back(self) -> bool:
        """Whether the controller moves the on-demand part of the group."""
        return self.delegation is not None and self.delegation.falls_back

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
                if self.delegation and leaf.path.rpartition(".")[2] in READ_BY_ENGINE:
                    self.note(leaf.path, "the controller uses it")
                else:
                    self.note(leaf.path, f"{'' if partly else 'not used: '}{reason}{leaf.told}")

    def dates_held(self, end: datetime | None, by: str) -> None:
        """Say up to when the dates of schedules are held natively and by what, and of each date that does nothing."""
        dated = [schedule for schedule in self.group.schedules if schedule.is_dated]
        if not dated:
            return
        from trimtab.engine.calendars import idle_dates, reaches

        for schedule in dated:
            path = f"schedules.{schedule.name}"
            if schedule.is_by_day and end is not None:
                words = [f"`{name}`" for name in ("skip_dates", "only_dates") if getattr(schedule, name)]
                text = f"{' and '.join(words)} are held as {by}, up to {end - timedelta(days=1):%Y-%m-%d}"
                self.note(path, f"{text}; a later plan goes on from there")
            for name, reason in idle_dates(schedule, self.now, end or reaches(self.now)[-1]):
                self.note(f"{path}.{name}", reason)

    def problem(self, path: str, text: object) -> None:
        """Say of a field that the provider cannot do it."""
        self._said.add(path)
        self.problems.append(Note(f"{path}: {text}", self.group.name))

    def key(self, kind: str, name: str | None = None, parent: str = "") -> Key:
        """The key of a resource where the group lives; its name is the group's when left out."""
        return Key(self.location, kind, self.native if name is None else name, parent)

    # what became of neutral words

    def keeps(self, found: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
        """What the mark of the group is to keep: of what was looked up, and of the size that was chosen."""
        return {**found.get(self.group.name, {}), **self.settled.kept}

    def _tell_settled(self) -> None:
        for path, text in self.settled.problems:
            self.problem(path, text)
        for path, text in self.settled.notes:
            self.note(path, text)
        # beside a problem: another value may well be of use
        for path, text in self.settled.unused:
            self.unused(path, text, partly=True)

    def _take_rollout(self) -> None:
        """Refuse what nobody does in a rollout; nothing of it is in a body."""
        rollout = self.group.rollout
        if any(balancer.alternate for balancer in self.group.load_balancers):
            from trimtab.capabilities.rollouts import idle_alternates  # and few have a second pool

            for path, text in idle_alternates(self.group):
                self.unused(path, text)
        if rollout is None:
            return
        from trimtab.capabilities.rollouts import (  # few groups are rolled out
            idle_in_pairs,
            rollout_parts,
            rollout_support,
            share_problems,
        )

        for path, text in share_problems(self.group, self.provider):
            self.problem(path, text)
        for path, text in idle_in_pairs(rollout):
            self.unused(path, text)
        for part, path in rollout_parts(rollout):
            support = rollout_support(self.provider, part)
            if support.means == "refused":
                self.problem(path, f"{self.provider} cannot do this in a rollout: {part}; {support.text}")

    def _check_disks(self) -> None:
        """Refuse types of disks that the cloud does not have, or not for a boot disk."""
        disks = self.group.template.disks
        if not any(disk.type for disk in disks):
            return
        from trimtab.declarations.disks import disk_problems  # most groups take the image's disks

        for index, disk in enumerate(disks):
            for name, text in disk_problems(self.provider, disk):
                self.problem(f"template.disks.{index}.{name}", text)

    @property
    def runs_windows(self) -> bool:
        """Whether the group's image is one of Windows, as far as that is known."""
        return "windows" in str(self.asked.template.image.os or self.asked.template.image.newest).lower()

    @property
    def has_account(self) -> bool:
        """Whether instances sign in to the cloud as somebody."""
        return self.group.template.role is not None

    def _check_agents(self) -> None:
        """Refuse agents that the image cannot have, or that sign in as nobody."""
        words = self.group.template.agents
        if not words:
            return
        from trimtab.providers.agents.problems import agent_problems  # few groups have agents

        image = self.asked.template.image
        problems = agent_problems(
            words, self.provider, image, is_windows=self.runs_windows, has_account=self.has_account
        )
        for said in problems:
            paths = [f"template.agents.{words.index(word)}" for word in said.words]
            self._said.update(paths)
            notes = self.problems if said.is_problem else self.notes
            notes.append(Note(f"{PATHS.join(paths)}: {said.text}", self.group.name))

    def _check_parts(self) -> None:
        """Refuse parts of a start script where the image has no cloud-init."""
        if not self.group.template.user_data_parts:
            return
        from trimtab.providers.agents.problems import content_problems, part_problems  # few groups have parts

        path = "template.user_data_parts"
        for said in part_problems(self.provider, self.asked.template.image, is_windows=self.runs_windows):
            (self.problem if said.is_problem else self.note)(path, said.text)
        for place, text, is_problem in content_problems(self.group.template.render_user_data_parts()):
            (self.problem if is_problem else self.note)(f"{path}.{place}", text)

    # what the table of capabilities says

    def _take_supports(self) -> None:
        refused: dict[tuple[str, Support], dict[str, str]] = {}
        for feature, path, support in supports_of(self.asked, self.provider):
            if support.means is Means.UNSUPPORTED:
                refused.setdefault((path.rpartition(".")[0] or path, support), {}).setdefault(path, feature)
            else:
                self._take(feature, path, support)
        for (_, support), features in refused.items():
            self._take_unsupported(features, support)

    def _take_unsupported(self, features: Mapping[str, str], support: Support) -> None:
        """Say once of all fields of a thing why the cloud does not have them; each by its path."""
        names = in_words(list(dict.fromkeys(features.values())), " and ")
        fix = "" if "; " in support.text else f"; leave it out on {self.provider} (`overlays`)"
        self._said |= features.keys()
        self.problems.append(
            Note(
                f"{PATHS.join(features)}: {self.provider} cannot do this: {names}, {support.text}{fix}", self.group.name
            )
        )

    def _take_delegation(self) -> None:
        for path, text in self.delegation.notes if self.delegation else ():
            self.note(path, text)
        for path, text in self.delegation.problems if self.delegation else ():
            self.problem(path, text)

    def _take(self, feature: str, path: str, support: Support) -> None:
        match support.means:
            case Means.NATIVE:
                pass
            case Means.APPROXIMATED:
                self._approximate(feature, path, support)
            case Means.TRIMTAB:
                self.note(path, f"{feature}: {support.text}")
            case Means.CONTROLLER:
                self.problem(path, self._needs_controller(feature, support))
            case Means.UNSUPPORTED:
                self._take_unsupported({path: feature}, support)
            case _:
                assert_never(support.means)

    def _needs_controller(self, feature: str, support: Support) -> str:
        """What to do about what the cloud cannot do by itself; the controller sizes groups and notifies nobody."""
        text = f"{feature}: {support.text}; {self.provider} cannot do this by itself"
        if self.delegation:
            return f"{text}, and the controller only sizes groups{f'; {support.instead}' if support.instead else ''}"
        consent = "have the controller do it by `controller: true` of the fleet"
        return f"{text}; {f'{support.instead}, or ' if support.instead else ''}{consent}"

    def _approximate(self, feature: str, path: str, support: Support) -> None:
        text = f"{'not used: ' if support.ignored else ''}{feature}: {support.text}"
        if support.sizes and not self._consents(path):
            self.problem(path, f"{text}; accept another size by `approximate: true` on the policy")
        else:
            self.note(path, text, approximation=True)

    def _consents(self, path: str) -> bool:
        name = path.split(".")[1]
        return any(policy.name == name and policy.approximate for policy in self.group.policies)

    # what the file writes as it stands

    @cached_property
    def _natives(self) -> "NativeBlock | None":
        block = getattr(self.group.block(self.provider), "native", None)
        declared = declarations_of(self.provider).natives
        if block is None or declared is None:
            return None
        from trimtab.providers.natives import NativeBlock  # few groups have such leaves

        path = f"{self.provider}.native"
        self.takes(leaf.path for leaf in self._leaves if leaf.is_within(path))
        self.note(path, f"written as it stands, and not portable: only {self.provider} has it")
        return NativeBlock(block, declared, self.kinds, path, self.problem)

    def with_native(self, resource: Resource) -> Resource:
        """A resource with what its file writes as it stands, once: its name may hang on what it holds."""
        if self._natives is None or resource.key.kind in self._done:
            return resource
        if self.kinds[resource.key.kind].content_addressed:
            self._done.add(resource.key.kind)
        return self._natives.put(resource)

    def leave_native(self, kind: str) -> None:
        """Nothing of a kind is written: the group leaves it to others."""
        self._done.add(kind)

    def _with_natives(self, resources: Iterable[Resource]) -> Iterator[Resource]:
        for resource in resources:
            yield self.with_native(resource)
        if self._natives is not None:
            self._natives.finish(self._done)

    # what the cloud refuses about the bodies

    def _refuse(self, resources: Iterable[Resource]) -> None:
        """Say of each field that the cloud refuses what comes of it, unless something else was said against it."""
        if self.constraints is None:
            return
        known = _paths_of(self.problems)
        told: set[tuple[str, str]] = set()
        for resource in resources:
            kind = self.kinds[resource.key.kind].of(resource)
            mark = resource.mark and replace(resource.mark, digest="0" * DIGITS)
            body = revealed(kind.with_mark(resource.signed(mark)))
            for breach in self.constraints.breaches(kind.name, body, kind.maps):
                path = self._field_of(resource, breach)
                text = self._in_own_words(kind, path, breach)
                if path not in known and (path, text) not in told:
                    told.add((path, text))
                    self.problem(path, text)

    def _in_own_words(self, kind: Kind, path: str, breach: Breach) -> str:
        """What the cloud refuses, in the words of the file where it has the same value, else in those of the API."""
        text = f"{breach.native} {breach.text}"
        own = re.sub(r"(\.\d+)+$", "", path).rpartition(".")[2]
        if not own or not _are_same(value_at(self.declared, path), breach.value):
            return text
        single = (row for row in kind.fields if row.models and " " not in row.models)
        words = {last_word(row.path): row.models.rpartition(".")[2] for row in single}
        words = {**words, breach.native: own}
        return _API_WORD.sub(lambda match: words.get(match[0], match[0]), f"{own} {breach.text}")

    def _field_of(self, resource: Resource, breach: Breach) -> str:
        """The field of the group from which what is refused comes; the nearest where the body alone has it."""
        known = resource.sources_of(breach.path)
        kind = self.kinds[resource.key.kind].of(resource)
        names = known if known is not None else [*reversed(kind.sources_of(breach.path))]
        if not names:  # of a list whose items are all parts of one thing, what they come from
            inside = [row.models.split() for row in kind.fields if row.path.startswith(f"{breach.path}[")]
            names = [*dict.fromkeys(name for models in reversed(inside) for name in models)]
            names = names if len({name.partition(".")[0] for name in names}) == 1 else []
        for name in names:
            leaves = [leaf for leaf in self._leaves if leaf.fits(path_in(resource.item, name))]
            if leaves:
                place = breach.places[-1] if breach.places else 0
                return leaves[min(place, len(leaves) - 1)].path
        return path_in(resource.item, names[0]) if names else resource.item or breach.path

    # what the bodies have taken of it

    def _without_effect(self, resources: Iterable[Resource]) -> Iterator[str]:
        """
        The fields that are set, reach none of the bodies, and that nothing has been said of.

        Where something could not be looked up, bodies lack what hangs on it, and nothing is certain.
        """
        if self._facts.unknown:
            return
        carried = _carried(resources, self.kinds)
        noted = _paths_of(self.notes) | inert_paths(self.asked, self.provider)
        not_found = [note for note in self._facts.problems if note.group == self.group.name]
        known = _paths_of((*self.problems, *not_found)) | self._taken
        # what is looked for by several fields hangs on each of them
        known |= {"placement"} if any(path.startswith("placement.") for path in _paths_of(not_found)) else set()
        for leaf in self._leaves:
            spoken = bool({leaf.path, leaf.listed} & noted) or any(path in known for path in around(leaf.path))
            if not spoken and not leaf.reaches(carried) and not is_inert(leaf.pattern, self.provider):
                yield leaf.path


_API_WORD = re.compile(r"\b[A-Za-z]+[a-z][A-Z][A-Za-z]*\b")
"""A word that only an API has, such as `intervalInSeconds`."""


def _are_same(ours: object, native: object) -> bool:
    """Whether a body has a field's own value, in whatever form."""
    match ours:
        case timedelta():
            return number_of(native) == ours.total_seconds()
        case tuple():
            return isinstance(native, (list, tuple)) and len(native) == len(ours)
        case _:
            return ours is not None and (ours == native or (number_of(ours) == number_of(native) is not None))


def value_at(model: object, path: str) -> object:
    """What stands at a field, named as notes name it; nothing where it is inside what has no fields."""
    value = model
    for step in path.split("."):
        if isinstance(value, tuple):
            named = next((item for item in value if getattr(item, "name", None) == step), None)
            value = named if named is not None else value[int(step)] if step.isdecimal() else None
        elif isinstance(value, Mapping):
            value = value.get(step)
        else:
            value = getattr(value, step, None)
    return value


def delegation_of(fleet: Fleet, group: ScalingGroup, provider: str, now: datetime) -> "Delegation | None":
    """What becomes of a group that is the controller's to size; `None` for one that the cloud sizes, or nobody may."""
    if not is_delegated(fleet, group, provider):
        return None
    # most plans have no such group
    from trimtab.capabilities.delegation import delegate

    return delegate(group, provider, now)


DIGITS = 16
"""How long the digest of a mark is."""
_WHOLE = frozenset({"template", *ITEMS})
"""What rows name that hang on all of it; they say nothing of one field."""


def _carried(resources: Iterable[Resource], kinds: Mapping[str, Kind]) -> set[str]:
    """The fields of the model that some leaf of a body comes from; `*` stands for any name."""
    carried: set[str] = set()
    for resource in resources:
        kind = kinds[resource.key.kind]
        named: set[str] = set()
        for path in kind.given(resource.body):
            known = resource.sources_of(path)
            models = kind.sources_of(path)
            named.update(models if known is None else (*known, *(name for name in models if "*" not in name)))
        named -= _WHOLE
        carried |= {f"{resource.item}.{name}" for name in named} if resource.item else named
    return carried


def _paths_of(notes: Iterable[Note]) -> frozenset[str]:
    return frozenset(path for note in notes for path in note.text.partition(": ")[0].split(PATHS))


def unused_variables(template: InstanceTemplate) -> Iterator[tuple[str, str]]:
    """Paths of the variables that the start script does not name, and what to say of them."""
    field = "user_data_parts" if template.user_data_parts else "user_data"
    for name in sorted(set(template.variables or {}) - template.used_variables()):
        yield f"template.variables.{name}", f"`{field}` does not name this variable; remove one or use the other"


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
            elif [balancer.is_called(metric.of) for balancer in group.cloud_balancers] == [True]:
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
