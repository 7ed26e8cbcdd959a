"""
How long requests take: a fluid backlog for what cannot be served at once, M/M/c for the rest.

M/M/c (Erlang C): requests come at `rate`, each of `servers` serves `service_rate` a second, both exponential. With
a = rate / service_rate, the share that waits is C(c, a), a wait is exponential with c x service_rate - rate, and the
response is wait plus service (Kleinrock, Queueing Systems I, 3.5; Harchol-Balter, Performance Modeling, chapter 14).
"""

import math
from functools import lru_cache
from typing import NamedTuple


class Served(NamedTuple):
    """What becomes of the requests of a time: rates in requests a second, the backlog in requests."""

    served: float
    lost: float
    backlog: float


def serve(backlog: float, arriving: float, capacity: float, *, seconds: float, patience: float) -> Served:
    """
    A fluid queue over a time: what waits and what comes is served up to the capacity, the rest waits.

    Nobody waits longer than `patience`: what the capacity does not serve in that time is lost; without any capacity,
    what came longer ago.

    Args:
        backlog: Requests that wait at the beginning.
        arriving: Requests a second that come.
        capacity: Requests a second that can be served.
        seconds: How long the time is.
        patience: In seconds.
    """
    offered = arriving + backlog / seconds
    served = min(offered, capacity)
    rest = (offered - served) * seconds
    kept = min(rest, patience * (capacity or arriving))
    return Served(served, (rest - kept) / seconds, kept)


def waiting_share(load: float, servers: int) -> float:
    """
    Erlang C: the share of requests that wait.

    Args:
        load: Requests being served on average, rate / service rate.
        servers: How many are served at once.
    """
    if load <= 0:
        return 0.0
    if load >= servers:
        return 1.0
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    usage = load / servers
    return blocked / (1 - usage + usage * blocked)


@lru_cache(maxsize=65536)
def response_percentile(rate: float, servers: int, service_rate: float = 1.0, percent: float = 95.0) -> float:
    """
    The response time, wait and service, that so many per cent of requests do not exceed, in seconds; M/M/c.

    Kept by its arguments. Infinite where more comes than can be served.
    """
    if servers < 1 or rate >= servers * service_rate:
        return math.inf
    waits = waiting_share(rate / service_rate, servers)
    spare = servers * service_rate - rate
    share = 1 - percent / 100
    low, high = 0.0, -math.log(share) * (1 / service_rate + 1 / spare) + 1 / service_rate
    for _ in range(80):
        middle = (low + high) / 2
        if longer_share(middle, waits, service_rate, spare) > share:
            low = middle
        else:
            high = middle
        if high - low <= 1e-9 * high:
            break
    return (low + high) / 2


def response_mean(rate: float, servers: int, service_rate: float = 1.0) -> float:
    """The mean response time in seconds; infinite where more comes than can be served."""
    if servers < 1 or rate >= servers * service_rate:
        return math.inf
    return 1 / service_rate + waiting_share(rate / service_rate, servers) / (servers * service_rate - rate)


def longer_share(time: float, waits: float, service_rate: float, spare: float) -> float:
    """
    The share of responses longer than `time`: of an exponential service, or of the sum of a wait and a service.

    Args:
        time: In seconds.
        waits: The share that waits.
        service_rate: Of one server.
        spare: Service rate of all less the rate that comes: the rate at which waits end.
    """
    served = math.exp(-service_rate * time)
    if abs(spare - service_rate) <= 1e-9 * service_rate:
        return (1 - waits) * served + waits * served * (1 + service_rate * time)
    both = (spare * served - service_rate * math.exp(-spare * time)) / (spare - service_rate)
    return (1 - waits) * served + waits * both
