"""Whether what a balancer sends on can be shared between two pools, whatever the cloud calls it; pure."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class WeightedRoute(Protocol):
    """Something of a balancer that sends requests to pools."""

    @property
    def told(self) -> str:
        """Which it is, for people."""

    @property
    def weights(self) -> Mapping[str, int]:
        """The weight of each pool that it sends requests to."""


def share_problem(routes: Sequence[WeightedRoute], pools: Mapping[str, str], kinds: str) -> str:
    """
    Why requests cannot be shared between two pools; empty where they can.

    Args:
        routes: All that send requests to one of them.
        pools: The names of the two, by what weights call them.
        kinds: What such routes are, after "no": `listener and no rule`.
    """
    pair = pools.keys()
    first, second = pools.values()
    if not any(pair <= route.weights.keys() for route in routes):
        text = f"no {kinds} sends requests to both {first!r} and {second!r}"
        return f"{text}; name both in one, with the weights 100 and 0"
    for route in routes:
        if not pair <= route.weights.keys():
            alone = next(name for pool, name in pools.items() if pool in route.weights)
            return f"{route.told} sends requests to {alone!r} alone, so that they cannot be shared; name both there"
        if route.weights.keys() - pair:
            return f"{route.told} sends requests to other pools too; leave the two alone there"
    return ""
