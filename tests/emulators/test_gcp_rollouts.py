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
