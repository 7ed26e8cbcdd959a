"""What every resolver does: each distinct question is asked once, all at the same time; what was resolved is kept."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypedDict, TypeVar

from trimtab.checks.live import NEWER_IMAGE
from trimtab.errors import ProviderError
from trimtab.models import Fleet, ScalingGroup
from trimtab.plan import Key, Live, Note, Unknown
from trimtab.providers.errors import unread
from trimtab.providers.pinning import pin, pinned
from trimtab.providers.retry import Caller

C = TypeVar("C", bound=Caller)
Question = tuple[str, ...]
"""What is asked for, in words, and by what."""
Questions = Mapping[Question, Callable[[], Any]]
Answers = Mapping[Question, Any]
"""The answer to each question, or the error of why there is none."""


class Said(TypedDict):
    """What `Facts` has of every provider."""

    notes: tuple[Note, ...]
    problems: tuple[Note, ...]
    unknown: tuple[Unknown, ...]


@dataclass(kw_only=True)
class Resolving(ABC, Generic[C]):
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
        kept: What was resolved when a group was created and is kept since: by the group's name.
    """

    calls: C
    fleet: Fleet
    live: Live
    refresh: frozenset[str] = frozenset()
    notes: list[Note] = field(default_factory=list)
    problems: list[Note] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    kept: dict[str, dict[str, str]] = field(default_factory=dict)

    @abstractmethod
    def location_of(self, group: ScalingGroup) -> str:
        """Where a group lives."""

    @abstractmethod
    def questions(self, group: ScalingGroup) -> Questions:
        """What is to be looked up for a group."""

    def shared_questions(self) -> Questions:
        """What is to be looked up for several groups together."""
        return {}

    def unknown_of(self, question: Question, error: ProviderError) -> Iterable[Unknown]:
        """What is unknown because a question was not answered."""
        places = sorted({self.location_of(group) for group in self.fleet.groups})
        return unread(places, "*", error, f"{question[0]}: ")

    def look_up(self) -> Answers:
        """The answers about all groups."""
        questions: dict[Question, Callable[[], Any]] = {}
        for group in self.fleet.groups:
            questions |= self.questions(group)
        questions |= self.shared_questions()
        answers = dict(zip(questions, self.calls.gather(list(questions.values())), strict=True))
        for question, answer in answers.items():
            if isinstance(answer, ProviderError):
                self.unknown += self.unknown_of(question, answer)
        return answers

    def pin_image(self, group: ScalingGroup, kind: str, selector: str, newest: str) -> str:
        """
        The image that a group was created with, else the newest match; empty where neither is known.

        Args:
            group: The group.
            kind: The kind of what bears the mark that keeps it, under the group's name.
            selector: Tells one way of asking for an image from another.
            newest: The newest match; empty where there is none. That it is newer is a note, unless it is to be taken.
        """
        holder = self.live.resources.get(Key(self.location_of(group), kind, self.fleet.native_name(group)))
        kept = "" if "image" in self.refresh else pinned(holder, self.fleet.name, "image", selector)
        chosen = kept or newest
        if newest and newest != chosen:
            text = f"a newer image, {newest}, matches; refresh the image to take it (now {chosen})"
            self.notes.append(Note(text, group.name, code=NEWER_IMAGE))
        if chosen:
            self.kept[group.name] = pin("image", selector, chosen)
        return chosen

    def said(self) -> Said:
        """All that is to be said of what was looked up, as `Facts` takes it."""
        return Said(notes=tuple(self.notes), problems=tuple(self.problems), unknown=tuple(self.unknown))
