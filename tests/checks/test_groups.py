"""Health, template, purchase, names and tags."""

import pytest

from tests.checks.conftest import BUSY, IDLE, PAIR

BALANCER = {"load_balancers": ["shop-web"]}
IMAGE = {"size": "t3.medium", "image": {"newest": "ubuntu-*"}}
SIZES = [{"size": "t3.medium"}, {"size": "t3a.medium"}]


def test_tt201_finds_a_group_whose_balancer_is_not_asked(found):
    assert [one.path for one in found("TT201", **BALANCER)] == ["health_check.by"]


@pytest.mark.parametrize("fields", [{}, {**BALANCER, "health_check": {"by": "load-balancer", "grace": "5m"}}])
def test_tt201_lets_groups_be_that_have_none_or_ask_it(found, fields):
    assert not found("TT201", **fields)


@pytest.mark.parametrize("script", [None, "#!/bin/sh\nnginx\n"])
def test_tt202_finds_a_metric_that_nobody_measures(found, script):
    template = {"image": "ami-1", "size": "t3.medium", "user_data": script}
    alarms = {"full": {"metric": "disk", "above": 90, "notify": ["a"]}}
    policies = {"hold": {"type": "target-tracking", "metric": "memory", "target": 60}}
    paths = [one.path for one in found("TT202", template=template, alarms=alarms, policies=policies)]
    assert paths == ["alarms.full.metric", "policies.hold.metric"]


def test_tt202_lets_a_script_be_that_speaks_of_an_agent(found):
    script = "#!/bin/sh\napt-get install -y google-cloud-ops-agent\n"
    template = {"image": "ami-1", "size": "t3.medium", "user_data": script}
    assert not found("TT202", template=template, alarms={"full": {"metric": "memory", "above": 90}})


def test_tt202_lets_memory_be_on_azure_whose_hosts_see_it(found):
    alarms = {"full": {"metric": "memory", "above": 90}}
    assert not found("TT202", provider="azure", alarms=alarms)
    assert "on aws and gcp" in found("TT202", alarms=alarms)[0].text


def test_tt202_lets_the_cloud_in_memory_be(found):
    assert not found("TT202", provider="memory", alarms={"full": {"metric": "memory", "above": 90}})


def test_tt203_finds_an_image_of_anybody(found):
    assert [one.path for one in found("TT203", template=IMAGE)] == ["template.image"]


def test_tt203_lets_an_image_be_of_one_publisher_or_by_id(found):
    assert not found("TT203")
    assert not found("TT203", template={**IMAGE, "image": {"newest": "ubuntu-*", "owner": "099720109477"}})


@pytest.mark.parametrize("check", [{"by": "load-balancer"}, {"by": "load-balancer", "grace": "0s"}])
def test_tt204_finds_instances_that_are_judged_at_once(found, check):
    assert found("TT204", **BALANCER, health_check=check)


def test_tt204_lets_a_grace_be_and_other_clouds(found):
    assert not found("TT204", **BALANCER, health_check={"by": "load-balancer", "grace": "1m"})
    assert not found("TT204", provider="gcp", **BALANCER, health_check={"by": "load-balancer"})


# TT3xx


@pytest.mark.parametrize(("sizes", "path"), [([], "purchase.spot"), (SIZES[:1], "purchase.sizes")])
def test_tt301_finds_spot_of_one_size(found, sizes, path):
    assert [one.path for one in found("TT301", purchase={"spot": True, "sizes": sizes})] == [path]


@pytest.mark.parametrize("purchase", [{"spot": True, "sizes": SIZES}, {}])
def test_tt301_lets_several_sizes_be_and_on_demand(found, purchase):
    assert not found("TT301", purchase=purchase)


@pytest.mark.parametrize("placement", [{"zones": ["a"]}, {"subnets": ["subnet-1"]}])
def test_tt302_finds_spot_in_one_place(found, placement):
    assert len(found("TT302", purchase={"spot": True}, placement=placement)) == 1


@pytest.mark.parametrize("placement", [{}, {"zones": ["a", "b"]}, {"subnets": ["subnet-1", "subnet-2"]}])
def test_tt302_lets_several_places_be(found, placement):
    assert not found("TT302", purchase={"spot": True}, placement=placement)


def test_tt303_finds_spot_without_a_share(found):
    assert [one.path for one in found("TT303", purchase={"spot": True})] == ["purchase.spot"]


@pytest.mark.parametrize("share", [{"on_demand_base": 1}, {"on_demand_percent": 0}])
def test_tt303_lets_a_share_be_that_was_said(found, share):
    assert not found("TT303", purchase={"spot": True, **share})


# TT5xx


@pytest.mark.parametrize(
    ("native", "provider", "rule"),
    [
        ("shop:web", "aws", "colon"),
        ("Shop-web", "gcp", "lower-case"),
        ("s" * 64, "gcp", "at most 63"),
        ("s" * 59, "gcp", "gcp.base_instance_name"),
        ("s" * 59, "azure", "azure.computer_name_prefix"),
        ("shop web", "azure", "letters"),
    ],
)
def test_tt501_finds_a_name_that_a_cloud_refuses(found, native, provider, rule):
    one = found("TT501", provider=provider, native_name=native)
    assert [(item.path, rule in item.text) for item in one] == [("native_name", True)], one


def test_tt501_finds_fleet_and_group_together_too_long(found):
    one = found("TT501", name="s" * 60)
    assert [item.path for item in one] == [""]
    assert "azure" in one[0].text
    assert "gcp" in one[0].text
    assert "aws" not in one[0].text


def test_tt501_lets_a_name_be_that_the_named_cloud_takes(found):
    assert not found("TT501")
    assert not found("TT501", provider="aws", native_name="Shop Web")
    assert not found("TT501", provider="memory", native_name="Shop:Web")
    long = {"native_name": "s" * 63, "azure": {"computer_name_prefix": "s"}, "gcp": {"base_instance_name": "s"}}
    assert not found("TT501", **long)


@pytest.mark.parametrize(
    ("tags", "provider"),
    [
        ({"Environment": "x"}, "gcp"),
        ({"environment": "X"}, "gcp"),
        ({"1st": "x"}, "gcp"),
        ({"a/b": "x"}, "azure"),
        ({"aws:thing": "x"}, "aws"),
        ({f"t{number}": "x" for number in range(48)}, "aws"),
    ],
)
def test_tt502_finds_tags_that_a_cloud_refuses(found, tags, provider):
    assert [one.path for one in found("TT502", provider=provider, tags=tags)] == ["tags"]
    assert found("TT502", tags=tags)


def test_tt502_finds_tags_of_instances(found):
    template = {"image": "ami-1", "size": "t3.medium", "tags": {"Tier": "x"}}
    assert [one.path for one in found("TT502", template=template)] == ["template.tags"]


def test_tt502_lets_plain_tags_be(found):
    assert not found("TT502", tags={"environment": "production", "cost-center": "12_b"})
    assert not found("TT502", provider="aws", tags={"Environment": "Production / Madrid"})


def test_tt113_finds_a_full_placement_group(found):
    single = {"azure": {"single_placement_group": True}}
    assert [one.path for one in found("TT113", provider="azure", capacity={"min": 1, "max": 101}, **single)] == [
        "azure.single_placement_group"
    ]
    raised = {"more": {"cron": "0 8 * * *", "zone": "UTC", "max": 200}}
    assert found("TT113", capacity={"min": 1, "max": 50}, schedules=raised, **single)


def test_tt113_lets_small_groups_and_other_clouds_be(found):
    single = {"azure": {"single_placement_group": True}}
    assert not found("TT113", capacity={"min": 1, "max": 100}, **single)
    assert not found("TT113", capacity={"min": 1, "max": 500})
    assert not found("TT113", provider="aws", capacity={"min": 1, "max": 500}, **single)


def test_tt304_finds_evicted_instances_that_stay(found):
    kept = {"azure": {"eviction": "deallocate"}, "purchase": {"spot": True, "on_demand_base": 1}}
    assert [one.path for one in found("TT304", provider="azure", policies=PAIR, **kept)] == ["azure.eviction"]


def test_tt304_lets_deleted_instances_and_fixed_sizes_be(found):
    spot = {"purchase": {"spot": True, "on_demand_base": 1}}
    assert not found("TT304", policies=PAIR, azure={"eviction": "delete"}, **spot)
    assert not found("TT304", policies={}, alarms={}, azure={"eviction": "deallocate"}, **spot)
    assert not found("TT304", provider="gcp", policies=PAIR, azure={"eviction": "deallocate"}, **spot)


def test_a_group_of_two_alarms_has_nothing_of_this(found):
    assert not found("TT2", policies=PAIR, alarms={"busy": BUSY, "idle": IDLE})


def test_tt205_finds_autohealing_by_the_balancer(found):
    shared = {**BALANCER, "health_check": {"by": "load-balancer", "grace": "5m"}}
    assert [one.path for one in found("TT205", provider="gcp", **shared)] == ["health_check.by"]
    assert not found("TT205", provider="aws", **shared)


@pytest.mark.parametrize("check", [{}, {"by": "load-balancer", "path": "/up"}, {"by": "load-balancer", "port": 22}])
def test_tt205_lets_a_check_of_its_own_be(found, check):
    assert not found("TT205", provider="gcp", **BALANCER, health_check=check)


@pytest.mark.parametrize("word", ["keep", "stateful"])
def test_tt206_finds_a_disk_that_outlives_its_instance(found, word):
    template = {"image": "ami-0abcdef1234567890", "size": "t3.medium", "disks": [{"device": "data", word: True}]}
    (one,) = found("TT206", provider="gcp" if word == "stateful" else "aws", template=template)
    assert one.path == f"template.disks.0.{word}"
    assert "back" in one.text
    assert ("goes for good" in one.text) is (word == "stateful")


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"policies": {"out": {"change": 1}}, "alarms": {}}, 0),
        ({"capacity": {"min": 3, "max": 3}}, 0),
        ({"policies": {}, "alarms": {}, "schedules": {"night": {"cron": "0 22 * * *", "zone": "UTC", "max": 3}}}, 1),
        ({"policies": {}, "alarms": {}, "schedules": {"day": {"cron": "0 8 * * *", "zone": "UTC", "min": 3}}}, 0),
        ({"policies": {}, "alarms": {}, "schedules": {"at": {"cron": "0 8 * * *", "zone": "UTC", "desired": 3}}}, 1),
        (
            {
                "policies": {},
                "alarms": {},
                "schedules": {"day": {"cron": "0 8 * * *", "zone": "UTC", "min": 3, "duration": "2h"}},
            },
            1,
        ),
    ],
)
def test_tt206_finds_what_makes_a_group_smaller(found, fields, count):
    template = {"image": "ami-0abcdef1234567890", "size": "t3.medium", "disks": [{"device": "data", "keep": True}]}
    assert len(found("TT206", provider="aws", template=template, **fields)) == count


def test_tt206_lets_disks_be_that_go_with_their_instances(found):
    template = {"image": "ami-0abcdef1234567890", "size": "t3.medium", "disks": [{"device": "data"}]}
    assert not found("TT206", provider="aws", template=template)
    kept = {**template, "disks": [{"device": "1", "keep": True}]}
    assert not found("TT206", provider="azure", template=kept)
