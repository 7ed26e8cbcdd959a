"""Compute Engine tells groups of one name apart by zone and region; display names of Cloud Monitoring by nothing."""

from datetime import UTC, datetime

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.proof import AGREED
from tests.providers.gcp.world import SCOPE
from tests.providers.strangers import OnGcp
from trimtab.errors import InvalidRequest
from trimtab.plan import Action
from trimtab.providers.gcp.facts import Attached, GcpFacts, Service
from trimtab.providers.gcp.resources import backend_resources
from trimtab.providers.gcp.translate import translate

ZONE = "zones/europe-west1-b"


@pytest.fixture
def others(emulator):
    others = OnGcp(emulator)
    others.reset()
    yield others
    others.connection.close()


@pytest.fixture
def cloud(others):
    return others.connection


def shop(native="web", **fields):
    return make_fleet(gcp_group("web", native_name=native, **{"load_balancers": (), **fields}), name="shop")


def test_somebodys_group_in_a_zone_is_not_in_the_way_of_one_in_the_region(others, cloud):
    others.put("web", scope=ZONE)
    before = others.snapshot()
    plan = cloud.plan(shop())
    assert not plan.problems
    cloud.apply(plan, wait="accepted").raise_for_failures()
    assert not cloud.plan(shop())
    (group,) = cloud.status(shop()).groups
    assert group.state.fleet == "shop"
    cloud.apply(cloud.destroy(shop()), wait="accepted", **AGREED).raise_for_failures()
    assert others.snapshot() == before


def test_somebodys_group_where_ours_is_to_move_is_a_problem_before_ours_is_deleted(others, cloud):
    """A group moves to a zone by being made anew; what stands there would keep it from that half-way."""
    cloud.apply(cloud.plan(shop()), wait="accepted").raise_for_failures()
    others.put("web", scope=ZONE)
    plan = cloud.plan(shop(placement={"zones": ["europe-west1-b"]}))
    assert any("is not managed by trimtab" in str(one) for one in plan.problems)
    assert not plan.count(Action.REPLACE)


def test_an_autoscaler_of_another_group_under_our_name_is_a_problem(others, cloud):
    """Its name is taken, whatever group it sizes."""
    others.world.ask("POST", "global/instanceTemplates", {"name": "theirs", "properties": {"machineType": "e2-micro"}})
    body = {"name": "theirs", "targetSize": 1, "instanceTemplate": "global/instanceTemplates/theirs"}
    others.world.ask("POST", f"{SCOPE}/instanceGroupManagers", body)
    sizes = {"maxNumReplicas": 2, "minNumReplicas": 1}
    target = f"{SCOPE}/instanceGroupManagers/theirs"
    others.world.ask("POST", f"{SCOPE}/autoscalers", {"name": "web", "target": target, "autoscalingPolicy": sizes})
    (problem,) = cloud.plan(shop()).problems
    assert "autoscaler 'web'" in problem.text
    assert not cloud.plan(shop("other")).problems


def test_who_acts_on_one_of_several_groups_of_a_name_says_the_zone(others, cloud):
    cloud.apply(cloud.plan(shop()), wait="accepted").raise_for_failures()
    others.put("web", scope=ZONE)
    before = others.snapshot()
    for act in (
        lambda group: group.scale(to=2),
        lambda group: group.pause(by="ana"),
        lambda group: group.activities(),
    ):
        with pytest.raises(InvalidRequest, match="the whole region"):
            act(cloud.group("web"))
    assert others.snapshot() == before
    theirs = cloud.group("web", location="europe-west1-b")
    assert theirs.read().fleet == ""
    theirs.pause(by="ana")
    changed = {key for key, text in others.snapshot().items() if text != before[key]}
    assert {key.split("/projects/trimtab/")[1] for key in changed} == {f"{ZONE}/autoscalers/web"}


def test_a_mark_of_others_says_nothing_about_where_a_thing_is(others, cloud):
    """An alert policy of another fleet under one of our display names is in the way, wherever that fleet is."""
    labels = {"trimtab-fleet": "other", "trimtab-group": "web", "trimtab-location": "us-central1"}
    policy = {"displayName": "shop-web-hot", "combiner": "OR", "userLabels": labels, "conditions": [condition()]}
    calls = cloud.provider.connection
    calls.monitor("alertPolicies.create_alert_policy", name=f"projects/{others.world.project}", alert_policy=policy)
    (problem,) = cloud.plan(shop()).problems
    assert "belongs to fleet 'other'" in problem.text


def condition():
    threshold = {
        "filter": 'metric.type="compute.googleapis.com/instance/cpu/utilization" AND resource.type="gce_instance"',
        "comparison": "COMPARISON_GT",
        "thresholdValue": 0.5,
        "duration": "60s",
    }
    return {"displayName": "x", "conditionThreshold": threshold}


def test_long_names_that_begin_alike_have_templates_of_their_own(others, cloud):
    """A template's name is cut to the length that Compute Engine takes."""
    names = [f"{'n' * 55}-{end}" for end in ("one", "two")]
    groups = [gcp_group(name, native_name=native, load_balancers=()) for name, native in zip("ab", names, strict=True)]
    fleet = make_fleet(*groups, name="shop")
    plan = cloud.plan(fleet)
    assert not plan.problems
    assert len([change for change in plan if change.key.kind == "instance-template"]) == 2
    cloud.apply(plan, wait="accepted").raise_for_failures()
    assert not cloud.plan(fleet)


def test_the_schedule_of_a_size_that_somebody_asks_for_is_nobody_elses(cloud):
    schedule = {"cron": "0 8 * * 1-5", "zone": "UTC", "duration": "10h", "min": 4}
    (problem,) = cloud.plan(shop(schedules={"trimtab-asked": schedule})).problems
    assert "schedules.trimtab-asked: " in problem.text


def test_backend_services_of_one_name_are_told_apart_by_their_region():
    """A global and a regional load balancer may have a service of one name, and a group may be behind both."""
    links = [f"projects/trimtab/{scope}/backendServices/front" for scope in ("global", "regions/europe-west1")]
    group = gcp_group("web", load_balancers=[{"id": link} for link in links])
    facts = GcpFacts(attached={"web": Attached(services=tuple(Service(link, "front") for link in links))})
    made = translate(make_fleet(group), facts, datetime(2026, 1, 5, tzinfo=UTC), "europe-west1", "trimtab").resources
    wanted = {one.key: one.attributes["service"] for one in made if one.key.kind == "backend"}
    assert list(wanted.values()) == links
    (manager,) = [one.key for one in made if one.key.kind == "group-manager"]
    there = {"selfLink": "", "name": "front", "backends": [{"group": "theirs"}, {"group": "ours"}]}
    live = [
        one.key
        for link in links
        for one in backend_resources({**there, "selfLink": link}, {manager: {"instanceGroup": "ours"}})
    ]
    assert live == list(wanted)
