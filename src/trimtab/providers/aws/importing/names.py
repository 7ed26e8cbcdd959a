"""Native names as names of ours: shortened where they begin as translation would begin them, else made legal."""

from collections.abc import Iterable

from trimtab.providers.importing.names import LONGEST, is_exact, legal


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


def _free(wanted: str, taken: Iterable[str]) -> str:
    names, name, number = set(taken), wanted, 2
    while name in names:
        name = f"{wanted[: LONGEST - len(str(number)) - 1]}-{number}"
        number += 1
    return name
