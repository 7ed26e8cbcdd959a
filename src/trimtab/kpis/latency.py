"""How long requests took over a time in which load and supply changed: M/M/c for each step, and a backlog before it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.errors import InvalidArgument
from trimtab.kpis.series import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Responses:
    """
    The distribution of waits and responses over all requests that were served: a mixture, weighted by requests.

    Each step is an M/M/c queue (Erlang C; Kleinrock, Queueing Systems I, 3.5) behind a backlog, which delays all of
    its requests alike.

    Attributes:
        requests: How many were served in each step.
        waits: The share of them that waits.
        spare: c x service rate - arrival rate, a second: a wait beyond the backlog's is exponential with it.
        delay: How long the backlog holds a request up, in seconds.
        service_rate: 1 / mean service time, a second.
    """

    requests: Floats
    waits: Floats
    spare: Floats
    delay: Floats
    service_rate: float

    def slower(self, seconds: float, *, waiting: bool = False) -> float:
        """
        The share of requests that takes longer than a time, from 0 to 1; NaN without requests.

        Args:
            seconds: The time.
            waiting: Count the wait alone, until a request begins to be served.
        """
        total = float(self.requests.sum())
        if not total:
            return math.nan
        left = seconds - self.delay
        tails = self._wait_tail(left) if waiting else self._response_tail(left)
        return float(np.dot(self.requests, np.where(left < 0, 1.0, tails))) / total

    def percentile(self, percent: float = 95.0, *, waiting: bool = False) -> float:
        """The time that so many per cent of the requests do not exceed, in seconds; NaN without requests."""
        if not 0 < percent < 100:
            raise InvalidArgument(f"percent={percent} is not between 0 and 100")
        share = 1 - percent / 100
        if not self.requests.sum():
            return math.nan
        if self.slower(0.0, waiting=waiting) <= share:
            return 0.0
        low, high = 0.0, 1 / self.service_rate
        while self.slower(high, waiting=waiting) > share:
            low, high = high, 2 * high
        while high - low > 1e-7 * high:
            middle = (low + high) / 2
            if self.slower(middle, waiting=waiting) > share:
                low = middle
            else:
                high = middle
        return (low + high) / 2

    def _wait_tail(self, left: Floats) -> Floats:
        return self.waits * np.exp(-self.spare * np.maximum(left, 0))

    def _response_tail(self, left: Floats) -> Floats:
        time, rate, spare = np.maximum(left, 0), self.service_rate, self.spare
        served = np.exp(-rate * time)
        close = np.abs(spare - rate) < 1e-9 * rate
        apart = np.where(close, 1.0, rate - spare)
        both = np.where(close, (1 + rate * time) * served, (rate * np.exp(-spare * time) - spare * served) / apart)
        return (1 - self.waits) * served + self.waits * both


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredResponses:
    """
    How long requests took that were made, each of them.

    Attributes:
        requests: How many were served in each step.
        seconds: How long each took, in no order; those that did not fail.
    """

    requests: Floats
    seconds: Floats

    def slower(self, seconds: float, *, waiting: bool = False) -> float:
        """The share of requests that took longer than a time, from 0 to 1; NaN without any, and for the wait alone."""
        if waiting or not len(self.seconds):
            return math.nan
        return float((self.seconds > seconds).mean())

    def percentile(self, percent: float = 95.0, *, waiting: bool = False) -> float:
        """
        The time that so many per cent of the requests do not exceed, in seconds, interpolated; NaN without any.

        How long a request waits before it is served cannot be told from outside: NaN.
        """
        if not 0 < percent < 100:
            raise InvalidArgument(f"percent={percent} is not between 0 and 100")
        if waiting or not len(self.seconds):
            return math.nan
        return float(np.percentile(self.seconds, percent))


def responses(
    served: ArrayLike, servers: ArrayLike, service_time: float, *, seconds: float = 60.0, delay: ArrayLike = 0.0
) -> Responses:
    """
    How long the requests of each step take.

    Args:
        served: Requests a second that are served in each step.
        servers: How many requests are served at a time; a fraction between two whole numbers is rounded down.
        service_time: How long one takes on average when none waits, in seconds.
        seconds: The length of a step.
        delay: How long a backlog holds requests up before that, in seconds.

    Raises:
        InvalidArgument: The service time is not above 0.
    """
    if not service_time > 0:
        raise InvalidArgument(f"service_time={service_time} is not above 0; give seconds")
    rate = np.asarray(served, float)
    delays = np.broadcast_to(np.asarray(delay, float), rate.shape)
    units = np.broadcast_to(np.floor(np.asarray(servers, float) + 1e-9), rate.shape)
    # a step whose servers are all busy all the time is a backlog's, whose delay is given: there is no second queue
    busy = rate * service_time >= units * (1 - 1e-9)
    waits = np.where(busy, 0.0, waiting_shares(np.where(busy, 0.0, rate * service_time), units))
    spare = np.where(busy, 1.0, units / service_time - rate)
    return Responses(requests=rate * seconds, waits=waits, spare=spare, delay=delays, service_rate=1 / service_time)


def waiting_shares(load: ArrayLike, servers: ArrayLike) -> Floats:
    """
    Erlang C of many queues at once: the share of requests that waits.

    Args:
        load: Requests being served on average; less than the servers.
        servers: How many are served at once, whole numbers.
    """
    offered, units = np.asarray(load, float), np.asarray(servers, float)
    order = np.argsort(-units, kind="stable")
    blocked, size, ordered = np.ones(len(units)), units[order], offered[order]
    for number in range(1, int(size[0]) + 1 if len(size) else 1):
        last = int(np.searchsorted(-size, -number, side="right"))
        some = ordered[:last]
        blocked[:last] = some * blocked[:last] / (number + some * blocked[:last])
    result = np.zeros(len(units))
    usage = np.divide(ordered, size, out=np.ones(len(units)), where=size > 0)
    result[order] = np.where(ordered > 0, blocked / (1 - usage + usage * blocked), 0.0)
    return result
