"""How findings put lists and one or many into words."""

from collections.abc import Sequence


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def verb(names: Sequence[str], singular: str, many: str) -> str:
    """The form of a verb that goes with so many names."""
    return singular if len(names) == 1 else many
