"""What was measured: values by resource, namespace, metric and minute, with the dimensions of each."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from trimtab.emulators.azure.ids import folded, parse_id

KEPT = timedelta(days=30)
"""How long values are kept."""
_Key = tuple[str, str, str]


class StoredValue(NamedTuple):
    """One value; `serial` tells those of one moment apart."""

    at: datetime
    serial: int
    value: float
    dimensions: Mapping[str, str]


class DatapointStore:
    """The values of every metric; names and ids compare without case."""

    def __init__(self) -> None:
        self._held: dict[_Key, list[StoredValue]] = {}
        self._names: dict[_Key, tuple[str, str]] = {}
        self._serial = 0

    def add(
        self,
        resource: str,
        namespace: str | None,
        metric: str,
        at: datetime,
        value: float,
        *,
        dimensions: Mapping[str, str] | None = None,
    ) -> None:
        """Keep a value, and drop what is too old beside it."""
        key = _key(resource, namespace, metric)
        held = self._held.setdefault(key, [])
        self._names.setdefault(key, (namespace or platform_namespace(resource), metric))
        self._serial += 1
        insort(held, StoredValue(at, self._serial, value, dict(dimensions or {})), key=_order)
        del held[: bisect_left(held, held[-1].at - KEPT, key=_moment)]

    def values(
        self,
        resource: str,
        namespace: str | None,
        metric: str,
        start: datetime,
        end: datetime,
        *,
        dimensions: Mapping[str, tuple[bool, frozenset[str]]] | None = None,
    ) -> list[StoredValue]:
        """
        The values from `start` up to `end`, which is outside.

        `dimensions` keeps those whose dimension is one of some values, or none of them, in small letters.
        """
        held = self._held.get(_key(resource, namespace, metric), [])
        window = held[bisect_left(held, start, key=_moment) : bisect_left(held, end, key=_moment)]
        return [each for each in window if not dimensions or _matches(each, dimensions)]

    def newest(self, resource: str, namespace: str | None, metric: str) -> datetime | None:
        """When the last value was measured."""
        held = self._held.get(_key(resource, namespace, metric))
        return held[-1].at if held else None

    def metrics(self, resource: str) -> Iterator[tuple[str, str, frozenset[str]]]:
        """The namespace, the name and the dimensions of each metric of a resource."""
        own = folded(resource)
        for key, held in self._held.items():
            if key[0] == own:
                yield (*self._names[key], frozenset(name for each in held for name in each.dimensions))


def platform_namespace(resource: str) -> str:
    """The namespace of what Azure measures of a resource by itself: its type."""
    parts = parse_id(resource)
    return parts.type if parts else ""


def _key(resource: str, namespace: str | None, metric: str) -> _Key:
    return folded(resource), (namespace or platform_namespace(resource)).lower(), metric.lower()


def _order(each: StoredValue) -> tuple[datetime, int]:
    return each.at, each.serial


def _moment(each: StoredValue) -> datetime:
    return each.at


def _matches(each: StoredValue, wanted: Mapping[str, tuple[bool, frozenset[str]]]) -> bool:
    own = {name.lower(): value.lower() for name, value in each.dimensions.items()}
    return all(
        (("*" in values and name in own) or own.get(name) in values) is included
        for name, (included, values) in wanted.items()
    )
