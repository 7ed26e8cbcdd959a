"""The program with its commands, each of which is loaded with its first use: most runs are of one alone."""

from importlib import import_module
from typing import Annotated, Any

import typer

import trimtab
from trimtab.cli.verbosity import add_verbosity

NO_COLOR = "--no-color"
GLOBALS = frozenset({NO_COLOR})
"""Options of all commands that take no value: they may stand before the command and after it."""
COMMANDS = {
    "check": "check_command:check",
    "schema": "fleet_commands:schema",
    "plan": "fleet_commands:plan",
    "apply": "fleet_commands:apply",
    "destroy": "fleet_commands:destroy",
    "status": "fleet_commands:status",
    "adopt": "fleet_commands:adopt",
    "import": "fleet_commands:import_",
    "show": "saved_plans:show",
    "simulate": "simulate_command:simulate",
    "drill": "drill_command:drill",
    "hooks": "hook_commands:hooks",
    "watch": "runtime_commands:watch",
    "pause": "runtime_commands:pause",
    "resume": "runtime_commands:resume",
    "boost": "runtime_commands:boost",
    "activities": "runtime_commands:activities",
    "inventory": "runtime_commands:inventory",
    "permissions": "runtime_commands:permissions",
    "tick": "controller_commands:tick",
    "run": "controller_commands:run",
    "history": "controller_commands:history",
    "explain": "explain_command:explain",
    "loadtest": "loadtest_command:loadtest",
}
"""Each command in the order of the help: the file of this folder that has it, and its function there."""
GROUPS = {
    "rollout": "rollout_commands:rollout",
    "instance": "instance_commands:instance",
    "haproxy": "haproxy_command:haproxy",
    "catalog": "catalog_commands:catalog",
}
"""Commands that have commands of their own."""
RENAMED = {"--allow-policies": "--allow-python"}
"""Options that have another name now; the old one still works."""
WRITING = frozenset(
    {
        *("apply", "destroy", "adopt", "hooks", "pause", "resume", "boost", "tick", "run"),
        *("rollout", "instance", "haproxy"),
    }
)
"""Commands that change what is in a cloud."""


def make_application(word: str = "") -> typer.Typer:
    """
    The program with one command alone, or with all where no command has that name: for help, and to complete.

    Args:
        word: The command that is run.
    """
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode="markdown")
    app.callback(invoke_without_command=True)(_start)
    for name, place in COMMANDS.items():
        if word == name or word not in COMMANDS | GROUPS:
            app.command(name)(_loaded(place))
    for name, place in GROUPS.items():
        if word == name or word not in COMMANDS | GROUPS:
            app.add_typer(_loaded(place), name=name)
    add_verbosity(app)
    return app


def _loaded(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(f"trimtab.cli.{module}"), name)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trimtab {trimtab.__version__}")
        raise typer.Exit


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
