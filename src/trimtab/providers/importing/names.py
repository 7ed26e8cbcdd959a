"""What imported things are called in a fleet file."""

import re
from collections.abc import Iterable, Sequence, Set

from trimtab.models.base import ITEM_NAME, NAME, fold_name
from trimtab.plan import Mark, digest

LONGEST = 63
"""How long a name can be."""


def legal(text: str, kind: str) -> str:
    """The nearest name to a text that is legal."""
    word = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    word = word if word[:1].isalpha() else f"{kind}-{word}".rstrip("-")
    return word[:LONGEST].rstrip("-")


def legal_item(text: str, kind: str) -> str:
    """The nearest name to a text that is legal for something within a group."""
    word = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-_")
    word = word if word[:1].isalpha() else f"{kind}-{word}".rstrip("-")
    return word[:LONGEST].rstrip("-_")


def unused(name: str, taken: Iterable[str]) -> str:
    """The name, with a number where it is taken, in whatever case."""
    number = 1
    free = name
    folded = {fold_name(other) for other in taken}
    while fold_name(free) in folded:
        number += 1
        tail = f"-{number}"
        free = f"{name[: LONGEST - len(tail)].rstrip('-')}{tail}"
    return free


def is_exact(native: str, prefix: str, pattern: str = NAME) -> bool:
    """Whether translation would call it so."""
    return native.startswith(prefix) and re.fullmatch(pattern, native.removeprefix(prefix)) is not None


def group_names(native: str, fleet: str, mark: Mark | None = None) -> dict[str, str]:
    """A group's name within the fleet, and its native name where that does not say itself."""
    if mark is not None and mark.fleet == fleet and mark.group:
        name = mark.group
    else:
        name = native.removeprefix(f"{fleet}-") if is_exact(native, f"{fleet}-") else legal(native, "group")
    return {"name": name} if native == f"{fleet}-{name}" else {"name": name, "native_name": native}


def fleet_for(natives: Sequence[str], location: str, mark: Mark | None = None) -> str:
    """
    The fleet of groups that nobody named one for: the one whose mark they bear, else one that is theirs alone.

    Two fleets of one name would delete each other's groups, so the name tells these groups in this location from all
    others: what they all begin with, and a digest.
    """
    if mark is not None:
        return mark.fleet
    parts = [native.split("-") for native in natives]
    shared: list[str] = []
    for words in zip(*parts, strict=False):
        if len(set(words)) > 1:
            break
        shared.append(words[0])
    tail = digest([location, sorted(natives)])[:6]
    return f"{legal('-'.join(shared), 'fleet')[: LONGEST - 7].rstrip('-')}-{tail}"


def short_names(natives: Iterable[str], kind: str, *prefixes: str, taken: Set[str] = frozenset()) -> dict[str, str]:
    """
    A name within the group for each native name; no two alike.

    Args:
        natives: What the things are called in the cloud.
        kind: The word that comes first where a name may not begin as it does.
        prefixes: What a name may begin with; the first is what translation puts there.
        taken: Names that none may have.
    """
    names: dict[str, str] = {}
    exact = prefixes[0] if prefixes else ""
    for native in sorted(natives, key=lambda name: (not is_exact(name, exact, ITEM_NAME), name)):
        prefix = next((start for start in prefixes if native.startswith(start)), "")
        names[native] = unused(legal_item(native.removeprefix(prefix), kind), {*names.values(), *taken})
    return names
