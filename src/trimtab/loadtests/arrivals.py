"""When the requests of a load test are due: as many as the load says, at moments of chance."""

import random
from collections.abc import Iterator, Sequence


def arrivals(rates: Sequence[float], step: float, seed: int, *, worker: int = 0, workers: int = 1) -> Iterator[float]:
    """
    The moments of the requests of one worker, in seconds from the beginning, in order.

    Each step has the whole number of requests that keeps the sum that of the load; where in the step is left to chance,
    evenly spread: given its number of requests, that is a Poisson process. All workers together send each of them once.

    Args:
        rates: Requests a second in each step.
        step: The length of a step, in seconds.
        seed: What chance is drawn from.
        worker: Which worker, from 0 on.
        workers: How many there are.
    """
    chance = random.Random(seed)
    number, owed = 0, 0.0
    for place, rate in enumerate(rates):
        owed += rate * step
        count = int(owed + 1e-9)
        owed -= count
        for share in sorted(chance.random() for _ in range(count)):
            if number % workers == worker:
                yield (place + share) * step
            number += 1
