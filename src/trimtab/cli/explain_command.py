"""`trimtab explain`: why a group has the size that it has, and what is wrong with it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group

from trimtab.cli.commands import groups_command
from trimtab.cli.context import AllowPython, CommandContext, TextFormat, moment, span
from trimtab.cli.controller_commands import StoreUrl
from trimtab.cli.load_options import ReportFile
from trimtab.cli.views.status import zone_of
from trimtab.errors import InvalidArgument
from trimtab.models import Fleet

if TYPE_CHECKING:
    from trimtab.store.records import Store

TWO_HOURS = timedelta(hours=2)


@groups_command
def explain(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    since: Annotated[
        timedelta | None,
        typer.Option(parser=span, metavar="DURATION", help="Set how far back; 2h when left out.", show_default=False),
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="TIME", help="Choose one moment instead, with a zone.", show_default=False),
    ] = None,
    diagnose: Annotated[bool, typer.Option("--diagnose", help="Show what is wrong, with evidence and a fix.")] = False,
    report: ReportFile = None,
    store: StoreUrl = None,
    python: AllowPython = None,
    chosen: Annotated[TextFormat, typer.Option("--format", help="Choose how results are printed.")] = TextFormat.TEXT,
) -> int:
    """
    Explain why groups have, or had, their size: what happened, and what the rules say of each minute; only reads.

    Exit code: 0 explained, 2 with `--diagnose` something is wrong, 1 an error.

    Example: `trimtab explain fleet.yaml web --since 2h --diagnose --provider aws`
    """
    from trimtab.cli.views.explaining import explanation_view

    if since is not None and at is not None:
        raise InvalidArgument("give `--at` or `--since`, not both")
    names = groups or [group.name for group in fleet.groups]
    if report is not None and len(names) != 1:
        raise InvalidArgument(f"a report is of one group, not of {len(names)}; name it")
    with context.cloud(fleet) as cloud, _opened(store) as opened, context.screen.busy("reading the cloud"):
        found = [
            cloud.explain(
                fleet, name, since=since or TWO_HOURS, at=at, diagnose=diagnose, store=opened, allow_python=python or ()
            )
            for name in names
        ]
    trouble = None if report is None else context.write(lambda: found[0].save(report))
    if report is not None and trouble is None:
        context.screen.remark(f"report written to {report}")
    if context.screen.markdown:
        context.screen.text("\n".join(each.to_markdown() for each in found))
    else:
        views = Group(*(explanation_view(each, zone_of(fleet, each.group) or UTC) for each in found))
        context.screen.show(views, {"fleet": fleet.name, "groups": [each.to_dict() for each in found]})
    if trouble is not None:
        raise trouble
    return 2 if any(each.diagnoses for each in found) else 0


@contextmanager
def _opened(store: str | None) -> "Iterator[Store | None]":
    """The controller's store, where one is named."""
    if store is None:
        yield None
        return
    from trimtab.store import open_store

    opened = open_store(store, must_exist=True)
    try:
        yield opened
    finally:
        opened.close()
