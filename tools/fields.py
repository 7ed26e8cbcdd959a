"""Writes `models/fields.py`: the docstrings of the models' fields, read off the source."""

import ast
import inspect
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import trimtab

PACKAGE = Path(trimtab.__file__).parent
TARGET = PACKAGE / "models" / "fields.py"
HEADING = "What is said of the fields of models, by class; `nox -s renew` writes it from the docstrings in the source."


def sources() -> list[Path]:
    """The files that have models: `models/`, and each provider's settings."""
    return [*sorted((PACKAGE / "models").glob("*.py")), *sorted((PACKAGE / "providers").glob("*/settings.py"))]


def text() -> str:
    """The file as it is to be."""
    found = {name: fields for path in sources() for name, fields in _of_file(path) if fields}
    # JSON of texts and mappings is Python too
    return f'"""{HEADING}"""\n\nFIELDS = {json.dumps(found, indent=4, ensure_ascii=False)}\n'


def _of_file(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    module = ".".join(("trimtab", *path.relative_to(PACKAGE).with_suffix("").parts))
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            yield f"{module}.{node.name}", dict(_of_body(node.body))


def _of_body(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            yield field.target.id, inspect.cleandoc(below.value.value)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
