"""
A new start script reaches every instance: by a canary with bakes, batch by batch, and by a group beside the old one.

    python examples/aws/rollout.py --emulator
"""

from account import FLEET, Account

import trimtab as tt


def release(fleet: tt.Fleet, name: str, rollout: tt.Rollout) -> tt.Fleet:
    """The web tier alone, at a release, and how it is rolled out."""
    web = fleet["web"]
    template = web.template.replace(variables={**(web.template.variables or {}), "environment": name})
    return fleet.replace(groups=[web.replace(template=template, rollout=rollout)])


def main() -> None:
    """Apply a release, and bring three more, each by another strategy."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        fleet = tt.parse_fleet(FLEET.read_text(), env=account.variables).for_provider(account.provider)
        if fleet["web"].template.requirement is not None and account.provider == "aws":
            # an instance refresh goes to no template whose sizes are chosen by attributes
            template = fleet["web"].template.replace(size="t3.medium")
            fleet = fleet.replace(groups=[fleet["web"].replace(template=template)])
        canary = tt.Rollout(
            strategy="canary",
            checkpoints=[tt.Checkpoint(percent=25, bake="5m")],
            bake="5m",
            on_failure="pause",
        )
        cloud.apply(cloud.plan(release(fleet, "one", canary))).raise_for_failures()

        plan = cloud.plan(release(fleet, "two", canary))
        print(plan.to_text(width=100))
        assert plan.waiting, "only a rollout brings it to the instances that run"
        rolled = cloud.rollout(release(fleet, "two", canary), by="example")
        print(rolled)
        assert rolled.raise_for_failures().is_done
        assert not cloud.plan(release(fleet, "two", canary))

        rolling = tt.Rollout(strategy="rolling", max_unavailable="50%", min_healthy=1, on_failure="stop")
        print(cloud.rollout(release(fleet, "three", rolling), by="example").raise_for_failures())
        assert not cloud.plan(release(fleet, "three", rolling))

        beside = tt.Rollout(strategy="blue-green", bake="5m", end_after="10m")
        before = cloud.group("web").name
        print(cloud.rollout(release(fleet, "four", beside), by="example").raise_for_failures())
        after = cloud.group("web").name
        print(f"{before} -> {after}")
        assert before != after
        assert not cloud.plan(release(fleet, "four", beside))
        cloud.apply(cloud.destroy(release(fleet, "four", beside)), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
