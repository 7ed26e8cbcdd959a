"""`-v`, `-vv`, `-q` and `--log` of every command: how much is said beside the results, and in which form."""

import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any

import typer

from trimtab.cli.context import CommandContext
from trimtab.cli.views.screen import Screen

Verbose = Annotated[
    int,
    typer.Option(
        "--verbose", "-v", count=True, metavar="", show_default=False, help="Log changes; -vv each call to the cloud."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")]


class LogFormat(StrEnum):
    """How the log is written."""

    TEXT = "text"
    JSON = "json"


Log = Annotated[
    LogFormat | None,
    typer.Option("--log", help="Log changes as lines of text, as -v does, or of JSON.", show_default=False),
]
_LOGGER = logging.getLogger("trimtab")


def add_verbosity(app: typer.Typer) -> None:
    """Add the options to the program, so that they may stand before the command, and to its commands."""
    for registered in (app.registered_callback, *app.registered_commands):
        if registered is not None and registered.callback is not None:
            registered.callback = _with_options(registered.callback)


def _with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same command, with these options after its own."""

    @wraps(command)
    def run(
        *, context: typer.Context, verbose: int = 0, quiet: bool = False, log: LogFormat | None = None, **named: Any
    ) -> Any:
        command_context: CommandContext = context.obj
        given = -1 if quiet else verbose or int(log is not None)
        command_context.screen.verbosity = given or command_context.screen.verbosity
        command_context.screen.json_log = log is LogFormat.JSON or command_context.screen.json_log
        context.with_resource(_logged(command_context.screen))
        return command(context=context, **named)

    options = {"verbose": (Verbose, 0), "quiet": (Quiet, False), "log": (Log, None)}
    own, keyword = inspect.signature(command), inspect.Parameter.KEYWORD_ONLY
    added = [inspect.Parameter(name, keyword, annotation=kind, default=no) for name, (kind, no) in options.items()]
    run.__signature__ = own.replace(parameters=[*own.parameters.values(), *added])  # type: ignore[attr-defined]
    run.__annotations__ = {**command.__annotations__, **{name: kind for name, (kind, _) in options.items()}}
    return run


@contextmanager
def _logged(screen: Screen) -> Iterator[None]:
    """Show what is logged on a screen, if it is to; once, also where the program's and the command's option ask."""
    if screen.verbosity <= 0:
        yield
        return
    before, handler = _LOGGER.level, _OnScreen(screen)
    _LOGGER.setLevel(logging.INFO if screen.verbosity == 1 else logging.DEBUG)
    if not any(isinstance(each, _OnScreen) for each in _LOGGER.handlers):
        _LOGGER.addHandler(handler)
    try:
        yield
    finally:
        _LOGGER.removeHandler(handler)
        _LOGGER.setLevel(before)


class _OnScreen(logging.Handler):
    """Writes each record beside the results."""

    def __init__(self, screen: Screen) -> None:
        from trimtab.logs import JsonFormatter  # what is logged is of plans and of clouds: most runs load neither

        super().__init__()
        self._screen = screen
        self._forms = {False: logging.Formatter("%(asctime)s %(levelname)s %(message)s"), True: JsonFormatter()}

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self._screen.log(self._forms[self._screen.json_log].format(record))
