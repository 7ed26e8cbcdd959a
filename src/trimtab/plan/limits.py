"""How much a plan changes against how much one apply may change; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from trimtab.models import Fleet
from trimtab.phrases import in_words
from trimtab.plan.changes import Action, Change, Note, Reason
from trimtab.plan.kind import Kind

_ENDS = (Action.DELETE, Action.REPLACE)


@dataclass(frozen=True, slots=True)
class SizeChange:
    """What becomes of the size of a group that stands, in its unit."""

    group: str
    before: int
    after: int
    unit: str = "instances"


def is_within(amount: int | str, size: int, moved: int) -> bool:
    """Whether a size may change by `moved` at once: by so many, or by such a share of what it is."""
    if isinstance(amount, str):
        return moved * 100 <= int(amount.removesuffix("%")) * size
    return moved <= amount


def size_problems(fleet: Fleet, sizes: Sequence[SizeChange]) -> Iterator[Note]:
    """A problem for each size that would fall or rise further than the fleet allows."""
    for size in sizes:
        field, verb, moved = ("fall", "falls", -1) if size.after < size.before else ("rise", "rises", 1)
        amount = fleet.limits.fall if field == "fall" else fleet.limits.rise
        distance = (size.after - size.before) * moved
        if amount is None or is_within(amount, size.before, distance):
            continue
        fact = f"the size {verb} from {size.before} to {size.after} {size.unit}, by {distance} at once"
        nearest = size.before + moved * _most(amount, size.before)
        steps = f"go to {nearest} first, or raise" if nearest != size.before else "raise"
        text = f"{fact}, and at most {amount} is allowed; {steps} `limits.{field}`"
        yield _problem(fleet, f"limits.{field}", text, size.group)


def _most(amount: int | str, size: int) -> int:
    return int(amount.removesuffix("%")) * size // 100 if isinstance(amount, str) else amount


def deletion_problems(fleet: Fleet, changes: Sequence[Change], kinds: Mapping[str, Kind]) -> Iterator[Note]:
    """A problem where more is deleted or replaced than the fleet allows."""
    deleted, most = list(_deleted(changes, kinds)), fleet.limits.deletions
    if most is not None and len(deleted) > most:
        fact = f"{len(deleted)} are deleted or replaced ({in_words(deleted)}), and at most {most} may be"
        text = f"{fact}; remove fewer at once, or raise `limits.deletions`"
        yield _problem(fleet, "limits.deletions", text)


def _deleted(changes: Sequence[Change], kinds: Mapping[str, Kind]) -> Iterator[str]:
    """What ends: each group with all that is in it, and what ends in groups that stay."""
    ending = sorted((change for change in changes if _ends(change, kinds)), key=lambda change: change.group)
    for _, same in groupby(ending, lambda change: change.group):
        inside = list(same)
        groups = [change for change in inside if kinds[change.key.kind].holds_instances]
        yield from (f"{kinds[change.key.kind].label} {change.key.name}" for change in groups or inside)


def _ends(change: Change, kinds: Mapping[str, Kind]) -> bool:
    """Whether something is lost: not what another one of its kind takes the place of, unless it holds instances."""
    if kinds[change.key.kind].holds_instances:
        return change.action in _ENDS
    return change.action is Action.DELETE and change.reason not in (Reason.SUPERSEDED, Reason.OVER)


def resized_groups(changes: Sequence[Change], kinds: Mapping[str, Kind]) -> frozenset[str]:
    """The groups that stand before and after, and that something is written to."""
    new = {
        change.group
        for change in changes
        if kinds[change.key.kind].holds_instances and change.action is not Action.UPDATE
    }
    return frozenset(change.group for change in changes if change.action is not Action.ADOPT) - new


def _problem(fleet: Fleet, field: str, text: str, group: str = "") -> Note:
    return Note(f"{field}: {text}", group, place=fleet.position("", field))
