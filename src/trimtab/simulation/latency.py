"""Response times of many minutes at once, by the queueing model; needs numpy."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Minutes(NamedTuple):
    """What a response time goes by, minute by minute; rates in requests a second."""

    load: Floats
    capacity: Floats
    served: Floats
    backlog: Floats


def latency_of(minutes: Minutes, percent: float, *, service: float, patience: float) -> Floats:
    """
    The response time that so many per cent of the requests of each minute do not exceed, in seconds; NaN without any.

    M/M/c by what is in service where all is served at once; where a backlog waits, the wait for it and a service.

    Args:
        minutes: What was served, and with what.
        percent: Between 0 and 100.
        service: The service time, in seconds.
        patience: How long a request waits at most, in seconds.
    """
    servers: Ints = np.maximum(1, np.rint(minutes.capacity * service)).astype(np.int64)
    rate = np.minimum(minutes.served, 0.999 * servers / service)
    responses = response_percentiles(rate, servers, 1 / service, percent)
    before = np.concatenate(([0.0], minutes.backlog[:-1]))
    waiting = np.maximum(before, minutes.backlog)
    serves = minutes.capacity > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        wait = np.where(serves, waiting / minutes.capacity, patience)
    alone = -np.log(1 - percent / 100) * service
    responses = np.where((waiting > 0) | ~serves, np.minimum(wait, patience) + alone, responses)
    responses = np.minimum(responses, patience + alone)
    nothing = (minutes.load == 0) & (waiting == 0)
    result: Floats = np.where(nothing, np.nan, responses)
    return result


def response_percentiles(rate: Floats, servers: Ints, service_rate: float, percent: float) -> Floats:
    """The twin of `queueing.response_percentile` for many at once; every rate is below what the servers can serve."""
    waits = _waiting_shares(rate / service_rate, servers)
    spare = servers * service_rate - rate
    share = 1 - percent / 100
    low = np.zeros(len(rate))
    high = -np.log(share) * (1 / service_rate + 1 / spare) + 1 / service_rate
    equal = np.abs(spare - service_rate) <= 1e-9 * service_rate
    apart = np.where(equal, 1.0, spare - service_rate)
    for _ in range(60):
        middle = (low + high) / 2
        served = np.exp(-service_rate * middle)
        both = (spare * served - service_rate * np.exp(-spare * middle)) / apart
        both = np.where(equal, served * (1 + service_rate * middle), both)
        longer = (1 - waits) * served + waits * both > share
        low, high = np.where(longer, middle, low), np.where(longer, high, middle)
        if (high - low <= 1e-9 * high).all():
            break
    result: Floats = (low + high) / 2
    return result


def _waiting_shares(load: Floats, servers: Ints) -> Floats:
    """Erlang C of many, each number of servers at once."""
    blocked: Floats = np.ones(len(load))
    order = np.argsort(servers, kind="stable")
    sorted_load, sorted_servers = load[order], servers[order]
    result: Floats = np.empty(len(load))
    most = int(sorted_servers[-1]) if len(servers) else 0
    first = 0
    current = blocked
    for number in range(1, most + 1):
        product = sorted_load[first:] * current
        current = product / (number + product)
        past = int(np.searchsorted(sorted_servers, number, side="right"))
        if past > first:
            done = current[: past - first]
            usage = sorted_load[first:past] / number
            result[order[first:past]] = done / (1 - usage + usage * done)
            current, first = current[past - first :], past
    return result


def json_numbers(values: Any, digits: int = 6) -> list[float | int | None]:
    """An array as JSON data; NaN is `None`, other numbers have so many significant digits."""
    if values.dtype.kind in "iu":
        return [int(value) for value in values]
    return [None if value != value else float(f"{value:.{digits}g}") for value in values.tolist()]
