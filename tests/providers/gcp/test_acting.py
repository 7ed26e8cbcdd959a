"""Sizes asked for, pauses, executed policies, and groups that a controller sizes, on Google Cloud."""

from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.world import SCOPE
from trimtab import errors, metrics

MINUTE = timedelta(minutes=1)
ALONE = {"load_balancers": (), "alarms": {}, "schedules": {}}
OUT = {
    "policies": {"out": {"change": 1}, "in": {"change": -1}, "half": {"percent": 50}},
    "alarms": {
        "hot": {"metric": "cpu", "above": 70, "triggers": ["out"]},
        "cold": {"metric": "cpu", "below": 20, "triggers": ["in"]},
        "boiling": {"metric": "cpu", "above": 95, "triggers": ["half"]},
    },
}
ZONAL = {"placement": {"zones": ["europe-west1-b"]}}


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def apply(cloud, **fields):
    fleet = make_fleet(gcp_group("web", **{**ALONE, **fields}))
    cloud.apply(cloud.plan(fleet), allow_replace=True, allow_delete=True).raise_for_failures()
    return fleet, cloud.group("web")


def scaler(world, scope=SCOPE):
    return world.ask("GET", f"{scope}/autoscalers/virtualmin-web")


def mode(world, scope=SCOPE):
    return scaler(world, scope)["autoscalingPolicy"]["mode"]


def resizes(world):
    return [call for call in world.doors.requests() if call.operation.endswith(".resize")]


# sizes


@pytest.mark.parametrize("where", [{}, ZONAL], ids=["regional", "zonal"])
def test_a_group_whose_autoscaler_is_on_is_never_resized(world, cloud, where):
    """A scaling schedule holds the size that somebody asked for; it ends by itself, and no plan minds it."""
    fleet, live = apply(cloud, **where)
    live.scale(to=5)
    live.wait(timeout=5 * MINUTE)
    assert live.read().running == 5
    assert not resizes(world)
    assert not cloud.plan(fleet)
    with pytest.raises(errors.InvalidRequest, match="an autoscaler decides"):
        live.scale(to=3)
    for _ in range(30):
        world.cloud.push(metrics.cpu, group="web", value=5)
        world.advance(MINUTE)
    assert live.read().desired == 2
    cloud.apply(cloud.plan(make_fleet(gcp_group("web", **{**ALONE, **where, "capacity": {"min": 3, "max": 9}}))))
    assert live.read().capacity.min == 3


def test_an_edit_leaves_a_size_that_was_asked_for(world, cloud):
    """The autoscaler is put whole: the schedule that holds the size goes along until it ends by itself."""
    _, live = apply(cloud)
    live.scale(to=5)
    held = scaler(world)["autoscalingPolicy"]["scalingSchedules"]
    assert len(held) == 1
    cloud.apply(cloud.plan(make_fleet(gcp_group("web", **{**ALONE, "capacity": {"min": 2, "max": 9}}))))
    policy = scaler(world)["autoscalingPolicy"]
    assert (policy["maxNumReplicas"], policy["scalingSchedules"]) == (9, held)
    assert live.read().desired == 5


@pytest.mark.parametrize("where", [{}, ZONAL], ids=["regional", "zonal"])
def test_a_group_that_nothing_scales_is_resized_both_ways(world, cloud, where):
    _, live = apply(cloud, policies={}, **where)
    for size in (5, 3):
        live.scale(to=size)
        live.wait(timeout=5 * MINUTE)
        assert live.read().running == size
    assert len(resizes(world)) == 2
    with pytest.raises(errors.InvalidRequest, match="outside the bounds"):
        live.scale(to=40)


# pauses


def test_a_pause_turns_the_autoscaler_off_and_says_who(world, cloud):
    """In one write, marked in its description above the owner's mark; nothing scales until it is resumed."""
    fleet, live = apply(cloud, gcp={"mode": "only-scale-out"})
    live.pause(by="Ana García", until=world.doors.now() + timedelta(hours=2), why="moving / the [database]")
    assert mode(world) == "OFF"
    description = scaler(world)["description"]
    assert "trimtab-paused Ana García / 2026-01-05T02:" in description
    assert description.splitlines()[-1].startswith("[trimtab fleet=virtualmin group=web")
    assert live.read().paused.by == "Ana García"
    assert not cloud.plan(fleet)
    world.cloud.push(metrics.cpu, group="web", value=95)
    world.advance(5 * MINUTE)
    assert live.read().desired == 2
    live.resume()
    assert mode(world) == "ONLY_SCALE_OUT"
    assert "paused" not in scaler(world)["description"]
    assert not cloud.plan(fleet)


def test_an_edit_in_a_pause_does_not_end_it(world, cloud):
    _, live = apply(cloud)
    live.pause(by="Ana")
    edited = make_fleet(gcp_group("web", **{**ALONE, "capacity": {"min": 3, "max": 8}}))
    plan = cloud.plan(edited)
    assert {field.path for change in plan for field in change.fields} == {
        "autoscalingPolicy.minNumReplicas",
        "autoscalingPolicy.maxNumReplicas",
    }
    cloud.apply(plan).raise_for_failures()
    assert mode(world) == "OFF"
    assert live.read().paused is not None
    live.resume()
    assert mode(world) == "ON"
    assert not cloud.plan(edited)


def test_an_autoscaler_that_is_turned_off_by_hand_is_drift(world, cloud):
    """Without a mark it is healed; resuming has nothing to do with it."""
    fleet, live = apply(cloud)
    body = scaler(world)
    body["autoscalingPolicy"]["mode"] = "OFF"
    world.ask("PUT", f"{SCOPE}/autoscalers?autoscaler=virtualmin-web", body)
    live.resume()
    (change,) = cloud.plan(fleet)
    assert [field.path for field in change.fields] == ["autoscalingPolicy.mode"]
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    assert mode(world) == "ON"


def test_a_group_that_is_off_anyway_stays_off_when_its_pause_ends(world, cloud):
    fleet, live = apply(cloud, policies={})
    live.pause(by="Ana")
    live.pause(by="Ana", why="again")
    live.resume()
    assert mode(world) == "OFF"
    assert not cloud.plan(fleet)


def test_a_paused_group_is_scaled_by_hand_both_ways(world, cloud):
    _, live = apply(cloud)
    live.pause(by="Ana")
    for size in (6, 2):
        live.scale(to=size)
        live.wait(timeout=5 * MINUTE)
        assert live.read().running == size


def test_a_pause_that_was_refused_changes_nothing(world, cloud):
    fleet, live = apply(cloud)
    world.doors.fault("denied", operation="regionAutoscalers.update")
    with pytest.raises(errors.AccessDenied, match="permission"):
        live.pause(by="Ana")
    assert mode(world) == "ON"
    assert not cloud.plan(fleet)


# a controller's groups


@pytest.mark.parametrize(
    ("fields", "feature"),
    [
        (OUT, "simple policy"),
        ({"schedules": {"night": {"cron": "0 22 * * *", "duration": "8h", "zone": "UTC", "max": 4}}}, "maximum"),
        (
            {
                "policies": {
                    "one": {"type": "target-tracking", "metric": "cpu", "target": 60},
                    "two": {"type": "target-tracking", "metric": "memory", "target": 60, "scale_in": False},
                }
            },
            "scales in",
        ),
    ],
    ids=["simple policies", "a lower maximum", "scaling in by some"],
)
def test_what_google_cannot_do_takes_consent_to_the_controller(world, cloud, fields, feature):
    plan = cloud.plan(make_fleet(gcp_group("web", **{**ALONE, **fields})))
    texts = [str(problem) for problem in plan.problems]
    assert any(feature in text and "group web" in text for text in texts), texts
    assert all("gcp cannot do this by itself; " in text for text in texts), "each says what is native instead"
    assert all("`controller: true`" in text for text in texts)
    writes = world.writes()
    with pytest.raises(errors.PlanRefused):
        cloud.apply(plan)
    assert world.writes() == writes
    agreed = make_fleet(gcp_group("web", **{**ALONE, **fields}), controller=True)
    cloud.apply(cloud.plan(agreed)).raise_for_failures()
    assert mode(world) == "OFF"
    assert not cloud.plan(agreed)


def test_a_group_that_becomes_the_controllers_and_comes_back(world, cloud):
    native, live = apply(cloud)
    out = make_fleet(gcp_group("web", **{**ALONE, **OUT}), controller=True)
    cloud.apply(cloud.plan(out)).raise_for_failures()
    assert mode(world) == "OFF"
    live.execute("out")
    cloud.apply(cloud.plan(native)).raise_for_failures()
    assert mode(world) == "ON"
    assert not cloud.plan(native)


def test_an_autoscaler_fires_no_policy_on_request(world, cloud):
    _, live = apply(cloud)
    with pytest.raises(errors.Unsupported, match="cannot execute policy 'hold' on demand"):
        live.execute("hold")


def test_acting_on_a_group_that_went(world, cloud):
    fleet, live = apply(cloud)
    cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()
    for act in (live.resume, lambda: live.execute("hold"), lambda: live.pause(by="Ana"), lambda: live.scale(to=3)):
        with pytest.raises(errors.NotFound):
            act()


# what an autoscaler says, and what others do with a group


def test_what_an_autoscaler_complains_of_is_among_its_activities(world, cloud):
    """And not the mode, in which somebody put it."""
    _, live = apply(cloud, capacity={"min": 3, "max": 3}, gcp={"mode": "only-scale-out"})
    world.advance(2 * MINUTE)
    said = [one for one in live.activities() if one.description.startswith("autoscaler virtualmin-web: ")]
    assert [one.description.rsplit(" ", 1)[-1] for one in said] == ["MIN_EQUALS_MAX"]
    assert {one.status for one in said} == {"warning"}


def test_places_in_other_services_are_taken_away_or_left_to_others(world, cloud):
    """As drift, unless the group leaves its load balancers to others."""
    fleet, _ = apply(cloud)
    group = f"{SCOPE}/instanceGroups/virtualmin-web"
    world.ask("POST", "global/backendServices", {"name": "theirs", "backends": [{"group": group}]})
    left = make_fleet(gcp_group("web", **{**ALONE, "unmanaged": ["load_balancers"]}))
    assert not cloud.plan(left)
    plan = cloud.plan(fleet)
    assert [(change.action.value, change.key.name) for change in plan] == [("delete", "theirs")]
    cloud.apply(plan, allow_delete=True).raise_for_failures()
    assert not world.ask("GET", "global/backendServices/theirs")["backends"]
