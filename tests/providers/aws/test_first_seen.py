"""Groups and scheduled actions that somebody else made: an action has not fired before it was made."""

from datetime import UTC, datetime, timedelta

import pytest

import trimtab as tt
from trimtab.engine.first_seen import LONGEST_WORD, FirstSeen, fingerprint

pytestmark = pytest.mark.sweep

TEN = datetime(2026, 11, 23, 10, tzinfo=UTC)
MORNING, EVENING = "0 8 * * *", "0 18 * * *"
HOUR = timedelta(hours=1)


@pytest.fixture
def autoscaling(world):
    """A group of one to four made at ten, by somebody else."""
    world.doors.set_clock(TEN, freeze=True)
    client = world.client("autoscaling")
    world.client("ec2").create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "t3.small"}
    )
    client.create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=1,
        MaxSize=4,
        DesiredCapacity=2,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
    )
    return client


def put(client, name, cron, **sizes):
    client.put_scheduled_update_group_action(
        AutoScalingGroupName="web", ScheduledActionName=name, Recurrence=cron, TimeZone="UTC", **sizes
    )


def bounds(client):
    (group,) = client.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"]
    return group["MinSize"], group["MaxSize"]


def imported(cloud):
    found = cloud.import_group("web", fleet="shop")
    assert not [note for note in found.notes if "MinSize" in note.path or "MaxSize" in note.path]
    return tt.Fleet(name="shop", groups=(found.group,))


def adopted(cloud, fleet):
    cloud.apply(cloud.adopt(fleet)).raise_for_failures()
    return fleet


def sizes_changed(plan):
    return [
        (field.path, field.new)
        for change in plan
        for field in change.fields
        if field.path in ("MinSize", "MaxSize") and change.key.kind == "autoscaling-group"
    ]


@pytest.mark.parametrize("name", ["web-morning", "morning"], ids=["named as by trimtab", "named otherwise"])
def test_live_bounds_stand_until_the_action_fires(world, autoscaling, name):
    put(autoscaling, name, MORNING, MinSize=3)
    with world.connect() as cloud:
        fleet = adopted(cloud, imported(cloud))
        for _ in range(2):  # as read, and once all else that a plan changes is written
            assert not sizes_changed(cloud.plan(fleet))
            assert bounds(autoscaling) == (1, 4)
            cloud.apply(cloud.plan(fleet)).raise_for_failures()
        assert not cloud.plan(fleet)
        assert cloud.status(fleet).groups[0].in_force.min == 1
        for _ in range(21):
            world.advance(HOUR)
            assert not cloud.plan(fleet)
        assert bounds(autoscaling) == (1, 4)
        world.advance(HOUR)  # eight o'clock
        assert bounds(autoscaling) == (3, 4)
        assert not cloud.plan(fleet)
        assert cloud.status(fleet).groups[0].in_force.min == 3
        autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=2)
        assert sizes_changed(cloud.plan(fleet)) == [("MinSize", 3)]


def test_two_actions_each_from_the_first_time_that_one_fires(world, autoscaling):
    put(autoscaling, "web-morning", MORNING, MinSize=3)
    put(autoscaling, "web-evening", EVENING, MinSize=2)
    with world.connect() as cloud:
        fleet = adopted(cloud, imported(cloud))
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        seen = []
        for _ in range(48):
            assert not cloud.plan(fleet), world.doors.now()
            seen.append(bounds(autoscaling)[0])
            world.advance(HOUR)
        assert seen == [1] * 8 + [2] * 14 + [3] * 10 + [2] * 14 + [3] * 2


def test_a_window_that_was_made_while_it_would_be_open(world, autoscaling):
    put(autoscaling, "web-day", MORNING, MaxSize=6)
    put(autoscaling, "web-day-end", EVENING, MaxSize=4)
    with world.connect() as cloud:
        fleet = imported(cloud)
        assert fleet.groups[0].schedules[0].until == EVENING
        adopted(cloud, fleet)
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        seen = []
        for _ in range(36):
            assert not cloud.plan(fleet), world.doors.now()
            seen.append(bounds(autoscaling)[1])
            world.advance(HOUR)
        assert seen == [4] * 22 + [6] * 10 + [4] * 4


def test_what_trimtab_creates_is_in_force_at_once(world, autoscaling):
    with world.connect() as cloud:
        fleet = adopted(cloud, imported(cloud))
        fleet = with_schedule(fleet, "morning", cron=MORNING, zone="UTC", min=3)
        assert sizes_changed(cloud.plan(fleet)) == [("MinSize", 3)]
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        assert bounds(autoscaling) == (3, 4)
        assert not cloud.plan(fleet)


def with_schedule(fleet, name, **fields):
    (group,) = fleet.groups
    others = tuple(one for one in group.schedules if one.name != name)
    made = tt.Schedule(name=name, **fields)
    changed = group.model_copy(update={"schedules": (*others, made)})
    return tt.Fleet(name=fleet.name, groups=(tt.ScalingGroup.model_validate(changed.model_dump(exclude_unset=True)),))


def test_what_trimtab_edits_is_in_force_and_the_rest_waits_on(world, autoscaling):
    put(autoscaling, "web-morning", MORNING, MinSize=3)
    put(autoscaling, "web-early", "0 7 * * *", MaxSize=8)
    with world.connect() as cloud:
        fleet = adopted(cloud, imported(cloud))
        edited = with_schedule(fleet, "morning", cron=MORNING, zone="UTC", min=2)
        assert sizes_changed(cloud.plan(edited)) == [("MinSize", 2)]
        cloud.apply(cloud.plan(edited)).raise_for_failures()
        assert bounds(autoscaling) == (2, 4)
        assert not cloud.plan(edited)
        autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=1)
        assert sizes_changed(cloud.plan(edited)) == [("MinSize", 2)]  # its own is held, the other still waits
        world.advance(21 * HOUR)
        assert bounds(autoscaling) == (1, 8)
        cloud.apply(cloud.plan(edited)).raise_for_failures()
        world.advance(HOUR)
        assert not cloud.plan(edited)
        cloud.apply(cloud.plan(with_schedule(edited, "late", cron="0 23 * * *", zone="UTC", min=1)))
        (group,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"]
        assert "trimtab-seen" not in {tag["Key"] for tag in group["Tags"]}  # all have fired


def test_a_group_made_by_trimtab_bears_no_such_word(world):
    with world.connect() as cloud:
        world.doors.set_clock(TEN, freeze=True)
        group = tt.ScalingGroup.model_validate(
            {
                "name": "web",
                "capacity": {"min": 1, "max": 4},
                "template": {"image": "ami-12c6146b", "size": "t3.small"},
                "placement": {"zones": ["us-east-1a"]},
                "schedules": {"morning": {"cron": MORNING, "zone": "UTC", "min": 3}},
            }
        )
        fleet = tt.Fleet(name="shop", groups=(group,))
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        (there,) = world.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        assert there["MinSize"] == 3
        assert "trimtab-seen" not in {tag["Key"] for tag in there["Tags"]}
        assert not cloud.plan(fleet)


def schedule(name, **fields):
    return tt.Schedule.model_validate({"name": name, "cron": MORNING, "zone": "UTC", "min": 3, **fields})


def test_the_word_says_it_in_what_a_tag_holds():
    many = frozenset(fingerprint(schedule(f"s{number}")) for number in range(125))
    word = FirstSeen(TEN, many).word()
    assert word.startswith("2026-11-23T10:00:00Z+")
    assert len(word) <= LONGEST_WORD < 256
    assert set(word) <= set("0123456789abcdefTZ:+-")
    read = FirstSeen.parse(word)
    assert read.at == TEN
    assert read.schedules < many
    assert FirstSeen.parse(FirstSeen(TEN).word()) == FirstSeen(TEN)


@pytest.mark.parametrize("word", ["", "yesterday", "2026-11-23", "+abcde"])
def test_a_word_that_cannot_be_read_says_nothing(word):
    assert FirstSeen.parse(word) is None


def test_a_fingerprint_is_of_what_is_written():
    plain = fingerprint(schedule("day", until="0 18 * * *"))
    assert fingerprint(schedule("day", duration="10h")) == plain
    others = [schedule("night", until="0 18 * * *"), schedule("day", until="0 19 * * *"), schedule("day")]
    assert plain not in {fingerprint(one) for one in others}
