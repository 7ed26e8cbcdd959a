"""What the rollout of a group asks for, and who does it."""

from collections.abc import Iterator, Mapping

from trimtab.declarations import declarations_of
from trimtab.declarations.find import load
from trimtab.declarations.rollouts import DRIVEN, RolloutSupport
from trimtab.models import Rollout

_WORDS = ("strategy", "protected_instances", "standby_instances", "on_failure")
_PLAIN = ("max_unavailable", "max_surge", "min_healthy", "bake", "batch_timeout", "deadline", "keep", "end_after")


def rollout_parts(rollout: Rollout) -> Iterator[tuple[str, str]]:
    """Each part of a rollout that is asked for, and the path of the field that asks for it."""
    given = rollout.model_fields_set
    for name in _WORDS:
        if name in given or name == "strategy":
            yield f"{name}: {getattr(rollout, name)}", f"rollout.{name}"
    for name in _PLAIN:
        if name in given and getattr(rollout, name) is not None:
            yield name, f"rollout.{name}"
    for index, checkpoint in enumerate(rollout.checkpoints):
        yield "checkpoints", f"rollout.checkpoints.{index}.percent"
        if checkpoint.bake is not None:
            yield "checkpoints.bake", f"rollout.checkpoints.{index}.bake"
    if not rollout.skip_matching:
        yield "skip_matching: false", "rollout.skip_matching"
    for index, gate in enumerate(rollout.gates):
        yield f"gates: {gate.type}", f"rollout.gates.{index}"


def rollout_support(provider: str, part: str) -> RolloutSupport:
    """Who does a part of a rollout on a provider."""
    path = declarations_of(provider).rollouts
    own: Mapping[str, RolloutSupport] = load(path) if path else {}
    return own.get(part) or DRIVEN[part]
