"""What cannot be had: how a group fails to make instances, says so, and tries again."""

import pytest
from gcp_bench import PROJECT, REGION, ZONE, Gcp
from gcp_groups_bench import MINUTE, actions, among, errors_of, zone_of, zones

from trimtab.emulators.shared.doors import DoorError


@pytest.fixture(autouse=True)
def template(gcp: Gcp) -> None:
    gcp.make_template()


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (None, "ZONE_RESOURCE_POOL_EXHAUSTED"),
        ("quota", "QUOTA_EXCEEDED"),
        ("addresses", "IP_SPACE_EXHAUSTED"),
        ("permission", "PERMISSIONS_ERROR"),
        ("reservation", "CONDITION_NOT_MET"),
    ],
)
def test_what_cannot_be_had_is_tried_again_each_minute(gcp: Gcp, reason: str | None, code: str) -> None:
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


def test_a_group_of_several_sizes_takes_the_best_that_can_be_had(gcp: Gcp) -> None:
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


def test_a_zone_that_is_short_holds_up_its_instances_alone(gcp: Gcp) -> None:
    gcp.doors.run_short(zone=ZONE)
    group = gcp.make_group(size=3, place=f"regions/{REGION}")
    assert actions(gcp, group) == ["CREATING", "NONE", "NONE"]
    assert not gcp.ask("GET", group)["status"]["isStable"]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("stockout", f"The zone '{ZONE}' does not have enough resources available to fulfill the request."),
        ("quota", f"Limit: 24.0 in region {REGION}"),
        ("reservation", "Specified reservation 'night' does not have available resources for the request."),
    ],
)
def test_an_error_says_what_is_missing(gcp: Gcp, reason: str, text: str) -> None:
    affinity = {"consumeReservationType": "SPECIFIC_RESERVATION", "values": ["night"]}
    gcp.make_template("reserved", reservationAffinity={**affinity, "key": "compute.googleapis.com/reservation-name"})
    gcp.doors.run_short(reason=reason)
    group = gcp.make_group(size=1, instanceTemplate="global/instanceTemplates/reserved")
    assert text in errors_of(gcp)[0].error.message
    assert text in gcp.members(group)[0]["lastAttempt"]["errors"]["errors"][0]["message"]
    assert errors_of(gcp)[0].instance_action_details.instance.endswith(f"instances/{gcp.names(group)[0]}")


def test_a_reason_that_there_is_not(gcp: Gcp) -> None:
    with pytest.raises(DoorError, match="unknown reason 'weather'"):
        gcp.doors.run_short(reason="weather")


def test_a_shortage_is_of_a_machine_type_in_a_zone(gcp: Gcp) -> None:
    gcp.doors.run_short(instance_type="e2-small", zone=f"{REGION}-c")
    gcp.make_template("large", machineType="e2-standard-4")
    group = gcp.make_group(size=1)
    large = gcp.make_group("large", place=f"zones/{REGION}-c", instanceTemplate="global/instanceTemplates/large")
    short = gcp.make_group("short", place=f"zones/{REGION}-c", size=1)
    assert (actions(gcp, group), actions(gcp, large)) == (["NONE"], ["NONE"] * 3)
    assert actions(gcp, short) == ["CREATING"]


def test_what_is_made_anew_can_be_missing_too(gcp: Gcp) -> None:
    group = gcp.make_group(size=1)
    gcp.doors.run_short()
    gcp.client("Instances").delete(project=PROJECT, zone=ZONE, instance=gcp.names(group)[0])
    assert actions(gcp, group) == ["RECREATING"]
    assert errors_of(gcp)[0].instance_action_details.action == "RECREATING"
    gcp.doors.end_shortages()
    gcp.doors.advance(MINUTE)
    assert actions(gcp, group) == ["NONE"]


def test_one_that_is_asked_for_again_is_tried_once_a_minute_as_before(gcp: Gcp) -> None:
    gcp.doors.run_short()
    group = gcp.make_group(size=1)
    gcp.ask("POST", f"{group}/recreateInstances", among(gcp.names(group)))
    assert [one.instance_action_details.action for one in errors_of(gcp)] == ["RECREATING", "CREATING"]
    gcp.doors.advance(3 * MINUTE)
    assert len(errors_of(gcp)) == 5


def test_one_that_is_given_up_is_not_tried_again(gcp: Gcp) -> None:
    gcp.doors.run_short()
    group = gcp.make_group(size=1)
    gcp.ask("POST", f"{group}/resize?size=0")
    gcp.doors.advance(10 * MINUTE)
    assert (gcp.members(group), len(errors_of(gcp))) == ([], 1)


@pytest.mark.parametrize(
    ("shape", "expected", "running"),
    [
        ("EVEN", {"b": 2, "c": 2, "d": 2}, 4),
        ("BALANCED", {"c": 3, "d": 3}, 6),
        ("ANY", {"c": 6}, 6),
        ("ANY_SINGLE_ZONE", {"c": 6}, 6),
    ],
)
def test_shapes_when_a_zone_is_short(gcp: Gcp, shape: str, expected: dict[str, int], running: int) -> None:
    """Even groups wait for their zone; the others take what they find where there is some."""
    gcp.doors.run_short(zone=f"{REGION}-b")
    policy = {"targetShape": shape, "zones": [{"zone": f"zones/{REGION}-{letter}"} for letter in "bcd"]}
    group = gcp.make_group(
        size=6,
        place=f"regions/{REGION}",
        distributionPolicy=policy,
        updatePolicy={"instanceRedistributionType": "NONE"},
    )
    assert (zones(gcp, group), actions(gcp, group).count("NONE")) == (expected, running)


def test_an_instance_of_a_balanced_group_moves_to_a_zone_that_has_some(gcp: Gcp) -> None:
    gcp.doors.run_short()
    policy = {"targetShape": "BALANCED", "zones": [{"zone": f"zones/{REGION}-{letter}"} for letter in "bc"]}
    group = gcp.make_group(
        size=2,
        place=f"regions/{REGION}",
        distributionPolicy=policy,
        updatePolicy={"instanceRedistributionType": "NONE"},
    )
    assert zones(gcp, group) == {"b": 1, "c": 1}
    gcp.doors.end_shortages()
    gcp.doors.run_short(zone=f"{REGION}-b")
    gcp.doors.advance(MINUTE)
    assert (zones(gcp, group), actions(gcp, group)) == ({"c": 2}, ["NONE", "NONE"])


def test_of_several_sizes_the_next_best_comes_when_the_best_runs_out(gcp: Gcp) -> None:
    """Each zone by itself; what runs stays as it is when the best can be had again."""
    ranked = {
        "worse": {"rank": 20, "machineTypes": ["e2-medium"]},
        "better": {"rank": 10, "machineTypes": ["n2-standard-2", "n2d-standard-2"]},
    }
    gcp.doors.run_short(instance_type="n2-standard-2", zone=f"{REGION}-b")
    gcp.doors.run_short(instance_type="n2-standard-2", zone=f"{REGION}-c")
    gcp.doors.run_short(instance_type="n2d-standard-2", zone=f"{REGION}-c")
    group = gcp.make_group(size=3, place=f"regions/{REGION}", instanceFlexibilityPolicy={"instanceSelections": ranked})
    expected = {f"{REGION}-b": "n2d-standard-2", f"{REGION}-c": "e2-medium", f"{REGION}-d": "n2-standard-2"}
    for _ in range(2):
        found = {zone_of(one): one["propertiesFromFlexibilityPolicy"]["machineType"] for one in gcp.members(group)}
        assert found == expected
        gcp.doors.end_shortages()
        gcp.doors.advance(10 * MINUTE)
