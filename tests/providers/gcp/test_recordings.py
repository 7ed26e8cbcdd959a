"""
Recorded replies of Google Cloud, read: every leaf is carried, listed as lost, or in the read-only table, one of them.

`pytest tests/providers/gcp --recordings DIR` reads any folder of the same form.
"""

import json
import os
import sys
from pathlib import Path

from trimtab.providers.gcp.importing import Replies, import_group, tables
from trimtab.providers.gcp.links import shortened
from trimtab.providers.imports import Fate, walk

KINDS = {
    "compute#instanceGroupManager": "manager",
    "compute#autoscaler": "autoscaler",
    "compute#instanceTemplate": "template",
}
MANAGER = {
    "kind": "compute#instanceGroupManager",
    "name": "recorded",
    "selfLink": "projects/p/zones/us-central1-a/instanceGroupManagers/recorded",
    "instanceGroup": "projects/p/zones/us-central1-a/instanceGroups/recorded",
    "targetSize": 1,
}


def folder(config):
    given = config.getoption("--recordings")
    if given:
        return Path(given)
    shared = os.environ.get("TRIMTAB_SHARED")
    return Path(shared) / "recordings" / "gcp" if shared else None


def things_in(value):
    """Every resource inside a reply, lists and aggregated lists included."""
    if isinstance(value, dict):
        kind = KINDS.get(str(value.get("kind", "")))
        if kind is None and "/alertPolicies/" in str(value.get("name", "")) and "conditions" in value:
            kind = "alert"
        if kind is not None:
            yield kind, value
        else:
            for inner in value.values():
                yield from things_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from things_in(inner)


def recorded(config):
    root = folder(config)
    found = {}
    for path in sorted(root.rglob("*.json")) if root and root.is_dir() else ():
        for place, (kind, body) in enumerate(things_in(json.loads(path.read_text()))):
            key = json.dumps(body, sort_keys=True)
            found.setdefault(key, (f"{path.stem}-{place}", kind, shortened(body)))
    return list(found.values())


def pytest_generate_tests(metafunc):
    if "body" in metafunc.fixturenames:
        cases = recorded(metafunc.config)
        metafunc.parametrize(("kind", "body"), [case[1:] for case in cases], ids=[case[0] for case in cases])


def replies_of(kind, body):
    """The replies about a group of which this is one; the others are as little as can be."""
    if kind == "manager":
        return Replies(body)
    if kind == "alert":
        return Replies(MANAGER, alerts=(body,))
    return Replies(MANAGER, **{kind: body})


def test_every_leaf_has_one_fate(kind, body):
    """The table is printed, and tells of each leaf of the reply once."""
    replies = replies_of(kind, body)
    wanted = sorted(path for path, _ in walk(body))
    found = [table for table in tables(replies) if sorted(leaf.path for leaf in table.leaves) == wanted]
    assert found, "one of the tables is this reply's"
    for line in found[0].lines():
        sys.stdout.write(f"{line}\n")
    assert all(isinstance(leaf.fate, Fate) and leaf.text for leaf in found[0].leaves)


def test_a_recorded_reply_is_a_group(kind, body):
    """It reads as a model, and what is lost is said with a reason."""
    imported = import_group(replies_of(kind, body))
    assert imported.group.capacity.min <= imported.group.capacity.max
    assert all(note.reason for note in imported.notes)


def test_there_are_recordings_of_each_kind(shared, pytestconfig):
    """The folder that everybody has holds managers, autoscalers and templates."""
    if not pytestconfig.getoption("--recordings"):
        assert {"manager", "autoscaler", "template"} <= {kind for _, kind, _ in recorded(pytestconfig)}
        assert shared
