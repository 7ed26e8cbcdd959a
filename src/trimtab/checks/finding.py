"""What a check finds: a code, a place, what is wrong and how to mend it."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from trimtab.models import Position

PAGES = "https://trimtab.readthedocs.io/en/latest/checks"


class Remark(NamedTuple):
    """What a rule has to say about a field of a group."""

    path: str
    """The field, with names for list items: `policies.scale-out.cooldown`."""
    text: str
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One piece of advice about a group.

    Attributes:
        code: Which rule: `TT101`. Codes do not change.
        group: The group's name.
        path: The field that is meant: `alarms.idle.below`; empty for the group itself.
        text: What is the matter.
        mend: What to do about it.
        position: Where the file gives that field; `None` for a fleet made in Python.
    """

    code: str
    group: str
    path: str
    text: str
    mend: str
    position: Position | None = None

    def __str__(self) -> str:
        where = ", ".join(part for part in (f"group {self.group}", self.path) if part)
        return f"{self.code} {where}: {self.text}"

    @property
    def page(self) -> str:
        """The page that says why it hurts, with an example and its mend."""
        return page_of(self.code)

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        where = {"source": str(self.position)} if self.position else {}
        said = {"code": self.code, "group": self.group, "path": self.path, "text": self.text, "mend": self.mend}
        return {**said, "page": self.page, **where}


def page_of(code: str) -> str:
    """The address of a rule's page."""
    return f"{PAGES}/{code}.html"
