"""The filter language of Cloud Monitoring: text in, a test of labels out."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from trimtab.emulators.gcp.filter_nodes import AllOf, AnyOf, Filter, FilterComparison, Node, Not
from trimtab.emulators.shared.errors import ServiceError

LONGEST = 2048
"""How many characters a filter has at most (MetricThreshold.filter, Cloud Monitoring API v3)."""
FUNCTIONS = ("starts_with", "ends_with", "has_substring", "one_of", "monitoring.regex.full_match")
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<operator>!=|>=|<=|=|:|>|<)
    |(?P<mark>[(),])
    |(?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    |(?P<word>[A-Za-z_][\w/-]*(?:\.(?:[\w/-]+|"[^"]*"))*)
    )""",
    re.VERBOSE,
)


def parse_filter(text: str, *, field: str = "filter") -> Filter:
    """
    A filter over time series, metrics or resources.

    Raises:
        ServiceError: It cannot be understood; the error says where.
    """
    return _parse(text, field, _monitoring_selector)


def parse_listing(text: str) -> Filter:
    """
    A filter over alert policies or notification channels, whose selectors are the fields of these.

    Raises:
        ServiceError: It cannot be understood; the error says where.
    """
    return _parse(text, "filter", _listing_selector)


def invalid(field: str, value: str, text: str) -> ServiceError:
    """The refusal of a value, in the service's words."""
    return ServiceError("INVALID_ARGUMENT", f'Field {field} had an invalid value of "{value}": {text}')


# selectors


def selector_of(name: str) -> str | None:
    """What a field of a time series is called here, such as `resource.labels.zone`; `None` for what is none."""
    return _monitoring_selector(name.replace('"', ""))


def _monitoring_selector(name: str) -> str | None:
    if name in ("metric.type", "resource.type", "project", "group.id"):
        return name
    if name.startswith("metadata."):
        return _labelled(name, "metadata.system_labels", "metadata.user_labels")
    return _labelled(name, "metric.labels", "resource.labels")


def _labelled(name: str, *families: str) -> str | None:
    for family in families:
        for prefix in (f"{family}.", f"{family[:-1]}."):
            if name.startswith(prefix):
                return f"{family}.{name.removeprefix(prefix)}"
    return None


def _listing_selector(name: str) -> str | None:
    if name in ("name", "display_name", "description", "documentation.content", "type", "user_labels", "enabled"):
        return name
    return _labelled(name, "user_labels", "labels")


# reading


class _FilterToken(NamedTuple):
    kind: str
    text: str
    at: int


class _RefusedFilter(Exception):
    def __init__(self, at: int, text: str) -> None:
        super().__init__(text)
        self.at = at
        self.text = text


@lru_cache(maxsize=1000)
def _parse(text: str, field: str, selector: Callable[[str], str | None]) -> Filter:
    if len(text) > LONGEST:
        raise invalid(field, text, f"The filter is longer than {LONGEST} characters.")
    try:
        return Filter(text, _Parser(list(_tokens(text)), selector).whole())
    except _RefusedFilter as error:
        raise invalid(field, text, f"Unparseable filter: {_place(text, error.at)}{error.text}") from error


def _place(text: str, at: int) -> str:
    before = text[:at]
    return f"syntax error at line {before.count(chr(10)) + 1}, column {at - before.rfind(chr(10))}, "


def _tokens(text: str) -> Iterator[_FilterToken]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            begin = at + len(text[at:]) - len(text[at:].lstrip())
            raise _RefusedFilter(begin, f"token '{text[begin:end]}'")
        yield _FilterToken(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup))
        at = match.end()
    yield _FilterToken("end", "", end)


class _Parser:
    """OR binds closer than AND, and side by side means AND, as in all filters of Google's (AIP-160)."""

    def __init__(self, tokens: list[_FilterToken], selector: Callable[[str], str | None]) -> None:
        self._tokens = tokens
        self._selector = selector
        self._at = 0

    def whole(self) -> Node:
        node = self._all()
        if self._next.kind != "end":
            self._refuse()
        return node

    @property
    def _next(self) -> _FilterToken:
        return self._tokens[self._at]

    def _take(self) -> _FilterToken:
        token = self._next
        self._at += 1
        return token

    def _expect(self, text: str) -> None:
        if self._next.text != text:
            self._refuse()
        self._take()

    def _refuse(self) -> None:
        token = self._next
        raise _RefusedFilter(token.at, f"token '{token.text}'" if token.text else "the filter ends too early")

    def _all(self) -> Node:
        parts = [self._any()]
        while self._next.kind != "end" and self._next.text != ")":
            if self._next.text == "AND":
                self._take()
            parts.append(self._any())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _any(self) -> Node:
        parts = [self._one()]
        while self._next.text == "OR":
            self._take()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _one(self) -> Node:
        if self._next.text == "NOT":
            self._take()
            return Not(self._one())
        if self._next.text == "(":
            self._take()
            inner = self._all()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> FilterComparison:
        name = self._next
        if name.kind != "word" or name.text in ("AND", "OR"):
            self._refuse()
        selector = self._selector(self._take().text.replace('"', ""))
        if selector is None:
            raise _RefusedFilter(
                name.at, f"unknown selector '{name.text}'; compare one such as metric.type or resource.labels.zone"
            )
        if self._next.kind != "operator":
            self._refuse()
        operator = self._take().text
        if self._next.kind == "word" and self._tokens[self._at + 1].text == "(":
            return self._call(selector, operator)
        return FilterComparison(selector, operator, (self._value(),))

    def _call(self, selector: str, operator: str) -> FilterComparison:
        name = self._take()
        if name.text not in FUNCTIONS or operator not in ("=", "!="):
            known = ", ".join(FUNCTIONS)
            raise _RefusedFilter(
                name.at, f"unknown function '{operator} {name.text}('; use = or != with one of {known}"
            )
        self._expect("(")
        values = [self._value()]
        while self._next.text == ",":
            self._take()
            values.append(self._value())
        if name.text != "one_of" and len(values) > 1:
            raise _RefusedFilter(name.at, f"{name.text} takes one value")
        self._expect(")")
        self._check_pattern(name, values[0])
        return FilterComparison(selector, operator, tuple(values), name.text)

    def _check_pattern(self, name: _FilterToken, value: str) -> None:
        if name.text != "monitoring.regex.full_match":
            return
        try:
            re.compile(value)
        except re.error as error:
            raise _RefusedFilter(name.at, f"invalid regular expression '{value}': {error}") from error

    def _value(self) -> str:
        token = self._next
        if token.kind not in ("text", "number", "word") or token.text in ("AND", "OR", "NOT"):
            self._refuse()
        self._take()
        return re.sub(r"\\(.)", r"\1", token.text[1:-1]) if token.kind == "text" else token.text
