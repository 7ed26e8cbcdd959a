"""Promotion: the running example is tried in staging first, then taken to production; here on the cloud in memory."""

from pathlib import Path

import trimtab as tt

FILE = Path(__file__).parents[1] / "virtualmin" / "fleet.yaml"


def main() -> None:
    """Apply staging, then production; staging stays as it is, since its fleet has a name of its own."""
    with tt.connect("memory") as cloud:
        for environment in ("staging", "production"):
            fleet = tt.load_fleet(FILE, provider="memory", overlays=[environment])
            plan = cloud.plan(fleet)
            print(f"{environment}: {plan}")
            cloud.apply(plan).raise_for_failures()
            assert not cloud.plan(fleet).changes
        staging = tt.load_fleet(FILE, provider="memory", overlays=["staging"])
        assert not cloud.plan(staging).changes


if __name__ == "__main__":
    main()
