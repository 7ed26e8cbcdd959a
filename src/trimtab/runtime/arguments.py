"""What callers give beside models, words and lists of words: what cannot be meant is an error at once."""

from collections.abc import Iterable, Sequence, Set

from trimtab.errors import InvalidArgument
from trimtab.phrases import closest, in_words


def check_word(name: str, given: object, words: Iterable[str]) -> None:
    """
    Refuse a word that is none of these.

    Raises:
        InvalidArgument: It says which words there are.
    """
    known = list(words)
    if given not in known:
        close = closest(str(given), known)
        guess = f"; did you mean {close!r}?" if close else ""
        raise InvalidArgument(f"{name}: {given!r} is not one of {in_words([repr(word) for word in known])}{guess}")


def check_list(name: str, given: object) -> None:
    """
    Refuse what is no list; a text is no list of its letters.

    Raises:
        InvalidArgument: It says what to write.
    """
    if isinstance(given, (str, bytes)) or not isinstance(given, (Sequence, Set)):
        raise InvalidArgument(f"{name}: give a list, such as [{given!r}], not {given!r}")
