"""Which instances are to be servers: those that run, of the native groups that are to get requests."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from trimtab.errors import ProviderError
from trimtab.models import Fleet, HaproxyBalancer, ScalingGroup
from trimtab.providers.base import GroupState, Instance, InstanceState
from trimtab.providers.lookup import renamed
from trimtab.providers.roles import Provider
from trimtab.providers.run import BLUE_GREEN, RolloutPhase, RolloutRun

Endpoint = tuple[str, int]
"""The IP address and the port by which an instance is reached."""
EndpointOf = Callable[[Instance, HaproxyBalancer], Endpoint | None]
"""Where an instance is reached; `None` where it is not known yet."""


class Members(NamedTuple):
    """A group's instances that are to be servers, by native group; or why they are not known."""

    natives: Mapping[str, Sequence[Instance]]
    held: str = ""
    shares: Mapping[str, float] = {}
    """The shares of the requests that native groups get by a rollout; none where it says none."""


def endpoint_of(instance: Instance, settings: HaproxyBalancer) -> Endpoint | None:
    """Its private or its public address, and the port that the fleet file gives."""
    address = instance.private_address if settings.reach == "private" else instance.public_address
    return (address, settings.port) if address else None


def natives_of(run: RolloutRun | None, native: str) -> Sequence[str]:
    """
    The native groups that are to get requests, by the mark of the run on one of them; pure.

    A second group of a blue-green run joins once its gates hold, and is alone when the first one is about to end.
    """
    if run is None or run.strategy != BLUE_GREEN:
        return [native]
    if run.phase is RolloutPhase.ENDING:
        return [run.new]
    return [run.old, run.new] if run.step and run.phase is not RolloutPhase.REVERTING else [run.old]


def shares_of(run: RolloutRun | None, percents: Sequence[int]) -> Mapping[str, float]:
    """
    The shares of the requests that the two native groups of a blue-green run get at its step; pure.

    Args:
        run: The run.
        percents: Those of the new group at each checkpoint; without any, both groups share evenly while both serve.
    """
    if run is None or run.strategy != BLUE_GREEN or not percents or len(natives_of(run, "")) == 1:
        return {}
    percent = (*percents, 100)[min(run.step - 1, len(percents))]
    return {run.old: 100 - percent, run.new: percent}


def read_members(fleet: Fleet, groups: Iterable[ScalingGroup], provider: Provider) -> Mapping[str, Members]:
    """
    The members of groups, by the group's name.

    A group that cannot be read, is not there, or of which no instance runs that it is to have, is held: neither a
    sudden nothing nor a health check that finds fault with all of them takes every server out.
    """
    groups = list(groups)
    places = {group.name: (group.location or provider.location, fleet.native_name(group)) for group in groups}
    try:
        found = {
            (state.location, state.name): state
            for state in provider.live.read_states(places.values(), addresses=True)
            if state.fleet in ("", fleet.name)
        }
        return {name: _members(fleet, name, place, found, provider) for name, place in places.items()}
    except ProviderError as error:
        return {group.name: Members({}, f"the group could not be read: {error}") for group in groups}


def _members(
    fleet: Fleet, group: str, place: tuple[str, str], found: Mapping[tuple[str, str], GroupState], provider: Provider
) -> Members:
    location, native = place
    state = found.get(place)
    if state is None or (state.rollout is not None and not state.rollout.in_place):
        states = list(renamed(provider.live.candidates, fleet.name, group, location))
        marked = next((each for each in states if each.rollout is not None and not each.rollout.in_place), None)
        state = marked or next(iter(states), state)
    if state is None:
        return Members({}, "the group is not there; apply the fleet, or take its servers out by `--remove`")
    names = natives_of(state.rollout, state.name)
    known = {name: found[location, name] for name in names if (location, name) in found}
    missing = [(location, name) for name in names if name not in known]
    if missing:
        known |= {each.name: each for each in provider.live.read_states(missing, addresses=True)}
    if not known:
        return Members({}, f"group {native!r} is not there")
    natives = {name: list(_running(each)) for name, each in known.items()}
    if not any(natives.values()) and any(each.desired for each in known.values()):
        return Members({}, "none of the group's instances runs and is healthy")
    rollout = fleet[group].rollout
    percents = [checkpoint.percent for checkpoint in rollout.checkpoints] if rollout else []
    return Members(natives, shares=shares_of(state.rollout, percents))


def _running(state: GroupState) -> Iterator[Instance]:
    if not state.deleting:
        yield from (
            each for each in state.instances if each.state is InstanceState.RUNNING and each.healthy is not False
        )
