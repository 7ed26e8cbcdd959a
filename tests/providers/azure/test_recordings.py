"""
Recorded replies of Azure, imported: the notes are what the next plan changes, and as much comes back as ever did.

`pytest tests/providers/azure --recordings DIR` reads any folder of the same form. `came_back.json` has, by recording,
how many leaves came back before importing was a plan.
"""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.providers.azure.native import imported, next_plan, replies_of
from tests.providers.came_back import leaves_that_came_back
from tests.providers.import_law import assert_notes_are_plain, assert_notes_are_the_plan
from trimtab.providers.azure.kinds import KINDS
from trimtab.providers.importing import ImportEffect

RECORDED = {
    "microsoft.compute/virtualmachinescalesets": "scale-set",
    "microsoft.insights/autoscalesettings": "autoscale-setting",
    "microsoft.insights/metricalerts": "metric-alert",
}
BEFORE = json.loads((Path(__file__).parent / "came_back.json").read_text())


def folder(config):
    given = config.getoption("--recordings")
    if given:
        return Path(given)
    shared = os.environ.get("TRIMTAB_SHARED")
    return Path(shared) / "recordings" / "azure" if shared else None


def bodies_in(path):
    """Each body of a resource that a recording answered."""
    interactions = json.loads(path.read_text()).get("interactions") or ()
    for interaction in interactions:
        body = (interaction.get("response") or {}).get("body")
        for one in body.get("value") or [body] if isinstance(body, dict) else ():
            if isinstance(one, dict) and str(one.get("type", "")).lower() in RECORDED and one.get("properties"):
                yield RECORDED[one["type"].lower()], one


def recorded(config):
    """Each distinct body, by the recording that has it first."""
    root = folder(config)
    found = {}
    for path in sorted(root.rglob("*.json")) if root and root.is_dir() else ():
        for place, (kind, body) in enumerate(bodies_in(path)):
            name = f"{path.relative_to(root).with_suffix('')}#{place}"
            found.setdefault(json.dumps(body, sort_keys=True), (name, kind, body))
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


def test_no_recording_is_replaced_or_refused(name, kind, body):
    """What a plan would end instances for, or stop at, is left to others or left out."""
    found = imported(replies_of(kind, body))[0]
    assert not {ImportEffect.REPLACES, ImportEffect.REFUSES} & {note.effect for note in found.notes}


def test_as_much_comes_back_as_ever_did(name, kind, body):
    if name not in BEFORE:
        pytest.skip("recorded after the counts were taken: it has no floor to hold")
    _, live, wanted, _ = imported(replies_of(kind, body))
    own = [item for item in live if item.key.kind == kind]
    assert leaves_that_came_back(KINDS, own, wanted) >= BEFORE[name]


def test_every_recording_that_was_counted_is_there(request, shared):
    if not request.config.getoption("--recordings"):
        assert set(BEFORE) == {name for name, _, _ in recorded(request.config)}
        assert sum(BEFORE.values()) > 900
