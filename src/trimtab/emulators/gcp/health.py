"""Health checks of instances: when one is unhealthy, and when its group makes it anew."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.gcp.member import Member
from trimtab.emulators.gcp.world import CloudWorld


def unhealthy_from(world: CloudWorld, member: Member, check: str) -> datetime | None:
    """From when on an instance is unhealthy: it has failed a check often enough; `None` for one that passes."""
    since = world.failing.get(member.name)
    if since is None or member.running_since is None:
        return None
    body = world.resources.get(world.key(check), {})
    failures = int(body.get("unhealthyThreshold") or 2) * int(body.get("checkIntervalSec") or 5)
    return max(since, member.running_since) + timedelta(seconds=failures)


def health_state(world: CloudWorld, member: Member, check: str) -> str:
    """HEALTHY or UNHEALTHY; UNKNOWN while one that has never passed has not failed often enough."""
    due = unhealthy_from(world, member, check)
    if due is None:
        return "HEALTHY"
    if due <= world.now():
        return "UNHEALTHY"
    started_ill = member.running_since is not None and world.failing[member.name] < member.running_since
    return "UNKNOWN" if started_ill else "HEALTHY"


def is_ill_made(world: CloudWorld, member: Member) -> bool:
    """Whether what an instance is made of has one of the texts in it that make it fail its checks."""
    if not world.ailments:
        return False
    made_of = json.dumps(world.resources.get(world.key(member.template), {}))
    return any(text in made_of for text in world.ailments)


def healing_check(manager: Mapping[str, Any]) -> str:
    """The health check of a group's autohealing; empty where there is none."""
    policies = manager.get("autoHealingPolicies") or ()
    return str(policies[0].get("healthCheck") or "") if policies else ""


def heals_at(world: CloudWorld, member: Member, manager: Mapping[str, Any]) -> datetime | None:
    """When a group makes an instance anew because it is unhealthy, its initial delay over; `None` where it does not."""
    due = unhealthy_from(world, member, healing_check(manager)) if _is_healed(manager) else None
    if due is None or member.running_since is None:
        return None
    delay = int(manager["autoHealingPolicies"][0].get("initialDelaySec") or 0)
    return max(due, member.running_since + timedelta(seconds=delay))


def is_repaired(manager: Mapping[str, Any]) -> bool:
    """Whether a group makes anew what failed or was deleted by hand."""
    return bool(_lifecycle(manager).get("defaultActionOnFailure", "REPAIR") == "REPAIR")


def repairs_with_latest(manager: Mapping[str, Any]) -> bool:
    """Whether what is made anew gets the template of today, not the one that it had."""
    return bool(_lifecycle(manager).get("forceUpdateOnRepair") == "YES")


def _is_healed(manager: Mapping[str, Any]) -> bool:
    own = _lifecycle(manager).get("onFailedHealthCheck", "DEFAULT_ACTION")
    wanted = is_repaired(manager) if own == "DEFAULT_ACTION" else own == "REPAIR"
    return wanted and bool(healing_check(manager))


def _lifecycle(manager: Mapping[str, Any]) -> Mapping[str, Any]:
    return manager.get("instanceLifecyclePolicy") or {}
