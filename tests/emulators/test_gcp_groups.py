"""Managed instance groups: how instances come and go, heal and are updated, and what cannot be had."""

import pytest
from gcp_bench import PREFIX, PROJECT, REGION, ZONE, Gcp, Refused
from gcp_groups_bench import actions, among, zone_of, zones
from google.cloud import compute_v1


@pytest.fixture(autouse=True)
def template(gcp: Gcp) -> None:
    gcp.make_template()


# coming and going


def test_instances_take_their_time(gcp: Gcp) -> None:
    gcp.doors.configure(boot_seconds=90, delete_seconds=30)
    group = gcp.make_group(size=2)
    shown = gcp.ask("GET", group)
    assert (shown["targetSize"], shown["currentActions"]["creating"], shown["status"]["isStable"]) == (2, 2, False)
    assert {one["instanceStatus"] for one in gcp.members(group)} == {"STAGING"}
    gcp.doors.advance(90)
    shown = gcp.ask("GET", group)
    assert (shown["currentActions"]["none"], shown["status"]["isStable"]) == (2, True)
    gcp.ask("POST", f"{group}/resize?size=1")
    assert actions(gcp, group) == ["DELETING", "NONE"]
    gcp.doors.advance(30)
    assert actions(gcp, group) == ["NONE"]


def test_an_instance_is_what_its_template_says(gcp: Gcp) -> None:
    labels = {"team": "hosting"}
    cards = [{"network": "global/networks/default", "accessConfigs": [{"type": "ONE_TO_ONE_NAT"}]}]
    scheduling = {"provisioningModel": "SPOT", "preemptible": True}
    gcp.make_template("rich", labels=labels, networkInterfaces=cards, scheduling=scheduling)
    group = gcp.make_group(size=1, instanceTemplate="global/instanceTemplates/rich", baseInstanceName="vm")
    name = gcp.names(group)[0]
    assert name.startswith("vm-")
    found = gcp.client("Instances").get(project=PROJECT, zone=ZONE, instance=name)
    assert (found.status, dict(found.labels), found.scheduling.provisioning_model) == ("RUNNING", labels, "SPOT")
    assert found.machine_type.endswith(f"zones/{ZONE}/machineTypes/e2-small")
    card = found.network_interfaces[0]
    assert card.network_i_p.startswith("10.")
    assert card.access_configs[0].nat_i_p.startswith("203.0.113.")
    made_by = {item.key: item.value for item in found.metadata.items}["created-by"]
    assert made_by.endswith(f"zones/{ZONE}/instanceGroupManagers/web")


def test_a_regional_group_is_even_over_its_zones(gcp: Gcp) -> None:
    group = gcp.make_group(size=7, place=f"regions/{REGION}")
    zones = [str(one["instance"]).split("/zones/")[1][0:14] for one in gcp.members(group)]
    assert sorted(zones.count(zone) for zone in set(zones)) == [2, 2, 3]
    gcp.ask("POST", f"{group}/resize?size=4")
    zones = [str(one["instance"]).split("/zones/")[1][0:14] for one in gcp.members(group)]
    assert sorted(zones.count(zone) for zone in set(zones)) == [1, 1, 2]
    policy = gcp.ask("GET", group)["distributionPolicy"]
    assert policy["targetShape"] == "EVEN"
    assert policy["zones"] == [{"zone": f"{PREFIX}zones/{REGION}-{letter}"} for letter in "bcd"]


def test_a_regional_group_keeps_to_the_zones_that_it_was_given(gcp: Gcp) -> None:
    zones = [{"zone": f"zones/{REGION}-{letter}"} for letter in "cd"]
    group = gcp.make_group(size=4, place=f"regions/{REGION}", distributionPolicy={"zones": zones})
    assert {str(one["instance"]).split("/zones/")[1][0:14] for one in gcp.members(group)} == {
        f"{REGION}-c",
        f"{REGION}-d",
    }


def test_what_does_not_run_goes_first_and_then_what_is_ill(gcp: Gcp) -> None:
    group = gcp.make_group(size=3)
    ill = gcp.names(group)[1]
    gcp.doors.fail_target(ill)
    gcp.doors.configure(boot_seconds=600)
    gcp.ask("POST", f"{group}/resize?size=4")
    coming = next(one["name"] for one in gcp.members(group) if one["currentAction"] == "CREATING")
    gcp.ask("POST", f"{group}/resize?size=3")
    assert coming not in gcp.names(group)
    gcp.ask("POST", f"{group}/resize?size=2")
    assert ill not in gcp.names(group)


def test_the_defaults_of_a_minimal_group(gcp: Gcp) -> None:
    shown = gcp.ask("GET", gcp.make_group(size=0))
    assert shown["baseInstanceName"] == "web"
    assert shown["versions"] == [{"instanceTemplate": f"{PREFIX}global/instanceTemplates/web"}]
    assert shown["instanceGroup"] == f"{PREFIX}zones/{ZONE}/instanceGroups/web"
    assert shown["listManagedInstancesResults"] == "PAGELESS"
    assert shown["updatePolicy"] == {
        "type": "OPPORTUNISTIC",
        "minimalAction": "REPLACE",
        "replacementMethod": "SUBSTITUTE",
        "maxSurge": {"fixed": 1, "calculated": 1},
        "maxUnavailable": {"fixed": 1, "calculated": 1},
    }
    regional = gcp.ask("GET", gcp.make_group(size=0, place=f"regions/{REGION}"))["updatePolicy"]
    assert (regional["maxSurge"]["fixed"], regional["instanceRedistributionType"]) == (3, "PROACTIVE")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"instanceTemplate": "global/instanceTemplates/none"}, "instanceTemplates/none"),
        ({"autoHealingPolicies": [{"healthCheck": "global/healthChecks/none"}]}, "healthChecks/none"),
        ({"targetPools": [f"regions/{REGION}/targetPools/none"]}, "targetPools/none"),
        ({"versions": [{"instanceTemplate": "global/instanceTemplates/web", "targetSize": {"fixed": 1}}]}, "versions"),
    ],
)
def test_what_a_group_refers_to_must_be_there(gcp, body, text):
    with pytest.raises(Refused, match=text):
        gcp.make_group(**body)


# what is asked of single instances


def test_deleting_shrinks_and_abandoning_lets_run(gcp: Gcp) -> None:
    group = gcp.make_group(size=3)
    one, two, three = gcp.names(group)
    gcp.ask("POST", f"{group}/deleteInstances", among([one]))
    gcp.ask("POST", f"{group}/abandonInstances", among([two]))
    assert (gcp.ask("GET", group)["targetSize"], gcp.names(group)) == (1, [three])
    left = [one.name for one in gcp.client("Instances").list(project=PROJECT, zone=ZONE)]
    assert sorted(left) == sorted([two, three])


def test_recreating_keeps_the_name(gcp: Gcp) -> None:
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=2)
    gcp.doors.advance(60)
    before = {one["name"]: one["id"] for one in gcp.members(group)}
    name = min(before)
    gcp.ask("POST", f"{group}/recreateInstances", among([name]))
    assert actions(gcp, group) == ["NONE", "RECREATING"]
    assert gcp.ask("GET", group)["currentActions"]["recreating"] == 1
    gcp.doors.advance(60)
    after = {one["name"]: one["id"] for one in gcp.members(group)}
    assert after.keys() == before.keys()
    assert after[name] != before[name]


def test_a_stranger_is_no_member(gcp: Gcp) -> None:
    group = gcp.make_group(size=1)
    for verb in ("deleteInstances", "abandonInstances", "recreateInstances", "applyUpdatesToInstances"):
        with pytest.raises(Refused, match="nobody"):
            gcp.ask("POST", f"{group}/{verb}", among(["nobody"]))


def test_those_that_are_not_there_are_skipped_where_that_is_asked(gcp: Gcp) -> None:
    """`skipInstancesOnValidationError`: strangers, and those that go already, are not counted."""
    gcp.doors.configure(delete_seconds=60)
    group = gcp.make_group(size=3)
    one, two, three = gcp.names(group)
    gcp.ask("POST", f"{group}/deleteInstances", among([one]))
    with pytest.raises(Refused, match=one):
        gcp.ask("POST", f"{group}/deleteInstances", among([one]))
    skipping = {**among([one, two, "nobody"]), "skipInstancesOnValidationError": True}
    gcp.ask("POST", f"{group}/deleteInstances", skipping)
    assert gcp.ask("GET", group)["targetSize"] == 1
    gcp.doors.advance(60)
    assert gcp.names(group) == [three]


def test_the_instances_of_a_group_with_their_ports(gcp: Gcp) -> None:
    group = gcp.make_group(size=2, namedPorts=[{"name": "http", "port": 8080}])
    groups = gcp.client("InstanceGroups")
    everything = compute_v1.InstanceGroupsListInstancesRequest(instance_state="ALL")
    found = list(
        groups.list_instances(
            project=PROJECT,
            zone=ZONE,
            instance_group="web",
            instance_groups_list_instances_request_resource=everything,
        )
    )
    assert sorted(one.instance.rsplit("/", 1)[-1] for one in found) == gcp.names(group)
    assert {(one.status, one.named_ports[0].name, one.named_ports[0].port) for one in found} == {
        ("RUNNING", "http", 8080)
    }


def test_the_instances_of_a_regional_group_that_run(gcp: Gcp) -> None:
    """By state, and with the one port that is asked for."""
    ports = [{"name": "http", "port": 8080}, {"name": "admin", "port": 9090}]
    gcp.make_group(size=1, place=f"regions/{REGION}", namedPorts=ports)
    gcp.doors.configure(boot_seconds=60)
    gcp.ask("POST", f"regions/{REGION}/instanceGroupManagers/web/resize?size=2")
    path = f"regions/{REGION}/instanceGroups/web/listInstances"
    assert sorted(one["status"] for one in gcp.ask("POST", path, {})["items"]) == ["RUNNING", "STAGING"]
    [found] = gcp.ask("POST", path, {"instanceState": "RUNNING", "portName": "admin"})["items"]
    assert (found["status"], found["namedPorts"]) == ("RUNNING", [{"name": "admin", "port": 9090}])
    groups = gcp.client("RegionInstanceGroups")
    assert [one.name for one in groups.list(project=PROJECT, region=REGION)] == ["web"]


def test_ports_are_named_and_go_with_their_fingerprint(gcp: Gcp) -> None:
    gcp.make_group(size=1)
    path = f"zones/{ZONE}/instanceGroups/web"
    before = gcp.ask("GET", path)
    body = {"namedPorts": [{"name": "http", "port": 8080}], "fingerprint": before["fingerprint"]}
    gcp.ask("POST", f"{path}/setNamedPorts", body)
    assert gcp.ask("GET", path)["namedPorts"] == [{"name": "http", "port": 8080}]
    with pytest.raises(Refused, match="fingerprint") as refused:
        gcp.ask("POST", f"{path}/setNamedPorts", body)
    assert refused.value.status == 412


def test_target_pools_are_set(gcp: Gcp) -> None:
    group = gcp.make_group(size=1)
    gcp.ask("POST", f"regions/{REGION}/targetPools", {"name": "pool"})
    gcp.ask("POST", f"{group}/setTargetPools", {"targetPools": [f"regions/{REGION}/targetPools/pool"]})
    assert gcp.ask("GET", group)["targetPools"] == [f"{PREFIX}regions/{REGION}/targetPools/pool"]
    with pytest.raises(Refused, match="targetPools/none"):
        gcp.ask("POST", f"{group}/setTargetPools", {"targetPools": [f"regions/{REGION}/targetPools/none"]})


# lists


def test_instances_are_listed_all_at_once_unless_pages_were_asked_for(gcp: Gcp) -> None:
    group = gcp.make_group(size=5)
    found = gcp.ask("POST", f"{group}/listManagedInstances?maxResults=2")
    assert (len(found["managedInstances"]), "nextPageToken" in found) == (5, False)
    gcp.ask("PATCH", group, {"listManagedInstancesResults": "PAGINATED"})
    found = gcp.ask("POST", f"{group}/listManagedInstances?maxResults=2")
    assert (len(found["managedInstances"]), "nextPageToken" in found) == (2, True)
    managers = gcp.client("InstanceGroupManagers")
    asked = {"project": PROJECT, "zone": ZONE, "instance_group_manager": "web", "max_results": 2}
    pages = managers.list_managed_instances(request=asked)
    assert sorted(one.name for one in pages) == gcp.names(group)


def test_instances_are_filtered(gcp: Gcp) -> None:
    group = gcp.make_group(size=2)
    gcp.doors.configure(boot_seconds=60)
    gcp.ask("POST", f"{group}/resize?size=3")
    found = gcp.ask("POST", f"{group}/listManagedInstances?filter=currentAction%20eq%20CREATING")
    assert [one["instanceStatus"] for one in found["managedInstances"]] == ["STAGING"]
    with pytest.raises(Refused, match="Invalid list filter"):
        gcp.ask("POST", f"{group}/listManagedInstances?filter=(((")


def test_nothing_is_kept_for_single_instances(gcp: Gcp) -> None:
    group = gcp.make_group(size=1)
    assert gcp.ask("POST", f"{group}/listPerInstanceConfigs").get("items", []) == []
    asked = gcp.client("InstanceGroupManagers")
    assert list(asked.list_errors(project=PROJECT, zone=ZONE, instance_group_manager="web")) == []


# zones


def test_zones_are_evened_out_when_instances_are_deleted(gcp: Gcp) -> None:
    group = gcp.make_group(size=6, place=f"regions/{REGION}")
    gone = [one["instance"] for one in gcp.members(group) if zone_of(one) == ZONE]
    gcp.ask("POST", f"{group}/deleteInstances", {"instances": gone})
    assert zones(gcp, group) == {"b": 1, "c": 1, "d": 2}


def test_zones_are_left_uneven_where_nothing_is_redistributed(gcp: Gcp) -> None:
    policy = {"instanceRedistributionType": "NONE"}
    group = gcp.make_group(size=6, place=f"regions/{REGION}", updatePolicy=policy)
    gone = [one["instance"] for one in gcp.members(group) if zone_of(one) == ZONE]
    gcp.ask("POST", f"{group}/deleteInstances", {"instances": gone})
    assert zones(gcp, group) == {"c": 2, "d": 2}
    gcp.ask("POST", f"{group}/resize?size=5")
    assert zones(gcp, group) == {"b": 1, "c": 2, "d": 2}
    gcp.ask("POST", f"{group}/resize?size=3")
    assert zones(gcp, group) == {"b": 1, "c": 1, "d": 1}


def test_nothing_is_moved_to_a_zone_that_is_short(gcp: Gcp) -> None:
    group = gcp.make_group(size=6, place=f"regions/{REGION}")
    gone = [one["instance"] for one in gcp.members(group) if zone_of(one) == ZONE]
    gcp.doors.run_short(zone=ZONE)
    gcp.ask("POST", f"{group}/deleteInstances", {"instances": gone})
    assert (zones(gcp, group), actions(gcp, group)) == ({"c": 2, "d": 2}, ["NONE"] * 4)


@pytest.mark.parametrize("place", [f"zones/{ZONE}", f"regions/{REGION}"])
def test_a_large_group_comes_and_goes(gcp: Gcp, place: str) -> None:
    group = gcp.make_group(size=300, place=place)
    assert (len(gcp.members(group)), gcp.ask("GET", group)["status"]["isStable"]) == (300, True)
    gcp.ask("POST", f"{group}/resize?size=0")
    assert gcp.members(group) == []


# deleting


def test_only_those_that_are_named_are_deleted(gcp: Gcp) -> None:
    group = gcp.make_group(size=6)
    names = gcp.names(group)
    gcp.ask("POST", f"{group}/deleteInstances", among(names[:3]))
    assert (gcp.names(group), gcp.ask("GET", group)["targetSize"]) == (names[3:], 3)


def test_a_group_that_is_deleted_is_there_until_its_last_instance_has_gone(gcp: Gcp) -> None:
    group = gcp.make_group(size=2)
    gcp.doors.configure(delete_seconds=60)
    operation = gcp.ask("DELETE", group)
    shown = gcp.ask("GET", group)
    assert (shown["targetSize"], shown["currentActions"]["deleting"]) == (0, 2)
    assert {one["instanceStatus"] for one in gcp.members(group)} == {"STOPPING"}
    for method, path in [("DELETE", group), ("POST", f"{group}/resize?size=3")]:
        with pytest.raises(Refused, match="not ready") as refused:
            gcp.ask(method, path)
        assert (refused.value.status, refused.value.reason) == (400, "resourceNotReady")
    path = f"zones/{ZONE}/operations/{operation['name']}"
    assert gcp.ask("GET", path)["status"] == "RUNNING"
    gcp.doors.advance(60)
    assert gcp.ask("GET", path)["status"] == "DONE"
    for path in (group, f"zones/{ZONE}/instanceGroups/web"):
        with pytest.raises(Refused) as refused:
            gcp.ask("GET", path)
        assert refused.value.status == 404
    gcp.ask("DELETE", "global/instanceTemplates/web")


def test_what_holds_on_to_a_group_keeps_it(gcp: Gcp) -> None:
    group = gcp.make_group(size=1)
    scaler = gcp.make_autoscaler(group)
    backends = [{"group": f"zones/{ZONE}/instanceGroups/web"}]
    gcp.ask("POST", "global/backendServices", {"name": "front", "backends": backends})
    for holder in (scaler, "global/backendServices/front"):
        with pytest.raises(Refused, match=holder) as refused:
            gcp.ask("DELETE", group)
        assert refused.value.reason == "resourceInUseByAnotherResource"
        assert len(gcp.members(group)) == 1
        gcp.ask("DELETE", holder)
    gcp.ask("DELETE", group)
