"""What has lost its mark is ours where something with our mark is tied to it, and nobody's otherwise."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

import trimtab as tt
from tests.conftest import make_group
from trimtab.plan import Action, Field, Key, Kind, Live, Mark, MarkPlace, Reason, Ref, Resource, Secret, make_plan
from trimtab.plan.holding import hold_templates

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
TEMPLATE = Kind(
    name="template",
    label="template",
    rank=0,
    mark=MarkPlace.TAGS,
    fields=(Field(path="size"), Field(path="script", write_only=True, immutable=True)),
)
GROUP = Kind(
    name="group",
    label="group",
    rank=1,
    mark=MarkPlace.TAGS,
    fields=(Field(path="min"), Field(path="template.id"), Field(path="template.name")),
    names={"template.name": "template"},
    holds_instances=True,
)
POLICY = Kind(
    name="policy", label="policy", rank=2, mark=MarkPlace.PARENT, parent="group", fields=(Field(path="change"),)
)
ALARM = Kind(
    name="alarm",
    label="alarm",
    rank=3,
    mark=MarkPlace.DESCRIPTION,
    fields=(Field(path="actions"), Field(path="threshold"), Field(path="dimensions")),
    sets=frozenset({"actions"}),
    maps={"dimensions": "name"},
    names={"dimensions[group].value": "group"},
)
KINDS = {kind.name: kind for kind in (TEMPLATE, GROUP, POLICY, ALARM)}
FLEET = tt.Fleet(name="shop", groups=[make_group("web")])
OURS, THEIRS = Mark("shop", "web"), Mark("other", "web")


def key(kind, name, parent=""):
    return Key("here", kind, name, parent)


T, G, P, A, N = (
    key("template", "shop-web"),
    key("group", "shop-web"),
    key("policy", "out", "shop-web"),
    key("alarm", "shop-web-hot"),
    key("alarm", "shop-web-told"),
)


def wanted():
    template = {"id": Ref(T, "id"), "name": "shop-web"}
    named = [{"name": "group", "value": "shop-web"}]
    return [
        Resource(key=T, body={"size": "small", "script": Secret("go")}, group="web", mark=OURS),
        Resource(key=G, body={"min": 2, "template": template}, group="web", mark=OURS),
        Resource(key=P, body={"change": 1}, group="web", item="policies.out"),
        Resource(key=A, body={"threshold": 70, "actions": [Ref(P, "arn")]}, group="web", mark=OURS),
        Resource(key=N, body={"threshold": 90, "actions": ["me"], "dimensions": named}, group="web", mark=OURS),
    ]


def live(lost=(), **bodies):
    found = {
        T: Resource(key=T, body={"size": "small"}, mark=OURS, attributes={"id": "/t/1"}),
        G: Resource(key=G, body={"min": 2, "template": {"id": "/t/1", "name": "shop-web"}}, mark=OURS),
        P: Resource(key=P, body={"change": 1}, attributes={"arn": "arn:/p/1"}),
        A: Resource(key=A, body={"threshold": 70, "actions": ["arn:/p/1"]}, mark=OURS),
        N: Resource(
            key=N,
            body={"threshold": 90, "actions": ["me"], "dimensions": [{"name": "group", "value": "shop-web"}]},
            mark=OURS,
        ),
    }
    kept = replace(OURS, kept={"script": "gone"})
    found[T] = found[T].signed(kept)
    return {one: item.signed(None) if one in lost else item for one, item in found.items()} | bodies


def plan(resources, found, kinds=KINDS):
    return make_plan(provider="test", kinds=kinds, fleet=FLEET, wanted=resources, live=Live(resources=found), now=NOW)


def test_what_is_left_of_a_mark_names_its_fleet():
    """The fleet alone is enough for what it wants; another fleet's is that fleet's, and nothing goes by half a mark."""
    part = live()[N].signed(Mark("shop", "", "0123", {"image": "kept"}))
    (healed,) = [each for each in plan(wanted(), {**live(), N: part}) if each.key == N]
    assert (healed.reason, healed.live.mark.kept) == (Reason.MARK_LOST, {"image": "kept"})
    found = plan(wanted(), {**live(), N: part.signed(Mark("other", ""))})
    assert N not in {each.key for each in found}
    assert "belongs to fleet 'other'" in str(found.problems[0])
    assert not plan([], {N: part}).changes


def test_a_mark_of_another_group_is_renewed():
    found = plan(wanted(), {**live(), N: live()[N].signed(Mark("shop", "api"))})
    assert [each.notes for each in found if each.key == N] == [("renews the mark",)]


@pytest.mark.parametrize("lost", [T, G, A, N], ids=lambda one: one.name)
def test_what_is_tied_to_what_bears_the_mark_gets_its_own_back(lost):
    found = plan(wanted(), live([lost]))
    assert not found.problems
    (healed,) = [change for change in found if change.reason is Reason.MARK_LOST]
    assert (healed.key, healed.action) == (lost, Action.UPDATE)
    assert healed.wanted.mark.fleet == "shop"


def test_what_is_tied_to_what_got_its_mark_back_gets_it_too():
    """The group is known by its template, and the alarm by a policy of the group."""
    found = plan(wanted(), live([G, A, N]))
    assert not found.problems
    assert {change.key for change in found if change.reason is Reason.MARK_LOST} == {G, A, N}


def test_what_has_changed_meanwhile_is_healed_in_the_same_change():
    overwritten = Resource(key=A, body={"threshold": 5, "actions": ["arn:/p/1"]})
    found = plan(wanted(), {**live(), A: overwritten})
    (healed,) = [change for change in found if change.key == A]
    assert (healed.reason, [one.path for one in healed.fields]) == (Reason.MARK_LOST, ["threshold"])


def test_what_the_lost_mark_knew_of_hidden_fields_replaces_nothing():
    """Nobody can say any more whether the script is the wanted one; a replacement would end instances for nothing."""
    (healed,) = [change for change in plan(wanted(), live([T])) if change.key == T]
    assert healed.action is Action.UPDATE


FOREIGN = {
    "acts on another policy": Resource(key=A, body={"threshold": 70, "actions": ["arn:/p/2"]}),
    "acts on nothing": Resource(key=A, body={"threshold": 70}),
    "bears another fleet's mark": Resource(key=A, body={"threshold": 70, "actions": ["arn:/p/1"]}, mark=THEIRS),
    "is of another group": Resource(
        key=N, body={"threshold": 90, "dimensions": [{"name": "group", "value": "prod/shop-web"}]}
    ),
}


@pytest.mark.parametrize("why", FOREIGN)
def test_what_is_not_tied_is_held_back_alone(why):
    theirs = FOREIGN[why]
    group = Resource(key=G, body={"min": 1, "template": {"id": "/t/1", "name": "shop-web"}}, mark=OURS)
    found = plan(wanted(), {**live(), G: group, theirs.key: theirs})
    (problem,) = found.problems
    assert problem.foreign
    assert theirs.key.name in problem.text
    assert theirs.key not in {change.key for change in found}
    assert G in {change.key for change in found}
    assert not found.is_refused


def test_what_nobody_asks_for_gets_no_mark():
    """An alarm that somebody made on a policy of ours is tied to it, but bears none of our names."""
    name = key("alarm", "by-hand")
    by_hand = Resource(key=name, body={"threshold": 5, "actions": ["arn:/p/1"]})
    assert name not in {change.key for change in plan(wanted(), {**live(), name: by_hand})}


def test_what_stands_in_the_place_of_ours_under_another_name_gets_no_mark():
    """It stands where ours would stand, under a name that somebody else gave it."""
    found = live([A])
    found[A] = replace(found[A], attributes={"alias": True})
    assert A not in {change.key for change in plan(wanted(), found) if change.reason is Reason.MARK_LOST}


def test_two_things_without_marks_do_not_vouch_for_each_other():
    found = plan(wanted(), live([T, G, A, N]))
    assert {problem.foreign for problem in found.problems} == {True}
    assert not found.changes
    assert found.is_refused


def test_what_refers_to_a_group_by_its_name_does_not_vouch_for_somebody_elses():
    """Ours was deleted, and somebody made another of its name; our alarm watches it all the same."""
    theirs = Resource(key=G, body={"min": 9, "template": {"id": "/t/9", "name": "theirs"}})
    found = plan(wanted(), {**live(), G: theirs})
    assert [problem.foreign for problem in found.problems] == [True]
    assert G not in {change.key for change in found}


def test_what_left_the_fleet_stays_until_its_successor_can_be_made():
    """An alarm that is called otherwise: its new name is somebody's, and the group keeps the old one until then."""
    old = key("alarm", "shop-web-warm")
    ours = Resource(key=old, body={"threshold": 70, "actions": ["arn:/p/1"]}, mark=OURS)
    theirs = Resource(key=A, body={"threshold": 9})
    found = plan(wanted(), {**live(), A: theirs, old: ours})
    assert not {A, old} & {change.key for change in found}
    assert any("shop-web-warm" in note.text and "stays until 'shop-web-hot'" in note.text for note in found.notes)
    without = {one: item for one, item in live().items() if one != A}
    changes = {change.key: change.action for change in plan(wanted(), {**without, old: ours})}
    assert (changes[A], changes[old]) == (Action.CREATE, Action.DELETE)


def test_a_group_that_is_called_otherwise_stays_with_all_its_parts():
    there = key("group", "shop-old")
    part = key("policy", "out", "shop-old")
    theirs = Resource(key=G, body={"min": 9})
    old = {there: Resource(key=there, body={"min": 2}, mark=OURS), part: Resource(key=part, body={"change": 1})}
    kept = {one: item for one, item in live().items() if one in (T, A, N)}
    found = plan(wanted(), {**kept, G: theirs, **old})
    assert not {there, part} & {change.key for change in found}


def test_what_is_named_by_its_content_vouches_for_nothing():
    """Anybody may launch from a template whose name tells what is in it."""
    assert G in {change.key for change in plan(wanted(), live([G]))}
    found = plan(wanted(), live([G]), KINDS | {"template": replace(TEMPLATE, content_addressed=True)})
    assert G not in {change.key for change in found}
    assert [note.foreign for note in found.problems] == [True]


def test_what_something_stands_on_goes_after_it():
    """What a group launches from once the group is gone, and what it has let go of once that is written."""
    changes = {change.key: change for change in plan([], live())}
    assert changes[T].action is Action.DELETE
    assert G in changes[T].after
    other = key("template", "shop-web-2")
    items = [replace(item, key=other) if item.key == T else item for item in wanted()]
    items[1] = replace(items[1], body={"min": 2, "template": {"id": Ref(other, "id"), "name": "shop-web-2"}})
    changes = {change.key: change for change in plan(items, live())}
    assert (changes[T].action, changes[G].action) == (Action.DELETE, Action.UPDATE)
    assert G in changes[T].after


def test_what_a_cloud_fills_in_is_compared_where_the_fleet_gives_it():
    kinds = KINDS | {"group": replace(GROUP, fields=(*GROUP.fields, Field(path="pace", server_default=True)))}
    found = live()
    found[T] = found[T].signed(OURS)
    found[G] = replace(found[G], body={**found[G].body, "pace": 7})
    assert "pace" not in plan(wanted(), found, kinds).to_text()
    items = wanted()
    items[1] = replace(items[1], body={**items[1].body, "pace": 8})
    assert "7 → 8" in plan(items, found, kinds).to_text()


@pytest.mark.parametrize(("mark", "held"), [(OURS, True), (None, True), (THEIRS, False)])
def test_a_rollout_holds_the_template_of_a_group_that_has_lost_its_mark(mark, held):
    kinds = KINDS | {
        "template": replace(TEMPLATE, is_template=True),
        "group": replace(GROUP, template=("template",)),
    }
    found = live()
    found[G] = found[G].signed(mark)
    kept, _ = hold_templates(kinds, wanted(), Live(resources=found), {"web"}, "shop")
    assert (T not in {item.key for item in kept}) is held
