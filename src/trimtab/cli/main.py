"""The command line: parses, calls the library, and hands what comes back to a view."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

import trimtab
from trimtab.checks import check_fleet
from trimtab.checks.rule import advised_clouds
from trimtab.cli import runtime_commands
from trimtab.cli.context import (
    FIFTEEN_MINUTES,
    As,
    CommandContext,
    Endpoint,
    FleetFile,
    Format,
    How,
    LookUp,
    OutsideFiles,
    Provider,
    Prune,
    Region,
    Strict,
    Timeout,
    WaitFor,
    Waiting,
    Yes,
    check_groups,
    context_of,
    make_fleet,
)
from trimtab.config import json_schema
from trimtab.config.files import read_file, write_file
from trimtab.errors import ConfigError, TrimtabError
from trimtab.plan import check_saved
from trimtab.runtime.cloud import Cloud
from trimtab.views.fleet import fleet_dict, fleet_view
from trimtab.views.imported import imported_dict, imported_view
from trimtab.views.plan import plan_view
from trimtab.views.screen import Screen
from trimtab.views.status import status_view

INTERRUPTED = 130
LARGEST_PLAN = 2**28
_USAGE: type[Exception] = typer.BadParameter.__mro__[2]  # ClickException, which newer typers no longer take from click

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trimtab {trimtab.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> int:
    """
    Plans and applies fleets of instances: one fleet file, any cloud.

    A first round:

    - `trimtab check fleet.yaml`
    - `trimtab plan fleet.yaml --provider aws --region us-east-1`
    - `trimtab apply fleet.yaml --provider aws --region us-east-1`
    """
    if context.invoked_subcommand is None:
        context.get_help()  # which rich prints
    return 1


@app.command()
def check(
    context: typer.Context,
    fleet: FleetFile,
    provider: Annotated[
        str | None,
        typer.Option(
            help=f"Advice for this cloud only: {', '.join(advised_clouds())}.",
            envvar="TRIMTAB_PROVIDER",
            show_default=False,
        ),
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option(help="Only checks whose code begins so.", show_default=False)
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(help="No checks whose code begins so.", show_default=False)
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 when checks find something.")] = False,
    outside: OutsideFiles = False,
    chosen: As = Format.TEXT,
) -> int:
    """
    Say whether a fleet file is valid, and what will hurt; asks no cloud.

    Every mistake is one line that begins with the file and the line. So does what checks find: advice for one cloud,
    or for all when no provider is named.

    Example: `trimtab check fleet.yaml --provider aws --ignore TT3`
    """
    desk = context_of(context, chosen)
    declared = desk.load(fleet, allow_outside_files=outside)
    findings = check_fleet(declared, provider=provider, select=select or (), ignore=ignore or ())
    desk.screen.show(fleet_view(declared, findings), fleet_dict(declared, findings))
    return 1 if strict and findings else 0


@app.command()
def schema(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="Write it to this file.", show_default=False)] = None,
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
def plan(
    context: typer.Context,
    fleet: FleetFile,
    out: Annotated[Path | None, typer.Option(help="Save the plan, for `apply --plan`.", show_default=False)] = None,
    prune: Prune = True,
    strict: Strict = False,
    refresh: LookUp = None,
    outside: OutsideFiles = False,
    provider: Provider = None,
    region: Region = None,
    endpoint: Endpoint = None,
    chosen: As = Format.TEXT,
) -> int:
    """
    Show what apply would change, field by field; only reads.

    Exit code: 0 nothing to change, 2 changes, 1 an error, also when a part of the cloud could not be read.

    Example: `trimtab plan fleet.yaml --provider aws --out plan.json`
    """
    desk = context_of(context, chosen)
    declared = desk.load(fleet, allow_outside_files=outside)
    with desk.cloud(provider, region, endpoint) as cloud, desk.screen.busy("reading the cloud"):
        planned = cloud.plan(declared, strict, prune, refresh=refresh or ())
    desk.screen.show(plan_view(planned, cloud.provider.kinds), planned.to_dict())
    if out is not None and not planned.is_refused and not planned.unknown:
        _write(out, planned.to_saved())
    if planned.problems or planned.unknown:
        return 1
    return 2 if planned.changes else 0


@app.command()
def apply(
    context: typer.Context,
    fleet: FleetFile,
    yes: Yes = False,
    saved: Annotated[
        Path | None,
        typer.Option("--plan", help="Only if it still is this saved plan.", show_default=False),
    ] = None,
    wait: Waiting = WaitFor.STABLE,
    timeout: Timeout = FIFTEEN_MINUTES,
    allow_delete: Annotated[bool, typer.Option("--allow-delete", help="Agree to lose groups that left.")] = False,
    allow_replace: Annotated[bool, typer.Option("--allow-replace", help="Agree to groups made anew.")] = False,
    prune: Prune = True,
    strict: Strict = False,
    refresh: LookUp = None,
    outside: OutsideFiles = False,
    provider: Provider = None,
    region: Region = None,
    endpoint: Endpoint = None,
    chosen: As = Format.TEXT,
) -> int:
    """
    Plan, ask, and bring the cloud to what the fleet file says.

    A saved plan is held against a new one: apply refuses when the file or the cloud has changed since.

    Example: `trimtab apply fleet.yaml --provider aws --plan plan.json --yes`
    """
    desk = context_of(context, chosen)
    declared = desk.load(fleet, allow_outside_files=outside)
    with desk.cloud(provider, region, endpoint) as cloud:
        with desk.screen.busy("reading the cloud"):
            planned = cloud.plan(declared, strict, prune, refresh=refresh or ())
        if saved is not None:
            check_saved(planned, _read_saved(saved))
        how = How(yes=yes, wait=wait, timeout=timeout, delete=allow_delete, replace=allow_replace)
        return desk.carry_out(cloud, planned, how)


@app.command()
def destroy(
    context: typer.Context,
    fleet: FleetFile,
    yes: Yes = False,
    wait: Waiting = WaitFor.STABLE,
    timeout: Timeout = FIFTEEN_MINUTES,
    outside: OutsideFiles = False,
    provider: Provider = None,
    region: Region = None,
    endpoint: Endpoint = None,
    chosen: As = Format.TEXT,
) -> int:
    """
    Delete everything that the fleet owns, instances included.

    Example: `trimtab destroy fleet.yaml --provider aws --yes`
    """
    desk = context_of(context, chosen)
    declared = desk.load(fleet, allow_outside_files=outside)
    with desk.cloud(provider, region, endpoint) as cloud:
        with desk.screen.busy("reading the cloud"):
            planned = cloud.destroy(declared)
        empty = "Nothing to delete: the cloud has nothing of this fleet."
        return desk.carry_out(
            cloud, planned, How(yes=yes, wait=wait, timeout=timeout, delete=True, replace=True, empty=empty)
        )


@app.command()
def status(
    context: typer.Context,
    fleet: FleetFile,
    outside: OutsideFiles = False,
    provider: Provider = None,
    region: Region = None,
    endpoint: Endpoint = None,
    chosen: As = Format.TEXT,
) -> int:
    """
    Show every group as it stands: sizes, instances, schedule in force, alarms.

    Example: `trimtab status fleet.yaml --provider aws`
    """
    desk = context_of(context, chosen)
    declared = desk.load(fleet, allow_outside_files=outside)
    with desk.cloud(provider, region, endpoint) as cloud, desk.screen.busy("reading the cloud"):
        fleet_status = cloud.status(declared)
    desk.screen.show(status_view(fleet_status, declared), fleet_status.to_dict())
    return 0


@app.command()
def adopt(
    context: typer.Context,
    fleet: FleetFile,
    groups: Annotated[
        list[str] | None, typer.Argument(metavar="[GROUP]...", help="All when left out.", show_default=False)
    ] = None,
    yes: Yes = False,
    outside: OutsideFiles = False,
    provider: Provider = None,
    region: Region = None,
    endpoint: Endpoint = None,
    chosen: As = Format.TEXT,
) -> int:
    """
    Mark what exists under the fleet's names as the fleet's own; changes nothing else.

    Example: `trimtab adopt fleet.yaml web --provider aws --yes`
    """
    desk = context_of(context, chosen)
    declared = desk.load(fleet, allow_outside_files=outside)
    check_groups(declared, groups or ())
    with desk.cloud(provider, region, endpoint) as cloud:
        with desk.screen.busy("reading the cloud"):
            planned = cloud.adopt(declared, groups or None)
        empty = "Nothing to adopt: nothing without a mark exists under the fleet's names."
        return desk.carry_out(cloud, planned, How(yes=yes, empty=empty))


@app.command("import")
def import_(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Groups, by their names in the cloud.")],
    fleet: Annotated[
        str | None,
        typer.Option(
            help="The fleet's name; that of the groups' marks, or a unique one, when left out.", show_default=False
        ),
    ] = None,
    provider: Provider = None,
    region: Region = None,
    endpoint: Endpoint = None,
    chosen: As = Format.TEXT,
) -> int:
    """
    Print a fleet file of groups that exist, with notes on what it leaves out; only reads.

    Example: `trimtab import virtualmin-web virtualmin-api --provider aws > fleet.yaml`
    """
    desk = context_of(context, chosen)
    with desk.cloud(provider, region, endpoint) as cloud, desk.screen.busy("reading the cloud"):
        name = make_fleet(fleet, ()).name if fleet is not None else cloud.fleet_of(names)
        read = {native: cloud.read_group(native, fleet=name) for native in names}
    imported = {result.group.name: result for result in read.values()}
    imported_fleet = make_fleet(name, [result.group for result in read.values()])
    desk.screen.show(
        imported_view(imported_fleet, imported, guessed=fleet is None), imported_dict(imported_fleet, imported)
    )
    return 0


def _write(path: Path, data: dict[str, Any]) -> None:
    write_file(path, json.dumps(data, indent=2) + "\n")


def _read_saved(path: Path) -> dict[str, Any]:
    data = read_file(path, f"the saved plan {path}", LARGEST_PLAN, "this is larger than any saved plan")
    try:
        saved = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigError([f"{path} is not a saved plan: it is not JSON"]) from error
    if not isinstance(saved, dict):
        raise ConfigError([f"{path} is not a saved plan"])
    return saved


runtime_commands.add_to(app)

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
    screen = Screen(out, err, source, json=_wants_json(arguments))
    try:
        code = _run(list(arguments), CommandContext(screen, connect))
        out.flush()
    except BrokenPipeError:
        _let_go(out)
        return 1
    return code


def _run(arguments: list[str], desk: CommandContext) -> int:
    try:
        command = typer.main.get_command(app)
        code = command.main(arguments, prog_name="trimtab", standalone_mode=False, obj=desk)
    except _USAGE as error:
        context = getattr(error, "ctx", None)
        where = context.command_path if context else "trimtab"
        message = error.format_message().rstrip(".")  # type: ignore[attr-defined]
        desk.screen.error(error, f"{message}; see {where} --help")
        return 1
    except TrimtabError as error:
        desk.screen.error(error)
        return 1
    except (typer.Abort, KeyboardInterrupt) as error:
        return _interrupted(desk, error)
    except SystemExit as error:  # typer's own way out of a broken pipe
        code = error.code
    if code == INTERRUPTED:
        return _interrupted(desk, KeyboardInterrupt())
    return code if isinstance(code, int) else 0


def _interrupted(desk: CommandContext, error: BaseException) -> int:
    desk.screen.error(error, "interrupted; what was under way may be done in part: planning again shows what is left")
    return INTERRUPTED


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
