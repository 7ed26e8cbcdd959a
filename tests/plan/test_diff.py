"""The one diff, on a small kind of each sort."""

import pytest

import trimtab as tt
from tests.conftest import make_group
from tests.plan.small import MARK, as_live, key, plan, wanted
from trimtab.plan import (
    Action,
    Mark,
    Reason,
    Ref,
    Resource,
    Secret,
    Text,
    Unknown,
    read_description,
    read_tags,
)


def test_what_is_there_needs_nothing():
    assert not plan(wanted(), as_live(wanted()))


def test_an_update_makes_what_it_moves_unknown_until_applied():
    live = as_live(wanted())
    live[key("template", "web")].body["size"] = "large"
    found = {change.key.kind: change for change in plan(wanted(), live)}
    assert [item.path for item in found["template"].fields] == ["size"]
    assert [(item.path, str(item.new)) for item in found["group"].fields] == [("template", "(known after apply)")]
    assert key("template", "web") in found["group"].after


def test_an_immutable_field_replaces_and_counts_the_instances():
    change = plan(wanted(zone="b"), as_live(wanted())).changes[0]
    assert (change.action, change.instances) == (Action.REPLACE, 3)


def test_a_default_is_planned_for_like_any_other_value():
    live = as_live(wanted())
    live[key("group", "web")].body["grace"] = 60
    (change,) = plan(wanted(), live)
    assert [(item.path, item.old, item.new) for item in change.fields] == [("grace", 60, 300)]
    assert change.reason is Reason.DRIFTED


@pytest.mark.parametrize(("there", "asked"), [(0, False), (1, True), (True, 1)])
def test_a_number_is_no_yes_or_no(there, asked):
    """Python takes them for equal; a cloud that answers the one has not got the other."""
    live = as_live(wanted(grace=asked))
    live[key("group", "web")].body["grace"] = there
    (change,) = plan(wanted(grace=asked), live)
    assert [(item.path, item.old, item.new) for item in change.fields] == [("grace", there, asked)]


def test_an_edit_of_a_contained_thing_renews_the_mark_last():
    edited = wanted()
    edited[2] = Resource(key=edited[2].key, body={"change": 5}, group="web", item="policies.scale-out")
    policy, group = plan(edited, as_live(wanted())).changes
    assert (policy.key.kind, policy.reason) == ("policy", Reason.EDITED)
    assert group.renews_mark_only


def test_drift_of_a_contained_thing_is_told_by_its_parents_mark():
    live = as_live(wanted())
    live[key("policy", "out", "web")].body["change"] = 9
    (change,) = plan(wanted(), live)
    assert change.reason is Reason.DRIFTED


def test_whose_a_contained_thing_is_its_own_mark_says_where_it_has_one():
    """Of two that nobody asks for, ours goes and another fleet's stays, though both are in a group of ours."""
    live = as_live(wanted())
    for name, fleet in (("ours", "shop"), ("theirs", "other")):
        it = key("hook", name, "web")
        live[it] = Resource(key=it, body={"size": "s"}, group="web", mark=Mark(fleet, "web"))
    assert [(change.action, change.key.name) for change in plan(wanted(), live)] == [(Action.DELETE, "ours")]


def test_what_is_named_by_content_is_superseded():
    old = Resource(key=key("template", "web-1"), body={"size": "old"}, group="web", mark=MARK)
    (change,) = plan(wanted(), as_live(wanted()) | {old.key: old})
    assert (change.action, change.reason) == (Action.DELETE, Reason.SUPERSEDED)


def test_a_hidden_field_is_compared_by_the_digest_in_the_mark():
    def with_secret(text):
        resources = wanted()
        body = {"size": "small", "secret": Secret(text)}
        resources[0] = Resource(key=resources[0].key, body=body, group="web", mark=MARK)
        return resources

    live = as_live(with_secret("one"))
    live[key("template", "web")].body.pop("secret")
    assert not plan(with_secret("one"), live)
    found = plan(with_secret("two"), live)
    assert [item.path for item in found.changes[0].fields] == ["secret"]
    assert "two" not in str(found.to_dict())


def test_unmanaged_reaches_into_a_body_that_holds_several_schedules():
    profiles = {"profiles": [{"name": "morning", "min": 3}, {"name": "evening", "min": 2}]}
    live = as_live(wanted(**profiles))
    live[key("group", "web")].body["profiles"] = [{"name": "morning", "min": 9}, {"name": "evening", "min": 9}]
    group = make_group("web", unmanaged=["schedules.morning.min"])
    (change,) = plan(wanted(**profiles), live, fleet=tt.Fleet(name="shop", groups=[group]))
    assert [(item.path, item.field) for item in change.fields] == [
        ("profiles[evening].min", "web.schedules.evening.min")
    ]
    assert change.wanted.body["profiles"][0] == {"name": "morning", "min": 9}


def test_what_is_left_to_others_stays_where_the_file_no_longer_has_it():
    fleet = tt.Fleet(name="shop", groups=[make_group("web", unmanaged=["policies.scale-out"])])
    assert not plan(wanted()[:2], as_live(wanted()), fleet=fleet)
    assert [change.action for change in plan(wanted()[:2], as_live(wanted()))] == [Action.DELETE]


@pytest.mark.parametrize("kind", ["template", "group", "policy"])
def test_nothing_that_hangs_on_an_unread_kind_is_created(kind):
    found = plan(wanted(), {}, unknown=(Unknown("here", kind, "denied"),))
    after = {"template": set(), "group": {"template"}, "policy": {"template", "group"}}
    assert {change.key.kind for change in found} == after[kind]
    assert found


def test_nothing_is_deleted_where_anything_is_unread():
    live = as_live(wanted())
    found = plan([], live, fleet=tt.Fleet(name="shop", groups=()), unknown=(Unknown("here", "other", "denied"),))
    assert not found.changes
    assert any("stays: not all of" in note.text for note in found.notes)


def test_a_group_that_is_being_deleted_is_created_anew():
    live = as_live(wanted())
    old = live[key("group", "web")]
    live[old.key] = Resource(key=old.key, body=old.body, mark=old.mark, deleting=True)
    live.pop(key("policy", "out", "web"))
    actions = {change.key.kind: change.action for change in plan(wanted(), live)}
    assert actions == {"group": Action.CREATE, "policy": Action.CREATE}


def test_fingerprints_tell_ground_and_goal():
    live = as_live(wanted())
    live[key("group", "web")].body["grace"] = 60
    one = plan(wanted(), live)
    assert one.fingerprint == plan(wanted(), live).fingerprint
    live[key("group", "web")].body["grace"] = 61
    assert one.fingerprint != plan(wanted(), live).fingerprint
    (saved,) = one.to_saved()["changes"]
    assert saved["fields"][0]["old"] not in (60, "60")


def test_marks_survive_descriptions_and_tags():
    mark = Mark("shop", "web", "0123456789abcdef", {"image": "ab12cd34:ami-1"})
    assert read_description(mark.sign("Look at this\nnow")) == ("Look at this\nnow", mark)
    assert read_description(mark.sign(None)) == (None, mark)
    assert read_description("[trimtab] is a word") == ("[trimtab] is a word", None)
    assert read_tags({"Name": "x", **mark.tags()}) == ({"Name": "x"}, mark)


def test_secrets_show_only_their_digest():
    secret = Secret("hunter2")
    for shown in (
        str(secret),
        repr(secret),
        f"{secret}",
        str([secret]),
        str(Text(("a", Ref(key("group", "x"), "arn")))),
    ):
        assert "hunter2" not in shown


def test_a_role_is_read_and_written_and_main_is_never_written():
    green = Mark("shop", "web", "0123456789abcdef", {"image": "ab12cd34:ami-1"}, role="green")
    assert "role=green" in green.line()
    assert read_description(green.sign(None)) == (None, green)
    assert read_tags(green.tags()) == ({}, green)
    assert "role" not in Mark("shop", "web", "0").line() + str(Mark("shop", "web", "0").tags())
    said = Mark("shop", "web", "0123456789abcdef").tags() | {"trimtab-role": "main"}
    assert read_tags(said) == ({}, Mark("shop", "web", "0123456789abcdef"))


def test_a_mark_without_a_role_is_that_of_the_main_group_and_changes_nothing():
    live = as_live(wanted())
    assert {item.mark.role for item in live.values() if item.mark} == {"main"}
    for found in live.values():
        if found.mark:
            assert read_tags(found.mark.tags())[1] == found.mark
    assert not plan(wanted(), live)
