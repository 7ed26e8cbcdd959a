"""TT8xx: what is found about rollouts, and what is not."""

import pytest

HTTP = {"type": "http", "path": "/health"}


@pytest.mark.parametrize(
    ("rollout", "health", "is_found"),
    [
        ({"max_unavailable": 1}, {}, True),
        ({"max_unavailable": 1, "gates": [HTTP]}, {}, False),
        ({"max_unavailable": 1}, {"by": "load-balancer"}, False),
        ({"max_unavailable": 1}, {"path": "/up"}, False),
    ],
)
def test_tt801_finds_rollouts_that_nothing_looks_at(found, rollout, health, is_found):
    assert [one.path for one in found("TT801", rollout=rollout, health_check=health)] == ["rollout"] * is_found
    assert not found("TT801", health_check=health)


@pytest.mark.parametrize(
    ("rollout", "when"),
    [
        ({"min_healthy": "100%"}, "replaced ever"),
        ({"min_healthy": 6}, "replaced ever"),
        ({"min_healthy": 2}, "while the group has its minimum, 2"),
        ({"min_healthy": 1}, None),
        ({"min_healthy": "50%"}, None),
        ({"min_healthy": "100%", "max_surge": 1}, None),
        ({"min_healthy": "100%", "strategy": "blue-green"}, None),
    ],
)
def test_tt802_finds_rollouts_that_cannot_move(found, rollout, when):
    texts = [one.text for one in found("TT802", rollout=rollout)]
    assert [when in text for text in texts] == ([True] if when else [])


def test_tt803_finds_alarms_that_new_instances_set_off(found):
    def gates(*names):
        return {"rollout": {"gates": [HTTP, {"type": "alarm", "alarms": names}]}}

    assert [one.path for one in found("TT803", **gates("busy", "idle"))] == ["rollout.gates.1.alarms"]
    assert not found("TT803", **gates("busy", "somebody-elses"))


def test_tt804_finds_gates_that_are_asked_too_late(found):
    assert [one.path for one in found("TT804", rollout={"gates": [HTTP]})] == ["rollout"]
    assert not found("TT804", rollout={"gates": [HTTP], "checkpoints": [10]})
    assert not found("TT804", rollout={"gates": [HTTP], "bake": "5m"})
    assert not found("TT804", rollout={"gates": [{"type": "balancer"}]})
    assert not found("TT804", rollout={"gates": [HTTP], "strategy": "canary"})
