"""
Change one threshold: the plan shows that field and nothing else, with the line of the file that it comes from.

    python examples/azure/change_threshold.py --emulator
"""

from account import FLEET, Account

import trimtab as tt


def main() -> None:
    """Apply, edit, plan, apply."""
    text = FLEET.read_text()
    with Account.open(__doc__) as account, account.connect() as cloud:
        before = tt.parse_fleet(text, env=account.variables)
        after = tt.parse_fleet(text.replace("above: 5000", "above: 4000"), env=account.variables)
        cloud.apply(cloud.plan(before)).raise_for_failures()

        plan = cloud.plan(after)
        for change in plan:
            for field in change.fields:
                print(f"{change.key.name}: {field.path} {field.old} -> {field.new} ({field.field})")
        assert plan.summary == {"update": 2}, "one alarm of each group that counts requests"

        cloud.apply(plan).raise_for_failures()
        assert not cloud.plan(after)
        cloud.apply(cloud.destroy(after), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
