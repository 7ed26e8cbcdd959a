"""
A group that is mostly spot: one instance regular, a quarter of the rest, evicted ones deleted.

    python examples/azure/spot_mix.py --emulator

It is the web-spot of the running example: a mix takes a Flexible scale set.
"""

from account import FLEET, Account

import trimtab as tt


def main() -> None:
    """Apply, and count what is regular."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        spot = tt.load_fleet(FLEET, provider="azure", env=account.variables)["web-spot"]
        fleet = tt.Fleet(name="virtualmin", groups=(spot,))
        plan = cloud.plan(fleet)
        for note in plan.notes:
            print(f"note: {note}")
        cloud.apply(plan).raise_for_failures()
        vms = account.compute.virtual_machine_scale_set_vms.list(account.resource_group, "virtualmin-web-spot")
        priorities = [vm["properties"].get("priority", "Regular") for vm in vms]
        print(f"regular: {priorities.count('Regular')}, spot: {priorities.count('Spot')}")
        assert not account.emulated or priorities.count("Regular") == 1, (
            "the base; a quarter of three is none, since Azure rounds down"
        )
        cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
