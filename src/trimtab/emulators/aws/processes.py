"""The processes of a group, suspended and resumed."""

from trimtab.emulators.aws.activities import stamp
from trimtab.emulators.aws.calls import Answer, Call, find_group
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.health import replace_sick

PROCESSES = (
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
)


def suspend_processes(call: Call) -> Answer:
    """A group in which some processes, or all, rest."""
    group = find_group(call)
    reason = f"User suspended at {stamp(call.world.now())}"
    for name in _wanted(call):
        if name not in group._suspended_processes:
            group._suspended_processes.append(name)
            group.suspended_since[name] = reason
    return None


def resume_processes(call: Call) -> Answer:
    """A group in which they go on; it catches up with its size."""
    group = find_group(call)
    wanted = _wanted(call)
    group._suspended_processes = [name for name in group._suspended_processes if name not in wanted]
    replace_sick(group)
    return None


def _wanted(call: Call) -> tuple[str, ...]:
    given = call.params.get("ScalingProcesses") or PROCESSES
    for name in given:
        if name not in PROCESSES:
            raise invalid(f"{name} is not a valid process type")
    return tuple(given)
