"""Case files as data: reading them, and holding an answer against what a row expects."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SCHEMA = "scaling-semantics-cases/"
NEVER = object()


@dataclass(frozen=True)
class Case:
    """One row of a case file."""

    id: str
    given: Mapping[str, Any]
    expect: Mapping[str, Any]
    source: str


def read_cases(folder: Path) -> Iterator[Case]:
    """Every row of every case file in a folder; other JSON files are passed over."""
    for path in sorted(folder.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or not str(data.get("schema", "")).startswith(SCHEMA):
            continue
        for row in data["cases"]:
            yield Case(row["id"], row["given"], row["expect"], f"{path.name}: {row['rule']}")


def mismatches(answer: Mapping[str, Any], expect: Mapping[str, Any]) -> list[str]:
    """What of `expect` the answer does not say; only the keys of `expect` count."""
    return [
        f"{key}: expected {wanted!r}, got {answer.get(key, NEVER)!r} in {dict(answer)!r}"
        for key, wanted in expect.items()
        if not _holds(answer, key, wanted)
    ]


ASIDE = {"agreed_by", "by_policy"}
"""Keys of `expect` that tell who else gave an answer; they assert nothing."""


def _holds(answer: Mapping[str, Any], key: str, wanted: Any) -> bool:
    if key in ASIDE:
        return True
    if key.endswith("_not"):
        found = answer.get(key.removesuffix("_not"), NEVER)
        return found is not NEVER and not _same(found, wanted)
    if key.endswith("_contains"):
        return str(wanted) in str(answer.get(key.removesuffix("_contains"), NEVER))
    if key == "one_of":
        return any(_same(found, choice) for found in answer.values() for choice in wanted)
    return _same(answer.get(key, NEVER), wanted)


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(found, bool):
        return found is wanted
    if isinstance(wanted, float) or isinstance(found, float):
        return isinstance(found, int | float) and found == pytest.approx(wanted, rel=1e-4)
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(_same(found.get(key, NEVER), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(_same, found, wanted))
    return bool(found == wanted)
