from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_bench import START, Aws, client_for, code
from botocore.exceptions import ClientError

from trimtab.clock import ManualClock
from trimtab.emulators import AwsEmulator


def at(day: int, hour: int, month: int = 1) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def put(aws: Aws, name: str = "day", group: str = "web", **given: Any) -> None:
    aws.autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName=group, ScheduledActionName=name, **(given or {"Recurrence": "0 8 * * *", "MinSize": 2})
    )


def actions(aws: Aws, **given: Any) -> list[dict[str, Any]]:
    return list(aws.autoscaling.describe_scheduled_actions(**given)["ScheduledUpdateGroupActions"])


class TestStored:
    def test_a_recurring_action_is_answered_with_its_next_time(self, aws: Aws) -> None:
        aws.make_group()
        put(aws, Recurrence="0 8 * * *", TimeZone="Europe/Madrid", MinSize=2)
        found = actions(aws)[0]
        assert found.pop("ScheduledActionARN").endswith(":autoScalingGroupName/web:scheduledActionName/day")
        assert found == {
            "AutoScalingGroupName": "web",
            "ScheduledActionName": "day",
            "Recurrence": "0 8 * * *",
            "TimeZone": "Europe/Madrid",
            "MinSize": 2,
            "StartTime": at(5, 7),
            "Time": at(5, 7),
        }

    def test_a_put_replaces_it_and_keeps_its_arn(self, aws: Aws) -> None:
        aws.make_group()
        put(aws, Recurrence="0 8 * * *", TimeZone="Europe/Madrid", MinSize=2)
        arn = actions(aws)[0]["ScheduledActionARN"]
        put(aws, Recurrence="0 9 * * *", MaxSize=4)
        found = actions(aws)[0]
        assert found["ScheduledActionARN"] == arn
        assert (found["StartTime"], found["MaxSize"]) == (at(5, 9), 4)
        assert not {"TimeZone", "MinSize"} & set(found)

    def test_names_are_unique_per_group(self, aws: Aws) -> None:
        for group in ("web", "api"):
            aws.make_group(group)
            put(aws, group=group)
        assert [each["AutoScalingGroupName"] for each in actions(aws)] == ["api", "web"]
        assert len(actions(aws, AutoScalingGroupName="api")) == 1
        assert len(actions(aws, ScheduledActionNames=["day", "no"])) == 2
        aws.autoscaling.delete_scheduled_action(AutoScalingGroupName="api", ScheduledActionName="day")
        assert [each["AutoScalingGroupName"] for each in actions(aws)] == ["web"]

    @pytest.mark.parametrize(
        "given",
        [
            {"Recurrence": "banana", "MinSize": 1},
            {"Recurrence": "0 0 8 * * *", "MinSize": 1},
            {"Recurrence": "61 8 * * *", "MinSize": 1},
            {"Recurrence": "0 8 * * *"},
            {"MinSize": 1},
            {"Recurrence": "0 8 * * *", "MinSize": 3, "MaxSize": 2},
            {"Recurrence": "0 8 * * *", "MaxSize": 2, "DesiredCapacity": 3},
            {"Recurrence": "0 8 * * *", "MinSize": 1, "TimeZone": "Mars/Olympus"},
            {"StartTime": START - timedelta(hours=1), "MinSize": 1},
            {"StartTime": at(6, 0), "EndTime": at(5, 1), "Recurrence": "0 8 * * *", "MinSize": 1},
        ],
    )
    def test_what_the_service_refuses(self, aws: Aws, given: dict[str, Any]) -> None:
        aws.make_group()
        call = aws.autoscaling.put_scheduled_update_group_action
        names = {"AutoScalingGroupName": "web", "ScheduledActionName": "s"}
        assert code(call, **names, **given) == "ValidationError"
        batch = aws.autoscaling.batch_put_scheduled_update_group_action(
            AutoScalingGroupName="web",
            ScheduledUpdateGroupActions=[
                {"ScheduledActionName": "s", **given},
                {"ScheduledActionName": "good", "Recurrence": "0 8 * * *", "MinSize": 1},
            ],
        )
        failed = batch["FailedScheduledUpdateGroupActions"]
        assert [(each["ScheduledActionName"], each["ErrorCode"]) for each in failed] == [("s", "ValidationError")]
        assert [each["ScheduledActionName"] for each in actions(aws)] == ["good"]

    def test_of_a_group_that_is_not_there(self, aws: Aws) -> None:
        call = aws.autoscaling.put_scheduled_update_group_action
        given = {"ScheduledActionName": "s", "Recurrence": "0 8 * * *", "MinSize": 1}
        assert code(call, AutoScalingGroupName="no", **given) == "ValidationError"

    def test_limits_and_pages(self, aws: Aws) -> None:
        aws.make_group()
        batch = aws.autoscaling.batch_put_scheduled_update_group_action
        made = [
            {"ScheduledActionName": f"s{number:03}", "Recurrence": "0 8 * * *", "MinSize": 1} for number in range(126)
        ]
        assert code(batch, AutoScalingGroupName="web", ScheduledUpdateGroupActions=made[:51]) == "ValidationError"
        failed = []
        for start in (0, 50, 100):
            some = made[start : start + 50]
            reply = batch(AutoScalingGroupName="web", ScheduledUpdateGroupActions=some)
            failed += reply.get("FailedScheduledUpdateGroupActions", [])
        assert [(each["ScheduledActionName"], each["ErrorCode"]) for each in failed] == [("s125", "LimitExceeded")]
        pages = aws.autoscaling.get_paginator("describe_scheduled_actions").paginate(MaxRecords=100)
        assert [len(page["ScheduledUpdateGroupActions"]) for page in pages] == [100, 25]

    def test_deleting_what_is_not_there(self, aws: Aws) -> None:
        aws.make_group()
        put(aws)
        delete = aws.autoscaling.delete_scheduled_action
        assert code(delete, AutoScalingGroupName="web", ScheduledActionName="no") == "ValidationError"
        reply = aws.autoscaling.batch_delete_scheduled_action(
            AutoScalingGroupName="web", ScheduledActionNames=["day", "no"]
        )
        assert [each["ScheduledActionName"] for each in reply["FailedScheduledActions"]] == ["no"]
        assert actions(aws) == []

    def test_deleting_of_a_group_that_is_not_there(self, aws: Aws) -> None:
        with pytest.raises(ClientError, match="Scheduled action name not found"):
            aws.autoscaling.delete_scheduled_action(AutoScalingGroupName="no", ScheduledActionName="day")
        reply = aws.autoscaling.batch_delete_scheduled_action(AutoScalingGroupName="no", ScheduledActionNames=["day"])
        (failed,) = reply["FailedScheduledActions"]
        assert (failed["ErrorCode"], failed["ErrorMessage"]) == ("ValidationError", "Scheduled action name not found")


class TestFired:
    def test_when_the_clock_passes_and_not_before(self, aws: Aws) -> None:
        aws.make_group()
        put(aws, Recurrence="0 8 * * *", MinSize=3)
        aws.doors.set_clock(at(5, 8) - timedelta(seconds=1))
        assert aws.sizes() == (1, 5, 1)
        aws.doors.set_clock(at(5, 8))
        assert aws.sizes() == (3, 5, 3)
        assert len(aws.group()["Instances"]) == 3
        assert actions(aws)[0]["StartTime"] == at(6, 8)

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"MinSize": 3}, (3, 5, 3)),
            ({"MaxSize": 1}, (1, 1, 1)),
            ({"DesiredCapacity": 4}, (1, 5, 4)),
            ({"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0}, (0, 0, 0)),
            ({"MinSize": 6}, (1, 5, 2)),
            ({"DesiredCapacity": 6}, (1, 5, 2)),
        ],
    )
    def test_sets_what_it_names(self, aws: Aws, given: dict[str, int], expected: tuple[int, int, int]) -> None:
        aws.make_group(DesiredCapacity=2)
        put(aws, Recurrence="0 8 * * *", **given)
        aws.doors.set_clock(at(5, 9))
        assert aws.sizes() == expected

    def test_in_order_whatever_the_jump(self, aws: Aws) -> None:
        aws.make_group()
        put(aws, "a-night", Recurrence="0 20 * * *", MinSize=1, MaxSize=2, DesiredCapacity=1)
        put(aws, "z-day", Recurrence="0 8 * * *", MinSize=2, MaxSize=6, DesiredCapacity=3)
        aws.doors.set_clock(at(8, 12))
        assert aws.sizes() == (2, 6, 3)
        aws.doors.set_clock(at(8, 21))
        assert aws.sizes() == (1, 2, 1)

    def test_ties_are_taken_by_group_and_name(self, aws: Aws) -> None:
        aws.make_group()
        put(aws, "b", Recurrence="0 8 * * *", DesiredCapacity=3)
        put(aws, "a", Recurrence="0 8 * * *", DesiredCapacity=2)
        aws.doors.set_clock(at(5, 9))
        assert aws.sizes() == (1, 5, 3)

    @pytest.mark.parametrize(
        ("day", "month", "hour"),
        [(28, 3, 7), (29, 3, 6), (24, 10, 6), (25, 10, 7)],
    )
    def test_in_its_zone_across_clock_changes(self, aws: Aws, day: int, month: int, hour: int) -> None:
        aws.make_group()
        aws.doors.set_clock(at(day, 0, month), freeze=True)
        put(aws, Recurrence="0 8 * * *", TimeZone="Europe/Madrid", MinSize=3)
        due = at(day, hour, month)
        assert actions(aws)[0]["StartTime"] == due
        aws.doors.set_clock(due - timedelta(seconds=1))
        assert aws.sizes()[0] == 1
        aws.doors.set_clock(due)
        assert aws.sizes()[0] == 3

    def test_one_time_actions_go_when_they_have_run(self, aws: Aws) -> None:
        aws.make_group()
        put(aws, StartTime=at(5, 10), DesiredCapacity=2)
        aws.doors.set_clock(at(5, 10))
        assert (aws.sizes()[2], actions(aws)) == (2, [])

    def test_start_and_end_bound_the_recurrence(self, aws: Aws) -> None:
        aws.make_group()
        put(aws, Recurrence="0 8 * * *", StartTime=at(6, 10), EndTime=at(7, 12), DesiredCapacity=2)
        aws.doors.set_clock(at(6, 9))
        assert aws.sizes()[2] == 1
        aws.doors.set_clock(at(6, 10))
        assert (aws.sizes()[2], actions(aws)[0]["StartTime"]) == (2, at(7, 8))
        aws.doors.set_clock(at(7, 8))
        assert actions(aws) == []

    def test_nothing_fires_backward_and_it_fires_again_afterwards(self, aws: Aws) -> None:
        aws.make_group()
        put(aws, Recurrence="0 8 * * *", DesiredCapacity=3)
        aws.doors.set_clock(at(5, 9))
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
        aws.doors.set_clock(at(5, 7))
        assert (aws.sizes()[2], actions(aws)[0]["StartTime"]) == (1, at(5, 8))
        aws.doors.set_clock(at(5, 9))
        assert aws.sizes()[2] == 3

    def test_while_suspended_they_are_dropped(self, aws: Aws) -> None:
        aws.make_group()
        put(aws, Recurrence="0 8 * * *", DesiredCapacity=3)
        aws.autoscaling.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["ScheduledActions"])
        aws.doors.set_clock(at(5, 9))
        aws.autoscaling.resume_processes(AutoScalingGroupName="web")
        assert aws.sizes()[2] == 1
        aws.doors.set_clock(at(6, 9))
        assert aws.sizes()[2] == 3

    def test_a_deleted_one_does_not(self, aws: Aws) -> None:
        aws.make_group()
        put(aws)
        aws.autoscaling.delete_scheduled_action(AutoScalingGroupName="web", ScheduledActionName="day")
        aws.doors.set_clock(at(5, 9))
        assert aws.sizes() == (1, 5, 1)

    def test_are_activities_of_the_time_when_they_were_due(self, aws: Aws) -> None:
        aws.make_group()
        put(aws, Recurrence="0 8 * * *", MinSize=2)
        aws.doors.set_clock(at(5, 12))
        launch, fired = aws.autoscaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"][:2]
        assert fired["Description"] == "Executing scheduled action day"
        assert "Setting min size from 1 to 2. Setting desired capacity from 1 to 2." in launch["Cause"]
        assert fired["StartTime"] == launch["StartTime"] == at(5, 8)

    def test_one_that_cannot_be_is_a_failed_activity(self, aws: Aws) -> None:
        aws.make_group()
        put(aws, Recurrence="0 8 * * *", MinSize=9)
        aws.doors.set_clock(at(5, 12))
        found = aws.autoscaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"][0]
        assert found["StatusCode"] == "Failed"

    def test_by_the_clock_that_the_emulator_follows_at_the_next_call(self) -> None:
        clock = ManualClock(START)
        with AwsEmulator(clock=clock) as emulator:
            names = ("autoscaling", "cloudwatch", "ec2", "elbv2", "ssm")
            aws = Aws(emulator, emulator.doors, **{name: client_for(emulator, name) for name in names})
            aws.make_template()
            aws.make_group()
            put(aws, Recurrence="0 8 * * *", DesiredCapacity=3)
            clock.advance(timedelta(hours=8))
            assert aws.sizes()[2] == 3
