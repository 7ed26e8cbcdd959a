"""The size that a policy asks for when it is executed, worked out by the engine."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from trimtab.engine.limits import bound
from trimtab.engine.policies import adjust, bands, find_step, step_size
from trimtab.errors import InvalidRequest, Unsupported
from trimtab.models import Policy, SimplePolicy, StepPolicy

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
        text = f"policy {policy.name!r} has steps: say the metric's value and the threshold that it is held against"
        raise InvalidRequest(text, operation="execute policy")
    step = find_step(bands(policy.steps, threshold), value, above=value >= threshold)
    if step is None:
        raise InvalidRequest(f"policy {policy.name!r} has no step for {value:g}", operation="execute policy")
    return step_size(step, in_service=size, desired=size, minimum_change=policy.minimum_change)
