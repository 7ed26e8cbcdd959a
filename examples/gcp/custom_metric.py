"""
Scale on a number of one's own: publish how many jobs wait for the group, and hold it at a target.

    python examples/gcp/custom_metric.py --emulator
"""

from account import Account

import trimtab as tt

JOBS = tt.metrics.custom("Virtualmin", "JobsWaiting", unit="count", dimensions={"group": "{group}"})
WORKERS = tt.ScalingGroup(
    name="workers",
    capacity=tt.Capacity(min=1, max=5),
    template=tt.InstanceTemplate(image=tt.Image(id="debian-cloud/debian-12"), size="e2-small"),
    policies=(tt.TargetTrackingPolicy(name="backlog", metric=JOBS, target=50),),
)
FLEET = tt.Fleet(name="jobs", groups=(WORKERS,))


def main() -> None:
    """Publish, wait, look."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        cloud.apply(cloud.plan(FLEET)).raise_for_failures()
        account.pass_time(tt.minutes(5))
        workers = cloud.group("workers")
        for _ in range(4):
            workers.publish(JOBS, 180)
            account.pass_time(tt.minutes(1))
        print(f"{workers.datapoints(JOBS).latest:.0f} jobs wait; {workers.read().desired} instances are wanted")
        for activity in workers.activities(limit=3):
            print(activity.description, activity.cause)
        assert not account.emulated or workers.read().desired > 1, "180 is more than one instance takes"
        cloud.apply(cloud.destroy(FLEET), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
