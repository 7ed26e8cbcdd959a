"""What came of a plan, in words."""

import pytest

pytest.importorskip("rich")

from trimtab.cli.views.outcome import applied_view
from trimtab.cli.views.screen import rendered
from trimtab.plan import Action, Change, Key, Reason
from trimtab.runtime.apply import Applied, Outcome


def change(name):
    return Change(action=Action.CREATE, reason=Reason.NEW, key=Key("local", "group", name), group="web")


def test_all_that_went_through_is_counted():
    assert rendered(applied_view(Applied(outcomes=(Outcome(change("a")),)))) == "Applied 1 change.\n"
    both = (Outcome(change("a")), Outcome(change("b")))
    assert rendered(applied_view(Applied(outcomes=both))) == "Applied 2 changes.\n"


def test_what_did_not_is_named():
    """Failed, not tried, late and unread each have a line; the last line says how to go on."""
    applied = Applied(
        outcomes=(
            Outcome(change("a"), "no room"),
            Outcome(change("b"), "not tried, because a did not go through", skipped=True),
        ),
        timed_out=("group web: 1 of 2 run",),
        unreadable=("alarm in local could not be read",),
    )
    assert rendered(applied_view(applied)) == (
        "failed: create group a (local): no room\n"
        "not tried: create group b (local): because a did not go through\n"
        "late: group web: 1 of 2 run\n"
        "unknown: alarm in local could not be read\n"
        "Applied 0 of 2 changes; plan and apply again for the rest.\n"
    )


def test_late_groups_are_no_reason_to_apply_again():
    applied = Applied(outcomes=(Outcome(change("a")),), timed_out=("group web: 1 of 2 run",))
    assert rendered(applied_view(applied)).endswith("Applied 1 change, but not every group is where it should be.\n")
