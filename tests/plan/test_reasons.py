"""Edits told from drift by the one digest of a mark: laws, on small kinds."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.plan.small import KINDS, MARK, as_live, key, plan, wanted
from trimtab.plan import Action, Reason, Ref, Resource, sign

POLICIES = ("out", "in", "hold")
LAW = [("web", "grace"), ("web", "profiles[day].min"), *((name, "change") for name in POLICIES)]


def family(**values):
    """A template, a group and three policies inside it; `values` by `NAME__FIELD`."""
    template, group, policy = wanted()
    members = [
        template,
        group,
        *(replace(policy, key=key("policy", name, "web"), item=f"policies.{name}") for name in POLICIES),
    ]
    for place, value in values.items():
        name, field = place.split("__")
        index = next(i for i, item in enumerate(members) if item.key.name == name and item.key.kind != "template")
        members[index] = replace(members[index], body={**members[index].body, field: value})
    return members


def reasons(changes):
    return {(change.key.name, field.path): field.reason for change in changes for field in change.fields}


def put(members, place, value):
    """`members` with one leaf set; a path in brackets is an element of the group's list."""
    name, path = place
    result = []
    for item in members:
        if item.key.name == name and item.key.kind != "template":
            body = dict(item.body)
            if path.startswith("profiles"):
                body["profiles"] = [{"name": "day", "min": value}]
            else:
                body[path] = value
            item = replace(item, body=body)
        result.append(item)
    return result


@settings(max_examples=examples(), deadline=None)
@given(st.dictionaries(st.sampled_from(LAW), st.sampled_from(["edited", "drifted"])))
def test_each_difference_has_the_reason_of_what_made_it(differences):
    """Whatever is edited and whatever drifts, one leaf each: every field of the plan says which."""
    before = after = family()
    for place in LAW:
        before = after = put(after, place, 5)
    live = as_live(before)
    for place, what in differences.items():
        if what == "edited":
            after = put(after, place, 7)
        else:
            (item,) = [
                item
                for item in put(list(live.values()), place, 9)
                if item.key.name == place[0] and (item.key.kind != "template")
            ]
            live[item.key] = item
    found = plan(after, live)
    assert reasons(found) == {
        place: Reason.EDITED if what == "edited" else Reason.DRIFTED for place, what in differences.items()
    }
    for change in found:
        kinds = {field.reason for field in change.fields}
        assert change.reason is (Reason.DRIFTED if kinds == {Reason.DRIFTED} else Reason.EDITED)


def test_an_edit_shows_through_the_reference_to_what_it_changes():
    """The template is edited; the group, which wants its version, follows."""
    live = as_live(family())
    edited = [replace(family()[0], body={"size": "large"}), *family()[1:]]
    assert {change.key.kind: change.reason for change in plan(edited, live)} == {
        "template": Reason.EDITED,
        "group": Reason.EDITED,
    }


def test_drift_shows_through_the_reference_to_what_it_changes():
    live = as_live(family())
    live[key("template", "web")].body["size"] = "large"
    assert {change.key.kind: change.reason for change in plan(family(), live)} == {
        "template": Reason.DRIFTED,
        "group": Reason.DRIFTED,
    }


@pytest.mark.parametrize("tampered", [False, True])
def test_a_reference_to_another_thing_is_an_edit(tampered):
    """What is named by its content has another name after an edit, and drift beside that is still drift."""
    live = as_live(family(), link="projects/p/global/instanceTemplates/web")
    for item in live.values():
        if item.key.kind == "group":
            item.body["template"] = "projects/p/global/instanceTemplates/web"
            item.body["grace"] = 60 if tampered else 300
    before = _linked("web")
    live = {found: live[found].signed(signed.mark) if signed.mark else live[found] for found, signed in before.items()}
    found = plan(_linking("web-2"), live)
    expected = {("web", "template"): Reason.EDITED, **({("web", "grace"): Reason.DRIFTED} if tampered else {})}
    assert {place: why for place, why in reasons(found).items() if why} == expected


def _linking(name):
    template, group, *policies = family()
    template = replace(template, key=key("template", name))
    return [template, replace(group, body={**group.body, "template": Ref(template.key, "link")}), *policies]


def _linked(name):
    """What was signed when the group referred to that template, by key."""
    return {item.key: item for item in sign(KINDS, _linking(name))}


def test_what_is_new_and_what_left_the_file_hide_no_drift():
    live = as_live(family())
    live[key("policy", "in", "web")].body["change"] = 9
    template, group, first, second, _ = family()
    more = Resource(key=key("policy", "more", "web"), body={"change": 2}, group="web", item="policies.more")
    found = {change.key.name: change for change in plan([template, group, first, second, more], live)}
    assert {name: (change.action, change.reason) for name, change in found.items() if change.key.kind == "policy"} == {
        "more": (Action.CREATE, Reason.NEW),
        "in": (Action.UPDATE, Reason.DRIFTED),
        "hold": (Action.DELETE, Reason.LEFT_FLEET),
    }


def test_what_was_both_edited_and_drifted_reads_as_edited():
    """Neither the file nor the cloud knows any more what was wanted; that is an edit, and so is all beside it."""
    live = as_live(family(out__change=5))
    live[key("policy", "out", "web")].body["change"] = 6
    assert {change.reason for change in plan(family(out__change=7), live)} == {Reason.EDITED}


def test_adopting_says_what_is_wanted_and_a_repair_writes_no_mark():
    live = {found: item.signed(None) for found, item in as_live(family()).items()}
    for change in plan(family(), live, adopt=True):
        live[change.key] = live[change.key].signed(change.wanted.mark)
    live[key("policy", "out", "web")].body["change"] = 9
    (change,) = plan(family(), live)
    assert (change.key.name, change.reason) == ("out", Reason.DRIFTED)


def test_many_differences_are_told_apart_by_the_thing_they_are_in():
    """More than can be tried leaf by leaf."""
    days = [{"name": f"d{number}", "min": 1} for number in range(12)]
    edited = [{"name": f"d{number}", "min": 2} for number in range(12)]
    live = as_live(family(web__profiles=days))
    live[key("policy", "out", "web")].body["change"] = 9
    found = {change.key.name: change.reason for change in plan(family(web__profiles=edited), live)}
    assert found == {"web": Reason.EDITED, "out": Reason.DRIFTED}


def test_a_mark_without_a_digest_tells_nothing():
    live = {found: item.signed(replace(MARK)) for found, item in as_live(family()).items()}
    live[key("policy", "out", "web")].body["change"] = 9
    assert {change.reason for change in plan(family(), live)} == {Reason.EDITED}
