"""What the tests of managed instance groups share: how the instances of a group are, and health checks."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from gcp_bench import PROJECT, ZONE, Gcp

MINUTE = timedelta(minutes=1)


def actions(gcp: Gcp, group: str) -> list[str]:
    """What the manager is doing to its instances, in order."""
    return sorted(str(one["currentAction"]) for one in gcp.members(group))


def templates(gcp: Gcp, group: str) -> list[str]:
    """The templates of the instances, in order."""
    return sorted(str(one["version"]["instanceTemplate"]).rsplit("/", 1)[-1] for one in gcp.members(group))


def zones(gcp: Gcp, group: str) -> dict[str, int]:
    """How many instances that stay are in each zone, by its letter."""
    staying = [one for one in gcp.members(group) if one["currentAction"] != "DELETING"]
    return dict(sorted(Counter(zone_of(one)[-1] for one in staying).items()))


def zone_of(managed: dict[str, Any]) -> str:
    """The zone of a managed instance."""
    return str(managed["instance"]).split("/zones/")[1].split("/")[0]


def numbers(gcp: Gcp, group: str) -> dict[str, str]:
    """The ids of the instances by their names."""
    return {str(one["name"]): str(one["id"]) for one in gcp.members(group)}


def states(gcp: Gcp, group: str) -> list[str]:
    """How the instances are by the health check of their group, in order."""
    return sorted(one["instanceHealth"][0]["detailedHealthState"] for one in gcp.members(group))


def among(names: Iterable[str], zone: str = ZONE) -> dict[str, list[str]]:
    """The body that names instances of a zone."""
    return {"instances": [f"zones/{zone}/instances/{name}" for name in names]}


def healing(gcp: Gcp, delay: int = 0, **check: Any) -> list[dict[str, Any]]:
    """The policy that heals by a health check `up`, which it makes."""
    body = {"name": "up", "type": "HTTP", "httpHealthCheck": {"port": 80}, **check}
    gcp.ask("POST", "global/healthChecks", body)
    return [{"healthCheck": "global/healthChecks/up", "initialDelaySec": delay}]


def errors_of(gcp: Gcp, name: str = "web") -> list[Any]:
    """What went wrong in a zonal group, newest first, by Google's own client."""
    asked = gcp.client("InstanceGroupManagers")
    return list(asked.list_errors(project=PROJECT, zone=ZONE, instance_group_manager=name))
