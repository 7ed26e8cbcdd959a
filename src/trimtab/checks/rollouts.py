"""TT8xx: rollouts that nothing looks at, that cannot move, or that stop themselves."""

from collections.abc import Iterator
from datetime import timedelta

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject
from trimtab.models import AlarmGate, BalancerGate, Comparison, Rollout
from trimtab.models.base import format_duration

_BELOW = frozenset({Comparison.BELOW, Comparison.AT_MOST})
_IDLE = frozenset({"cpu", "network-in", "network-out", "requests-per-instance"})
"""Metrics that are low on an instance that has just started."""


def find_unwatched(subject: Subject) -> Iterator[Remark]:
    """Rollouts without gates, in groups whose health check only asks whether the machine runs."""
    group, rollout = subject.group, subject.group.rollout
    if rollout is None or rollout.gates:
        return
    if group.health_check.by == "instance" and group.health_check.path is None and group.health_check.port is None:
        text = "a new version reaches every instance as soon as the machines run, whether or not it works"
        yield Remark("rollout", text, "add a gate, such as `gates: [{type: http, path: /health}]`")


def find_stuck(subject: Subject) -> Iterator[Remark]:
    """Rollouts that need as many healthy instances as there are, and may add none."""
    rollout, capacity = subject.group.rollout, subject.group.capacity
    if rollout is None or rollout.strategy == "blue-green" or rollout.min_healthy is None or rollout.max_surge:
        return
    for size, when in ((capacity.max, "ever"), (capacity.min, f"while the group has its minimum, {capacity.min}")):
        if size and _share(rollout.min_healthy, size) >= size:
            text = f"all {size} instances are to be healthy and none may be added, so that none can be replaced {when}"
            yield Remark("rollout.min_healthy", text, "lower it, or allow `max_surge: 1`")
            return


def _share(share: int | str, size: int) -> int:
    return share if isinstance(share, int) else -(-int(share.rstrip("%")) * size // 100)


def find_self_stopping(subject: Subject) -> Iterator[Remark]:
    """Gates on alarms that new instances set off by being new."""
    rollout = subject.group.rollout
    alarms = {alarm.name: alarm for alarm in subject.group.alarms}
    for index, gate in enumerate(rollout.gates if rollout else ()):
        for name in gate.alarms if isinstance(gate, AlarmGate) else ():
            alarm = alarms.get(name)
            if alarm is not None and alarm.comparison in _BELOW and alarm.metric.name in _IDLE:
                text = f"alarm {name!r} fires while {alarm.metric.name} is low, as it is on instances that just started"
                mend = "name an alarm that tells of errors or of latency"
                yield Remark(f"rollout.gates.{index}.alarms", text, mend)


def find_no_way_back(subject: Subject) -> Iterator[Remark]:
    """Rollouts whose last checkpoint is all that is looked at: everything is new before anything is judged."""
    rollout = subject.group.rollout
    if rollout is None or rollout.strategy != "rolling" or rollout.checkpoints or rollout.bake is not None:
        return
    if rollout.gates and _judges_late(rollout) and subject.group.capacity.max > 1:
        text = "its gates are asked once every instance is new; what they find then has reached all users"
        yield Remark("rollout", text, "add a checkpoint, such as `checkpoints: [{percent: 10, bake: 5m}]`")


def _judges_late(rollout: Rollout) -> bool:
    return any(gate.type in ("http", "command", "metric", "alarm") for gate in rollout.gates)


def find_no_balancer(subject: Subject) -> Iterator[Remark]:
    """Gates that ask load balancers in groups that are in none: they hold whatever happens."""
    group, rollout = subject.group, subject.group.rollout
    if rollout is None or group.cloud_balancers:
        return
    for index, gate in enumerate(rollout.gates):
        if isinstance(gate, BalancerGate):
            text = "the group has no `load_balancers`, so that this gate always holds and looks at nothing"
            yield Remark(f"rollout.gates.{index}", text, "give the group its load balancers, or ask `type: http`")


def find_short_deadline(subject: Subject) -> Iterator[Remark]:
    """Rollouts whose bakes last as long as their deadline, or longer."""
    rollout = subject.group.rollout
    if rollout is None or rollout.deadline is None:
        return
    bakes = sum((each.bake or timedelta(0) for each in rollout.steps), rollout.bake or timedelta(0))
    if bakes >= rollout.deadline:
        text = (
            f"its bakes take {format_duration(bakes)} together and the deadline is {format_duration(rollout.deadline)},"
            " so that it fails before it can end"
        )
        yield Remark("rollout.deadline", text, "allow more time than all bakes and the way between them take")
