"""What each cloud makes of a fleet, worked out before there is any account: no cloud is asked, and no SDK is loaded."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from trimtab.capabilities import is_controlled, supports_of
from trimtab.capabilities.delegation import delegate
from trimtab.declarations import Declarations, Means, Support, declarations_of, load, provider_names
from trimtab.declarations.blocks import check_settings
from trimtab.declarations.catalogue import catalogue_of
from trimtab.models import Fleet, Position, ScalingGroup
from trimtab.plan import Note
from trimtab.plan.changes import PATHS
from trimtab.providers.leaves import ITEMS, SetLeaf, set_leaves
from trimtab.providers.pure import PureCode
from trimtab.providers.translation import value_at


class FieldVerdict(StrEnum):
    """What becomes of a field in a cloud, the worst last."""

    NATIVE = "native"
    UNUSED = "not used"
    APPROXIMATED = "approximated"
    TRIMTAB = "by trimtab"
    CONTROLLER = "for the controller"
    IMPOSSIBLE = "impossible"


NOT_USED = "not used"
"""How a note begins that says of a field that nothing comes of it."""
_ORDER = {verdict: place for place, verdict in enumerate(FieldVerdict)}
OF_MEANS: Mapping[Means, FieldVerdict] = {
    Means.NATIVE: FieldVerdict.NATIVE,
    Means.APPROXIMATED: FieldVerdict.APPROXIMATED,
    Means.TRIMTAB: FieldVerdict.TRIMTAB,
    Means.CONTROLLER: FieldVerdict.CONTROLLER,
    Means.UNSUPPORTED: FieldVerdict.IMPOSSIBLE,
}


def verdict_of(support: Support) -> FieldVerdict:
    """What becomes of a feature that a cloud does like this."""
    return FieldVerdict.UNUSED if support.ignored else OF_MEANS[support.means]


class PortabilityRemark(NamedTuple):
    """What is to be said of a field in a cloud, where that is not simply native."""

    verdict: FieldVerdict
    group: str
    path: str
    text: str
    place: Position | None
    refuses: bool
    """Whether a plan refuses the fleet for it as it is written."""


@dataclass(frozen=True, slots=True)
class CloudSurvey:
    """
    What one cloud makes of a fleet.

    Attributes:
        provider: The cloud.
        remarks: What is not simply native, in the order of the file.
        fields: How many fields of the fleet, with the cloud's overlay, have each verdict.
    """

    provider: str
    remarks: tuple[PortabilityRemark, ...]
    fields: Mapping[FieldVerdict, int]

    @property
    def is_refused(self) -> bool:
        """Whether a plan refuses the fleet as it is written."""
        return any(remark.refuses for remark in self.remarks)


def surveyed_clouds() -> list[str]:
    """The clouds that say what they make of a fleet without being asked, less the one in memory."""
    return [name for name in provider_names() if declarations_of(name).advised and declarations_of(name).pure]


def survey(fleet: Fleet, provider: str, now: datetime, overlays: Sequence[str] = ()) -> CloudSurvey:
    """
    What one cloud makes of a fleet, everything that it names taken for granted.

    Args:
        fleet: The fleet as its file has it, with all overlays.
        provider: The cloud; its own overlay applies.
        now: When the plan would be made.
        overlays: The overlays besides, by name.

    Raises:
        ConfigError: There is no such overlay, or what comes of one is no fleet, or has settings that are wrong.
    """
    meant = fleet.for_provider(provider, overlays)
    check_settings(meant, provider)
    remarks = tuple(_Survey(meant, provider, now).remarks())
    verdicts = Counter(verdict for group in meant.groups for verdict in _verdicts(group, remarks))
    return CloudSurvey(provider, remarks, verdicts)


@dataclass(frozen=True, slots=True)
class _Survey:
    """One look at a fleet as it is meant for a cloud."""

    fleet: Fleet
    provider: str
    now: datetime

    @property
    def declared(self) -> Declarations:
        """What the cloud's provider declares."""
        return declarations_of(self.provider)

    def remarks(self) -> Iterator[PortabilityRemark]:
        """What is to be said, each text once."""
        said = dict.fromkeys(one for found in (self._of_groups(), self._of_translation()) for one in found)
        strange = {(one.group, one.path) for one in said if one.verdict is FieldVerdict.IMPOSSIBLE}
        order = {group.name: place for place, group in enumerate(self.fleet.groups)}
        kept = [one for one in said if one.verdict is FieldVerdict.IMPOSSIBLE or (one.group, one.path) not in strange]
        yield from sorted(kept, key=lambda one: (order.get(one.group, 0), one.place.line if one.place else 0))

    # what tables say

    def _of_groups(self) -> Iterator[PortabilityRemark]:
        for group in self.fleet.groups:
            if is_controlled(group, self.provider):
                handed = delegate(group, self.provider, self.now)
                agreed = self.fleet.controller
                consent = "" if agreed else "; consent by `controller: true`"
                for path, text in handed.notes:
                    yield self._remark(FieldVerdict.CONTROLLER, group.name, path, text + consent, refuses=not agreed)
                yield from (self._remark(FieldVerdict.IMPOSSIBLE, group.name, *one) for one in handed.problems)
            for feature, path, support in supports_of(group, self.provider):
                if support.means is Means.TRIMTAB:
                    yield self._remark(
                        FieldVerdict.TRIMTAB, group.name, path, f"{feature}: {support.text}", refuses=False
                    )
            form = self.declared.portability.region
            if form and group.location and (problem := form.problem(group.location)):
                yield self._remark(FieldVerdict.IMPOSSIBLE, group.name, "location", problem)
            yield from (self._remark(FieldVerdict.IMPOSSIBLE, group.name, *one) for one in self._strange_words(group))

    def _strange_words(self, group: ScalingGroup) -> Iterator[tuple[str, str]]:
        """The fields that hold another cloud's own ids or sizes."""
        others = [name for name in surveyed_clouds() if name != self.provider]
        blocks = group.other_blocks(self.provider)
        for leaf in set_leaves(group):
            if not any(leaf.is_within(block) for block in blocks):
                found = (self._strange(leaf, value_at(group, leaf.path), name) for name in others)
                yield from ((leaf.path, text) for text in [next(filter(None, found), None)] if text)

    def _strange(self, leaf: SetLeaf, value: object, other: str) -> str | None:
        if not isinstance(value, str):
            return None
        fix = f"name it in words that are the same everywhere, or move it to an overlay of {other}"
        theirs, ours = declarations_of(other).portability, self.declared.portability
        ids, own, images = theirs.own_ids, ours.own_ids, theirs.own_images
        if leaf.path == "template.image.id" and images and images.fullmatch(value):
            return f"{value!r} is an image of {other}; write its system, {{os: ubuntu-22.04}}, or {fix}"
        if leaf.pattern not in FREE_TEXT and ids and ids.fullmatch(value) and not (own and own.fullmatch(value)):
            return f"{value!r} is an id of {other}; {fix}"
        if leaf.pattern in _SIZES and _has_size(other, value) and not _has_size(self.provider, value):
            return f"{value!r} is a size of {other}; write what is needed, {{cpus: 2, memory_gb: 4}}, or {fix}"
        return None

    # what the translation says

    def _of_translation(self) -> Iterator[PortabilityRemark]:
        pure: PureCode = load(self.declared.pure)
        # what the controller can take is told as its own, so the rest is judged as beside it
        fleet = self.fleet.model_copy(update={"controller": True})
        facts = pure.assumed(fleet, pure.location) if pure.assumed else pure.facts()
        told = pure.translate(fleet, facts, self.now, pure.location)
        for note in (*facts.problems, *told.problems):
            verdict = FieldVerdict.APPROXIMATED if self._takes_consent(note) else FieldVerdict.IMPOSSIBLE
            yield self._of_note(note, verdict)
        handed = self._handed()
        for note in told.notes:
            if note.approximation and not _is_unused(note):
                yield self._of_note(note, FieldVerdict.APPROXIMATED)
            elif _is_unused(note) and (note.group, note.path) not in handed:
                yield self._of_note(note, FieldVerdict.UNUSED)

    def _of_note(self, note: Note, verdict: FieldVerdict) -> PortabilityRemark:
        refuses = verdict is FieldVerdict.IMPOSSIBLE or self._takes_consent(note)
        paths, _, text = note.text.partition(": ") if note.path else ("", "", note.text)
        text = text.removeprefix(NOT_USED).lstrip(": ")
        return self._remark(verdict, note.group, paths, text, refuses=refuses)

    def _takes_consent(self, note: Note) -> bool:
        """Whether a problem is only that another size can result, which the policy may accept."""
        group = next((one for one in self.fleet.groups if one.name == note.group), None)
        supports = supports_of(group, self.provider) if group else ()
        return any(
            support.sizes and path == note.path and _text_of(note).startswith(f"{feature}: {support.text}; ")
            for feature, path, support in supports
        )

    def _handed(self) -> set[tuple[str, str]]:
        """What the controller enacts: group and path."""
        groups = [group for group in self.fleet.groups if is_controlled(group, self.provider)]
        return {(group.name, path) for group in groups for path, _ in delegate(group, self.provider, self.now).notes}

    def _remark(
        self, verdict: FieldVerdict, group: str, path: str, text: str, *, refuses: bool = True
    ) -> PortabilityRemark:
        place = self.fleet.position(group, path.split(PATHS)[0])
        return PortabilityRemark(verdict, group, path, text, place, refuses)


FREE_TEXT = frozenset(
    {
        *(
            "tags.*",
            "template.tags.*",
            "template.variables.*",
            "template.user_data",
            "template.user_data_parts.*",
            "placement.subnet_tags.*",
        ),
        *(f"{item}.*.{name}" for item in ITEMS for name in ("description", "metric.dimensions.*", "metric.query")),
    }
)
"""Fields that hold what somebody likes, so that nothing in them is an id."""
_SIZES = frozenset({"template.size", "purchase.sizes.*.size"})


def _has_size(provider: str, name: str) -> bool:
    catalogue = catalogue_of(provider)
    return catalogue is not None and catalogue.find(name) is not None


def _text_of(note: Note) -> str:
    return note.text.removeprefix(f"{note.path}: ")


def _is_unused(note: Note) -> bool:
    return _text_of(note).startswith(NOT_USED)


def _verdicts(group: ScalingGroup, remarks: Sequence[PortabilityRemark]) -> Iterator[FieldVerdict]:
    """The verdict of each field that is set: the worst of what is said of it, of what is around it and of its parts."""
    about = [(path, one.verdict) for one in remarks if one.group == group.name for path in _reach(one)]
    for leaf in set_leaves(group):
        said = [verdict for path, verdict in about if leaf.is_within(path) or path.startswith(f"{leaf.path}.")]
        yield max(said, key=_ORDER.__getitem__, default=FieldVerdict.NATIVE)


def _reach(remark: PortabilityRemark) -> list[str]:
    """What a remark is about: the controller takes an item as a whole, whatever of it the cloud lacks."""
    head, *rest = remark.path.split(".")
    whole = remark.verdict is FieldVerdict.CONTROLLER and head in ITEMS and rest
    return [f"{head}.{rest[0]}"] if whole else remark.path.split(PATHS)
