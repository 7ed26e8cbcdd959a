"""
A group that is mostly spot: two instances on demand, a quarter of the rest, several sizes to choose from.

    python examples/aws/spot_mix.py --emulator
"""

from account import Account

import trimtab as tt

WORKERS = tt.ScalingGroup(
    name="workers",
    capacity=tt.Capacity(min=6, max=20, desired=6),
    template=tt.InstanceTemplate(image=tt.Image(id="ami-12c6146b"), size="t3.medium"),
    purchase=tt.Purchase(
        spot=True,
        on_demand_base=2,
        on_demand_percent=25,
        strategy="price-capacity",
        sizes=tuple(tt.SizeOption(size=size) for size in ("t3.medium", "t3a.medium", "t2.medium")),
        rebalance=True,
    ),
    policies=(tt.TargetTrackingPolicy(name="half-busy", metric=tt.metrics.cpu, target=50),),
)
FLEET = tt.Fleet(name="spot", groups=(WORKERS,))


def main() -> None:
    """Apply, and count what is on demand."""
    assert not tt.check_fleet(FLEET, provider="aws"), "nothing to say against it"
    with Account.open(__doc__) as account, account.connect() as cloud:
        cloud.apply(cloud.plan(FLEET)).raise_for_failures()
        group = account.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["spot-workers"])
        shares = group["AutoScalingGroups"][0]["MixedInstancesPolicy"]["InstancesDistribution"]
        print(
            f"on demand: {shares['OnDemandBaseCapacity']}, and {shares['OnDemandPercentageAboveBaseCapacity']} % above"
        )
        assert (shares["OnDemandBaseCapacity"], shares["OnDemandPercentageAboveBaseCapacity"]) == (2, 25)
        for instance in cloud.group("workers").instances():
            print(f"{instance.id} {instance.size} in {instance.zone}")
        cloud.apply(cloud.destroy(FLEET), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
