"""Native names as names of ours: shortened where they begin as translation would begin them, else made legal."""

import re
from collections.abc import Iterable

from trimtab.models.base import NAME
from trimtab.providers.imports import LONGEST, legal


def short_names(natives: Iterable[str], prefix: str, kind: str) -> dict[str, str]:
    """
    A name within the group for each native name; no two alike.

    Args:
        natives: What the things are called in the cloud.
        prefix: What translation puts before a name.
        kind: The word that comes first where a name may not begin as it does.
    """
    found: dict[str, str] = {}
    for native in sorted(natives, key=lambda one: (not is_exact(one, prefix), one)):
        wanted = native.removeprefix(prefix) if is_exact(native, prefix) else legal(native.removeprefix(prefix), kind)
        found[native] = _free(wanted, found.values())
    return found


def is_exact(native: str, prefix: str) -> bool:
    """Whether translation would call it so."""
    return native.startswith(prefix) and re.fullmatch(NAME, native.removeprefix(prefix)) is not None


def _free(wanted: str, taken: Iterable[str]) -> str:
    names, name, number = set(taken), wanted, 2
    while name in names:
        name = f"{wanted[: LONGEST - len(str(number)) - 1]}-{number}"
        number += 1
    return name


def group_name(native: str, fleet: str | None) -> tuple[str, str | None]:
    """A group's name within the fleet, and its native name where that does not say itself."""
    if fleet is not None and is_exact(native, f"{fleet}-"):
        return native.removeprefix(f"{fleet}-"), None
    return legal(native, "group"), native
