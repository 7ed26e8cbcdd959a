"""All scenarios for a fleet, one after the other on one emulated cloud."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta

from trimtab.drills.accounts import names_of, stood_in, with_images, without_ids_elsewhere
from trimtab.drills.controlling import with_controller
from trimtab.drills.outcome import Drill
from trimtab.drills.results import DrillResult
from trimtab.drills.scenarios import SCENARIOS, Scenario
from trimtab.drills.stage import Stage, quiet_start
from trimtab.drills.staging import NAMES, StagedCloud, staged_cloud, staging_of
from trimtab.drills.subjects import WITHIN
from trimtab.emulators.shared.staging import NotStaged, connect_of
from trimtab.errors import ConfigError, InvalidArgument, PlanRefused
from trimtab.models import Fleet
from trimtab.models.base import format_duration
from trimtab.models.fleet import require_fleet
from trimtab.phrases import closest, in_words
from trimtab.runtime.arguments import check_list


def drill(
    fleet: Fleet, provider: str | None = None, *, only: Sequence[str] = (), boot: timedelta = timedelta(minutes=1)
) -> Drill:
    """
    What a fleet does when something fails, tried on the emulator of its cloud; no account, no network.

    The fleet is planned and applied to an empty account that has what it names, and is under a load at which its rules
    do nothing. Then one thing after the other goes wrong, each on a fresh account. What is judged is read through
    `Cloud` alone: sizes, activities, plans, explanations.

    Args:
        fleet: The fleet.
        provider: `memory`, `aws`, `azure` or `gcp`; that of `connect` in the fleet when left out.
        only: The scenarios, by name; all when left out.
        boot: How long an instance takes to run; below the 15 minutes in which groups are to be back.

    Raises:
        ConfigError: The fleet names no provider.
        InvalidArgument: There is no such scenario, or no group, or instances boot for too long.
        MissingExtra: The extra `emulators`, or that of the cloud, is not installed.
        PlanRefused: The plan of the fleet has problems.
        Unsupported: The provider has no emulator that comes with trimtab.
    """
    name = _provider(fleet, provider)
    scenarios = _chosen(only)
    if not timedelta(0) <= boot < WITHIN:
        text = f"boot={format_duration(boot)}: a drill expects groups back within {format_duration(WITHIN)}"
        raise InvalidArgument(f"{text}, too short for such instances; give 0s or more, and less than that")
    fleet = require_fleet(fleet).for_provider(name)
    if not fleet.groups:
        raise InvalidArgument(f"fleet {fleet.name!r} has no group, so there is nothing to drill; add one")
    with staged_cloud(fleet, name, boot) as staged:
        fleet, notes = _prepared(fleet, staged)
        results = [
            result
            for scenario in scenarios
            for at in scenario.starts(fleet)
            for result in _run(scenario, fleet, staged, at)
        ]
    return Drill(fleet=fleet.name, provider=name, results=merged(results), notes=tuple(notes))


def merged(results: Sequence[DrillResult]) -> tuple[DrillResult, ...]:
    """One result of each scenario and group, in order: what was run several times is held where it held each time."""
    found: dict[tuple[str, str], DrillResult] = {}
    for each in results:
        before = found.get((each.scenario, each.group))
        if before is not None:
            told = tuple(dict.fromkeys([*before.told, *each.told]))
            checks = (*before.checks, *each.checks)
            each = replace(each, checks=checks, told=told, reason="" if checks else each.reason)
        found[each.scenario, each.group] = each
    return tuple(found.values())


def _provider(fleet: Fleet, given: str | None) -> str:
    name = given or fleet.connect.provider
    if not name:
        text = f"fleet {fleet.name!r} names no provider; add `connect: {{provider: ...}}` to it"
        raise ConfigError([f"{text}, or choose one ({', '.join(NAMES)})"])
    staging_of(name)
    return name


def _chosen(only: Sequence[str]) -> Sequence[Scenario]:
    check_list("only", only)
    known = {each.name: each for each in SCENARIOS}
    if unknown := [name for name in only if name not in known]:
        close = closest(unknown[0], known)
        fix = f"did you mean {close!r}?" if close else f"use {', '.join(known)}"
        raise InvalidArgument(f"unknown scenario {unknown[0]!r}; {fix}")
    return [each for each in SCENARIOS if each.name in only] or SCENARIOS


def _prepared(fleet: Fleet, staged: StagedCloud) -> tuple[Fleet, list[str]]:
    """The fleet as an emulated account can have it, and what stands in for something."""
    given, fleet = fleet, stood_in(fleet, staged.naming, connect_of(fleet, staged.provider))
    notes = [] if fleet == given else ["ids of the account are names of what the emulator has in their place"]
    names = without_ids_elsewhere(names_of(fleet, staged.naming))
    cloud = staged.begin(quiet_start(fleet), names)
    plan = cloud.plan(fleet)
    missing = [each.group for each in plan.problems if each.text.startswith("template.image:")]
    if missing:
        fleet = with_images(fleet, missing)
        notes.append(f"ubuntu-22.04 stands in for the image of {in_words(missing)}, which the emulator has not")
        plan = cloud.plan(fleet)
    if plan.problems or plan.unknown:
        wrong = [str(each) for each in (*plan.problems, *plan.unknown)]
        raise PlanRefused(f"the plan on the emulated account is refused: {'; '.join(wrong)}")
    return fleet, notes


def _run(scenario: Scenario, fleet: Fleet, staged: StagedCloud, at: datetime) -> Iterator[DrillResult]:
    names = without_ids_elsewhere(names_of(fleet, staged.naming))
    stage = Stage.begun(fleet, staged, names, at)
    done: set[str] = set()
    try:
        with with_controller(stage) if scenario.has_controller else nullcontext():
            for result in scenario.run(stage):
                done.add(result.group)
                yield result
    except NotStaged as error:
        missing = [group.name for group in fleet.groups if group.name not in done]
        yield from (DrillResult(scenario=scenario.name, group=name, reason=str(error)) for name in missing)
