"""Ticks of the controller, and the history of its decisions."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.haproxy import synced_view
from trimtab.cli.views.status import zone_of
from trimtab.cli.views.values import Indented, Prose, printable
from trimtab.controller.comparing import ShadowComparison
from trimtab.controller.results import GroupTick, Tick, TickOutcome
from trimtab.models import Fleet
from trimtab.store.records import DecisionRecord, RolloutRecord, TickRecord

_MINUTE = timedelta(minutes=1)
_STYLES: Mapping[str, str] = {
    TickOutcome.WRITTEN: "green",
    TickOutcome.KEPT: "dim",
    TickOutcome.SHADOW: "cyan",
    TickOutcome.HELD: "yellow",
    TickOutcome.UNKNOWN: "yellow",
    TickOutcome.FAILED: "bold red",
    TickOutcome.ERROR: "bold red",
}


def tick_view(tick: Tick) -> RenderableType:
    """A line for each group, its reasons below it."""
    parts = [part for result in tick.groups for part in _result_view(result)]
    if not parts:
        parts = [Text(f"fleet {tick.fleet} has no group that the controller sizes on {tick.provider}")]
    return Group(*parts, *([synced_view(tick.haproxies)] if tick.haproxies else ()))


def _result_view(result: GroupTick) -> Iterator[RenderableType]:
    decision = result.decision
    size = "no decision" if decision is None else _change(decision.previous, decision.size)
    outcome = (result.outcome.value, _STYLES[result.outcome])
    yield Text.assemble((printable(result.group), "bold"), f": {size}, ", outcome)
    reasons = map(str, decision.reasons) if decision else ()
    for line in (result.text, *reasons):
        if line:
            yield Indented(Prose(printable(line), "dim"), 2)
    for line in result.unread:
        yield Indented(Prose(f"cannot read {printable(line)}", "yellow"), 2)


def _change(previous: int | None, size: int | None) -> str:
    if previous is None or size is None:
        return "no decision"
    return f"{previous} to {size}" if previous != size else f"stays at {size}"


def history_view(fleet: Fleet, records: Sequence[DecisionRecord | RolloutRecord]) -> RenderableType:
    """A line for each decision and each step of a rollout, oldest first, its reasons below it."""
    if not records:
        return Text("no decisions and no rollouts in this time")
    return Group(*(part for record in records for part in _kept_view(fleet, record)))


def _kept_view(fleet: Fleet, record: DecisionRecord | RolloutRecord) -> Iterator[RenderableType]:
    return _record_view(fleet, record) if isinstance(record, DecisionRecord) else _rollout_view(fleet, record)


def _rollout_view(fleet: Fleet, record: RolloutRecord) -> Iterator[RenderableType]:
    zone = zone_of(fleet, record.key.group) or UTC
    how = record.phase if record.outcome == "running" else record.outcome
    yield Prose.assemble(
        (f"{record.at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}  ", "dim"),
        (printable(record.key.group), "bold"),
        f"  rollout {printable(record.run)} by {printable(record.by)}, ",
        (how, "bold red" if record.outcome in ("error", "stopped", "rolled back") else "cyan"),
        f", step {record.step} of {record.steps}, {record.ready} of {record.total} instances",
    )
    for text in dict.fromkeys((record.text, *record.gates)):
        if text:
            yield Indented(Prose(printable(text), "dim"), 4)


def _record_view(fleet: Fleet, record: DecisionRecord) -> Iterator[RenderableType]:
    zone = zone_of(fleet, record.key.group) or UTC
    yield Prose.assemble(
        (f"{record.at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}  ", "dim"),
        (printable(record.key.group), "bold"),
        f"  {_change(record.previous, record.size)}, ",
        (record.outcome, _STYLES.get(record.outcome, "")),
    )
    for text in (record.error, *map(reason_text, record.reasons)):
        if text:
            yield Indented(Prose(printable(text), "dim"), 4)


def comparisons_view(fleet: Fleet, comparisons: Sequence[ShadowComparison]) -> RenderableType:
    """Of each group how far the shadow and the cloud agreed, then each time in which they did not."""
    if not comparisons:
        return Text("no decisions of a shadow in this time; run `trimtab run --shadow`")
    return Group(*(part for comparison in comparisons for part in _comparison_view(fleet, comparison)))


def _comparison_view(fleet: Fleet, comparison: ShadowComparison) -> Iterator[RenderableType]:
    zone = zone_of(fleet, comparison.key.group) or UTC
    compared, equal = (length / _MINUTE for length in (comparison.compared, comparison.equal))
    share = f", {100 * equal / compared:.1f} %" if compared else ""
    yield Prose.assemble(
        (printable(comparison.key.group), "bold"),
        f": {compared:g} minute(s) compared, {equal:g} equal{share}; the shadow changes the size {comparison.changes}"
        f" time(s), the cloud {comparison.cloud_changes} time(s)",
    )
    counts = ", ".join(f"{number} {kind}" for kind, number in comparison.counts.items())
    if counts:
        yield Indented(Prose(f"differences: {counts}"), 2)
    for reason, length in comparison.not_compared.items():
        yield Indented(Prose(f"not compared for {length / _MINUTE:g} minutes: {printable(reason)}", "yellow"), 2)
    for episode in comparison.episodes:
        ours, theirs = (" to ".join(map(str, sizes)) for sizes in (episode.ours, episode.theirs))
        yield Indented(
            Prose.assemble(
                (f"{episode.since.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}  ", "dim"),
                f"{episode.minutes:g} min, ",
                (episode.kind.value, "cyan"),
                f": shadow {ours}, cloud {theirs}",
            ),
            2,
        )
        for text in (*episode.because, f"cloud: {episode.activity}"):
            yield Indented(Prose(printable(text), "dim"), 6)


def reason_text(reason: Mapping[str, Any]) -> str:
    """The sentence of a reason as it was stored."""
    return str(reason.get("text") or reason.get("code") or "")


def record_dict(record: DecisionRecord) -> dict[str, Any]:
    """JSON data."""
    return {
        "at": record.at.isoformat(),
        "group": record.key.group,
        "location": record.key.location,
        "outcome": record.outcome,
        "previous": record.previous,
        "size": record.size,
        "minimum": record.minimum,
        "maximum": record.maximum,
        "cloud_size": record.cloud_size,
        "error": record.error,
        "shadow": record.shadow,
        "candidate": record.candidate,
        "reasons": [dict(reason) for reason in record.reasons],
    }


def last_tick_text(last: TickRecord | None, now: datetime) -> str:
    """When the controller last ticked, for the reader of a status."""
    if last is None:
        return "the controller is not running: no tick is recorded; run `trimtab run`"
    ago = max(0, round((now - last.at).total_seconds()))
    stale = "; it is late" if is_stale(last, now) else ""
    return f"last tick of the controller {ago} s ago by {last.owner}, every {last.interval.total_seconds():g} s{stale}"


def is_stale(last: TickRecord | None, now: datetime) -> bool:
    """Whether the last tick is older than three intervals, or there was none."""
    return last is None or now - last.at > 3 * last.interval
