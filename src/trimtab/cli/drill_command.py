"""`trimtab drill`: what a fleet does when something fails, tried on the emulator of its cloud."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from trimtab.cli.check_command import FINDINGS
from trimtab.cli.completion import FLEET_FILE, complete_provider
from trimtab.cli.context import FleetFile, Format, OutsideFiles, Overlays, context_of, duration
from trimtab.cli.views.entries import STANDARD_INPUT
from trimtab.models.built_in import BUILT_IN

MINUTE = timedelta(minutes=1)


class DrillFormat(StrEnum):
    """How a drill is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    JUNIT = "junit"


def drill(
    context: typer.Context,
    fleet: FleetFile = FLEET_FILE,
    provider: Annotated[
        str | None,
        typer.Option(
            help=f"Choose whose emulator: {', '.join(BUILT_IN)}.",
            envvar="TRIMTAB_PROVIDER",
            show_default=False,
            autocompletion=complete_provider,
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Run only this scenario; may be repeated.", show_default=False),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the scenarios, and run none.")] = False,
    boot: Annotated[
        timedelta,
        typer.Option(
            parser=duration, metavar="DURATION", help="Set how long an instance takes to run.", show_default="1m"
        ),
    ] = MINUTE,
    overlays: Overlays = None,
    outside: OutsideFiles = False,
    chosen: Annotated[DrillFormat, typer.Option("--format", help="Choose how results are printed.")] = DrillFormat.TEXT,
) -> int:
    """
    Try what a fleet does when something fails, on the emulator of its cloud; asks no cloud, needs no account.

    A zone is lost, no instance is to be had, metrics go blind, half of the instances are ill, and more: each is staged
    for this file, and judged by what `status`, `plan` and `explain` say. Needs the extra `emulators`, and the cloud's.

    Exit code: 0 all that was tried held, 2 something did not hold or nothing was tried, 1 an error.

    Example: `trimtab drill fleet.yaml --provider aws --only zone-lost`
    """
    from trimtab.cli.views.drills import drill_junit, drill_view, scenarios_view
    from trimtab.drills.drilling import drill as run_drill
    from trimtab.drills.scenarios import SCENARIOS

    command_context = context_of(context, Format.JSON if chosen is DrillFormat.JSON else Format.TEXT)
    screen = command_context.screen
    if listed:
        rows = [{"name": each.name, "done": each.done, "expected": each.expected} for each in SCENARIOS]
        screen.show(scenarios_view(SCENARIOS), {"scenarios": rows})
        return 0
    declared = command_context.read(fleet, outside=outside)
    named = provider or declared.connect.provider
    declared = declared.for_provider(named, overlays or ())
    with screen.busy("running the drill"):
        found = run_drill(declared, named, only=only or (), boot=boot)
    match chosen:
        case DrillFormat.MARKDOWN:
            screen.text(found.to_markdown())
        case DrillFormat.JUNIT:
            screen.text(drill_junit(found, STANDARD_INPUT if fleet == "-" else fleet))
        case _:
            screen.show(drill_view(found), found.to_dict())
    return 0 if found.has_held else FINDINGS
