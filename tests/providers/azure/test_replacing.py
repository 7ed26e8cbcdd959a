"""
What takes a new scale set, and what Azure changes in place; the emulator refuses what the plan replaces.

https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-scale-set and
https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-use-availability-zones
"""

import pytest
from azure.core.exceptions import HttpResponseError

from tests.conftest import make_fleet
from tests.providers.azure.groups import azure_group

KEYS, OTHER = "Microsoft.Compute/diskEncryptionSets/keys", "Microsoft.Compute/diskEncryptionSets/other"


def group_of(world, *, disks=(), zones=(), azure=None):
    template = {"image": "Ubuntu2404", "size": "Standard_D2s_v5", "disks": [_disk(world, **disk) for disk in disks]}
    placement = {"subnets": [world.subnet], "zones": list(zones)}
    return azure_group(world, "web", template=template, placement=placement, **({"azure": azure} if azure else {}))


def _disk(world, key=None, **fields):
    return {**fields, **({"key": f"{world.home}/providers/{key}"} if key else {})}


SMALL = {"device": "1", "size_gb": 8}
CASES = {
    "another type": ({"disks": [{"type": "ssd"}]}, {"disks": [{"type": "fast-ssd"}]}, "replace"),
    "a key of one's own": ({"disks": [{"size_gb": 40}]}, {"disks": [{"size_gb": 40, "key": KEYS}]}, "replace"),
    "another key": ({"disks": [{"key": KEYS}]}, {"disks": [{"key": OTHER}]}, "replace"),
    "no key any more": ({"disks": [{"key": KEYS}]}, {}, "replace"),
    "a smaller disk": ({"disks": [{"size_gb": 64}]}, {"disks": [{"size_gb": 63}]}, "replace"),
    "a larger disk": ({"disks": [{"size_gb": 64}]}, {"disks": [{"size_gb": 65}]}, "update"),
    "a smaller data disk": ({"disks": [SMALL]}, {"disks": [{**SMALL, "size_gb": 4}]}, "replace"),
    "a larger data disk": ({"disks": [SMALL]}, {"disks": [{**SMALL, "size_gb": 16}]}, "update"),
    "another type of a data disk": (
        {"disks": [{**SMALL, "type": "ssd"}]},
        {"disks": [{**SMALL, "type": "fast-ssd"}]},
        "replace",
    ),
    "a key for a data disk": ({"disks": [SMALL]}, {"disks": [{**SMALL, "key": KEYS}]}, "replace"),
    "one more data disk": (
        {"disks": [SMALL]},
        {"disks": [SMALL, {"device": "2", "size_gb": 4, "type": "fast-ssd", "key": KEYS}]},
        "update",
    ),
    "one data disk less": (
        {"disks": [SMALL, {"device": "2", "size_gb": 4, "key": KEYS}]},
        {"disks": [SMALL]},
        "update",
    ),
    "another number": ({"disks": [SMALL]}, {"disks": [{"device": "2", "size_gb": 4, "type": "fast-ssd"}]}, "update"),
    "one more zone": ({"zones": ["1"]}, {"zones": ["1", "3"]}, "update"),
    "zones at last": ({}, {"zones": ["1", "2"]}, "update"),
    "one zone less": ({"zones": ["1", "2"]}, {"zones": ["2"]}, "replace"),
    "other zones": ({"zones": ["1", "2"]}, {"zones": ["2", "3"]}, "replace"),
    "no zones any more": ({"zones": ["1"]}, {}, "replace"),
    "several placement groups": (
        {"azure": {"single_placement_group": True}},
        {"azure": {"single_placement_group": False}},
        "update",
    ),
    "one placement group": (
        {"azure": {"single_placement_group": False}},
        {"azure": {"single_placement_group": True}},
        "replace",
    ),
    "flexible with another type": (
        {"disks": [{"type": "ssd"}], "azure": {"orchestration": "flexible"}},
        {"disks": [{"type": "fast-ssd"}], "azure": {"orchestration": "flexible"}},
        "replace",
    ),
}


@pytest.mark.sample(8, per="action")
@pytest.mark.parametrize(("before", "after", "action"), CASES.values(), ids=CASES)
def test_a_change_is_made_in_place_or_takes_a_new_set(world, before, after, action):
    """Whichever it is, apply goes through and the next plan is empty."""
    for path in (KEYS, OTHER):
        world.put(path, {"location": world.location, "properties": {}})
    with world.connect() as cloud:
        cloud.apply(cloud.plan(make_fleet(group_of(world, **before)))).raise_for_failures()
        fleet = make_fleet(group_of(world, **after))
        plan = cloud.plan(fleet)
        assert [str(change.action) for change in plan if change.key.kind == "scale-set"] == [action]
        cloud.apply(plan, allow_replace=True).raise_for_failures()
        assert not cloud.plan(fleet)


@pytest.mark.sample(4)
@pytest.mark.parametrize(
    "name", [name for name, (_, _, action) in CASES.items() if action == "replace" and "any more" not in name]
)
def test_the_emulator_refuses_what_takes_a_new_set(world, name):
    """The body of the new set is no update of the old one."""
    before, after, _ = CASES[name]
    for path in (KEYS, OTHER):
        world.put(path, {"location": world.location, "properties": {}})
    sets = world.compute.virtual_machine_scale_sets
    with world.connect() as cloud:
        world.doors.clear_requests()
        cloud.apply(cloud.plan(make_fleet(group_of(world, **after)))).raise_for_failures()
        (made,) = [call for call in world.doors.requests() if call.operation.endswith("ScaleSets_CreateOrUpdate")]
        cloud.apply(cloud.destroy(make_fleet(group_of(world, **after))), allow_delete=True).raise_for_failures()
        cloud.apply(cloud.plan(make_fleet(group_of(world, **before)))).raise_for_failures()
    with pytest.raises(HttpResponseError) as refused:
        sets.begin_create_or_update(world.group, "virtualmin-web", made.params["body"]).result()
    assert refused.value.error.code in ("PropertyChangeNotAllowed", "ResizeDiskError")
