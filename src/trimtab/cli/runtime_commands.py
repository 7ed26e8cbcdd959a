"""The commands for a fleet that runs: watch it, pause and resume its groups, list its hosts, name its permissions."""

import getpass
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Annotated

import typer
from rich.text import Text

from trimtab.cli.context import (
    As,
    CommandContext,
    Endpoint,
    FleetFile,
    Format,
    OutsideFiles,
    Provider,
    Region,
    check_groups,
    context_of,
    duration,
)
from trimtab.models import Fleet
from trimtab.runtime.cloud import Cloud
from trimtab.runtime.group import LiveGroup
from trimtab.runtime.status import FleetStatus
from trimtab.views.inventory import AddressOf, inventory_dict, inventory_view
from trimtab.views.values import printable
from trimtab.views.watch import watch_view

Groups = Annotated[
    list[str] | None, typer.Argument(metavar="[GROUP]...", help="All when left out.", show_default=False)
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    commands: tuple[Callable[..., int], ...] = (watch, pause, resume, inventory, permissions)
    for command in commands:
        app.command()(command)


def watch(
    context: typer.Context,
    fleet: FleetFile,
    interval: Annotated[
        timedelta,
        typer.Option(parser=duration, metavar="DURATION", help="How long between two looks.", show_default="30s"),
    ] = timedelta(seconds=30),
    once: Annotated[bool, typer.Option("--once", help="Look once, and end.")] = False,
    outside: OutsideFiles = False,
    provider: Provider = None,
    region: Region = None,
    endpoint: Endpoint = None,
    chosen: As = Format.TEXT,
) -> int:
    """
    Show each group as it changes: sizes, instances, load, alarms, what was last done, schedule, pause.

    On a terminal a table that is drawn anew until Ctrl-C; elsewhere one table, or line of JSON, after the other.

    Example: `trimtab watch fleet.yaml --provider aws --interval 1m`
    """
    desk = context_of(context, chosen)
    declared = desk.load(fleet, allow_outside_files=outside)
    with desk.cloud(provider, region, endpoint) as cloud:
        over = cloud.watch(declared)
        if once:
            fleet_status = over.look()
            desk.screen.show(watch_view(fleet_status, declared), fleet_status.to_dict())
            return 0
        with suppress(KeyboardInterrupt):  # the one way to end it
            desk.screen.show_each(
                (watch_view(snapshot, declared), snapshot.to_dict()) for snapshot in over.looks(interval)
            )
    return 0


def pause(
    context: typer.Context,
    fleet: FleetFile,
    groups: Groups = None,
    by: Annotated[str | None, typer.Option(help="Who pauses; your login when left out.", show_default=False)] = None,
    lasting: Annotated[
        timedelta | None,
        typer.Option("--for", parser=duration, metavar="DURATION", help="When it is to be over.", show_default=False),
    ] = None,
    why: Annotated[str, typer.Option(help="The reason, for those who find it.", show_default=False)] = "",
    outside: OutsideFiles = False,
    provider: Provider = None,
    region: Region = None,
    endpoint: Endpoint = None,
    chosen: As = Format.TEXT,
) -> int:
    """
    Let neither policies nor schedules change the size of groups, and mark who wanted that.

    Nothing resumes by itself: status, watch and plan say when a pause is over.

    Example: `trimtab pause fleet.yaml web --for 2h --why "moving the database" --provider aws`
    """
    desk = context_of(context, chosen)
    declared = desk.load(fleet, allow_outside_files=outside)
    check_groups(declared, groups or ())
    with desk.cloud(provider, region, endpoint) as cloud:
        until = cloud.now() + lasting if lasting else None
        for live in _live_groups(cloud, declared, groups):
            live.pause(by=by or getpass.getuser(), until=until, why=why)
        return _show_pauses(desk, cloud.status(declared))


def resume(
    context: typer.Context,
    fleet: FleetFile,
    groups: Groups = None,
    outside: OutsideFiles = False,
    provider: Provider = None,
    region: Region = None,
    endpoint: Endpoint = None,
    chosen: As = Format.TEXT,
) -> int:
    """
    End the pause of groups: what it stopped goes on, whatever else stands still does not.

    Example: `trimtab resume fleet.yaml web --provider aws`
    """
    desk = context_of(context, chosen)
    declared = desk.load(fleet, allow_outside_files=outside)
    check_groups(declared, groups or ())
    with desk.cloud(provider, region, endpoint) as cloud:
        for live in _live_groups(cloud, declared, groups):
            live.resume()
        return _show_pauses(desk, cloud.status(declared))


def _live_groups(cloud: Cloud, fleet: Fleet, names: Sequence[str] | None) -> Iterator[LiveGroup]:
    for group in fleet.groups:
        if not names or group.name in names:
            yield cloud.group(fleet.native_name(group), group.location)


def _show_pauses(desk: CommandContext, status: FleetStatus) -> int:
    pauses = {group.group: group.state.paused for group in status.groups if group.state}
    lines = [f"{name}: {pause or 'not paused'}" for name, pause in pauses.items()]
    data = {name: pause.to_dict() if pause else None for name, pause in pauses.items()}
    desk.screen.show(Text(printable("\n".join(lines), lines=True)), {"paused": data})
    return 0


def inventory(
    context: typer.Context,
    fleet: FleetFile,
    everything: Annotated[bool, typer.Option("--list", help="All groups and hosts, as Ansible asks.")] = False,
    host: Annotated[
        str | None, typer.Option(metavar="NAME", help="One host, as Ansible asks.", show_default=False)
    ] = None,
    address: Annotated[AddressOf, typer.Option(help="Which address Ansible connects to.")] = AddressOf.PRIVATE,
    outside: OutsideFiles = False,
    provider: Provider = None,
    region: Region = None,
    endpoint: Endpoint = None,
    chosen: As = Format.TEXT,
) -> int:
    """
    List the instances as an Ansible inventory.

    With `--list` or `--host` it prints the JSON that Ansible asks of an inventory script; without, a table.

    Example: `trimtab inventory fleet.yaml --provider aws --list`
    """
    desk = context_of(context, chosen)
    declared = desk.load(fleet, allow_outside_files=outside)
    with desk.cloud(provider, region, endpoint) as cloud:
        fleet_status = cloud.status(declared, addresses=True)
    listed = inventory_dict(fleet_status, address)
    if host is not None:
        desk.screen.document(listed["_meta"]["hostvars"].get(host, {}))
    elif everything:
        desk.screen.document(listed)
    else:
        desk.screen.show(inventory_view(fleet_status), listed)
    return 0


def permissions(
    context: typer.Context,
    fleet: FleetFile,
    read_only: Annotated[bool, typer.Option("--read-only", help="For plan, status and watch only.")] = False,
    outside: OutsideFiles = False,
    provider: Provider = None,
    region: Region = None,
    endpoint: Endpoint = None,
    chosen: As = Format.TEXT,
) -> int:
    """
    Print the least that trimtab needs for this fleet, as the cloud grants it; asks no cloud.

    On AWS it is an IAM policy document.

    Example: `trimtab permissions fleet.yaml --provider aws --region us-east-1 --read-only`
    """
    desk = context_of(context, chosen)
    declared = desk.load(fleet, allow_outside_files=outside)
    with desk.cloud(provider, region, endpoint) as cloud:
        desk.screen.document(cloud.permissions(declared, read_only=read_only))
    return 0
