"""A shadow beside the emulators' own scalers: a day of load, and no minute of difference that nothing explains."""

import math
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.controller.shadowed import MINUTE, Shadowed, day_and_night, started
from tests.laws import IS_EXHAUSTIVE
from trimtab.controller.comparing import DifferenceKind
from trimtab.controller.shadowing import compare_shadow
from trimtab.engine.presets import GCE

MINUTES = 1440 if IS_EXHAUSTIVE else 30


def explanations(world, group, episode):
    """Why a cloud's scaler and the engine may differ in an episode, each held against what was measured."""
    if world.provider != "gcp":
        return []  # the same data, the same rules, the same minute
    found = []
    if episode.minutes <= 1 and episode.kind is DifferenceKind.EARLIER and episode.ours[0] > episode.ours[-1]:
        # what was needed holds until the next minute for the autoscaler, for the engine it is a sample of one moment
        found.append("the stabilization window ends between two ticks")
    # what was needed in the window before it is why a group does not scale in
    backs = [timedelta(0), *([GCE.stabilization_in] if episode.ours[0] > episode.ours[-1] else ())]
    measured = world.measured[group]
    for (_, _, before), (at, running, cpu) in pairwise(measured):
        if any(episode.since - 2 * MINUTE <= at + back <= episode.until for back in backs):
            newest, mean = (math.ceil(running * value / 60) for value in (cpu, (before + cpu) / 2))
            if newest != mean:
                found.append(f"at {at:%H:%M} the newest minute needs {newest}, the mean of two minutes {mean}")
    return found


@pytest.mark.sweep
@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
def test_every_minute_of_difference_over_a_day_is_explained(provider):
    with started(provider) as test_cloud:
        world = Shadowed(provider, test_cloud)
        loads = day_and_night(1)
        for _ in range(MINUTES):
            world.minute(next(loads))
        names = [group.name for group in world.fleet.groups]
        comparisons = compare_shadow(world.store, "shop", names)
        world.close()
    assert [comparison.key.group for comparison in comparisons] == names
    unexplained = []
    for comparison in comparisons:
        assert comparison.compared == MINUTES * MINUTE
        assert not comparison.not_compared
        assert comparison.cloud_changes >= MINUTES // 60, "the load has made the cloud act"
        group = comparison.key.group
        unexplained += [
            (group, str(episode)) for episode in comparison.episodes if not explanations(world, group, episode)
        ]
        differing = sum(episode.minutes for episode in comparison.episodes)
        assert differing * MINUTE == comparison.compared - comparison.equal
        assert comparison.equal >= 0.9 * comparison.compared
    assert not unexplained
