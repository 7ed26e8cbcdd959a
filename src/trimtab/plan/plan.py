"""The plan: what apply would do, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from trimtab.models import Fleet
from trimtab.plan.changes import Action, Change, Note, Unknown
from trimtab.plan.kind import Kind
from trimtab.plan.resource import full_digest


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """
    How a plan was asked for, so that apply can look again.

    Attributes:
        fleet: What is wanted, and where deletions look.
        prune: Whether what the fleet owns and no longer has is deleted.
        adopt: Whether what exists under the fleet's names is marked, and nothing else done.
        strict: Whether approximations are errors.
        refresh: What is looked up anew although it was kept.
        empty: Whether the empty fleet is wanted: everything goes.
        only: The groups that are planned; all when `None`.
    """

    fleet: Fleet
    prune: bool = True
    adopt: bool = False
    strict: bool = False
    refresh: frozenset[str] = frozenset()
    empty: bool = False
    only: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """
    What apply would do, and why; true when there is anything to do or anything in the way.

    Attributes:
        changes: In the order of a group's dependencies.
        notes: What a reviewer should know.
        problems: What makes the plan impossible, so that apply refuses it; and, `foreign`, what is held back alone.
        unknown: What could not be read; nothing is planned there.
        waiting: What reaches running instances by a rollout alone, and is not applied without one.
        templates: A digest of the template that each group under rollouts is to have, by the group's name.
        request: How the plan was asked for, so that apply can look again.
        kinds: What is known of the kinds of its resources, by name: what the vendor calls them, what replaces them.
    """

    provider: str
    fleet: str
    made_at: datetime
    changes: tuple[Change, ...] = ()
    notes: tuple[Note, ...] = ()
    problems: tuple[Note, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    waiting: tuple[Change, ...] = ()
    templates: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    request: PlanRequest | None = field(default=None, compare=False, repr=False)
    kinds: Mapping[str, Kind] = field(default_factory=dict, compare=False, repr=False)

    def __bool__(self) -> bool:
        return bool(self.changes or self.problems or self.unknown or self.waiting)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    @property
    def is_refused(self) -> bool:
        """Whether apply refuses it: something is impossible, or all there is to do is held back."""
        return any(not problem.foreign for problem in self.problems) or bool(self.problems and not self.changes)

    @cached_property
    def fingerprint(self) -> str:
        """Equal for two plans that do the same things to a cloud in the same state."""
        return full_digest([self.provider, self.fleet, sorted((change.ground() for change in self.changes), key=str)])

    def count(self, action: Action) -> int:
        """How many changes do `action`."""
        return sum(change.action is action for change in self.changes)

    @property
    def summary(self) -> dict[str, int]:
        """How many changes of each action, those that there are."""
        counts = {action.value: self.count(action) for action in Action}
        return {name: number for name, number in counts.items() if number}

    def __str__(self) -> str:
        """The plan in one sentence."""
        return f"plan of fleet {self.fleet} on {self.provider}: {self._sentence()}"

    def _sentence(self) -> str:
        from trimtab.plan.rendering import summary_line  # a plan that nobody looks at needs none of it

        return str(summary_line(self, empty="no changes")).rstrip(".").removeprefix("Plan: ")

    def to_text(self, *, width: int | None = None) -> str:
        """
        The plan as a reviewer reads it, without colours.

        Args:
            width: How many characters a line has at most, 40 at least; unlimited when left out.
        """
        from trimtab.plan.rendering import plan_lines

        return "".join(f"{str(each).rstrip()}\n" for each in plan_lines(self, width=width))

    def to_markdown(self) -> str:
        """The plan for a pull request: a table of fields for each change, and what is in the way."""
        from trimtab.plan.markup import plan_markdown

        return plan_markdown(self)

    def _repr_html_(self) -> str:
        from trimtab.plan.markup import plan_html

        return plan_html(self)

    def to_dict(self) -> dict[str, Any]:
        """JSON data for reviewers and programs; secrets as digests."""
        return {
            "trimtab_plan": 1,
            "provider": self.provider,
            "fleet": self.fleet,
            "made_at": self.made_at.isoformat(),
            "fingerprint": self.fingerprint,
            "summary": self.summary,
            "changes": [change.to_dict() for change in self.changes],
            "notes": [note.to_dict() for note in self.notes],
            "problems": [problem.to_dict() for problem in self.problems],
            "unknown": [scope.to_dict() for scope in self.unknown],
            **({"waiting": [change.to_dict() for change in self.waiting]} if self.waiting else {}),
        }

    def to_saved(self) -> dict[str, Any]:
        """
        The plan as it is saved: digests instead of values, and one of it all, to be held against a new plan later.

        `check_saved` does that.
        """
        saved = self.to_dict()
        for change, shown in zip(self.changes, saved["changes"], strict=True):
            _hide_values(change, shown)
        for change, shown in zip(self.waiting, saved.get("waiting", ()), strict=True):
            _hide_values(change, shown)
        # sentences without lines, so that a file that was only moved or commented still is the one of a saved plan
        saved["notes"] = [str(note) for note in self.notes]
        saved["problems"] = [str(replace(problem, place=None)) for problem in self.problems]
        saved["unknown"] = [str(scope) for scope in self.unknown]
        return {**saved, "digest": full_digest(saved)}


def _hide_values(change: Change, shown: dict[str, Any]) -> None:
    for item, field_shown in zip(change.fields, shown["fields"], strict=True):
        field_shown["old"], field_shown["new"] = full_digest(item.old), full_digest(item.new)
