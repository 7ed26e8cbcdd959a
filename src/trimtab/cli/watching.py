"""What commands that go on for long offer to others: metrics and health over HTTP, and webhooks."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeVar

import typer

from trimtab.cli.context import CommandContext
from trimtab.clock import Clock
from trimtab.errors import ConfigError

if TYPE_CHECKING:
    from trimtab.controller.events import ControllerEvent
    from trimtab.controller.exposition import Exposition
    from trimtab.controller.results import Tick
    from trimtab.controller.serving import Health

T = TypeVar("T")
SECRET = "TRIMTAB_WEBHOOK_SECRET"
Listen = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Serve metrics and health over HTTP there, such as 127.0.0.1:9464.",
        show_default=False,
    ),
]
Serve = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Serve metrics and health over HTTP there, such as 127.0.0.1:9464, and go on when the cloud fails.",
        show_default=False,
    ),
]
Webhooks = Annotated[
    list[str] | None,
    typer.Option(
        "--webhook",
        metavar="URL",
        envvar="TRIMTAB_WEBHOOK",
        help=f"Send events there, signed by the secret in {SECRET}; may be repeated.",
        show_default=False,
    ),
]
SecretFile = Annotated[
    Path | None,
    typer.Option(
        "--webhook-secret-file",
        metavar="FILE",
        envvar=f"{SECRET}_FILE",
        help="Read the secret of webhooks from a file.",
        show_default=False,
    ),
]


class Watchers(NamedTuple):
    """Who is told of ticks and events."""

    on_tick: "Callable[[Tick], None] | None" = None
    on_event: "Callable[[ControllerEvent], None] | None" = None


@contextmanager
def served(
    context: CommandContext, address: str, every: timedelta, clock: Clock
) -> Iterator[tuple["Exposition", "Health"]]:
    """Metrics and health at an address, for as long as a command runs; says where, and who can read them."""
    from trimtab.controller.exposition import Exposition
    from trimtab.controller.serving import Health, MetricsServer, parse_address

    exposition, health = Exposition(every), Health(every, clock)
    with MetricsServer(parse_address(address), exposition, health) as server:
        at = server.address
        open_to = "" if at.is_loopback else "; whoever reaches this address can read them"
        context.screen.remark(f"serving metrics and health at http://{at}{open_to}")
        yield exposition, health


@contextmanager
def watchers(
    context: CommandContext,
    listen: str | None,
    webhooks: Sequence[str],
    secret_file: Path | None,
    *,
    every: timedelta,
    clock: Clock,
) -> Iterator[Watchers]:
    """Those that the options of a command name; what waits for them at the end is sent within bounds."""
    on_tick: list[Callable[[Tick], None]] = []
    on_event: list[Callable[[ControllerEvent], None]] = []
    on_delivery: Callable[[str], None] | None = None
    with ExitStack() as stack:
        if listen is not None:
            exposition, health = stack.enter_context(served(context, listen, every, clock))
            on_tick += [exposition.record, lambda tick: health.beat(tick.error)]
            on_event.append(exposition.record_event)
            on_delivery = exposition.record_delivery
        if webhooks:
            # most runs have none
            from trimtab.controller.webhooks import Webhook

            secret = webhook_secret(secret_file)
            for url in webhooks:
                webhook = Webhook(url, secret, clock=clock, on_end=on_delivery)
                stack.callback(webhook.close)
                on_event.append(webhook)
        yield Watchers(partial(_tell, on_tick), partial(_tell, on_event))


def _tell(listeners: Sequence[Callable[[T], None]], happened: T) -> None:
    for listener in listeners:
        listener(happened)


def webhook_secret(file: Path | None) -> str:
    """
    The secret of webhooks, from a file or from the environment.

    Raises:
        ConfigError: There is none, or the file cannot be read.
    """
    if file is None:
        if secret := os.environ.get(SECRET):
            return secret
        raise ConfigError([f"webhooks are signed: set {SECRET}, or name a file by --webhook-secret-file"])
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not base64"
        raise ConfigError([f"cannot read the secret of webhooks from {file}: {said}"]) from error
