"""The scenarios by name: what is done to a fleet, and what is expected of each group."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from trimtab.drills.edits import bad_template, clock_change, clock_changes, image_gone, operator_resizes
from trimtab.drills.outages import balancer_health_lost, half_unhealthy, no_capacity, zone_lost
from trimtab.drills.silences import controller_dead, metrics_blind, throttled
from trimtab.drills.stage import Stage, quiet_start
from trimtab.drills.subjects import Results
from trimtab.models import Fleet


def _once(fleet: Fleet) -> Sequence[datetime]:
    return [quiet_start(fleet)]


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    One thing that goes wrong.

    Attributes:
        name: What it is called on the command line.
        done: What is done.
        expected: What is expected of each group.
        run: Does it on a stage, and says what was seen.
        starts: When it is run, each time on a stage of its own.
        has_controller: Whether the controller of the fleet runs meanwhile.
    """

    name: str
    done: str
    expected: str
    run: Callable[[Stage], Results]
    starts: Callable[[Fleet], Sequence[datetime]] = _once
    has_controller: bool = True


SCENARIOS: Sequence[Scenario] = (
    Scenario(
        "zone-lost",
        "the zone with the most instances loses them and gives none",
        "some serve throughout; as many as before within 15 min, on Google Cloud once the zone is back",
        zone_lost,
    ),
    Scenario(
        "no-capacity",
        "no instance is to be had for 15 min, while the load is three times as high",
        "never below the minimum; larger within 15 min once it is over",
        no_capacity,
    ),
    Scenario(
        "metrics-blind",
        "no metric has a datapoint for an hour",
        "never below the minimum, and not scaled in",
        metrics_blind,
    ),
    Scenario(
        "throttled",
        "three calls, then all, are refused as too many",
        "three are made again; nothing is planned on what could not be read",
        throttled,
    ),
    Scenario(
        "image-gone",
        "the image of the template is deleted, and the load is three times as high",
        "never below the minimum",
        image_gone,
    ),
    Scenario(
        "half-unhealthy",
        "half of the instances fail their health checks",
        "replaced within 15 min and the time of grace",
        half_unhealthy,
    ),
    Scenario(
        "balancer-health-lost",
        "the balancer's check fails of every instance, though all serve",
        "never fewer instances than the minimum",
        balancer_health_lost,
    ),
    Scenario(
        "bad-template",
        "a start script that starts nothing is applied, and the load is three times as high; then the old one again",
        "never below the minimum of instances that serve; as before within 30 min",
        bad_template,
    ),
    Scenario(
        "clock-change",
        "the clocks go forward, and back, in the zones of the schedules",
        "the size follows local time, within 10 min",
        clock_change,
        clock_changes,
    ),
    Scenario(
        "controller-dead",
        "the controller stops for an hour",
        "never below the minimum, not scaled in; larger within 15 min once it runs",
        controller_dead,
        has_controller=False,
    ),
    Scenario(
        "operator-resizes",
        "somebody sets the size below the minimum, which is refused, and then larger by two",
        "as before within 60 min, by policies or by a plan",
        operator_resizes,
    ),
)
"""In the order in which they are run."""
