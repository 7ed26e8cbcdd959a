"""The commands for a fleet that runs: watch it, pause and resume its groups, list its hosts, name its permissions."""

import getpass
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from trimtab.cli.commands import fleet_command, groups_command
from trimtab.cli.context import CommandContext, interval, moment, span
from trimtab.cli.views.activities import activities_dict, activities_view
from trimtab.cli.views.inventory import AddressOf, inventory_dict, inventory_view
from trimtab.cli.views.values import printable
from trimtab.cli.views.watch import watch_view
from trimtab.cli.watching import Serve, served
from trimtab.errors import InvalidArgument, NotFound, TrimtabError
from trimtab.models import Fleet
from trimtab.providers.base import Activity
from trimtab.runtime.cloud import Cloud
from trimtab.runtime.group import LiveGroup, native_name
from trimtab.runtime.status import FleetStatus
from trimtab.runtime.watch import Watch

if TYPE_CHECKING:
    from trimtab.controller.exposition import Exposition
    from trimtab.controller.serving import Health


@fleet_command
def watch(
    context: CommandContext,
    fleet: Fleet,
    interval: Annotated[
        timedelta,
        typer.Option(parser=interval, metavar="DURATION", help="Set the time between two looks.", show_default="30s"),
    ] = timedelta(seconds=30),
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    serve: Serve = None,
) -> int:
    """
    Show each group as it changes: sizes, instances, load, alarms, what was last done, schedule, pause.

    On a terminal the table is redrawn until Ctrl-C; elsewhere tables, or lines of JSON, follow each other. With
    `--serve` it also serves Prometheus metrics of the fleet, for which no controller is needed.

    Example: `trimtab watch fleet.yaml --provider aws --interval 1m`
    """
    with context.cloud(fleet) as cloud:
        over = cloud.watch(fleet)
        if once:
            fleet_status = over.snapshot()
            context.screen.show(watch_view(fleet_status, fleet), fleet_status.to_dict())
            return 0
        with ExitStack() as stack:
            snapshots = over.stream(interval)
            if serve is not None:
                exposition, health = stack.enter_context(served(context, serve, interval, cloud.clock))
                snapshots = _recorded(context, cloud, over, interval, exposition, health)
            stack.enter_context(suppress(KeyboardInterrupt))  # the one way to end it
            context.screen.show_each((watch_view(snapshot, fleet), snapshot.to_dict()) for snapshot in snapshots)
    return 0


def _recorded(
    context: CommandContext,
    cloud: Cloud,
    over: Watch,
    interval: timedelta,
    exposition: "Exposition",
    health: "Health",
) -> Iterator[FleetStatus]:
    """One look after the other, for people and for Prometheus; a cloud that fails is said, and looked at again."""
    while True:
        try:
            snapshot = over.snapshot()
        except TrimtabError as error:
            exposition.record_unreadable(cloud.provider.name, over.fleet.name)
            health.beat(str(error))
            context.screen.remark(str(error))
        else:
            exposition.record_status(snapshot)
            health.beat()
            yield snapshot
        cloud.clock.sleep(interval)


@groups_command
def pause(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    by: Annotated[
        str | None, typer.Option(help="Name who pauses; your login when left out.", show_default=False)
    ] = None,
    lasting: Annotated[
        timedelta | None,
        typer.Option(
            "--for", parser=span, metavar="DURATION", help="Set how long it is meant to last.", show_default=False
        ),
    ] = None,
    why: Annotated[str, typer.Option(help="Give the reason, for those who find it.", show_default=False)] = "",
) -> int:
    """
    Stop policies and schedules from changing the size of groups, and mark who wanted that.

    Nothing resumes by itself: status, watch and plan say when a pause is over.

    Example: `trimtab pause fleet.yaml web --for 2h --why "moving the database" --provider aws`
    """
    with context.cloud(fleet) as cloud:
        until = cloud.now() + lasting if lasting else None
        for live in _live_groups(cloud, fleet, groups):
            live.pause(by=by or getpass.getuser(), until=until, why=why)
        return _show_pauses(context, cloud.status(fleet))


@groups_command
def resume(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
) -> int:
    """
    End the pause of groups: what it stopped goes on, whatever else stands still does not.

    Example: `trimtab resume fleet.yaml web --provider aws`
    """
    with context.cloud(fleet) as cloud:
        for live in _live_groups(cloud, fleet, groups):
            live.resume()
        return _show_pauses(context, cloud.status(fleet))


@groups_command
def boost(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    least: Annotated[
        int | None, typer.Option("--min", min=1, help="Hold at least this many instances.", show_default=False)
    ] = None,
    lasting: Annotated[
        timedelta | None,
        typer.Option("--for", parser=span, metavar="DURATION", help="Set how long it lasts.", show_default=False),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="TIME", help="Set when it is over, with a zone.", show_default=False),
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Name who boosts; your login when left out.", show_default=False)
    ] = None,
    why: Annotated[str, typer.Option(help="Give the reason, for those who find it.", show_default=False)] = "",
    end: Annotated[bool, typer.Option("--end", help="End the boost now.")] = False,
) -> int:
    """
    Raise the minimum of groups for a time, and mark who wanted that.

    The cloud ends it by itself; plans leave it alone until then.

    Example: `trimtab boost fleet.yaml web --min 20 --for 4h --why "launch" --provider aws`
    """
    given = [each is not None for each in (least, lasting, until)]
    if any(given) if end else not given[0] or given[1] == given[2]:
        raise InvalidArgument("give `--min` with `--for` or `--until`, or `--end`")
    with context.cloud(fleet) as cloud:
        over = until or cloud.now() + (lasting or timedelta(0))
        for live in _live_groups(cloud, fleet, groups):
            if end:
                live.end_boost()
            else:
                live.boost(min=least or 0, until=over, by=by or getpass.getuser(), why=why)
        return _show_boosts(context, cloud.status(fleet))


def _show_boosts(context: CommandContext, status: FleetStatus) -> int:
    states = {group.group: group.state for group in status.groups if group.state}
    lines = [
        f"{name}: {state.boost or 'not boosted'}, minimum {state.min}, maximum {state.max}"
        for name, state in states.items()
    ]
    data = {name: state.boost.to_dict() if state.boost else None for name, state in states.items()}
    context.screen.show(Text(printable("\n".join(lines), lines=True)), {"boosted": data})
    return 0


def _live_groups(cloud: Cloud, fleet: Fleet, names: Sequence[str] | None) -> Iterator[LiveGroup]:
    for group in fleet.groups:
        if not names or group.name in names:
            yield cloud.group(native_name(cloud.provider, fleet, group), group.location)


def _show_pauses(context: CommandContext, status: FleetStatus) -> int:
    pauses = {group.group: group.state.paused for group in status.groups if group.state}
    lines = [f"{name}: {pause or 'not paused'}" for name, pause in pauses.items()]
    data = {name: pause.to_dict() if pause else None for name, pause in pauses.items()}
    context.screen.show(Text(printable("\n".join(lines), lines=True)), {"paused": data})
    return 0


@groups_command
def activities(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    limit: Annotated[int, typer.Option(min=1, max=100, help="Show at most this many for each group.")] = 20,
) -> int:
    """
    Show what the cloud did to the size of groups, newest first: when, with what result, and why.

    Example: `trimtab activities fleet.yaml web --limit 5 --provider aws`
    """
    with context.cloud(fleet) as cloud, context.screen.busy("reading the cloud"):
        names = [group.name for group in fleet.groups if not groups or group.name in groups]
        lives = _live_groups(cloud, fleet, groups)
        done = {name: _activities_of(live, limit) for name, live in zip(names, lives, strict=True)}
    context.screen.show(activities_view(fleet, done), activities_dict(fleet, done))
    return 0


def _activities_of(live: LiveGroup, limit: int) -> Sequence[Activity] | None:
    try:
        return live.activities(limit)
    except NotFound:
        return None


@fleet_command
def inventory(
    context: CommandContext,
    fleet: Fleet,
    everything: Annotated[bool, typer.Option("--list", help="Print all groups and hosts as JSON for Ansible.")] = False,
    host: Annotated[
        str | None, typer.Option(metavar="NAME", help="Print one host as JSON for Ansible.", show_default=False)
    ] = None,
    address: Annotated[
        AddressOf, typer.Option(help="Choose the address that Ansible connects to.")
    ] = AddressOf.PRIVATE,
) -> int:
    """
    List the instances as an Ansible inventory.

    With `--list` or `--host` it prints the JSON that Ansible asks of an inventory script; without, a table.

    Example: `trimtab inventory fleet.yaml --provider aws --list`
    """
    with context.cloud(fleet) as cloud:
        fleet_status = cloud.status(fleet, addresses=True)
    listed = inventory_dict(fleet_status, address)
    if host is not None:
        context.screen.document(listed["_meta"]["hostvars"].get(host, {}))
    elif everything:
        context.screen.document(listed)
    else:
        context.screen.show(inventory_view(fleet_status), listed)
    return 0


@fleet_command
def permissions(
    context: CommandContext,
    fleet: Fleet,
    read_only: Annotated[bool, typer.Option("--read-only", help="Leave out what only changes need.")] = False,
    controller: Annotated[
        bool, typer.Option("--controller", help="Print what the controller needs; with --read-only, in shadow mode.")
    ] = False,
    instances: Annotated[
        bool, typer.Option("--instances", help="Print what the instances need in a role of their own.")
    ] = False,
    hooks: Annotated[bool, typer.Option("--hooks", help="Print what the consumer of hooks needs.")] = False,
) -> int:
    """
    Print the least permissions that trimtab needs for this fleet; asks no cloud.

    On AWS it is an IAM policy document, on Azure and Google Cloud the definition of a custom role. With `--instances`
    it is for the role of the instances: metrics that they publish, lifecycle hooks that they end.

    Example: `trimtab permissions fleet.yaml --provider aws --region us-east-1 --read-only`
    """
    with context.cloud(fleet) as cloud:
        given = {"read_only": read_only, "controller": controller, "instances": instances, "hooks": hooks}
        context.screen.document(cloud.permissions(fleet, **given))
    return 0
