"""What a check finds: a code, a place, what is wrong and how to mend it."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from trimtab.models import Position

PAGES = "https://trimtab.readthedocs.io/en/latest/checks"


class Remark(NamedTuple):
    """What a rule has to say about a field of a group."""

    path: str
    """The field, with names for list items: `policies.scale-out.cooldown`; empty for the group itself."""
    text: str
    """What is the matter."""
    mend: str
    """What to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One piece of advice about a group.

    Attributes:
        code: Which rule: `TT101`. Codes do not change.
        group: The group's name; empty where a comment stands in none.
        path: The field that is meant: `alarms.idle.below`; empty for the group itself.
        text: What is the matter.
        mend: What to do about it.
        position: Where the file gives that field; `None` for a fleet made in Python.
        page: The page that says why it hurts, with an example and its mend; empty where there is none.
        is_ignored: Whether a comment of the file leaves it out.
        reason: Why, as the comment says.
    """

    code: str
    group: str
    path: str
    text: str
    mend: str
    position: Position | None = None
    page: str = ""
    is_ignored: bool = False
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.place}: {self.text}" if self.place else f"{self.code} {self.text}"

    @property
    def place(self) -> str:
        """The group and the field in words: `group web, alarms.idle.below`; empty where no group is meant."""
        return ", ".join(part for part in (f"group {self.group}" if self.group else "", self.path) if part)

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        where = {"source": str(self.position)} if self.position else {}
        said = {"code": self.code, "group": self.group, "path": self.path, "text": self.text, "mend": self.mend}
        left_out = {"ignored": True, "reason": self.reason} if self.is_ignored else {}
        return {**said, "page": self.page, **where, **left_out}


def page_of(code: str) -> str:
    """The address of a rule's page."""
    return f"{PAGES}/{code}.html"
