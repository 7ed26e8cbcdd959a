"""
Start scripts: Jinja2 templates of which only what always ends, quickly and small, is allowed.

A fleet file may come from a stranger, and rendering happens while it is checked. So there are variables,
`if`, comparisons and a few filters; no loops, calls, attributes or arithmetic that multiplies. What is left
makes at most one text of all that an expression names, and templates and texts are bounded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from trimtab.models.base import refuse
from trimtab.models.script_size import FILLED_IN, MAX_BYTES, check_size, refuse_size

_FILTERS = frozenset({"capitalize", "default", "int", "length", "lower", "string", "title", "trim", "upper"})
_ALLOWED = (
    *(nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr, nodes.Filter),
    *(nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Add),
    *(nodes.Neg, nodes.Sub),
)
_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.For: "loops",
    nodes.Call: "calls",
    nodes.Getattr: "attributes",
    nodes.Getitem: "items",
    nodes.Assign: "`set`",
    nodes.Mul: "multiplication",
    nodes.Pow: "powers",
    nodes.Mod: "the `%` operator",
}
_JINJA = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
_JINJA.globals.clear()


MAX_TOKENS = 5_000
"""How many names, signs and pieces of text a template may have: Jinja2 takes some 4 KiB of memory for each."""


_FAILURES = (ArithmeticError, LookupError, TypeError, ValueError, RecursionError, MemoryError, SyntaxError)


def render(script: str, variables: Mapping[str, object], at: Sequence[str | int] = ("user_data",)) -> str:
    """The script with its variables filled in; what is wrong with what stands at `at` is refused without showing it."""
    check_size(script, at=at)
    parsed = _parsed(script)
    if isinstance(parsed, str):
        refuse(parsed, *at)
    sizes = {name: len(str(value)) for name, value in variables.items()}
    if any(_size(expression, sizes) > MAX_BYTES for expression in parsed.expressions):
        refuse_size(FILLED_IN, at)
    # a refusal from inside would have a context that shows the script
    refusal: tuple[str | int, ...] | None = None
    text = ""
    try:
        text = _filled_in(parsed.template, variables)
    except UndefinedError as error:
        refusal = f"the start script needs a variable that is not given: {error.message}", "variables"
    except _FAILURES as error:
        refusal = _no_text(error), *at
    if refusal:
        refuse(str(refusal[0]), *refusal[1:])
    check_size(text, FILLED_IN, at)
    return text


def _filled_in(template: Template, variables: Mapping[str, object]) -> str:
    """The text, or its beginning, as soon as that is too long."""
    parts: list[str] = []
    size = 0
    for part in template.generate(variables):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            break
    return "".join(parts)


def _no_text(error: BaseException) -> str:
    return f"the start script does not render: {type(error).__name__}; keep its expressions simple"


class _Parsed(NamedTuple):
    template: Template
    expressions: Sequence[nodes.Expr]


@lru_cache(maxsize=16)
def _parsed(script: str) -> _Parsed | str:
    """The template, which many groups may share, and its outermost expressions; or what is wrong with it."""
    raw = "{% raw %} keeps Jinja2 away from text with {{, {% or {#"
    try:
        if any(islice(_JINJA.lex(script), MAX_TOKENS, None)):
            return f"the start script is a template of more than {MAX_TOKENS} names, signs and pieces of text; {raw}"
        tree = _JINJA.parse(script)
        problem = next(_not_allowed(tree.body), None)
        return problem or _Parsed(_JINJA.from_string(tree), list(_outermost(tree.body)))
    except TemplateSyntaxError as error:
        return f"invalid Jinja2 in line {error.lineno} of the start script; {raw}"
    except _FAILURES as error:
        return _no_text(error)


def _outermost(tree: Iterable[nodes.Node]) -> Iterator[nodes.Expr]:
    for node in tree:
        if isinstance(node, nodes.Expr):
            yield node
        else:
            yield from _outermost(node.iter_child_nodes())


def _size(node: nodes.Node, sizes: Mapping[str, int]) -> int:
    """How much text an expression can make of texts of these sizes: all that it names, one after the other."""
    if isinstance(node, nodes.Name):
        return sizes.get(node.name, 0)
    if isinstance(node, nodes.TemplateData):
        return 0  # which stands by itself and is never copied
    if isinstance(node, nodes.Const):
        return len(str(node.value))
    return sum(_size(child, sizes) for child in node.iter_child_nodes())


@lru_cache(maxsize=256)
def variables_of(script: str) -> frozenset[str]:
    """The names of the variables that a script which renders has in it."""
    return frozenset(meta.find_undeclared_variables(_JINJA.parse(script)))


def _not_allowed(tree: Iterable[nodes.Node]) -> Iterator[str]:
    """What the template does that a start script may not, in words."""
    for node in tree:
        if not isinstance(node, _ALLOWED):
            what = _WORDS.get(type(node), f"`{type(node).__name__.lower()}`")
            verb = "are" if what.endswith("s") else "is"
            yield f"line {node.lineno}: {what} {verb} not for start scripts, only variables, `if` and simple filters"
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            yield f"line {node.lineno}: the filter is not for start scripts, only {', '.join(sorted(_FILTERS))}"
        yield from _not_allowed(node.iter_child_nodes())
