"""Who says how an instance of a group is."""

from trimtab.models import ScalingGroup


def has_probe(group: ScalingGroup) -> bool:
    """Whether something of the group's own asks each instance how it is: a health check, an extension."""
    return group.health_check.path is not None or group.health_check.port is not None


def asks_balancer(group: ScalingGroup) -> bool:
    """Whether the load balancer's health check or probe says how an instance is."""
    return group.health_check.by == "load-balancer" and not has_probe(group)
