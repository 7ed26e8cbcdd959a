"""`trimtab plan --rehearse`: what the groups of the file would make of a load, beside those that run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.console import Group, RenderableType

from trimtab.cli.context import ALLOW_PYTHON, CommandContext
from trimtab.cli.load_options import CAPACITY, MODEL, PRICES, optional
from trimtab.cli.views.plan import PlanView
from trimtab.errors import InvalidArgument
from trimtab.models import Fleet, PythonPolicy
from trimtab.phrases import in_words
from trimtab.plan import Plan

if TYPE_CHECKING:
    from trimtab.runtime.cloud import Cloud
    from trimtab.simulation import Load
    from trimtab.simulation.rehearsal import Rehearsal

_PANEL = "Rehearsal"
Rehearse = Annotated[
    list[str] | None,
    optional(
        "[GROUP=]FILE",
        "Compare what runs with what is planned on a load, a CSV file; may be repeated, GROUP=FILE.",
        "--rehearse",
        panel=_PANEL,
    ),
]
Require = Annotated[
    list[str] | None,
    optional("BOUND", 'End with 2 where a KPI breaks this bound: "served >= 99.9"; may be repeated.', panel=_PANEL),
]
ModelFile = Annotated[Path | None, optional(*MODEL, panel=_PANEL)]
CapacityNumber = Annotated[float | None, optional(*CAPACITY, panel=_PANEL)]
PricesFile = Annotated[Path | None, optional(*PRICES, panel=_PANEL)]
PolicyModules = Annotated[list[str] | None, optional("MODULE", ALLOW_PYTHON, "--allow-python", panel=_PANEL)]


@dataclass(frozen=True, kw_only=True)
class RehearsalOptions:
    """What the options say."""

    loads: Sequence[str]
    require: Sequence[str]
    model: Path | None
    capacity: float | None
    prices: Path | None
    allow: Sequence[str]

    def check(self) -> None:
        """
        Hold the options against each other, before a cloud is asked.

        Raises:
            InvalidArgument: One needs a load and there is none, or a bound is not one.
        """
        if not self.loads and (self.require or self.model or self.capacity or self.prices or self.allow):
            raise InvalidArgument("a rehearsal needs a load; give --rehearse FILE")
        if self.require:
            from trimtab.kpis.requirements import Requirement

            for text in self.require:
                Requirement.parse(text)


def rehearsed(cloud: "Cloud", fleet: Fleet, options: RehearsalOptions) -> "Rehearsal":
    """
    What the groups of a fleet would make of the loads that the options name.

    Raises:
        InvalidArgument: A file is not a load, or a group looks at what a load cannot give.
    """
    from trimtab.kpis.card import KpiOptions
    from trimtab.kpis.prices import Prices
    from trimtab.runtime.policies import load_policies
    from trimtab.simulation import FleetModel

    model = FleetModel.load(options.model) if options.model else None
    calls = any(isinstance(policy, PythonPolicy) for group in fleet.groups for policy in group.policies)
    return cloud.rehearse(
        fleet,
        _loads(fleet, options.loads),
        require=options.require,
        model=model,
        capacity=options.capacity,
        options=KpiOptions(prices=Prices.load(options.prices) if options.prices else None),
        functions=load_policies(fleet, allow=options.allow) if calls else None,
    )


def _loads(fleet: Fleet, words: Sequence[str]) -> "Load | dict[str, Load]":
    names = {group.name for group in fleet.groups}
    named = {}
    for word in words:
        group, equals, path = word.partition("=")
        if not equals or group not in names:
            if equals and not Path(word).exists():
                text = f"no group {group!r} in fleet {fleet.name!r}; it has {in_words(sorted(names))}"
                raise InvalidArgument(f"--rehearse {word}: {text}")
            if len(words) > 1:
                raise InvalidArgument(f"--rehearse {word}: several loads are of one group each; write GROUP=FILE")
            return _read(word)
        if group in named:
            raise InvalidArgument(f"--rehearse {word}: group {group!r} has a load already; give one")
        if not path:
            raise InvalidArgument(f"--rehearse {word}: the file is missing; write GROUP=FILE")
        named[group] = _read(path)
    return named


def _read(path: str) -> "Load":
    """The load of a file; a plan has no options for how it is read."""
    from trimtab.cli.load_options import without_reading
    from trimtab.simulation import Load

    try:
        load = Load.from_csv(path)
    except InvalidArgument as error:
        raise InvalidArgument(without_reading(str(error), "a rehearsal")) from error
    return replace(load, notes=tuple(without_reading(note, "a rehearsal") for note in load.notes))


def show_plan(context: CommandContext, plan: Plan, rehearsal: "Rehearsal | None") -> int:
    """Show a plan, and below it what was rehearsed; the exit code of what it says."""
    body: dict[str, Any] = dict(plan.to_dict())
    parts: list[RenderableType] = [PlanView(plan)]
    text = plan.to_markdown()
    if rehearsal is not None:
        from trimtab.cli.views.rehearsals import rehearsal_view

        body["rehearsal"] = rehearsal.to_dict()
        parts += ["", rehearsal_view(rehearsal)]
        text += f"\n{rehearsal.to_markdown()}"
    if context.screen.markdown:
        context.screen.text(text)
    else:
        context.screen.show(Group(*parts), body)
    if rehearsal is None:
        return 2 if plan.changes or plan.waiting else 0
    for group, item in () if context.screen.json else rehearsal.unjudged:
        context.screen.error(InvalidArgument(f"group {group}: {item}"))
    return 1 if rehearsal.unjudged else 2 if rehearsal.broken else 0
