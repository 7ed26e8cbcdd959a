"""
A group that is mostly spot: two instances regular, a quarter of the rest, evicted ones deleted.

    python examples/azure/spot_mix.py --emulator
"""

from account import Account

import trimtab as tt


def fleet(subnet: str) -> tt.Fleet:
    """Workers of which most can be evicted; a mix takes a Flexible scale set."""
    workers = tt.ScalingGroup(
        name="workers",
        capacity=tt.Capacity(min=6, max=20, desired=6),
        template=tt.InstanceTemplate(image=tt.Image(id="Ubuntu2404"), size="Standard_D2s_v5"),
        placement=tt.Placement(subnets=(subnet,)),
        purchase=tt.Purchase(spot=True, on_demand_base=2, on_demand_percent=25),
        azure=tt.AzureSettings(orchestration="flexible", eviction="delete"),
        policies=(tt.TargetTrackingPolicy(name="half-busy", metric=tt.metrics.cpu, target=50, approximate=True),),
    )
    return tt.Fleet(name="spot", groups=(workers,))


def main() -> None:
    """Apply, and count what is regular."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        spot = fleet(account.subnet())
        plan = cloud.plan(spot)
        for note in plan.notes:
            print(f"note: {note}")
        cloud.apply(plan).raise_for_failures()
        vms = account.compute.virtual_machine_scale_set_vms.list(account.resource_group, "spot-workers")
        priorities = [vm["properties"].get("priority", "Regular") for vm in vms]
        print(f"regular: {priorities.count('Regular')}, spot: {priorities.count('Spot')}")
        assert not account.emulated or priorities.count("Regular") == 3, "two, and a quarter of four"
        cloud.apply(cloud.destroy(spot), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
