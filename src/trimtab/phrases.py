"""Words of messages: long lists in few words, the word that was meant, and text that is safe to print."""

from collections.abc import Iterable, Sequence

MOST_NAMES = 3
"""So many names stand in one sentence."""


def in_words(names: Sequence[str], between: str = ", ") -> str:
    """Names, or phrases, in one sentence, those after the first few only counted."""
    more = len(names) - MOST_NAMES
    return between.join(names) if more <= 0 else f"{between.join(names[:MOST_NAMES])} and {more} more"


def closest(word: str, words: Iterable[str]) -> str | None:
    """The one of some words that may have been meant; `None` where none is near."""
    from difflib import get_close_matches  # only mistakes need it

    return next(iter(get_close_matches(word, list(words), 1, 0.6)), None)


def one_line(text: str, longest: int = 300) -> str:
    """Somebody else's text on one line of bounded length, without what could steer a terminal."""
    printable = "".join(char if char.isprintable() else " " for char in text[: 4 * longest])
    line = " ".join(printable.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def error_words(error: BaseException) -> str:
    """What somebody else's error says, on one line; its class alone where it cannot say."""
    try:
        return one_line(f"{type(error).__name__}: {error}".removesuffix(": "))
    except Exception:
        return type(error).__name__


def printable(text: str, *, lines: bool = False) -> str:
    """`text` with whatever could steer a terminal written out as an escape."""
    return "".join(char if char.isprintable() or (lines and char == "\n") else _escape(char) for char in text)


def plain_markdown(text: str) -> str:
    """Somebody else's text on one line of Markdown, every mark escaped: for a cell of a table or an item of a list."""
    plain = printable(text)
    for mark in "\\|<>`*_[":
        plain = plain.replace(mark, f"\\{mark}")
    return plain


def _escape(char: str) -> str:
    import json  # hardly any text has such a character

    return json.dumps(char)[1:-1] if char < "\x7f" or char > "\xff" else f"\\x{ord(char):02x}"
