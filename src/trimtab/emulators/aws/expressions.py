"""Metric math: the arithmetic of CloudWatch's expressions, on values in step with each other."""

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

Values = list[float | None]
"""One value for each period; `None` where there is none."""
_OPERATORS: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_OF_ONE: Mapping[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
_OF_MANY: Mapping[str, Callable[[Sequence[float]], float]] = {
    "SUM": sum,
    "MIN": min,
    "MAX": max,
    "AVG": lambda values: sum(values) / len(values),
}


class NotComputed(Exception):
    """An expression with something that is not computed here."""


def compute(expression: str, series: Mapping[str, Values], length: int) -> Values:
    """The values of an expression over `series`, which are all `length` long."""
    return _each(_parsed(expression), series, length)


def names_in(expression: str) -> set[str]:
    """The ids that an expression speaks of."""
    return {node.id for node in ast.walk(_parsed(expression)) if isinstance(node, ast.Name) and node.id.islower()}


@cache
def _parsed(expression: str) -> ast.expr:
    text = expression.replace("^", "**").replace("&&", " and ").replace("||", " or ")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise NotComputed(expression) from error


def _each(node: ast.expr, series: Mapping[str, Values], length: int) -> Values:
    match node:
        case ast.Constant(value=int() | float() as number):
            return [float(number)] * length
        case ast.Name(id=name) if name in series:
            return series[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [None if value is None else -value for value in _each(operand, series, length)]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _pairwise(_OPERATORS[type(op)], _each(left, series, length), _each(right, series, length))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            return _pairwise(_OPERATORS[type(op)], _each(left, series, length), _each(right, series, length))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _call(name, arguments, series, length)
    raise NotComputed(ast.unparse(node))


def _pairwise(act: Callable[[float, float], float], left: Values, right: Values) -> Values:
    return [_once(act, first, second) for first, second in zip(left, right, strict=True)]


def _once(act: Callable[[float, float], float], first: float | None, second: float | None) -> float | None:
    if first is None or second is None:
        return None
    try:
        return float(act(first, second))
    except (ZeroDivisionError, OverflowError):
        return None


def _call(name: str, arguments: list[ast.expr], series: Mapping[str, Values], length: int) -> Values:
    if name == "FILL" and len(arguments) == 2:
        return _filled(_each(arguments[0], series, length), arguments[1])
    if name == "IF" and len(arguments) == 3:
        rows = zip(*(_each(each, series, length) for each in arguments), strict=True)
        return [None if row[0] is None else row[1] if row[0] else row[2] for row in rows]
    if name in _OF_ONE and len(arguments) == 1:
        return [None if value is None else _OF_ONE[name](value) for value in _each(arguments[0], series, length)]
    if name in _OF_MANY and len(arguments) == 1:
        return _joined(_OF_MANY[name], arguments[0], series, length)
    raise NotComputed(f"{name} of {len(arguments)}")


def _filled(values: Values, by: ast.expr) -> Values:
    if isinstance(by, ast.Name) and by.id == "REPEAT":
        last, filled = None, []
        for value in values:
            last = value if value is not None else last
            filled.append(last)
        return filled
    number = _each(by, {}, 1)[0]
    return [number if value is None else value for value in values]


def _joined(
    act: Callable[[Sequence[float]], float], what: ast.expr, series: Mapping[str, Values], length: int
) -> Values:
    if isinstance(what, ast.List):
        many = [_each(each, series, length) for each in what.elts]
    elif isinstance(what, ast.Call) and ast.unparse(what.func) == "METRICS":
        many = list(series.values())
    else:
        # of a single series it is one number for the whole time
        numbers = [value for value in _each(what, series, length) if value is not None]
        return [act(numbers) if numbers else None] * length
    return [
        act(numbers) if (numbers := [value for value in row if value is not None]) else None
        for row in zip(*many, strict=True)
    ]


def series_of(
    queries: Sequence[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], Values], length: int
) -> dict[str, Values]:
    """The values of every query by its id: metrics as `read` has them, then what is computed of them."""
    values = {query["Id"]: read(query["MetricStat"]) for query in queries if query.get("MetricStat")}
    waiting = [query for query in queries if query.get("Expression")]
    while waiting:
        ready = [query for query in waiting if not names_in(query["Expression"]) & {each["Id"] for each in waiting}]
        if not ready:
            raise NotComputed("expressions that speak of each other in a circle")
        for query in ready:
            values[query["Id"]] = compute(query["Expression"], values, length)
        waiting = [query for query in waiting if query not in ready]
    return values
