"""What the rollout of a group asks for, and who does it."""

from collections.abc import Iterator, Mapping

from trimtab.declarations import declarations_of
from trimtab.declarations.find import load
from trimtab.declarations.rollouts import DRIVEN, SHARES, SHARES_IN_ONE, RolloutMeans, RolloutSupport
from trimtab.models import Rollout, ScalingGroup

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
        if rollout.strategy != "blue-green":
            yield "checkpoints", f"rollout.checkpoints.{index}.percent"
        if checkpoint.bake is not None:
            yield "checkpoints.bake", f"rollout.checkpoints.{index}.bake"
    if not rollout.skip_matching:
        yield "skip_matching: false", "rollout.skip_matching"
    for index, gate in enumerate(rollout.gates):
        yield f"gates: {gate.type}", f"rollout.gates.{index}"


def share_problems(group: ScalingGroup, provider: str) -> Iterator[tuple[str, str]]:
    """Paths of a blue-green rollout's checkpoints that no balancer of the group can keep to, and why."""
    rollout = group.rollout
    if rollout is None or rollout.strategy != "blue-green" or not rollout.checkpoints:
        return
    if not group.load_balancers:
        yield "rollout.checkpoints", "the group has no load balancer to share requests; give one, or leave this out"
    for index, balancer in enumerate(group.load_balancers):
        if balancer.haproxy is not None:  # trimtab itself sets the weights of its servers, by the mark of the run
            continue
        part = SHARES if balancer.alternate else SHARES_IN_ONE
        support = rollout_support(provider, part)
        if support.means is RolloutMeans.REFUSED:
            where = f"of the requests to `load_balancers.{index}`"
            yield "rollout.checkpoints", f"{provider} cannot shift shares {where}; {support.text}"


def idle_alternates(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """Paths of alternate pools of a group that no blue-green rollout moves between them, and what to say of it."""
    if group.rollout is not None and group.rollout.strategy == "blue-green":
        return
    for index, balancer in enumerate(group.load_balancers):
        if balancer.alternate:
            text = "only a blue-green rollout moves the group between pools; give `rollout: {strategy: blue-green}`"
            yield f"load_balancers.{index}.alternate", text


_IN_PLACE = ("max_unavailable", "max_surge", "min_healthy", "protected_instances", "standby_instances", "skip_matching")


def idle_in_pairs(rollout: Rollout) -> Iterator[tuple[str, str]]:
    """Paths of what a blue-green rollout has no use for, and what to say of it."""
    if rollout.strategy != "blue-green":
        return
    given = rollout.model_fields_set
    for name in _IN_PLACE:
        if name in given and getattr(rollout, name) is not None:
            yield f"rollout.{name}", "a blue-green rollout replaces no instance of a group: it makes a second group"
    if "keep" in given:
        text = "no template of the old group stays after its end; `abort` goes back while it lives (`end_after`)"
        yield "rollout.keep", text


def rollout_support(provider: str, part: str) -> RolloutSupport:
    """Who does a part of a rollout on a provider."""
    path = declarations_of(provider).rollouts
    own: Mapping[str, RolloutSupport] = load(path) if path else {}
    return own.get(part) or DRIVEN[part]
