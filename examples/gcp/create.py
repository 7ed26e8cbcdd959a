"""
Bring the Virtualmin cluster up: plan, look, apply, wait, plan again.

    python examples/gcp/create.py --emulator
"""

from account import FLEET, Account

import trimtab as tt


def tell(event: object) -> None:
    """Say what happens while it happens."""
    match event:
        case tt.ChangeEnded(change=change, error=error):
            print(f"{'FAILED' if error else 'done':8} {change.key} {error}")
        case tt.Waiting(group=group, ready=ready, desired=desired):
            print(f"{group}: {ready} of {desired} run")


def main() -> None:
    """Create, prove that nothing is left to do, and take it all away again."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        fleet = tt.load_fleet(FLEET, env=account.variables)
        plan = cloud.plan(fleet)
        for change in plan:
            print(f"{change.action:8} {change.key}")
        for note in plan.notes:
            print(f"note: {note}")

        result = cloud.apply(plan, wait="stable", timeout=tt.minutes(15), on_event=tell)
        result.raise_for_failures()

        assert not cloud.plan(fleet), "the second plan is empty"
        for group in cloud.status(fleet).groups:
            assert group.state is not None
            print(f"{group.name}: {group.state.running} of {group.state.desired} run")

        cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
