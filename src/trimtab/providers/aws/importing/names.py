"""Native names as names of ours: shortened where they begin as translation would begin them, else made legal."""

from collections.abc import Iterable, Set

from trimtab.providers.importing import legal, unused
from trimtab.providers.importing.names import is_exact


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
    for native in sorted(natives, key=lambda name: (not is_exact(name, exact), name)):
        prefix = next((start for start in prefixes if native.startswith(start)), "")
        names[native] = unused(legal(native.removeprefix(prefix), kind), {*names.values(), *taken})
    return names
