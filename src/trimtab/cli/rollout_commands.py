"""`trimtab rollout`: bring changed templates to running instances, look at that, stop it, take it back."""

import getpass
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.text import Text

from trimtab.cli.commands import groups_command
from trimtab.cli.context import CommandContext, duration
from trimtab.cli.verbosity import add_verbosity
from trimtab.cli.views.values import printable
from trimtab.errors import InvalidArgument
from trimtab.events import silent
from trimtab.models import Fleet

if TYPE_CHECKING:
    from trimtab.cli.views.rollouts import Show
    from trimtab.rollout import GroupRollout, Rollouts
    from trimtab.runtime.cloud import Cloud

rollout = typer.Typer()
Asked = Literal["", "running", "paused", "rolled back"]
"""The outcome that a command is for, which is success then."""
Why = Annotated[str, typer.Option(help="Give the reason, for those who find it.", show_default=False)]
By = Annotated[str | None, typer.Option(help="Name who does it; your login when left out.", show_default=False)]
Commands = Annotated[
    bool, typer.Option("--allow-commands", help="Allow running the programs of `command` gates of the file.")
]
StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        envvar="TRIMTAB_STORE",
        help="Keep the history in a store, sqlite:///PATH or postgresql://...; `trimtab history` shows it.",
        show_default=False,
    ),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Only mark it; another process sees it through.")]
UpTo = Annotated[
    timedelta | None,
    typer.Option(
        "--timeout",
        parser=duration,
        metavar="DURATION",
        help="Stop looking after this long; the rollout stays as it is, for any process to go on with.",
        show_default=False,
    ),
]


@rollout.callback(invoke_without_command=True)
def _start(context: typer.Context) -> int:
    """Bring changed templates to running instances: start, look, pause, resume, abort, undo."""
    if context.invoked_subcommand is None:
        context.get_help()  # which rich prints
    return 1


@rollout.command()
@groups_command
def start(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    by: By = None,
    store: StoreUrl = None,
    again: Annotated[bool, typer.Option("--again", help="Try a template once more that was rolled back.")] = False,
    allow_commands: Commands = False,
    timeout: UpTo = None,
    no_wait: NoWait = False,
) -> int:
    """
    Roll out what waits for it, go on with what is on, and see it through.

    A rollout lives in the cloud's own marks: when this process ends, the same command goes on from there. A template
    that was rolled back is not started again without `--again`.

    Exit code: 0 every group has its new template, 3 paused or not there in time, 1 rolled back, stopped or an error.

    Example: `trimtab rollout start fleet.yaml web --provider aws`
    """
    with _rollouts(context, fleet, store, allow_commands=allow_commands) as (rollouts, show):
        started = rollouts.start(groups or None, by=by or getpass.getuser(), again=again)
        if no_wait:
            return end(context, started, asked="running")
        return _seen_through(context, rollouts, [each.group for each in started], timeout, show, started)


@rollout.command()
@groups_command
def status(context: CommandContext, fleet: Fleet, groups: Sequence[str]) -> int:
    """
    Show how the rollout of each group stands; only reads.

    Exit code: 0 nothing to do or under way, 2 a template waits for a rollout, 3 one is paused or stopped.

    Example: `trimtab rollout status fleet.yaml --provider aws`
    """
    from trimtab.cli.views.rollouts import rollouts_dict, rollouts_view
    from trimtab.rollout import RolloutOutcome

    with context.cloud(fleet) as cloud, context.screen.busy("reading the cloud"):
        found = [each for each in cloud.rollouts(fleet).status() if not groups or each.group in groups]
        now = cloud.now()
    context.screen.show(rollouts_view(found, now), rollouts_dict(found))
    outcomes = {each.outcome for each in found}
    if outcomes & {RolloutOutcome.PAUSED, RolloutOutcome.STOPPED, RolloutOutcome.ERROR}:
        return 3
    return 2 if RolloutOutcome.WAITING in outcomes else 0


@rollout.command()
@groups_command
def pause(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    by: By = None,
    store: StoreUrl = None,
    why: Why = "",
) -> int:
    """
    Let a rollout stand still until somebody resumes it; new and old instances stay as they are.

    Example: `trimtab rollout pause fleet.yaml web --why "looking at the errors" --provider aws`
    """
    with _rollouts(context, fleet, store) as (rollouts, _):
        who = by or getpass.getuser()
        paused = [rollouts.pause(name, by=who, why=why) for name in _running(rollouts, groups)]
        return end(context, paused, asked="paused")


@rollout.command()
@groups_command
def resume(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    store: StoreUrl = None,
    allow_commands: Commands = False,
    timeout: UpTo = None,
    no_wait: NoWait = False,
) -> int:
    """
    Go on with a rollout that is paused or stopped, or whose process has ended, and see it through.

    Example: `trimtab rollout resume fleet.yaml web --provider aws`
    """
    return _turned(
        context,
        fleet,
        groups,
        lambda rollouts, name: rollouts.resume(name),
        store=store,
        timeout=timeout,
        no_wait=no_wait,
        allow_commands=allow_commands,
    )


@rollout.command()
@groups_command
def abort(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    by: By = None,
    why: Why = "",
    store: StoreUrl = None,
    timeout: UpTo = None,
    no_wait: NoWait = False,
) -> int:
    """
    Take a rollout back: every instance gets the old template again.

    Example: `trimtab rollout abort fleet.yaml web --why "errors doubled" --provider aws`
    """
    turn = partial(_abort, by or getpass.getuser(), why)
    return _turned(context, fleet, groups, turn, store=store, timeout=timeout, no_wait=no_wait, asked="rolled back")


@rollout.command()
@groups_command
def undo(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    by: By = None,
    store: StoreUrl = None,
    allow_commands: Commands = False,
    timeout: UpTo = None,
    no_wait: NoWait = False,
) -> int:
    """
    Abort a rollout that is on; without one, roll out the template before this one, as far as versions are kept.

    Example: `trimtab rollout undo fleet.yaml web --provider aws`
    """
    who = by or getpass.getuser()
    return _turned(
        context,
        fleet,
        groups,
        lambda rollouts, name: rollouts.undo(name, by=who),
        store=store,
        timeout=timeout,
        no_wait=no_wait,
        allow_commands=allow_commands,
        asked="rolled back",
    )


def _abort(who: str, why: str, rollouts: "Rollouts", name: str) -> "GroupRollout":
    return rollouts.abort(name, by=who, why=why)


def _turned(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    turn: "Callable[[Rollouts, str], GroupRollout]",
    *,
    store: str | None,
    timeout: timedelta | None,
    no_wait: bool,
    allow_commands: bool = False,
    asked: Asked = "",
) -> int:
    with _rollouts(context, fleet, store, allow_commands=allow_commands) as (rollouts, show):
        turned = [turn(rollouts, name) for name in _running(rollouts, groups)]
        if no_wait:
            return end(context, turned, asked="running")
        return _seen_through(context, rollouts, [each.group for each in turned], timeout, show, turned, asked=asked)


def _running(rollouts: "Rollouts", groups: Sequence[str]) -> Sequence[str]:
    """The groups that are named, else those with a rollout that is on."""
    if groups:
        return groups
    result = [each.group for each in rollouts.status() if each.run is not None]
    if not result:
        raise InvalidArgument("no rollout of this fleet is on; name the group that is meant, or start one")
    return result


@contextmanager
def _rollouts(
    context: CommandContext, fleet: Fleet, store: str | None = None, *, allow_commands: bool = False
) -> "Iterator[tuple[Rollouts, Show]]":
    from trimtab.cli.views.rollouts import rollout_progress  # most commands roll nothing out

    with context.cloud(fleet) as cloud, rollout_progress(context.screen.err, cloud.now) as (listener, show):
        listener = silent if context.screen.verbosity else listener
        yield cloud.rollouts(fleet, allow_commands=allow_commands, on_event=listener, store=store), show


def _seen_through(
    context: CommandContext,
    rollouts: "Rollouts",
    groups: Sequence[str],
    timeout: timedelta | None,
    show: "Show",
    started: "Sequence[GroupRollout]",
    asked: Asked = "",
) -> int:
    done = rollouts.see_through(groups, timeout=timeout, on_look=show).over(started)
    return end(context, done.groups, asked=asked)


def end(context: CommandContext, rollouts: "Sequence[GroupRollout]", *, asked: Asked = "") -> int:
    """Show what came of rollouts; the exit code: 0 where it is what was asked for."""
    view, data, code = _ended(rollouts, asked=asked)
    context.screen.show(view, data)
    return code


def _ended(rollouts: "Sequence[GroupRollout]", *, asked: Asked = "") -> tuple[Text, Mapping[str, object], int]:
    from trimtab.cli.views.rollouts import rollouts_dict
    from trimtab.rollout import exit_code

    lines = "\n".join(map(str, rollouts)) or "nothing to roll out"
    code = exit_code([each for each in rollouts if each.outcome != asked])
    return Text(printable(lines, lines=True)), rollouts_dict(rollouts), code


def rolled_out(
    context: CommandContext, cloud: "Cloud", fleet: Fleet, groups: Sequence[str], *, allow_commands: bool
) -> tuple[Text, Mapping[str, object], int]:
    """Start the rollouts of these groups and see them through, with progress shown; what came of them."""
    from trimtab.cli.views.rollouts import rollout_progress

    with rollout_progress(context.screen.err, cloud.now) as (listener, show):
        listener = silent if context.screen.verbosity else listener
        store = os.environ.get("TRIMTAB_STORE")
        rollouts = cloud.rollouts(fleet, allow_commands=allow_commands, on_event=listener, store=store or None)
        started = rollouts.start(groups, by=getpass.getuser())
        rolled = rollouts.see_through([each.group for each in started], on_look=show).over(started)
    return _ended(rolled.groups)


add_verbosity(rollout)
