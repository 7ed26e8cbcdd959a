"""The fields that a group sets, each by the path that notes and rows name it by; pure."""

from collections.abc import Iterator, Mapping, Set
from functools import cache
from typing import NamedTuple

from pydantic import BaseModel

from trimtab.models import Metric, MetricSource

ITEMS = ("policies", "alarms", "schedules")
"""The parts of a group that have names of their own."""
_KEYS = frozenset({"name", "native_name", "location"})
"""Fields that keys are made of."""


class SetLeaf(NamedTuple):
    """
    A field of a group that is set.

    Attributes:
        path: As notes name it: `alarms.hot.statistic`, `template.disks.0.iops`.
        bare: The same without places in lists, as rows name it.
        pattern: The same with `*` for names and places.
        told: What stands in a list of words, in brackets: its place changes when one before it goes.
    """

    path: str = ""
    bare: str = ""
    pattern: str = ""
    told: str = ""

    def inner(self, name: str) -> "SetLeaf":
        """A field of it."""
        if not self.path:
            return SetLeaf(name, name, name)
        return SetLeaf(f"{self.path}.{name}", f"{self.bare}.{name}", f"{self.pattern}.{name}")

    def item(self, place: str | int, told: str = "") -> "SetLeaf":
        """An item of it, by its name or its place."""
        bare = self.bare if isinstance(place, int) else f"{self.bare}.{place}"
        return SetLeaf(f"{self.path}.{place}", bare, f"{self.pattern}.*", told)

    @property
    def listed(self) -> str:
        """The list of words that it is in; itself where it is in none."""
        return self.path.rpartition(".")[0] if self.told else self.path

    def is_within(self, path: str) -> bool:
        """Whether it is at a path or below it."""
        return self.path == path or self.path.startswith(f"{path}.")

    def fits(self, path: str) -> bool:
        """Whether it is what rows call `path`, or part of that."""
        return any(text == path or text.startswith(f"{path}.") for text in (self.path, self.bare, self.pattern))

    def reaches(self, carried: Set[str]) -> bool:
        """Whether it is one of these fields, or part of one."""
        return any(path in carried for text in (self.bare, self.pattern) for path in around(text))


def set_leaves(model: BaseModel, *, skip: Set[str] = frozenset()) -> list[SetLeaf]:
    """The fields that differ from the model's defaults, each word of a list and each key of a mapping by itself."""
    return list(_leaves_of(model, SetLeaf(), skip))


def _leaves_of(model: BaseModel, at: SetLeaf, skip: Set[str] = frozenset()) -> Iterator[SetLeaf]:
    for name in type(model).model_fields:
        if name not in model.model_fields_set or name in _KEYS or name in skip:
            continue
        value = getattr(model, name)
        if value != _default(type(model), name):
            yield from _leaves_below(value, at.inner(name))


@cache
def _default(model: type[BaseModel], name: str) -> object:
    """What a field is when nobody sets it; to be compared with, no more."""
    return model.model_fields[name].get_default(call_default_factory=True)


def _leaves_below(value: object, at: SetLeaf) -> Iterator[SetLeaf]:
    match value:
        case Metric():
            yield at
            yield from _leaves_of_metric(value, at)
        case BaseModel():
            yield from _leaves_of(value, at)
        case tuple():
            for index, item in enumerate(value):
                if isinstance(item, BaseModel):
                    place = getattr(item, "name", index) if at.path in ITEMS else index
                    yield from _leaves_of(item, at.item(place))
                else:
                    yield at.item(index, f" ({item})")
        case Mapping():
            for key, item in value.items():
                yield from _leaves_below(item, at.item(str(key)))
        case _:
            yield at


def _leaves_of_metric(metric: Metric, at: SetLeaf) -> Iterator[SetLeaf]:
    """What a metric says beside its name, and the name where it is not one of ours."""
    own = ("name",) if metric.source in (MetricSource.CUSTOM, MetricSource.MATH) else ()
    for name in (*own, "namespace", "dimensions", "of", "query", "parts"):
        if getattr(metric, name):
            yield from _leaves_below(getattr(metric, name), at.inner(name))


def around(path: str) -> Iterator[str]:
    """A path and those of what is around it."""
    while path:
        yield path
        path = path.rpartition(".")[0]
