"""
Disks and addresses that instances of a group keep.

https://cloud.google.com/compute/docs/instance-groups/configuring-stateful-migs and the discovery document of Compute
Engine (`StatefulPolicy`).
"""

import pytest

from tests.conftest import make_fleet, make_group
from trimtab.testing import translate

IMAGE = "projects/debian-cloud/global/images/family/debian-12"
DATA = {"device": "data", "size_gb": 10}
ENDS, STAYS = {"autoDelete": "ON_PERMANENT_INSTANCE_DELETION"}, {"autoDelete": "NEVER"}


def fleet(*disks, zones=("europe-west1-b",), size=2, **template):
    given = {"image": IMAGE, "size": "e2-medium", "disks": list(disks), **template}
    capacity = {"min": size, "max": size, "desired": size}
    placement = {"zones": list(zones)}
    return make_fleet(
        make_group("web", capacity=capacity, template=given, placement=placement, policies={}, alarms={}, schedules={})
    )


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def manager_of(plan):
    return next(change.wanted.body for change in plan if change.key.kind == "group-manager")


CASES = {
    "a disk": (fleet({**DATA, "stateful": True}), {"disks": {"data": ENDS}}),
    "a disk that is kept": (fleet({**DATA, "stateful": True, "keep": True}), {"disks": {"data": STAYS}}),
    "the boot disk": (fleet({"stateful": True}), {"disks": {"persistent-disk-0": ENDS}}),
    "an internal address": (fleet(internal_address="stateful"), {"internalIPs": {"nic0": ENDS}}),
    "both addresses": (
        fleet(internal_address="kept", external_address="stateful", public_address=True),
        {"internalIPs": {"nic0": STAYS}, "externalIPs": {"nic0": ENDS}},
    ),
    "a group of a region": (fleet({**DATA, "stateful": True}, zones=()), {"disks": {"data": ENDS}}),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_made_and_imported(cloud, name):
    wanted, state = CASES[name]
    plan = cloud.plan(wanted)
    assert not plan.problems
    body = manager_of(plan)
    assert body["statefulPolicy"] == {"preservedState": state}
    assert body["updatePolicy"] == {
        "type": "OPPORTUNISTIC",
        **({} if wanted.groups[0].placement.zones else {"instanceRedistributionType": "NONE"}),
        "replacementMethod": "RECREATE",
        "maxSurge": {"fixed": 0},
    }
    assert not [change for change in plan if change.key.kind == "autoscaler"]
    cloud.apply(plan, wait="accepted").raise_for_failures()
    assert not cloud.plan(wanted).changes
    found = cloud.import_group("virtualmin-web", fleet="virtualmin")
    given, read = wanted.groups[0].template, found.group.template
    assert [disk.stateful for disk in read.disks if disk.stateful] == [disk.stateful for disk in given.disks]
    assert [disk.keep for disk in read.disks if disk.stateful] == [disk.keep for disk in given.disks]
    assert (read.internal_address, read.external_address) == (given.internal_address, given.external_address)
    assert not [note for note in found.changes if "stateful" in str(note)]


def test_it_comes_and_goes(cloud):
    """One of two disks is let go, then the other, then all is back; a plan in between is empty."""
    more = {"device": "more", "size_gb": 10}
    steps = [
        fleet(DATA, more),
        fleet({**DATA, "stateful": True}, {**more, "stateful": True}),
        fleet({**DATA, "stateful": True, "keep": True}, more, internal_address="stateful"),
        fleet({**DATA, "stateful": True, "keep": True}, more),
        fleet(DATA, more),
        fleet({**DATA, "stateful": True}, more),
    ]
    for wanted in steps:
        cloud.apply(cloud.plan(wanted), wait="accepted").raise_for_failures()
        assert not cloud.plan(wanted).changes, cloud.plan(wanted).to_text()


def test_a_disk_that_is_let_go_is_null_in_the_patch():
    """Without that the service would keep it, with its own default."""
    from trimtab.providers.gcp.bodies import stateful_patch

    old = {"statefulPolicy": {"preservedState": {"disks": {"a": ENDS, "b": ENDS}, "internalIPs": {"nic0": ENDS}}}}
    new = {"statefulPolicy": {"preservedState": {"disks": {"a": STAYS}}}}
    assert stateful_patch(old, new) == {
        "preservedState": {"disks": {"a": STAYS, "b": None}, "internalIPs": {"nic0": None}}
    }
    assert stateful_patch(new, {}) == {"preservedState": {"disks": {"a": None}}}


POLICY = {"hold": {"type": "target-tracking", "metric": "cpu", "target": 60}}
DAY = {"day": {"cron": "0 8 * * *", "duration": "2h", "zone": "UTC", "min": 3}}


@pytest.mark.parametrize(
    ("fields", "path"),
    [({"policies": POLICY}, "policies.hold"), ({"schedules": DAY}, "schedules.day")],
)
def test_nothing_sizes_a_stateful_group_by_itself(fields, path):
    template = {"image": IMAGE, "size": "e2-medium", "disks": [{**DATA, "stateful": True}]}
    group = make_group("web", **{"template": template, "policies": {}, "alarms": {}, "schedules": {}, **fields})
    problems = translate(make_fleet(group), "gcp").problems
    assert [note.path for note in problems if "has no autoscaler" in note.text] == [path]


def test_a_policy_that_is_off_says_so():
    """It is no problem, and what would make it one is no field in silence."""
    policies = [{"name": "hold", "type": "target-tracking", "metric": "cpu", "target": 50, "enabled": False}]
    group = fleet({**DATA, "stateful": True})["web"].replace(policies=policies)
    found = translate(make_fleet(group), "gcp")
    assert not found.problems
    assert [note for note in found.notes if note.text.startswith("policies.hold.enabled: not used: a group with state")]


def test_a_public_address_that_is_not_there_cannot_be_kept():
    problems = translate(fleet(external_address="stateful"), "gcp").problems
    assert [note.path for note in problems] == ["template.external_address"]


@pytest.mark.parametrize("provider", ["aws", "azure"])
def test_other_clouds_refuse_it_by_name(provider):
    wanted = fleet({**DATA, "stateful": True}, internal_address="stateful", external_address="kept")
    paths = {path for note in translate(wanted, provider).problems for path in note.text.partition(": ")[0].split(", ")}
    assert {"template.disks.0.stateful", "template.internal_address", "template.external_address"} <= paths
