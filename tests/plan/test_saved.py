"""A saved plan holds all that a reviewer saw: what was altered, or differs, is refused and named."""

import copy
import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.laws import examples
from trimtab.errors import StalePlan
from trimtab.models import Fleet
from trimtab.plan import Note, Plan, Secret, Unknown
from trimtab.plan.resource import full_digest
from trimtab.providers.memory.store import MemoryStore

pytestmark = pytest.mark.sweep

NOTE = Note("queues of others are not watched", "web")


def fleet(name: str = "shop", **more: Any) -> Fleet:
    group = {
        "capacity": {"min": 2, "max": 4},
        "template": {"image": "ami-1", "size": "t3.small", "user_data": "#!/bin/sh\necho hello"},
        "policies": {"out": {"change": 1}},
        **more,
    }
    return Fleet.model_validate({"name": name, "groups": {"web": group, "api": group}})


def made(name: str = "shop", **more: Any) -> Plan:
    clock = tt.ManualClock()
    with tt.connect("memory", store=MemoryStore(clock), clock=clock) as cloud:
        plan = cloud.plan(fleet(name, **more))
    return replace(plan, notes=(*plan.notes, NOTE))


PLAN = made()
SAVED: dict[str, Any] = json.loads(json.dumps(PLAN.to_saved()))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for name, item in value.items() for leaf in leaves(item, (*path, name))]
    if isinstance(value, list) and value:
        return [leaf for index, item in enumerate(value) for leaf in leaves(item, (*path, index))]
    return [path]


def altered(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The saved plan with another value at a path."""
    found: Any = copy.deepcopy(SAVED)
    inside = found
    for step in path[:-1]:
        inside = inside[step]
    if value is None:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return dict(found)


def signed(saved: dict[str, Any]) -> dict[str, Any]:
    """A saved plan whose digest was made to fit."""
    told = {name: value for name, value in saved.items() if name != "digest"}
    return {**told, "digest": full_digest(told)}


def test_the_same_plan_made_later_fits() -> None:
    later = replace(made(), made_at=PLAN.made_at + timedelta(days=1))
    tt.check_saved(later, SAVED)
    tt.check_saved(later, json.loads(json.dumps(later.to_saved())))


def test_the_digests_are_whole() -> None:
    assert len(SAVED["digest"]) == len(SAVED["fingerprint"]) == 64
    fields = [item for change in SAVED["changes"] for item in change["fields"]]
    assert {len(item[side]) for item in fields for side in ("old", "new")} == {64}
    quoted = json.dumps(["secret", hashlib.sha256(b"x").hexdigest()], separators=(",", ":"))
    assert full_digest(Secret("x")) == hashlib.sha256(quoted.encode()).hexdigest()


@given(st.sampled_from(leaves(SAVED)), st.sampled_from(["other", 7, None, [], {"a": 1}]))
@settings(max_examples=examples(300), deadline=None)
def test_whatever_is_altered_in_the_file_is_refused(path: tuple[Any, ...], value: Any) -> None:
    saved = altered(path, value)
    if saved == SAVED:
        return
    with pytest.raises(StalePlan, match=r"altered after it was saved|not a saved plan"):
        tt.check_saved(PLAN, saved)


COMPARED = {"provider", "fleet", "fingerprint", "summary", "changes", "notes", "problems", "unknown"}
LEFT_OUT = {"source", "instances_lost"}


@given(st.sampled_from(leaves(SAVED)), st.sampled_from(["other", 7, None, [], {"a": 1}]))
@settings(max_examples=examples(300), deadline=None)
def test_a_forger_who_makes_the_digest_fit_is_refused_too(path: tuple[Any, ...], value: Any) -> None:
    """But for what legitimately moves: the time, the file's lines, how many instances there are."""
    saved = signed(altered(path, value))
    if path[0] not in COMPARED or path[-1] in LEFT_OUT or signed(saved) == SAVED:
        return
    with pytest.raises(StalePlan, match="no longer fits"):
        tt.check_saved(PLAN, saved)


def test_what_differs_is_named() -> None:
    """Another cloud, fleet, size, script, text: each with what to do."""
    plans = {
        "provider 'memory' instead of 'aws'": replace(PLAN, provider="aws"),
        "fleet 'shop' instead of 'store'": replace(PLAN, fleet="store"),
        "create template shop-web (local): user_data": made(
            template={"image": "ami-1", "size": "t3.small", "user_data": "#!/bin/sh\necho hallo"}
        ),
        "create group shop-api (local): base.max, max": made(capacity={"min": 2, "max": 5}),
        "create policy shop-web out (local) is in the saved plan only": replace(
            PLAN, changes=tuple(one for one in PLAN.changes if one.key.kind != "policy")
        ),
        "notes: 'group web: queues of others are not watched' is in the saved plan only": replace(PLAN, notes=()),
        "notes: 'here is another' is not in the saved plan": replace(
            PLAN, notes=(*PLAN.notes, Note("here is another"))
        ),
        "unknown: 'group in x could not be read: y' is not in the saved plan": replace(
            PLAN, unknown=(Unknown("x", "group", "y"),)
        ),
    }
    for words, plan in plans.items():
        with pytest.raises(StalePlan) as caught:
            tt.check_saved(plan, SAVED)
        assert words in str(caught.value)
        assert "make a new plan with `trimtab plan --out FILE`" in str(caught.value)
        assert len(str(caught.value)) < 700


def test_a_problem_that_was_not_there_is_what_keeps_it_from_being_applied() -> None:
    """Such as a variable that is not set where it is applied: neither the file nor the cloud has changed."""
    with pytest.raises(StalePlan, match="cannot be carried out now: no; mend that, then apply it again"):
        tt.check_saved(replace(PLAN, problems=(Note("no"),)), SAVED)


def test_sizes_and_what_checks_say_of_the_cloud_may_move() -> None:
    held = Note("launch template 'a' stays while 3 instances run from it", "web")
    old = Note("3 of 4 instances run an older template", "web", code="TT602")
    saved = replace(PLAN, notes=(held, old)).to_saved()
    moved = Note("launch template 'a' stays while 1 instance run from it", "web")
    tt.check_saved(replace(PLAN, notes=(moved,)), saved)
    ended = tuple(replace(change, instances=9) for change in PLAN.changes)
    tt.check_saved(replace(PLAN, changes=ended, notes=(held,)), saved)


@pytest.mark.parametrize(
    "saved", [{}, {"trimtab_plan": 1}, {"trimtab_plan": 2, "digest": "x"}, {"trimtab_plan": 1, "digest": 5}]
)
def test_what_is_not_a_saved_plan_is_said(saved: dict[str, Any]) -> None:
    with pytest.raises(StalePlan, match="not a saved plan; make one"):
        tt.check_saved(PLAN, saved)


def test_nesting_without_end_is_refused() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(StalePlan, match="nested too deeply"):
        tt.check_saved(PLAN, {**SAVED, "notes": deep})


def test_nothing_can_be_added_to_what_was_saved() -> None:
    for name, more in (("notes", SAVED["notes"][:1]), ("changes", SAVED["changes"][:1]), ("changes", ["delete all"])):
        with pytest.raises(StalePlan, match="no longer fits"):
            tt.check_saved(PLAN, signed({**SAVED, name: [*SAVED[name], *more]}))
    with pytest.raises(StalePlan, match="was altered after it was saved"):
        tt.check_saved(PLAN, {**SAVED, "more": 1})
