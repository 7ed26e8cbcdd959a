"""The front door to a measured model: `calibrate`."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trimtab.models import Fleet, Metric
from trimtab.simulation.calibration import Calibration
from trimtab.simulation.load import Load
from trimtab.simulation.simulating import check_numpy

if TYPE_CHECKING:
    from trimtab.runtime.cloud import Cloud


def calibrate(
    cloud: "Cloud",
    fleet: Fleet,
    group: str | None = None,
    *,
    since: datetime | timedelta,
    size: Metric | None = None,
    load: Load | None = None,
    seed: int = 0,
) -> Calibration:
    """
    The model of a group, measured: from its own activities and datapoints, each number with a 90 % interval.

    Boots and drains are read off activities, or followed from the activity to the size in service; capacity and noise
    are a regression of CPU on requests; the delay is the age of the newest datapoint. What the data do not tell is not
    identifiable, and its reason says what helps. Durations are taken for lognormal, with generalized confidence
    intervals (Krishnamoorthy and Mathew 2003); a regression has those of a block bootstrap (Carlstein 1986); what is
    only counted once a period is known to a period, and the delay by bounds.

    Args:
        cloud: The connection; it is only read.
        fleet: The fleet that the group is of.
        group: The group; it may be left out where the fleet has one.
        since: From when on, or how far back; a load of two weeks is a good measure.
        size: The metric that counts instances in service, where the cloud does not record it.
        load: The requests of that time, where the cloud does not count them.
        seed: What chance is drawn from; the same seed gives the same intervals.

    Returns:
        `model` for `simulate`, each estimate by its name, and how far replays of past weeks are off.

    Raises:
        InvalidArgument: The fleet has no such group, it is not in the cloud, or `since` has not passed.
        MissingExtra: numpy is not installed.
    """
    check_numpy()
    from trimtab.simulation.measuring import measure

    return measure(cloud, fleet, group, since=since, size=size, load=load, seed=seed)
