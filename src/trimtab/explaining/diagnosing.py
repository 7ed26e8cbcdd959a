"""What is wrong with a group, each with evidence and a fix; pure but for the file that a fix is a diff of."""

from collections.abc import Callable, Iterator, Sequence

from trimtab.explaining.bounds import at_maximum, at_minimum, no_way_in, not_enacted
from trimtab.explaining.case import DiagnosisCase
from trimtab.explaining.instances import launches, unreachable
from trimtab.explaining.results import Diagnosis, DiagnosisCause
from trimtab.explaining.rules import flapping, schedules
from trimtab.explaining.standing import dead_controller, paused, silent, stopped

Find = Callable[[DiagnosisCase], Iterator[Diagnosis]]


def diagnose(case: DiagnosisCase) -> list[Diagnosis]:
    """
    What is wrong, the root first; what another cause explains is left out.

    A group that is paused is at its maximum because of that, and one without data keeps its size because of that.
    """
    result: list[Diagnosis] = []
    causes: set[DiagnosisCause] = set()
    for find, unless in FINDERS:
        explained = causes & unless
        if find is at_maximum and not case.is_short:  # what could not be made a while ago is made by now
            explained -= _FAILING
        if not explained:
            new = list(find(case))
            result += new
            causes |= {each.cause for each in new}
    return result


_IDLE = frozenset({DiagnosisCause.PAUSED, DiagnosisCause.STOPPED, DiagnosisCause.CONTROLLER})
_BLIND = _IDLE | {DiagnosisCause.NO_DATA}
_FAILING = frozenset({DiagnosisCause.QUOTA, DiagnosisCause.SHORTAGE, DiagnosisCause.IMAGE, DiagnosisCause.LAUNCHES})
FINDERS: Sequence[tuple[Find, frozenset[DiagnosisCause]]] = (
    (paused, frozenset()),
    (stopped, frozenset({DiagnosisCause.PAUSED})),
    (dead_controller, frozenset()),
    (silent, frozenset()),
    (launches, frozenset()),
    (unreachable, _FAILING),
    (schedules, frozenset()),
    (flapping, frozenset({DiagnosisCause.SCHEDULES, DiagnosisCause.UNREACHABLE})),
    (at_maximum, _BLIND | _FAILING | {DiagnosisCause.FLAPPING, DiagnosisCause.UNREACHABLE}),
    (at_minimum, _BLIND | {DiagnosisCause.SCHEDULES}),
    (no_way_in, _BLIND),
    (
        not_enacted,
        _BLIND | _FAILING | {DiagnosisCause.UNREACHABLE, DiagnosisCause.FLAPPING, DiagnosisCause.AT_MAXIMUM},
    ),
)
"""Each that finds something, and the causes that explain what it would find."""
