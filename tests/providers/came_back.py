"""How much of what a cloud answered truly comes back: leaves of a live body that the re-translated body has as well."""

from trimtab.plan import Secret, resolved
from trimtab.plan.resource import Ref


def leaves_that_came_back(kinds, live, wanted):
    """
    How many leaves of the live bodies stand, equal, in what translation makes of the imported group.

    A default that neither body states counts for nothing. What bears another name than the fleet gives it is held
    against what translation makes of the same sort, in order.
    """
    wanted = list(wanted)
    by_key = {item.key: item for item in wanted}
    known = {Ref(item.key, name): value for item in live for name, value in item.attributes.items()}
    pairs = [(item, by_key[item.key]) for item in live if item.key in by_key]
    taken = {made.key for _, made in pairs}
    for item in live:
        left = [made for made in wanted if made.key.kind == item.key.kind and made.key not in taken]
        if item.key not in by_key and left:
            taken.add(left[0].key)
            pairs.append((item, left[0]))
    return sum(_equal_leaves(kinds[item.key.kind], item.body, resolved(made.body, known)) for item, made in pairs)


def _equal_leaves(kind, live, made):
    return (
        sum(_folded(value) == _folded(made.get(path)) for path, value in _stated(kind, live).items())
        if (made := _stated(kind, made))
        else 0
    )


def _stated(kind, body):
    return kind.given(body)


def _folded(value):
    if isinstance(value, Secret):
        return value.value
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, str):
        return value.lower()
    return frozenset(map(_folded, value)) if isinstance(value, frozenset) else value
