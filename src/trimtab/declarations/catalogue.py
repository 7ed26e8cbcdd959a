"""The neutral words of images and sizes in one cloud: a table of images, a dated catalogue of sizes, and the rule."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import NamedTuple, get_args

from trimtab.declarations.find import declarations_of, load, provider_names
from trimtab.models.template import (
    Architecture,
    CountRange,
    Image,
    MemoryRange,
    OperatingSystem,
    SizeRequirement,
)
from trimtab.phrases import closest, in_words

GENERAL = "general"
OS_WORDS: tuple[str, ...] = get_args(OperatingSystem)
DEFAULT_ARCHITECTURE: Architecture = "x86_64"


# images


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRow:
    """
    What an operating system's images are in one cloud.

    Attributes:
        os: The neutral word.
        architecture: The processor.
        image: How the newest is found, in the cloud's own words.
        source: The page that says so.
        plan: The purchase plan that its use takes (Azure): name, product and publisher.
    """

    os: str
    architecture: Architecture
    image: Image
    source: str
    plan: Mapping[str, str] = field(default_factory=dict)

    @property
    def native(self) -> str:
        """What is asked for, in one line."""
        if self.image.newest is None:
            return self.image.id or ""
        return f"{self.image.owner}:{self.image.newest}"


@cache
def images_of(provider: str) -> Mapping[tuple[str, str], ImageRow]:
    """The rows of a cloud by operating system and architecture; none where it takes every word as it is."""
    path = declarations_of(provider).images
    rows: Sequence[ImageRow] = load(path) if path else ()
    return {(row.os, row.architecture): row for row in rows}


def image_problem(provider: str, os: str, architecture: str) -> str | None:
    """Why a cloud has no image of an operating system, and what to write; `None` where it has one."""
    rows = images_of(provider)
    if not declarations_of(provider).images or (os, architecture) in rows:
        return None
    others = [each for word, each in rows if word == os]
    if others:
        return f"{provider} has {os} for {in_words(others)} only, not for {architecture}; change `architecture`"
    elsewhere = [name for name in provider_names() if any(word == os for word, _ in images_of(name))]
    known = f" (it is on {in_words(elsewhere)})" if elsewhere else ""
    return f"{provider} has no images of {os}{known}; choose another system, or name an image of your own"


# sizes


class CatalogueSize(NamedTuple):
    """An instance type as far as choosing it goes."""

    name: str
    family: str
    generation: str
    is_current: bool
    cpus: int
    memory_gb: float
    architecture: str
    burstable: bool
    gpus: int
    spot: bool
    purpose: str
    """`general`, `compute`, `memory`, `storage` or `accelerated`."""
    regions: frozenset[str]
    """The regions that have it; empty where it is in all of the catalogue's."""
    caution: str
    """Why the rule does not choose it although it fits; empty where it does."""


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """
    The sizes of a cloud, as of a date; there is one of a cloud.

    Attributes:
        date: When it was read.
        source: From where.
        regions: Those that it is of.
        sizes: All of them, in the order of the rule.
    """

    date: str
    source: str
    regions: tuple[str, ...]
    sizes: tuple[CatalogueSize, ...]

    def find(self, name: str) -> CatalogueSize | None:
        """The size of a name; `None` where the catalogue has none."""
        return next((size for size in self.sizes if size.name == name), None)

    def fitting(self, wanted: "SizeRequest") -> Iterator[CatalogueSize]:
        """The sizes that the rule may choose, the first one first: of the current generation where any is of it."""
        fit = [size for size in self.sizes if not size.caution and wanted.misfits(size) == 0]
        yield from [size for size in fit if size.is_current] or fit

    def nearest(self, wanted: "SizeRequest") -> CatalogueSize | None:
        """A size that comes near to what is wanted where none fits."""
        able = [size for size in self.sizes if size.architecture == wanted.architecture and wanted.is_in_region(size)]
        return min(able or self.sizes, key=lambda size: (wanted.misfits(size), bool(size.caution)), default=None)


class SizeRequest(NamedTuple):
    """A requirement with all that a choice hangs on."""

    requirement: SizeRequirement
    architecture: str = DEFAULT_ARCHITECTURE
    spot: bool = False
    region: str = ""

    def is_in_region(self, size: CatalogueSize) -> bool:
        """Whether a size is where it is wanted, as far as the catalogue knows."""
        return not self.region or not size.regions or self.region in size.regions

    def misfits(self, size: CatalogueSize) -> float:
        """How far a size is from fitting; 0 where it fits."""
        asked = self.requirement
        wrong = (
            *(size.architecture != self.architecture, not self.is_in_region(size), self.spot and not size.spot),
            asked.burstable is not None and size.burstable != asked.burstable,
        )
        far = _distance(asked.cpus, size.cpus) + _distance(asked.memory_gb, size.memory_gb)
        return 4 * sum(wrong) + far + 2 * _distance(asked.gpu or _NO_GPU, size.gpus)


_NO_GPU = CountRange.model_construct(min=0, max=0)


def _distance(bound: CountRange | MemoryRange | None, value: float) -> float:
    """How far a value is outside a range, as a part of the bound."""
    if bound is None:
        return 0.0
    if value < bound.min:
        return (bound.min - value) / max(bound.min, 1)
    if bound.max is not None and value > bound.max:
        return (value - bound.max) / max(bound.max, 1)
    return 0.0


def rank(size: CatalogueSize) -> tuple[object, ...]:
    """The order of the rule: fewest processors, least memory, fewest GPUs; general-purpose ones first; then by name."""
    return (size.cpus, size.memory_gb, size.gpus, size.purpose != GENERAL, size.name)


@cache
def catalogue_of(provider: str) -> Catalogue | None:
    """The catalogue of a cloud, read with its first use; `None` where it has none."""
    path = declarations_of(provider).sizes
    if not path:
        return None
    package, _, file = path.partition(":")
    return parse_catalogue(json.loads((files(package) / file).read_text(encoding="utf-8")))


def parse_catalogue(data: Mapping[str, object]) -> Catalogue:
    """A catalogue from its file: a list of families, each with what its sizes have in common."""
    families: Sequence[Mapping[str, object]] = data["families"]  # type: ignore[assignment]
    sizes = [size for family in families for size in _sizes(**family)]  # type: ignore[arg-type]
    return Catalogue(str(data["date"]), str(data["source"]), tuple(data["regions"]), tuple(sorted(sizes, key=rank)))  # type: ignore[arg-type]


def _sizes(
    *,
    family: str,
    generation: str,
    sizes: Mapping[str, Sequence[float]],
    current: bool = True,
    architecture: str = DEFAULT_ARCHITECTURE,
    burstable: bool = False,
    spot: bool = True,
    purpose: str = GENERAL,
    regions: Sequence[str] = (),
    caution: str = "",
) -> Iterator[CatalogueSize]:
    where = frozenset(regions)
    for name, (cpus, memory, *gpus) in sizes.items():
        has = (int(cpus), memory, architecture, burstable, int(gpus[0]) if gpus else 0)
        yield CatalogueSize(name, family, generation, current, *has, spot, purpose, where, caution)


def size_hint(provider: str, name: str) -> str | None:
    """The size of the catalogue that may have been meant by a name that it does not have."""
    catalogue = catalogue_of(provider)
    if catalogue is None or catalogue.find(name) is not None:
        return None
    return closest(name, (size.name for size in catalogue.sizes))
