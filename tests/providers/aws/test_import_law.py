"""Any group of AWS, imported: the notes are exactly what the next plan changes; what it cannot say stays or is said."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import measuring
from tests.conftest import make_group
from tests.laws import examples
from tests.providers.aws.native import imported, next_plan
from tests.providers.aws.random_groups import FLEET, NOW, groups
from tests.providers.aws.replies import replies_to
from tests.providers.aws.unsayable import CHANGES, ONLY_ONE
from tests.providers.import_law import assert_notes_are_the_plan
from trimtab.plan import Action
from trimtab.providers.aws.kinds import KINDS
from trimtab.providers.importing import ImportEffect

LAW = settings(max_examples=examples(), deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def foreign(draw):
    """The replies of any group with what no model says, in an order in which it can be there."""
    chosen = draw(st.lists(st.sampled_from(sorted(CHANGES)), max_size=6, unique=True))
    origins = [name for name in chosen if name in ONLY_ONE]
    answers = replies_to(draw(groups()))
    for name in [one for one in chosen if one not in origins] + origins[:1]:
        answers = CHANGES[name](answers)
    return answers


def held(answers, fleet=FLEET):
    """What was imported and the plan after it, once each is what the other says."""
    found, live, wanted, problems = imported(answers, fleet=fleet, now=NOW)
    plan = next_plan(found, live, wanted, NOW)
    assert_notes_are_the_plan(found, plan, problems)
    assert not any(change.action is Action.REPLACE for change in plan), [str(note) for note in found.notes]
    assert_losses_are_true(found, live, plan)
    return found, plan


def assert_losses_are_true(found, live, plan):
    """What is said of something that is made anew is what it has otherwise than the one that it is made after."""
    created = {change.key: change.wanted for change in plan if change.action is Action.CREATE}
    there = {item.key: item for item in live}
    losses = [note for note in found.notes if note.effect is ImportEffect.LOSES]
    for key in {note.key for note in losses}:
        kind = KINDS.get(key.kind) or KINDS["launch-template"]
        said = {path for note in losses if note.key == key for path in note.paths}
        likely = [item for other, item in created.items() if other.kind == kind.name]
        assert any(said <= different(kind, there[key].body, item.body) for item in likely), said


def different(kind, one, two):
    """The leaves that differ, and all that they are in."""
    found = set()
    for leaves in (kind.given, kind.leaves):
        old, new = leaves(one), leaves(two)
        found |= {path for path in {*old, *new} if old.get(path) != new.get(path)}
    return found | {path[:place] for path in found for place, letter in enumerate(path) if letter in ".["}


@pytest.mark.sweep
def test_the_notes_are_what_the_next_plan_changes():
    """Also of replies that nobody has seen; a good part of them change something, and a good part nothing."""
    tried = Counter()

    @LAW
    @given(foreign())
    @measuring.now_and_then
    def law(answers):
        tried[bool(held(answers)[1])] += 1

    law()
    assert min(tried.values()) > 0.05 * tried.total()


@LAW
@given(foreign())
def test_nobody_has_to_name_the_fleet(answers):
    """The notes hold for the fleet that the import says."""
    held(answers, fleet=None)


@pytest.mark.parametrize("name", CHANGES)
def test_what_no_model_says_is_noted_with_what_becomes_of_it(name):
    """Every one of them is said, stays or goes, or is taken over as it stands; what it is added to says nothing."""
    plain = replies_to(
        make_group(
            "web",
            purchase={"spot": True, "sizes": [{"size": "t3.medium"}]} if name in MIXED else {},
            placement={"subnets": ["subnet-1"]},
            policies={
                "scale-out": {"change": 1},
                "steps": {"type": "step", "steps": [{"lower": 0, "change": 2}]},
                "half": {"percent": 50, "minimum_change": 2},
            },
            schedules={"night": {"cron": "0 20 * * *", "zone": "UTC", "max": 9}},
            aws={"lifecycle_hooks": [{"name": "ready", "on": "launch"}]},
        ),
        NOW,
    )
    assert not held(plain)[0].notes
    changed = CHANGES[name](plain)
    assert changed != plain
    found, _ = held(changed)
    assert (found.group.aws.native is not None) is (name in CARRIED), found.group.aws.native
    is_said = name in PARTLY or name not in (*UNSEEN, *CARRIED)
    assert bool(found.notes) is is_said, [str(note) for note in found.notes]


MIXED = ("sizes by attributes", "spot pools")
CARRIED = (
    *("zones that are avoided", "classic balancers", "options of metadata", "credits"),
    *("alarms with low sample counts", "disks as the model has none"),
)
"""What is taken over under `aws.native`."""
PARTLY = ("disks as the model has none",)
"""Of that, where something else is left to say."""
UNSEEN = ("a tag of AWS itself", "another size than any schedule sets")
"""What is no part of any group, and bounds, which are the group's own until a schedule fires."""
