"""
The Virtualmin cluster on Google Cloud with the guide's own simple policies: one more or one fewer as load asks.

    python examples/gcp/controller.py --emulator

Compute Engine has no such policies: the fleet says `controller: true`, and a controller ticks each minute. In the
emulator load rises and falls within an hour.
"""

from account import FLEET, Account

import trimtab as tt

RISE_AND_FALL = [0.8] * 4 + [2.4 + 0.2 * minute for minute in range(14)] + [5.0] * 6 + [0.6] * 30
"""Load, in instances at full use."""


def guides_fleet(account: Account) -> tt.Fleet:
    """The running example on Google Cloud, scaled by the policies and alarms that the guide gives its api."""
    guide = tt.load_fleet(FLEET.with_name("guide.yaml"), env={})["api"]
    fleet = tt.load_fleet(FLEET, provider="gcp", env=account.variables)
    simple = {"policies": guide.policies, "alarms": guide.alarms, "schedules": ()}
    groups = tuple(fleet[name].model_copy(update=simple) for name in ("web", "api"))
    return fleet.model_copy(update={"groups": groups, "controller": True})


def main() -> None:
    """Apply, tick through a rise and a fall of load, and print each size with its reasons."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        fleet = guides_fleet(account)
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        account.pass_time(tt.minutes(5))
        sizes = [cloud.group("virtualmin-pro-cluster-web").read().desired]
        with tt.Controller(fleet, cloud, store="sqlite://" if account.emulated else "default") as controller:
            for load in RISE_AND_FALL:
                for group in fleet.groups:
                    account.load(f"virtualmin-pro-cluster-{group.name}", min(100.0, 100 * load / sizes[-1]))
                account.pass_time(tt.minutes(1))
                tick = controller.tick()
                web = tick["web"].decision
                if web is not None:
                    sizes.append(web.size)
                    if web.change:
                        print(f"{tick.at:%H:%M} {tick['web']}")
        assert not cloud.plan(fleet), "the controller's sizes are nobody's drift"
        assert not account.emulated or sizes[0] == 2 < max(sizes) > sizes[-1], sizes
        cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
