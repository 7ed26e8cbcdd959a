"""Stated limits as the data file that ships with a provider."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from trimtab.plan import Kind


class Stated(NamedTuple):
    """One limit that a vendor's model states."""

    kind: str
    leaf: str
    rule: Any
    at: str


def is_written(kind: Kind, path: str) -> bool:
    """Whether trimtab writes a leaf of a body, or something inside of it."""
    leaf = _plain(path)
    return any(
        leaf == row or row.startswith((f"{leaf}.", f"{leaf}[")) or leaf.startswith((f"{row}.", f"{row}["))
        for row in (_plain(field.path) for field in kind.fields)
    )


def _plain(path: str) -> str:
    return re.sub(r"\[[^\]]*\]", "[]", path.replace("{*}", "[]"))


def written(stated: Iterable[Stated], checked: Mapping[str, str]) -> str:
    """The file: the versions that were read, and one row on each line."""
    rows = sorted({json.dumps(_row(each), ensure_ascii=True) for each in stated})
    return f'{{"checked": {json.dumps(dict(checked))}, "rows": [\n' + ",\n".join(rows) + "\n]}\n"


def _row(each: Stated) -> list[Any]:
    rule = {
        field.name: getattr(each.rule, field.name)
        for field in fields(each.rule)
        if getattr(each.rule, field.name) != field.default
    }
    return [each.kind, each.leaf, type(each.rule).__name__, rule, each.at]
