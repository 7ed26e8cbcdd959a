"""A group that Google Cloud has, back in our words: the inverse of translation, its notes, and what a plan does."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

import trimtab as tt
from tests import measuring
from tests.laws import examples
from tests.providers.gcp.handmade import NAME as HAND_MADE
from tests.providers.gcp.handmade import TEMPLATE, ZONE, instances_of, make_by_hand
from tests.providers.gcp.random_groups import CHANNEL, FLEET, NATIVE, NOW, PROJECT, REGION, SERVICES, canonical, groups
from tests.providers.gcp.replies import leaves_of, replies_to
from tests.providers.gcp.world import GcpWorld
from tests.providers.import_law import assert_notes_are_the_plan, import_adopt_and_plan
from trimtab.config import dump_fleet, parse_fleet
from trimtab.metrics import custom
from trimtab.plan import Action, read_description, read_tags
from trimtab.providers.gcp.importing import import_group
from trimtab.providers.gcp.reads import list_monitored

RANDOM = settings(max_examples=examples(), deadline=None, suppress_health_check=list(HealthCheck))


OWN_METRICS = [custom("Virtualmin", name, dimensions={"pool": "{group}"}) for name in ("JobsWaiting", "Load")]


def imported(replies, fleet=FLEET):
    return import_group(replies, now=NOW, fleet=fleet)


def walk(value, path=""):
    """Every leaf below a value by its path; something empty is a leaf itself."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    for name, item in inner:
        yield from walk(item, f"{path}.{name}")
    if not inner:
        yield path, value


def differences(one, two):
    """The leaves in which two groups differ, the first one's and the second one's."""
    ours, theirs = dict(walk(one.model_dump())), dict(walk(two.model_dump()))
    paths = sorted(ours.keys() | theirs.keys())
    return {path: (ours.get(path), theirs.get(path)) for path in paths if ours.get(path) != theirs.get(path)}


def texts(found):
    return [str(note) for note in found.notes]


@pytest.mark.sweep
def test_importing_is_the_inverse_of_translation():
    """What Google Cloud has of a group is the group, but for what it never has; nothing that has a name is lost."""
    share = Counter()

    @RANDOM
    @given(groups())
    @measuring.now_and_then
    def law(group):
        found = imported(replies_to(group))
        share[not found.changes] += 1
        assert not differences(found.group, canonical(group)), texts(found)

    law()
    assert share[True] >= 0.7 * share.total()


@RANDOM
@given(groups())
def test_what_was_imported_is_translated_to_the_very_same(group):
    """But for the zones and the size that Compute Engine chose where the group left them to it."""
    found = imported(replies_to(group))
    assume(not found.changes)  # of windows that overlap
    asked, again = leaves_of(group), leaves_of(found.group)
    chosen = {key for key in again.keys() - asked.keys() if key[2] in ("distributionPolicy.zones", "targetSize")}
    assert {key: value for key, value in again.items() if key not in chosen} == asked


@settings(RANDOM, max_examples=examples(30))
@given(groups())
def test_importing_twice_says_the_same(group):
    found = imported(replies_to(group))
    assume(not found.changes)
    once = found.group
    assert imported(replies_to(once)).group == once


@settings(RANDOM, max_examples=examples(10))
@given(groups())
def test_what_was_imported_is_a_fleet_file(group):
    fleet = tt.Fleet(name=FLEET, groups=[imported(replies_to(group)).group])
    assert parse_fleet(dump_fleet(fleet)) == fleet


# through the emulator


def furnish(world):
    """The network, images and backend services that random groups name."""
    world.ask("POST", "global/networks", {"name": "virtualmin", "autoCreateSubnetworks": False})
    private = {"name": "private", "network": "global/networks/virtualmin", "ipCidrRange": "10.9.0.0/20"}
    world.ask("POST", f"regions/{REGION}/subnetworks", private)
    for name in ("golden", "golden-2"):
        world.ask("POST", "global/images", {"name": name, "diskSizeGb": "1"})
    for name in SERVICES:
        body = {"name": name, "healthChecks": ["global/healthChecks/virtualmin"], "portName": "http"}
        world.ask("POST", "global/backendServices", body)


def on_a_channel_that_exists(cloud, group):
    """The group, with the channel of others that its alarms name made."""
    body = {"type": "email", "labels": {"email_address": "them@example.org"}, "displayName": "theirs"}
    made = cloud.provider.connection.monitor(
        "notificationChannels.create_notification_channel", name=f"projects/{PROJECT}", notification_channel=body
    )

    def moved(told):
        return tuple(made["name"] if one == CHANNEL else one for one in told)

    alarms = [
        one.model_copy(update={"notify": moved(one.notify), "notify_ok": moved(one.notify_ok)}) for one in group.alarms
    ]
    return group.model_copy(update={"alarms": tuple(alarms)})


def take_marks_off(world, cloud, fleet):
    """As if nobody had ever said whose they are; whom alarms tell says the channel's mark."""
    for key, item in cloud.provider.resources.read(fleet).resources.items():
        if key.kind in ("health-check", "group-manager", "autoscaler", "alert-policy"):
            zone = item.attributes.get("zone")
            world.make_foreign(cloud, key, f"zones/{zone}" if zone else f"regions/{REGION}")


def without_speeds(group):
    """The group without what persistent disks are refused: provisioned IOPS and throughput are for Hyperdisks."""
    disks = [disk.replace(iops=None, throughput=None) for disk in group.template.disks]
    return group.replace(template=group.template.replace(disks=disks))


@settings(RANDOM, max_examples=examples(4), derandomize=True, phases=[Phase.generate])
@given(group=groups())
def test_importing_is_the_inverse_of_applying(emulator, group):
    """Made through the real SDKs, its marks taken off, read back: the group, but for what Google Cloud never has."""
    emulator.doors.reset()
    world = GcpWorld(emulator)
    world.doors.set_clock(NOW, freeze=True)
    furnish(world)
    with world.connect() as cloud:
        group = without_speeds(on_a_channel_that_exists(cloud, group))
        cloud.publish([tt.MetricValue(metric=one, value=1, group=NATIVE) for one in OWN_METRICS])
        fleet = tt.Fleet(name=FLEET, groups=[group])
        plan = cloud.plan(fleet)
        assert not plan.problems, [str(problem) for problem in plan.problems]
        cloud.apply(plan, wait="accepted").raise_for_failures()
        take_marks_off(world, cloud, fleet)
        found = cloud.import_group(NATIVE, fleet=FLEET)
        assert not differences(found.group, canonical(group)), texts(found)
        assert all(note.field.startswith("schedules") for note in found.changes)
        again = tt.Fleet(name=FLEET, groups=[found.group])
        cloud.apply(cloud.adopt(again)).raise_for_failures()
        assert_notes_are_the_plan(found, cloud.plan(again))


def test_a_group_made_by_hand_is_adopted_and_only_what_was_noted_changes(world):
    """Import, adopt, plan: what the plan changes was said before, and every instance and its template stay."""
    make_by_hand(world)
    before = instances_of(world)
    with world.connect() as cloud:
        found, fleet, plan = import_adopt_and_plan(
            cloud, HAND_MADE, location="europe-west1", fleet="virtualmin-pro-cluster"
        )
        assert not plan.problems
        assert_notes_are_the_plan(found, plan)
        assert {"template", "health_check.by"} <= set(found.group.unmanaged)
        assert {change.action for change in plan} == {Action.UPDATE}
        cloud.apply(plan).raise_for_failures()
        assert not cloud.plan(fleet)
        again = cloud.import_group(HAND_MADE, location="europe-west1", fleet="virtualmin-pro-cluster")
        assert again.group == found.group
        assert not again.changes
    assert len(before) == 3
    assert instances_of(world) == before


# adopting

VERSIONS = {"fingerprint", "etag", "mutationRecord", "creationRecord"}
"""Which write of a thing it was."""


def alert_by_hand(cloud):
    """An alert policy about the group, with parts that no model says."""
    threshold = {
        "filter": 'metric.type = "compute.googleapis.com/instance/cpu/utilization" '
        f'AND resource.type = "gce_instance" AND metadata.user_labels.group = "{HAND_MADE}"',
        "comparison": "COMPARISON_GT",
        "thresholdValue": 0.8,
        "duration": "300s",
        "aggregations": [
            {"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_MEAN", "crossSeriesReducer": "REDUCE_MEAN"}
        ],
    }
    policy = {
        "displayName": f"{HAND_MADE}-hot",
        "combiner": "OR",
        "conditions": [{"displayName": "hot", "conditionThreshold": threshold}],
        "documentation": {"content": "call somebody", "mimeType": "text/markdown"},
        "userLabels": {"team": "ops"},
        "alertStrategy": {"autoClose": "1800s"},
    }
    calls = cloud.provider.connection
    calls.monitor("alertPolicies.create_alert_policy", name=f"projects/{PROJECT}", alert_policy=policy)


def bodies(world, cloud):
    """Everything of the group made by hand, as Google Cloud answers it."""
    places = (
        *(f"{ZONE}/instanceGroupManagers/{HAND_MADE}", f"{ZONE}/autoscalers/by-hand", "global/healthChecks/up"),
        *(f"global/instanceTemplates/{name}" for name in (TEMPLATE, "canary")),
    )
    return [
        *(world.ask("GET", place) for place in places),
        *list_monitored(cloud.provider.connection, "alert-policy").items,
    ]


def without_marks(value):
    """A reply less marks, and less what says which write it was."""
    if isinstance(value, list):
        return [without_marks(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: without_marks(one) for name, one in value.items() if name not in VERSIONS}
    found["description"] = read_description(value.get("description"))[0]
    found["userLabels"] = read_tags(value.get("userLabels") or {})[0]
    return {name: one for name, one in found.items() if one or name not in ("description", "userLabels")}


def test_adopting_leaves_all_but_the_mark_byte_for_byte(world):
    """The manager, the autoscaler and the alert get a line or a label; templates and health check not even that."""
    make_by_hand(world)
    with world.connect() as cloud:
        alert_by_hand(cloud)
        before = bodies(world, cloud)
        found = cloud.import_group(HAND_MADE, location="europe-west1", fleet="virtualmin-pro-cluster")
        cloud.apply(cloud.adopt(tt.Fleet(name=found.fleet, groups=[found.group]))).raise_for_failures()
        after = bodies(world, cloud)
    assert without_marks(after) == without_marks(before)
    changed = [
        one.get("displayName") or one["name"]
        for one, old in zip(after, before, strict=True)
        if _bare(one) != _bare(old)
    ]
    assert set(changed) == {HAND_MADE, "by-hand", f"{HAND_MADE}-hot"}


def _bare(body):
    return {name: value for name, value in body.items() if name not in VERSIONS}


def _told(world, cloud):
    return {path: note for note in cloud.import_group("old", fleet="shop").notes for path in note.paths}


def _put_old(world, *, version=None, config=None):
    """A zonal group of somebody else's, as plain as can be."""
    source = "projects/debian-cloud/global/images/family/debian-12"
    card = {"network": "global/networks/default", **({"accessConfigs": [config]} if config else {})}
    machine = {
        "machineType": "e2-small",
        "disks": [{"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": source}}],
        "networkInterfaces": [card],
    }
    world.ask("POST", "global/instanceTemplates", {"name": "old", "properties": machine})
    versions = [{"instanceTemplate": "global/instanceTemplates/old", **(version or {})}]
    body = {"name": "old", "targetSize": 1, "versions": versions}
    world.ask("POST", f"{ZONE}/instanceGroupManagers", body)


def test_a_version_that_has_a_name_says_so_and_keeps_it(world):
    """https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers (versions[].name)"""
    _put_old(world, version={"name": "stable"})
    with world.connect() as cloud:
        group = cloud.import_group("old", fleet="shop").group
        assert group.gcp.native.group_manager == {"versions": [{"name": "stable"}]}
        fleet = tt.Fleet(name="shop", groups=[group])
        cloud.apply(cloud.adopt(fleet)).raise_for_failures()
        larger = group.model_copy(update={"template": group.template.model_copy(update={"size": "e2-medium"})})
        edited = tt.Fleet(name="shop", groups=[larger])
        cloud.apply(cloud.plan(edited), wait="accepted").raise_for_failures()
        (version,) = world.ask("GET", f"{ZONE}/instanceGroupManagers/old")["versions"]
        assert version["name"] == "stable"
        assert not version["instanceTemplate"].endswith("/old")
        assert not cloud.plan(edited)


def test_an_address_of_another_tier_leaves_the_template_to_others(world):
    """https://cloud.google.com/network-tiers/docs/overview"""
    _put_old(world, config={"type": "ONE_TO_ONE_NAT", "name": "External NAT", "networkTier": "STANDARD"})
    with world.connect() as cloud:
        found = cloud.import_group("old", fleet="shop")
    assert "template" in found.group.unmanaged
    assert any("networkTier" in str(note) for note in found.notes)


def test_an_address_of_the_usual_tier_is_carried(world):
    _put_old(world, config={"type": "ONE_TO_ONE_NAT", "name": "External NAT", "networkTier": "PREMIUM"})
    with world.connect() as cloud:
        found = cloud.import_group("old", fleet="shop")
    assert not found.group.unmanaged
    assert found.group.template.public_address


@pytest.mark.parametrize(
    ("kind", "port", "fields"),
    [
        ("HTTP", 8080, {"path": "/up", "port": 8080}),
        ("HTTPS", 443, {"path": "/up", "port": 443}),
        ("HTTPS", 8443, {"path": "/up", "port": 8443, "protocol": "https"}),
        ("HTTP", 443, {"path": "/up", "port": 443, "protocol": "http"}),
    ],
)
def test_a_check_of_the_groups_own_comes_back_by_its_protocol(world, kind, port, fields):
    _put_old(world)
    own = {"name": "old", "type": kind, f"{kind.lower()}HealthCheck": {"port": port, "requestPath": "/up"}}
    world.ask("POST", "regions/europe-west1/healthChecks", own)
    healing = [{"healthCheck": "regions/europe-west1/healthChecks/old", "initialDelaySec": 60}]
    world.ask("PATCH", f"{ZONE}/instanceGroupManagers/old", {"autoHealingPolicies": healing})
    with world.connect() as cloud:
        found = cloud.import_group("old", fleet="shop").group.health_check
    given = found.model_dump(mode="json", exclude_defaults=True)
    given.pop("grace")
    assert given == fields
