"""
Spot on Google Cloud: all instances of a group or none, of several sizes in order of preference.

    python examples/gcp/spot_mix.py --emulator

An on-demand base beside spot is refused with the reason: the v1 API has none. Two groups behind one balancer do it.
"""

from account import Account

import trimtab as tt

SIZES = (tt.SizeOption(size="e2-standard-2"), tt.SizeOption(size="n2-standard-2"))


def group(name: str, **purchase: object) -> tt.ScalingGroup:
    """Workers that are half busy."""
    return tt.ScalingGroup(
        name=name,
        capacity=tt.Capacity(min=2, max=10),
        template=tt.InstanceTemplate(image=tt.Image(id="debian-cloud/debian-12"), size="e2-standard-2"),
        policies=(tt.TargetTrackingPolicy(name="half-busy", metric=tt.metrics.cpu, target=50),),
        purchase=tt.Purchase.model_validate(purchase),
        gcp=tt.GcpSettings(target_shape="balanced"),
    )


def main() -> None:
    """Ask for a mix, read why not, and do it with two groups."""
    mixed = tt.Fleet(name="spot", groups=(group("workers", spot=True, on_demand_base=2),))
    steady, cheap = group("steady"), group("cheap", spot=True, strategy="prioritized", sizes=SIZES)
    fleet = tt.Fleet(name="spot", groups=(steady, cheap))
    with Account.open(__doc__) as account, account.connect() as cloud:
        for problem in cloud.plan(mixed).problems:
            print(f"refused: {problem}")
        assert cloud.plan(mixed).problems
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        for one in cloud.status(fleet).groups:
            assert one.state is not None
            print(f"{one.name}: {one.state.running} of {one.state.instances[0].size or 'the template'}")
        assert not cloud.plan(fleet)
        cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
