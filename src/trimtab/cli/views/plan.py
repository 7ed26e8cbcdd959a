"""A plan on a screen; what it says is made in `trimtab.plan.rendering`."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.text import Text

from trimtab.cli.views.values import printable, rich_text
from trimtab.plan import Action, Kind, MarkPlace, Plan
from trimtab.plan.rendering import NO_CHANGES, plan_lines


class PlanView:
    """
    The whole plan, as wide as the console.

    Args:
        plan: What to show.
        empty: What to say when there is nothing to do.
        agreed: Losses that were agreed to already.
    """

    def __init__(self, plan: Plan, *, empty: str = NO_CHANGES, agreed: Container[Action] = ()) -> None:
        self._plan, self._empty, self._agreed = plan, empty, agreed

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """The lines, for rich."""
        for line in plan_lines(self._plan, width=options.max_width, empty=self._empty, agreed=self._agreed):
            yield rich_text(line)


def saved_plan_view(plan: Plan, kinds: Mapping[str, Kind]) -> RenderableType:
    """A plan that was saved earlier, below a line that says of which fleet it is and when it was made."""
    heading = Text.assemble((printable(plan.fleet), "bold"), _made(plan))
    return Group(heading, "", PlanView(_with_kinds(plan, kinds)))


def saved_plan_markdown(plan: Plan, kinds: Mapping[str, Kind]) -> str:
    """The same as Markdown."""
    return f"`{printable(plan.fleet)}`{_made(plan)}\n\n{_with_kinds(plan, kinds).to_markdown()}"


def _made(plan: Plan) -> str:
    return f" on {plan.provider}, planned {plan.made_at:%Y-%m-%d %H:%M} UTC"


def _with_kinds(plan: Plan, kinds: Mapping[str, Kind]) -> Plan:
    losses = {change.key.kind: 0 for change in plan.changes}
    for change in plan.changes:
        losses[change.key.kind] += change.instances
    known = {name: kinds.get(name) or _unknown_kind(name, lost > 0) for name, lost in losses.items()}
    return replace(plan, kinds=known)


def _unknown_kind(name: str, holds_instances: bool) -> Kind:
    return Kind(name=name, label=name, rank=0, mark=MarkPlace.PARENT, holds_instances=holds_instances)
