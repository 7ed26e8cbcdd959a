"""
A nightly job in one's own automation: heal what drifted, refuse what would end instances, report as JSON.

    python examples/gcp/embed_script.py --emulator
"""

import json
from typing import Any

from account import FLEET, Account

import trimtab as tt


def nightly(cloud: tt.Cloud, fleet: tt.Fleet) -> dict[str, Any]:
    """One run: what was found, and what was done about it."""
    plan = cloud.plan(fleet)
    report: dict[str, Any] = {"at": plan.made_at.isoformat(), "found": plan.summary}
    if plan.problems or plan.unknown:
        return {**report, "done": "nothing", "why": [str(one) for one in (*plan.problems, *plan.unknown)]}
    if any(change.instances for change in plan):
        return {**report, "done": "nothing", "why": ["it would end instances: somebody has to look"]}
    result = cloud.apply(plan)
    return {**report, "done": "applied", "failures": list(result.failures)}


def main() -> None:
    """Three nights: the first makes the cluster, in the second somebody meddles, the third finds nothing."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        fleet = tt.load_fleet(FLEET, env=account.variables)
        reports = [nightly(cloud, fleet)]
        account.drift()
        reports += [nightly(cloud, fleet), nightly(cloud, fleet)]
        print(json.dumps(reports, indent=2))
        assert [report["found"] for report in reports] == [{"create": 29}, {"update": 3}, {}]
        cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
