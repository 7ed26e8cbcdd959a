"""What callers give beside models, words and lists of words: what cannot be meant is an error at once."""

from collections.abc import Iterable, Sequence, Set
from datetime import datetime, timedelta

from trimtab.errors import InvalidArgument
from trimtab.models import Metric
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


def check_duration(name: str, given: object) -> None:
    """
    Refuse what is no length of time, such as a bare number.

    Raises:
        InvalidArgument: It says what to write.
    """
    if not isinstance(given, timedelta):
        raise InvalidArgument(f"{name}: {given!r} is not a duration; give a timedelta, such as trimtab.minutes(5)")


def check_since(name: str, given: object) -> None:
    """
    Refuse what is neither a moment nor a length of time.

    Raises:
        InvalidArgument: It says what to write.
    """
    if not isinstance(given, (datetime, timedelta)):
        text = "give an aware datetime, or how far back it is, such as trimtab.hours(2)"
        raise InvalidArgument(f"{name}: {given!r} is neither a time nor a duration; {text}")


def check_size(name: str, given: object) -> None:
    """
    Refuse what is no number of instances.

    Raises:
        InvalidArgument: It says what to write.
    """
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise InvalidArgument(f"{name}: {given!r} is not a number of instances; give a whole number, 0 or more")


def check_metric(name: str, given: object) -> None:
    """
    Refuse what is no metric, such as its name.

    Raises:
        InvalidArgument: It says what to write.
    """
    if not isinstance(given, Metric):
        raise InvalidArgument(f"{name}: {given!r} is not a `Metric`; give one such as trimtab.metrics.cpu")
