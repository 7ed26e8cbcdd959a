"""The control doors that only AWS has: forecasts, shortages, targets that fail."""

from collections.abc import Mapping
from typing import Any

from trimtab.emulators.aws.forecasts import hand_in
from trimtab.emulators.aws.health import fail_target
from trimtab.emulators.aws.world import HOME, World
from trimtab.emulators.shared.control import Door


def doors_of(world: World) -> Mapping[tuple[str, str], Door]:
    """The doors by method and name."""
    return {
        ("POST", "forecasts"): lambda body: hand_in(world.region(_region(body)), body),
        ("POST", "shortages"): lambda body: _run_short(world, body),
        ("GET", "shortages"): lambda _: world.shortages(),
        ("DELETE", "shortages"): lambda _: world.end_shortages(),
        ("POST", "targets"): lambda body: fail_target(
            world.region(_region(body)), body["instance"], healthy=bool(body.get("healthy"))
        ),
    }


def _region(body: Mapping[str, Any]) -> str:
    return str(body.get("region") or HOME)


def _run_short(world: World, body: Mapping[str, Any]) -> None:
    known = ("instance_type", "zone")
    unknown = set(body) - {*known, "region"}
    if unknown:
        raise ValueError(f"a shortage has the fields {', '.join(known)} and region, not {', '.join(sorted(unknown))}")
    world.region(_region(body)).shortages.append({name: str(body.get(name, "*")) for name in known})
