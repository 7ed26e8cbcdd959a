"""
The rules of composite alarms: read, and held against the states of the alarms that they name.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.watches import STATES

States = Mapping[str, str]
"""The state of each alarm by what the rule calls it: its name or its ARN."""
Condition = Callable[[States], bool]
_CONSTANTS = {"TRUE": True, "FALSE": False}
_OPERAND = "'(', 'NOT', AT_LEAST, TRUE or FALSE, ALARM, OK, or INSUFFICIENT_DATA"
_TOKEN = re.compile(r'\s*("(?:\\.|[^"\\])*"|[(),]|[^\s(),"]+|")')
_MOST_CHILDREN, _MOST_ELEMENTS, _DEEPEST = 100, 500, 100


class Token(NamedTuple):
    """A word of a rule, and where it begins."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class CompositeRule:
    """A rule as it was read."""

    condition: Condition
    children: tuple[str, ...]
    """The alarms that it names, each once, by name or ARN."""


@lru_cache(maxsize=1024)
def read_rule(text: str) -> CompositeRule:
    """
    A rule ready to be evaluated.

    Raises:
        ServiceError: `ValidationError` for what is not a rule, or one that is too large.
    """
    if text != text.strip():
        raise invalid("AlarmRule must not contain leading or trailing whitespace or be null")
    reader = _Reader([Token(each[1], each.start(1)) for each in _TOKEN.finditer(text)], len(text))
    condition = reader.disjunction()
    reader.end()
    children = tuple(dict.fromkeys(reader.children))
    if len(children) > _MOST_CHILDREN:
        raise invalid(f"AlarmRule must not contain more than {_MOST_CHILDREN} alarms")
    if reader.elements > _MOST_ELEMENTS:
        raise invalid(f"AlarmRule must not contain more than {_MOST_ELEMENTS} elements")
    return CompositeRule(condition, children)


class _Reader:
    """Reads a rule from left to right; NOT binds first, then AND, then OR."""

    def __init__(self, tokens: list[Token], length: int) -> None:
        self._tokens: Iterator[Token] = iter((*tokens, Token("", length)))
        self._next = next(self._tokens)
        self.children: list[str] = []
        self.elements = self._depth = 0

    def disjunction(self) -> Condition:
        conditions = [self._conjunction()]
        while self._takes("OR"):
            conditions.append(self._conjunction())
        return conditions[0] if len(conditions) == 1 else lambda states: any(each(states) for each in conditions)

    def end(self) -> None:
        if self._next.text:
            raise self._unsupported("'AND', 'OR', or end of expression")

    def _conjunction(self) -> Condition:
        conditions = [self._negation()]
        while self._takes("AND"):
            conditions.append(self._negation())
        return conditions[0] if len(conditions) == 1 else lambda states: all(each(states) for each in conditions)

    def _negation(self) -> Condition:
        is_negated = False
        while self._takes("NOT"):
            is_negated = not is_negated
        condition = self._operand()
        return (lambda states: not condition(states)) if is_negated else condition

    def _operand(self) -> Condition:
        if self._takes("("):
            self.elements += 2
            self._depth += 1
            if self._depth > _DEEPEST:
                raise invalid(f"AlarmRule must not nest more than {_DEEPEST} parentheses")
            condition = self.disjunction()
            self._expect(")")
            self._depth -= 1
            return condition
        if self._next.text in _CONSTANTS:
            self.elements += 1
            value = _CONSTANTS[self._advance()]
            return lambda states: value
        if self._takes("AT_LEAST"):
            return self._at_least()
        if self._next.text in STATES:
            wanted = self._advance()
            self._expect("(")
            child = self._child()
            self._expect(")")
            return lambda states: states.get(child) == wanted
        raise self._unsupported(_OPERAND)

    def _at_least(self) -> Condition:
        self._expect("(")
        count, percent = self._threshold()
        self._expect(",")
        is_not = self._takes("NOT")
        if self._next.text not in STATES:
            raise self._unsupported(
                "ALARM, OK, or INSUFFICIENT_DATA" if is_not else "'NOT', ALARM, OK, or INSUFFICIENT_DATA"
            )
        state = self._advance()
        self._expect(",")
        self._expect("(")
        children = [self._child()]
        while self._takes(","):
            children.append(self._child())
        self._expect(")")
        self._expect(")")

        def condition(states: States) -> bool:
            found = sum((states.get(child) == state) is not is_not for child in children)
            return found >= count and found * 100 >= percent * len(children)

        return condition

    def _threshold(self) -> tuple[int, int]:
        """How many at least, and how many per cent."""
        match = re.fullmatch(r'"?([0-9]+)(%?)"?', self._next.text)
        if match is None:
            raise self._unsupported("a number or a percentage")
        self._advance()
        number = int(match[1])
        return (0, number) if match[2] else (number, 0)

    def _child(self) -> str:
        text = self._next.text
        if text in ("", "(", ")", ",", '"', '""'):
            raise self._unsupported("an alarm name or ARN")
        self._advance()
        self.elements += 1
        name = re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
        self.children.append(name)
        return name

    def _takes(self, text: str) -> bool:
        if self._next.text != text:
            return False
        self._advance()
        return True

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            raise self._unsupported(f"'{text}'")

    def _advance(self) -> str:
        text = self._next.text
        self._next = next(self._tokens)
        return text

    def _unsupported(self, instead: str) -> Exception:
        # https://github.com/aws/aws-cdk/issues/13953, https://github.com/aws/aws-cdk/issues/34662
        what = f"token '{self._next.text}'" if self._next.text else "end of expression"
        return invalid(f"Error in AlarmRule [Unsupported {what} at char {self._next.at}, must be: {instead}]")
