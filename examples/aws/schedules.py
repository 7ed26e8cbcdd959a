"""
Office hours and a window for the backup: what is in force over a day, and that no plan undoes it.

    python examples/aws/schedules.py --emulator

With `--region` the clock is yours: the script says what is in force now and ends.
"""

from account import Account

import trimtab as tt

WEB = tt.ScalingGroup(
    name="web",
    capacity=tt.Capacity(min=2, max=10, desired=2),
    template=tt.InstanceTemplate(image=tt.Image(id="ami-12c6146b"), size="t3.medium"),
    policies=(tt.SimplePolicy(name="scale-out", change=1), tt.SimplePolicy(name="scale-in", change=-1)),
    alarms=(
        tt.Alarm(name="hot", metric=tt.metrics.cpu, above=70, period=tt.minutes(5), triggers=("scale-out",)),
        tt.Alarm(name="idle", metric=tt.metrics.cpu, below=30, period=tt.minutes(5), triggers=("scale-in",)),
    ),
    schedules=(
        # open from eight to six by the office's own clock, summer and winter
        tt.Schedule(name="office", cron="0 8 * * 1-5", until="0 18 * * 1-5", zone="Europe/Madrid", min=4),
        # and for two hours each Sunday night
        tt.Schedule(name="backup", cron="0 2 * * 7", duration=tt.hours(2), zone="Europe/Madrid", min=3),
    ),
)
FLEET = tt.Fleet(name="office", groups=(WEB,))


def main() -> None:
    """Look every three hours of a day."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        cloud.apply(cloud.plan(FLEET)).raise_for_failures()
        seen = set()
        for _ in range(8 if account.emulated else 1):
            status = cloud.status(FLEET).groups[0]
            because = ", ".join(status.in_force.because) or "nothing else"
            assert status.state is not None
            print(f"{cloud.now():%a %H:%M} UTC: {status.state.min} to {status.state.max}, because of {because}")
            assert not cloud.plan(FLEET), "a plan never undoes what a schedule did"
            seen.add(status.state.min)
            if account.emulated:
                account.pass_time(tt.hours(3))
        assert not account.emulated or seen == {2, 4}
        cloud.apply(cloud.destroy(FLEET), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
