"""What the clouds have, side by side: images of operating systems, sizes that fit."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from trimtab.cli.views.values import printable
from trimtab.declarations.catalogue import Catalogue, CatalogueSize, ImageRow

NONE = "-"


def images_view(
    rows: Sequence[ImageRow | None], words: Sequence[tuple[str, str]], clouds: Sequence[str]
) -> RenderableType:
    """A row for each operating system and processor, a column for each cloud; the rows go cloud by cloud."""
    table = Table("os", "architecture", *clouds, box=None, pad_edge=False)
    for number, (os, architecture) in enumerate(words):
        found = rows[number * len(clouds) : (number + 1) * len(clouds)]
        table.add_row(os, architecture, *(printable(row.native) if row else NONE for row in found))
    return table


def images_dict(
    rows: Sequence[ImageRow | None], words: Sequence[tuple[str, str]], clouds: Sequence[str]
) -> Mapping[str, Any]:
    """The same as data."""
    images = []
    for number, (os, architecture) in enumerate(words):
        found = dict(zip(clouds, rows[number * len(clouds) :], strict=False))
        images.append(
            {
                "os": os,
                "architecture": architecture,
                "clouds": {name: _image(row) for name, row in found.items() if row},
            }
        )
    return {"images": images}


def _image(row: ImageRow) -> Mapping[str, Any]:
    named = {"owner": row.image.owner, "newest": row.image.newest, "id": row.image.id}
    plan = {"plan": dict(row.plan)} if row.plan else {}
    return {**{name: value for name, value in named.items() if value}, **plan, "source": row.source}


Choice = tuple[str, Catalogue, Sequence[CatalogueSize], CatalogueSize | None]
"""A cloud, its catalogue, the sizes that fit, and the nearest where none does."""


def sizes_view(choices: Sequence[Choice], selecting: frozenset[str]) -> RenderableType:
    """The sizes that fit in each cloud, the one that the rule takes first."""
    table = Table("cloud", "size", "vCPUs", "GiB", "architecture", "remarks", box=None, pad_edge=False)
    for cloud, _, sizes, nearest in choices:
        for place, size in enumerate(sizes):
            first = "the cloud chooses" if cloud in selecting else "" if place else "the choice"
            table.add_row(cloud, *_cells(size), ", ".join(filter(None, (first, *_remarks(size)))))
        if nearest is not None and not sizes:
            table.add_row(
                cloud, *_cells(nearest), ", ".join(("does not fit; the nearest", *_remarks(nearest))), style="dim"
            )
    dates = ", ".join(f"{cloud} {catalogue.date}" for cloud, catalogue, _, _ in choices)
    return Group(table, Text(f"catalogues: {dates}", "dim"))


def _cells(size: CatalogueSize) -> Sequence[str]:
    return (size.name, str(size.cpus), f"{size.memory_gb:g}", size.architecture)


def _remarks(size: CatalogueSize) -> Sequence[str]:
    said = (
        "burstable" if size.burstable else "",
        f"{size.gpus} GPUs" if size.gpus else "",
        "" if size.is_current else "previous generation",
        "" if size.spot else "not as spot",
        size.caution,
    )
    return [word for word in said if word]


def sizes_dict(choices: Sequence[Choice]) -> Mapping[str, Any]:
    """The same as data."""
    return {
        "clouds": {
            cloud: {
                "date": catalogue.date,
                "source": catalogue.source,
                "sizes": [_size(size) for size in sizes],
                "nearest": _size(nearest) if nearest is not None and not sizes else None,
            }
            for cloud, catalogue, sizes, nearest in choices
        }
    }


def _size(size: CatalogueSize) -> Mapping[str, Any]:
    return {
        "name": size.name,
        "family": size.family,
        "generation": size.generation,
        "current": size.is_current,
        "cpus": size.cpus,
        "memory_gb": size.memory_gb,
        "architecture": size.architecture,
        "burstable": size.burstable,
        "gpu": size.gpus,
        "spot": size.spot,
    }
