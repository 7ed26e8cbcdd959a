"""Makes a plan: reads, looks up, translates, and leaves alone what pauses, boosts and rollouts hold."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from trimtab.capabilities import ENACTS
from trimtab.declarations import declarations_of
from trimtab.errors import ProviderError
from trimtab.models import Fleet, ScalingGroup
from trimtab.phrases import in_words
from trimtab.plan import (
    MAIN,
    NAMED,
    PLANNED_ROLES,
    Action,
    Key,
    Kind,
    Live,
    Mark,
    MarkPlace,
    Note,
    Plan,
    PlanRequest,
    Resource,
    make_plan,
)
from trimtab.plan.changes import merged
from trimtab.plan.resource import whose
from trimtab.providers.base import Facts, GroupState, PoolChoice
from trimtab.providers.roles import Provider
from trimtab.providers.sizes import size_is_initial
from trimtab.runtime.pause import boost_notes, leave_boosted, leave_paused, pause_notes, with_ends

_GO_ON = {True: "start", False: "resume"}
"""The command by which a run goes on, whether it does so by itself or not."""


def made_plan(provider: Provider, request: PlanRequest, now: datetime) -> Plan:
    """
    The plan that was asked for: what is read, looked up and translated, held against each other.

    Args:
        provider: The vendor's code.
        request: What is wanted, and how.
        now: When it is made.
    """
    fleet, resources = request.fleet, provider.resources
    live = resources.read(fleet) if request.empty else resources.read_to_plan(fleet)
    left: list[Note] = []
    if any(item.mark is not None and NAMED in item.mark.kept for item in live.resources.values()):
        fleet, live, left = _with_found_names(provider, fleet, live)
        request = replace(request, fleet=fleet)
    pools = PoolChoice(fleet=fleet)
    if not request.empty and any(each.alternate for group in fleet.groups for each in group.load_balancers):
        pools = resources.choose_pools(fleet, live)
        fleet = pools.fleet
    planned = partial(
        make_plan,
        provider=provider.name,
        kinds=provider.kinds,
        now=now,
        prune=request.prune,
        adopt=request.adopt,
    )
    wanted_fleet = fleet.model_copy(update={"groups": ()}) if request.empty else fleet
    if not wanted_fleet.groups:
        plan = _spare_what_others_use(provider, planned(fleet=wanted_fleet, wanted=(), live=live))
        unmarked = _unmarked_notes(provider, fleet, live, plan)
        return replace(plan, notes=(*plan.notes, *left, *unmarked), request=request)
    rests = (*left, *pause_notes(live, fleet, now), *boost_notes(live, fleet, now))
    checked = (*_advice(provider, request, live), *_missing_alarms(provider, fleet))
    facts = resources.resolve(fleet, live, refresh=request.refresh)
    translation = resources.translate(fleet, facts, now)
    notes, wanted = (*translation.notes, *pools.notes), translation.resources
    problems = (*translation.problems, *pools.problems)
    if request.only is not None:
        wanted = tuple(item for item in wanted if item.group in request.only)
    inexact = [note for note in notes if note.approximation and request.strict]
    if problems or facts.problems or inexact:
        strict = [Note(f"not exactly so: {note.text}", note.group) for note in inexact]
        return Plan(
            provider=provider.name,
            fleet=fleet.name,
            made_at=now,
            notes=merged((*notes, *rests, *facts.notes, *checked)),
            problems=(*problems, *facts.problems, *strict),
            unknown=(*live.unknown, *pools.unknown, *facts.unknown),
            request=request,
        )
    kinds = provider.kinds
    plan = leave_to_rollouts(
        partial(planned, fleet=fleet, notes=merged((*notes, *rests, *facts.notes, *checked))),
        kinds,
        fleet,
        leave_boosted(kinds, leave_paused(kinds, fleet, wanted, live), live, now),
        replace(resources.complete(live, wanted), unknown=(*live.unknown, *pools.unknown, *facts.unknown)),
        adopt=request.adopt,
    )
    plan = _spare_what_others_use(provider, plan)
    in_the_way, refused = resources.hindrances(plan.changes)
    in_the_way = (
        *in_the_way,
        *_quota_notes(provider, fleet, facts, plan),
        *_shortage_notes(provider, fleet, plan, now),
        *_ended_fallbacks(provider, fleet, plan),
    )
    plan = replace(plan, notes=(*plan.notes, *in_the_way), problems=(*plan.problems, *refused), request=request)
    return with_ends(plan, live, now)


def _unmarked_notes(provider: Provider, fleet: Fleet, live: Live, plan: Plan) -> Iterator[Note]:
    """What stands under the names of a fleet that goes, and stays since nothing on it says that it is this fleet's."""
    groups = {fleet.native_name(group): group.name for group in fleet.groups}
    planned = {change.key for change in plan.changes}
    for key in sorted(live.resources.keys() - planned):
        kind, item = provider.kinds[key.kind], live.resources[key]
        owner = whose(item.mark, fleet.name)
        if owner == fleet.name or item.deleting or kind.mark is MarkPlace.PARENT:
            continue
        names = (name for name in groups.values() if key.name.startswith(f"{fleet.name}-{name}-"))
        if group := groups.get(key.name) or next(names, ""):
            text, fix = f"it has no mark of fleet {fleet.name!r}", "; if it is yours, adopt it, then destroy again"
            text = f"it belongs to fleet {owner!r}" if owner else text + fix
            yield Note(f"{kind.label} {key.name!r} stays: {text}", group)


def _spare_what_others_use(provider: Provider, plan: Plan) -> Plan:
    """The plan without deletions of what somebody else's things use; of other changes to such things a note."""
    touches = any(change.action is not Action.CREATE for change in plan.changes)
    users = provider.resources.users_elsewhere(plan.changes, plan.fleet) if touches else {}
    notes, kept = [], []
    for change in plan.changes:
        what = f"{provider.kinds[change.key.kind].label} {change.key.name!r}"
        if change.key not in users:
            kept.append(change)
        elif change.action is Action.DELETE:
            notes.append(Note(f"{what} stays: {users[change.key]}", change.group))
        else:
            kept.append(change)
            notes.append(Note(f"{what}: {users[change.key]}, and gets what this changes", change.group))
    return replace(plan, changes=tuple(kept), notes=(*plan.notes, *notes)) if notes else plan


def _with_found_names(provider: Provider, fleet: Fleet, live: Live) -> tuple[Fleet, Live, list[Note]]:
    """A fleet of which rollouts have named groups, what is read of it under those names, and what was left behind."""
    from trimtab.plan.naming import left_behind, with_found_names

    named = with_found_names(fleet, live.resources, provider.kinds)
    if named is fleet:
        return fleet, live, []
    left = left_behind(fleet, named, live.resources, provider.kinds)
    return named, provider.resources.read_to_plan(named), left


def _advice(provider: Provider, request: PlanRequest, live: Live) -> tuple[Note, ...]:
    from trimtab.checks.notes import advice  # only plans need the checks, and not everybody plans

    return advice(request.fleet, provider.name, live, provider.kinds, only=request.only)


def _quota_notes(provider: Provider, fleet: Fleet, facts: Facts, plan: Plan) -> tuple[Note, ...]:
    """What the quotas of the account do not allow; asked for only where a plan makes or changes something."""
    if not (plan.changes or plan.waiting):
        return ()
    from trimtab.providers.quotas import Account, quota_notes  # a plan that changes nothing asks for none

    resources = provider.resources
    account = Account(provider.name, provider.location, resources.quotas, provider.kinds, resources.surges_within)
    return tuple(quota_notes(account, fleet, facts.settled, plan.changes, plan.waiting))


def _shortage_notes(provider: Provider, fleet: Fleet, plan: Plan, now: datetime) -> Iterator[Note]:
    """What the cloud has none of, for groups that the plan changes and of which instances are missing."""
    kinds = {name for name, kind in provider.kinds.items() if kind.holds_instances}
    changed = [
        (change.group, change.key)
        for change in plan.changes
        if change.key.kind in kinds and change.action in (Action.UPDATE, Action.REPLACE)
    ]
    if not changed:
        return
    from trimtab.runtime.status import shortages_of

    places = {(key.location, key.name): group for group, key in changed}
    told: set[str] = set()
    with suppress(ProviderError):
        # of two native groups the one of the shorter name tells of both
        for state in sorted(provider.live.read_states(places), key=lambda state: len(state.name)):
            name = places.get((state.location, state.name), "")
            short = shortages_of(provider.live, fleet[name], state, now) if name and name not in told else ()
            if short:
                told.add(name)
                none = in_words([*map(str, short)], " and no ")
                yield Note(f"{state.running} of {state.desired} run: the cloud has no {none}", name)


def _ended_fallbacks(provider: Provider, fleet: Fleet, plan: Plan) -> Iterator[Note]:
    """What becomes of instances that run on demand in place of spot, where the file has no fall-back any more."""
    ended = {
        change.group: change.key
        for change in sorted(plan.changes, key=lambda change: change.key.name, reverse=True)
        if change.action is Action.UPDATE and change.live and _falls_back(change.live)
    }
    for group in fleet.groups:
        if group.name not in ended or not group.purchase.spot or group.purchase.fallback is not None:
            continue
        key = ended[group.name]  # of two native groups the one of the shorter name tells of both
        try:
            states = provider.live.with_purchases(provider.live.read_states([(key.location, key.name)]))
        except ProviderError as error:
            texts = [f"removed from the file; how many run on demand in place of spot is unknown: {error}"]
        else:
            texts = [_stand_ins(fleet, group, provider.name, state) for state in states]
        yield from (Note(f"purchase.fallback: {text}", group.name) for text in texts if text)


def _falls_back(item: Resource) -> bool:
    """Whether the mark of something says that the controller has instances on demand in place of spot."""
    return item.mark is not None and "purchase.fallback:" in item.mark.kept.get(ENACTS, "")


def _stand_ins(fleet: Fleet, group: ScalingGroup, provider: str, state: GroupState) -> str:
    """What becomes of the instances of a group that are on demand in place of spot; empty where there are none."""
    from trimtab.engine.mix import Fraction, split  # few plans end a fall-back
    from trimtab.engine.presets import find_preset

    own, purchase = declarations_of(provider), group.purchase
    fraction = Fraction.ON_DEMAND if own.sizes_mix or find_preset(own.preset).spot_fraction_on_demand else Fraction.SPOT
    parts = split(state.desired, base=purchase.on_demand_base, percent=purchase.on_demand_percent, fraction=fraction)
    wanted = parts.on_demand
    there = sum(each.weight for each in state.instances if not each.spot)
    if there <= wanted:
        return ""
    start = f"removed from the file while {there} of {state.desired} instances run on demand, {wanted} by the file"
    if own.moves_mix:
        return f"{start}; the cloud replaces the others by spot ones as it has them"
    if own.sizes_mix and group.purchase.is_mixed:
        is_sized = not size_is_initial(fleet, group) or group.policies or group.schedules
        later = "the size is written next" if is_sized else f"`cloud.group({state.name!r}).scale(to={state.desired})`"
        return f"{start}; the others stay until {later}"
    return f"{start}; the others stay until they are replaced, by `trimtab instance replace`"


def _missing_alarms(provider: Provider, fleet: Fleet) -> Iterable[Note]:
    gates = [gate for group in fleet.groups if group.rollout for gate in group.rollout.gates]
    if provider.rollouts is None or not any(gate.type == "alarm" for gate in gates):
        return ()
    from trimtab.rollout.gates import missing_alarms  # few gates ask for alarms

    return missing_alarms(provider.rollouts(), fleet, provider.location)


def leave_to_rollouts(
    planned: Callable[..., Plan],
    kinds: Mapping[str, Kind],
    fleet: Fleet,
    wanted: Sequence[Resource],
    live: Live,
    *,
    adopt: bool = False,
) -> Plan:
    """
    The plan of the wanted resources, with the templates of groups under `rollout:`, or in one, left to rollouts.

    What differs there is `Plan.waiting`. A run that is on is told in a note, whoever drives it.
    """
    marked = {key: line for key, item in live.resources.items() if (line := item.attributes.get("rollout"))}
    groups = {group.name for group in fleet.groups if group.rollout is not None}
    marks = [item.mark for item in live.resources.values() if item.mark]
    second = any(mark.role not in PLANNED_ROLES or NAMED in mark.kept for mark in marks)
    if not (groups or marked or second):
        return planned(wanted=wanted, live=live)
    # few fleets roll templates out
    from trimtab.plan.evidence import Evidence
    from trimtab.plan.holding import hold_templates, template_digests, waiting_changes, without_groups
    from trimtab.plan.naming import main_only, named_by, with_role
    from trimtab.providers.run import RolledBack, RolloutRun

    known = {group.name for group in fleet.groups}
    names = {item.group: name for item in wanted if (name := named_by(live.resources, item.key))}
    wanted = [with_role(item, MAIN, names.get(item.group, "")) for item in wanted]
    if adopt:
        return planned(wanted=wanted, live=live)
    # while the templates are there, by which others are told
    evidence = Evidence(kinds, fleet.name, {item.key: item for item in reversed(wanted)}, live.resources)
    evidence.find()
    live, planned = replace(live, resources=evidence.live), partial(planned, lost=evidence.lost)
    keys = {item.key for item in wanted}
    holders = [item for key, item in live.resources.items() if kinds[key.kind].holds_instances]
    beside = [item.mark for item in holders if item.mark and item.key not in keys]
    pairs = {mark.group for mark in beside if mark.role not in PLANNED_ROLES}
    live, notes = main_only(live, kinds, known & pairs, fleet.name, keys)
    own = {key: mark for key in live.resources if (mark := live_mark(live, key)) and mark.fleet == fleet.name}
    found = [(own[key].group, RolloutRun.parse(line)) for key, line in marked.items() if key in own]
    runs = {group: run for group, run in found if group in known and run is not None}
    templates = template_digests(kinds, wanted, groups | runs.keys())
    for group, run in runs.items():
        alone = "its template" if run.in_place else "the group"
        text = f"{run}; the plan leaves {alone} alone, and `trimtab rollout {_GO_ON[run.is_active]}` goes on"
        newer = run.other_than(templates.get(group, ""))
        notes += [Note(f"{text}; {newer}" if newer else text, group)]
    whole = {group for group, run in runs.items() if run.strategy == "blue-green"}
    wanted, live = without_groups(kinds, wanted, live, whole, fleet.name)
    groups |= runs.keys()
    kept, rest = hold_templates(kinds, wanted, live, groups, fleet.name, alone=known - pairs)
    plan = planned(wanted=kept, live=rest)
    coming = {group for group, run in runs.items() if run.brings(templates.get(group, ""))}
    waiting = tuple(waiting_changes(kinds, plan.changes, planned(wanted=wanted, live=live).changes, groups - coming))
    awaited = {change.group for change in waiting}
    for key, item in live.resources.items():
        group, back = own[key].group if key in own else "", RolledBack.parse(item.attributes.get("rolled_back") or "")
        if back and group in awaited - runs.keys() and back.template == templates.get(group):
            notes += [Note(f"{back}; {back.fix}", group)]
    return replace(plan, waiting=waiting, templates=templates, notes=(*plan.notes, *notes))


def live_mark(live: Live, key: Key) -> Mark | None:
    """The mark on what was read under a key; `None` where nothing was."""
    item = live.resources.get(key)
    return item.mark if item is not None else None


def with_places(plan: Plan, fleet: Fleet) -> Plan:
    """The plan, its problems with file and line where the fleet came from a file."""
    return replace(plan, problems=tuple(_placed(problem, fleet) for problem in plan.problems))


def _placed(problem: Note, fleet: Fleet) -> Note:
    if problem.place is not None or not problem.group:
        return problem
    place = fleet.position(problem.group, problem.path)
    return problem if place is None else replace(problem, place=place)
