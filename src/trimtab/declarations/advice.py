"""What a check says of one cloud, where that is not what it says of any."""

from dataclasses import dataclass
from enum import StrEnum


class Applies(StrEnum):
    """To which groups in a cloud a check applies."""

    TO_ALL = "to all"
    WITH_CONTROLLER = "with the controller"
    TO_NONE = "to none"


@dataclass(frozen=True, slots=True)
class Advice:
    """
    A check in one cloud.

    Attributes:
        applies: To which groups.
        text: Why it does not apply, or what is otherwise there.
        mend: What to do there, in place of the check's own advice; empty where that is right.
    """

    applies: Applies = Applies.TO_ALL
    text: str = ""
    mend: str = ""


GENERAL = Advice()
"""The check says of the cloud what it says of any."""


def not_here(text: str) -> Advice:
    """A check that has nothing to find in a cloud; why."""
    return Advice(Applies.TO_NONE, text)


def with_controller(text: str) -> Advice:
    """A check on what a cloud does not do by itself, so that it applies where the controller does it; what that is."""
    return Advice(Applies.WITH_CONTROLLER, text)


def otherwise(text: str, mend: str = "") -> Advice:
    """A check that finds something else in a cloud, or has another remedy; what, and which."""
    return Advice(Applies.TO_ALL, text, mend)
