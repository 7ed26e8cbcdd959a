"""How many calls Resource Manager says are left; they never run out by themselves."""

from collections.abc import Mapping
from datetime import timedelta

from trimtab.emulators.azure.calls import ArmRequest
from trimtab.emulators.azure.world import CloudWorld

_CALLS: Mapping[str, tuple[int, int]] = {
    "CreateVMScaleSet": (60, 300),
    "DeleteVMScaleSet": (80, 400),
    "DeleteVMScaleSetVM": (240, 1200),
    "GetOperation": (15000, 30000),
    "GetVMScaleSet": (400, 2600),
    "GetVMScaleSetVM": (1000, 5000),
    "HighCostGetVMScaleSet": (180, 900),
    "VMScaleSetActions": (240, 1200),
}
"""The calls of each kind in three minutes and in thirty."""
_SUBSCRIPTION = {"reads": 12000, "writes": 1200, "deletes": 15000}
_SHORT, _LONG = timedelta(minutes=3), timedelta(minutes=30)


def count(world: CloudWorld, request: ArmRequest) -> dict[str, str]:
    """The headers that say what is left after this call."""
    kind = "reads" if not request.is_write else "deletes" if request.method == "DELETE" else "writes"
    left = {f"x-ms-ratelimit-remaining-subscription-{kind}": str(_SUBSCRIPTION[kind] - 1)}
    bucket = request.route.bucket if request.route else ""
    if not bucket:
        return left
    now = world.now()
    used = [moment for moment in world.used.get(bucket, ()) if now - _LONG < moment <= now]
    used.append(now)
    world.used[bucket] = used
    short = sum(now - _SHORT < moment for moment in used)
    most_short, most_long = _CALLS[bucket]
    parts = [
        f"Microsoft.Compute/{bucket}3Min;{max(0, most_short - short)}",
        f"Microsoft.Compute/{bucket}30Min;{max(0, most_long - len(used))}",
    ]
    if request.is_write:
        parts.append("Microsoft.Compute/VmssQueuedVMOperations;0")
    return {**left, "x-ms-ratelimit-remaining-resource": ",".join(parts)}


def too_many(request: ArmRequest) -> str:
    """The sentence of a call too many."""
    bucket = (request.route.bucket if request.route else "") or "SubscriptionRequests"
    return (
        "The server rejected the request because too many requests have been received for this subscription: "
        f"{bucket}30Min."
    )
