"""Where a fleet's file gives what a problem of a plan is about; pure."""

from dataclasses import replace

from trimtab.models import Fleet
from trimtab.plan.changes import Note
from trimtab.plan.plan import Plan


def with_places(plan: Plan, fleet: Fleet) -> Plan:
    """The plan, its problems with file and line where the fleet came from a file."""
    return replace(plan, problems=tuple(_placed(problem, fleet) for problem in plan.problems))


def _placed(problem: Note, fleet: Fleet) -> Note:
    if problem.place is not None or not problem.group:
        return problem
    place = fleet.position(problem.group, problem.path)
    return problem if place is None else replace(problem, place=place)
