"""Any group of Azure, imported: the notes are exactly what the next plan changes; what it cannot say stays."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

import trimtab as tt
from tests import measuring
from tests.laws import examples
from tests.providers.azure.native import imported, next_plan, profile, rule, scale_set, setting, weekly
from tests.providers.azure.random_bodies import replies
from tests.providers.azure.unsayable import CASES, OTHER
from tests.providers.import_law import assert_notes_are_the_plan
from trimtab.errors import Unsupported
from trimtab.plan import Action
from trimtab.providers.azure.importing import Replies
from trimtab.providers.importing import ImportEffect

LAW = settings(max_examples=examples(), deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.sweep
def test_the_notes_are_what_the_next_plan_changes():
    """Also of bodies that nobody has seen; a good part of them are groups."""
    tried = Counter()

    @LAW
    @given(replies())
    @measuring.now_and_then
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
    if not case.effect:
        assert not about
        assert found.group.azure != tt.AzureSettings() or any(alarm.severity for alarm in found.group.alarms)
        return
    if not case.about and case.kept:  # no note of its own: what is `kept` shows that it stays
        return
    assert case.effect in {note.effect for note in about}, [str(note) for note in found.notes]
    if case.effect == ImportEffect.STAYS and case.about:
        assert case.about in found.group.unmanaged or "policies" in found.group.unmanaged
        assert len([note for note in about if note.field == case.about]) == 1


def test_a_profile_that_gets_another_name_is_one_note_that_says_what_else_changes():
    """Its default size, and the rules of its own that it gives up for the group's."""
    hot, cool = rule(threshold=90), rule("Decrease", operator="LessThan", threshold=20)
    made = setting(profile(rules=[rule()]), profile("Long Weekend", 2, 6, 5, rules=[hot, cool], **weekly()))
    found, live, wanted, problems = imported(Replies(scale_set(), made), fleet="shop")
    assert_notes_are_the_plan(found, next_plan(found, live, wanted), problems)
    (note,) = found.changes
    assert note.field == "schedules.Long-Weekend"
    assert note.reason == (
        "the next plan renames properties.profiles[Long Weekend] to properties.profiles[Long-Weekend]; "
        "removes rules[Decrease Percentage CPU LessThan]; changes capacity.default from 5 to 2; "
        "changes rules[Increase Percentage CPU GreaterThan].metricTrigger.threshold from 90 to 70"
    )


def test_both_profiles_of_a_window_are_named_by_what_they_are_of():
    end = '{"name": "default", "for": "Long Weekend"}'
    window = profile("Long Weekend", 2, 6, 2, **weekly(("Saturday",))), profile(end, **weekly(("Sunday",), 23))
    found, live, wanted, problems = imported(Replies(scale_set(), setting(profile(), *window)), fleet="shop")
    assert_notes_are_the_plan(found, next_plan(found, live, wanted), problems)
    assert [note.field for note in found.changes] == ["schedules.Long-Weekend.until", "schedules.Long-Weekend"]
    assert all("; " not in note.reason for note in found.changes)


def test_only_what_the_plan_would_change_is_left_to_others():
    """The default of a profile that goes anyway is no reason to leave the group's to others."""
    made = setting(profile(), profile("Long Weekend", 2, 6, 5, **weekly()))
    assert not imported(Replies(scale_set(), made), fleet="shop")[0].group.unmanaged


def test_what_is_left_to_others_does_not_reach_what_is_made_anew_and_the_note_says_so():
    elsewhere = setting(profile(rules=[rule(metricResourceUri=OTHER)]), profile("weekend", 2, 6, 2, **weekly()))
    found, live, wanted, problems = imported(Replies(scale_set(), elsewhere), fleet="shop")
    assert_notes_are_the_plan(found, next_plan(found, live, wanted), problems)
    (note,) = found.changes
    assert note.reason == (
        "the next plan adds properties.profiles[weekend].rules[Increase Percentage CPU GreaterThan], "
        "with alarms.cpu-above.metric as the file says: `unmanaged` keeps only what is there"
    )
