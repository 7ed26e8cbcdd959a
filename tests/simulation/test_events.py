"""
Held against a simulation of another kind: every request by itself, on a heap of events, written apart.

It shares no code with what it is held against: requests come at random moments, each is served by one of the servers
for a random time, and waits in line where none is free.
"""

import heapq
import random

import pytest

import trimtab as tt
from tests.conftest import make_group
from tests.laws import IS_EXHAUSTIVE
from trimtab.simulation.queueing import response_mean, response_percentile, waiting_share

REQUESTS = 400_000 if IS_EXHAUSTIVE else 60_000


def responses(rate, servers, service_rate, number, seed):
    """The response times of requests, and the share that waited."""
    chance = random.Random(seed)
    free = [0.0] * servers
    now, found, waited = 0.0, [], 0
    for _ in range(number):
        now += chance.expovariate(rate)
        at = max(now, heapq.heappop(free))
        waited += at > now
        done = at + chance.expovariate(service_rate)
        heapq.heappush(free, done)
        found.append(done - now)
    return found[number // 10 :], waited / number


@pytest.mark.parametrize(("rate", "servers", "service_rate"), [(50, 64, 1), (8, 10, 1), (3, 4, 1), (20, 3, 10)])
def test_response_times_are_those_of_requests_one_by_one(rate, servers, service_rate):
    found, waited = responses(rate, servers, service_rate, REQUESTS, seed=1)
    found.sort()
    assert waited == pytest.approx(waiting_share(rate / service_rate, servers), abs=0.02)
    assert sum(found) / len(found) == pytest.approx(response_mean(rate, servers, service_rate), rel=0.04)
    for percent in (50, 95):
        measured = found[int(len(found) * percent / 100)]
        assert measured == pytest.approx(response_percentile(rate, servers, service_rate, percent), rel=0.05)


def fluid_by_second(rates, sizes, capacity, patience):
    """Served, lost and waiting by steps of a second, summed up to minutes; for loads that do not change in a minute."""
    rows, waiting = [], 0.0
    for rate, size in zip(rates, sizes, strict=True):
        served = 0.0
        for _ in range(60):
            waiting += rate
            done = min(waiting, size * capacity)
            waiting -= done
            served += done
        kept = min(waiting, patience * size * capacity)
        rows.append((served / 60, (waiting - kept) / 60, kept))
        waiting = kept
    return rows


def test_the_backlog_is_that_of_small_steps():
    pytest.importorskip("numpy", reason="a simulation needs numpy (extra `sim`)")
    chance = random.Random(5)
    rates = [chance.choice([0, 5, 15, 25, 30, 60]) for _ in range(200)]
    load = tt.Load.steps([(tt.minutes(1), rate) for rate in rates])
    group = make_group(capacity=3, policies={}, alarms={}, schedules={})
    run = tt.simulate(group, load, model=tt.FleetModel(capacity=10, patience=tt.minutes(2)))
    rows = fluid_by_second(rates, [3] * len(rates), 10, 120)
    for name, column in zip(("served", "lost", "backlog"), zip(*rows, strict=True), strict=True):
        assert getattr(run, name) == pytest.approx(column, abs=1e-6), name


class Machine:
    """A group with one rule, second by second: another program of the same story, with target tracking of EC2."""

    def __init__(self, target, least, most, capacity, boot):
        self.target, self.least, self.most, self.capacity, self.boot = target, least, most, capacity, boot
        self.ready = [-(10**6)] * least
        self.cpu, self.sizes = [], []

    def run(self, rates, patience):
        waiting = 0.0
        for minute, rate in enumerate(rates):
            self.decide(minute * 60)
            can = served = 0.0
            for second in range(minute * 60, minute * 60 + 60):
                able = sum(at <= second for at in self.ready) * self.capacity
                can += able
                waiting += rate
                done = min(waiting, able)
                waiting -= done
                served += done
            waiting = min(waiting, patience * can / 60)
            self.cpu.append(100 * served / can)
            self.sizes.append(len(self.ready))
        return self.sizes

    def decide(self, now):
        size = len(self.ready)
        want, serving = size, sum(at <= now - 300 for at in self.ready)
        warming = sum(now - 300 < at <= now for at in self.ready)
        if len(self.cpu) >= 3 and min(self.cpu[-3:]) > self.target:
            in_service = sum(at <= now for at in self.ready)
            want = max(size, -int(-((in_service - warming) * self.cpu[-1] / self.target) // 1))
        elif len(self.cpu) >= 15 and max(self.cpu[-15:]) < 0.9 * self.target and not warming and serving:
            want = min(size, -int(-(size * self.cpu[-1] / self.target) // 1))
        want = max(self.least, min(self.most, want))
        self.ready += [now + self.boot] * (want - size)
        del self.ready[want:]


@pytest.mark.parametrize("seed", range(5))
def test_sizes_are_those_of_another_program_of_the_same_story(seed):
    pytest.importorskip("numpy", reason="a simulation needs numpy (extra `sim`)")
    chance = random.Random(seed)
    levels = [(chance.randint(10, 60), chance.choice([3.3, 11.7, 23.1, 41.9])) for _ in range(10)]
    load = tt.Load.steps([(tt.minutes(length), rate) for length, rate in levels])
    policy = {"hold": {"type": "target-tracking", "metric": "cpu", "target": 60}}
    group = make_group(capacity={"min": 1, "max": 12}, policies=policy, alarms={}, schedules={}, warm_up="5m")
    model = tt.FleetModel(capacity=10, boot=tt.minutes(3), patience=tt.minutes(1))
    run = tt.simulate(group, load, preset="ec2", model=model)
    assert run.wanted.tolist() == Machine(60, 1, 12, 10, 180).run(load.per_minute(), 60)
    assert len(run.decisions) > 5
