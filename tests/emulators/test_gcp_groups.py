"""Managed instance groups: how instances come and go, heal and are updated, and what cannot be had."""

from datetime import timedelta

import pytest
from gcp_bench import PREFIX, PROJECT, REGION, ZONE, Gcp, Refused
from google.cloud import compute_v1

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def template(gcp: Gcp) -> None:
    gcp.make_template()


def actions(gcp, group):
    return sorted(str(one["currentAction"]) for one in gcp.members(group))


def templates(gcp, group):
    return sorted(str(one["version"]["instanceTemplate"]).rsplit("/", 1)[-1] for one in gcp.members(group))


def instances_path(gcp, names):
    return {"instances": [f"zones/{ZONE}/instances/{name}" for name in names]}


def healing(gcp, delay=0, **check):
    body = {"name": "up", "type": "HTTP", "httpHealthCheck": {"port": 80}, **check}
    gcp.ask("POST", "global/healthChecks", body)
    return [{"healthCheck": "global/healthChecks/up", "initialDelaySec": delay}]


# coming and going


def test_instances_take_their_time(gcp):
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


def test_an_instance_is_what_its_template_says(gcp):
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


def test_a_regional_group_is_even_over_its_zones(gcp):
    group = gcp.make_group(size=7, place=f"regions/{REGION}")
    zones = [str(one["instance"]).split("/zones/")[1][0:14] for one in gcp.members(group)]
    assert sorted(zones.count(zone) for zone in set(zones)) == [2, 2, 3]
    gcp.ask("POST", f"{group}/resize?size=4")
    zones = [str(one["instance"]).split("/zones/")[1][0:14] for one in gcp.members(group)]
    assert sorted(zones.count(zone) for zone in set(zones)) == [1, 1, 2]
    policy = gcp.ask("GET", group)["distributionPolicy"]
    assert policy["targetShape"] == "EVEN"
    assert policy["zones"] == [{"zone": f"{PREFIX}zones/{REGION}-{letter}"} for letter in "bcd"]


def test_a_regional_group_keeps_to_the_zones_that_it_was_given(gcp):
    zones = [{"zone": f"zones/{REGION}-{letter}"} for letter in "cd"]
    group = gcp.make_group(size=4, place=f"regions/{REGION}", distributionPolicy={"zones": zones})
    assert {str(one["instance"]).split("/zones/")[1][0:14] for one in gcp.members(group)} == {
        f"{REGION}-c",
        f"{REGION}-d",
    }


def test_what_does_not_run_goes_first_and_then_what_is_ill(gcp):
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


def test_the_defaults_of_a_minimal_group(gcp):
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


def test_deleting_shrinks_and_abandoning_lets_run(gcp):
    group = gcp.make_group(size=3)
    one, two, three = gcp.names(group)
    gcp.ask("POST", f"{group}/deleteInstances", instances_path(gcp, [one]))
    gcp.ask("POST", f"{group}/abandonInstances", instances_path(gcp, [two]))
    assert (gcp.ask("GET", group)["targetSize"], gcp.names(group)) == (1, [three])
    left = [one.name for one in gcp.client("Instances").list(project=PROJECT, zone=ZONE)]
    assert sorted(left) == sorted([two, three])


def test_recreating_keeps_the_name(gcp):
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=2)
    gcp.doors.advance(60)
    before = {one["name"]: one["id"] for one in gcp.members(group)}
    name = min(before)
    gcp.ask("POST", f"{group}/recreateInstances", instances_path(gcp, [name]))
    assert actions(gcp, group) == ["NONE", "RECREATING"]
    assert gcp.ask("GET", group)["currentActions"]["recreating"] == 1
    gcp.doors.advance(60)
    after = {one["name"]: one["id"] for one in gcp.members(group)}
    assert after.keys() == before.keys()
    assert after[name] != before[name]


def test_a_stranger_is_no_member(gcp):
    group = gcp.make_group(size=1)
    for verb in ("deleteInstances", "abandonInstances", "recreateInstances", "applyUpdatesToInstances"):
        with pytest.raises(Refused, match="nobody"):
            gcp.ask("POST", f"{group}/{verb}", instances_path(gcp, ["nobody"]))


def test_an_instance_that_somebody_deletes_is_made_anew(gcp):
    group = gcp.make_group(size=2)
    before = gcp.names(group)
    gcp.client("Instances").delete(project=PROJECT, zone=ZONE, instance=before[0])
    assert gcp.names(group) == before
    assert gcp.ask("GET", group)["targetSize"] == 2


def test_the_instances_of_a_group_with_their_ports(gcp):
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


# health


def test_an_ill_instance_is_made_anew_when_it_has_failed_for_long_enough(gcp):
    """After the threshold of its check, and not before its initial delay is over; its name stays."""
    policies = healing(gcp, delay=300, checkIntervalSec=10, unhealthyThreshold=3)
    group = gcp.make_group(size=2, autoHealingPolicies=policies)
    gcp.doors.configure(boot_seconds=60)
    before = {one["name"]: one["id"] for one in gcp.members(group)}
    ill = min(before)
    gcp.doors.fail_target(ill)
    states = {one["name"]: one["instanceHealth"][0]["detailedHealthState"] for one in gcp.members(group)}
    assert sorted(states.values()) == ["HEALTHY", "UNHEALTHY"]
    gcp.doors.advance(299)
    assert actions(gcp, group) == ["NONE", "NONE"]
    gcp.doors.advance(1)
    assert actions(gcp, group) == ["NONE", "RECREATING"]
    gcp.doors.advance(60)
    after = {one["name"]: one["id"] for one in gcp.members(group)}
    assert actions(gcp, group) == ["NONE", "NONE"]
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {ill}


def test_one_that_recovers_in_time_is_left_alone(gcp):
    group = gcp.make_group(size=1, autoHealingPolicies=healing(gcp, delay=60))
    before = gcp.members(group)[0]["id"]
    gcp.doors.fail_target(gcp.names(group)[0])
    gcp.doors.advance(30)
    gcp.doors.fail_target(gcp.names(group)[0], healthy=True)
    gcp.doors.advance(600)
    assert gcp.members(group)[0]["id"] == before


def test_nobody_heals_without_a_policy_and_one_that_comes_later_does(gcp):
    group = gcp.make_group(size=1)
    before = gcp.members(group)[0]["id"]
    gcp.doors.fail_target(gcp.names(group)[0])
    gcp.doors.advance(3600)
    assert gcp.members(group)[0]["id"] == before
    assert "instanceHealth" not in gcp.members(group)[0]
    gcp.ask("PATCH", group, {"autoHealingPolicies": healing(gcp)})
    gcp.doors.advance(10)
    assert gcp.members(group)[0]["id"] != before


def test_how_a_balancer_sees_its_backends(gcp):
    group = gcp.make_group(size=2, namedPorts=[{"name": "http", "port": 8080}])
    backends = [{"group": f"zones/{ZONE}/instanceGroups/web"}]
    gcp.ask("POST", "global/backendServices", {"name": "front", "portName": "http", "backends": backends})
    gcp.doors.fail_target(gcp.names(group)[0])
    found = gcp.ask("POST", "global/backendServices/front/getHealth", backends[0])
    assert sorted((one["healthState"], one["port"]) for one in found["healthStatus"]) == [
        ("HEALTHY", 8080),
        ("UNHEALTHY", 8080),
    ]
    with pytest.raises(Refused, match="no backend"):
        gcp.ask("POST", "global/backendServices/front/getHealth", {"group": f"zones/{ZONE}/instanceGroups/api"})


# templates and rollouts


@pytest.fixture
def newer(gcp):
    gcp.make_template("newer", machineType="e2-medium")
    return {"versions": [{"instanceTemplate": "global/instanceTemplates/newer"}]}


def test_a_new_template_leaves_instances_as_they_are(gcp, newer):
    group = gcp.make_group(size=2)
    gcp.ask("PATCH", group, newer)
    assert templates(gcp, group) == ["web", "web"]
    assert gcp.ask("GET", group)["status"]["versionTarget"] == {"isReached": False}
    gcp.ask("POST", f"{group}/resize?size=3")
    assert templates(gcp, group) == ["newer", "web", "web"]
    with pytest.raises(Refused, match="none"):
        gcp.ask("POST", f"{group}/setInstanceTemplate", {"instanceTemplate": "global/instanceTemplates/none"})
    gcp.ask("POST", f"{group}/setInstanceTemplate", {"instanceTemplate": "global/instanceTemplates/web"})
    assert templates(gcp, group) == ["newer", "web", "web"]


def test_updates_are_applied_to_the_instances_that_are_named(gcp, newer):
    group = gcp.make_group(size=2)
    first = gcp.names(group)[0]
    gcp.ask("PATCH", group, newer)
    gcp.ask("POST", f"{group}/applyUpdatesToInstances", instances_path(gcp, [first]))
    assert templates(gcp, group) == ["newer", "web"]
    assert first not in gcp.names(group), "another one takes its place"
    gcp.ask("POST", f"{group}/applyUpdatesToInstances", {"allInstances": True})
    assert templates(gcp, group) == ["newer", "newer"]
    assert gcp.ask("GET", group)["status"]["versionTarget"] == {"isReached": True}


def test_updates_keep_names_where_the_policy_says_so(gcp, newer):
    group = gcp.make_group(size=2, updatePolicy={"replacementMethod": "RECREATE"})
    before = gcp.names(group)
    gcp.ask("PATCH", group, newer)
    gcp.ask("POST", f"{group}/applyUpdatesToInstances", {"allInstances": True})
    assert (gcp.names(group), templates(gcp, group)) == (before, ["newer", "newer"])


def test_no_update_is_more_disruptive_than_allowed(gcp, newer):
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=1)
    gcp.doors.advance(60)
    path, every = f"{group}/applyUpdatesToInstances", {"allInstances": True}
    gcp.ask("POST", path, {**every, "minimalAction": "NONE"})
    assert actions(gcp, group) == ["NONE"]
    gcp.ask("POST", path, {**every, "minimalAction": "RESTART"})
    assert actions(gcp, group) == ["RESTARTING"]
    gcp.doors.advance(60)
    assert actions(gcp, group) == ["NONE"]
    gcp.ask("PATCH", group, newer)
    with pytest.raises(Refused, match="more disruptive"):
        gcp.ask("POST", path, {**every, "mostDisruptiveAllowedAction": "RESTART"})
    with pytest.raises(Refused, match="minimalAction"):
        gcp.ask("POST", path, {**every, "minimalAction": "REPLACE", "mostDisruptiveAllowedAction": "REFRESH"})


@pytest.mark.parametrize(("surge", "unavailable"), [(1, 0), (0, 1), (2, 0), (2, 1)])
def test_a_proactive_group_replaces_its_instances_step_by_step(gcp, newer, surge, unavailable):
    """Never more than the surge above its size, never fewer that run than its size less what may be away."""
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=4)
    gcp.doors.advance(60)
    policy = {"type": "PROACTIVE", "maxSurge": {"fixed": surge}, "maxUnavailable": {"fixed": unavailable}}
    gcp.ask("PATCH", group, {**newer, "updatePolicy": policy})
    steps = 0
    while templates(gcp, group) != ["newer"] * 4 or actions(gcp, group) != ["NONE"] * 4:
        staying = [one for one in gcp.members(group) if one["currentAction"] != "DELETING"]
        running = [one for one in staying if one["currentAction"] == "NONE"]
        assert len(staying) <= 4 + surge
        assert len(running) >= 4 - unavailable
        gcp.doors.advance(60)
        steps += 1
        assert steps < 10
    assert steps == -(-4 // max(surge + unavailable, 1))


def test_a_canary_has_its_share(gcp, newer):
    versions = [
        {"instanceTemplate": "global/instanceTemplates/web"},
        {"name": "canary", "instanceTemplate": "global/instanceTemplates/newer", "targetSize": {"percent": 25}},
    ]
    group = gcp.make_group(size=4, versions=versions)
    assert templates(gcp, group) == ["newer", "web", "web", "web"]
    gcp.ask("POST", f"{group}/resize?size=8")
    assert templates(gcp, group).count("newer") == 2
    gcp.ask("POST", f"{group}/resize?size=1")
    assert templates(gcp, group).count("newer") == 1


# what cannot be had


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (None, "ZONE_RESOURCE_POOL_EXHAUSTED"),
        ("quota", "QUOTA_EXCEEDED"),
        ("addresses", "IP_SPACE_EXHAUSTED"),
        ("permission", "PERMISSIONS_ERROR"),
        ("reservation", "RESERVATION_CAPACITY_EXCEEDED"),
    ],
)
def test_what_cannot_be_had_is_tried_again_each_minute(gcp, reason, code):
    """Each attempt is an error of the group; the instance comes when the shortage is over."""
    gcp.doors.run_short(instance_type="e2-small", reason=reason)
    group = gcp.make_group(size=1)
    managed = gcp.members(group)[0]
    assert managed["lastAttempt"]["errors"]["errors"][0]["code"] == code
    assert "instanceStatus" not in managed
    gcp.doors.advance(2 * MINUTE)
    errors = list(
        gcp.client("InstanceGroupManagers").list_errors(project=PROJECT, zone=ZONE, instance_group_manager="web")
    )
    assert [one.error.code for one in errors] == [code] * 3
    assert errors[0].timestamp > errors[-1].timestamp
    assert errors[0].instance_action_details.action == "CREATING"
    gcp.doors.end_shortages()
    gcp.doors.advance(MINUTE)
    assert actions(gcp, group) == ["NONE"]
    assert gcp.members(group)[0]["lastAttempt"] == {}


def test_a_group_of_several_sizes_takes_the_best_that_can_be_had(gcp):
    ranked = {
        "first": {"rank": 1, "machineTypes": ["n2-standard-2"]},
        "second": {"rank": 2, "machineTypes": ["e2-standard-2"]},
    }
    policy = {"instanceSelections": ranked}
    group = gcp.make_group(size=1, place=f"regions/{REGION}", instanceFlexibilityPolicy=policy)
    gcp.doors.run_short(instance_type="n2-standard-2")
    gcp.ask("POST", f"{group}/resize?size=2")
    sizes = [one["propertiesFromFlexibilityPolicy"]["machineType"] for one in gcp.members(group)]
    assert sorted(sizes) == ["e2-standard-2", "n2-standard-2"]


def test_a_zone_that_is_short_holds_up_its_instances_alone(gcp):
    gcp.doors.run_short(zone=ZONE)
    group = gcp.make_group(size=3, place=f"regions/{REGION}")
    assert actions(gcp, group) == ["CREATING", "NONE", "NONE"]
    assert not gcp.ask("GET", group)["status"]["isStable"]
