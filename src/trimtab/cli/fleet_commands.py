"""The commands that bring a cloud to a fleet file: schema, plan, apply, destroy, status, adopt, import."""

import json
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from trimtab.cli import haproxy_command, rehearsing, rollout_commands
from trimtab.cli.commands import cloud_command, fleet_command, groups_command
from trimtab.cli.context import (
    FIFTEEN_MINUTES,
    As,
    CommandContext,
    Format,
    How,
    LookUp,
    Prune,
    Strict,
    TextFormat,
    Then,
    Timeout,
    WaitFor,
    Waiting,
    Yes,
    context_of,
    in_turn,
    make_fleet,
    span,
)
from trimtab.cli.controller_commands import StoreUrl, last_tick
from trimtab.cli.kpis import show_kpis
from trimtab.cli.saved_plans import read_saved
from trimtab.cli.views.imported import imported_dict, imported_view
from trimtab.cli.views.status import status_view
from trimtab.config import json_schema
from trimtab.config.files import write_file
from trimtab.models import Fleet
from trimtab.plan.saved import check_saved


def schema(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="Write the schema to this file.", show_default=False)] = None,
    chosen: As = Format.TEXT,
) -> int:
    """
    Print the JSON Schema of fleet files, for editors.

    Example: `trimtab schema --out fleet.schema.json`
    """
    screen = context_of(context, chosen).screen
    if out is None:
        screen.document(json_schema())
    else:
        _write(out, json_schema())
        screen.show_json({"written": str(out)})
    return 0


@fleet_command
def plan(
    context: CommandContext,
    fleet: Fleet,
    out: Annotated[
        Path | None, typer.Option(help="Save the plan, for `show` and `apply --plan`.", show_default=False)
    ] = None,
    prune: Prune = True,
    strict: Strict = False,
    refresh: LookUp = None,
    rehearse: rehearsing.Rehearse = None,
    require: rehearsing.Require = None,
    model: rehearsing.ModelFile = None,
    capacity: rehearsing.CapacityNumber = None,
    prices: rehearsing.PricesFile = None,
    allow_python: rehearsing.PolicyModules = None,
    chosen: Annotated[TextFormat, typer.Option("--format", help="Choose how results are printed.")] = TextFormat.TEXT,
) -> int:
    """
    Show what apply would change, field by field; only reads.

    Exit code: 0 nothing to change, 2 changes, also such that wait for a rollout, 1 an error, also when a part of the
    cloud could not be read. With `--rehearse` changes end with 0, and 2 says that a bound of `--require` breaks.

    Example: `trimtab plan fleet.yaml --provider aws --out plan.json`
    """
    options = rehearsing.RehearsalOptions(
        loads=rehearse or (),
        require=require or (),
        model=model,
        capacity=capacity,
        prices=prices,
        allow=allow_python or (),
    )
    options.check()
    with context.cloud(fleet) as cloud, context.screen.busy("reading the cloud"):
        planned = cloud.plan(fleet, strict=strict, prune=prune, refresh=refresh or ())
        rehearsal = rehearsing.rehearsed(cloud, fleet, options) if options.loads else None
    if out is not None and not planned.is_refused and not planned.unknown:
        _write(out, planned.to_saved())
    code = rehearsing.show_plan(context, planned, rehearsal)
    if planned.problems or planned.unknown:
        return 1
    return code


@fleet_command
def apply(
    context: CommandContext,
    fleet: Fleet,
    yes: Yes = False,
    saved: Annotated[
        Path | None,
        typer.Option("--plan", help="Apply only if the plan still matches FILE.", metavar="FILE", show_default=False),
    ] = None,
    wait: Waiting = WaitFor.STABLE,
    timeout: Timeout = FIFTEEN_MINUTES,
    allow_delete: Annotated[
        bool, typer.Option("--allow-delete", help="Allow deleting groups removed from the file.")
    ] = False,
    allow_replace: Annotated[bool, typer.Option("--allow-replace", help="Allow replacing groups.")] = False,
    rollout: Annotated[
        bool, typer.Option("--rollout", help="Roll out the templates that wait for it too, and see that through.")
    ] = False,
    allow_commands: rollout_commands.Commands = False,
    haproxy: Annotated[
        bool, typer.Option("--haproxy/--no-haproxy", help="Bring HAProxies to the new instances, or leave them.")
    ] = True,
    prune: Prune = True,
    strict: Strict = False,
    refresh: LookUp = None,
) -> int:
    """
    Plan, ask, and bring the cloud to what the fleet file says.

    A saved plan is held against a new one: apply refuses when the file or the cloud has changed since.

    Example: `trimtab apply fleet.yaml --provider aws --plan plan.json --yes`
    """
    with context.cloud(fleet) as cloud:
        with context.screen.busy("reading the cloud"):
            planned = cloud.plan(fleet, strict=strict, prune=prune, refresh=refresh or ())
        if saved is not None:
            check_saved(planned, read_saved(str(saved)))
        how = How(yes=yes, wait=wait, timeout=timeout, delete=allow_delete, replace=allow_replace)
        groups = [group.name for group in fleet.groups if group.rollout is not None]
        then = partial(rollout_commands.rolled_out, context, cloud, fleet, groups, allow_commands=allow_commands)
        steps: list[Then] = [then] if rollout and groups else []
        if haproxy and any(group.haproxies for group in fleet.for_provider(cloud.provider.name).groups):
            steps.append(partial(haproxy_command.synced, cloud, fleet, waits=wait is not WaitFor.ACCEPTED))
        asks = bool(rollout and groups)
        return context.carry_out(cloud, planned, how, in_turn(steps) if steps else None, asks=asks)


@fleet_command
def destroy(
    context: CommandContext,
    fleet: Fleet,
    yes: Yes = False,
    wait: Waiting = WaitFor.STABLE,
    timeout: Timeout = FIFTEEN_MINUTES,
) -> int:
    """
    Delete everything that the fleet owns, instances included.

    Example: `trimtab destroy fleet.yaml --provider aws --yes`
    """
    with context.cloud(fleet) as cloud:
        with context.screen.busy("reading the cloud"):
            planned = cloud.destroy(fleet)
        empty = "Nothing to delete: the cloud has nothing of this fleet."
        return context.carry_out(
            cloud, planned, How(yes=yes, wait=wait, timeout=timeout, delete=True, replace=True, empty=empty)
        )


@fleet_command
def status(
    context: CommandContext,
    fleet: Fleet,
    store: StoreUrl = None,
    kpis: Annotated[
        bool, typer.Option("--kpis", help="Show how well sizes followed the load of late, and at what cost.")
    ] = False,
    since: Annotated[
        timedelta,
        typer.Option(parser=span, metavar="DURATION", help="Set how far `--kpis` looks back.", show_default="7d"),
    ] = timedelta(days=7),
    prices: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Name the file of prices for `--kpis`: instance_hour, ...", show_default=False
        ),
    ] = None,
) -> int:
    """
    Show every group as it stands: sizes, instances, schedule in force, alarms, the controller's last tick.

    The exit code is 3 when the controller of a group has not ticked for three intervals, or a rollout is paused or
    stopped. With `--kpis` it shows the KPIs of each group in place of that, those that miss their target marked.

    Example: `trimtab status fleet.yaml --provider aws`
    """
    if kpis:
        return show_kpis(context, fleet, since, prices)
    with context.cloud(fleet) as cloud, context.screen.busy("reading the cloud"):
        fleet_status = cloud.status(fleet, rollouts=True)
        is_controlled = any(group.controlled for group in fleet_status.groups)
        ticked = last_tick(fleet.name, cloud, store, fleet_status.at) if is_controlled else None
    if ticked is None:
        context.screen.show(status_view(fleet_status, fleet), fleet_status.to_dict())
        return 3 if fleet_status.is_degraded else 0
    view = status_view(fleet_status, fleet, ticked.text)
    context.screen.show(view, {**fleet_status.to_dict(), "controller": ticked.to_dict()})
    return 3 if ticked.is_stale or fleet_status.is_degraded else 0


@groups_command
def adopt(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    yes: Yes = False,
) -> int:
    """
    Take over what exists under the fleet's names: mark it as the fleet's, and change nothing else.

    Example: `trimtab adopt fleet.yaml web --provider aws --yes`
    """
    with context.cloud(fleet) as cloud:
        with context.screen.busy("reading the cloud"):
            planned = cloud.adopt(fleet, groups or None)
        empty = "Nothing to adopt: nothing without a mark exists under the fleet's names."
        return context.carry_out(cloud, planned, How(yes=yes, empty=empty))


@cloud_command
def import_(
    context: CommandContext,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Name groups as the cloud calls them.")],
    fleet: Annotated[
        str | None,
        typer.Option(
            help="Set the fleet's name; that of the groups' marks, or a unique one, when left out.", show_default=False
        ),
    ] = None,
) -> int:
    """
    Print a fleet file of groups that exist, with notes on what it leaves out; only reads.

    Example: `trimtab import virtualmin-web virtualmin-api --provider aws > fleet.yaml`
    """
    with context.cloud() as cloud, context.screen.busy("reading the cloud"):
        name = make_fleet(fleet, ()).name if fleet is not None else cloud.fleet_of(names)
        read = {native: cloud.import_group(native, fleet=name) for native in names}
    imported = {result.group.name: result for result in read.values()}
    imported_fleet = make_fleet(name, [result.group for result in read.values()])
    context.screen.show(
        imported_view(imported_fleet, imported, guessed=fleet is None), imported_dict(imported_fleet, imported)
    )
    return 0


def _write(path: Path, data: dict[str, Any]) -> None:
    write_file(path, json.dumps(data, indent=2) + "\n")
