"""Writes `config/shape.json`: the JSON Schema of fleet files without its texts, which files are held against."""

import json
from pathlib import Path
from typing import Any

import trimtab as tt

TARGET = Path(tt.__file__).parent / "config" / "shape.json"
_TEXTS = {"$schema", "title", "description"}


def text() -> str:
    """The file as it is to be."""
    return json.dumps(_bare(tt.json_schema()), separators=(",", ":")) + "\n"


def _bare(node: Any, *, names: bool = False) -> Any:
    """A schema without its texts; of a mapping whose keys are `names`, every key stays."""
    if isinstance(node, list):
        return [_bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = node if names else {key: item for key, item in node.items() if key not in _TEXTS}
    return {key: _bare(item, names=not names and key in ("properties", "$defs")) for key, item in kept.items()}


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
