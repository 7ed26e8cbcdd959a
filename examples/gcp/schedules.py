"""
Office hours, a window for the backup and a week before Christmas: what is in force over a day.

    python examples/gcp/schedules.py --emulator

A scaling schedule of Compute Engine raises the minimum while it is open. With `--project` the clock is yours: the
script says what is in force now and ends.
"""

from account import Account

import trimtab as tt

WEB = tt.ScalingGroup(
    name="web",
    capacity=tt.Capacity(min=2, max=10),
    template=tt.InstanceTemplate(image=tt.Image(id="debian-cloud/debian-12"), size="e2-small"),
    policies=(tt.TargetTrackingPolicy(name="hold-cpu", metric=tt.metrics.cpu, target=60),),
    schedules=(
        tt.Schedule(name="office", cron="0 8 * * 1-5", duration=tt.hours(10), zone="Europe/Madrid", min=4),
        tt.Schedule(name="backup", cron="0 2 * * 7", duration=tt.hours(2), zone="Europe/Madrid", min=3),
        tt.Schedule(name="christmas", at="2026-12-18T00:00:00", duration=tt.hours(168), zone="Europe/Madrid", min=6),
    ),
)
OFFICE = tt.Fleet(name="office", groups=(WEB,))


def main() -> None:
    """Look every three hours of a day."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        cloud.apply(cloud.plan(OFFICE)).raise_for_failures()
        seen = set()
        for _ in range(8 if account.emulated else 1):
            state = cloud.group("web").read()
            print(f"{cloud.now():%a %H:%M} UTC: {state.min} to {state.max}, {state.desired} wanted")
            assert not cloud.plan(OFFICE), "a plan never undoes what a schedule did"
            seen.add(state.min)
            if account.emulated:
                account.pass_time(tt.hours(3))
        assert not account.emulated or seen == {2, 4}
        cloud.apply(cloud.destroy(OFFICE), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
