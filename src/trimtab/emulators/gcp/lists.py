"""Lists: filters, order, pages, and what is said of scopes with nothing in them."""

import copy
import fnmatch
import re
from collections.abc import Mapping, Sequence
from typing import Any

from trimtab.emulators.gcp.wire import Request, invalid
from trimtab.emulators.gcp.world import CloudWorld

MOST = 500
"""How many items a page may have."""
_FIELD = re.compile(r"[A-Za-z_][\w.-]*")
_OPERATOR = re.compile(r"!=|<=|>=|=|<|>|:|eq\b|ne\b")
_VALUE = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|((?:[^\s()]|\([^\s()]*\))+)")
_WORD = re.compile(r"(AND|OR|NOT)\b|-(?=\()")


class ListFilter:
    """
    A filter expression of Compute Engine: terms, parentheses, AND, OR and NOT.

    `name eq RE` compares with a regular expression, `=` and `:` with `*` as a wildcard.

    Raises:
        ServiceError: It cannot be read.
    """

    def __init__(self, text: str) -> None:
        self._text, self._place = text, 0
        self._test = (lambda item: True) if not text.strip() else self._any()
        if self._rest():
            raise self._wrong()

    def fits(self, item: Mapping[str, Any]) -> bool:
        """Whether a thing is meant."""
        return bool(self._test(item))

    def _rest(self) -> str:
        while self._place < len(self._text) and self._text[self._place].isspace():
            self._place += 1
        return self._text[self._place :]

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._rest())
        if match:
            self._place += match.end()
        return match

    def _wrong(self) -> Exception:
        return invalid(f"Invalid value for field 'filter': '{self._text}'. Invalid list filter expression.")

    def _any(self) -> Any:
        tests = [self._all()]
        while (word := _WORD.match(self._rest())) and word[0] == "OR":
            self._take(_WORD)
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda item: any(test(item) for test in tests)

    def _all(self) -> Any:
        tests = [self._one()]
        while (rest := self._rest()) and not rest.startswith(")"):
            word = _WORD.match(rest)
            if word and word[0] == "OR":
                break
            if word and word[0] == "AND":
                self._take(_WORD)
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda item: all(test(item) for test in tests)

    def _one(self) -> Any:
        word = _WORD.match(self._rest())
        if word and word[0] in ("NOT", "-"):
            self._take(_WORD)
            inner = self._one()
            return lambda item: not inner(item)
        if self._rest().startswith("("):
            self._place += 1
            inner = self._any()
            if not self._rest().startswith(")"):
                raise self._wrong()
            self._place += 1
            return inner
        return self._term()

    def _term(self) -> Any:
        name, operator = self._take(_FIELD), self._take(_OPERATOR)
        value = self._take(_VALUE) if name and operator else None
        if name is None or operator is None or value is None:
            raise self._wrong()
        wanted = next(part for part in value.groups() if part is not None)
        return lambda item: _holds(_read(item, name[0]), operator[0], wanted)


def _read(item: Mapping[str, Any], path: str) -> Any:
    if "." not in path:  # of some ten thousand machine types
        return item.get(path)
    value: Any = item
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _holds(value: Any, operator: str, wanted: str) -> bool:
    shown = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    match operator:
        case "eq":
            return re.fullmatch(wanted, shown) is not None
        case "ne":
            return re.fullmatch(wanted, shown) is None
        case "=":
            return fnmatch.fnmatchcase(shown, wanted)
        case ":":
            return value is not None and (wanted == "*" or wanted in shown)
        case "!=":
            return not fnmatch.fnmatchcase(shown, wanted)
        case _:
            return _is_ordered(shown, operator, wanted)


def _is_ordered(shown: str, operator: str, wanted: str) -> bool:
    try:
        left, right = float(shown), float(wanted)
    except ValueError:
        ordered = (shown > wanted) - (shown < wanted)
    else:
        ordered = (left > right) - (left < right)
    return {"<": ordered < 0, "<=": ordered <= 0, ">": ordered > 0, ">=": ordered >= 0}[operator]


def page_of(world: CloudWorld, request: Request, items: Sequence[Any], thing: Any) -> tuple[list[Any], dict[str, str]]:
    """
    The items of one page, filtered and in order, and the token of the next page.

    Args:
        world: Where the page size is.
        request: The call.
        items: All that there are.
        thing: Gives the thing that a filter is about out of an item.
    """
    wanted = ListFilter(request.query.get("filter", ""))
    fits = [item for item in items if wanted.fits(thing(item))]
    match request.query.get("orderBy", ""):
        case "" | "name":
            pass
        case "creationTimestamp desc":
            fits.sort(key=lambda item: str(thing(item).get("creationTimestamp", "")), reverse=True)
        case other:
            raise invalid(f"Invalid value for field 'orderBy': '{other}'. Sorting by it is not supported.")
    most, start = _most(world, request), _start(request)
    more = {"nextPageToken": str(start + most)} if start + most < len(fits) else {}
    return [copy.deepcopy(item) for item in fits[start : start + most]], more


def _most(world: CloudWorld, request: Request) -> int:
    most = int(request.query.get("maxResults") or world.settings["page_size"])
    if most > MOST:
        text = f"Invalid value for field 'maxResults': '{most}'. Value must be between 0 and {MOST}, inclusive"
        raise invalid(text)
    return most or MOST


def _start(request: Request) -> int:
    token = request.query.get("pageToken") or "0"
    if not token.isdigit():
        raise invalid(f"Invalid value for field 'pageToken': '{token}'. Must be a token of an earlier reply.")
    return int(token)


def nothing_in(scope: str) -> dict[str, Any]:
    """What is said of a scope with nothing on a page."""
    return {
        "code": "NO_RESULTS_ON_PAGE",
        "message": f"There are no results for scope '{scope}' on this page.",
        "data": [{"key": "scope", "value": scope}],
    }


def out_of_reach(scope: str) -> dict[str, Any]:
    """What is said of a scope that cannot be asked."""
    return {
        "code": "UNREACHABLE",
        "message": f"The scope '{scope}' could not be reached.",
        "data": [{"key": "scope", "value": scope}],
    }
