"""
Start scripts: Jinja2 templates of which only what always ends, quickly and small, is allowed.

A fleet file may come from a stranger, and rendering happens while it is checked. So there are variables,
`if`, comparisons and a few filters; no loops, calls, attributes or arithmetic that multiplies.
"""

from collections.abc import Iterable, Iterator, Mapping

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from trimtab.models.base import refuse

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


def render(script: str, variables: Mapping[str, object]) -> str:
    """The script with its variables filled in; what is wrong is refused without showing the script."""
    try:
        tree = _JINJA.parse(script)
        too_much = next(_not_allowed(tree.body), None)
        text = "" if too_much else _JINJA.from_string(tree).render(variables)
    except TemplateSyntaxError as error:
        raw = "{% raw %} keeps Jinja2 away from text with {{, {% or {#"
        refuse(f"line {error.lineno} of the start script is no Jinja2; {raw}", "user_data")
    except UndefinedError as error:
        refuse(f"the start script needs a variable that is not given: {error.message}", "variables")
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError, MemoryError, SyntaxError) as error:
        refuse(f"the start script does not render: {type(error).__name__}; keep its expressions simple", "user_data")
    if too_much:
        refuse(too_much, "user_data")
    return text


def variables_of(script: str) -> frozenset[str]:
    """The names of the variables that a script which renders has in it."""
    return frozenset(meta.find_undeclared_variables(_JINJA.parse(script)))


def _not_allowed(found: Iterable[nodes.Node]) -> Iterator[str]:
    """What the template does that a start script may not, in words."""
    for node in found:
        if not isinstance(node, _ALLOWED):
            what = _WORDS.get(type(node), f"`{type(node).__name__.lower()}`")
            yield f"line {node.lineno}: {what} are not for start scripts, only variables, `if` and simple filters"
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            yield f"line {node.lineno}: the filter is not for start scripts, only {', '.join(sorted(_FILTERS))}"
        yield from _not_allowed(node.iter_child_nodes())
