"""What a store answers, the same in memory, in a file of SQLite and on a PostgreSQL server."""

import dataclasses
import json
from datetime import timedelta, timezone

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.store.world import NOW, TTL, key, opened
from trimtab.errors import InvalidArgument, StoreUnavailable
from trimtab.store.history import LONGEST_ERROR, LONGEST_REASONS
from trimtab.store.records import (
    DecisionRecord,
    GroupKey,
    Intent,
    IntentStatus,
    Lease,
    RolloutRecord,
    SavedState,
    StaleWrite,
    Store,
    TickRecord,
)
from trimtab.store.rows import LONGEST_BODY

MINUTE = timedelta(minutes=1)
WEB, API = key("web"), key("api")


def test_it_has_what_the_protocol_asks_for(store):
    asked = {name for name in vars(Store) if not name.startswith("_")} | set(Store.__annotations__)
    assert len(asked) > 12
    assert asked <= {*vars(type(store)), *vars(store)}


def test_a_server_is_shared_and_a_file_is_not(store):
    assert store.is_shared == store.name.startswith("postgresql")


# leases


def test_a_lease_is_of_one_owner_until_it_expires(store):
    mine = store.acquire([WEB, API], "a", NOW, TTL)
    assert mine == {each: Lease(each, "a", 1, NOW + TTL) for each in (WEB, API)}
    assert store.acquire([WEB], "b", NOW + TTL - timedelta(microseconds=1), TTL) == {}
    theirs = store.acquire([WEB], "b", NOW + TTL, TTL)
    assert theirs[WEB].token == 2
    assert not store.holds(mine[WEB], NOW)
    assert store.holds(theirs[WEB], NOW + TTL)
    assert not store.holds(theirs[WEB], NOW + 2 * TTL)
    assert store.holds(mine[API], NOW)


def test_renewing_keeps_the_token(store):
    first = store.acquire([WEB], "a", NOW, TTL)[WEB]
    again = store.acquire([WEB], "a", NOW + MINUTE, TTL)[WEB]
    assert again == dataclasses.replace(first, expires=NOW + MINUTE + TTL)


def test_whoever_comes_back_after_the_end_has_a_new_token(store):
    """Two processes may go by the same name: what the one before still writes must be known to be stale."""
    store.acquire([WEB], "a", NOW, TTL)
    assert store.acquire([WEB], "a", NOW + TTL, TTL)[WEB].token == 2


def test_given_back_a_lease_is_free_and_its_token_stays(store):
    mine = store.acquire([WEB, API], "a", NOW, TTL)
    store.release([WEB, API], "b")
    assert store.holds(mine[WEB], NOW)
    store.release([WEB], "a")
    assert not store.holds(mine[WEB], NOW)
    assert store.acquire([WEB, API], "b", NOW, TTL) == {WEB: Lease(WEB, "b", 2, NOW + TTL)}


@pytest.mark.parametrize("other", [key(cloud="gcp"), key(location="eu"), key(fleet="bank"), key("Web"), key("web ")])
def test_each_part_of_a_key_counts(store, other):
    store.acquire([WEB], "a", NOW, TTL)
    assert other in store.acquire([WEB, other], "b", NOW, TTL)
    assert store.load([WEB, other]).keys() == {WEB, other}


def test_nothing_asked_is_nothing_done(store):
    assert store.acquire([], "a", NOW, TTL) == {}
    assert store.load([]) == {}
    assert store.save({}) == frozenset()
    assert store.open_intents([]) == {}
    store.release([], "a")
    store.add_decisions([])


# states


def test_a_state_is_saved_by_whoever_read_the_newest(store):
    assert store.load([WEB]) == {WEB: SavedState()}
    assert store.save({WEB: (SavedState(1, body={"size": 3}), None)}) == frozenset()
    assert store.save({WEB: (SavedState(1, body={"size": 4}), None), API: (SavedState(1), None)}) == {WEB}
    assert store.save({API: (SavedState(3), None)}) == {API}
    assert store.load([WEB, API]) == {WEB: SavedState(1, 0, {"size": 3}), API: SavedState(1)}


def test_what_a_lost_lease_saves_is_refused(store):
    old = store.acquire([WEB], "a", NOW, TTL)[WEB]
    assert store.save({WEB: (SavedState(1, old.token), old)}) == frozenset()
    new = store.acquire([WEB], "b", NOW + TTL, TTL)[WEB]
    assert store.save({WEB: (SavedState(2, old.token), old)}) == {WEB}
    assert store.save({WEB: (SavedState(2, new.token), new)}) == frozenset()
    assert store.load([WEB])[WEB] == SavedState(2, new.token)


def test_a_lease_that_the_store_never_gave_saves_nothing(store):
    """A store that was moved, or made anew, knows of no lease."""
    assert store.save({WEB: (SavedState(1), Lease(WEB, "a", 7, NOW + TTL))}) == {WEB}
    with pytest.raises(StaleWrite, match="the lease of a for the group web was lost"):
        store.open_intent(Intent(WEB, 7, 1, 2, NOW), Lease(WEB, "a", 7, NOW + TTL))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)


@pytest.mark.parametrize("kept_store", ["sqlite", "postgresql"], indirect=True)
@settings(
    max_examples=examples(),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=st.dictionaries(st.text(), JSON, max_size=4), name=NAMES)
def test_a_body_comes_back_as_it_was_saved(store, body, name):
    """Numbers, empty texts, NUL and lone surrogates in it too; and under any name."""
    group = GroupKey("aws", "", name, name)
    version = store.load([group])[group].version + 1
    assert store.save({group: (SavedState(version, body=body), None)}) == frozenset()
    found = store.load([group])[group].body
    assert json.dumps(found) == json.dumps(body)


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": {1, 2}}, {"x": "a" * LONGEST_BODY}, {"x": NOW}])
def test_what_is_no_json_or_too_much_is_refused_and_nothing_is_stored(store, body):
    with pytest.raises(InvalidArgument, match="the state of the group web"):
        store.save({API: (SavedState(1), None), WEB: (SavedState(1, body=body), None)})
    assert store.load([WEB, API]) == {WEB: SavedState(), API: SavedState()}


@pytest.mark.parametrize("name", ["a\0b", "a" * 2000, "\ud800"])
def test_a_name_that_no_database_keeps_is_refused(store, name):
    with pytest.raises(InvalidArgument):
        store.acquire([key(name)], "a", NOW, TTL)
    with pytest.raises(InvalidArgument):
        store.acquire([WEB], name, NOW, TTL)
    with pytest.raises(InvalidArgument):
        store.add_decisions([DecisionRecord(key=key(name), at=NOW, outcome="kept")])


def test_values_that_fit_no_column_are_refused(store):
    with pytest.raises(InvalidArgument, match="has no time zone"):
        store.add_decisions([DecisionRecord(key=WEB, at=NOW.replace(tzinfo=None), outcome="kept")])
    with pytest.raises(InvalidArgument):
        store.add_decisions([DecisionRecord(key=WEB, at=NOW, outcome="kept", size=2**70)])
    assert store.decisions() == []


# intents


def test_an_intent_is_open_until_it_is_closed(store):
    lease = store.acquire([WEB], "a", NOW, TTL)[WEB]
    first = store.open_intent(Intent(WEB, lease.token, 2, 3, NOW, body={"size": 3}), lease)
    second = store.open_intent(Intent(WEB, lease.token, 3, 4, NOW), lease)
    assert 0 < first.id < second.id
    assert store.open_intents([API, WEB]) == {WEB: [first, second]}
    store.close_intent(first, IntentStatus.DONE)
    store.close_intent(first, IntentStatus.FAILED)
    assert store.open_intents([WEB]) == {WEB: [second]}


def test_many_intents_are_closed_at_once_and_what_was_said_first_stands(store):
    lease = store.acquire([WEB], "a", NOW, TTL)[WEB]
    some = [store.open_intent(Intent(WEB, lease.token, 2, 3, NOW), lease) for _ in range(5)]
    store.close_intent(some[0], IntentStatus.FAILED)
    store.close_intents(some[:4], IntentStatus.DONE)
    store.close_intents([], IntentStatus.DONE)
    assert store.open_intents([WEB]) == {WEB: [some[4]]}


def test_an_intent_needs_the_newest_lease(store):
    old = store.acquire([WEB], "a", NOW, TTL)[WEB]
    store.acquire([WEB], "b", NOW + TTL, TTL)
    with pytest.raises(StaleWrite):
        store.open_intent(Intent(WEB, old.token, 2, 3, NOW), old)
    assert store.open_intents([WEB]) == {}


# history


def decision(group="web", minutes=0, **fields):
    return DecisionRecord(key=key(group), at=NOW + minutes * MINUTE, outcome=fields.pop("outcome", "kept"), **fields)


def test_decisions_come_back_as_they_were_added(store):
    whole = decision(
        previous=2, size=3, minimum=1, maximum=9, cloud_size=2, reasons=({"code": "alarm", "text": "cpu 90 %"},),
        error="no", shadow=True, candidate="new.yaml", outcome="shadow",
    )  # fmt: skip
    store.add_decisions([whole, decision("api", 1)])
    first, second = store.decisions()
    assert dataclasses.replace(first, id=0) == whole
    assert dataclasses.replace(second, id=0) == decision("api", 1)


def test_history_is_chosen_by_fleet_group_time_and_shadow(store):
    store.add_decisions([decision("web", minute, shadow=minute % 2 == 0) for minute in (3, 0, 1, 2)])
    store.add_decisions([decision("api", 1), DecisionRecord(key=key(fleet="bank"), at=NOW, outcome="kept")])

    def minutes(**chosen):
        return [(each.at - NOW) // MINUTE for each in store.decisions(**chosen)]

    assert minutes(fleet="shop", group="web") == [0, 1, 2, 3]
    assert minutes(fleet="bank") == [0]
    assert minutes(fleet="shop", group="web", since=NOW + MINUTE, until=NOW + 3 * MINUTE) == [1, 2]
    assert minutes(group="web", fleet="shop", shadow=True) == [0, 2]
    assert minutes(group="web", fleet="shop", limit=2) == [2, 3]
    assert minutes(limit=0) == []


def test_rollouts_come_back_as_they_were_added_and_are_pruned(store):
    def rollout(minutes, group="web", **fields):
        plain = {"outcome": "running", "phase": "baking", "step": 1, "steps": 2, "strategy": "canary", "by": "ana"}
        at = NOW + minutes * MINUTE
        return RolloutRecord(key=key(group), run="3f2a9c", at=at, began=NOW, **{**plain, **fields})

    held = rollout(1, gates=("gate health does not hold: i-1 unhealthy",), text="waits", ready=1, total=4, old="1")
    store.add_rollouts([rollout(0), held, rollout(2, "api", outcome="done")])
    first, second = store.rollouts(fleet="shop", group="web")
    assert dataclasses.replace(first, id=0) == rollout(0)
    assert dataclasses.replace(second, id=0) == held
    assert [each.key.group for each in store.rollouts(cloud="aws", limit=1)] == ["api"]
    assert store.prune_rollouts(NOW + MINUTE) == 1
    assert store.prune(NOW + 2 * MINUTE) == 1
    assert [each.at for each in store.rollouts(since=NOW)] == [NOW + 2 * MINUTE]


def test_times_are_the_same_in_every_zone(store):
    east = timezone(timedelta(hours=5, minutes=30))
    store.add_decisions([dataclasses.replace(decision(), at=NOW.astimezone(east))])
    (found,) = store.decisions(since=NOW.astimezone(east), until=(NOW + MINUTE).astimezone(east))
    assert (found.at, found.at.utcoffset()) == (NOW, timedelta(0))


def test_long_texts_of_a_decision_are_cut(store):
    reasons = [{"code": "alarm", "text": "x" * 1000}] * 100
    store.add_decisions([decision(error="bad\0\ud800 " + "e" * 10_000, reasons=reasons)])
    (found,) = store.decisions()
    assert found.error.startswith("bad\ufffd? eee")
    assert len(found.error) == LONGEST_ERROR
    assert 0 < len(json.dumps(found.reasons)) <= LONGEST_REASONS * 1.1
    assert found.reasons[0] == reasons[0]


def tick(minutes=0, **fields):
    fields = {"cloud": "aws", "fleet": "shop", "owner": "a", "groups": 2, "changed": 1, "errors": 0, **fields}
    return TickRecord(at=NOW + minutes * MINUTE, interval=MINUTE, lag=timedelta(microseconds=1234567), **fields)


def test_the_last_tick_is_the_newest_of_this_fleet_that_could_write(store):
    assert store.last_tick("shop", "aws") is None
    for each in (tick(2), tick(1), tick(3, shadow=True), tick(4, cloud="gcp"), tick(4, fleet="bank")):
        store.add_tick(each)
    assert store.last_tick("shop", "aws") == tick(2)


def test_the_ticks_of_a_fleet_are_read_in_order_and_within_a_time(store):
    for each in (tick(3), tick(1), tick(2, shadow=True), tick(2, cloud="gcp"), tick(2, fleet="bank")):
        store.add_tick(each)
    assert store.ticks("shop", "aws") == [tick(1), tick(2, shadow=True), tick(3)]
    assert store.ticks("shop", "aws", since=NOW + 2 * MINUTE, until=NOW + 3 * MINUTE) == [tick(2, shadow=True)]


def test_pruning_forgets_what_is_old_and_neither_open_intents_nor_tokens(store):
    lease = store.acquire([WEB], "a", NOW, TTL)[WEB]
    store.save({WEB: (SavedState(1), lease)})
    still_open = store.open_intent(Intent(WEB, 1, 2, 3, NOW), lease)
    store.close_intent(store.open_intent(Intent(WEB, 1, 2, 3, NOW), lease), IntentStatus.DONE)
    store.add_decisions([decision(minutes=0), decision(minutes=1), decision(minutes=2)])
    store.add_tick(tick(0))
    store.add_tick(tick(5))
    assert store.prune(NOW + 2 * MINUTE) == 4
    assert store.prune(NOW + 2 * MINUTE) == 0
    assert [each.at for each in store.decisions()] == [NOW + 2 * MINUTE]
    assert store.last_tick("shop", "aws") == tick(5)
    assert store.open_intents([WEB]) == {WEB: [still_open]}
    assert store.load([WEB])[WEB].version == 1
    assert store.acquire([WEB], "b", NOW + TTL, TTL)[WEB].token == 2


def test_one_pruning_is_bounded_and_the_next_goes_on(store, monkeypatch):
    monkeypatch.setattr("trimtab.store.history.MOST_PRUNED", 20)
    monkeypatch.setattr("trimtab.store.history._PRUNED_AT_ONCE", 10)
    store.add_decisions([decision(minutes=minute) for minute in range(25)])
    assert store.prune(NOW + 100 * MINUTE) == 20
    assert [each.at for each in store.decisions()] == [NOW + minute * MINUTE for minute in range(20, 25)]
    assert store.prune(NOW + 100 * MINUTE) == 5


# many


@pytest.fixture
def statements(store):
    """What is sent to the database, by its first words."""
    sent = []

    def note(connection, cursor, statement, parameters, context, executemany):
        sent.append(statement)

    sa.event.listen(store._database.engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(store._database.engine, "before_cursor_execute", note)


def test_a_thousand_groups_take_a_bounded_number_of_statements(store, statements):
    keys = [key(f"group-{number}") for number in range(1000)]
    leases = store.acquire(keys, "a", NOW, TTL)
    assert len(leases) == 1000
    # a beginning, five reads, a thousand rows made and read again, a thousand written
    assert len(statements) <= 16, statements
    counts = []
    for job in (
        lambda: store.acquire(keys, "a", NOW, TTL),
        lambda: store.load(keys),
        lambda: store.save({each: (SavedState(1, 1), leases[each]) for each in keys}),
        lambda: store.open_intents(keys),
        lambda: store.add_decisions([decision(f"group-{number}") for number in range(1000)]),
        lambda: store.decisions(fleet="shop"),
        lambda: store.prune(NOW + MINUTE),
        lambda: store.release(keys, "a"),
    ):
        statements.clear()
        job()
        counts.append(len(statements))
    most = [7, 6, 18, 6, 2, 2, 8, 7]
    assert all(count <= bound for count, bound in zip(counts, most, strict=True)), counts


def test_closed_it_says_so(lasting_url):
    with opened(lasting_url) as store:
        store.close()
        with pytest.raises(StoreUnavailable, match="was closed: open it again"):
            store.load([WEB])


def test_what_was_stored_is_there_for_the_next_who_opens(lasting_url):
    with opened(lasting_url) as store:
        lease = store.acquire([WEB], "a", NOW, TTL)[WEB]
        store.save({WEB: (SavedState(1, 1, {"size": 3}), lease)})
    with opened(lasting_url) as store:
        assert store.holds(lease, NOW)
        assert store.load([WEB]) == {WEB: SavedState(1, 1, {"size": 3})}


def test_a_share_of_the_leases_is_taken_and_the_rest_given_back(store):
    keys = [key(f"web-{number}") for number in range(6)]
    assert set(store.acquire(keys, "a", NOW, TTL)) == set(keys)
    first = store.acquire(keys, "a", NOW, TTL, most=3)
    assert {each.token for each in first.values()} == {1}
    second = store.acquire(keys, "b", NOW, TTL, most=3)
    assert set(first) | set(second) == set(keys)
    assert {each.token for each in second.values()} == {2}
    assert store.acquire(keys, "b", NOW, TTL, most=4) == second, "one's own go first, and nobody's else are taken"
    assert store.acquire(keys, "a", NOW, TTL, most=0) == {}


def test_controllers_that_have_ended_are_owners_no_longer(store):
    def tick(owner, minutes, groups=2, **more):
        at = NOW + minutes * timedelta(minutes=1)
        given = {"interval": timedelta(minutes=1), "changed": 0, "errors": 0, "groups": groups}
        store.add_tick(TickRecord(cloud="aws", fleet="shop", owner=owner, at=at, **given, **more))

    tick("old", -5)
    tick("ended", 0)
    tick("ended", 1, groups=0)
    tick("a", 0)
    tick("a", 1)
    tick("b", 1)
    tick("shadow", 1, shadow=True)
    assert store.owners("shop", "aws", NOW) == {"a", "b"}
    assert store.owners("shop", "gcp", NOW) == store.owners("other", "aws", NOW) == frozenset()
