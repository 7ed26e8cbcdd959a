"""Commands from functions: the arguments and options that all of them share are added here, once."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer

from trimtab.cli.completion import FLEET_FILE, complete_words, is_file
from trimtab.cli.context import As, CommandContext, FleetFile, Format, OutsideFiles, Overlays, check_groups, context_of
from trimtab.cli.target import OPTIONS, target_of

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FLEET|GROUP",
        help="Name the fleet file (fleet.yaml when left out), and groups (all when left out).",
        show_default=False,
        autocompletion=complete_words,
    ),
]
InstanceWords = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FLEET|GROUP|ID",
        help="Name the fleet file (fleet.yaml when left out), one group, and then its instances.",
        show_default=False,
        autocompletion=complete_words,
    ),
]
_READING = {"overlays": (Overlays, None), "outside": (OutsideFiles, False)}
_FORMAT = {"chosen": (As, Format.TEXT)}
Options = Mapping[str, tuple[Any, Any]]


def cloud_command(function: Callable[..., int]) -> Callable[..., int]:
    """A command that is given a context that knows which cloud is meant."""

    def run(context: typer.Context, given: dict[str, Any]) -> int:
        return function(_opened(context, given), **given)

    return _command(function, run, {}, {**OPTIONS, **_FORMAT}, taken=1)


def fleet_command(function: Callable[..., int]) -> Callable[..., int]:
    """A command that is given the same, and the fleet."""

    def run(context: typer.Context, given: dict[str, Any]) -> int:
        command_context = _opened(context, given)
        fleet = command_context.load(given.pop("fleet"), given.pop("overlays"), outside=given.pop("outside"))
        return function(command_context, fleet, **given)

    arguments = {"fleet": (FleetFile, FLEET_FILE)}
    return _command(function, run, arguments, {**OPTIONS, **_READING, **_FORMAT}, taken=2)


def groups_command(function: Callable[..., int]) -> Callable[..., int]:
    """A command that is given the same, and the names of groups of the fleet: those that are named, else all."""

    def run(context: typer.Context, given: dict[str, Any]) -> int:
        command_context = _opened(context, given)
        file, groups = _split(given.pop("words") or ())
        fleet = command_context.load(file, given.pop("overlays"), outside=given.pop("outside"))
        check_groups(fleet, groups)
        return function(command_context, fleet, groups, **given)

    return _command(function, run, {"words": (Words, None)}, {**OPTIONS, **_READING, **_FORMAT}, taken=3)


def instances_command(function: Callable[..., int]) -> Callable[..., int]:
    """A command that is given the same, and one group of the fleet with the ids of instances."""

    def run(context: typer.Context, given: dict[str, Any]) -> int:
        command_context = _opened(context, given)
        file, words = _split(given.pop("words") or ())
        fleet = command_context.load(file, given.pop("overlays"), outside=given.pop("outside"))
        if len(words) < 2:
            raise typer.BadParameter("name one group, and then its instances")
        names = {name: group.name for group in fleet.groups for name in (fleet.native_name(group), group.name)}
        group = names.get(words[0], words[0])
        check_groups(fleet, [group])
        return function(command_context, fleet, group, words[1:], **given)

    return _command(function, run, {"words": (InstanceWords, None)}, {**OPTIONS, **_READING, **_FORMAT}, taken=4)


def _split(words: Sequence[str]) -> tuple[str, list[str]]:
    files = [word for word in words if is_file(word)]
    if files[1:]:
        raise typer.BadParameter(f"{files[1]} is a second fleet file; name one")
    return (files or [FLEET_FILE])[0], [word for word in words if word not in files]


def _opened(context: typer.Context, given: dict[str, Any]) -> CommandContext:
    command_context = context_of(context, given.pop("chosen"))
    return replace(command_context, target=target_of(context, {name: given.pop(name) for name in OPTIONS}))


def _command(
    function: Callable[..., int],
    run: Callable[[typer.Context, dict[str, Any]], int],
    arguments: Options,
    options: Options,
    *,
    taken: int,
) -> Callable[..., int]:
    """`run` with a signature that typer reads: that of `function` without what is handed to it, and what is shared."""

    def command(context: typer.Context, **given: Any) -> int:
        return run(context, given)

    own = list(inspect.signature(function).parameters.values())[taken:]
    keyword = inspect.Parameter.KEYWORD_ONLY
    # a command with further formats has an option of its own in place of the shared one
    options = {name: option for name, option in options.items() if name not in {parameter.name for parameter in own}}
    parameters = [
        inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
        *_parameters(arguments),
        *(parameter.replace(kind=keyword) for parameter in own),
        *_parameters(options),
    ]
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _parameters(shared: Options) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in shared.items()
    ]
