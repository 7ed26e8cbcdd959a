"""
Spot on Google Cloud: all instances of a group or none, of several sizes as they are to be had.

    python examples/gcp/spot_mix.py --emulator

An on-demand base beside spot is refused with the reason: the v1 API has none. Two groups behind one balancer do it, the
web and the web-spot of the running example; the file's overlay for Google takes the base away.
"""

from account import FLEET, Account

import trimtab as tt


def main() -> None:
    """Ask for a mix, read why not, and do it with two groups."""
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
            print(f"{one.name}: {one.state.running} of {one.state.instances[0].size or 'the template'}")
        assert not cloud.plan(fleet)
        cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
