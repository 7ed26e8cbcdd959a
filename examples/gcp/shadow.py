"""
Before a group is handed over: what would the controller have done? An hour in its shadow, then the comparison.

    python examples/gcp/shadow.py --emulator

Compute Engine holds the group at 60 % CPU; the candidate adds two instances above 70 % and takes one away below 30 %.
The shadow decides each minute and writes nothing; `trimtab history FLEET --shadow --candidate steps` prints the same.
"""

from account import Account

import trimtab as tt
from trimtab.controller import compare_shadow
from trimtab.store import open_store

WEB = tt.ScalingGroup(
    name="web",
    capacity=tt.Capacity(min=1, max=10, desired=2),
    template=tt.InstanceTemplate(image=tt.Image(id="debian-cloud/debian-12"), size="e2-small"),
    warm_up=tt.minutes(2),
    policies=(tt.TargetTrackingPolicy(name="hold-cpu", metric=tt.metrics.cpu, target=60),),
)
LIVE = tt.Fleet(name="shop", groups=(WEB,))
STEPS: tuple[tt.SimplePolicy, ...] = (
    tt.SimplePolicy(name="out", change=2, cooldown=tt.minutes(5)),
    tt.SimplePolicy(name="in", change=-1, cooldown=tt.minutes(5)),
)
ALARMS = (
    tt.Alarm(name="hot", metric=tt.metrics.cpu, above=70, periods=2, triggers=("out",)),
    tt.Alarm(name="cold", metric=tt.metrics.cpu, below=30, periods=5, triggers=("in",)),
)
CANDIDATE = tt.Fleet(
    name="shop", controller=True, groups=(WEB.model_copy(update={"policies": STEPS, "alarms": ALARMS}),)
)
LOADS = [1.0] * 10 + [2.5] * 25 + [1.0] * 25
"""In instances at full use."""


def main() -> None:
    """Shadow the candidate beside the cloud's own autoscaler for an hour."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        cloud.apply(cloud.plan(LIVE)).raise_for_failures()
        account.pass_time(tt.minutes(10))
        store = open_store("sqlite://")
        with tt.Controller(CANDIDATE, cloud, store=store, shadow=True, candidate="steps") as shadow:
            for load in LOADS:
                running = max(1, cloud.group("shop-web").read().running)
                account.load("shop-web", min(100.0, 100 * load / running))
                account.pass_time(tt.minutes(1))
                shadow.tick()
        (web,) = compare_shadow(store, "shop", ["web"], candidate="steps")
        print(f"the same for {web.equal} of {web.compared}")
        print(f"the candidate changes the size {web.changes} times, the autoscaler {web.cloud_changes} times")
        for episode in web.episodes:
            print(
                f"{episode.since:%H:%M} {episode.minutes:g} min {episode.kind}: {episode.ours}, cloud {episode.theirs}"
            )
            print(f"      {'; '.join(episode.because)}")
        assert not account.emulated or web.episodes, "these policies are not the same"
        store.close()
        assert not cloud.plan(LIVE), "nothing was written"
        cloud.apply(cloud.destroy(LIVE), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
