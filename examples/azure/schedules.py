"""
Office hours, a window for the backup and a week before Christmas: what is in force over a day.

    python examples/azure/schedules.py --emulator

Azure changes from profile to profile by itself. With `--resource-group` the clock is yours: the script says what is in
force now and ends.
"""

from account import FLEET, Account

import trimtab as tt

MORE = (
    tt.Schedule(name="backup", cron="0 2 * * 7", duration=tt.hours(2), zone="Europe/Madrid", min=3),
    tt.Schedule(name="christmas", at="2026-12-18T00:00:00", duration=tt.hours(168), zone="Europe/Madrid", min=6),
)
"""What comes to the business hours of the running example."""


def main() -> None:
    """Look every three hours of a day."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        web = tt.load_fleet(FLEET, provider="azure", env=account.variables)["web"]
        office = tt.Fleet(name="office", groups=(web.model_copy(update={"schedules": (*web.schedules, *MORE)}),))
        cloud.apply(cloud.plan(office)).raise_for_failures()
        seen = set()
        for _ in range(8 if account.emulated else 1):
            status = cloud.status(office).groups[0]
            because = ", ".join(status.in_force.because) or "nothing else"
            assert status.state is not None
            print(f"{cloud.now():%a %H:%M} UTC: {status.state.min} to {status.state.max}, because of {because}")
            assert not cloud.plan(office), "a plan never undoes what a schedule did"
            seen.add(status.state.min)
            if account.emulated:
                account.pass_time(tt.hours(3))
        assert not account.emulated or seen == {2, 4}
        cloud.apply(cloud.destroy(office), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
