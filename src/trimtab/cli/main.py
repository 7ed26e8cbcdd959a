"""The command line: parses, calls the library, and hands what comes back to a view."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

import trimtab
from trimtab.cli import (
    catalog_commands,
    controller_commands,
    explain_command,
    haproxy_command,
    instance_commands,
    loadtest_command,
    rehearsing,
    rollout_commands,
    runtime_commands,
)
from trimtab.cli.check_command import check
from trimtab.cli.commands import cloud_command, fleet_command, groups_command, with_one_command
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
    duration,
    in_turn,
    make_fleet,
)
from trimtab.cli.controller_commands import StoreUrl, last_tick
from trimtab.cli.drill_command import drill
from trimtab.cli.hook_commands import hooks
from trimtab.cli.kpis import show_kpis
from trimtab.cli.saved_plans import read_saved, show
from trimtab.cli.simulate_command import simulate
from trimtab.cli.verbosity import add_verbosity
from trimtab.config import json_schema
from trimtab.config.files import write_file
from trimtab.errors import TrimtabError
from trimtab.models import Fleet
from trimtab.plan.saved import check_saved
from trimtab.runtime.cloud import Cloud
from trimtab.views.imported import imported_dict, imported_view
from trimtab.views.screen import Screen
from trimtab.views.status import status_view

INTERRUPTED = 130
NO_COLOR = "--no-color"
GLOBALS = frozenset({NO_COLOR})
"""Options of all commands that take no value: they may stand before the command and after it."""
_USAGE: type[Exception] = typer.BadParameter.__mro__[2]  # ClickException, which newer typers no longer take from click

app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode="markdown")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trimtab {trimtab.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Print without colours, as with NO_COLOR.")] = False,
) -> int:
    """
    Plan and apply fleets of instances: one fleet file, any cloud.

    Where to begin:

    - `trimtab check fleet.yaml`
    - `trimtab plan fleet.yaml --provider aws --region us-east-1`
    - `trimtab apply fleet.yaml --provider aws --region us-east-1`
    """
    if context.invoked_subcommand is None:
        context.get_help()  # which rich prints
    return 1


app.command()(check)


@app.command()
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


@app.command()
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
    allow_policies: rehearsing.PolicyModules = None,
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
        allow=allow_policies or (),
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


@app.command()
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


@app.command()
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


@app.command()
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
        typer.Option(parser=duration, metavar="DURATION", help="Set how far `--kpis` looks back.", show_default="7d"),
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


@app.command()
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


@app.command("import")
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


app.command()(show)
app.command()(simulate)
app.command()(drill)
app.command()(hooks)
runtime_commands.add_to(app)
controller_commands.add_to(app)
rollout_commands.add_to(app)
explain_command.add_to(app)
instance_commands.add_to(app)
haproxy_command.add_to(app)
loadtest_command.add_to(app)
catalog_commands.add_to(app)
add_verbosity(app)

# running one command


def run(
    arguments: Sequence[str],
    *,
    connect: Callable[..., Cloud] = trimtab.connect,
    out: TextIO | None = None,
    err: TextIO | None = None,
    source: TextIO | None = None,
) -> int:
    """
    Run one command and answer its exit code; no error of ours leaves it.

    Args:
        arguments: What follows `trimtab`.
        connect: Makes the cloud.
        out: Where results go; standard output when left out.
        err: Where errors and progress go; standard error when left out.
        source: Where answers come from; standard input when left out.
    """
    out, err, source = out or sys.stdout, err or sys.stderr, source or sys.stdin
    screen = Screen(out, err, source, json=_wants_json(arguments), color=NO_COLOR not in arguments)
    try:
        code = _run(list(arguments), CommandContext(screen, connect))
        out.flush()
    except BrokenPipeError:
        _let_go(out)
        return 1
    return code


def _run(arguments: list[str], context: CommandContext) -> int:
    try:
        command = typer.main.get_command(with_one_command(app, arguments))
        code = command.main(_globals_first(arguments), prog_name="trimtab", standalone_mode=False, obj=context)
    except _USAGE as error:
        used = getattr(error, "ctx", None)
        where = used.command_path if used else "trimtab"
        message = error.format_message().replace("Value error, ", "").rstrip(".")  # type: ignore[attr-defined]
        context.screen.error(error, f"{message}; see {where} --help")
        return 1
    except TrimtabError as error:
        context.screen.error(error)
        return 1
    except (typer.Abort, KeyboardInterrupt) as error:
        return _interrupted(context, error)
    except SystemExit as error:  # typer's own way out of a broken pipe
        code = error.code
    if code == INTERRUPTED:
        return _interrupted(context, KeyboardInterrupt())
    return code if isinstance(code, int) else 0


def _interrupted(context: CommandContext, error: BaseException) -> int:
    context.screen.error(
        error, "interrupted; what was under way may be done in part: planning again shows what is left"
    )
    return INTERRUPTED


def _globals_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with the options of all commands before the command, wherever they stand."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    ahead = [word for word in arguments[:end] if word in GLOBALS]
    return [*ahead, *(word for word in arguments[:end] if word not in GLOBALS), *arguments[end:]]


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether results are to be JSON, also when the rest of the arguments makes no sense."""
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def _let_go(out: TextIO) -> None:
    """Send what is left nowhere: whoever read it has gone."""
    try:
        number = out.fileno()
    except OSError:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
