"""The commands of the controller: one tick, the loop, the history of its decisions."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from trimtab.cli.commands import groups_command
from trimtab.cli.context import AllowPython, CommandContext, interval, span
from trimtab.cli.stopping import stopped_by_signals
from trimtab.cli.watching import Listen, SecretFile, Webhooks, watchers
from trimtab.errors import MissingExtra, StoreUnavailable
from trimtab.models import Fleet
from trimtab.runtime.cloud import Cloud

if TYPE_CHECKING:
    from trimtab.controller import Controller
    from trimtab.store.records import Store, TickRecord

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        envvar="TRIMTAB_STORE",
        help="Choose the store: sqlite:///PATH or postgresql://...; by default a file of this user.",
        show_default=False,
    ),
]
Every = Annotated[
    timedelta,
    typer.Option(parser=interval, metavar="DURATION", help="Set the time between two ticks.", show_default="1m"),
]
Shadow = Annotated[bool, typer.Option("--shadow", help="Decide about every group, and write nothing.")]
Candidate = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="Keep the decisions of a candidate file apart, under this name.", show_default=False
    ),
]


@groups_command
def tick(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    store: StoreUrl = None,
    every: Every = MINUTE,
    shadow: Shadow = False,
    candidate: Candidate = "",
    python: AllowPython = None,
    webhook: Webhooks = None,
    secret_file: SecretFile = None,
) -> int:
    """
    Decide once about each group that the cloud cannot size, and set the sizes that differ.

    For a timer or a function that is called each minute; `trimtab run` does it again and again.

    Example: `trimtab tick fleet.yaml --provider gcp --project shop --shadow`
    """
    from trimtab.cli.views.controller import tick_view

    options = WatcherOptions(None, webhook or (), secret_file)
    with _controller(
        context, fleet, groups, store, every, python, options, shadow=shadow, candidate=candidate
    ) as controller:
        done = controller.tick()
    context.screen.show(tick_view(done), done.to_dict())
    return 1 if done.error or done.errors else 0


@groups_command
def run(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    store: StoreUrl = None,
    every: Every = MINUTE,
    shadow: Shadow = False,
    candidate: Candidate = "",
    python: AllowPython = None,
    listen: Listen = None,
    webhook: Webhooks = None,
    secret_file: SecretFile = None,
) -> int:
    """
    Run the controller: tick until a signal ends it. The tick under way is finished first.

    With `--format json` each tick is a line of JSON on standard output, with `--log json` each entry of the log one
    on standard error.

    Example: `trimtab run fleet.yaml --provider gcp --project shop --store postgresql://trimtab@db/trimtab`
    """
    from trimtab.cli.views.controller import tick_view

    stop, options = threading.Event(), WatcherOptions(listen, webhook or (), secret_file)
    with (
        _controller(
            context, fleet, groups, store, every, python, options, shadow=shadow, candidate=candidate
        ) as controller,
        stopped_by_signals(stop),
    ):
        names = ", ".join(subject.group.name for subject in controller.subjects) or "no group"
        context.screen.remark(f"the controller of {fleet.name} {'shadows' if shadow else 'sizes'} {names}")
        context.screen.lines((tick_view(done), done.to_dict()) for done in controller.ticks(stop))
    return 0


class LastTick(NamedTuple):
    """When the controller of a fleet last ticked."""

    text: str
    is_stale: bool
    record: "TickRecord | None" = None

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        record = self.record
        last = {"at": record.at.isoformat(), "owner": record.owner, "errors": record.errors} if record else None
        return {"stale": self.is_stale, "last_tick": last, "text": self.text}


def last_tick(fleet: str, cloud: Cloud, store: str | None, now: datetime) -> LastTick:
    """When the controller of a fleet last ticked, as the store has it; where there is none, why."""
    from trimtab.cli.views.controller import is_stale, last_tick_text
    from trimtab.controller.controller import stored_cloud
    from trimtab.store import open_store

    try:
        opened = open_store(store)
    except (StoreUnavailable, MissingExtra) as error:
        return LastTick(str(error), is_stale=True)
    try:
        record = opened.last_tick(fleet, stored_cloud(cloud))
    except StoreUnavailable as error:
        return LastTick(str(error), is_stale=True)
    finally:
        opened.close()
    return LastTick(last_tick_text(record, now), is_stale(record, now), record)


class WatcherOptions(NamedTuple):
    """Who is told of what the controller does, as options name them."""

    listen: str | None
    webhooks: Sequence[str]
    secret_file: Path | None


@contextmanager
def _controller(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    store: str | None,
    every: timedelta,
    python: Sequence[str] | None,
    options: WatcherOptions,
    **settings: Any,
) -> "Iterator[Controller]":
    # most commands need no controller
    from trimtab.controller import Controller
    from trimtab.controller.controller import DEFAULT_STORE

    with (
        context.cloud(fleet) as cloud,
        watchers(context, *options, every=every, clock=cloud.clock) as listeners,
        Controller(
            fleet,
            cloud,
            store=store or DEFAULT_STORE,
            every=every,
            groups=groups or None,
            allow_python=python or (),
            on_tick=listeners.on_tick,
            on_event=listeners.on_event,
            **settings,
        ) as controller,
    ):
        yield controller


@groups_command
def history(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    store: StoreUrl = None,
    since: Annotated[
        timedelta, typer.Option(parser=span, metavar="DURATION", help="Set how far back.", show_default="1d")
    ] = DAY,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Show at most this many, the newest.")] = 200,
    shadow: Annotated[bool, typer.Option("--shadow", help="Compare what a shadow decided with the cloud.")] = False,
    candidate: Candidate = "",
) -> int:
    """
    Show what the controller decided about groups and how rollouts went, and why; asks no cloud.

    A decision that says the same as the one before it is kept once. With `--shadow`: where and why the sizes that a
    shadow decided on differ from those that the groups had, with counts.

    Example: `trimtab history fleet.yaml web --since 6h`
    """
    from trimtab.cli.views.controller import history_view, record_dict
    from trimtab.store import open_store
    from trimtab.store.records import DecisionRecord, RolloutRecord

    begin = datetime.now(UTC) - since
    if candidate and not shadow:
        raise typer.BadParameter("--candidate NAME goes with --shadow")
    opened = open_store(store, must_exist=True)
    try:
        if shadow:
            return _show_comparisons(context, fleet, opened, groups, candidate, begin)
        names: Sequence[str | None] = groups or [None]
        found: list[DecisionRecord | RolloutRecord] = []
        for name in names:
            found += opened.decisions(fleet=fleet.name, group=name, since=begin, shadow=False, limit=limit)
            found += opened.rollouts(fleet=fleet.name, group=name, since=begin, limit=limit)
    finally:
        opened.close()
    records = sorted(found, key=lambda record: (record.at, record.id))[-limit:]
    data = {
        "fleet": fleet.name,
        "decisions": [record_dict(record) for record in records if isinstance(record, DecisionRecord)],
        "rollouts": [record.to_dict() for record in records if isinstance(record, RolloutRecord)],
    }
    context.screen.show(history_view(fleet, records), data)
    return 0


def _show_comparisons(
    context: CommandContext, fleet: Fleet, store: "Store", groups: Sequence[str], candidate: str, since: datetime
) -> int:
    from trimtab.cli.views.controller import comparisons_view
    from trimtab.controller.shadowing import compare_shadow

    names = groups or [group.name for group in fleet.groups]
    compared = compare_shadow(store, fleet.name, names, candidate=candidate, since=since)
    data = {"fleet": fleet.name, "candidate": candidate, "comparisons": [each.to_dict() for each in compared]}
    context.screen.show(comparisons_view(fleet, compared), data)
    return 0
