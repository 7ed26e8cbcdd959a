"""
Office hours, a window for the backup and a week before Christmas: what is in force over a day.

    python examples/azure/schedules.py --emulator

Azure changes from profile to profile by itself. With `--resource-group` the clock is yours: the script says what is in
force now and ends.
"""

from account import Account

import trimtab as tt


def fleet(subnet: str) -> tt.Fleet:
    """A web group whose bounds follow the office's clock."""
    web = tt.ScalingGroup(
        name="web",
        capacity=tt.Capacity(min=2, max=10, desired=2),
        template=tt.InstanceTemplate(image=tt.Image(id="Ubuntu2404"), size="Standard_B2s"),
        placement=tt.Placement(subnets=(subnet,)),
        policies=(tt.SimplePolicy(name="scale-out", change=1), tt.SimplePolicy(name="scale-in", change=-1)),
        alarms=(
            tt.Alarm(name="hot", metric=tt.metrics.cpu, above=70, period=tt.minutes(5), triggers=("scale-out",)),
            tt.Alarm(name="idle", metric=tt.metrics.cpu, below=30, period=tt.minutes(5), triggers=("scale-in",)),
        ),
        schedules=(
            tt.Schedule(name="office", cron="0 8 * * 1-5", until="0 18 * * 1-5", zone="Europe/Madrid", min=4),
            tt.Schedule(name="backup", cron="0 2 * * 7", duration=tt.hours(2), zone="Europe/Madrid", min=3),
            tt.Schedule(
                name="christmas", at="2026-12-18T00:00:00", duration=tt.hours(168), zone="Europe/Madrid", min=6
            ),
        ),
    )
    return tt.Fleet(name="office", groups=(web,))


def main() -> None:
    """Look every three hours of a day."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        office = fleet(account.subnet())
        cloud.apply(cloud.plan(office)).raise_for_failures()
        seen = set()
        for _ in range(8 if account.emulated else 1):
            state = cloud.group("web").read()
            print(f"{cloud.now():%a %H:%M} UTC: {state.min} to {state.max}, {state.desired} wanted")
            assert not cloud.plan(office), "a plan never undoes what a profile did"
            seen.add(state.min)
            if account.emulated:
                account.pass_time(tt.hours(3))
        assert not account.emulated or seen == {2, 4}
        cloud.apply(cloud.destroy(office), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
