"""
The law of importing: the notes are exactly what the plan after `adopt` changes, and each of its changes has one.

Held in pure code over bodies of all sorts, and through a cloud, where adopting and planning are the real ones.
"""

import re
from collections import Counter
from dataclasses import replace

import trimtab as tt
from trimtab.plan import Action, Live, make_plan
from trimtab.providers.importing import ImportEffect

WHOLE = {
    Action.CREATE: ImportEffect.CREATES,
    Action.DELETE: ImportEffect.DELETES,
    Action.REPLACE: ImportEffect.REPLACES,
}


def plan_after_adopt(provider, kinds, found, live, wanted, now):
    """The plan of what was imported, once every unmarked thing of it bears the fleet's mark."""
    wanted = list(wanted)
    marks = {item.key: item for item in wanted}
    resources = {
        item.key: replace(item, mark=replace(marks[item.key].mark, digest=""), group=marks[item.key].group)
        if item.mark is None and item.key in marks and marks[item.key].mark is not None
        else item
        for item in live
    }
    return make_plan(
        provider=provider,
        kinds=kinds,
        fleet=tt.Fleet(name=found.fleet, groups=(found.group,)),
        wanted=wanted,
        live=Live(resources=resources),
        now=now,
    )


def assert_notes_are_the_plan(found, plan, problems=()):
    """Each change has its note, and no note stands for a change that is not there."""
    refusals = [note for note in found.notes if note.effect is ImportEffect.REFUSES]
    assert bool(refusals) == bool(problems or plan.problems), (list(map(str, refusals)), problems, plan.problems)
    leaves = {
        (change.key, one.path)
        for change in plan
        if change.action in (Action.UPDATE, Action.REPLACE)
        for one in change.fields
    }
    noted = [(note.key, path) for note in found.notes if note.effect is ImportEffect.CHANGES for path in note.paths]
    assert Counter(noted) == Counter(leaves), (set(noted) ^ leaves, [str(note) for note in found.notes])
    wholes = {(change.key, WHOLE[change.action]) for change in plan if change.action in WHOLE}
    assert {(note.key, note.effect) for note in found.notes if note.effect in WHOLE.values()} == wholes
    fields = Counter(
        (note.key, note.field) for note in found.notes if note.effect is ImportEffect.CHANGES and note.field
    )
    assert all(number == 1 for number in fields.values()), fields
    staying = {(note.key, path) for note in found.notes if note.effect is ImportEffect.STAYS for path in note.paths}
    assert not staying & leaves
    assert all(note.reason for note in found.notes)


def assert_notes_are_plain(found):
    """No note shows how Python writes a value."""
    for note in found.notes:
        assert not re.search(r"\b(None|True|False|frozenset)\b|\['|\('", str(note)), str(note)


def import_adopt_and_plan(cloud, name, *, fleet=None, location=None):
    """What was imported, and the plan after it was adopted through a cloud; what is to be held against each other."""
    found = cloud.import_group(name, location, fleet=fleet)
    declared = tt.Fleet(name=found.fleet, groups=(found.group,))
    cloud.apply(cloud.adopt(declared), wait="accepted").raise_for_failures()
    return found, declared, cloud.plan(declared)
