"""
Recorded replies of Google Cloud, imported: the notes are what the next plan changes; as much comes back as ever did.

`pytest tests/providers/gcp --recordings DIR` reads any folder of the same form. `came_back.json` has, by recording, how
many leaves came back before importing was a plan.
"""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.providers.came_back import leaves_that_came_back
from tests.providers.gcp.native import imported, next_plan, replies_of, retranslated
from tests.providers.import_law import assert_notes_are_plain, assert_notes_are_the_plan
from trimtab.providers.gcp.ids import shortened
from trimtab.providers.gcp.kinds import KINDS
from trimtab.providers.importing import ImportEffect

RECORDED = {
    "compute#instanceGroupManager": "manager",
    "compute#autoscaler": "autoscaler",
    "compute#instanceTemplate": "template",
}
NATIVE = {
    "manager": "group-manager",
    "template": "instance-template",
    "autoscaler": "autoscaler",
    "alert": "alert-policy",
}
BEFORE = json.loads((Path(__file__).parent / "came_back.json").read_text())


def folder(config):
    given = config.getoption("--recordings")
    if given:
        return Path(given)
    shared = os.environ.get("TRIMTAB_SHARED")
    return Path(shared) / "recordings" / "gcp" if shared else None


def things_in(value):
    """Every resource inside a reply, lists and aggregated lists included."""
    if isinstance(value, dict):
        kind = RECORDED.get(str(value.get("kind", "")))
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
    """Each distinct body, by the recording that has it first."""
    root = folder(config)
    found = {}
    for path in sorted(root.rglob("*.json")) if root and root.is_dir() else ():
        for place, (kind, body) in enumerate(things_in(json.loads(path.read_text()))):
            name = f"{path.relative_to(root).with_suffix('')}#{place}"
            found.setdefault(json.dumps(body, sort_keys=True), (name, kind, shortened(body)))
    return list(found.values())


def pytest_generate_tests(metafunc):
    if "body" in metafunc.fixturenames:
        cases = recorded(metafunc.config)
        metafunc.parametrize(("name", "kind", "body"), cases, ids=[case[0] for case in cases])


def test_the_notes_are_what_the_next_plan_changes(name, kind, body):
    found, live, wanted, problems = imported(replies_of(kind, body))
    sys.stdout.write("".join(f"{note}\n" for note in found.notes))
    assert_notes_are_the_plan(found, next_plan(found, live, wanted), problems)
    assert_notes_are_plain(found)
    assert found.notes, "something of every recording is not managed"


def test_no_recording_is_replaced_or_loses_its_template(name, kind, body):
    """What a plan would end instances for, or start others from, is left to others."""
    replies = replies_of(kind, body)
    found = imported(replies)[0]
    effects = {note.effect for note in found.notes}
    assert ImportEffect.REPLACES not in effects
    if replies.template is not None:
        made = [note for note in found.notes if note.effect is ImportEffect.CREATES]
        assert not [note for note in made if note.key.kind == "instance-template"]


def test_as_much_comes_back_as_ever_did(name, kind, body):
    if name not in BEFORE:
        pytest.skip("recorded after the counts were taken: it has no floor to hold")
    live, wanted = retranslated(replies_of(kind, body))
    own = [item for item in live if item.key.kind == NATIVE[kind]]
    assert leaves_that_came_back(KINDS, own, wanted) >= BEFORE[name]


def test_every_recording_that_was_counted_is_there(request, shared):
    if not request.config.getoption("--recordings"):
        assert set(BEFORE) == {name for name, _, _ in recorded(request.config)}
        assert sum(BEFORE.values()) > 100
