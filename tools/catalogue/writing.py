"""A catalogue as its file has it: what the sizes of a family have in common is said once."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import trimtab
from trimtab.declarations.catalogue import CatalogueSize

PROVIDERS = Path(trimtab.__file__).parent / "providers"
DEFAULTS = {
    "current": True,
    "architecture": "x86_64",
    "burstable": False,
    "spot": True,
    "purpose": "general",
    "regions": [],
    "caution": "",
}


def write(cloud: str, date: str, source: str, regions: Sequence[str], sizes: Iterable[CatalogueSize]) -> Path:
    """Write the catalogue of a cloud; gives its file."""
    path = PROVIDERS / cloud / "sizes.json"
    path.write_text(text(date, source, regions, sizes), encoding="utf-8")
    return path


def text(date: str, source: str, regions: Sequence[str], sizes: Iterable[CatalogueSize]) -> str:
    """The file, a line for each family."""
    families = ",\n  ".join(json.dumps(family) for family in _families(sizes))
    head = json.dumps({"date": date, "source": source, "regions": [*regions]})
    return f'{head[:-1]}, "families": [\n  {families}\n]}}\n'


def _families(sizes: Iterable[CatalogueSize]) -> Iterable[dict[str, Any]]:
    alike: dict[tuple[Any, ...], dict[str, list[float]]] = defaultdict(dict)
    for size in sorted(sizes, key=lambda size: (size.family, size.cpus, size.memory_gb, size.name)):
        shared = (
            size.is_current,
            size.architecture,
            size.burstable,
            size.spot,
            size.purpose,
            tuple(sorted(size.regions)),
        )
        key = (size.family, size.generation, *shared, size.caution)
        alike[key][size.name] = [size.cpus, _short(size.memory_gb), *([size.gpus] if size.gpus else [])]
    for (family, generation, *shared), named in alike.items():
        given = dict(zip(DEFAULTS, shared, strict=True))
        given["regions"] = [*given["regions"]]
        said = {name: value for name, value in given.items() if value != DEFAULTS[name]}
        yield {"family": family, "generation": generation, **said, "sizes": named}


def _short(number: float) -> float:
    return int(number) if float(number).is_integer() else round(number, 3)


def regions_of(found: Iterable[str], usual: Sequence[str]) -> frozenset[str]:
    """The usual regions among those that have a size; empty where it is all of them."""
    there = frozenset(found) & frozenset(usual)
    return frozenset() if len(there) == len(usual) else there
