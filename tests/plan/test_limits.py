"""How much one apply may change: arithmetic and words, without a cloud."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.conftest import make_fleet
from tests.laws import examples
from trimtab.models import Position
from trimtab.plan import Action, Change, Key, Kind, MarkPlace, Reason
from trimtab.plan.limits import SizeChange, deletion_problems, is_within, resized_groups, size_problems

NOW = datetime(2026, 1, 5, tzinfo=UTC)
KINDS = {
    name: Kind(name=name, label=name, rank=rank, mark=MarkPlace.TAGS, holds_instances=name == "group")
    for rank, name in enumerate(("template", "group", "policy"))
}


def change(action, kind, name, group="web", reason=Reason.LEFT_FLEET):
    return Change(action=action, reason=reason, key=Key("here", kind, name), group=group)


def fleet(**limits):
    return make_fleet(limits=tt.PlanLimits(**limits))


@settings(max_examples=examples())
@given(share=st.integers(0, 999), size=st.integers(0, 1000), moved=st.integers(0, 1000))
def test_a_share_is_one_of_the_size_before(share, size, moved):
    """Held against fractions: nothing is rounded in anybody's favour."""
    assert is_within(f"{share}%", size, moved) == (Fraction(moved) <= Fraction(share, 100) * size)


@settings(max_examples=examples())
@given(
    amount=st.one_of(st.integers(0, 50), st.integers(0, 150).map("{}%".format)),
    before=st.integers(0, 60),
    after=st.integers(0, 60),
)
def test_the_step_that_a_problem_names_is_the_furthest_that_is_allowed(amount, before, after):
    (problem,) = list(size_problems(fleet(fall=amount, rise=amount), [SizeChange("web", before, after)])) or [None]
    moved = abs(after - before)
    assert (problem is None) == is_within(amount, before, moved)
    if problem is None:
        return
    sign = 1 if after > before else -1
    step = before + sign * max(far for far in range(moved) if is_within(amount, before, far))
    field = "rise" if after > before else "fall"
    assert f"from {before} to {after} instances, by {moved} at once, and at most {amount} is allowed" in problem.text
    assert (f"go to {step} first, or raise `limits.{field}`" in problem.text) == (step != before)


@pytest.mark.parametrize(
    ("before", "after", "limits", "text"),
    [
        (
            8,
            2,
            {"fall": "25%"},
            "limits.fall: the size falls from 8 to 2 instances, by 6 at once, and at most 25% is allowed;",
        ),
        (8, 6, {"fall": "25%"}, ""),
        (8, 2, {"rise": 0}, ""),
        (2, 8, {"fall": 0}, ""),
        (
            2,
            8,
            {"rise": 5},
            "limits.rise: the size rises from 2 to 8 instances, by 6 at once, and at most 5 is allowed;",
        ),
        (0, 1, {"rise": "999%"}, "limits.rise: the size rises from 0 to 1"),
        (8, 8, {"fall": 0, "rise": 0}, ""),
        (8, 0, {}, ""),
    ],
)
def test_what_a_limit_says(before, after, limits, text):
    said = [str(problem) for problem in size_problems(fleet(**limits), [SizeChange("web", before, after)])]
    assert [line.startswith(f"group web: {text}") for line in said] == ([True] if text else [])


GONE = [
    change(Action.DELETE, kind, f"shop-{name}", name)
    for name in ("web", "api")
    for kind in ("template", "group", "policy")
]
COUNTED = {
    "a group with all that is in it is one": (GONE[:3], 1),
    "two groups are two": (GONE, 2),
    "what goes from a group that stays is one each": ([GONE[0], GONE[2]], 2),
    "a replaced group is one": ([change(Action.REPLACE, "group", "web", reason=Reason.EDITED)], 1),
    "a replaced template ends nothing": ([change(Action.REPLACE, "template", "web", reason=Reason.EDITED)], 0),
    "what another takes the place of is not counted": (
        [change(Action.DELETE, "template", "old", reason=Reason.SUPERSEDED)],
        0,
    ),
    "a group that moves is one": ([GONE[1], change(Action.CREATE, "group", "shop-web", reason=Reason.NEW)], 1),
    "what is made or changed is not counted": (
        [change(Action.UPDATE, "group", "web"), change(Action.CREATE, "policy", "x")],
        0,
    ),
}


@pytest.mark.parametrize(("changes", "number"), COUNTED.values(), ids=COUNTED)
def test_what_counts_as_a_deletion(changes, number):
    assert not list(deletion_problems(fleet(deletions=number), changes, KINDS))
    assert not list(deletion_problems(fleet(), changes, KINDS))
    if number:
        (problem,) = deletion_problems(fleet(deletions=number - 1), changes, KINDS)
        assert problem.text.startswith(f"limits.deletions: {number} are deleted or replaced (")
        assert problem.text.endswith(
            f"and at most {number - 1} may be; remove fewer at once, or raise `limits.deletions`"
        )


def test_only_groups_that_stand_before_and_after_are_resized():
    new = change(Action.CREATE, "group", "shop-new", "new", Reason.NEW)
    changes = [*GONE[:3], new, change(Action.CREATE, "policy", "x", "api"), change(Action.ADOPT, "group", "y", "old")]
    assert resized_groups(changes, KINDS) == {"api"}


@pytest.mark.parametrize("amount", ["25 %", "25", "-1%", "1.5%", -1, 2_000_000, "lots", ""])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(ValueError, match="write a number of instances"):
        tt.PlanLimits(fall=amount)


def test_a_file_says_limits_with_their_lines():
    text = "name: shop\nlimits:\n  fall: 25%\n  rise: 10\n  deletions: 1\ngroups: {}\n"
    parsed = tt.parse_fleet(text, env={})
    assert parsed.limits == tt.PlanLimits(fall="25%", rise=10, deletions=1)
    assert tt.parse_fleet(tt.dump_fleet(parsed), env={}) == parsed
    (problem,) = size_problems(parsed, [SizeChange("web", 8, 2)])
    assert problem.place == Position("fleet.yaml", 3, 3)
    for wrong, line in (("fall: 0.25", 3), ("fall: 25 %", 3), ("fal: 3", 3), ("fall: true", 3), ("fall: -1", 3)):
        with pytest.raises(tt.errors.ConfigError) as caught:
            tt.parse_fleet(text.replace("fall: 25%", wrong), env={})
        assert [problem.startswith(f"fleet.yaml:{line}: limits.") for problem in caught.value.problems] == [True]
