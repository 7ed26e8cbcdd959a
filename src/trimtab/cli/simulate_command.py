"""`trimtab simulate`: what a group's policies make of a load, on one cloud's rules or on several."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trimtab.cli.commands import groups_command
from trimtab.cli.context import AllowPython, CommandContext, duration, span
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
    as_options,
    functions_of,
    in_option_words,
    one_group,
)
from trimtab.declarations import declarations_of
from trimtab.errors import ConfigError, InvalidArgument, InvalidModel
from trimtab.models import Fleet, ScalingGroup
from trimtab.phrases import in_words

if TYPE_CHECKING:
    from trimtab.simulation import FleetModel, Load, Simulation

_UNITS = "requests, requests-per-second or requests-per-minute"


@groups_command
def simulate(
    context: CommandContext,
    fleet: Fleet,
    groups: Sequence[str],
    load: Annotated[
        Path | None,
        typer.Option(
            "--load", metavar="FILE", help="Read the load from a CSV file: timestamp,value.", show_default=False
        ),
    ] = None,
    access_log: Annotated[
        list[Path] | None,
        typer.Option(
            "--access-log",
            metavar="FILE",
            help="Read the load from an access log: common, combined, HAProxy; may be repeated.",
            show_default=False,
        ),
    ] = None,
    from_cloud: Annotated[
        str | None,
        typer.Option(
            "--from-cloud",
            metavar="METRIC",
            help="Take the load that the cloud has measured: requests, requests-per-instance or cpu.",
            show_default=False,
        ),
    ] = None,
    since: Annotated[
        timedelta | None,
        typer.Option(
            parser=span,
            metavar="DURATION",
            help="Look so far back with --from-cloud and --calibrate.",
            show_default=False,
        ),
    ] = None,
    load_unit: Annotated[
        str, typer.Option("--load-unit", help=f"Give the unit of the values of --load: {_UNITS}.")
    ] = "requests",
    zone: Annotated[
        str | None,
        typer.Option(help="Set the time zone of times that name none; UTC when left out.", show_default=False),
    ] = None,
    gaps: Gaps = GAPS,
    doubles: Doubles = DOUBLES,
    columns: Columns = COLUMNS,
    step: Step = None,
    presets: Annotated[
        list[str] | None,
        typer.Option(
            "--preset",
            metavar="NAME",
            help="Decide by the rules of this preset, such as ec2; may be repeated. The provider's when left out.",
            show_default=False,
        ),
    ] = None,
    model: ModelFile = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Measure the model of the fleet, in place of a simulation.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the model that --calibrate measures.", show_default=False),
    ] = None,
    size_metric: Annotated[
        str | None,
        typer.Option(
            "--size-metric",
            metavar="NAMESPACE/NAME[,DIMENSION=VALUE]",
            help="Name the metric that counts instances in service, for --calibrate.",
            show_default=False,
        ),
    ] = None,
    capacity: CapacityNumber = None,
    boot: Annotated[
        timedelta | None,
        typer.Option(
            parser=duration,
            metavar="DURATION",
            help="Set how long an instance boots; 3m when left out.",
            show_default=False,
        ),
    ] = None,
    signal: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC=NAME",
            help="Give a metric that the load does not have: memory=40, JobsWaiting=queue-depth.",
            show_default=False,
        ),
    ] = None,
    seed: Seed = 0,
    allow_python: AllowPython = None,
    every_step: Annotated[
        bool, typer.Option("--every-step", help="Decide each minute, also where nothing has changed.")
    ] = False,
    rows: Annotated[
        bool, typer.Option("--rows", help="Print the numbers of each minute too, with --format json.")
    ] = False,
    kpis: Annotated[bool, typer.Option("--kpis", help="Show the KPIs, held against their targets.")] = False,
    prices: PricesFile = None,
    slo: Annotated[
        float | None,
        typer.Option(
            "--slo",
            metavar="SECONDS",
            min=0.001,
            help="Show the KPIs with the demand that keeps the p95 of response times to this.",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Compare with the same group of another fleet file.", show_default=False),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Set how many pairs --against simulates.")] = 5,
    report: ReportFile = None,
) -> int:
    """
    Show what a group's policies make of a load, minute by minute; changes nothing.

    With `--against other.yaml` both groups are simulated on the same load and the same chance, seed by seed, and each
    KPI that differs is shown with its 95 % interval.

    With `--calibrate` the model of the fleet is measured from the group's own activities and datapoints, each number
    with its 90 % interval, and `--out model.json` keeps it for `--model`.

    Example: `trimtab simulate fleet.yaml web --load load.csv --capacity 50 --preset ec2 --preset gce`
    """
    from trimtab.cli.views.simulations import simulations_dict, simulations_view
    from trimtab.simulation import FleetModel
    from trimtab.simulation import simulate as run_simulation

    if report is not None:
        from trimtab.simulation.report import check_report

        check_report(report)
    group = one_group(fleet, groups, "a simulation")
    csv = CsvOptions(load_unit, zone, gaps, doubles, columns, step)
    if since is not None and not (calibrate or from_cloud):
        raise ConfigError(["--since is for --from-cloud and --calibrate, a file is read whole; leave it out"])
    if calibrate:
        from trimtab.cli.calibrate import show_calibration

        if from_cloud or model or presets or against or report or kpis or slo:
            raise ConfigError(["--calibrate measures and simulates nothing; leave out the options of a simulation"])
        given = None
        if load or access_log:
            given = _load(context, fleet, group, load, csv, access_log, None, None, None)
        return show_calibration(context, fleet, group.name, since, out, size_metric, given, seed)
    if out or size_metric:
        raise ConfigError(["--out and --size-metric need --calibrate; add it, or leave them out"])
    read = _load(context, fleet, group, load, csv, access_log, from_cloud, since, capacity)
    names = presets or [_preset(context, fleet)]
    runs = []
    for name in names:
        try:
            fleet_model = _model(group, model, name, capacity, boot, signal or ())
            functions = functions_of(fleet, group, allow_python or ())
            runs.append(
                run_simulation(
                    group, read, preset=name, model=fleet_model, seed=seed, functions=functions, every_step=every_step
                )
            )
        except ValueError as error:
            if isinstance(error, InvalidModel):
                raise
            raise InvalidArgument(as_options(str(error))) from error
    # for people nothing is made of each decision
    shown = simulations_view(runs, read), simulations_dict(runs, read, rows=rows) if context.screen.json else {}
    if not (kpis or against or report or prices or slo):
        context.screen.show(*shown)
        return 0
    from trimtab.cli.simulate_report import ReportOptions, show_judged

    def again(fleet: Fleet, run: "Simulation", seed: int) -> "Simulation":
        other = _same_group(fleet, group)
        # the same instances on both sides; how often they measure themselves is a setting of the group
        own = {} if model else {"metric_period": FleetModel.of_group(other, run.preset).metric_period}
        return run_simulation(
            other,
            read,
            preset=run.preset,
            model=run.model.replace(**own),
            seed=seed,
            functions=functions_of(fleet, other, allow_python or ()),
            every_step=every_step,
        )

    chosen = range(seed, seed + seeds)
    wanted = ReportOptions(kpis=kpis, prices=prices, slo=slo, against=against, seeds=chosen, report=report)
    return show_judged(context, fleet, runs, again, wanted, shown)


def _same_group(fleet: Fleet, group: ScalingGroup) -> ScalingGroup:
    names = [each.name for each in fleet.groups]
    if group.name not in names:
        raise ConfigError([f"fleet {fleet.name!r} has no group {group.name!r}; it has {in_words(names) or 'none'}"])
    return fleet[group.name]


def _load(
    context: CommandContext,
    fleet: Fleet,
    group: ScalingGroup,
    path: Path | None,
    csv: CsvOptions,
    access_log: Sequence[Path] | None,
    from_cloud: str | None,
    since: timedelta | None,
    capacity: float | None,
) -> "Load":
    from trimtab.simulation import Load

    if sum(each is not None and each != [] for each in (path, access_log, from_cloud)) != 1:
        raise ConfigError(["a simulation takes one load; give --load FILE, --access-log FILE or --from-cloud METRIC"])
    with in_option_words():
        if path is not None:
            read = csv.read(path)
        elif access_log:
            read = Load.from_access_log(*access_log, zone=csv.zone)
        else:
            read = _measured(context, fleet, group, from_cloud or "", since, capacity)
    return replace(read, notes=tuple(map(as_options, read.notes)))


def _measured(
    context: CommandContext,
    fleet: Fleet,
    group: ScalingGroup,
    name: str,
    since: timedelta | None,
    capacity: float | None,
) -> "Load":
    from trimtab.models.metric import NEUTRAL
    from trimtab.simulation import Load

    if since is None:
        raise ConfigError(["--from-cloud needs how far back; give --since, such as --since 14d"])
    if name not in NEUTRAL:
        raise ConfigError([f"--from-cloud {name}: unknown metric; use requests, requests-per-instance or cpu"])
    with context.cloud(fleet) as cloud, context.screen.busy("reading the cloud"):
        native = next(
            (each.name for each in cloud.status(fleet).groups if each.group == group.name and each.state), None
        )
        if native is None:
            raise ConfigError([f"group {group.name!r} is not in the cloud; nothing was measured of it"])
        return Load.from_datapoints(cloud, native, NEUTRAL[name], since=since, capacity=capacity)


def _preset(context: CommandContext, fleet: Fleet) -> str:
    provider = context.target.provider or fleet.connect.provider
    return declarations_of(provider).preset if provider else "neutral"


def _model(
    group: ScalingGroup,
    path: Path | None,
    preset: str,
    capacity: float | None,
    boot: timedelta | None,
    signals: Sequence[str],
) -> "FleetModel | None":
    from trimtab.simulation import FleetModel

    given = {"capacity": capacity, "boot": boot, "signals": dict(map(_signal, signals)) or None}
    fields = {name: value for name, value in given.items() if value is not None}
    if path is None:
        return FleetModel.of_group(group, preset, **fields) if fields else None
    return FleetModel.load(path).replace(**fields)


def _signal(text: str) -> tuple[str, str | float]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ConfigError([f"--signal {text}: write METRIC=NAME or METRIC=NUMBER, such as memory=40"])
    try:
        return name, float(value)
    except ValueError:
        return name, value
