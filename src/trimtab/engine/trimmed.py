"""
Statistics: samples as one value, and CloudWatch's on part of them: percentiles, trimmed and winsorized means, counts.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

_SHORT = re.compile(r"(p|tm|wm|tc|ts)(\d{1,3}(?:\.\d{1,10})?)")
_LONG = re.compile(r"(TM|WM|TC|TS|PR)\(([\d.]*)(%?):([\d.]*)(%?)\)")
Weighted = tuple[float, float]
"""A value, and how many samples have it."""


_PLAIN: Mapping[str, Callable[[Sequence[float]], float]] = {
    "average": fmean,
    "minimum": min,
    "maximum": max,
    "sum": sum,
    "count": len,
}


class Trim(NamedTuple):
    """
    What a statistic is of.

    Attributes:
        kind: `p`, or `tm`, `wm`, `tc`, `ts`, `pr`.
        low: Where the part begins; `None` for the lowest sample.
        high: Where it ends; `None` for the highest sample.
        by_rank: Whether these are per cents of the samples, and no values.
    """

    kind: str
    low: float | None
    high: float | None
    by_rank: bool = True


def parse_trim(statistic: str) -> Trim | None:
    """What a statistic such as `p99.9`, `tm90`, `TM(10%:90%)`, `PR(10:300)` or `IQM` is of; `None` where it is none."""
    if statistic == "IQM":
        return Trim("tm", 25, 75)
    if match := _SHORT.fullmatch(statistic):
        share = float(match[2])
        return Trim(match[1], None, share) if share <= 100 else None
    match = _LONG.fullmatch(statistic)
    if match is None or match[2].count(".") > 1 or match[4].count(".") > 1 or "." in (match[2], match[4]):
        return None
    low, high = (float(text) if text else None for text in (match[2], match[4]))
    signs = {sign for text, sign in ((match[2], match[3]), (match[4], match[5])) if text}
    if len(signs) != 1 or (low is not None and high is not None and low >= high):
        return None
    by_rank = signs == {"%"}
    if by_rank and (max(low or 0, high or 0) > 100 or match[1] == "PR"):
        return None
    return Trim(match[1].lower(), low, high, by_rank)


def read_trim(trim: Trim, samples: Iterable[Weighted]) -> float | None:
    """The statistic of some samples; `None` where there is none of them in the part."""
    ordered = sorted(samples)
    total = sum(count for _, count in ordered)
    if not total:
        return None
    if trim.kind == "p":
        return _percentile(ordered, total, trim.high or 0)
    part = _of_rank(ordered, total, trim) if trim.by_rank else _of_value(ordered, trim)
    inside = sum(count for _, count in part)
    match trim.kind:
        case "tc":
            return inside
        case "pr":
            return 100 * inside / total
        case "ts":
            return sum(value * count for value, count in part)
    if not inside:
        return None
    if trim.kind == "wm":  # those outside count as the nearest inside
        below = sum(count for value, count in ordered if value < part[0][0]) if trim.low is not None else 0
        above = total - inside - below
        part = [*part, (part[0][0], below), (part[-1][0], above)]
        inside = total
    return sum(value * count for value, count in part) / inside


def combined(values: Sequence[float], statistic: str) -> float:
    """The samples of a period, of which there is one at least, as one value."""
    if statistic in _PLAIN:
        return float(_PLAIN[statistic](values))
    trim = parse_trim(statistic)
    read = None if trim is None else read_trim(trim, ((value, 1.0) for value in values))
    return 0.0 if read is None else read


def _percentile(ordered: Sequence[Weighted], total: float, share: float) -> float:
    reached = 0.0
    for value, count in ordered:
        reached += count
        if reached >= total * share / 100:
            return value
    return ordered[-1][0]


def _of_rank(ordered: Sequence[Weighted], total: float, trim: Trim) -> list[Weighted]:
    start = total * (trim.low or 0) / 100
    end = total * (100 if trim.high is None else trim.high) / 100
    part: list[Weighted] = []
    before = 0.0
    for value, count in ordered:
        share = min(end, before + count) - max(start, before)
        if share > 0:
            part.append((value, share))
        before += count
    return part


def _of_value(ordered: Sequence[Weighted], trim: Trim) -> list[Weighted]:
    return [
        (value, count)
        for value, count in ordered
        if (trim.low is None or value > trim.low) and (trim.high is None or value <= trim.high)
    ]
