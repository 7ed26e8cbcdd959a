"""Leaves of native bodies that a file writes as they stand, held against the vendors' models."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from trimtab.declarations import declarations_of, load
from trimtab.errors import ConfigError
from trimtab.models import Fleet

ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
"""No native leaf hangs on the hour."""


def check_natives(fleet: Fleet, clouds: Sequence[str]) -> None:
    """
    Hold what groups write under `native` against the models of the clouds that it is for; no cloud is asked.

    Raises:
        ConfigError: A cloud has no such leaf, takes no such value, or a field of the group sets it.
    """
    if problems := [one for cloud in clouds for one in _mistakes(fleet.for_provider(cloud), cloud)]:
        raise ConfigError(list(dict.fromkeys(problems)))


def _mistakes(fleet: Fleet, cloud: str) -> Iterator[str]:
    declared = declarations_of(cloud)
    if not declared.pure or declared.natives is None or not any(_has_natives(fleet, cloud)):
        return
    pure: Any = load(declared.pure)
    # a group that only a controller can size has bodies too
    meant = fleet.model_copy(update={"controller": True})
    facts = pure.assumed(meant, pure.location) if pure.assumed else pure.facts()
    for problem in pure.translate(meant, facts, ANY_TIME, pure.location).problems:
        if problem.path.startswith(f"{cloud}.native"):
            place = fleet.position(problem.group, problem.path)
            yield f"{f'{place}: ' if place else ''}group {problem.group}: {problem.text}"


def _has_natives(fleet: Fleet, cloud: str) -> Iterable[bool]:
    return (getattr(group.block(cloud), "native", None) is not None for group in fleet.groups)
