"""What a rollout may ask for, and who does it on a provider, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class RolloutMeans(StrEnum):
    """Who does a part of a rollout."""

    NATIVE = "native"
    TRIMTAB = "by trimtab"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RolloutSupport:
    """
    How a provider does a part of a rollout.

    Attributes:
        means: Who does it.
        text: How, or why not.
    """

    means: RolloutMeans
    text: str = ""


def native(text: str = "") -> RolloutSupport:
    """The cloud's own mover does it; by what."""
    return RolloutSupport(RolloutMeans.NATIVE, text)


def by_trimtab(text: str = "") -> RolloutSupport:
    """The process that drives the rollout does it; how."""
    return RolloutSupport(RolloutMeans.TRIMTAB, text)


def refused(text: str) -> RolloutSupport:
    """Neither can; why, and what to write instead."""
    return RolloutSupport(RolloutMeans.REFUSED, text)


SHARES = "checkpoints: blue-green"
"""The part of a blue-green rollout that shifts requests from one pool of a balancer to its alternate."""
SHARES_IN_ONE = "checkpoints: blue-green, in one pool"
"""The same where both groups are in the only pool."""
ROLLOUT_PARTS: tuple[str, ...] = (
    "strategy: rolling",
    "strategy: canary",
    "strategy: blue-green",
    "max_unavailable",
    "max_surge",
    "min_healthy",
    "checkpoints",
    "checkpoints.bake",
    SHARES,
    SHARES_IN_ONE,
    "bake",
    "skip_matching: false",
    "protected_instances: skip",
    "protected_instances: replace",
    "standby_instances: skip",
    "standby_instances: replace",
    "gates: health",
    "gates: balancer",
    "gates: alarm",
    "gates: http",
    "gates: command",
    "gates: metric",
    "batch_timeout",
    "deadline",
    "on_failure: rollback",
    "on_failure: pause",
    "on_failure: stop",
    "keep",
    "end_after",
)
"""The parts of a rollout, in the order in which the documentation lists them."""
DRIVEN: Mapping[str, RolloutSupport] = {
    **dict.fromkeys(ROLLOUT_PARTS, by_trimtab()),
    "skip_matching: false": refused("an instance that has the new template is not made anew; leave it out"),
    "standby_instances: replace": refused("it has no instances on standby; leave it out"),
    "standby_instances: skip": by_trimtab("it has no instances on standby"),
    SHARES: refused("its balancers send no shares of the requests to pools; leave `checkpoints` out"),
    SHARES_IN_ONE: refused(
        "requests are shared between two pools; give the second one as `alternate`, or leave `checkpoints` out"
    ),
    "strategy: blue-green": by_trimtab(
        "a second group of the cloud's, which stays; without an alternate pool both share the requests for `bake`"
    ),
}
"""What the process that drives a rollout does where a provider says nothing else."""
