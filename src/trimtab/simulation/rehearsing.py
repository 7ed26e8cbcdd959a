"""A rehearsal: the groups that run against those of a fleet file, replayed on a load, and held to bounds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trimtab.capabilities import is_delegated
from trimtab.declarations import declarations_of
from trimtab.engine.functions import NO_FUNCTIONS, Functions
from trimtab.engine.presets import find_preset
from trimtab.errors import InvalidArgument, TrimtabError, Unsupported
from trimtab.kpis.card import KpiOptions
from trimtab.kpis.requirements import Requirement
from trimtab.models import Fleet, PythonPolicy, ScalingGroup
from trimtab.models.fleet import require_fleet
from trimtab.simulation.comparing import compare
from trimtab.simulation.load import Load
from trimtab.simulation.model import FleetModel
from trimtab.simulation.rehearsal import SIDES, GroupRehearsal, Rehearsal
from trimtab.simulation.results import Simulation
from trimtab.simulation.simulating import check_numpy, complete_model, simulate

if TYPE_CHECKING:
    from trimtab.runtime.cloud import Cloud
    from trimtab.runtime.status import GroupStatus


@dataclass(frozen=True, kw_only=True)
class _How:
    """What all groups are replayed by."""

    preset: str
    model: FleetModel | None
    capacity: float | None
    options: KpiOptions | None
    seeds: Sequence[int]
    functions: Functions


def rehearse(
    cloud: "Cloud",
    fleet: Fleet,
    load: Load | Mapping[str, Load],
    *,
    require: Sequence[str] = (),
    model: FleetModel | None = None,
    capacity: float | None = None,
    options: KpiOptions | None = None,
    seeds: Sequence[int] = range(5),
    functions: Functions = NO_FUNCTIONS,
) -> Rehearsal:
    """
    The groups of a fleet as they run against those that are wanted, on a load; `Cloud.rehearse` has the arguments.

    Raises:
        InvalidArgument: A bound is not one, no group has a load, or a wanted group looks at what the load cannot give.
    """
    check_numpy()
    bounds = [Requirement.parse(text) for text in require]
    if not seeds:
        raise InvalidArgument("seeds is empty; give one at least")
    fleet = require_fleet(fleet).for_provider(cloud.provider.name)
    loads = _loads(fleet, load)
    preset = declarations_of(cloud.provider.name).preset
    how = _How(preset=preset, model=model, capacity=capacity, options=options, seeds=seeds, functions=functions)
    places = {place.group: place for place in cloud.status(fleet).groups}
    return Rehearsal(
        fleet=fleet.name,
        provider=cloud.provider.name,
        groups=tuple(
            _rehearsed(cloud, fleet, fleet[name], places[name], its, how, bounds) for name, its in loads.items()
        ),
        notes=tuple(_left_out(fleet, load, loads)),
    )


def _loads(fleet: Fleet, load: Load | Mapping[str, Load]) -> dict[str, Load]:
    names = [group.name for group in fleet.groups]
    if isinstance(load, Load):
        loads = dict.fromkeys(names, load)
    else:
        if unknown := [name for name in load if name not in names]:
            raise InvalidArgument(f"load: fleet {fleet.name!r} has no group {unknown[0]!r}; it has {', '.join(names)}")
        loads = {name: load[name] for name in names if name in load}
    if not loads:
        raise InvalidArgument(f"fleet {fleet.name!r}: no group has a load; give one")
    return loads


def _left_out(fleet: Fleet, load: Load | Mapping[str, Load], loads: Mapping[str, Load]) -> Iterator[str]:
    if isinstance(load, Load) and len(loads) > 1:
        yield f"each of the {len(loads)} groups is given the whole load; give each group its own to have it otherwise"
    if without := [group.name for group in fleet.groups if group.name not in loads]:
        yield f"not rehearsed, as they have no load: {', '.join(without)}"


def _rehearsed(
    cloud: "Cloud",
    fleet: Fleet,
    group: ScalingGroup,
    place: "GroupStatus",
    load: Load,
    how: _How,
    bounds: Sequence[Requirement],
) -> GroupRehearsal:
    notes: list[str] = []
    live = _live(cloud, fleet, group, place, notes)
    subject = _begun(group, live)
    model, assumed = _model(live or subject, load, how)
    seeds = how.seeds if model.boot_spread or model.noise or model.interruptions else how.seeds[:1]
    new = [_simulated(subject, load, model, seed, how) for seed in seeds]
    old: list[Simulation] = []
    if live is not None:
        try:
            old = [_simulated(live, load, model, seed, how) for seed in seeds]
        except InvalidArgument as error:
            notes.append(f"the live group cannot be replayed: {error}")
        else:
            notes += _differences(live, subject)
    cards = [run.kpis(options=how.options) for run in new]
    return GroupRehearsal(
        group=group.name,
        load=load,
        preset=how.preset,
        seeds=len(seeds),
        kpis=tuple(cards),
        comparison=compare(old, new, names=SIDES, options=how.options) if old else None,
        requirements=tuple(bound.judge([card[bound.name] for card in cards]) for bound in bounds),
        notes=tuple(dict.fromkeys([*notes, *assumed, *(note for run in (*old, *new) for note in run.notes)])),
    )


def _live(
    cloud: "Cloud", fleet: Fleet, group: ScalingGroup, place: "GroupStatus", notes: list[str]
) -> ScalingGroup | None:
    """The group as it runs, at its size; `None`, and why, where that cannot be known."""
    if place.state is None:
        notes.append("the group is new: nothing runs that it could be held against")
        return None
    if is_delegated(fleet, group, cloud.provider.name):
        text = "the controller sizes the group, and its rules are not in the cloud"
        notes.append(f"{text}; `trimtab simulate --against` compares two files")
        return None
    try:
        found = cloud.import_group(place.name, place.location, fleet=fleet.name).group
    except Unsupported as error:
        notes.append(f"the live group cannot be read as one of the model: {error}")
        return None
    if not (found.policies or found.schedules):
        notes.append("nothing scales the live group: it is replayed at its size")
    return found.replace(name=group.name, capacity=found.capacity.replace(desired=place.state.desired))


def _begun(group: ScalingGroup, live: ScalingGroup | None) -> ScalingGroup:
    """The wanted group at the size that runs, as a plan leaves it wherever policies or schedules own it."""
    size = None if live is None else live.capacity.desired
    if size is None or not (group.policies or group.schedules):
        return group
    capacity = group.capacity
    return group.replace(capacity=capacity.replace(desired=max(capacity.min, min(capacity.max, size))))


def _model(group: ScalingGroup, load: Load, how: _How) -> tuple[FleetModel, tuple[str, ...]]:
    """One model for both sides: the same instances serve either."""
    model = how.model
    if model is None and how.capacity is not None:
        model = FleetModel.of_group(group, how.preset)
    if model is not None and how.capacity is not None:
        model = model.replace(capacity=how.capacity)
    return complete_model(group, find_preset(how.preset), model, load.per_minute())


def _simulated(group: ScalingGroup, load: Load, model: FleetModel, seed: int, how: _How) -> Simulation:
    if how.model is None:  # how often instances measure themselves is a setting of the group
        model = model.replace(metric_period=FleetModel.of_group(group, how.preset).metric_period)
    calls = {policy.call for policy in group.policies if isinstance(policy, PythonPolicy)}
    functions = {call: how.functions[call] for call in calls if call in how.functions}
    try:
        return simulate(group, load, preset=how.preset, model=model, seed=seed, functions=functions)
    except ValueError as error:
        if isinstance(error, TrimtabError):
            raise
        raise InvalidArgument(str(error)) from error


def _differences(live: ScalingGroup, new: ScalingGroup) -> Iterator[str]:
    """What both sides are replayed alike in although it differs."""
    if live.template.size != new.template.size:
        sizes = f"{live.template.size} and {new.template.size}"
        yield f"instances have other sizes, {sizes}; both are replayed with the same capacity of one"
