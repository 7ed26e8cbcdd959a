"""
Leases, states and intents against a model of a few lines: whatever is asked in whatever order, both answer the same.

Holders' clocks differ by up to an hour and jump; each law of the tokens holds nevertheless.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.laws import examples
from tests.store.world import NOW, key, wipe
from trimtab.store.records import GroupKey, Intent, IntentStatus, Lease, SavedState, StaleWrite

GROUPS = [key("web"), key("api"), key("web", cloud="gcp")]
OWNERS = ["a", "b", "c"]
TTLS = [timedelta(seconds=30), timedelta(minutes=3)]


@dataclass
class Model:
    """What a store should answer."""

    leases: dict[GroupKey, Lease] = field(default_factory=dict)
    states: dict[GroupKey, SavedState] = field(default_factory=dict)
    intents: list[Intent] = field(default_factory=list)

    def acquire(self, keys, owner, now, ttl):
        taken = {}
        for each in keys:
            old = self.leases.get(each) or Lease(each, "", 0, NOW - timedelta(days=9999))
            is_free = not old.owner or old.expires <= now
            if is_free or old.owner == owner:
                taken[each] = Lease(each, owner, old.token + is_free, now + ttl)
        self.leases.update(taken)
        return taken

    def release(self, keys, owner):
        for each in keys:
            if each in self.leases and self.leases[each].owner == owner:
                self.leases[each] = replace(self.leases[each], owner="", expires=NOW - timedelta(days=9999))

    def holds(self, lease, now):
        old = self.leases[lease.key]
        return (old.owner, old.token) == (lease.owner, lease.token) and old.expires > now

    def save(self, states):
        refused = set()
        for each, (state, lease) in states.items():
            old = self.states.get(each, SavedState())
            newest = max(old.token, self.leases[each].token if each in self.leases else 0)
            if state.version != old.version + 1 or (lease and lease.token < newest):
                refused.add(each)
            else:
                token = max(old.token, lease.token if lease else state.token)
                self.states[each] = replace(state, token=token)
        return refused


keys = st.lists(st.sampled_from(GROUPS), max_size=3)
owners = st.sampled_from(OWNERS)


class Machine(RuleBasedStateMachine):
    def __init__(self, store):
        super().__init__()
        self.store = store
        wipe(store)
        self.model = Model()
        self.clocks = dict.fromkeys(OWNERS, NOW)
        self.leases = []
        self.newest = {}
        self.holders = {}

    @initialize(skews=st.lists(st.integers(-3600, 3600), min_size=3, max_size=3))
    def set_clocks(self, skews):
        for owner, skew in zip(OWNERS, skews, strict=True):
            self.clocks[owner] += timedelta(seconds=skew)

    @rule(owner=owners, seconds=st.sampled_from([-600, 10, 60, 240, 3600]))
    def let_time_pass_for(self, owner, seconds):
        self.clocks[owner] += timedelta(seconds=seconds)

    @rule(keys=keys, owner=owners, ttl=st.sampled_from(TTLS))
    def acquire(self, keys, owner, ttl):
        taken = self.store.acquire(keys, owner, self.clocks[owner], ttl)
        assert taken == self.model.acquire(keys, owner, self.clocks[owner], ttl)
        for each, lease in taken.items():
            assert lease.token >= self.newest.get(each, 0), "a token went down"
            assert self.holders.setdefault((each, lease.token), owner) == owner, "two holders of a token"
            self.newest[each] = lease.token
            self.leases.append(lease)

    @rule(keys=keys, owner=owners)
    def release(self, keys, owner):
        self.store.release(keys, owner)
        self.model.release(keys, owner)

    @rule(data=st.data(), owner=owners)
    def ask_who_holds(self, data, owner):
        if self.leases:
            lease = data.draw(st.sampled_from(self.leases))
            now = self.clocks[owner]
            assert self.store.holds(lease, now) == self.model.holds(lease, now)

    @rule(data=st.data(), keys=keys, ahead=st.sampled_from([1, 1, 1, 0, 2]), size=st.integers(0, 9))
    def save(self, data, keys, ahead, size):
        states = {}
        for each in keys:
            of_group = [lease for lease in self.leases if lease.key == each]
            lease = data.draw(st.none() | st.sampled_from(of_group)) if of_group else None
            version = self.model.states.get(each, SavedState()).version + ahead
            states[each] = SavedState(version, lease.token if lease else 0, {"size": size}), lease
        assert self.store.save(states) == self.model.save(states)

    @rule(data=st.data(), size=st.integers(0, 9))
    def open_intent(self, data, size):
        if not self.leases:
            return
        lease = data.draw(st.sampled_from(self.leases))
        intent = Intent(lease.key, lease.token, 0, size, NOW)
        if lease.token < self.model.leases[lease.key].token:
            with pytest.raises(StaleWrite):
                self.store.open_intent(intent, lease)
        else:
            self.model.intents.append(self.store.open_intent(intent, lease))

    @rule(data=st.data(), status=st.sampled_from([IntentStatus.DONE, IntentStatus.FAILED, IntentStatus.SUPERSEDED]))
    def close_intent(self, data, status):
        if self.model.intents:
            intent = data.draw(st.sampled_from(self.model.intents))
            self.store.close_intent(intent, status)
            self.model.intents.remove(intent)

    @rule()
    def prune(self):
        """Of what is asked here nothing is ever forgotten."""
        self.store.prune(NOW + timedelta(days=1))

    @rule()
    def compare(self):
        assert self.store.load(GROUPS) == {each: self.model.states.get(each, SavedState()) for each in GROUPS}
        found = self.store.open_intents(GROUPS)
        assert found == {
            each: of_group for each in GROUPS if (of_group := [one for one in self.model.intents if one.key == each])
        }

    def teardown(self):
        self.compare()


@pytest.mark.sweep
@pytest.mark.parametrize("kept_store", ["sqlite", "postgresql"], indirect=True)
def test_a_store_answers_as_its_model_does(store):
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    law = settings(max_examples=examples(), stateful_step_count=15, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(lambda: Machine(store), settings=law)
