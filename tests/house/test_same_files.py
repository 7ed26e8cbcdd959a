"""The house: what a cloud's code does stands in a file of the same name in each cloud."""

from pathlib import Path

import pytest

import trimtab

PROVIDERS = Path(trimtab.__file__).parent / "providers"
CLOUDS = ("aws", "azure", "gcp")
EVERYWHERE = {
    *("__init__.py", "acting.py", "activities.py", "alarms.py", "bodies.py", "client.py", "datapoints.py"),
    *("errors.py", "facts.py", "kinds.py", "metrics.py", "names.py", "permissions.py", "policies.py", "provider.py"),
    *("checks.py", "declarations.py", "pure.py", "rolling.py", "rollouts.py", "settings.py", "sharing.py"),
    *("reads.py", "replies.py", "resolve.py", "resources.py", "states.py", "template.py", "translate.py", "writes.py"),
    *(
        f"importing/{name}.py"
        for name in ("__init__", "alarms", "group", "group_reader", "metrics", "reading", "replies", "template")
    ),
}
NEW = {"agents.py", "constraints.py", "images.py", "disks.py", "quotas.py"}
"""In all clouds, or in none yet."""
SOMEWHERE = {
    "autoscaler.py": ("azure", "gcp"),  # one native thing has a group's bounds, policies and schedules
    "importing/autoscaler.py": ("azure", "gcp"),
    "schedules.py": ("aws", "azure"),  # actions and profiles; scaling schedules are a few lines of an autoscaler
    "importing/policies.py": ("aws", "azure"),  # the signals of an autoscaler are read with it
    "unused.py": ("azure", "gcp"),  # what an autoscaler has no words for, which EC2 takes
    "ids.py": ("azure", "gcp"),  # EC2 and Auto Scaling name things by plain names
    "first_seen.py": ("aws",),  # only scheduled actions set a size at a moment that is past afterwards
    "unsaid.py": ("aws",),  # Azure gives no start script back, Google's are text; neither has sizes by attributes
    "places.py": ("aws",),  # EC2 alone numbers networks, subnets and firewalls, whose names need not be unique
    "existing.py": ("aws",),  # nine kinds of things by as many operations; elsewhere `resolve` has room for them
    "offers.py": ("azure",),  # one list has all sizes with zones and abilities; elsewhere sizes are asked for by name
    "hooks.py": ("aws",),  # elsewhere notices of instances are heard in the instance alone, by hooks/listener.py
    "refreshes.py": ("aws",),  # elsewhere nothing that is under way refuses an update
    "pacing.py": ("aws",),  # per cents and checkpoints of an instance refresh; elsewhere instances are named or counted
    "traffic.py": ("aws", "gcp"),  # no balancer of Azure's has weights
    "updater.py": ("gcp",),  # versions with target sizes, which no other cloud's groups have
    "rollout_limits.py": ("gcp",),  # how many at once hangs on the number of zones there alone
    "progress.py": ("azure",),  # no mover of the cloud's own replaces instances
    "held.py": ("azure",),  # a rollout's own instances count in the size
    "versions.py": ("azure",),  # a scale set has one model, and no template beside it that has versions
    "purchase.py": ("aws", "gcp"),  # the mixed instances policy, and two groups in its place; Azure's is two leaves
    "importing/schedules.py": ("aws",),  # pairs of scheduled actions as windows
    "importing/resources.py": ("aws",),  # launch configurations and composite alarms, which no plan reads
}
"""Files of some clouds, and why the others have none."""


def files_of(cloud):
    return {str(path.relative_to(PROVIDERS / cloud)) for path in (PROVIDERS / cloud).rglob("*.py")}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_noun_has_the_same_file_in_each_cloud(cloud):
    own = {name for name, clouds in SOMEWHERE.items() if cloud in clouds}
    assert files_of(cloud) - NEW == EVERYWHERE | own


@pytest.mark.parametrize("name", sorted(NEW))
def test_what_is_new_is_new_in_all_clouds(name):
    assert len({name in files_of(cloud) for cloud in CLOUDS}) == 1
