"""What a rollout does next, from its mark and the group alone."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import trimtab as tt
from trimtab.models.rollout import Checkpoint
from trimtab.providers.run import RolloutPhase, RolloutRun
from trimtab.rollout.deciding import GateVerdict, Turn, goals, held_up_by, overdue

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
RUN = RolloutRun(id="1", since=NOW, began=NOW - timedelta(hours=2), by="ben", old="1", new="2")


def test_a_checkpoint_is_reached_by_whole_instances_rounded_up():
    spec = tt.Rollout(checkpoints=[Checkpoint(percent=10), Checkpoint(percent=50)])
    group = SimpleNamespace(total=lambda limits: 7)
    assert goals(spec, group, None) == [1, 4, 7]


def test_a_deadline_counts_from_the_beginning_of_the_run():
    assert overdue(tt.Rollout(deadline="1h"), RUN, NOW) == "the deadline of 1h has passed"
    assert not overdue(tt.Rollout(deadline="3h"), RUN, NOW)


def test_a_verdict_that_is_final_fails_a_run_within_its_bake():
    fired = GateVerdict("alarm", holds=False, text="hot fires", is_final=True)
    move = held_up_by(tt.Rollout(), RUN, [fired], NOW, bake=timedelta(minutes=5), last=False)
    assert isinstance(move, Turn)
    assert move.run.phase is RolloutPhase.REVERTING
