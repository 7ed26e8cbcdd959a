"""`trimtab check`: whether a file is valid, and what will hurt, for people and for what reads reports."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import trimtab
from trimtab.checks import Finding, check_fleet
from trimtab.checks.rule import advised_clouds
from trimtab.cli.completion import FLEET_FILE
from trimtab.cli.context import FleetFile, Format, OutsideFiles, Overlays, context_of
from trimtab.cli.views.entries import STANDARD_INPUT, Entry, finding_entries, mistake_entries
from trimtab.cli.views.fleet import fleet_dict, fleet_view, sentence_of
from trimtab.cli.views.screen import Screen
from trimtab.config.files import is_descriptor
from trimtab.errors import ConfigError
from trimtab.models import Fleet

FINDINGS = 2


class ReportFormat(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


_FOR_PROGRAMS = (ReportFormat.GITHUB, ReportFormat.SARIF, ReportFormat.JUNIT)


def check(
    context: typer.Context,
    fleet: FleetFile = FLEET_FILE,
    provider: Annotated[
        str | None,
        typer.Option(
            help=f"Advise for this cloud only: {', '.join(advised_clouds())}.",
            envvar="TRIMTAB_PROVIDER",
            show_default=False,
        ),
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option(help="Run only checks with this code prefix.", show_default=False)
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(help="Leave out checks with this code prefix.", show_default=False)
    ] = None,
    show_ignored: Annotated[
        bool, typer.Option("--show-ignored", help="Show what comments of the file leave out.")
    ] = False,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 also when there are findings.")] = False,
    overlays: Overlays = None,
    outside: OutsideFiles = False,
    chosen: Annotated[
        ReportFormat, typer.Option("--format", help="Choose how findings are printed.")
    ] = ReportFormat.TEXT,
) -> int:
    """
    Validate and lint a fleet file; asks no cloud.

    Every mistake is one line that begins with the file and the line. So does what checks find: advice for one cloud,
    or for all when neither an option nor `connect:` of the file names one.

    Exit code: 0 nothing found, 2 findings, 1 an error.

    Example: `trimtab check fleet.yaml --provider aws --ignore TT3`
    """
    command_context = context_of(context, Format.JSON if chosen is ReportFormat.JSON else Format.TEXT)
    try:
        declared = command_context.load(fleet, overlays, provider=provider, outside=outside)
        wanted, left_out = _codes(fleet, select or (), ignore or ())
        named = provider or declared.connect.provider
        findings = check_fleet(declared, provider=named, select=wanted, ignore=left_out, show_ignored=show_ignored)
    except ConfigError as error:
        if chosen not in _FOR_PROGRAMS:
            raise
        _report(command_context.screen, chosen, mistake_entries(error), fleet, None)
        return 1
    if chosen in _FOR_PROGRAMS:
        _report(command_context.screen, chosen, finding_entries(findings), fleet, declared)
    else:
        command_context.screen.show(fleet_view(declared, findings), fleet_dict(declared, findings))
    return FINDINGS if _any_counts(findings) and not exit_zero else 0


def _any_counts(findings: tuple[Finding, ...]) -> bool:
    return any(not finding.is_ignored for finding in findings)


def _codes(fleet: str, select: Sequence[str], ignore: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """What is selected and ignored: a selection on the command line takes the place of all that settings say."""
    if select:
        return select, ignore
    from trimtab.config.settings import load_settings  # as for reports: no other command reads TOML

    settings = load_settings(_folder(fleet))
    return settings.select, (*settings.ignore, *ignore)


def _folder(fleet: str) -> Path:
    path = Path(fleet)
    return Path.cwd() if fleet == "-" or is_descriptor(path) else path.absolute().parent


def _report(screen: Screen, chosen: ReportFormat, entries: Sequence[Entry], file: str, fleet: Fleet | None) -> None:
    from trimtab.checks.registry import all_rules
    from trimtab.cli.views.annotations import annotations
    from trimtab.cli.views.junit import junit_xml
    from trimtab.cli.views.sarif import sarif_log

    folder = Path.cwd()
    match chosen:
        case ReportFormat.SARIF:
            rules = all_rules() if fleet is not None else {}  # which may be what failed
            screen.document(sarif_log(entries, rules, folder=folder, version=trimtab.__version__))
        case ReportFormat.JUNIT:
            screen.text(junit_xml(entries, STANDARD_INPUT if file == "-" else file, fleet))
        case _:
            screen.text(annotations(entries, folder))
            if fleet is not None:
                screen.view(sentence_of(fleet))
