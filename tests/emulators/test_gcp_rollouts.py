"""Templates and versions: what instances run from, and how a group brings them up to date."""

from typing import Any

import pytest
from gcp_bench import REGION, Gcp, Refused
from gcp_groups_bench import actions, among, healing, numbers, templates, zones


@pytest.fixture(autouse=True)
def template(gcp: Gcp) -> None:
    gcp.make_template()


@pytest.fixture
def newer(gcp: Gcp) -> dict[str, Any]:
    gcp.make_template("newer", machineType="e2-medium")
    return {"versions": [{"instanceTemplate": "global/instanceTemplates/newer"}]}


def test_a_new_template_leaves_instances_as_they_are(gcp: Gcp, newer: dict[str, Any]) -> None:
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


def test_updates_are_applied_to_the_instances_that_are_named(gcp: Gcp, newer: dict[str, Any]) -> None:
    group = gcp.make_group(size=2)
    first = gcp.names(group)[0]
    gcp.ask("PATCH", group, newer)
    gcp.ask("POST", f"{group}/applyUpdatesToInstances", among([first]))
    assert templates(gcp, group) == ["newer", "web"]
    assert first not in gcp.names(group), "another one takes its place"
    gcp.ask("POST", f"{group}/applyUpdatesToInstances", {"allInstances": True})
    assert templates(gcp, group) == ["newer", "newer"]
    assert gcp.ask("GET", group)["status"]["versionTarget"] == {"isReached": True}


def test_updates_keep_names_where_the_policy_says_so(gcp: Gcp, newer: dict[str, Any]) -> None:
    group = gcp.make_group(size=2, updatePolicy={"replacementMethod": "RECREATE"})
    before = gcp.names(group)
    gcp.ask("PATCH", group, newer)
    gcp.ask("POST", f"{group}/applyUpdatesToInstances", {"allInstances": True})
    assert (gcp.names(group), templates(gcp, group)) == (before, ["newer", "newer"])


def test_no_update_is_more_disruptive_than_allowed(gcp: Gcp, newer: dict[str, Any]) -> None:
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
def test_a_proactive_group_replaces_its_instances_step_by_step(
    gcp: Gcp, newer: dict[str, Any], surge: int, unavailable: int
) -> None:
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


def test_a_canary_has_its_share(gcp: Gcp, newer: dict[str, Any]) -> None:
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


def test_instances_are_recreated_in_place_as_many_at_once_as_may_be_away(gcp: Gcp, newer: dict[str, Any]) -> None:
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=3)
    gcp.doors.advance(60)
    before = numbers(gcp, group)
    policy = {"type": "PROACTIVE", "replacementMethod": "RECREATE", "maxSurge": {"fixed": 0}}
    gcp.ask("PATCH", group, {**newer, "updatePolicy": policy})
    seen = []
    while templates(gcp, group) != ["newer"] * 3 or actions(gcp, group) != ["NONE"] * 3:
        seen.append(actions(gcp, group))
        gcp.doors.advance(60)
    assert seen == [["NONE", "NONE", "RECREATING"]] * 3
    after = numbers(gcp, group)
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())


def test_a_rollout_waits_for_an_instance_to_be_healthy(gcp: Gcp, newer: dict[str, Any]) -> None:
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=2, autoHealingPolicies=healing(gcp, delay=3600))
    gcp.doors.advance(60)
    policy = {"type": "PROACTIVE", "maxSurge": {"fixed": 1}, "maxUnavailable": {"fixed": 0}}
    gcp.ask("PATCH", group, {**newer, "updatePolicy": policy})
    coming = next(one["name"] for one in gcp.members(group) if one["currentAction"] == "CREATING")
    gcp.doors.fail_target(coming)
    gcp.doors.advance(600)
    assert (actions(gcp, group), templates(gcp, group)) == (["NONE", "NONE", "VERIFYING"], ["newer", "web", "web"])
    gcp.doors.fail_target(coming, healthy=True)
    gcp.doors.advance(120)
    assert templates(gcp, group) == ["newer", "newer"]


def test_an_update_that_would_be_too_disruptive_is_not_made(gcp: Gcp, newer: dict[str, Any]) -> None:
    group = gcp.make_group(size=2)
    policy = {"type": "PROACTIVE", "mostDisruptiveAllowedAction": "RESTART"}
    gcp.ask("PATCH", group, {**newer, "updatePolicy": policy})
    gcp.doors.advance(600)
    assert templates(gcp, group) == ["web", "web"]
    gcp.ask("PATCH", group, {"updatePolicy": {"mostDisruptiveAllowedAction": "REPLACE"}})
    assert templates(gcp, group) == ["newer", "newer"]


def test_a_proactive_group_that_shrinks_lets_go_what_does_not_run(gcp: Gcp) -> None:
    """Not the newest, as one that runs from the wrong template would."""
    group = gcp.make_group(size=3, updatePolicy={"type": "PROACTIVE"})
    oldest = gcp.members(group)[0]["name"]
    gcp.doors.configure(boot_seconds=600)
    gcp.ask("POST", f"{group}/recreateInstances", among([oldest]))
    gcp.ask("POST", f"{group}/resize?size=2")
    assert oldest not in gcp.names(group)


def test_a_group_that_shrinks_lets_go_of_the_old_template_first(gcp: Gcp, newer: dict[str, Any]) -> None:
    group = gcp.make_group(size=2)
    gcp.ask("PATCH", group, newer)
    gcp.doors.advance(60)
    gcp.ask("POST", f"{group}/resize?size=3")
    gcp.ask("POST", f"{group}/resize?size=2")
    assert templates(gcp, group) == ["newer", "web"]


def test_a_rollout_gets_rid_of_what_cannot_be_had(gcp: Gcp, newer: dict[str, Any]) -> None:
    """It does not count as running, so nothing is lost."""
    gcp.doors.run_short(instance_type="e2-small")
    group = gcp.make_group(size=2)
    policy = {"type": "PROACTIVE", "maxSurge": {"fixed": 1}, "maxUnavailable": {"fixed": 0}}
    gcp.ask("PATCH", group, {**newer, "updatePolicy": policy})
    assert (templates(gcp, group), actions(gcp, group)) == (["newer", "newer"], ["NONE", "NONE"])


def test_a_group_can_shrink_in_the_middle_of_a_rollout(gcp: Gcp, newer: dict[str, Any]) -> None:
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=6)
    gcp.doors.advance(60)
    policy = {"type": "PROACTIVE", "maxSurge": {"fixed": 2}, "maxUnavailable": {"fixed": 0}}
    gcp.ask("PATCH", group, {**newer, "updatePolicy": policy})
    gcp.ask("POST", f"{group}/resize?size=2")
    assert len(gcp.members(group)) <= 4
    gcp.doors.advance(600)
    assert (templates(gcp, group), gcp.ask("GET", group)["status"]["isStable"]) == (["newer", "newer"], True)


def test_a_rollout_leaves_a_regional_group_even(gcp: Gcp, newer: dict[str, Any]) -> None:
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=6, place=f"regions/{REGION}")
    gcp.doors.advance(60)
    gcp.ask("PATCH", group, {**newer, "updatePolicy": {"type": "PROACTIVE"}})
    gcp.doors.advance(3600)
    assert (templates(gcp, group), zones(gcp, group)) == (["newer"] * 6, {"b": 2, "c": 2, "d": 2})


def test_an_instance_that_is_named_becomes_the_canary(gcp: Gcp, newer: dict[str, Any]) -> None:
    """Until the version has as many as it wants; one more is not changed."""
    group = gcp.make_group(size=3, updatePolicy={"replacementMethod": "RECREATE"})
    one, two, _ = gcp.names(group)
    canary = {**newer["versions"][0], "name": "canary", "targetSize": {"fixed": 1}}
    gcp.ask("PATCH", group, {"versions": [{"instanceTemplate": "global/instanceTemplates/web"}, canary]})
    gcp.ask("POST", f"{group}/applyUpdatesToInstances", among([one]))
    gcp.ask("POST", f"{group}/applyUpdatesToInstances", among([two]))
    found = {each["name"]: each["version"]["instanceTemplate"].rsplit("/", 1)[-1] for each in gcp.members(group)}
    assert [name for name, template in found.items() if template == "newer"] == [one]
    assert gcp.ask("GET", group)["status"]["versionTarget"] == {"isReached": True}


def test_shares_are_given_back_with_what_they_come_to(gcp: Gcp, newer: dict[str, Any]) -> None:
    canary = {**newer["versions"][0], "name": "canary", "targetSize": {"percent": 10}}
    group = gcp.make_group(
        size=15,
        versions=[{"instanceTemplate": "global/instanceTemplates/web"}, canary],
        updatePolicy={"maxSurge": {"percent": 10}, "maxUnavailable": {"percent": 10}},
    )
    shown = gcp.ask("GET", group)
    assert shown["updatePolicy"]["maxSurge"] == {"percent": 10, "calculated": 2}
    assert shown["updatePolicy"]["maxUnavailable"] == {"percent": 10, "calculated": 1}
    assert shown["versions"][1]["targetSize"] == {"percent": 10, "calculated": 2}
    assert templates(gcp, group).count("newer") == 2


@pytest.mark.parametrize(
    ("place", "policy", "text"),
    [
        (f"regions/{REGION}", {"maxSurge": {"fixed": 2}}, "maxSurge.*number of zones"),
        (f"regions/{REGION}", {"maxUnavailable": {"fixed": 1}}, "maxUnavailable.*number of zones"),
        (f"zones/{REGION}-b", {"maxSurge": {"fixed": 0}, "maxUnavailable": {"fixed": 0}}, "above 0"),
        (f"zones/{REGION}-b", {"maxSurge": {"fixed": 1}, "replacementMethod": "RECREATE"}, "maxSurge"),
    ],
)
def test_policies_that_do_not_go(gcp: Gcp, place: str, policy: dict[str, Any], text: str) -> None:
    with pytest.raises(Refused, match=text) as refused:
        gcp.make_group(place=place, updatePolicy=policy)
    assert (refused.value.status, refused.value.reason) == (400, "invalid")


def test_all_instances_and_some_instances_do_not_go_together(gcp: Gcp) -> None:
    group = gcp.make_group(size=1)
    body = {"allInstances": True, **among(gcp.names(group))}
    with pytest.raises(Refused, match="allInstances"):
        gcp.ask("POST", f"{group}/applyUpdatesToInstances", body)


# what a driver of rollouts relies on; quotations from the Compute Engine API (instanceGroupManagers) and from
# https://cloud.google.com/compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups


def status(gcp: Gcp, group: str) -> tuple[bool, bool]:
    """Whether a group is stable, and whether its versions are reached."""
    shown = gcp.ask("GET", group)["status"]
    return shown["isStable"], shown["versionTarget"]["isReached"]


def proactive(surge: int, unavailable: int, **more: Any) -> dict[str, Any]:
    return {"type": "PROACTIVE", "maxSurge": {"fixed": surge}, "maxUnavailable": {"fixed": unavailable}, **more}


def canary(size: dict[str, int]) -> dict[str, Any]:
    one = {"name": "next", "instanceTemplate": "global/instanceTemplates/newer", "targetSize": size}
    return {"versions": [{"name": "now", "instanceTemplate": "global/instanceTemplates/web"}, one]}


def test_a_listed_instance_says_which_version_it_is_of(gcp: Gcp, newer: dict[str, Any]) -> None:
    """'Name of the version'; and nothing 'when current_action is one of { DELETING, ABANDONING }'."""
    gcp.doors.configure(boot_seconds=60, delete_seconds=60)
    group = gcp.make_group(size=2)
    gcp.doors.advance(60)
    gcp.ask("PATCH", group, {**canary({"fixed": 1}), "updatePolicy": proactive(0, 1)})
    found = {one["currentAction"]: one.get("version", {}).get("name") for one in gcp.members(group)}
    assert found == {"NONE": "now", "DELETING": None, "CREATING": "next"}


@pytest.mark.parametrize(("target", "first", "then"), [({"fixed": 2}, 2, 2), ({"percent": 50}, 2, 4)])
def test_a_resize_in_the_middle_of_a_canary(
    gcp: Gcp, newer: dict[str, Any], target: dict[str, int], first: int, then: int
) -> None:
    """'If expressed as a fixed number, the minimum of either targetSize.fixed or instanceGroupManager.targetSize'."""
    group = gcp.make_group(size=4)
    gcp.ask("PATCH", group, {**canary(target), "updatePolicy": proactive(1, 0)})
    assert templates(gcp, group).count("newer") == first
    gcp.ask("POST", f"{group}/resize?size=8")
    assert (templates(gcp, group).count("newer"), status(gcp, group)) == (then, (True, True))
    gcp.ask("POST", f"{group}/resize?size=1")
    assert (templates(gcp, group).count("newer"), status(gcp, group)) == (1, (True, True))


def test_a_canary_goes_on_to_all_and_back(gcp: Gcp, newer: dict[str, Any]) -> None:
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=4)
    gcp.doors.advance(60)
    gcp.ask("PATCH", group, {**canary({"fixed": 1}), "updatePolicy": proactive(1, 0)})
    assert status(gcp, group) == (False, False)
    gcp.doors.advance(60)
    assert (status(gcp, group), templates(gcp, group).count("newer")) == ((True, True), 1)
    gcp.ask("PATCH", group, newer)
    gcp.doors.advance(600)
    assert (status(gcp, group), templates(gcp, group)) == ((True, True), ["newer"] * 4)
    gcp.ask("PATCH", group, {"versions": [{"instanceTemplate": "global/instanceTemplates/web"}]})
    gcp.doors.advance(600)
    assert (status(gcp, group), templates(gcp, group)) == ((True, True), ["web"] * 4)


def test_an_update_is_held_by_its_type(gcp: Gcp, newer: dict[str, Any]) -> None:
    """'OPPORTUNISTIC so that you can select the VMs that you want to update': what is being made is finished."""
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=4)
    gcp.doors.advance(60)
    gcp.ask("PATCH", group, {**newer, "updatePolicy": proactive(0, 1)})
    gcp.ask("PATCH", group, {"updatePolicy": {"type": "OPPORTUNISTIC"}})
    gcp.doors.advance(3600)
    assert (templates(gcp, group).count("newer"), status(gcp, group)) == (1, (True, False))
    gcp.ask("PATCH", group, {"updatePolicy": {"type": "PROACTIVE"}})
    gcp.doors.advance(3600)
    assert (templates(gcp, group), status(gcp, group)) == (["newer"] * 4, (True, True))


@pytest.mark.parametrize(("surge", "unavailable", "left"), [(1, 0, 4), (0, 1, 3), (1, 1, 3)])
def test_instances_that_are_never_healthy_hold_it_for_good(
    gcp: Gcp, newer: dict[str, Any], surge: int, unavailable: int, left: int
) -> None:
    """'... the instance's health check status must be HEALTHY at least once'; no update gives up by itself."""
    group = gcp.make_group(size=4, autoHealingPolicies=healing(gcp, delay=300))
    gcp.doors.fail_made_of("e2-medium")
    gcp.ask("PATCH", group, {**newer, "updatePolicy": proactive(surge, unavailable)})
    for _ in range(24):
        gcp.doors.advance(300)
        assert templates(gcp, group).count("web") == left
        assert status(gcp, group) == (False, False)
    gcp.doors.fail_made_of("e2-medium", healthy=True)
    gcp.doors.advance(600)
    assert (templates(gcp, group), status(gcp, group)) == (["newer"] * 4, (True, True))


def test_they_count_as_unavailable_where_nobody_heals_them(gcp: Gcp, newer: dict[str, Any]) -> None:
    group = gcp.make_group(
        size=4,
        autoHealingPolicies=healing(gcp),
        instanceLifecyclePolicy={"onFailedHealthCheck": "DO_NOTHING"},
    )
    gcp.doors.fail_made_of("e2-medium")
    gcp.ask("PATCH", group, {**newer, "updatePolicy": proactive(0, 1)})
    gcp.doors.advance(3600)
    assert (templates(gcp, group).count("web"), actions(gcp, group).count("VERIFYING")) == (3, 1)


def test_back_to_the_old_template_when_the_new_one_is_ill(gcp: Gcp, newer: dict[str, Any]) -> None:
    group = gcp.make_group(size=4, autoHealingPolicies=healing(gcp, delay=300))
    gcp.doors.fail_made_of("e2-medium")
    gcp.ask("PATCH", group, {**newer, "updatePolicy": proactive(1, 1)})
    gcp.doors.advance(600)
    gcp.ask("PATCH", group, {"versions": [{"instanceTemplate": "global/instanceTemplates/web"}]})
    gcp.doors.advance(600)
    assert (templates(gcp, group), status(gcp, group)) == (["web"] * 4, (True, True))


def test_a_shortage_in_the_middle_takes_no_more_than_may_be_away(gcp: Gcp, newer: dict[str, Any]) -> None:
    group = gcp.make_group(size=4)
    gcp.doors.run_short(instance_type="e2-medium")
    gcp.ask("PATCH", group, {**newer, "updatePolicy": proactive(1, 1)})
    gcp.doors.advance(3600)
    assert (actions(gcp, group).count("NONE"), status(gcp, group)) == (3, (False, False))
    gcp.doors.end_shortages()
    gcp.doors.advance(3600)
    assert (templates(gcp, group), status(gcp, group)) == (["newer"] * 4, (True, True))


def test_an_instance_that_is_lost_in_the_middle(gcp: Gcp, newer: dict[str, Any]) -> None:
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=4)
    gcp.doors.advance(60)
    gcp.ask("PATCH", group, {**newer, "updatePolicy": proactive(1, 0)})
    lost = next(one for one in gcp.members(group) if one["currentAction"] == "NONE")
    gcp.ask("DELETE", str(lost["instance"]).partition("/projects/")[2].partition("/")[2])
    gcp.doors.advance(1200)
    assert (templates(gcp, group), status(gcp, group)) == (["newer"] * 4, (True, True))


def test_an_autoscaler_in_the_middle(gcp: Gcp, newer: dict[str, Any]) -> None:
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=2)
    gcp.doors.advance(60)
    gcp.ask("PATCH", group, {**newer, "updatePolicy": proactive(1, 0)})
    gcp.make_autoscaler(group, minNumReplicas=5)
    gcp.doors.advance(1800)
    assert (templates(gcp, group), status(gcp, group)) == (["newer"] * 5, (True, True))


def test_shares_take_ten_instances(gcp: Gcp) -> None:
    """'This value can be either a fixed number or, if the group has 10 or more instances, a percentage.'"""
    share = {"maxSurge": {"percent": 20}, "maxUnavailable": {"fixed": 0}}
    with pytest.raises(Refused, match="10 or more instances"):
        gcp.make_group(size=9, updatePolicy=share)
    group = gcp.make_group(size=10, updatePolicy=share)
    gcp.ask("POST", f"{group}/resize?size=5")
    gcp.ask("PATCH", group, {"updatePolicy": {"type": "PROACTIVE"}})
    with pytest.raises(Refused, match="10 or more instances"):
        gcp.ask("PATCH", group, {"updatePolicy": {"maxSurge": {"percent": 30}}})


def test_two_versions_at_most(gcp: Gcp, newer: dict[str, Any]) -> None:
    gcp.make_template("third")
    third = {"instanceTemplate": "global/instanceTemplates/third", "targetSize": {"fixed": 1}}
    group = gcp.make_group(size=3)
    with pytest.raises(Refused, match="versions"):
        gcp.ask("PATCH", group, {"versions": [*canary({"fixed": 1})["versions"], third]})


def test_updates_of_single_instances_heed_no_budget(gcp: Gcp, newer: dict[str, Any]) -> None:
    """Those that are named are updated now, all of them (updating-selected-instances-in-a-mig)."""
    gcp.doors.configure(boot_seconds=60)
    group = gcp.make_group(size=3)
    gcp.doors.advance(60)
    gcp.ask("PATCH", group, newer)
    gcp.ask("POST", f"{group}/applyUpdatesToInstances", among(gcp.names(group)[:2]))
    assert actions(gcp, group) == ["CREATING", "CREATING", "NONE"]


def test_the_wait_for_readiness_is_not_in_this_version_of_the_api(gcp: Gcp) -> None:
    with pytest.raises(Refused, match="minReadySec"):
        gcp.make_group(updatePolicy={"minReadySec": 60})


def test_a_template_in_use_stays(gcp: Gcp, newer: dict[str, Any]) -> None:
    group = gcp.make_group(size=2)
    gcp.ask("PATCH", group, canary({"fixed": 1}))
    for name in ("web", "newer"):
        with pytest.raises(Refused) as refused:
            gcp.ask("DELETE", f"global/instanceTemplates/{name}")
        assert refused.value.reason == "resourceInUseByAnotherResource"
