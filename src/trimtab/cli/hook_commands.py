"""The command that consumes hooks: handlers in Python for instances that start and end."""

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

import typer

from trimtab.cli.commands import groups_command
from trimtab.cli.context import CommandContext
from trimtab.cli.stopping import stopped_by_signals
from trimtab.errors import InvalidArgument
from trimtab.models import Fleet

ONE_SECOND = timedelta(seconds=1)
Queue = Annotated[str, typer.Option("--queue", metavar="QUEUE", help="Name the queue: its URL, ARN or name.")]
Handlers = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-python",
        metavar="MODULE",
        help="Allow importing this module, and call the handlers that it defines; may be repeated.",
        show_default=False,
    ),
]


@groups_command
def hooks(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    queue: Queue,
    python: Handlers = None,
    once: Annotated[
        bool, typer.Option("--once", help="Handle one round of messages, --workers at most, and end.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Run at most this many handlers at once.")] = 8,
) -> int:
    """
    Handle instances that start and end, by functions marked `@trimtab.on_launch` and `@trimtab.on_terminate`.

    Groups behind a HAProxy need none: their instances are drained before they end.

    Runs until a signal ends it; handlers under way are finished first. With `--format json` each result is a line of
    JSON. For AWS; on Azure and Google Cloud run `trimtab/hooks/listener.py` in the instances.

    Example: `trimtab hooks fleet.yaml --provider aws --queue shop-hooks --allow-python acme.handlers`
    """
    from trimtab.cli.views.hooks import handled_view
    from trimtab.haproxy import HaproxySync
    from trimtab.hooks import HandledHook, HookConsumer, HookOutcome, drain_handlers, load_handlers

    stop, lock, failed = threading.Event(), threading.Lock(), threading.Event()

    def show(handled: HandledHook) -> None:
        if handled.outcome is HookOutcome.FAILED:
            failed.set()
        with lock:
            context.screen.lines([(handled_view(handled), handled.to_dict())])

    handlers: list[Any] = [*load_handlers(python or ())]
    with context.cloud(fleet) as cloud, stopped_by_signals(stop):
        behind = [group.name for group in fleet.for_provider(cloud.provider.name).groups if group.haproxies]
        behind = [name for name in behind if not groups or name in groups]
        if behind:
            handlers = [*drain_handlers(HaproxySync(fleet, cloud, groups=behind)), *handlers]
        if not handlers:
            raise InvalidArgument("nothing handles hooks; give `--allow-python MODULE`, or put a group behind HAProxy")
        consumer = HookConsumer(
            cloud,
            queue=queue,
            handlers=handlers,
            fleet=fleet,
            groups=groups or None,
            workers=workers,
            on_handled=show,
        )
        if once:
            consumer.poll(ONE_SECOND)  # a queue that is not waited on looks at some of its messages only
            return 1 if failed.is_set() else 0
        context.screen.remark(f"handling the hooks of {fleet.name} from {queue}")
        consumer.run(stop)
    return 0
