"""What a fleet refers to and a project knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from trimtab.providers.base import Facts
from trimtab.providers.gcp.ids import parse_link


class Service(NamedTuple):
    """A backend service: its link, its name, the port that it asks for by name, and who says how its members are."""

    link: str
    name: str
    port_name: str = "http"
    health_check: str = ""
    passes_through: bool = False
    """Whether it knows connections only, and no requests."""
    affinity: str = ""
    """What it keeps clients with an instance by; empty where it does not."""


class Attached(NamedTuple):
    """What a group is attached to."""

    services: Sequence[Service] = ()
    target_pools: Sequence[str] = ()
    ports: Mapping[str, int] = {}
    """The ports that backend services ask for by name."""

    @property
    def health_check(self) -> str:
        """The health check of the first backend service that has one."""
        return next((service.health_check for service in self.services if service.health_check), "")


class Known(NamedTuple):
    """An instance template that a group is made from already."""

    link: str
    name: str
    ours: bool
    body: Mapping[str, Any]
    """As a plan reads it; it stands for what is wanted where the group leaves its template to others."""


class Second(NamedTuple):
    """The group of Spot VMs beside the standard VMs of a group, as far as it is there."""

    is_there: bool
    main_size: int | None
    """The size that the group `main` has now; `None` where it is not there."""
    template: Known | None
    """What the group of Spot VMs is made from."""


def service_of(item: Mapping[str, Any]) -> Service:
    """A backend service as far as a group is concerned."""
    checks = item.get("healthChecks") or ()
    return Service(
        link=str(item.get("selfLink", "")),
        name=str(item["name"]),
        port_name=str(item.get("portName") or "http"),
        health_check=str(checks[0]) if checks else "",
        passes_through=_passes_through(item),
        affinity=affinity if (affinity := str(item.get("sessionAffinity") or "NONE")) != "NONE" else "",
    )


def _passes_through(service: Mapping[str, Any]) -> bool:
    """
    Whether a balancer hands packets on as they are: it knows connections only, and no requests.

    https://cloud.google.com/load-balancing/docs/backend-service#balancing-mode
    """
    return (
        parse_link(str(service.get("selfLink", ""))).scope.startswith("regions/")
        and service.get("loadBalancingScheme") in ("INTERNAL", "EXTERNAL")
        and service.get("protocol") in ("TCP", "UDP", "UNSPECIFIED", "ALL")
    )


@dataclass(frozen=True, kw_only=True)
class GcpFacts(Facts):
    """
    What a fleet refers to and a project knows, by the group's name.

    Attributes:
        attached: The backend services and target pools of each group.
        images: The link of the image of each group that names one by a match.
        kept: What was looked up when a group was created and is kept since.
        templates: The instance template that each group is made from now.
        seconds: The second native group of each group that has one, or is to have one.
    """

    attached: Mapping[str, Attached] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    templates: Mapping[str, Known] = field(default_factory=dict)
    seconds: Mapping[str, Second] = field(default_factory=dict)
