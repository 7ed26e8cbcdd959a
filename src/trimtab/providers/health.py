"""Who says how an instance of a group is."""

from typing import Literal

from trimtab.models import HealthCheck, ScalingGroup

HTTP_PORT, HTTPS_PORT = 80, 443
Protocol = Literal["http", "https", "tcp"]


def has_probe(group: ScalingGroup) -> bool:
    """Whether something of the group's own asks each instance how it is: a health check, an extension."""
    return group.health_check.path is not None or group.health_check.port is not None


def asks_balancer(group: ScalingGroup) -> bool:
    """Whether the load balancer's health check or probe says how an instance is."""
    return group.health_check.by == "load-balancer" and not has_probe(group)


def probe_protocol(check: HealthCheck) -> Protocol:
    """How a group's own check asks an instance."""
    if check.path is None:
        return "tcp"
    return check.protocol or implied_protocol(check.port)


def implied_protocol(port: int | None) -> Literal["http", "https"]:
    """How a path is asked at a port where the group does not say."""
    return "https" if port == HTTPS_PORT else "http"


def probe_port(check: HealthCheck) -> int:
    """The port at which a group's own check asks."""
    return check.port or (HTTPS_PORT if probe_protocol(check) == "https" else HTTP_PORT)
