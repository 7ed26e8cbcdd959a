"""Plans that were saved: reading them, and the command that shows one."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from trimtab.cli.completion import complete_file
from trimtab.cli.context import TextFormat, context_of
from trimtab.cli.views.plan import saved_plan_markdown, saved_plan_view
from trimtab.cli.views.screen import Screen
from trimtab.config.files import read_file
from trimtab.errors import ConfigError
from trimtab.plan.saved import read_plan
from trimtab.providers.pure import kinds_of

LARGEST = 2**28
TOO_LARGE = "this is larger than any saved plan"
_MAKE_ONE = "name a file made by `trimtab plan --out FILE`"


def show(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="PLAN", help="Name the file of the plan; - is standard input.", autocompletion=complete_file
        ),
    ],
    chosen: Annotated[TextFormat, typer.Option("--format", help="Choose how results are printed.")] = TextFormat.TEXT,
) -> int:
    """
    Show a plan that `plan --out` saved, or that `plan --format json` printed; asks no cloud.

    A saved plan holds digests in place of values.

    Example: `trimtab show plan.json`
    """
    screen = context_of(context, chosen).screen
    data = _piped(screen) if file == "-" else read_saved(file)
    plan = read_plan(data)
    if screen.markdown:
        screen.text(saved_plan_markdown(plan, kinds_of(plan.provider)))
    else:
        screen.show(saved_plan_view(plan, kinds_of(plan.provider)), data)
    return 0


def read_saved(path: str) -> dict[str, Any]:
    """
    The JSON object in the file of a saved plan.

    Raises:
        ConfigError: The file cannot be read, or holds something else.
    """
    return _parsed(read_file(Path(path), f"the saved plan {path}", LARGEST, TOO_LARGE), path)


def _piped(screen: Screen) -> dict[str, Any]:
    data = screen.read_source(LARGEST + 1)
    if len(data) > LARGEST:
        raise ConfigError([f"standard input: {TOO_LARGE}"])
    return _parsed(data, "standard input")


def _parsed(data: bytes, name: str) -> dict[str, Any]:
    try:
        saved = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigError([f"{name} is not a saved plan: it is not JSON; {_MAKE_ONE}"]) from error
    if not isinstance(saved, dict):
        raise ConfigError([f"{name} is not a saved plan; {_MAKE_ONE}"])
    return saved
