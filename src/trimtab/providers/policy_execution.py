"""
The size that a policy asks for when it is executed, worked out by the engine.

A cloud that cannot execute a policy on demand does not know what one does: a group's mark keeps it.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from trimtab.engine.limits import bound
from trimtab.engine.policies import adjust, bands, find_step, step_size
from trimtab.errors import InvalidRequest, NotFound, Unsupported
from trimtab.models import Policy, ScalingGroup, SimplePolicy, StepPolicy

_POLICY: TypeAdapter[Policy] = TypeAdapter(Policy)


def executed_size(
    body: Mapping[str, Any],
    size: int,
    low: int,
    high: int,
    *,
    value: float | None,
    threshold: float | None,
) -> int:
    """
    The size after a policy was acted on, inside the bounds.

    Raises:
        Unsupported: The policy watches its own metric.
        InvalidRequest: A step policy is not told the value and the threshold, or has no step there.
    """
    policy = _POLICY.validate_python(dict(body))
    if isinstance(policy, SimplePolicy):
        wanted = adjust(
            size,
            change=policy.change,
            percent=policy.percent,
            to=policy.to,
            minimum_change=policy.minimum_change,
        )
    elif isinstance(policy, StepPolicy):
        wanted = _stepped(policy, size, value, threshold)
    else:
        text = f"policy {policy.name!r} watches its own metric and cannot be executed; scale the group instead"
        raise Unsupported(text)
    return bound(wanted, low, high)


def _stepped(policy: StepPolicy, size: int, value: float | None, threshold: float | None) -> int:
    if value is None or threshold is None:
        text = f"policy {policy.name!r} is a step policy; give the metric's `value` and the `threshold` of its alarm"
        raise InvalidRequest(text, operation="execute policy")
    step = find_step(bands(policy.steps, threshold), value, above=value >= threshold)
    if step is None:
        raise InvalidRequest(f"policy {policy.name!r} has no step for {value:g}", operation="execute policy")
    return step_size(step, in_service=size, desired=size, minimum_change=policy.minimum_change)


# what simple policies do, kept in a mark


def amounts_of(group: ScalingGroup, *, between: str = " ", longest: int) -> dict[str, str]:
    """What a mark keeps of a group's simple policies: their names and what each does; nothing where it is too long."""
    simple = [policy for policy in group.policies if isinstance(policy, SimplePolicy)]
    text = between.join(f"{policy.name}={amount_text(policy)}" for policy in simple)
    return {"policies": text} if text and len(text) <= longest else {}


def amount_text(policy: SimplePolicy) -> str:
    """A policy's amount in one word: `change:1`, `percent:-50:2`, `to:4`."""
    word = next(word for word in ("change", "percent", "to") if getattr(policy, word) is not None)
    least = f":{policy.minimum_change}" if policy.minimum_change else ""
    return f"{word}:{getattr(policy, word)}{least}"


def find_amount(kept: Mapping[str, str], policy: str, *, between: str = " ") -> dict[str, Any] | None:
    """The policy of this name that a mark keeps, as a body; `None` when it keeps none."""
    known = dict(word.split("=", 1) for word in kept.get("policies", "").split(between) if "=" in word)
    if policy not in known:
        return None
    word, amount, *least = known[policy].split(":")
    return {"name": policy, word: int(amount), **({"minimum_change": int(least[0])} if least else {})}


def not_executable(group: str, policy: str, provider: str) -> NotFound:
    """The error of a policy whose amount a group's mark does not keep."""
    text = f"group {group!r} has no policy {policy!r} that can be executed"
    return NotFound(text, provider=provider, operation="execute")
