"""`trimtab haproxy`: keeps the servers of HAProxies equal to the instances of groups."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from trimtab.cli.commands import groups_command
from trimtab.cli.context import CommandContext, duration, interval
from trimtab.cli.stopping import stopped_by_signals
from trimtab.cli.verbosity import add_verbosity
from trimtab.errors import InvalidArgument
from trimtab.models import Fleet
from trimtab.runtime.cloud import Cloud

if TYPE_CHECKING:
    from trimtab.haproxy import HaproxySync, SyncedBackend

MINUTE = timedelta(minutes=1)
NO_WAIT = timedelta(0)
WAITING = 3
"""The exit code of a sync after which something still waits."""

haproxy = typer.Typer()


@haproxy.callback(invoke_without_command=True)
def _start(context: typer.Context) -> int:
    """Keep the servers of HAProxies equal to the instances of groups."""
    if context.invoked_subcommand is None:
        context.get_help()  # which rich prints
    return 1


@haproxy.command()
@groups_command
def sync(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    wait: Annotated[
        timedelta,
        typer.Option(parser=duration, metavar="DURATION", help="Go on for so long until all serve.", show_default="1m"),
    ] = MINUTE,
    every: Annotated[
        timedelta | None,
        typer.Option(
            parser=interval, metavar="DURATION", help="Go on until a signal, this far apart.", show_default=False
        ),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take all servers of the groups out.")] = False,
) -> int:
    """
    Add new instances to the HAProxies of their groups, and drain and delete the servers of those that left.

    Servers that trimtab did not add stay as they are. Exits with 3 when something still waits: an instance that does
    not answer, requests that have not ended.

    Example: `trimtab haproxy sync fleet.yaml --provider aws --every 10s`
    """
    from trimtab.cli.views.haproxy import synced_view
    from trimtab.haproxy import HaproxySync

    if remove and every is not None:
        raise InvalidArgument("`--remove` takes servers out once; leave `--every` out")
    with context.cloud(fleet) as cloud:
        keeper = HaproxySync(fleet, cloud, groups=groups or None)
        if not keeper.groups:
            text = f"fleet {fleet.name!r} has no group with a HAProxy among its `load_balancers`"
            raise InvalidArgument(f"{text}; add `- haproxy: {{socket: ..., backend: ...}}` to those of a group")
        if every is not None:
            context.screen.remark(f"keeping the HAProxies of {fleet.name}")
            context.screen.lines((synced_view(each), _data(fleet, each)) for each in _again_and_again(keeper, every))
            return 0
        done = keeper.sync(wait=wait, remove=remove)
    context.screen.show(synced_view(done), _data(fleet, done))
    return code_of(done)


def _again_and_again(keeper: "HaproxySync", every: timedelta) -> "Iterator[Sequence[SyncedBackend]]":
    """What each sync did, where that is not nothing."""
    stop, before = threading.Event(), None
    with stopped_by_signals(stop):
        for done in keeper.syncs(stop, every=every):
            if done != before:
                yield done
            before = done


def _data(fleet: Fleet, done: "Sequence[SyncedBackend]") -> dict[str, Any]:
    return {"fleet": fleet.name, "haproxies": [each.to_dict() for each in done]}


def code_of(done: "Sequence[SyncedBackend]") -> int:
    """The exit code of a sync."""
    if any(each.error or each.held for each in done):
        return 1
    return 0 if all(each.is_settled for each in done) else WAITING


def synced(cloud: Cloud, fleet: Fleet, *, waits: bool) -> tuple[RenderableType, Mapping[str, Any], int]:
    """What follows an apply: the HAProxies get the instances that there are now."""
    from trimtab.cli.views.haproxy import synced_view
    from trimtab.haproxy import HaproxySync

    done = HaproxySync(fleet, cloud).sync(wait=MINUTE if waits else NO_WAIT)
    return synced_view(done), {"haproxies": [each.to_dict() for each in done]}, code_of(done)


add_verbosity(haproxy)
