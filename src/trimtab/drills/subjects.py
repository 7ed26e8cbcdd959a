"""What the scenarios share: which groups one is about, when they are as before, and how a result is put together."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta

from trimtab.checks.policies import ways_of
from trimtab.checks.rule import Subject
from trimtab.drills.expectations import Sign
from trimtab.drills.results import DrillCheck, DrillResult
from trimtab.drills.stage import Stage
from trimtab.models import ScalingGroup
from trimtab.providers.base import GroupState, Instance
from trimtab.providers.rolling import is_ready

Results = Iterator[DrillResult]
MINUTE = timedelta(minutes=1)
BUSY = 3.0
"""By how much the load grows where a group is to be made larger."""
WITHIN = timedelta(minutes=15)
RETURN = timedelta(minutes=60)
TOO_FEW = frozenset({"shortage", "quota", "launches-fail", "not-enacted", "too few"})
ILL = frozenset({"unreachable", "unhealthy"})


def result_of(scenario: str, group: ScalingGroup, checks: Sequence[DrillCheck], signs: Sequence[Sign]) -> DrillResult:
    told = tuple(dict.fromkeys(str(sign) for sign in signs))
    return DrillResult(scenario=scenario, group=group.name, checks=tuple(checks), told=told)


def not_tried(scenario: str, group: ScalingGroup | None, reason: str) -> DrillResult:
    return DrillResult(scenario=scenario, group=group.name if group else "", reason=reason)


def is_about(codes: Collection[str]) -> Callable[[Sign], bool]:
    return lambda sign: sign.code in codes


def all_of(groups: Sequence[ScalingGroup], is_so: Callable[[ScalingGroup], bool]) -> Callable[[], bool]:
    return lambda: all(is_so(group) for group in groups)


def with_instances(stage: Stage, scenario: str) -> tuple[list[ScalingGroup], list[DrillResult]]:
    """The groups that have instances, and what is said of the others."""
    groups = [group for group in stage.fleet.groups if stage.size(group)]
    others = [not_tried(scenario, group, "none of its instances runs") for group in stage.fleet.groups]
    return groups, [each for each in others if each.group not in {group.name for group in groups}]


def asking_for_more(
    stage: Stage, scenario: str, groups: Sequence[ScalingGroup]
) -> tuple[list[ScalingGroup], list[DrillResult]]:
    """The groups that grow under a load, and what is said of the others."""
    kept, others = [], []
    for group in groups:
        out, _ = ways_of(Subject(stage.fleet, group, (stage.cloud.provider.name,)))
        if not out:
            others.append(not_tried(scenario, group, "nothing scales it out, so that it asks for no instance"))
        elif stage.size(group) >= stage.state(group).max:
            others.append(not_tried(scenario, group, "it is at its maximum, so that it asks for no instance"))
        else:
            kept.append(group)
    return kept, others


def larger_than(size: int) -> Callable[[GroupState], bool]:
    """Whether more run than that."""
    return lambda state: state.running > size


def is_replaced(stage: Stage, group: ScalingGroup, ill: Sequence[Instance]) -> Callable[[GroupState], bool]:
    """Whether as many run as before, and each that was ill has gone, or was seen ill and serves again, made anew."""
    wanted, numbers = stage.size(group), {each.id for each in ill}

    def is_replaced(state: GroupState) -> bool:
        still = {each.id for each in state.instances} & numbers
        seen = {
            each.id for reading in stage.readings[group.name] for each in reading.state.instances if not is_ready(each)
        }
        well = {each.id for each in state.instances if is_ready(each)}
        return state.running >= min(wanted, state.max) and still <= seen & well

    return is_replaced
