"""`trimtab catalog`: images, sizes and words of the clouds side by side, and what a fleet is there; asks no cloud."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import Annotated

import typer

from trimtab.cli.completion import complete_file
from trimtab.cli.context import As, CommandContext, Format, OutsideFiles, Overlays, context_of
from trimtab.cli.verbosity import add_verbosity
from trimtab.cli.views.catalog import Choice, images_dict, images_view, sizes_dict, sizes_view
from trimtab.declarations import declarations_of, provider_names, support_of
from trimtab.declarations.catalogue import (
    DEFAULT_ARCHITECTURE,
    OS_WORDS,
    SizeRequest,
    catalogue_of,
    images_of,
)
from trimtab.declarations.features import FEATURES
from trimtab.models import CountRange, MemoryRange, SizeRequirement
from trimtab.models.template import ARCHITECTURES
from trimtab.phrases import closest

catalog = typer.Typer()
Processor = Annotated[
    str | None,
    typer.Option(
        "--architecture", help="Only for this processor: x86_64 or arm64.", show_default=False, metavar="NAME"
    ),
]
Only = Annotated[
    list[str] | None, typer.Option("--provider", help="Only this cloud; may be repeated.", show_default=False)
]
MOST = 3
"""So many sizes of each cloud are shown."""


@catalog.callback(invoke_without_command=True)
def _start(context: typer.Context) -> int:
    """List images, sizes and words of the clouds side by side; asks no cloud."""
    if context.invoked_subcommand is None:
        context.get_help()  # which rich prints
    return 1


@catalog.command()
def images(
    context: typer.Context,
    os: Annotated[
        str | None, typer.Option("--os", help="Only this operating system.", show_default=False, metavar="NAME")
    ] = None,
    architecture: Processor = None,
    provider: Only = None,
    chosen: As = Format.TEXT,
) -> int:
    """
    List what `image: {os: NAME}` is in each cloud.

    Example: `trimtab catalog images --os ubuntu-22.04`
    """
    _check_word("--os", os, OS_WORDS)
    _check_word("--architecture", architecture, ARCHITECTURES)
    clouds = _clouds(provider, "images")
    names = [os] if os else OS_WORDS
    processors = [architecture] if architecture else ARCHITECTURES
    words = [
        (name, each) for name in names for each in processors if any((name, each) in images_of(one) for one in clouds)
    ]
    rows = [images_of(one).get(word) for word in words for one in clouds]
    context_of(context, chosen).screen.show(images_view(rows, words, clouds), images_dict(rows, words, clouds))
    return 0


@catalog.command()
def sizes(
    context: typer.Context,
    cpus: Annotated[
        str | None, typer.Option(help="So many processors at least, or a range such as 2-4.", show_default=False)
    ] = None,
    memory: Annotated[
        str | None, typer.Option(help="So many GiB at least, or a range such as 4-8.", show_default=False)
    ] = None,
    architecture: Processor = None,
    burstable: Annotated[
        bool | None, typer.Option("--burstable/--no-burstable", help="Only burstable sizes, or none.")
    ] = None,
    gpu: Annotated[str | None, typer.Option(help="So many GPUs at least, or a range.", show_default=False)] = None,
    spot: Annotated[bool, typer.Option("--spot", help="Only sizes that can be had as spot.")] = False,
    provider: Only = None,
    most: Annotated[int, typer.Option(min=1, help="Show so many of each cloud.")] = MOST,
    chosen: As = Format.TEXT,
) -> int:
    """
    List the sizes that `size: {cpus: ..., memory_gb: ...}` fits in each cloud, the choice of the rule first.

    Exit code: 0, or 1 where a cloud has none that fits.

    Example: `trimtab catalog sizes --cpus 2 --memory 4`
    """
    _check_word("--architecture", architecture, ARCHITECTURES)
    if cpus is None and memory is None:
        raise typer.BadParameter("give --cpus, --memory or both")
    asked = SizeRequirement(
        cpus=_count("--cpus", cpus), memory_gb=_memory(memory), burstable=burstable, gpu=_count("--gpu", gpu)
    )
    wanted = SizeRequest(asked, architecture or DEFAULT_ARCHITECTURE, spot)
    choices = list(_choices(_clouds(provider, "sizes"), wanted, most))
    selecting = frozenset(name for name, *_ in choices if declarations_of(name).selects_sizes)
    context_of(context, chosen).screen.show(sizes_view(choices, selecting), sizes_dict(choices))
    return 0 if all(found for _, _, found, _ in choices) else 1


class PageFormat(StrEnum):
    """How what clouds make of a fleet is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


@catalog.command()
def portability(
    context: typer.Context,
    fleet: Annotated[
        str | None,
        typer.Argument(
            metavar="[FLEET]",
            help="Name the fleet file; - is standard input. Without it, list the words of every cloud.",
            autocompletion=complete_file,
            show_default=False,
        ),
    ] = None,
    provider: Only = None,
    overlays: Overlays = None,
    outside: OutsideFiles = False,
    chosen: Annotated[PageFormat, typer.Option("--format", help="Choose how it is printed.")] = PageFormat.TEXT,
) -> int:
    """
    Show what each cloud makes of a fleet: native, approximated, for the controller, or impossible.

    Each cloud gets the fleet with its own overlay. Nothing is asked: what the fleet names is taken to be there.

    Exit code: 0, 2 where a plan of one of the clouds would refuse the fleet as it is written, 1 an error.

    Example: `trimtab catalog portability fleet.yaml --provider azure --provider gcp`
    """
    from trimtab.cli.views.portability import survey_dict, survey_markdown, survey_view
    from trimtab.runtime.portability import survey, surveyed_clouds  # no other command loads what translates

    command_context = context_of(context, Format.JSON if chosen is PageFormat.JSON else Format.TEXT)
    able = surveyed_clouds()
    for name in provider or ():
        _check_word("--provider", name, able)
    clouds = [name for name in able if not provider or name in provider]
    if fleet is None:
        _show_words(command_context, clouds, chosen)
        return 0
    declared = command_context.read(fleet, outside=outside)
    now = datetime.now(UTC)
    surveys = [survey(declared, name, now, overlays or ()) for name in clouds]
    if chosen is PageFormat.MARKDOWN:
        command_context.screen.text(survey_markdown(declared.name, surveys))
    else:
        command_context.screen.show(survey_view(surveys), survey_dict(surveys))
    return 2 if any(each.is_refused for each in surveys) else 0


def _show_words(command_context: CommandContext, clouds: Sequence[str], chosen: PageFormat) -> None:
    from trimtab.cli.views.portability import words_dict, words_markdown, words_view
    from trimtab.declarations.disks import CLASSES, native_disk

    features = {name: {cloud: support_of(name, cloud) for cloud in clouds} for name in FEATURES}
    named = {cloud: declarations_of(cloud).references for cloud in clouds}
    fields = dict.fromkeys(path for references in named.values() for path in references)
    tables = {
        "disks": {word: {cloud: native_disk(cloud, word) or "" for cloud in clouds} for word in CLASSES},
        "names": {path: {cloud: named[cloud].get(path, "") for cloud in clouds} for path in fields},
    }
    if chosen is PageFormat.MARKDOWN:
        command_context.screen.text(words_markdown(features, tables))
    else:
        command_context.screen.show(words_view(features, tables), words_dict(features, tables))


def _choices(clouds: Sequence[str], wanted: SizeRequest, most: int) -> Iterator[Choice]:
    for name in clouds:
        catalogue = catalogue_of(name)
        if catalogue is not None:
            yield name, catalogue, list(islice(catalogue.fitting(wanted), most)), catalogue.nearest(wanted)


def _clouds(named: Sequence[str] | None, what: str) -> list[str]:
    able = [name for name in provider_names() if getattr(declarations_of(name), what)]
    for name in named or ():
        _check_word("--provider", name, able)
    return [name for name in able if not named or name in named]


def _check_word(option: str, word: str | None, words: Sequence[str]) -> None:
    if word is None or word in words:
        return
    near = closest(word, words)
    guess = f"; did you mean {near}?" if near else f"; there are {', '.join(words)}"
    raise typer.BadParameter(f"{option}: unknown word {word!r}{guess}")


def _count(option: str, text: str | None) -> CountRange | None:
    if text is None:
        return None
    low, high = _bounds(option, text)
    return CountRange(min=int(low), max=None if high is None else int(high))


def _memory(text: str | None) -> MemoryRange | None:
    if text is None:
        return None
    low, high = _bounds("--memory", text)
    return MemoryRange(min=low, max=high)


def _bounds(option: str, text: str) -> tuple[float, float | None]:
    low, _, high = text.partition("-")
    try:
        return float(low), float(high) if high else None
    except ValueError:
        raise typer.BadParameter(f"{option}: {text!r} is not a number such as 2, or a range such as 2-4") from None


add_verbosity(catalog)
