"""
Scale on a number of one's own: publish how many jobs wait, and let an alarm on it add instances.

    python examples/azure/custom_metric.py --emulator
"""

from account import Account

import trimtab as tt

JOBS = tt.metrics.custom("Virtualmin", "JobsWaiting", unit="count")


def fleet(subnet: str) -> tt.Fleet:
    """Workers that grow with the backlog."""
    workers = tt.ScalingGroup(
        name="workers",
        capacity=tt.Capacity(min=1, max=5, desired=1),
        template=tt.InstanceTemplate(image=tt.Image(id="Ubuntu2404"), size="Standard_B2s"),
        placement=tt.Placement(subnets=(subnet,)),
        policies=(
            tt.StepPolicy(
                name="catch-up",
                steps=(tt.Step(lower=0, upper=100, change=1), tt.Step(lower=100, change=3)),
            ),
        ),
        alarms=(tt.Alarm(name="backlog", metric=JOBS, above=50, period=tt.minutes(5), triggers=("catch-up",)),),
    )
    return tt.Fleet(name="jobs", groups=(workers,))


def main() -> None:
    """Publish, wait, look."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        jobs = fleet(account.subnet())
        cloud.apply(cloud.plan(jobs)).raise_for_failures()
        workers = cloud.group("workers")
        for _ in range(4):
            workers.publish(JOBS, 180)
            account.pass_time(tt.minutes(1))
        print(f"{workers.datapoints(JOBS).latest:.0f} jobs wait; {workers.read().desired} instances are wanted")
        for activity in workers.activities(limit=3):
            print(activity.description, activity.cause)
        assert not account.emulated or workers.read().desired == 4, "130 above the threshold is the second step"
        cloud.apply(cloud.destroy(jobs), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
