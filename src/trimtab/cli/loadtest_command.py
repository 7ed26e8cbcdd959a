"""`trimtab loadtest`: a service under load, the group behind it meanwhile, and what had been predicted."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trimtab.cli.commands import groups_command
from trimtab.cli.context import AllowPython, CommandContext, TextFormat, interval, span
from trimtab.cli.load_options import (
    COLUMNS,
    DOUBLES,
    GAPS,
    CapacityNumber,
    Columns,
    CsvOptions,
    Doubles,
    Gaps,
    ModelFile,
    PricesFile,
    ReportFile,
    Seed,
    Step,
    functions_of,
    in_option_words,
    one_group,
    without_zone,
)
from trimtab.cli.stopping import Interrupted, stopped_by_signals
from trimtab.errors import ConfigError, TrimtabError
from trimtab.models import Fleet, ScalingGroup
from trimtab.phrases import in_words

if TYPE_CHECKING:
    from trimtab.loadtests import LoadTest
    from trimtab.simulation.load import Load

TEN_SECONDS, FIVE_SECONDS = timedelta(seconds=10), timedelta(seconds=5)


@groups_command
def loadtest(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Send requests there; the fleet's `loadtest.hosts` names its host.", show_default=False
        ),
    ] = None,
    shape: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|steps|burst", help="Send this load: a CSV file, or a shape up to --rate.", show_default=False
        ),
    ] = None,
    length: Annotated[
        timedelta | None,
        typer.Option(
            "--for",
            parser=span,
            metavar="DURATION",
            help="Stop after this time, up to 4h; that of the file, or 5m, when left out.",
            show_default=False,
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER",
            help="Send at most so many requests a second, up to 2000; those of the file, or 10, when left out.",
            show_default=False,
        ),
    ] = None,
    load_unit: Annotated[
        str,
        typer.Option(help="Give the unit of the file: requests, requests-per-second or requests-per-minute."),
    ] = "requests",
    gaps: Gaps = GAPS,
    doubles: Doubles = DOUBLES,
    columns: Columns = COLUMNS,
    step: Step = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="Send from so many processes, up to 16; as many as the rate takes when left out.",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        timedelta,
        typer.Option(
            parser=interval, metavar="DURATION", help="Give a request up after this time.", show_default="10s"
        ),
    ] = TEN_SECONDS,
    every: Annotated[
        timedelta,
        typer.Option(parser=interval, metavar="DURATION", help="Read the group so often.", show_default="5s"),
    ] = FIVE_SECONDS,
    results: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Read results instead: JTL of JMeter, `ab -g`, `ab -e`, access logs; may be repeated.",
            show_default=False,
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(help="Set the time zone of results that name none; UTC when left out.", show_default=False),
    ] = None,
    model: ModelFile = None,
    capacity: CapacityNumber = None,
    prices: PricesFile = None,
    require: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BOUND",
            help='End with 2 where a KPI breaks this bound: "response-p95 < 0.2"; may be repeated.',
            show_default=False,
        ),
    ] = None,
    seed: Seed = 0,
    allow_python: AllowPython = None,
    report: ReportFile = None,
    chosen: Annotated[TextFormat, typer.Option("--format", help="Choose how results are printed.")] = TextFormat.TEXT,
) -> int:
    """
    Send a load to a service, watch the group behind it, and hold both against targets and a prediction.

    Requests are GETs, sent by Locust (extra `loadtest`) from processes of their own that end with the command. Only
    hosts that the fleet names in `loadtest: {hosts: [...]}` are sent any. The cloud is only read. Ctrl-C ends the test
    early, and what was seen until then is judged.

    Exit code: 0 tested, 2 a bound of `--require` breaks, 1 an error, a bound that cannot be judged, only failures, 130
    interrupted.

    Example: `trimtab loadtest fleet.yaml web --url https://staging.example.com/ --shape steps --rate 50 --for 30m`
    """
    from trimtab.kpis.card import KpiOptions
    from trimtab.kpis.prices import Prices
    from trimtab.loadtests.running import loadtest as run_loadtest
    from trimtab.simulation.model import FleetModel
    from trimtab.simulation.report import check_report

    if (url is None) == (not results):
        raise ConfigError(["give --url and --shape to send a load, or --results to judge one that was sent"])
    if report is not None:
        check_report(report)
    group = one_group(fleet, groups, "a load test")
    csv = CsvOptions(load_unit, None, gaps, doubles, columns, step)
    shared: dict[str, Any] = {
        "model": FleetModel.load(model) if model else None,
        "capacity": capacity,
        "options": KpiOptions(prices=Prices.load(prices) if prices else None),
        "require": require or (),
        "functions": functions_of(fleet, group, allow_python or ()),
        "seed": seed,
    }
    if url is None:
        given = {
            "--shape": shape is not None,
            "--for": length is not None,
            "--rate": rate is not None,
            "--workers": workers is not None,
            "--load-unit": load_unit != "requests",
            "--timeout": timeout != TEN_SECONDS,
            "--every": every != FIVE_SECONDS,
        }
        if wrong := [*(name for name, is_given in given.items() if is_given), *csv.given]:
            raise ConfigError([f"--results reads what was sent; leave out {in_words(wrong)}"])
        return _show(context, _judged(context, fleet, group, results or (), zone, shared), report)
    if shape is None:
        raise ConfigError(["--url needs a load; give --shape FILE, --shape steps or --shape burst"])
    if zone is not None:
        raise ConfigError(["--zone is of the times in --results; leave it out"])
    sending: dict[str, Any] = {
        "unit": load_unit,
        "url": url,
        "duration": length,
        "rate": rate,
        "workers": workers,
        "timeout": timeout,
        "every": every,
    }
    stop = threading.Event()
    with in_option_words():
        sending["shape"] = _shape(shape, csv)
        with context.cloud(fleet) as cloud, context.screen.busy("sending the load"), stopped_by_signals(stop):
            test = run_loadtest(cloud, fleet, group.name, stop=stop, **sending, **shared)
    return _show(context, test, report, is_interrupted=stop.is_set())


def _judged(
    context: CommandContext,
    fleet: Fleet,
    group: ScalingGroup,
    results: Sequence[Path],
    zone: str | None,
    shared: Mapping[str, Any],
) -> "LoadTest":
    """What results of another tool say, with sizes where a cloud is named."""
    from trimtab.loadtests.running import judge_loadtest

    if context.target.provider or fleet.connect.provider:
        with context.cloud(fleet) as cloud, context.screen.busy("reading the cloud"):
            test = judge_loadtest(results, fleet, group.name, cloud=cloud, zone=zone, **shared)
    else:
        test = judge_loadtest(results, fleet, group.name, zone=zone, **shared)
    return replace(test, notes=[note.replace("`zone`", "--zone") for note in test.notes])


def _shape(shape: str, csv: CsvOptions) -> "str | Load":
    """The load of a file, or the name of a shape."""
    from trimtab.loadtests.shapes import SHAPES

    if shape in SHAPES and csv.given:
        raise ConfigError([f"{in_words(csv.given)}: `--shape {shape}` is not a file; leave that out"])
    if shape in SHAPES or not Path(shape).exists():  # which is said together with what there could be
        return shape
    load = csv.read(Path(shape))
    return replace(load, notes=tuple(map(without_zone, load.notes)))


def _show(context: CommandContext, test: "LoadTest", report: Path | None, *, is_interrupted: bool = False) -> int:
    """What was found, and the report; where that cannot be written, what was found is shown all the same."""
    from trimtab.cli.views.loadtests import loadtest_view

    troubles = [ConfigError([str(each)]) for each in test.requirements if each.holds is None]
    if is_interrupted:
        troubles.append(ConfigError(["interrupted; what was seen until then is judged"]))
    if test.requests == 0:
        troubles.append(ConfigError(["no request was made; the notes say why"]))
    elif test.requests and test.failed == test.requests:
        troubles.append(ConfigError([f"no request was answered well: {in_words(list(test.errors))}"]))
    unwritten = None if report is None else _write(context, test, report)
    if context.screen.markdown:
        context.screen.text(test.to_markdown())
    else:
        said = [line for trouble in troubles for line in trouble.lines]
        context.screen.show(loadtest_view(test), {**test.to_dict(), "report_error": unwritten, "troubles": said})
    if unwritten is not None:
        troubles.append(ConfigError([unwritten]))
    for trouble in () if context.screen.json else troubles:
        context.screen.error(trouble)
    if is_interrupted:
        raise Interrupted
    return 1 if troubles else 0 if test.holds else 2


def _write(context: CommandContext, test: "LoadTest", report: Path) -> str | None:
    """Write the report; why that could not be done."""
    try:
        test.save(report)
    except TrimtabError as error:
        return str(error)
    context.screen.remark(f"report written to {report}")
    return None
