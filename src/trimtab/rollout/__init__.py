"""Rollouts: a new template reaches every instance of a group, or goes back by itself."""

from trimtab.rollout.results import GroupRollout, Rolled, RolloutFailed, RolloutOutcome, exit_code
from trimtab.rollout.rollouts import Rollouts

__all__ = ["GroupRollout", "Rolled", "RolloutFailed", "RolloutOutcome", "Rollouts", "exit_code"]
