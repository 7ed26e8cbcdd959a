"""The control doors that only Azure has: resource groups, forecasts, shortages, instances that fail their probe."""

from collections.abc import Mapping
from typing import Any

from trimtab.emulators.azure.autoscale_watch import hand_in
from trimtab.emulators.azure.groups import HOME, make_group
from trimtab.emulators.azure.health import fail_target
from trimtab.emulators.azure.shortages import run_short
from trimtab.emulators.azure.world import World
from trimtab.emulators.shared.control import Door


def doors_of(world: World) -> Mapping[tuple[str, str], Door]:
    """The doors by method and name."""
    return {
        ("POST", "groups"): lambda body: _make_group(world, body),
        ("POST", "forecasts"): lambda body: hand_in(world, body),
        ("POST", "shortages"): lambda body: run_short(world, body),
        ("GET", "shortages"): lambda _: world.shortages,
        ("DELETE", "shortages"): lambda _: world.shortages.clear(),
        ("POST", "targets"): lambda body: fail_target(world, body["instance"], healthy=bool(body.get("healthy"))),
    }


def _make_group(world: World, body: Mapping[str, Any]) -> None:
    make_group(world, str(body["name"]), str(body.get("location", HOME)))
