"""What a load test found, as text, Markdown and data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimtab.kpis.card import Kpi, Kpis
from trimtab.kpis.requirements import RequirementResult
from trimtab.phrases import plain_markdown

if TYPE_CHECKING:
    from trimtab.loadtests.series import LoadTestSeries
    from trimtab.simulation.chart import Theme
    from trimtab.simulation.results import Simulation

SIDES = ("predicted", "seen")
COMPARED = (
    *("availability", "longest-shortage", "time-to-scale", "response-p95", "error-rate", "efficiency", "precision"),
    "instance-hours",
)
"""The KPIs of a prediction and of what was seen that are shown side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleOut:
    """
    A time in which more instances were wanted than served.

    Attributes:
        after: How long after the beginning of the test it began, on the cloud's clock.
        before: How many served then.
        wanted: The most that were wanted until it was over.
        took: How long until as many served as were wanted; `None` where that was not seen.
    """

    after: timedelta
    before: int
    wanted: int
    took: timedelta | None

    def __str__(self) -> str:
        """Such as `after 0:02:00: 2 to 4 instances, in service 0:01:35 later`."""
        end = "not in service by the end" if self.took is None else f"in service {_short(self.took)} later"
        return f"after {_short(self.after)}: {self.before} to {self.wanted} instances, {end}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        took = None if self.took is None else self.took.total_seconds()
        return {
            "after_seconds": self.after.total_seconds(),
            "before": self.before,
            "wanted": self.wanted,
            "took_seconds": took,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeAgreement:
    """
    How far the predicted sizes were from those that were seen.

    Attributes:
        minutes: How many minutes both are known of.
        within_one: In how many per cent of them they were at most one instance apart.
        mean: How far they were apart on average, in instances.
        most: How far at most.
    """

    minutes: int
    within_one: float
    mean: float
    most: int

    def __str__(self) -> str:
        """A sentence."""
        minutes = "1 minute" if self.minutes == 1 else f"{self.minutes:,} minutes"
        text = f"sizes as predicted within one instance in {self.within_one:.4g} % of {minutes}"
        return f"{text}, {self.mean:.3g} apart on average, {self.most} at most"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "minutes": self.minutes,
            "within_one_percent": self.within_one,
            "mean_difference": self.mean,
            "largest_difference": self.most,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadTest:
    """
    A load test: what was sent, what came back, how the group followed, and what had been predicted.

    Attributes:
        fleet: The fleet's name.
        group: The group's name.
        target: What the requests were sent to; empty where results were read.
        source: What sent them, or the files that were read.
        since: When it began, on the cloud's clock.
        until: When it ended.
        speed: How many times faster than the machine's the cloud's clock ran; response times are the machine's.
        requests: How many requests were made; `None` where only percentiles are known.
        failed: How many of them failed; `None` where that is not known.
        errors: How many in which way.
        percentiles: The response times in seconds that 50, 95 and 99 % of those that did not fail do not exceed.
        series: Load, failures, response times and sizes over time; `None` where no times are known.
        scale_outs: Each time in which more instances were wanted than served.
        kpis: Held against their targets.
        prediction: The simulation of the same group on the load that arrived; `None` where there is none, and why in
            the notes.
        predicted: Its KPIs.
        agreement: How far the predicted sizes were from those seen.
        requirements: Bounds that were stated, held against what was seen.
        notes: What was assumed, left out, or could not be known.
    """

    fleet: str
    group: str
    target: str
    source: str
    since: datetime
    until: datetime
    speed: float = 1.0
    requests: int | None
    failed: int | None
    errors: Mapping[str, int] = field(default_factory=dict)
    percentiles: Mapping[float, float | None]
    series: "LoadTestSeries | None" = None
    scale_outs: Sequence[ScaleOut] = ()
    kpis: Kpis
    prediction: "Simulation | None" = None
    predicted: Kpis | None = None
    agreement: SizeAgreement | None = None
    requirements: Sequence[RequirementResult] = ()
    notes: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether all bounds that were stated hold."""
        return all(each.holds for each in self.requirements)

    @property
    def heading(self) -> str:
        """What was tested, in a sentence."""
        where = f" at {self.target}" if self.target else ""
        faster = f", the cloud's clock {self.speed:g} times as fast" if self.speed != 1 else ""
        span = f"{self.since:%Y-%m-%d %H:%M:%S %Z}, {_short(self.until - self.since)}{faster}"
        return f"{self.group}{where}: {span}, by {self.source}"

    @property
    def figures(self) -> tuple[tuple[str, str], ...]:
        """Requests, response times, errors and sizes, each as a name and a text."""
        found = [("requests", _requests(self))]
        for percent, value in self.percentiles.items():
            found.append((f"p{percent:g}", Kpi(name="", value=value, unit="s").text))
        found.append(("errors", _failed(self)))
        if self.series is not None and (sizes := self.series.size_range):
            found.append(("sizes", " to ".join(str(size) for size in sorted(set(sizes)))))
        found.append(
            ("time to scale", self.kpis["time-to-scale"].text if "time-to-scale" in _names(self.kpis) else "n/a")
        )
        return tuple(found)

    @property
    def lines(self) -> tuple[tuple[Kpi, Kpi], ...]:
        """The KPIs that a prediction and what was seen are held against each other by; none without a prediction."""
        if self.predicted is None:
            return ()
        there = _names(self.kpis) & _names(self.predicted)
        return tuple((self.predicted[name], self.kpis[name]) for name in COMPARED if name in there)

    def save(self, path: str | Path, *, theme: "Theme" = "light") -> Path:
        """
        Write a report: `.html` is one page that needs no network, `.png` its chart.

        Args:
            path: Where to.
            theme: Of the picture; the page follows the reader's setting.

        Raises:
            InvalidArgument: The name ends otherwise, or the file cannot be written.
            MissingExtra: The charts need the extra `loadtest` or `sim`.
        """
        # by its name alone, since the report stands on this module
        saved: Path = import_module("trimtab.loadtests.report").save(self, path, theme=theme)
        return saved

    def __str__(self) -> str:
        """A few lines: figures, KPIs that miss their target, bounds, notes."""
        return "\n".join(_text(self))

    def to_markdown(self) -> str:
        """The same as tables, for a pull request."""
        return "\n".join(_markdown(self)) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "fleet": self.fleet,
            "group": self.group,
            "target": self.target,
            "source": self.source,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "speed": self.speed,
            "requests": self.requests,
            "failed": self.failed,
            "errors": dict(self.errors),
            "percentiles": {f"p{percent:g}": value for percent, value in self.percentiles.items()},
            "scale_outs": [each.to_dict() for each in self.scale_outs],
            "kpis": [item.to_dict() for item in self.kpis],
            "predicted": None if self.predicted is None else [item.to_dict() for item in self.predicted],
            "agreement": None if self.agreement is None else self.agreement.to_dict(),
            "requirements": [each.to_dict() for each in self.requirements],
            "holds": self.holds,
            "series": None if self.series is None else self.series.to_dict(),
            "notes": list(self.notes),
        }


def _names(card: Kpis) -> set[str]:
    return {item.name for item in card}


def _short(duration: timedelta) -> str:
    """A duration to whole seconds, or to tenths where it is short."""
    seconds = duration.total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else str(timedelta(seconds=round(seconds)))


def _requests(test: LoadTest) -> str:
    if test.requests is None:
        return "n/a"
    seconds = (test.until - test.since).total_seconds() / test.speed
    rate = f", {test.requests / seconds:.4g} a second on average" if seconds else ""
    return f"{test.requests:,}{rate}"


def _failed(test: LoadTest) -> str:
    if test.failed is None or test.requests is None:
        return "not known"
    share = f" ({100 * test.failed / test.requests:.3g} %)" if test.requests else ""
    kinds = ", ".join(f"{name}: {count:,}" for name, count in test.errors.items())
    return f"{test.failed:,}{share}{f'; {kinds}' if kinds else ''}"


def _text(test: LoadTest) -> Iterator[str]:
    yield test.heading
    yield from (f"{name:14}  {text}" for name, text in test.figures)
    yield from (f"scale-out       {each}" for each in test.scale_outs)
    held = [item for item in test.kpis if item.passes is not None]
    if held:
        passed = sum(bool(item.passes) for item in held)
        missed = ", ".join(item.name for item in test.kpis.failures)
        yield f"targets         {passed} of {len(held)} reached{f'; missed: {missed}' if missed else ''}"
    if test.agreement:
        yield f"prediction      {test.agreement}"
    yield from (str(each) for each in test.requirements)
    yield from (f"note: {note}" for note in test.notes)


_MARKS = {True: "✅", False: "❌", None: ""}
_BOUNDS = {True: "✅", False: "❌", None: "❓"}


def _markdown(test: LoadTest) -> Iterator[str]:
    yield f"#### {plain_markdown(test.heading)}\n"
    yield "| | |\n| --- | ---: |"
    yield from (f"| {plain_markdown(name)} | {plain_markdown(text)} |" for name, text in test.figures)
    yield ""
    if test.scale_outs:
        yield from (f"- {plain_markdown(str(each))}" for each in test.scale_outs)
        yield ""
    if items := [item for item in test.kpis if item.target is not None]:
        yield "| KPI | value | target | |\n| --- | ---: | ---: | --- |"
        yield from (
            f"| {' | '.join([item.name, *map(plain_markdown, (item.text, str(item.target))), _MARKS[item.passes]])} |"
            for item in items
        )
        yield ""
    if test.lines:
        yield "| KPI | predicted | seen |\n| --- | ---: | ---: |"
        for first, second in test.lines:
            yield f"| {second.name} | {plain_markdown(first.text)} | {plain_markdown(second.text)} |"
        yield ""
    if test.agreement:
        yield f"{plain_markdown(str(test.agreement))}\n"
    yield from (f"- {_BOUNDS[each.holds]} {plain_markdown(str(each))}" for each in test.requirements)
    yield from (f"- note: {plain_markdown(note)}" for note in test.notes)
