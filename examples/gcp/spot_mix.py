"""
Spot on Google Cloud: a base on demand, and the rest spot, of several sizes as they are to be had.

    python examples/gcp/spot_mix.py --emulator

The base is a second managed instance group behind the same balancer; to the fleet both are one group. A share above the
base is refused with the reason, since policies size the group: no autoscaler knows how large another group is.
"""

from account import FLEET, Account

import trimtab as tt


def main() -> None:
    """Ask for a share, read why not, and have the base alone."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        example = tt.load_fleet(FLEET, provider="gcp", env=account.variables)
        mix = tt.Purchase(spot=True, on_demand_base=1, on_demand_percent=25)
        mixed = tt.Fleet(name="virtualmin", groups=(example["web-spot"].model_copy(update={"purchase": mix}),))
        for problem in cloud.plan(mixed).problems:
            print(f"refused: {problem}")
        assert cloud.plan(mixed).problems
        fleet = tt.Fleet(name="virtualmin", groups=(example["web"], example["web-spot"]))
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        for one in cloud.status(fleet).groups:
            assert one.state is not None
            print(f"{one.name}: {one.state.running} running, {dict(one.state.parts) or 'all on demand'}")
        assert not cloud.plan(fleet)
        cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
