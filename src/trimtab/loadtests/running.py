"""The front door of load tests: drive one, or judge the results of another tool's."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from trimtab.clock import ensure_above_zero
from trimtab.declarations import declarations_of
from trimtab.engine.functions import NO_FUNCTIONS, Functions
from trimtab.errors import InvalidArgument, MissingExtra, TrimtabError
from trimtab.kpis.card import KpiOptions
from trimtab.kpis.requirements import Requirement
from trimtab.loadtests.outcome import LoadTest
from trimtab.loadtests.shapes import load_of
from trimtab.loadtests.targets import target_of
from trimtab.models import Fleet, ScalingGroup
from trimtab.models.fleet import require_fleet
from trimtab.phrases import in_words
from trimtab.runtime.cloud import Cloud
from trimtab.simulation.load import Load, LoadUnit
from trimtab.simulation.model import FleetModel

if TYPE_CHECKING:
    from trimtab.loadtests.judging import Judge
    from trimtab.loadtests.watching import Watcher

_FIVE_SECONDS, _TEN_SECONDS = timedelta(seconds=5), timedelta(seconds=10)


def loadtest(
    cloud: Cloud,
    fleet: Fleet,
    group: str | None = None,
    *,
    url: str,
    shape: Load | str | Path,
    duration: timedelta | None = None,
    rate: float | None = None,
    unit: LoadUnit = "requests",
    workers: int | None = None,
    timeout: timedelta = _TEN_SECONDS,
    every: timedelta = _FIVE_SECONDS,
    model: FleetModel | None = None,
    capacity: float | None = None,
    options: KpiOptions | None = None,
    require: Sequence[str] = (),
    functions: Functions = NO_FUNCTIONS,
    seed: int = 0,
    speed: float = 1.0,
    stop: Event | None = None,
) -> LoadTest:
    """
    Send a load to a service with Locust, watch the group behind it meanwhile, and hold both against what is predicted.

    Requests are GETs of one URL, at moments of chance that do not wait for answers, sent by processes of their own,
    which end with this call, and with this process whatever ends it. Nothing listens.

    Args:
        cloud: The connection; it is only read.
        fleet: Names in `loadtest.hosts` what may be tested; other hosts are refused.
        group: The group behind the URL; it may be left out where the fleet has one.
        url: Where requests go.
        shape: A load, a CSV file (`timestamp,value`), `steps` (a quarter, a half, three quarters, all of the rate, and
            a quarter again) or `burst` (a fifth, all of it, a fifth).
        duration: How long it may take, up to 4 hours; a longer load is cut off. That of the load, or 5 minutes.
        rate: The most requests a second, up to 2,000; a load above it is refused. That of the load, or 10.
        unit: What a value of the file is: the requests of its row's time, or requests a second or a minute.
        workers: How many processes send them, up to 16; one for each 250 requests a second, up to one a processor.
        timeout: How long a request may take; one that takes longer has failed.
        every: How often the group is read.
        model: How the fleet behaves, as `calibrate` measures it; that of the group when left out.
        capacity: Requests a second that one instance serves; that of the model.
        options: Prices and targets of the KPIs.
        require: Bounds, such as `response-p95 < 0.2`; the names are those of the KPIs.
        functions: The functions of policies in Python, for the prediction.
        seed: What chance is drawn from.
        speed: How many seconds of the cloud's clock pass in one of the machine's: other than 1 only where the cloud has
            a clock of its own, in memory or on an emulator. Loads and durations are of the cloud's clock, rates and
            response times of the machine's.
        stop: Ends the test once it is set; what was seen until then is judged, and a note says so.

    Raises:
        InvalidArgument: The load is above a bound, the URL is none, the group is not in the fleet.
        ConfigError: The fleet does not name the host of the URL.
        MissingExtra: Locust or numpy is not installed.
        WaitTimeout: The processes that send did not start.
    """
    _check_numpy()
    from trimtab.loadtests.driving import Drive, drive
    from trimtab.loadtests.watching import Watcher

    fleet = require_fleet(fleet).for_provider(cloud.provider.name)
    chosen = group_of(fleet, group)
    target = target_of(fleet, url)
    load = load_of(shape, cloud.now(), duration=duration, rate=rate, unit=unit, speed=speed)
    judge = _judge(cloud.provider.name, fleet, chosen, model, capacity, options, require, functions, seed, speed)
    plan = Drive(
        target=target,
        load=load,
        speed=speed,
        workers=workers,
        timeout=ensure_above_zero(timeout, "timeout").total_seconds(),
        seed=seed,
    )
    watcher, notes = _watcher(cloud, fleet, chosen)
    look = watcher.look if isinstance(watcher, Watcher) else _nothing
    samples = drive(plan, look, every=ensure_above_zero(every, "every").total_seconds(), stop=stop)
    return judge.judge(
        samples,
        target=target.url,
        now=load.start,
        seconds=plan.seconds if samples.stopped is None else samples.stopped,
        readings=watcher.readings if watcher else None,
        notes=(*notes, *(watcher.notes if watcher else ())),
    )


def judge_loadtest(
    results: str | Path | Sequence[str | Path],
    fleet: Fleet,
    group: str | None = None,
    *,
    cloud: Cloud | None = None,
    zone: str | tzinfo | None = None,
    model: FleetModel | None = None,
    capacity: float | None = None,
    options: KpiOptions | None = None,
    require: Sequence[str] = (),
    functions: Functions = NO_FUNCTIONS,
    seed: int = 0,
) -> LoadTest:
    """
    The same of what another tool has sent: results of JMeter (JTL in CSV) or `ab` (`-g`, `-e`), or access logs.

    Args:
        results: The files; several of one sort are taken together.
        fleet: The fleet that the group is of.
        group: The group behind the service; it may be left out where the fleet has one.
        cloud: Where the group runs: gives what it recorded of its size in that time. Sizes are not known without.
        zone: The zone of times that name none; UTC when left out.
        model: How the fleet behaves; that of the group when left out.
        capacity: Requests a second that one instance serves; that of the model.
        options: Prices and targets of the KPIs.
        require: Bounds, such as `response-p95 < 0.2`.
        functions: The functions of policies in Python, for the prediction.
        seed: What chance is drawn from.

    Raises:
        InvalidArgument: A file cannot be read or has another form, or the group is not in the fleet.
        MissingExtra: numpy is not installed.
    """
    _check_numpy()
    from trimtab.loadtests.files import read_results
    from trimtab.loadtests.recorded import recorded_sizes

    provider = cloud.provider.name if cloud is not None else fleet.connect.provider
    fleet = require_fleet(fleet).for_provider(provider)
    chosen = group_of(fleet, group)
    paths = [results] if isinstance(results, str | Path) else list(results)
    samples = read_results([Path(path) for path in paths], zone)
    judge = _judge(provider, fleet, chosen, model, capacity, options, require, functions, seed, 1.0)
    notes: Sequence[str] = ("sizes are not known: no cloud was asked",)
    readings = None
    if cloud is not None and samples.begin is not None:
        readings, notes = recorded_sizes(cloud, fleet, chosen, samples.begin, float(samples.at.max(initial=0.0)))
    now = datetime.fromtimestamp(Path(paths[0]).stat().st_mtime, UTC)
    return judge.judge(samples, now=now, readings=readings, notes=notes)


def group_of(fleet: Fleet, name: str | None) -> ScalingGroup:
    """
    The group of a fleet that is meant.

    Raises:
        InvalidArgument: There is no such group, or several and none is named.
    """
    names = [group.name for group in fleet.groups]
    if name is None and len(names) == 1:
        return fleet.groups[0]
    if name is None or name not in names:
        what = "a load test is of one group" if name is None else f"fleet {fleet.name!r} has no group {name!r}"
        raise InvalidArgument(f"{what}; name {in_words(names)}" if names else f"{what}; it has none")
    return fleet[name]


def _judge(
    provider: str | None,
    fleet: Fleet,
    group: ScalingGroup,
    model: FleetModel | None,
    capacity: float | None,
    options: KpiOptions | None,
    require: Sequence[str],
    functions: Functions,
    seed: int,
    speed: float,
) -> "Judge":
    from trimtab.loadtests.judging import Judge

    return Judge(
        fleet=fleet.name,
        group=group,
        preset=declarations_of(provider).preset if provider else "neutral",
        model=model,
        capacity=capacity,
        options=options or KpiOptions(),
        require=[Requirement.parse(text) for text in require],
        functions=functions,
        seed=seed,
        speed=speed,
    )


def _watcher(cloud: Cloud, fleet: Fleet, group: ScalingGroup) -> "tuple[Watcher | None, tuple[str, ...]]":
    """What watches the group, or why nothing does."""
    from trimtab.loadtests.watching import Watcher

    try:
        places = {place.group: place for place in cloud.status(fleet.replace(groups=[group])).groups}
    except TrimtabError as error:
        return None, (f"the group is not watched: {error}",)
    place = places[group.name]
    if place.state is None:
        return None, (f"the group is not watched: {place.name} does not exist in {place.location}",)
    return Watcher(cloud.group(place.name, place.location)), ()


def _nothing(seconds: float) -> None:
    """Nobody is watched."""


def _check_numpy() -> None:
    try:
        import numpy  # noqa: F401
    except ModuleNotFoundError as missing:
        raise MissingExtra("a load test", "loadtest") from missing
