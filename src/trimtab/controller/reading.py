"""Groups read in bulk, so that a region that cannot be read harms no other."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from trimtab.errors import Cancelled, Throttled, TrimtabError, Unauthenticated, Unreachable
from trimtab.providers.base import GroupState
from trimtab.providers.roles import Provider
from trimtab.sources.source import failed

Place = tuple[str, str]
_FAIL_TOGETHER = (Unreachable, Throttled, Unauthenticated)
"""What one group cannot be read for, its neighbours cannot either."""


def read_states(provider: Provider, places: Sequence[Place]) -> Mapping[Place, GroupState | TrimtabError | None]:
    """
    Each group as it stands, by location and native name.

    They are read together; where that fails, region by region, and group by group where one of them is refused.
    `None` is a group that does not exist, an error one that cannot be read.
    """
    if not places:
        return {}
    try:
        return _read(provider, places)
    except Cancelled:
        raise
    except Exception as error:
        failure = failed(error, provider.name)
    regions = [list(some) for _, some in groupby(sorted(places), key=lambda place: place[0])]
    if len(regions) == 1 and (len(places) == 1 or isinstance(failure, _FAIL_TOGETHER)):
        return dict.fromkeys(places, failure)
    parts = regions if len(regions) > 1 else [[place] for place in places]
    return {place: state for part in parts for place, state in read_states(provider, part).items()}


def _read(provider: Provider, places: Sequence[Place]) -> dict[Place, GroupState | TrimtabError | None]:
    states = {(state.location, state.name): state for state in provider.live.read_states(places)}
    return {place: states.get(place) for place in places}
