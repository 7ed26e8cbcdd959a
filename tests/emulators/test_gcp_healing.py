"""How instances of a group are: health checks, what is made anew, and how a balancer sees its backends."""

import pytest
from gcp_bench import PROJECT, ZONE, Gcp, Refused
from gcp_groups_bench import actions, among, healing, numbers, states, templates


@pytest.fixture(autouse=True)
def template(gcp: Gcp) -> None:
    gcp.make_template()


def test_an_ill_instance_is_made_anew_when_it_has_failed_for_long_enough(gcp: Gcp) -> None:
    """After the threshold of its check, and not before its initial delay is over; its name stays."""
    policies = healing(gcp, delay=300, checkIntervalSec=10, unhealthyThreshold=3)
    group = gcp.make_group(size=2, autoHealingPolicies=policies)
    gcp.doors.configure(boot_seconds=60)
    before = numbers(gcp, group)
    ill = min(before)
    gcp.doors.fail_target(ill)
    assert states(gcp, group) == ["HEALTHY", "HEALTHY"]
    gcp.doors.advance(29)
    assert states(gcp, group) == ["HEALTHY", "HEALTHY"]
    gcp.doors.advance(1)
    assert states(gcp, group) == ["HEALTHY", "UNHEALTHY"]
    gcp.doors.advance(269)
    assert actions(gcp, group) == ["NONE", "NONE"]
    gcp.doors.advance(1)
    assert actions(gcp, group) == ["NONE", "RECREATING"]
    gcp.doors.advance(60)
    after = numbers(gcp, group)
    assert actions(gcp, group) == ["NONE", "NONE"]
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {ill}


def test_one_that_recovers_in_time_is_left_alone(gcp: Gcp) -> None:
    group = gcp.make_group(size=1, autoHealingPolicies=healing(gcp, delay=60))
    before = gcp.members(group)[0]["id"]
    gcp.doors.fail_target(gcp.names(group)[0])
    gcp.doors.advance(30)
    gcp.doors.fail_target(gcp.names(group)[0], healthy=True)
    gcp.doors.advance(600)
    assert gcp.members(group)[0]["id"] == before


def test_nobody_heals_without_a_policy_and_one_that_comes_later_does(gcp: Gcp) -> None:
    group = gcp.make_group(size=1)
    before = gcp.members(group)[0]["id"]
    gcp.doors.fail_target(gcp.names(group)[0])
    gcp.doors.advance(3600)
    assert gcp.members(group)[0]["id"] == before
    assert "instanceHealth" not in gcp.members(group)[0]
    gcp.ask("PATCH", group, {"autoHealingPolicies": healing(gcp)})
    gcp.doors.advance(10)
    assert gcp.members(group)[0]["id"] != before


def test_how_a_balancer_sees_its_backends(gcp: Gcp) -> None:
    group = gcp.make_group(size=2, namedPorts=[{"name": "http", "port": 8080}])
    backends = [{"group": f"zones/{ZONE}/instanceGroups/web"}]
    gcp.ask("POST", "global/backendServices", {"name": "front", "portName": "http", "backends": backends})
    gcp.doors.fail_target(gcp.names(group)[0])
    gcp.doors.advance(10)
    found = gcp.ask("POST", "global/backendServices/front/getHealth", backends[0])
    assert sorted((one["healthState"], one["port"]) for one in found["healthStatus"]) == [
        ("HEALTHY", 8080),
        ("UNHEALTHY", 8080),
    ]
    with pytest.raises(Refused, match="not a backend"):
        gcp.ask("POST", "global/backendServices/front/getHealth", {"group": f"zones/{ZONE}/instanceGroups/api"})


def test_a_healthy_instance_is_left_alone(gcp: Gcp) -> None:
    group = gcp.make_group(size=2, autoHealingPolicies=healing(gcp))
    before = numbers(gcp, group)
    gcp.doors.advance(3600)
    assert (numbers(gcp, group), states(gcp, group)) == (before, ["HEALTHY", "HEALTHY"])


def test_one_that_never_becomes_healthy_is_verified_until_its_initial_delay_is_over(gcp: Gcp) -> None:
    """The delay begins when the instance runs, and what it says meanwhile is UNKNOWN until it failed often enough."""
    policies = healing(gcp, delay=120)
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=1, autoHealingPolicies=policies)
    gcp.doors.fail_target(gcp.names(group)[0])
    gcp.doors.advance(60)
    assert (actions(gcp, group), states(gcp, group)) == (["VERIFYING"], ["UNKNOWN"])
    assert gcp.ask("GET", group)["currentActions"]["verifying"] == 1
    gcp.doors.advance(119)
    assert (actions(gcp, group), states(gcp, group)) == (["VERIFYING"], ["UNHEALTHY"])
    gcp.doors.advance(1)
    assert actions(gcp, group) == ["RECREATING"]
    gcp.doors.advance(60)
    assert (actions(gcp, group), states(gcp, group)) == (["NONE"], ["HEALTHY"])


def test_one_that_becomes_healthy_in_its_initial_delay_is_verified(gcp: Gcp) -> None:
    policies = healing(gcp, delay=120)
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=1, autoHealingPolicies=policies)
    name = gcp.names(group)[0]
    gcp.doors.fail_target(name)
    gcp.doors.advance(60)
    gcp.doors.fail_target(name, healthy=True)
    assert (actions(gcp, group), states(gcp, group)) == (["NONE"], ["HEALTHY"])
    assert gcp.ask("GET", group)["status"]["isStable"] is True


@pytest.mark.parametrize("policy", [{"defaultActionOnFailure": "DO_NOTHING"}, {"onFailedHealthCheck": "DO_NOTHING"}])
def test_a_check_can_tell_without_healing(gcp: Gcp, policy: dict[str, str]) -> None:
    group = gcp.make_group(size=1, autoHealingPolicies=healing(gcp), instanceLifecyclePolicy=policy)
    before = numbers(gcp, group)
    gcp.doors.fail_target(gcp.names(group)[0])
    gcp.doors.advance(3600)
    assert (numbers(gcp, group), states(gcp, group)) == (before, ["UNHEALTHY"])


@pytest.mark.parametrize(("force", "expected"), [("NO", "web"), ("YES", "newer")])
def test_what_is_made_anew_keeps_its_template_unless_the_newest_is_forced(gcp: Gcp, force: str, expected: str) -> None:
    gcp.make_template("newer")
    lifecycle = {"forceUpdateOnRepair": force}
    group = gcp.make_group(size=1, autoHealingPolicies=healing(gcp), instanceLifecyclePolicy=lifecycle)
    gcp.ask("PATCH", group, {"versions": [{"instanceTemplate": "global/instanceTemplates/newer"}]})
    gcp.doors.fail_target(gcp.names(group)[0])
    gcp.doors.advance(10)
    assert (templates(gcp, group), states(gcp, group)) == ([expected], ["HEALTHY"])


def test_an_instance_that_somebody_deletes_is_made_anew(gcp: Gcp) -> None:
    gcp.doors.configure(boot_seconds=60, delete_seconds=30)
    group = gcp.make_group(size=2)
    gcp.doors.advance(60)
    before = numbers(gcp, group)
    name = min(before)
    gcp.client("Instances").delete(project=PROJECT, zone=ZONE, instance=name)
    found = {one["name"]: (one["currentAction"], one["instanceStatus"]) for one in gcp.members(group)}
    assert found == {name: ("RECREATING", "STOPPING"), max(before): ("NONE", "RUNNING")}
    gcp.doors.advance(30)
    assert {one.status for one in gcp.client("Instances").list(project=PROJECT, zone=ZONE)} == {"RUNNING", "STAGING"}
    gcp.doors.advance(60)
    after = numbers(gcp, group)
    assert {one for one in before if after[one] != before[one]} == {name}
    assert gcp.ask("GET", group)["targetSize"] == 2


def test_an_instance_that_was_let_go_is_deleted_for_good(gcp: Gcp) -> None:
    group = gcp.make_group(size=1)
    name = gcp.names(group)[0]
    gcp.ask("POST", f"{group}/abandonInstances", among([name]))
    gcp.client("Instances").delete(project=PROJECT, zone=ZONE, instance=name)
    assert list(gcp.client("Instances").list(project=PROJECT, zone=ZONE)) == []


def test_an_instance_that_somebody_deletes_is_missing_where_nothing_is_repaired(gcp: Gcp) -> None:
    group = gcp.make_group(size=2, instanceLifecyclePolicy={"defaultActionOnFailure": "DO_NOTHING"})
    gone, stays = gcp.names(group)
    gcp.client("Instances").delete(project=PROJECT, zone=ZONE, instance=gone)
    gcp.doors.advance(3600)
    assert {one["name"]: one.get("instanceStatus") for one in gcp.members(group)} == {gone: None, stays: "RUNNING"}
    gcp.ask("POST", f"{group}/recreateInstances", among([gone]))
    assert {one["instanceStatus"] for one in gcp.members(group)} == {"RUNNING"}
