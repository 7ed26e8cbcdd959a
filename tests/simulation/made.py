"""Simulations made by hand: a load, a size for each minute, and what a fluid queue makes of them."""

from datetime import UTC, datetime, timedelta

import numpy as np

from trimtab.engine.reasons import DecisionReason, ReasonCode
from trimtab.engine.values import Decision, History
from trimtab.simulation.model import FleetModel
from trimtab.simulation.results import SimulatedDecision, Simulation

START = datetime(2026, 1, 5, tzinfo=UTC)


def made(load, sizes, *, capacity=10.0, boot=0, patience=60, seed=0, group="web", service_time=0.1):
    """
    A simulation with these sizes decided, in service `boot` minutes later; a decision wherever the size changes.

    A fluid queue: what cannot be served waits up to the patience, the rest is lost.
    """
    load = np.asarray(load, float)
    wanted = np.broadcast_to(np.asarray(sizes), load.shape).astype(int).copy()
    in_service = np.array([wanted[max(0, at - boot) : at + 1].min() for at in range(len(wanted))], dtype=int)
    able = in_service * capacity
    served, lost, backlog = (np.zeros(len(load)) for _ in range(3))
    left = 0.0
    for at, arriving in enumerate(load):
        offered = arriving + left / 60
        served[at] = min(offered, able[at])
        rest = (offered - served[at]) * 60
        left = min(rest, patience * able[at])
        lost[at], backlog[at] = (rest - left) / 60, left
    zero = np.zeros(len(load), int)
    return Simulation(
        group=group,
        preset="ec2",
        model=FleetModel(
            capacity=capacity,
            boot=timedelta(minutes=boot),
            patience=timedelta(seconds=patience),
            service_time=timedelta(seconds=service_time),
        ),
        seed=seed,
        start=START,
        load=load,
        wanted=wanted,
        running=np.maximum(wanted, in_service),
        in_service=in_service,
        capacity=able,
        served=served,
        lost=lost,
        backlog=backlog,
        utilization=np.where(able > 0, 100 * served / np.maximum(able, 1e-9), np.nan),
        spot=zero,
        interrupted=zero,
        alarms={},
        decisions=[
            SimulatedDecision(at, START + timedelta(minutes=at), _decision(int(wanted[at - 1]), int(wanted[at])))
            for at in range(1, len(wanted))
            if wanted[at] != wanted[at - 1]
        ],
    )


def _decision(previous, size):
    reasons = (
        (DecisionReason(ReasonCode.NO_ALARM, ("high",)),)
        if size < previous
        else (DecisionReason(ReasonCode.BELOW_MINIMUM, (size, previous)),)
    )
    return Decision(size, previous, 1, 100, reasons, (), History())


def day_of_load(days=1, peak=200.0):
    """A load with a day's wave and a burst of twenty minutes at noon."""
    minutes = np.arange(days * 1440)
    load = peak * (0.35 - 0.25 * np.cos(2 * np.pi * minutes / 1440))
    return load + np.where((minutes % 1440 >= 720) & (minutes % 1440 < 740), peak * 0.5, 0)
