"""The quotas of an emulated account: roomy, as of one that has grown for years, until one is set at the door."""

from collections.abc import Callable, Mapping
from typing import Any

from trimtab.emulators.shared.control import Door

ROOMY = 1_000_000
"""Each quota until one is set. Real defaults, such as 5 vCPUs on AWS, would refuse most fleets that are tried here."""
EVERYWHERE = "*"


class Quotas:
    """What was set at the door, by region and name; names have no case."""

    def __init__(self) -> None:
        self._limits: dict[tuple[str, str], float] = {}

    def set(self, body: Mapping[str, Any]) -> None:
        """Have a quota be another one: `quota` by the cloud's name of it, `limit`, and `region` unless in all."""
        if unknown := set(body) - {"quota", "limit", "region"}:
            raise ValueError(f"a quota has the fields quota, limit and region, not {', '.join(sorted(unknown))}")
        region = str(body.get("region") or EVERYWHERE)
        self._limits[region.lower(), str(body["quota"]).lower()] = float(body["limit"])

    def told(self) -> list[dict[str, Any]]:
        """Those that were set."""
        return [{"region": region, "quota": name, "limit": value} for (region, name), value in self._limits.items()]

    def clear(self) -> None:
        """Have all be roomy again."""
        self._limits.clear()

    def find(self, region: str, name: str) -> float | None:
        """What was set; `None` for a quota that is roomy."""
        places = (region.lower(), EVERYWHERE)
        return next((self._limits[key] for place in places if (key := (place, name.lower())) in self._limits), None)

    def limit(self, region: str, name: str) -> float:
        """What a quota is."""
        quota = self.find(region, name)
        return ROOMY if quota is None else quota

    def doors(self) -> Mapping[tuple[str, str], Door]:
        """The control doors."""
        doors: dict[tuple[str, str], Callable[..., Any]] = {
            ("POST", "quotas"): self.set,
            ("GET", "quotas"): lambda _: self.told(),
            ("DELETE", "quotas"): lambda _: self.clear(),
        }
        return doors
