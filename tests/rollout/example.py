"""The running example under blue-green rollouts on the emulators, for tests."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trimtab as tt
from trimtab.models import Rollout

FILE = Path(__file__).parents[2] / "examples" / "virtualmin" / "fleet.yaml"
MONDAY = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
CLOUDS = ("aws", "azure", "gcp")
LOOK = timedelta(seconds=15)


def fleets(provider, **rollout):
    """The web tier of the running example, and the same with another start script."""
    whole = tt.load_fleet(FILE, env={}).for_provider(provider)
    web = whole["web"].replace(rollout=Rollout(strategy="blue-green", **rollout))
    newer = web.template.replace(variables={**web.template.variables, "environment": "next"})
    one = whole.replace(groups=[web])
    return one, one.replace(groups=[web.replace(template=newer)])


def kinds_of(cloud, fleet):
    """How many things of each kind the fleet has."""
    plan = cloud.destroy(fleet)
    return Counter(change.key.kind for change in plan)
