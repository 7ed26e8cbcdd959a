"""The front door: simulate one group, on one cloud's rules or several, or many variants of it."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, overload

from trimtab.engine.functions import NO_FUNCTIONS, Functions
from trimtab.engine.presets import Preset, find_preset
from trimtab.errors import InvalidArgument, MissingExtra
from trimtab.models import PythonPolicy, ScalingGroup
from trimtab.models.base import format_duration
from trimtab.simulation.enacting import as_enacted
from trimtab.simulation.load import Load
from trimtab.simulation.model import FleetModel
from trimtab.simulation.results import Simulation

if TYPE_CHECKING:
    from trimtab.simulation.replaying import ReplaySetup, Trace

T = TypeVar("T")
BLOCK = 1000
"""So many variants are replayed in lock step at most."""
_USAGE = 0.7
"""How much of the maximum the 99.9th percentile of a load takes where no capacity is given."""


@overload
def simulate(
    group: ScalingGroup,
    load: Load,
    *,
    preset: str | Preset = "neutral",
    model: FleetModel | None = None,
    seed: int = 0,
    functions: Functions = NO_FUNCTIONS,
    every_step: bool = False,
) -> Simulation: ...


@overload
def simulate(
    group: ScalingGroup,
    load: Load,
    *,
    presets: Sequence[str | Preset],
    model: FleetModel | None = None,
    seed: int = 0,
    functions: Functions = NO_FUNCTIONS,
    every_step: bool = False,
) -> Mapping[str, Simulation]: ...


def simulate(
    group: ScalingGroup,
    load: Load,
    *,
    preset: str | Preset = "neutral",
    presets: Sequence[str | Preset] | None = None,
    model: FleetModel | None = None,
    seed: int = 0,
    functions: Functions = NO_FUNCTIONS,
    every_step: bool = False,
) -> Simulation | Mapping[str, Simulation]:
    """
    What a group's policies make of a load, minute by minute, decided by `trimtab.engine.decide`.

    Args:
        group: The group with its policies, alarms and schedules.
        load: The requests that arrive.
        preset: Whose rules hold: `ec2`, `azure`, `gce`, or `neutral` to compare.
        presets: Several at once: the same fleet on each cloud, in one call; gives the results by name.
        model: How the fleet behaves; `FleetModel.of_group(group, preset)` when left out.
        seed: What chance is drawn from; the same seed gives the same result.
        functions: The functions of policies in Python, as `trimtab.load_policies` gives them.
        every_step: Decide in each minute, also where nothing that a decision goes by has changed; the same sizes.

    Raises:
        InvalidArgument: A policy or an alarm looks at a metric that the load cannot give, a policy in Python has no
            function, the load is shorter than a minute, or no preset has that name.
        MissingExtra: numpy is not installed.
    """
    if not isinstance(group, ScalingGroup):
        raise InvalidArgument(f"group: give a `ScalingGroup`, such as fleet['web'], not {type(group).__name__}")
    if not isinstance(load, Load):
        raise InvalidArgument(f"load: give a `Load`, such as Load.from_csv(path), not {type(load).__name__}")
    if presets is not None:
        known = [find_preset(each) for each in presets]
        return {each.name: _simulate(group, load, each, model, seed, functions, every_step) for each in known}
    return _simulate(group, load, find_preset(preset), model, seed, functions, every_step)


def _simulate(
    group: ScalingGroup,
    load: Load,
    preset: Preset,
    model: FleetModel | None,
    seed: int,
    functions: Functions,
    every_step: bool,
) -> Simulation:
    check_numpy()
    from trimtab.simulation.replaying import Replay
    from trimtab.simulation.rows import make_simulation

    scenario = make_scenario(group, load, preset, model, seed, functions, every_step=every_step)
    return make_simulation(scenario, Replay(scenario).run(), load)


def check_numpy() -> None:
    """
    Make sure that numpy is there.

    Raises:
        MissingExtra: It is not installed.
    """
    try:
        import numpy  # noqa: F401
    except ModuleNotFoundError as missing:
        raise MissingExtra("simulation", "sim") from missing


def make_scenario(
    group: ScalingGroup,
    load: Load,
    preset: Preset,
    model: FleetModel | None,
    seed: int,
    functions: Functions,
    *,
    every_step: bool = False,
) -> "ReplaySetup":
    """
    A scenario with everything filled in.

    Raises:
        InvalidArgument: A policy in Python has no function.
    """
    from trimtab.simulation.replaying import ReplaySetup

    calls = {policy.call for policy in group.policies if isinstance(policy, PythonPolicy) and policy.enabled}
    if missing := sorted(calls - set(functions)):
        text = f"group {group.name!r}: the function {missing[0]!r} of a policy is not loaded"
        raise InvalidArgument(f"{text}; give `functions=trimtab.load_policies(fleet, allow=[...])`")
    rates = load.per_minute()
    model, notes = complete_model(group, preset, model, rates)
    enacted, changed = as_enacted(group, preset)
    return ReplaySetup(
        group=enacted,
        preset=preset,
        model=model,
        start=load.start,
        load=rates,
        seed=seed,
        functions=dict(functions),
        every_step=every_step,
        notes=(*load.notes, *notes, *changed),
    )


def complete_model(
    group: ScalingGroup, preset: Preset, model: FleetModel | None, rates: Sequence[float]
) -> tuple[FleetModel, tuple[str, ...]]:
    """The model of a fleet with its capacity, and what was assumed for it."""
    notes: list[str] = []
    if model is None:
        model = FleetModel.of_group(group, preset)
        text = f"no model is given: instances boot in {format_duration(model.boot)}, metrics are "
        text += f"{format_duration(model.metric_delay)} late"
        notes.append(f"{text}; measure your own")
    if model.source:
        notes.append(f"model: {model.source}")
    if model.metric_period > timedelta(minutes=1):
        text = f"instances measure their CPU every {model.metric_period}"
        notes.append(f"{text}: rules by the minute see few datapoints; EC2 has more with `detailed_monitoring`")
    if model.capacity is None:
        high = sorted(rates)[min(len(rates) - 1, int(len(rates) * 0.999))]
        most = max(1, group.capacity.max, *(each.max or 0 for each in group.schedules))
        capacity = high / (most * _USAGE) if high else 1.0
        notes.append(
            f"no capacity is given: {capacity:.4g} requests/s of one instance, with which {most} of them serve the"
            f" load's 99.9th percentile of {high:.4g} requests/s at {_USAGE:.0%}"
        )
        model = model.replace(capacity=capacity)
    return model, tuple(notes)


@overload
def simulate_many(
    groups: Sequence[ScalingGroup],
    load: Load,
    *,
    preset: str | Preset = "neutral",
    model: FleetModel | Sequence[FleetModel] | None = None,
    seeds: Sequence[int] = (0,),
    functions: Functions = NO_FUNCTIONS,
    executor: Executor | None = None,
    parts: int | None = None,
) -> tuple[Simulation, ...]: ...


@overload
def simulate_many(
    groups: Sequence[ScalingGroup],
    load: Load,
    *,
    preset: str | Preset = "neutral",
    model: FleetModel | Sequence[FleetModel] | None = None,
    seeds: Sequence[int] = (0,),
    functions: Functions = NO_FUNCTIONS,
    executor: Executor | None = None,
    parts: int | None = None,
    reduce: Callable[[Simulation], T],
) -> tuple[T, ...]: ...


def simulate_many(
    groups: Sequence[ScalingGroup],
    load: Load,
    *,
    preset: str | Preset = "neutral",
    model: FleetModel | Sequence[FleetModel] | None = None,
    seeds: Sequence[int] = (0,),
    functions: Functions = NO_FUNCTIONS,
    executor: Executor | None = None,
    parts: int | None = None,
    reduce: Callable[[Simulation], Any] | None = None,
) -> tuple[Any, ...]:
    """
    Many variants of a group on one load: those of each group one after the other, one for each seed.

    Variants that differ in numbers alone are replayed in lock step by the batch form of the engine, with the same
    sizes as one by one; their results have no `decisions`, and `decision_at` gives those with their reasons. Others
    are replayed one by one.

    Args:
        groups: The variants.
        load: The requests that arrive.
        preset: Whose rules hold.
        model: How the fleet behaves; one for all, or one for each group.
        seeds: What chance is drawn from: each variant has the same chances for the same seed.
        functions: The functions of policies in Python.
        executor: Spreads variants and seeds: a `ProcessPoolExecutor`, or one of a cluster such as Dask's
            `client.get_executor()`; in this process when left out. The results are the same.
        parts: Into how many parts it is given them; twice the processors of this machine when left out, and more where
            a part would have over a thousand. The larger a part, the less each variant takes.
        reduce: What to keep of each result, such as `Simulation.totals`, where all of them would not fit.

    Raises:
        InvalidArgument: As for `simulate`; or there are not as many models as groups, or less than one part.
        MissingExtra: numpy is not installed.
    """
    check_numpy()
    rules = find_preset(preset)
    if model is None or isinstance(model, FleetModel):
        models = [model] * len(groups)
    elif len(models := list(model)) != len(groups):
        raise InvalidArgument(f"model has {len(models)} of them for {len(groups)} groups; give one, or one for each")
    scenarios = [
        make_scenario(group, load, rules, each, seed, functions)
        for group, each in zip(groups, models, strict=True)
        for seed in seeds
    ]
    size = BLOCK if executor is None else _size_of_part(len(scenarios), parts)
    blocks = [scenarios[first : first + size] for first in range(0, len(scenarios), size)]
    if executor is None:
        results = [replay_block(block, load, reduce) for block in blocks]
    else:
        results = list(executor.map(replay_block, blocks, [load] * len(blocks), [reduce] * len(blocks)))
    return tuple(each for block in results for each in block)


def _size_of_part(variants: int, parts: int | None) -> int:
    if parts is None:
        parts = 2 * (os.cpu_count() or 1)
    if parts < 1:
        raise InvalidArgument(f"parts={parts} is not 1 or more")
    return max(1, min(BLOCK, -(-variants // parts)))


def replay_block(
    scenarios: Sequence["ReplaySetup"], load: Load, reduce: Callable[[Simulation], Any] | None
) -> list[Any]:
    """The results of some scenarios: in lock step where that can be, else one by one."""
    from trimtab.simulation.many import LockStep, refusal
    from trimtab.simulation.replaying import Replay
    from trimtab.simulation.rows import make_simulation

    if len(scenarios) > 1 and not refusal(scenarios):
        traces: Iterator[Trace] = iter(LockStep(scenarios).run())
    else:
        traces = (Replay(each).run() for each in scenarios)
    made = (make_simulation(each, trace, load) for each, trace in zip(scenarios, traces, strict=True))
    return [each if reduce is None else reduce(each) for each in made]
