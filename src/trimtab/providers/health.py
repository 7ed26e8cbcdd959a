"""Who says how an instance of a group is."""

from collections.abc import Iterator
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


def idle_fields(check: HealthCheck, *, probed: bool) -> Iterator[tuple[str, str]]:
    """Paths of what says how a check asks where that changes nothing, and what to say of it."""
    if probed:
        yield "health_check.by", "the instances are asked at `health_check.path` and `port`"
    if check.path is None:
        use = "a port alone is asked over tcp" if check.protocol == "tcp" else "it is how `health_check.path` is asked"
        yield "health_check.protocol", f"{use}; {'leave it out' if check.protocol == 'tcp' else 'give that'}"
        yield "health_check.host", "it is the host that `health_check.path` is asked of; give that"
    for name in () if probed else ("interval", "timeout", "healthy_threshold", "unhealthy_threshold"):
        yield f"health_check.{name}", "no check of the group's own runs; give `health_check.path` or `port`"
