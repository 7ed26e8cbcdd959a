"""The kinds of limits that a cloud sets on a value of a body, each on its own or beside other leaves; pure."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

Look = Callable[[str], list[Any]]
"""Gives the values that stand at a leaf, seen from where a rule is applied; `[*]` stands for the same item."""


class LimitRule(Protocol):
    """One kind of limit."""

    @property
    def words(self) -> str:
        """What is allowed, in words."""

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with a value, as the end of a sentence; `None` where nothing is or nothing can be told."""


@dataclass(frozen=True, slots=True)
class When:
    """
    What a row or a rule hangs on: a leaf that is set, or is not, or has one of some values.

    Attributes:
        leaf: The leaf, as in a row.
        among: Values of which it has one, whatever their case; any value where it is left out.
        fits: What one of its values matches from its beginning, whatever the case.
        below: What one of its values is less than.
        above: What one of its values is more than.
        items: So many items, or names, it has at least.
        absent: The opposite: nothing of the kind stands there.
    """

    leaf: str
    among: tuple[Any, ...] = ()
    fits: str = ""
    below: float | None = None
    above: float | None = None
    items: int = 0
    absent: bool = False

    @property
    def words(self) -> str:
        """The same in words."""
        name = f"`{last_word(self.leaf)}`"
        if self.among:
            return f"{name} {'is not' if self.absent else 'is'} {_few([str(value) for value in self.among])}"
        if self.below is not None or self.above is not None:
            return f"{name} is {'below' if self.below is not None else 'above'} {self.below or self.above:g}"
        if self.fits:
            return f"{name} {'does not begin' if self.absent else 'begins'} with `{self.fits}`"
        return f"without {name}" if self.absent else f"with {name}"

    def holds(self, look: Look) -> bool:
        """Whether it is so."""
        return any(self._is_meant(value) for value in look(self.leaf)) is not self.absent

    def _is_meant(self, value: Any) -> bool:
        if self.below is not None or self.above is not None:
            number = number_of(value)
            return number is not None and _is_between(number, self.above, self.below)
        if self.items:
            return isinstance(value, (list, tuple, Mapping)) and len(value) >= self.items
        if self.fits:
            return isinstance(value, str) and _compiled(self.fits, re.IGNORECASE).match(value) is not None
        return value not in (False, [], {}, "") if not self.among else _folded(value) in map(_folded, self.among)


@dataclass(frozen=True, slots=True)
class Range:
    """A number, or a span of time in seconds, from `least` to `most`."""

    least: float | None = None
    most: float | None = None
    unit: str = ""

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return _bounds(self.least, self.most, self.unit)

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with the number, however it is written."""
        number = number_of(value)
        if number is None or _is_within(number, self.least, self.most):
            return None
        return f"is {_amount(number, self.unit)}; {_bounds(self.least, self.most, self.unit)}"


@dataclass(frozen=True, slots=True)
class Multiple:
    """A number that is a multiple of another."""

    of: float
    unit: str = ""

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return f"a multiple of {_amount(self.of, self.unit)}"

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with the number."""
        number = number_of(value)
        if number is None or number % self.of == 0:
            return None
        return f"is {_amount(number, self.unit)}; write a multiple of {_amount(self.of, self.unit)}"


@dataclass(frozen=True, slots=True)
class Choice:
    """A number that is one of a few, or a multiple of the last of them."""

    numbers: tuple[float, ...]
    multiples: bool = False
    unit: str = ""

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        numbers = ", ".join(_amount(each, self.unit) for each in self.numbers)
        return f"{numbers}{f', or a multiple of {_amount(self.numbers[-1], self.unit)}' if self.multiples else ''}"

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with the number."""
        number = number_of(value)
        last = self.numbers[-1]
        if number is None or number in self.numbers or (self.multiples and number > 0 and number % last == 0):
            return None
        words = ", ".join(_amount(each, self.unit) for each in self.numbers)
        more = f", or a multiple of {_amount(last, self.unit)}" if self.multiples else ""
        return f"is {_amount(number, self.unit)}; write one of {words}{more}"


@dataclass(frozen=True, slots=True)
class AtMostTimes:
    """A number that is at most so many times what stands at another leaf, or at least."""

    leaf: str
    times: float
    least: bool = False

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        word = "least" if self.least else "most"
        return f"at {word} {'' if self.times == 1 else f'{self.times:g} times '}`{last_word(self.leaf)}`"

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with the number beside the other."""
        number = number_of(value)
        for other in map(number_of, look(self.leaf)):
            if number is None or other is None:
                continue
            bound = other * self.times
            if number < bound if self.least else number > bound:
                word = "least" if self.least else "most"
                times = "" if self.times == 1 else f"{self.times:g} times "
                return f"is {number:g}; it can be at {word} {bound:g}, {times}{last_word(self.leaf)} ({other:g})"
        return None


@dataclass(frozen=True, slots=True)
class ProductAtMost:
    """A number that, times what stands at another leaf, is at most so much."""

    leaf: str
    most: float
    unit: str = ""

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return f"times `{last_word(self.leaf)}` at most {_amount(self.most, self.unit)}"

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with the product."""
        number = number_of(value)
        for other in map(number_of, look(self.leaf)):
            if number is not None and other is not None and number * other > self.most:
                span = _amount(number * other, self.unit)
                bound = f"at most {_amount(self.most, self.unit)} is allowed"
                return f"times {last_word(self.leaf)} ({other:g}) is {span}; {bound}"
        return None


@dataclass(frozen=True, slots=True)
class Length:
    """A text of so many characters."""

    least: int | None = None
    most: int | None = None

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return f"{_bounds(self.least, self.most)} characters"

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with the number of characters."""
        if not isinstance(value, str) or _is_within(len(value), self.least, self.most):
            return None
        return f"has {len(value)} characters; {_bounds(self.least, self.most)}"


@dataclass(frozen=True, slots=True)
class Bytes:
    """A text of at most so many bytes, counted before or after base64."""

    most: int
    decoded: bool = False

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return f"at most {self.most:,} bytes{' before base64' if self.decoded else ''}"

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with the number of bytes."""
        if not isinstance(value, str):
            return None
        size = len(_decoded(value) if self.decoded else value.encode())
        if size <= self.most:
            return None
        encoded = "" if self.decoded else " as sent"
        return f"has {size:,} bytes{encoded}; at most {self.most:,} are allowed"


@dataclass(frozen=True, slots=True)
class TotalBytes:
    """Pairs of a key and a value that have at most so many bytes together."""

    most: int

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return f"at most {self.most:,} bytes in all"

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with the number of bytes."""
        pairs = [item for item in value if isinstance(item, Mapping)] if isinstance(value, (list, tuple)) else []
        texts = [str(part) for item in pairs for part in (item.get("key", ""), item.get("value", ""))]
        size = sum(len(text.encode()) for text in texts)
        return None if size <= self.most else f"has {size:,} bytes in all; at most {self.most:,} are allowed"


@dataclass(frozen=True, slots=True)
class Count:
    """So many items in a list or a mapping; with `of`, only those whose leaf is set."""

    least: int | None = None
    most: int | None = None
    what: str = "items"

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return f"{_bounds(self.least, self.most)} {self.what}"

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with the number of items."""
        if not isinstance(value, (list, tuple, Mapping)) or _is_within(len(value), self.least, self.most):
            return None
        return f"has {len(value)} {self.what}; {_bounds(self.least, self.most)}"


@dataclass(frozen=True, slots=True)
class Distinct:
    """A list of which no two items are alike, or have the same value at a leaf of theirs."""

    by: str = ""

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return "nothing twice"

    def breach(self, value: Any, look: Look) -> str | None:
        """Which item stands there twice."""
        if not isinstance(value, (list, tuple)):
            return None
        values = [item.get(self.by) if self.by and isinstance(item, Mapping) else item for item in value]
        twice = next((each for index, each in enumerate(values) if each in values[:index]), None)
        return None if twice is None else f"names {twice!r} twice; leave one out"


@dataclass(frozen=True, slots=True)
class AllOrNone:
    """A list whose items all have a leaf, or none of them."""

    leaf: str

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return f"`{self.leaf}` on all or on none"

    def breach(self, value: Any, look: Look) -> str | None:
        """How many have it."""
        if not isinstance(value, (list, tuple)):
            return None
        have = sum(isinstance(item, Mapping) and item.get(self.leaf) is not None for item in value)
        if have in (0, len(value)):
            return None
        return f"has {self.leaf} on {have} of {len(value)} items; write it on all or on none"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text that a regular expression matches as a whole."""

    regex: str
    means: str = ""
    flags: int = 0

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return self.means or f"must match `{self.regex}`"

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with the text."""
        if not isinstance(value, str) or _compiled(self.regex, self.flags).fullmatch(value):
            return None
        return f"is {shown(value)}; {self.means or f'it must match {self.regex}'}"


@dataclass(frozen=True, slots=True)
class Inside:
    """
    A number inside a text, or what it is for each of another in the same text.

    Attributes:
        regex: Finds it in the whole text: the group `number`, and the group `per` where it is for each of another.
        rule: What the number keeps to; a text that has none keeps to everything.
        what: What it is: `the number of vCPUs`.
    """

    regex: str
    rule: Range | Multiple | Choice
    what: str

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return f"{self.what}: {self.rule.words}"

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with the number."""
        found = _compiled(self.regex, 0).fullmatch(value) if isinstance(value, str) else None
        if found is None:
            return None
        parts = found.groupdict()
        wrong = self.rule.breach(float(found["number"]) / float(parts.get("per") or 1), look)
        return f"is {shown(value)}: {self.what} {wrong}" if wrong else None


@dataclass(frozen=True, slots=True)
class Unquoted:
    """A secret that a regular expression matches as a whole: what is wrong with it is said without it."""

    regex: str
    means: str

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return self.means

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with the secret."""
        return None if not isinstance(value, str) or _compiled(self.regex, 0).fullmatch(value) else self.means


@dataclass(frozen=True, slots=True)
class OneOf:
    """A text that is one of some words."""

    names: tuple[str, ...]
    ignore_case: bool = False

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return f"one of {_few(self.names)}"

    def breach(self, value: Any, look: Look) -> str | None:
        """What is wrong with the word."""
        words = tuple(word.lower() for word in self.names) if self.ignore_case else self.names
        if not isinstance(value, str) or (value.lower() if self.ignore_case else value) in words:
            return None
        return f"is {shown(value)}; write one of {_few(self.names)}"


@dataclass(frozen=True, slots=True)
class Needs:
    """What takes something else beside it, or one of several."""

    others: tuple[When, ...]
    text: str

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return self.text

    def breach(self, value: Any, look: Look) -> str | None:
        """What is missing."""
        return None if _is_unset(value) or any(each.holds(look) for each in self.others) else self.text


@dataclass(frozen=True, slots=True)
class Excludes:
    """What cannot stand beside something else."""

    other: When
    text: str

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        return self.text

    def breach(self, value: Any, look: Look) -> str | None:
        """What it cannot stand beside."""
        return self.text if not _is_unset(value) and self.other.holds(look) else None


_SPAN = re.compile(r"P(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?")
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}


def number_of(value: Any) -> float | None:
    """A number however a cloud writes it: `300`, `"300"`, `"300s"`, `"PT5M"`; `None` where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, (int, float)):
        return value
    if re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?s?", value, re.ASCII):
        return float(value.removesuffix("s"))
    match = _SPAN.fullmatch(value) if value.startswith("P") and len(value) > 2 else None
    if match is None or len(value) > 40:
        return None
    return sum(float(part) * _SECONDS[name] for name, part in match.groupdict().items() if part)


def shown(text: str, most: int = 60) -> str:
    """A text as a sentence quotes it, its end cut off where it is long."""
    return repr(text if len(text) <= most else f"{text[:most]}...")


def _is_between(number: float, above: float | None, below: float | None) -> bool:
    return (above is None or number > above) and (below is None or number < below)


def _is_within(number: float, least: float | None, most: float | None) -> bool:
    return (least is None or number >= least) and (most is None or number <= most)


def _bounds(least: float | None, most: float | None, unit: str = "") -> str:
    if most is None:
        return f"at least {_amount(least or 0, unit)} is required"
    if least is None:
        return f"at most {_amount(most, unit)} {'is' if most == 1 or unit else 'are'} allowed"
    if least == most:
        return f"it must be {_amount(least, unit)}"
    return f"it must be {_amount(least, unit)} to {_amount(most, unit)}"


def _amount(number: float, unit: str = "") -> str:
    if unit == "s":
        return _span(number)
    if 0 < abs(number) < 1e-3:
        return f"{number:.6f}".rstrip("0")
    return f"{number:.15g}" if abs(number) < 1e5 else f"{number:,.15g}"


def _span(seconds: float) -> str:
    for word, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds / size:g}{word}"
    return f"{seconds:g}s"


def _few(words: Sequence[str], most: int = 12) -> str:
    return ", ".join(words[:most]) + (", ..." if len(words) > most else "")


def _is_unset(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {}, ())


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def last_word(leaf: str) -> str:
    """The last word of a leaf that is a name."""
    steps = [step for step in re.split(r"[.\[\]{}]+", leaf) if step not in ("", "*", "key")]
    return steps[-1] if steps else leaf


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


@cache
def _compiled(regex: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(regex, flags)
