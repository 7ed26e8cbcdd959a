"""Works out what a load test found: series over time, KPIs, and what a simulation predicts of the same load."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from trimtab.engine.functions import NO_FUNCTIONS, Functions
from trimtab.engine.presets import find_preset
from trimtab.errors import InvalidArgument, TrimtabError
from trimtab.kpis.card import KpiOptions, Kpis, kpi
from trimtab.kpis.latency import MeasuredResponses
from trimtab.kpis.requirements import Requirement, RequirementResult
from trimtab.kpis.scoring import Observed, score, static_baseline
from trimtab.kpis.series import demand_of
from trimtab.loadtests.outcome import LoadTest, ScaleOut, SizeAgreement
from trimtab.loadtests.samples import PERCENTS, Floats, Samples
from trimtab.loadtests.series import LoadTestSeries
from trimtab.loadtests.watching import SizeReading, sizes_of
from trimtab.models import ScalingGroup
from trimtab.simulation.load import Load
from trimtab.simulation.model import FleetModel
from trimtab.simulation.results import Simulation
from trimtab.simulation.simulating import complete_model, simulate

_STEPS = (1, 2, 5, 10, 15, 30, 60)
"""Lengths of a step in seconds of the cloud's clock: each goes into a minute."""
_MOST_STEPS = 1_000


@dataclass(frozen=True, kw_only=True)
class Judge:
    """
    What a load test is judged by.

    Attributes:
        fleet: The fleet's name.
        group: The group.
        preset: Whose rules the prediction goes by.
        model: How the fleet behaves; that of the group when left out.
        capacity: Requests a second that one instance serves.
        options: Prices and targets.
        require: Bounds.
        functions: Of policies in Python.
        seed: What chance is drawn from.
        speed: How many times faster than the machine's the cloud's clock ran.
    """

    fleet: str
    group: ScalingGroup
    preset: str
    model: FleetModel | None = None
    capacity: float | None = None
    options: KpiOptions = field(default_factory=KpiOptions)
    require: Sequence[Requirement] = ()
    functions: Functions = field(default_factory=lambda: NO_FUNCTIONS)
    seed: int = 0
    speed: float = 1.0

    def judge(
        self,
        samples: Samples,
        *,
        target: str = "",
        now: datetime,
        seconds: float | None = None,
        readings: Sequence[SizeReading] | None = None,
        notes: Sequence[str] = (),
    ) -> LoadTest:
        """
        What requests and sizes say.

        Args:
            samples: The requests.
            target: What they were sent to.
            now: Stands for the time of results that name none.
            seconds: How long the test took, in the machine's seconds; up to the last request when left out.
            readings: The sizes; `None` where the group was not watched.
            notes: What else is to be said.
        """
        if samples.begin is None or not len(samples):
            return self._without_times(samples, target, now, notes)
        series = self._series(samples, seconds, readings)
        model, assumed = self._model(series)
        prediction, why = self._predicted(series, model)
        observed = self._observed(samples, series, model)
        card = score(observed, static_baseline(observed, "static-p95"), self.options)
        until = series.since + timedelta(seconds=series.step * len(series.load))
        said = [*samples.notes, *notes, *assumed, *why, *(prediction.notes if prediction else ())]
        return LoadTest(
            fleet=self.fleet,
            group=self.group.name,
            target=target,
            source=samples.source,
            since=series.since,
            until=until,
            speed=self.speed,
            requests=len(samples),
            failed=samples.failures,
            errors=samples.errors,
            percentiles={percent: samples.percentile(percent) for percent in PERCENTS},
            series=series,
            scale_outs=scale_outs(series),
            kpis=card,
            prediction=prediction,
            predicted=prediction.kpis(options=self.options) if prediction else None,
            agreement=agreement(series, prediction) if prediction else None,
            requirements=self._held(card),
            notes=tuple(dict.fromkeys(said)),
        )

    def _without_times(self, samples: Samples, target: str, now: datetime, notes: Sequence[str]) -> LoadTest:
        """Of requests of which only percentiles are known."""
        found = samples.percentile(95)
        value = math.nan if found is None else found
        item = kpi("response-p95", value, "s", target=self.options.targets.get("response-p95"), absent="no request")
        card = Kpis(group=self.group.name, since=now, until=now, items=(item,))
        text = "no times of requests are known: nothing is said of load, errors and sizes, and nothing predicted"
        return LoadTest(
            fleet=self.fleet,
            group=self.group.name,
            target=target,
            source=samples.source,
            since=now,
            until=now,
            requests=None if samples.percentiles else 0,
            failed=None,
            percentiles={percent: samples.percentile(percent) for percent in PERCENTS},
            kpis=card,
            requirements=self._held(card),
            notes=(*samples.notes, *notes, text if samples.percentiles else "no request was made"),
        )

    def _held(self, card: Kpis) -> tuple[RequirementResult, ...]:
        there = {item.name: item for item in card}
        return tuple(
            bound.judge([there[bound.name]])
            if bound.name in there
            else RequirementResult(requirement=bound, why="it was not measured")
            for bound in self.require
        )

    def _series(
        self, samples: Samples, seconds: float | None, readings: Sequence[SizeReading] | None
    ) -> LoadTestSeries:
        begin = samples.begin
        assert begin is not None
        length = seconds if seconds is not None else float(samples.at.max()) + 1e-9
        whole = length * self.speed
        step = next((each for each in _STEPS if each / self.speed >= 1 and whole / each <= _MOST_STEPS), _STEPS[-1])
        count = max(1, math.ceil(whole / step - 1e-9))
        width = step / self.speed
        places = np.minimum((samples.at / width).astype(int), count - 1)
        load = np.bincount(places, minlength=count) / width
        failed = None if samples.failed is None else np.bincount(places[samples.failed], minlength=count) / width
        return LoadTestSeries(
            since=begin,
            step=float(step),
            load=load,
            failed=failed,
            times=_times(samples, places, count),
            sizes=None if readings is None else sizes_of(readings, count, width),
        )

    def _model(self, series: LoadTestSeries) -> tuple[FleetModel, tuple[str, ...]]:
        model = self.model
        if model is None and self.capacity is not None:
            model = FleetModel.of_group(self.group, self.preset)
        if model is not None and self.capacity is not None:
            model = model.replace(capacity=self.capacity)
        rates = series.minutes(series.load)
        return complete_model(self.group, find_preset(self.preset), model, list(rates if len(rates) else series.load))

    def _predicted(self, series: LoadTestSeries, model: FleetModel) -> tuple[Simulation | None, tuple[str, ...]]:
        rates = series.minutes(series.load)
        if not len(rates):
            return None, ("nothing is predicted of less than a minute",)
        group = self.group
        if (first := series.first_size) is not None:
            low, high = group.capacity.min, group.capacity.max
            group = group.replace(capacity=group.capacity.replace(desired=max(low, min(high, first))))
        load = Load(series.since, timedelta(minutes=1), tuple(rates.tolist()))
        try:
            return simulate(group, load, preset=self.preset, model=model, seed=self.seed, functions=self.functions), ()
        except (TrimtabError, ValueError) as error:
            return None, (f"nothing is predicted: {error}",)

    def _observed(self, samples: Samples, series: LoadTestSeries, model: FleetModel) -> Observed:
        sizes, failed = series.sizes, series.failed
        unknown = np.full(len(series.load), np.nan)
        if model.capacity is None:
            raise InvalidArgument("the model has no capacity; give one")
        served = None if failed is None else series.load - failed
        counted = (series.load if served is None else served) * series.step
        return Observed(
            group=self.group.name,
            since=series.since,
            seconds=series.step,
            demand=demand_of(series.steady_load, model.capacity),
            supply=unknown if sizes is None else sizes.in_service,
            paid=None if sizes is None else _known(sizes.running),
            wanted=None if sizes is None else _known(sizes.wanted),
            load=series.load,
            served=served,
            lost=failed,
            responses=MeasuredResponses(requests=counted, seconds=samples.good) if len(samples.good) else None,
            smooth=round(model.boot.total_seconds() / series.step),
        )


def _known(values: Floats) -> Floats | None:
    return None if np.isnan(values).all() else values


def _times(samples: Samples, places: Any, count: int) -> dict[float, Floats]:
    """The response times of each step."""
    result = {percent: np.full(count, np.nan) for percent in PERCENTS}
    good = ~np.isnan(samples.seconds)
    if samples.failed is not None:
        good &= ~samples.failed
    chosen, seconds = places[good], samples.seconds[good]
    order = np.argsort(chosen, kind="stable")
    edges = np.searchsorted(chosen[order], np.arange(count + 1))
    for place in range(count):
        if edges[place] < edges[place + 1]:
            some = seconds[order[edges[place] : edges[place + 1]]]
            for percent, value in zip(PERCENTS, np.percentile(some, PERCENTS), strict=True):
                result[percent][place] = value
    return result


def scale_outs(series: LoadTestSeries) -> tuple[ScaleOut, ...]:
    """Each time in which more instances were wanted than served, and how long until they did."""
    if series.sizes is None:
        return ()
    wanted, serving = series.sizes.wanted, series.sizes.in_service
    found: list[ScaleOut] = []
    begun: int | None = None
    for place in range(len(wanted)):
        if np.isnan(wanted[place]) or np.isnan(serving[place]):
            continue
        if begun is None and wanted[place] > serving[place]:
            begun = place
            found.append(
                ScaleOut(
                    after=timedelta(seconds=place * series.step),
                    before=int(serving[place]),
                    wanted=int(wanted[place]),
                    took=None,
                )
            )
        elif begun is not None and wanted[place] > serving[place]:
            found[-1] = replace(found[-1], wanted=max(found[-1].wanted, int(wanted[place])))
        elif begun is not None:
            found[-1] = replace(found[-1], took=timedelta(seconds=(place - begun) * series.step))
            begun = None
    return tuple(found)


def agreement(series: LoadTestSeries, prediction: Simulation) -> SizeAgreement | None:
    """How far the predicted sizes are from those seen, minute by minute; `None` where none were seen."""
    if series.sizes is None:
        return None
    seen = series.minutes(series.sizes.in_service, first=True)
    apart = np.abs(seen - prediction.in_service[: len(seen)])
    known = apart[~np.isnan(apart)]
    if not len(known):
        return None
    return SizeAgreement(
        minutes=len(known),
        within_one=100 * float((known <= 1).mean()),
        mean=float(known.mean()),
        most=int(known.max()),
    )
