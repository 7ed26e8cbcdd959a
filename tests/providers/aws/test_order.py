"""
The order of the calls of one change of a group, where Auto Scaling refuses another.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html#warm-pools-limitations
"""

from dataclasses import replace
from itertools import pairwise, permutations

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from tests.providers.aws.account import furnish
from tests.providers.killing import noting
from trimtab.clock import ManualClock
from trimtab.errors import Conflict
from trimtab.plan import Action, Change, FieldChange, Key, Mark, Reason, Resource
from trimtab.providers.aws.bodies import update_params
from trimtab.providers.aws.writes import PACE, GroupParts, Writer
from trimtab.providers.base import Write

NAME = "virtualmin-web"
POOL = {"aws": {"warm_pool": {"state": "stopped"}}}
SIZES = [{"size": "m5.large"}, {"size": "m5.xlarge"}]
FORMS = {
    "plain": {},
    "pool": POOL,
    "spot": {"purchase": {"spot": True, "sizes": SIZES}},
    "weights": {"purchase": {"sizes": [{**size, "weight": place} for place, size in enumerate(SIZES, 1)]}},
    "on demand with a pool": {"purchase": {"sizes": SIZES}, **POOL},
}


def fleet_of(form, **more):
    return make_fleet(make_group("web", capacity={"min": 0, "max": 4}, **FORMS[form], **more))


def way_through(names):
    """A way that goes from any name to any other once, and ends where it begins."""
    steps, way, trail = {name: [other for other in names if other != name] for name in names}, [], [next(iter(names))]
    while trail:
        if ahead := steps[trail[-1]]:
            trail.append(ahead.pop())
        else:
            way.append(trail.pop())
    return way[::-1]


def test_a_group_goes_from_any_form_to_any_other_in_one_apply(world):
    way = way_through(FORMS)
    assert set(pairwise(way)) == set(permutations(FORMS, 2))
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet_of(way[0])), wait="accepted").raise_for_failures()
        for before, after in pairwise(way):
            with noting(f"from {before} to {after}"):
                cloud.apply(cloud.plan(fleet_of(after)), wait="accepted").raise_for_failures()
                assert not cloud.plan(fleet_of(after)), cloud.plan(fleet_of(after)).to_dict()


def test_what_somebody_detached_first_is_detached_all_the_same(world):
    """Two processes drive one rollout: Auto Scaling refuses a detachment as a whole where one was made before."""
    furnish(world)
    names = ("virtualmin-web", "virtualmin-api", "virtualmin-spare")
    arns = [one["TargetGroupArn"] for one in world.client("elbv2").describe_target_groups(Names=names)["TargetGroups"]]
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet_of("plain", load_balancers=names)), wait="accepted").raise_for_failures()
        plan = cloud.plan(fleet_of("plain", load_balancers=()))
        autoscaling = world.client("autoscaling")
        autoscaling.detach_load_balancer_target_groups(AutoScalingGroupName=NAME, TargetGroupARNs=arns[:1])
        parts = GroupParts(cloud.provider.connection, "us-east-1", NAME)
        parts.write("TargetGroupARNs", {}, {"TargetGroupARNs": arns})
        (group,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"]
        assert not group["TargetGroupARNs"]
        assert [change.action for change in plan.changes] == [tt.Action.UPDATE]


def test_tags_that_go_make_room_for_those_that_come(world):
    """A group has 50 tags at most, the three of the mark among them."""
    old, new = ({f"{letter}{number}": "x" for number in range(40)} for letter in "ab")
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet_of("plain", tags=old)), wait="accepted").raise_for_failures()
        world.doors.clear_requests()
        cloud.apply(cloud.plan(fleet_of("plain", tags=new)), wait="accepted").raise_for_failures()
        order = [call.operation for call in world.doors.requests() if "Tags" in call.operation]
        assert [name for name in order if name in ("DeleteTags", "CreateOrUpdateTags")] == [
            "DeleteTags",
            "CreateOrUpdateTags",
        ]
        assert not cloud.plan(fleet_of("plain", tags=new))


def test_tags_of_the_group_alone_count_among_the_fifty(world):
    own, shared = ({f"{letter}{number}": "x" for number in range(23)} for letter in "ab")
    with world.connect() as cloud:
        assert not cloud.plan(fleet_of("plain", aws={"group_tags": own}, tags=shared)).problems
        more = {"aws": {"group_tags": {**own, "more": "x"}}, "tags": shared}
        (problem,) = cloud.plan(fleet_of("plain", **more)).problems
        assert "aws.group_tags." in problem.text
        assert "51 tags" in problem.text


def passed_on(world, key):
    """Whether instances get a tag of the group `web`; `None` where it does not have it."""
    (item,) = world.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    tags = {tag["Key"]: tag["PropagateAtLaunch"] for tag in item["Tags"]}
    return tags.get(key)


def test_a_tag_moves_between_the_group_alone_and_its_instances(world):
    alone, shared = {"aws": {"group_tags": {"CostCenter": "it"}}}, {"tags": {"CostCenter": "it"}}
    with world.connect() as cloud:
        for fields in (alone, shared, alone):
            fleet = fleet_of("plain", **fields)
            cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
            assert not cloud.plan(fleet)
            found = cloud.import_group(NAME, fleet=fleet.name)
            assert (dict(found.group.tags), dict(found.group.aws.group_tags)) == (
                fields.get("tags", {}),
                fields.get("aws", {}).get("group_tags", {}),
            )
            assert not found.notes
            assert not cloud.plan(tt.Fleet(name=fleet.name, groups=[found.group]))


def test_a_tag_of_the_group_alone_that_somebody_passes_on_is_named_and_healed(world):
    fleet = fleet_of("plain", aws={"group_tags": {"CostCenter": "it"}}, tags={"Team": "ops"})
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        (item,) = world.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        base = {"ResourceId": item["AutoScalingGroupName"], "ResourceType": "auto-scaling-group"}
        changes = [
            {**base, "Key": "CostCenter", "Value": "it", "PropagateAtLaunch": True},
            {**base, "Key": "Team", "Value": "dev", "PropagateAtLaunch": False},
        ]
        world.client("autoscaling").create_or_update_tags(Tags=changes)
        assert [(leaf.field, leaf.path) for change in cloud.plan(fleet) for leaf in change.fields] == [
            ("web.aws.group_tags", "Tags[CostCenter].PropagateAtLaunch"),
            ("web.tags", "Tags[Team].Value"),
        ]
        left = fleet_of("plain", aws={"group_tags": {"CostCenter": "it"}}, tags={"Team": "ops"}, unmanaged=["tags"])
        assert [leaf.path for change in cloud.plan(left) for leaf in change.fields] == [
            "Tags[CostCenter].PropagateAtLaunch"
        ]
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        assert not cloud.plan(fleet)
        assert passed_on(world, "CostCenter") is False


class PoolEnding:
    """What `GroupParts` talks to, where a warm pool takes a number of looks to go."""

    def __init__(self, looks):
        self.looks = looks
        self.clock = ManualClock()
        self.asked = 0
        self.made = []
        """Each call that writes, and how many looks were taken before it."""
        self.sent = []
        """What each of them says."""

    def call(self, service, operation, region, **params):
        self.made.append((operation, self.asked))
        self.sent.append(params)
        return {}

    def items(self, service, operation, region, **params):
        self.asked += 1
        pool = {"WarmPoolConfiguration": {"Status": "PendingDelete"}} if self.asked <= self.looks else {}
        yield {"AutoScalingGroupName": NAME, **pool}

    def wait_until(self, operation, look, pace, *, late):
        deadline = self.clock.now() + pace.longest
        while (result := look()) is None:
            if self.clock.now() >= deadline:
                raise Conflict(late, provider="aws", operation=operation)
            self.clock.sleep(pace.most)
        return result


def test_a_pool_that_is_being_deleted_is_waited_for():
    calls = PoolEnding(3)
    GroupParts(calls, "us-east-1", NAME).wait_until_pool_gone()
    assert calls.asked == 4


def test_what_a_group_with_a_pool_may_not_have_is_written_once_the_pool_has_gone():
    calls = PoolEnding(3)
    key, mark = Key("us-east-1", "autoscaling-group", NAME), Mark("virtualmin", "web")
    live = Resource(key=key, body={**mix(None), "WarmPoolConfiguration": {"PoolState": "Stopped"}}, mark=mark)
    wanted = replace(live, body=mix("lowest-price"))
    path = "MixedInstancesPolicy.InstancesDistribution.SpotAllocationStrategy"
    fields = (
        FieldChange(path=path, old=None, new="lowest-price"),
        FieldChange(path="WarmPoolConfiguration.PoolState", old="Stopped", new=None),
    )
    change = Change(
        action=Action.UPDATE, reason=Reason.EDITED, key=key, group="web", fields=fields, wanted=wanted, live=live
    )
    Writer(calls).write([Write(change=change, body=wanted.body)])
    assert calls.made == [("delete_warm_pool", 0), ("update_auto_scaling_group", 4)]


def test_a_hook_that_loses_a_field_is_deleted_first():
    """A put leaves out what it does not name: PutLifecycleHook, Amazon EC2 Auto Scaling API Reference."""
    calls, hook = (
        PoolEnding(0),
        {"LifecycleHookName": "drain", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"},
    )
    parts = GroupParts(calls, "us-east-1", NAME)
    before = {"LifecycleHookSpecificationList": [{**hook, "NotificationMetadata": "what"}]}
    parts.write("LifecycleHookSpecificationList", {"LifecycleHookSpecificationList": [hook]}, before)
    assert [operation for operation, _ in calls.made] == ["delete_lifecycle_hook", "put_lifecycle_hook"]


def test_a_limit_of_a_pool_that_is_no_longer_given_is_taken_away():
    """ "To remove a value that you previously set, include the property but specify -1": PutWarmPool."""
    calls, pool = PoolEnding(0), {"PoolState": "Stopped"}
    parts = GroupParts(calls, "us-east-1", NAME)
    limited = {"WarmPoolConfiguration": {**pool, "MaxGroupPreparedCapacity": 3}}
    parts.write("WarmPoolConfiguration", {"WarmPoolConfiguration": pool}, limited)
    parts.write("WarmPoolConfiguration", limited, {"WarmPoolConfiguration": pool})
    assert [sent["MaxGroupPreparedCapacity"] for sent in calls.sent] == [-1, 3]


def test_a_pool_that_does_not_go_is_told_of_in_time():
    calls = PoolEnding(10**6)
    begin = calls.clock.now()
    with pytest.raises(Conflict, match="still being deleted"):
        GroupParts(calls, "us-east-1", NAME).wait_until_pool_gone()
    assert calls.clock.now() - begin <= PACE.longest + PACE.most


def test_a_pool_that_has_gone_already_is_no_failure(world):
    """The reply to the first attempt was lost, and the second finds none."""
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet_of("pool")), wait="accepted").raise_for_failures()
        world.doors.fault("timeout_after", operation="DeleteWarmPool", times=1)
        cloud.apply(cloud.plan(fleet_of("spot")), wait="accepted").raise_for_failures()
        assert not cloud.plan(fleet_of("spot"))


def mix(strategy, **more):
    launch = {"LaunchTemplateSpecification": {"LaunchTemplateName": NAME, "Version": "1"}}
    shares = {"SpotAllocationStrategy": strategy, **more} if strategy else more
    return {"MixedInstancesPolicy": {"LaunchTemplate": launch, "InstancesDistribution": shares}}


@pytest.mark.parametrize(
    ("before", "after", "pools"),
    [
        (mix("lowest-price"), "capacity-optimized", 0),
        (mix(None), "price-capacity-optimized", 0),
        (mix("lowest-price", SpotInstancePools=4), "capacity-optimized", 0),
        (mix("lowest-price", SpotInstancePools=4), "lowest-price", 2),
        (mix("lowest-price"), "lowest-price", 2),
        (mix("capacity-optimized"), "price-capacity-optimized", None),
        (mix("capacity-optimized"), "lowest-price", 2),
        ({}, "capacity-optimized", None),
        ({}, "lowest-price", None),
    ],
)
def test_the_number_of_spot_pools_goes_with_the_strategy_that_takes_one(before, after, pools):
    """
    hashicorp/terraform-provider-aws#13495: it stays unless it is set to 0, and is refused beside other strategies.

    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/autoscaling_group#spot_instance_pools
    """
    sent = update_params(mix(after), {"MixedInstancesPolicy"}, before)
    assert sent["MixedInstancesPolicy"]["InstancesDistribution"].get("SpotInstancePools") == pools
