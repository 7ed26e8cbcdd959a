"""
Public configurations on the clouds that they were not written for, as they stand: a plan, or problems that help.

Each is planned on the two other clouds and in memory, with only its region left out (a region of another cloud is
refused first, by its line). Every problem names a field, says what is wrong and, after `; `, what to write.
"""

from collections import Counter

import pytest

import trimtab as tt
from tests.found.mending import mended
from tests.providers.emulated import CLOUDS, SDKS

COUNTS = {
    "aws": {
        "planned": 0,
        "template.image": 15,
        "template.size": 15,
        "template.ssh_key": 1,
        "template.security_groups": 3,
        "template.disks": 1,
        "placement.network": 11,
        "placement.subnets": 4,
        "placement.zones": 16,
        "load_balancers.0": 1,
        "health_check.path": 2,
        "health_check.port": 1,
        "schedules.*": 3,
    },
    "azure": {
        "planned": 0,
        "template.image": 21,
        "template.ssh_key": 4,
        "template.security_groups": 10,
        "template.role": 10,
        "template.disks": 5,
        "template.metadata_hops": 5,
        "placement.subnets": 17,
        "placement.subnet_tags": 8,
        "load_balancers.0": 4,
        "health_check.by": 3,
        "protect_from_scale_in": 1,
        "purchase": 2,
        "policies.*": 16,
        "alarms.*": 13,
        "schedules.*": 3,
        "placement.zones": 3,
        "purchase.sizes": 4,
        "template.size": 17,
    },
    "gcp": {
        "planned": 0,
        "template.image": 16,
        "template.size": 16,
        "template.ssh_key": 4,
        "template.disks": 3,
        "template.metadata_hops": 5,
        "tags.Tier": 1,
        "tags.KubernetesCluster": 1,
        "placement.subnets": 7,
        "placement.subnet_tags": 8,
        "placement.zones": 6,
        "load_balancers.0": 5,
        "health_check.by": 3,
        "protect_from_scale_in": 1,
        "purchase.max_price": 1,
        "purchase.on_demand_percent": 1,
        "purchase.sizes": 4,
        "policies.*": 22,
        "alarms.*": 11,
        "schedules.*": 9,
    },
    "memory": {"planned": 19, "template.image": 4},
}
"""By cloud, how many configurations are planned as they stand, and how many problems name each part of a group."""


def files(shared, home):
    """The configurations that were written for a cloud."""
    return sorted((shared / "found" / "configurations" / home).glob("*.yaml"))


def load(path):
    """A configuration in no region."""
    fleet = tt.load_fleet(path, env={})
    return fleet.model_copy(update={"groups": tuple(group.replace(location=None) for group in fleet.groups)})


def strangers(shared, provider):
    """The configurations of other clouds."""
    return [load(path) for home in CLOUDS if home != provider for path in files(shared, home)]


def lacking(problem):
    """What a problem does not say; nothing where it says all."""
    text = problem.text.removeprefix(f"{problem.path}: ")
    reason, _, fix = text.partition("; ")
    named = {"field": problem.path, "line": problem.place, "reason": reason, "fix": fix}
    return [word for word, value in named.items() if not value]


def part_of(problem):
    """The first two words of a field, names of items left out."""
    head, *rest = problem.path.split(".")
    return f"{head}.*" if head in ("policies", "alarms", "schedules") else ".".join((head, *rest[:1]))


def judged(cloud, fleets):
    """Problems that lack something, and how often each part of a group is named."""
    lame, counts = [], Counter()
    for fleet in fleets:
        plan = cloud.plan(fleet)
        counts["planned"] += not plan.problems
        counts.update(map(part_of, plan.problems))
        lame += [(str(problem), lacking(problem)) for problem in plan.problems if lacking(problem)]
        lame += [str(one) for one in plan.unknown]
    return lame, dict(counts)


@pytest.mark.parametrize("provider", CLOUDS)
def test_a_configuration_of_another_cloud_is_refused_with_field_reason_and_fix(request, shared, provider):
    pytest.importorskip(SDKS[provider])
    emulator = request.getfixturevalue(f"{provider}_emulator")
    emulator.reset()
    emulator.furnish()
    with CLOUDS[provider](emulator).connect() as cloud:
        lame, counts = judged(cloud, strangers(shared, provider))
    assert lame == []
    assert counts == COUNTS[provider]


def test_in_memory_all_are_planned_but_those_with_an_image_by_match(shared):
    with tt.connect("memory") as cloud:
        lame, counts = judged(cloud, strangers(shared, "memory"))
    assert lame == []
    assert counts == COUNTS["memory"]


NO_METRIC = {"tam-one", "hello-world"}
"""Fleets with alarms on metrics of CloudWatch that Cloud Monitoring has never seen, as only Google can say."""


@pytest.mark.parametrize(("provider", "home"), [(here, home) for here in CLOUDS for home in CLOUDS if home != here])
def test_who_follows_the_problems_has_a_fleet_that_is_made_and_planned_to_nothing(request, shared, provider, home):
    """Twice at most: what they name is left out, accepted, or said in neutral words."""
    pytest.importorskip(SDKS[provider])
    emulator = request.getfixturevalue(f"{provider}_emulator")
    for path in files(shared, home):
        fleet = load(path)
        emulator.reset()
        emulator.furnish()
        with CLOUDS[provider](emulator).connect() as cloud:
            for _ in range(2):
                fleet = mended(fleet, cloud.plan(fleet).problems, provider)
            plan = cloud.plan(fleet)
            assert [str(problem) for problem in plan.problems] == []
            failures = [str(failure) for failure in cloud.apply(plan, wait="accepted").failures]
            if provider == "gcp" and fleet.name in NO_METRIC:
                assert ["Cannot find metric" in text for text in failures] == [True]
            else:
                assert failures == []
                assert not cloud.plan(fleet), path.stem


@pytest.mark.parametrize("provider", CLOUDS)
def test_a_region_of_another_cloud_is_refused_by_its_line(request, shared, provider):
    pytest.importorskip(SDKS[provider])
    emulator = request.getfixturevalue(f"{provider}_emulator")
    emulator.reset()
    refused = 0
    with CLOUDS[provider](emulator).connect() as cloud:
        for home in CLOUDS.keys() - {provider}:
            for path in files(shared, home):
                fleet = tt.load_fleet(path, env={})
                if any(group.location for group in fleet.groups):
                    with pytest.raises(tt.errors.ConfigError, match=r"yaml:\d+: .*location: .*; write one such as"):
                        cloud.plan(fleet)
                    refused += 1
    assert refused
