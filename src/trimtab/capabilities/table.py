"""What each provider makes of each feature of a group, as its declarations say; plans, docs and tests read it."""

from collections.abc import Iterator

from trimtab.capabilities.features import features_of
from trimtab.declarations import Means, Support, declarations_of, support_of
from trimtab.models import Fleet, ScalingGroup

MARK = "controller"
"""The word of a group's mark under which the digest of what the controller enacts is kept."""
ENACTS = "enacts"
"""The word under which stands which fields those are, since no native body has them."""
READ_BY_ENGINE = frozenset(
    {
        *("mode", "initialization", "stabilization", "scale_in_limit", "scale_in_window"),
        *("default_capacity", "suspended_processes"),
    }
)
"""Fields of the clouds' own blocks that the engine reads, so that the controller goes by them."""


def inert_paths(group: ScalingGroup, provider: str) -> frozenset[str]:
    """The fields of a group that ask for what a cloud does without them too, as the table of features has it."""
    return frozenset(
        path for _, path, support in supports_of(group, provider) if support.means is Means.NATIVE and support.text
    )


def is_inert(pattern: str, provider: str) -> bool:
    """Whether a field rightly changes nothing in the cloud."""
    inert = declarations_of(provider).inert
    steps = pattern.split(".")
    return pattern in inert or any(f"{'.'.join(steps[:end])}.**" in inert for end in range(1, len(steps)))


def supports_of(group: ScalingGroup, provider: str) -> Iterator[tuple[str, str, Support]]:
    """Each feature that a group uses on a provider, its path, and how the provider does it."""
    for feature, path in features_of(group):
        yield feature, path, support_of(feature, provider)


def is_controlled(group: ScalingGroup, provider: str) -> bool:
    """
    Whether a group's size is the controller's to decide on a provider.

    One thing that needs the controller takes the whole group: one actor writes the size.
    """
    return any(support.means is Means.CONTROLLER for _, _, support in supports_of(group, provider))


def is_delegated(fleet: Fleet, group: ScalingGroup, provider: str) -> bool:
    """Whether the controller sizes a group of this fleet on a provider: the cloud cannot, and the fleet consents."""
    return fleet.controller and is_controlled(group, provider)
