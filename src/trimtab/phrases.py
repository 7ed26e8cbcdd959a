"""Long lists in few words: what people read names the first few, what programs read has all."""

from collections.abc import Sequence

MOST_NAMES = 3
"""So many names stand in one sentence."""
MOST_LINES = 20
"""So many lines of one sort are printed."""


def in_words(names: Sequence[str], between: str = ", ") -> str:
    """Names, or phrases, in one sentence, those after the first few only counted."""
    more = len(names) - MOST_NAMES
    return between.join(names) if more <= 0 else f"{between.join(names[:MOST_NAMES])} and {more} more"


def capped(lines: Sequence[str]) -> list[str]:
    """The first lines, and how many more there are; all when that is one line as well."""
    more = len(lines) - MOST_LINES
    return list(lines) if more <= 1 else [*lines[:MOST_LINES], f"and {more} more"]
