"""Any group of Azure, imported: the notes are exactly what the next plan changes; what it cannot say stays."""

from collections import Counter

from hypothesis import HealthCheck, given, settings

from tests.laws import examples
from tests.providers.azure.native import imported, next_plan
from tests.providers.azure.random_bodies import replies
from tests.providers.import_law import assert_notes_are_the_plan
from trimtab.errors import Unsupported
from trimtab.plan import Action

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
