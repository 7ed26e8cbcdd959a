"""
A group that is mostly spot: one instance on demand, a quarter of the rest, and whichever sizes fit.

    python examples/aws/spot_mix.py --emulator

It is the web-spot of the running example.
"""

from account import FLEET, Account

import trimtab as tt


def main() -> None:
    """Apply, and count what is on demand."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        spot = tt.load_fleet(FLEET, provider="aws", env=account.variables)["web-spot"]
        fleet = tt.Fleet(name="virtualmin", groups=(spot,))
        assert not tt.check_fleet(fleet, provider="aws"), "nothing to say against it"
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        names = ["virtualmin-web-spot"]
        group = account.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=names)
        shares = group["AutoScalingGroups"][0]["MixedInstancesPolicy"]["InstancesDistribution"]
        print(
            f"on demand: {shares['OnDemandBaseCapacity']}, and {shares['OnDemandPercentageAboveBaseCapacity']} % above"
        )
        assert (shares["OnDemandBaseCapacity"], shares["OnDemandPercentageAboveBaseCapacity"]) == (1, 25)
        for instance in cloud.group("web-spot").instances():
            print(f"{instance.id} {instance.size} in {instance.zone}")
        cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
