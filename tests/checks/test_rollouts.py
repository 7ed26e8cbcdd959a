"""TT8xx: what is found about rollouts, and what is not."""

import pytest

HTTP = {"type": "http", "path": "/health"}


def alarms(*names):
    return {"rollout": {"gates": [HTTP, {"type": "alarm", "alarms": names}]}}


def test_tt801_finds_rollouts_that_nothing_looks_at(found):
    assert [one.path for one in found("TT801", rollout={"max_unavailable": 1})] == ["rollout"]


@pytest.mark.parametrize(
    "fields",
    [
        {"rollout": {"max_unavailable": 1, "gates": [HTTP]}},
        {"rollout": {"max_unavailable": 1}, "health_check": {"by": "load-balancer"}},
        {"rollout": {"max_unavailable": 1}, "health_check": {"path": "/up"}},
        {},
    ],
)
def test_tt801_lets_rollouts_be_that_are_looked_at(found, fields):
    assert not found("TT801", **fields)


@pytest.mark.parametrize(
    ("rollout", "when"),
    [
        ({"min_healthy": "100%"}, "replaced ever"),
        ({"min_healthy": 6}, "replaced ever"),
        ({"min_healthy": 2}, "while the group has its minimum, 2"),
    ],
)
def test_tt802_finds_rollouts_that_cannot_move(found, rollout, when):
    assert [when in one.text for one in found("TT802", rollout=rollout)] == [True]


@pytest.mark.parametrize(
    "rollout",
    [
        {"min_healthy": 1},
        {"min_healthy": "50%"},
        {"min_healthy": "100%", "max_surge": 1},
        {"min_healthy": "100%", "strategy": "blue-green"},
    ],
)
def test_tt802_lets_rollouts_be_that_have_room(found, rollout):
    assert not found("TT802", rollout=rollout)


def test_tt803_finds_alarms_that_new_instances_set_off(found):
    assert [one.path for one in found("TT803", **alarms("busy", "idle"))] == ["rollout.gates.1.alarms"]


def test_tt803_lets_other_alarms_be(found):
    assert not found("TT803", **alarms("busy", "somebody-elses"))


def test_tt805_finds_gates_on_balancers_that_are_not_there(found):
    rollout = {"gates": [HTTP, {"type": "balancer"}]}
    assert [one.path for one in found("TT805", rollout=rollout)] == ["rollout.gates.1"]


def test_tt805_lets_gates_be_whose_group_has_a_balancer(found):
    rollout = {"gates": [HTTP, {"type": "balancer"}]}
    assert not found("TT805", rollout=rollout, load_balancers=["front"])
    assert not found("TT805", rollout={"gates": [HTTP]})


BAKES = {"gates": [HTTP], "checkpoints": [{"percent": 10, "bake": "30m"}, 50], "bake": "30m"}


def test_tt806_finds_deadlines_that_bakes_alone_use_up(found):
    (one,) = found("TT806", rollout={**BAKES, "deadline": "1h"})
    assert (one.path, "take 1h together" in one.text) == ("rollout.deadline", True)


def test_tt806_lets_deadlines_be_that_leave_time(found):
    assert not found("TT806", rollout={**BAKES, "deadline": "61m"})
    assert not found("TT806", rollout=BAKES)


def test_tt804_finds_gates_that_are_asked_too_late(found):
    assert [one.path for one in found("TT804", rollout={"gates": [HTTP]})] == ["rollout"]


@pytest.mark.parametrize(
    "rollout",
    [
        {"gates": [HTTP], "checkpoints": [10]},
        {"gates": [HTTP], "bake": "5m"},
        {"gates": [{"type": "balancer"}]},
        {"gates": [HTTP], "strategy": "canary"},
    ],
)
def test_tt804_lets_gates_be_that_are_asked_in_time(found, rollout):
    assert not found("TT804", rollout=rollout)
