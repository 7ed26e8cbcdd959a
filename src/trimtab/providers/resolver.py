"""What every resolver does: each distinct question is asked once, all of them at the same time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypedDict, TypeVar

from trimtab.models import Fleet
from trimtab.plan import Live, Note, Unknown
from trimtab.providers.retry import Caller

C = TypeVar("C", bound=Caller)
Question = tuple[str, ...]
"""What is asked for, in words, and by what."""


class Said(TypedDict):
    """What `Facts` has of every provider."""

    notes: tuple[Note, ...]
    problems: tuple[Note, ...]
    unknown: tuple[Unknown, ...]


@dataclass(kw_only=True)
class Resolving(Generic[C]):
    """
    Facts in the making.

    Attributes:
        calls: Asks the cloud.
        fleet: Says what is referred to.
        live: What a read found.
        refresh: What is looked up anew although it was kept.
        notes: What a reviewer should know.
        problems: What was not found, or was found more than once.
        unknown: What could not be looked up.
    """

    calls: C
    fleet: Fleet
    live: Live
    refresh: frozenset[str] = frozenset()
    notes: list[Note] = field(default_factory=list)
    problems: list[Note] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    def ask(self, questions: Mapping[Question, Callable[[], Any]]) -> dict[Question, Any]:
        """The answer to each question, or why there is none."""
        return dict(zip(questions, self.calls.gather(list(questions.values())), strict=True))

    def said(self) -> Said:
        """All that is to be said of what was looked up, as `Facts` takes it."""
        return Said(notes=tuple(self.notes), problems=tuple(self.problems), unknown=tuple(self.unknown))
