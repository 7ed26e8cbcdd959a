"""Runs one command: parses, calls the library, and hands what comes back to a view."""

import os
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TextIO

import typer

import trimtab
from trimtab.cli.application import GLOBALS, NO_COLOR, RENAMED, WRITING, make_application
from trimtab.cli.context import CommandContext
from trimtab.cli.stopping import INTERRUPTED, Interrupted
from trimtab.cli.views.screen import Screen
from trimtab.errors import TrimtabError

if TYPE_CHECKING:
    from trimtab.runtime.cloud import Cloud

_USAGE: type[Exception] = typer.BadParameter.__mro__[2]  # ClickException, which newer typers no longer take from click


def run(
    arguments: Sequence[str],
    *,
    connect: Callable[..., "Cloud"] | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
    source: TextIO | None = None,
) -> int:
    """
    Run one command and answer its exit code; no error of ours leaves it.

    Args:
        arguments: What follows `trimtab`.
        connect: Makes the cloud; `trimtab.connect` when left out.
        out: Where results go; standard output when left out.
        err: Where errors and progress go; standard error when left out.
        source: Where answers come from; standard input when left out.
    """
    out, err, source = out or sys.stdout, err or sys.stderr, source or sys.stdin
    screen = Screen(out, err, source, json=_wants_json(arguments), color=NO_COLOR not in arguments)
    try:
        code = _run(list(arguments), CommandContext(screen, connect or _connect))
        out.flush()
    except BrokenPipeError:
        _let_go(out)
        return 1
    return code


def _run(arguments: list[str], context: CommandContext) -> int:
    word = _word(arguments)
    try:
        command = typer.main.get_command(make_application(word))
        words = _with_new_words(_globals_first(arguments), context.screen)
        code = command.main(words, prog_name="trimtab", standalone_mode=False, obj=context)
    except _USAGE as error:
        used = getattr(error, "ctx", None)
        where = used.command_path if used else "trimtab"
        text: str = error.format_message()  # type: ignore[attr-defined]
        message = text.replace("Value error, ", "").replace("Input should be", "give a value").rstrip(".")
        context.screen.error(error, f"{message}; see {where} --help")
        return 1
    except TrimtabError as error:
        context.screen.error(error)
        return 1
    except Interrupted:
        return INTERRUPTED
    except (typer.Abort, KeyboardInterrupt) as error:
        return _interrupted(context, error, word)
    except SystemExit as error:  # typer's own way out of a broken pipe
        code = error.code
    if code == INTERRUPTED:
        return _interrupted(context, KeyboardInterrupt(), word)
    return code if isinstance(code, int) else 0


def _word(arguments: Sequence[str]) -> str:
    """The command that is meant, where one stands there."""
    return next((word for word in arguments if not word.startswith("-")), "")


def _connect(*arguments: Any, **settings: Any) -> "Cloud":
    """`trimtab.connect`, which commands that reach no cloud do not load."""
    return trimtab.connect(*arguments, **settings)


def _interrupted(context: CommandContext, error: BaseException, word: str) -> int:
    in_part = "; what was under way may be done in part: planning again shows what is left"
    context.screen.error(error, f"interrupted{in_part if word in WRITING else ''}")
    return INTERRUPTED


def _globals_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with the options of all commands before the command, wherever they stand."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    ahead = [word for word in arguments[:end] if word in GLOBALS]
    return [*ahead, *(word for word in arguments[:end] if word not in GLOBALS), *arguments[end:]]


def _with_new_words(arguments: Sequence[str], screen: Screen) -> list[str]:
    """The arguments with options that have another name now under that name, which is said."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    words = list(arguments)
    for place, word in enumerate(arguments[:end]):
        option, equals, value = word.partition("=")
        if option in RENAMED:
            screen.remark(f"{option} is deprecated; use {RENAMED[option]}")
            words[place] = f"{RENAMED[option]}{equals}{value}"
    return words


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether results are to be JSON, also when the rest of the arguments makes no sense."""
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def _let_go(out: TextIO) -> None:
    """Send what is left nowhere: whoever read it has gone."""
    try:
        number = out.fileno()
    except OSError:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
