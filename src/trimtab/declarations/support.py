"""How well a provider does a feature of the model, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Means(StrEnum):
    """Who enacts a feature."""

    NATIVE = "native"
    APPROXIMATED = "approximated"
    CONTROLLER = "controller"
    TRIMTAB = "by trimtab"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Support:
    """
    How a provider does a feature.

    Attributes:
        means: Who enacts it.
        text: What differs, or why not.
        sizes: Whether another size can result, which takes the policy's consent (`approximate: true`).
        instead: What the provider can do by itself and comes nearest, as advice.
        ignored: Whether the cloud has no use for it at all, and does all else as asked.
    """

    means: Means
    text: str = ""
    sizes: bool = False
    instead: str = ""
    ignored: bool = False


NATIVE = Support(Means.NATIVE)
"""The cloud does it as the model says."""
NOT_IN_THIS_VERSION = Support(Means.UNSUPPORTED, "not in this version")
"""The provider does not say that it does it."""


def natively(text: str) -> Support:
    """What the cloud does as it is asked to; by what."""
    return Support(Means.NATIVE, text)


def inert(text: str) -> Support:
    """What the cloud does without being asked, so that asking for it changes nothing; why."""
    return Support(Means.NATIVE, text)


def approximated(text: str) -> Support:
    """What the cloud does a little differently, to the same size; how."""
    return Support(Means.APPROXIMATED, text)


def ignored(text: str) -> Support:
    """What the cloud has no place for and does without, as said; why."""
    return Support(Means.APPROXIMATED, text, ignored=True)


def other_size(text: str) -> Support:
    """What the cloud does differently, so that another size can result; how."""
    return Support(Means.APPROXIMATED, text, sizes=True)


def controller(text: str, instead: str) -> Support:
    """What the cloud has no form for; why, and what it has instead."""
    return Support(Means.CONTROLLER, text, instead=instead)


def by_trimtab(text: str) -> Support:
    """What no cloud knows and trimtab does beside it, whoever sizes the group; how."""
    return Support(Means.TRIMTAB, text)


def unsupported(text: str) -> Support:
    """What neither the cloud nor the controller can do; why."""
    return Support(Means.UNSUPPORTED, text)


BY_THE_CONTROLLER: Mapping[str, Support] = {
    "python policy": controller("only a running trimtab calls it", ""),
}
"""What no cloud has, whatever it declares."""
HAPROXY = "HAProxy as a balancer"
_KEPT = "`trimtab apply`, `trimtab run` and `trimtab haproxy sync` add, probe and drain its servers; no cloud is told"
_UNHELD = "its own checks take out an instance that the cloud ends, since no terminate hook holds that for it"
HAPROXY_UNHELD = by_trimtab(f"{_KEPT}; {_UNHELD}")
"""Where the end of an instance is not told outside of it."""
HAPROXY_HELD = by_trimtab(
    f"{_KEPT}; `trimtab hooks` drains an instance before it ends, with a lifecycle hook on terminate; else {_UNHELD}"
)
"""Where a lifecycle hook can hold an instance until it is drained."""
