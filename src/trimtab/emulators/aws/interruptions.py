"""Spot instances that are taken back, and the warnings before."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from trimtab.emulators.aws.health import find_member, replace_sick
from trimtab.emulators.aws.notices import put_event
from trimtab.emulators.aws.world import Phase, Region
from trimtab.emulators.shared.errors import ServiceError

INTERRUPTION, REBALANCE = "EC2 Spot Instance Interruption Warning", "EC2 Instance Rebalance Recommendation"
WARNING = timedelta(minutes=2)
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html"""
_BY_EC2 = "an instance was taken out of service in response to an EC2 health check indicating it has been terminated."


def notice(region: Region, body: Mapping[str, Any]) -> dict[str, Any]:
    """
    Warn of the interruption of an instance, which comes two minutes later, or recommend to rebalance.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
    """
    kind, instance = body.get("kind", "interruption"), str(body["instance"])
    if kind not in ("interruption", "rebalance"):
        raise ValueError(f"a notice is of the kind interruption or rebalance, not {kind!r}")
    try:
        find_member(region, instance)
    except ServiceError as error:
        raise ValueError(error.message) from None
    arn = region.arn("ec2", f"instance/{instance}")
    if kind == "rebalance":
        put_event(region, "aws.ec2", REBALANCE, {"instance-id": instance}, arn)
        return {"instance": instance, "kind": kind}
    put_event(region, "aws.ec2", INTERRUPTION, {"instance-id": instance, "instance-action": "terminate"}, arn)
    due = region.world.now() + WARNING
    region.world.at(due, (Phase.INSTANCES, instance), lambda: _interrupt(region, instance), lambda: True)
    return {"instance": instance, "kind": kind, "at": due.isoformat()}


def _interrupt(region: Region, instance: str) -> None:
    try:
        group, state = find_member(region, instance)
    except ServiceError:
        return  # it ended before
    state.health_status, state.sick_because = "Unhealthy", _BY_EC2
    replace_sick(group)
