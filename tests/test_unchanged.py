"""What each provider makes of every fleet file at hand is what it was."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unchanged import assert_unchanged
from trimtab.config import load_fleet
from trimtab.errors import ConfigError
from trimtab.plan import Ref, Secret
from trimtab.testing import translate

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
EXAMPLES = sorted((Path(__file__).parents[1] / "examples").rglob("*.yaml"))


def keyed(key):
    return [key.location, key.kind, key.name, key.parent]


def plain(value):
    if isinstance(value, Secret):
        return value.digest
    return [*keyed(value.key), value.attribute] if isinstance(value, Ref) else sorted(map(str, value))


def told(fleet, provider):
    found = translate(fleet, provider, now=NOW)
    made = [
        [keyed(one.key), one.body, one.group, one.item, dict(one.attributes), one.mark and one.mark.digest]
        for one in found.resources
    ]
    said = [[note.text, note.group, note.approximation] for note in (*found.notes, *found.problems)]
    return json.dumps([made, said], default=plain, sort_keys=True)


def hold(path, name):
    """Hold what is made of a file against what it was; where the file lies does not count."""
    folder = str(path.parent)
    try:
        fleet = load_fleet(path, allow_outside_files=True)
    except ConfigError as error:
        assert_unchanged(name, "\n".join(error.problems).replace(folder, ""))
        return
    for provider in ("memory", "aws", "azure", "gcp"):
        assert_unchanged(f"{name} {provider}", told(fleet, provider).replace(folder, ""))


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.name for path in EXAMPLES])
def test_examples_are_translated_as_before(path):
    hold(path, f"examples/{path.name}")


def test_what_was_found_is_translated_as_before(shared):
    for path in sorted((shared / "found").rglob("*.yaml")):
        hold(path, str(path.relative_to(shared)).replace(" ", "_"))
