"""Any group of Azure, imported: the notes are exactly what the next plan changes; what it cannot say stays."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from tests.laws import examples
from tests.providers.azure.native import imported, next_plan, scale_set
from tests.providers.azure.random_bodies import replies
from tests.providers.azure.unsayable import CASES
from tests.providers.import_law import assert_notes_are_the_plan
from trimtab.errors import Unsupported
from trimtab.plan import Action
from trimtab.providers.azure.importing import Replies
from trimtab.providers.importing import ImportEffect

LAW = settings(max_examples=examples(), deadline=None, suppress_health_check=list(HealthCheck))


def test_the_notes_are_what_the_next_plan_changes():
    """Also of bodies that nobody has seen; a good part of them are groups."""
    tried = Counter()

    @LAW
    @given(replies())
    def law(answers):
        try:
            found, live, wanted, problems = imported(answers)
        except Unsupported:
            tried["no group"] += 1
            return
        tried["group"] += 1
        plan = next_plan(found, live, wanted)
        assert_notes_are_the_plan(found, plan, problems)
        assert not any(change.action is Action.REPLACE for change in plan), found.notes

    law()
    assert tried["group"] > tried["no group"]


@pytest.mark.parametrize("name", CASES)
def test_what_no_model_says_is_noted_with_what_becomes_of_it(name):
    """By field, once; what a plan would write as something else is left to others."""
    case = CASES[name]
    answers = Replies(case.scale_set or scale_set(), case.setting, case.alerts)
    found, live, wanted, problems = imported(answers, fleet="shop")
    plan = next_plan(found, live, wanted)
    assert_notes_are_the_plan(found, plan, problems)
    assert not problems
    about = [note for note in found.notes if case.about in (note.field, *note.paths) or case.about in note.reason]
    assert case.effect in {note.effect for note in about}, [str(note) for note in found.notes]
    if case.effect == ImportEffect.STAYS and case.about:
        assert case.about in found.group.unmanaged or "policies" in found.group.unmanaged
        assert len([note for note in about if note.field == case.about]) == 1
