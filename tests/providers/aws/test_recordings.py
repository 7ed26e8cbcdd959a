"""
Recorded replies of AWS, imported: the notes are what the next plan changes, and as much comes back as ever did.

`pytest tests/providers/aws --recordings DIR` reads any folder of the same form. `came_back.json` has, by recording, how
many leaves came back before importing was a plan.
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from tests.providers.aws.native import ITEMS, imported, next_plan
from tests.providers.aws.recordings import recorded
from tests.providers.came_back import leaves_that_came_back
from tests.providers.import_law import assert_notes_are_plain, assert_notes_are_the_plan
from trimtab.providers.aws.kinds import KINDS
from trimtab.providers.importing import ImportEffect

BEFORE = json.loads((Path(__file__).parent / "came_back.json").read_text())
"""How many leaves came back; one less of the page whose example of a service-linked role is the word `arn`."""


def folder(config):
    given = config.getoption("--recordings")
    if given:
        return Path(given)
    shared = os.environ.get("TRIMTAB_SHARED")
    return Path(shared) / "recordings" / "aws" if shared else None


def cases(config):
    """Each item that importing reads, by the recording and its place in it."""
    root = folder(config)
    for name, operation, reply in recorded(root) if root and root.is_dir() else ():
        field, make, kind = ITEMS.get(operation, ("", None, ""))
        for place, item in enumerate(reply.get(field) or ()):
            yield f"{name}#{operation}.{place}", kind, make(item)


def pytest_generate_tests(metafunc):
    if "replies" in metafunc.fixturenames:
        found = list(cases(metafunc.config))
        if metafunc.function is test_as_much_comes_back_as_ever_did:  # what was counted then
            found = [case for case in found if case[0] in BEFORE]
        metafunc.parametrize(("name", "kind", "replies"), found, ids=[case[0] for case in found])


def test_the_notes_are_what_the_next_plan_changes(name, kind, replies):
    found, live, wanted, problems = imported(replies)
    sys.stdout.write("".join(f"{note}\n" for note in found.notes))
    assert_notes_are_the_plan(found, next_plan(found, live, wanted), problems)
    assert_notes_are_plain(found)


def test_no_recording_is_replaced(name, kind, replies):
    """What a plan would end instances for is left to others or left out."""
    found = imported(replies)[0]
    assert ImportEffect.REPLACES not in {note.effect for note in found.notes}


def test_only_what_has_no_image_is_refused(name, kind, replies):
    found = imported(replies)[0]
    refusals = [note.reason for note in found.notes if note.effect is ImportEffect.REFUSES]
    assert len(refusals) <= 1
    assert all("template.image" in text or is_elsewhere(text) for text in refusals)


def is_elsewhere(refusal):
    """A topic of a documented example lies in another region than the group that it is put beside here."""
    return "aws.notify_scaling" in refusal and "the group in us-east-1" in refusal


def test_as_much_comes_back_as_ever_did(name, kind, replies):
    _, live, wanted, _ = imported(replies)
    made = "launch-template" if kind == "launch-configuration" else kind
    own = [replace(item, key=replace(item.key, kind=made)) for item in live if item.key.kind == kind]
    assert leaves_that_came_back(KINDS, own, wanted) >= BEFORE[name]


def test_every_recording_that_was_counted_is_there(request, shared):
    if not request.config.getoption("--recordings"):
        assert set(BEFORE) == {name for name, *_ in cases(request.config)}
        assert sum(BEFORE.values()) > 600
