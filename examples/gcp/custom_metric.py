"""
Scale on a number of one's own: instances report how busy PHP's workers are, and the group holds them at its target.

    python examples/gcp/custom_metric.py --emulator

It is the api of the running example; `trimtab permissions --instances` says what its instances need to publish.
"""

from account import FLEET, Account

import trimtab as tt


def main() -> None:
    """Have them report, wait, look."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        api = tt.load_fleet(FLEET, provider="gcp", env=account.variables)["api"]
        fleet = tt.Fleet(name="virtualmin", groups=(api,))
        busy = next(policy.metric for policy in api.policies if policy.name == "hold-workers")
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        live = cloud.group("virtualmin-api")
        before = live.read().desired
        account.pass_time(tt.minutes(10))  # a new instance counts once it has warmed up
        for _ in range(10):
            account.report(busy, "virtualmin-api", 95)
            account.pass_time(tt.minutes(1))
        after = live.read().desired
        print(f"workers are {live.datapoints(busy).latest:.0f} % busy: {before} instances were wanted, now {after}")
        for activity in live.activities(limit=1):
            print(activity.cause or activity.description)
        assert not account.emulated or after > before, "95 % is more than 75 %"
        cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
