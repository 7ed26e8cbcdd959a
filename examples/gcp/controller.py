"""
The Virtualmin cluster on Google Cloud with the guide's own simple policies: one more or one fewer as CPU asks.

    python examples/gcp/controller.py --emulator

Compute Engine has no such policies: the fleet says `controller: true`, and a controller ticks each minute. In the
emulator load rises and falls within an hour.
"""

from account import FLEET, Account

import trimtab as tt

POLICIES: tuple[tt.SimplePolicy, ...] = (
    tt.SimplePolicy(name="scale-up", change=1, cooldown=tt.minutes(5)),
    tt.SimplePolicy(name="scale-down", change=-1, cooldown=tt.minutes(5)),
)
ALARMS = tuple(
    tt.Alarm(name=name, metric=tt.metrics.cpu, period=tt.minutes(2), periods=2, triggers=(policy,), **side)
    for name, policy, side in (
        ("scale-up-cpu", "scale-up", {"above": 70}),
        ("scale-down-cpu", "scale-down", {"below": 30}),
    )
)
RISE_AND_FALL = [0.8] * 4 + [2.4 + 0.2 * minute for minute in range(14)] + [5.0] * 6 + [0.6] * 30
"""Load, in instances at full use."""


def guides_fleet() -> tt.Fleet:
    """The cluster as the guide scales it, on Google Cloud."""
    fleet = tt.load_fleet(FLEET, env={})
    groups = [
        group.model_copy(update={"policies": POLICIES, "alarms": ALARMS, "schedules": ()}) for group in fleet.groups
    ]
    return fleet.model_copy(update={"groups": tuple(groups), "controller": True})


def main() -> None:
    """Apply, tick through a rise and a fall of load, and print each size with its reasons."""
    fleet = guides_fleet()
    with Account.open(__doc__) as account, account.connect() as cloud:
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
