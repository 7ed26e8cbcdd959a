"""`trimtab instance`: what is done to single instances of a group that runs."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from rich.text import Text

from trimtab.cli.commands import instances_command
from trimtab.cli.context import CommandContext
from trimtab.cli.verbosity import add_verbosity
from trimtab.cli.views.values import printable
from trimtab.errors import InvalidArgument
from trimtab.models import Fleet
from trimtab.providers.base import GroupState
from trimtab.runtime.group import LiveGroup, native_name

instance = typer.Typer()


@instance.callback(invoke_without_command=True)
def _start(context: typer.Context) -> int:
    """Protect, drain, replace or end single instances of a group."""
    if context.invoked_subcommand is None:
        context.get_help()  # which rich prints
    return 1


@instance.command()
@instances_command
def protect(context: CommandContext, fleet: Fleet, group: str, ids: Sequence[str]) -> int:
    """
    Have scaling in spare instances, until `unprotect`.

    Example: `trimtab instance protect fleet.yaml web i-0a7f4ac5b7d3b3e0f --provider aws`
    """
    return _act(context, fleet, group, lambda live: live.protect(*ids))


@instance.command()
@instances_command
def unprotect(context: CommandContext, fleet: Fleet, group: str, ids: Sequence[str]) -> int:
    """
    Let scaling in choose instances again.

    Example: `trimtab instance unprotect fleet.yaml web i-0a7f4ac5b7d3b3e0f --provider aws`
    """
    return _act(context, fleet, group, lambda live: live.unprotect(*ids))


@instance.command()
@instances_command
def drain(
    context: CommandContext,
    fleet: Fleet,
    group: str,
    ids: Sequence[str],
    shrink: Annotated[
        bool, typer.Option("--shrink", help="Take them off the size; else others start in their place.")
    ] = False,
) -> int:
    """
    Send instances no more requests, and keep them running.

    Example: `trimtab instance drain fleet.yaml web i-0a7f4ac5b7d3b3e0f --provider aws`
    """
    return _act(context, fleet, group, lambda live: live.drain(*ids, shrink=shrink))


@instance.command()
@instances_command
def replace(context: CommandContext, fleet: Fleet, group: str, ids: Sequence[str]) -> int:
    """
    End instances, and have others start in their place from the current template.

    Example: `trimtab instance replace fleet.yaml web i-0a7f4ac5b7d3b3e0f --provider aws`
    """
    return _act(context, fleet, group, lambda live: live.replace(*ids))


@instance.command()
@instances_command
def end(
    context: CommandContext,
    fleet: Fleet,
    group: str,
    ids: Sequence[str],
    shrink: Annotated[
        bool | None,
        typer.Option(
            "--shrink/--keep-size",
            help="Take them off the size, or have others start in their place.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """
    End instances, these and no others. It does not ask: the ids are the consent.

    Example: `trimtab instance end fleet.yaml web i-0a7f4ac5b7d3b3e0f --shrink --provider aws`
    """
    if shrink is None:
        raise InvalidArgument("say what becomes of the size: `--shrink` or `--keep-size`")
    return _act(context, fleet, group, lambda live: live.end(*ids, shrink=shrink))


def _act(context: CommandContext, fleet: Fleet, name: str, act: Callable[[LiveGroup], None]) -> int:
    group = fleet[name]
    with context.cloud(fleet) as cloud:
        live = cloud.group(native_name(cloud.provider, fleet, group), group.location)
        act(live)
        state = live.read()
    _show(context, name, state)
    return 0


def _show(context: CommandContext, name: str, state: GroupState) -> None:
    lines = [f"{name}: size {state.desired}, minimum {state.min}, maximum {state.max}"]
    lines += [f"  {each.id}: {each.state.value}{', protected' if each.protected else ''}" for each in state.instances]
    data = {
        "group": name,
        "desired": state.desired,
        "instances": [
            {"id": each.id, "state": each.state.value, "protected": each.protected} for each in state.instances
        ],
    }
    context.screen.show(Text(printable("\n".join(lines), lines=True)), data)


add_verbosity(instance)
