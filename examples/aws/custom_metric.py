"""
Scale on a number of one's own: publish how many jobs wait, and let an alarm on it add instances.

    python examples/aws/custom_metric.py --emulator
"""

from account import Account

import trimtab as tt

JOBS = tt.metrics.custom("Virtualmin", "JobsWaiting", unit="count", dimensions={"Group": "{group}"})
WORKERS = tt.ScalingGroup(
    name="workers",
    capacity=tt.Capacity(min=1, max=5, desired=1),
    template=tt.InstanceTemplate(image=tt.Image(id="ami-12c6146b"), size="t3.medium"),
    policies=(
        tt.StepPolicy(
            name="catch-up",
            steps=(tt.Step(lower=0, upper=100, change=1), tt.Step(lower=100, change=3)),
        ),
    ),
    alarms=(tt.Alarm(name="backlog", metric=JOBS, above=50, triggers=("catch-up",)),),
)
FLEET = tt.Fleet(name="jobs", groups=(WORKERS,))


def main() -> None:
    """Publish, wait, look."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        cloud.apply(cloud.plan(FLEET)).raise_for_failures()
        workers = cloud.group("workers")
        account.pass_time(tt.minutes(10))  # a new instance counts once it has warmed up
        for _ in range(2):
            workers.publish(JOBS, 180)
            account.pass_time(tt.minutes(1))
        account.pass_time(tt.minutes(2))
        print(f"{workers.datapoints(JOBS).latest:.0f} jobs wait; {workers.read().desired} instances are wanted")
        for activity in workers.activities(limit=1):
            print(activity.cause)
        assert not account.emulated or workers.read().desired == 4, "130 above the threshold is the second step"
        cloud.apply(cloud.destroy(FLEET), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
