"""The consumer of hooks on AWS: the real boto3 against the emulator, from the launch to the result."""

import json
import threading
from datetime import timedelta

import pytest

pytest.importorskip("moto", reason="the emulators need their extra")

import trimtab as tt
from tests.hooks.aws_hooks import ROLE, Beats, Bench, outcomes
from tests.hooks.messages import LAUNCHING, action, warning
from trimtab.errors import AccessDenied, InvalidArgument, NotFound, Unreachable, Unsupported

MINUTE = tt.minutes(1)


@pytest.fixture
def bench(trimtab_aws):
    return Bench.of(trimtab_aws)


def recorder(seen, **options):
    """A handler of each sort that keeps what it was given."""

    @tt.on_launch(**options)
    def launched(notice):
        seen.append(notice)

    @tt.on_terminate(**options)
    def ended(notice):
        seen.append(notice)

    return launched, ended


def test_an_instance_is_held_until_its_handler_is_done(bench):
    """Before that it is in Pending:Wait, after it InService; the notice says all that a handler needs."""
    bench.apply(bench.hook(data="blue"))
    assert bench.states() == ["Pending:Wait"]
    seen = []

    @tt.on_launch
    def configure(notice):
        assert bench.states() == ["Pending:Wait"]
        seen.append(notice)

    handled = bench.consumer(configure).poll()
    assert sorted(outcomes(handled)) == ["continued", "test"]
    assert bench.states() == ["InService"]
    assert bench.left() == 0
    (notice,) = seen
    assert (notice.group, notice.native_name, notice.location) == ("web", "shop-web", "us-east-1")
    assert (notice.provider, notice.transition, notice.kind) == ("aws", "launch", "lifecycle-hook")
    assert (notice.hook, notice.data) == ("configure", "blue")
    assert notice.instance in bench.instances()
    assert notice.address.count(".") == 3
    # GlobalTimeout: a hundred times the heartbeat timeout, 48 hours at most
    assert notice.deadline == bench.test.clock.now() + 100 * tt.minutes(5)
    assert notice.reference["LifecycleTransition"] == LAUNCHING
    assert handled[-1].to_dict()["notice"]["group"] == "web"


def test_the_message_of_eventbridge_is_the_same_notice_and_its_copy_is_not_handled_twice(bench):
    """With a target and a rule each action comes twice; one token, one call of the handler."""
    bench.rule("aws.autoscaling")
    bench.apply(bench.hook())
    seen = []
    consumer = bench.consumer(*recorder(seen))
    assert sorted(outcomes(consumer.poll())) in (
        ["continued", "duplicate", "test"],  # the second while, or after, the first was handled
        ["continued", "test"],
    )
    bench.test.clock.advance(tt.seconds(121))
    consumer.poll()
    assert len(seen) == 1
    assert bench.left() == 0


def test_events_of_eventbridge_alone(bench):
    """A hook without a target: EventBridge is told all the same."""
    bench.rule("aws.autoscaling")
    bench.apply(tt.LifecycleHook(name="configure", on="launch"), tt.LifecycleHook(name="drain", on="terminate"))
    seen = []
    consumer = bench.consumer(*recorder(seen))
    assert outcomes(consumer.poll()) == ["continued"]
    bench.resize(0)
    assert bench.states() == ["Terminating:Wait"]
    assert outcomes(consumer.poll()) == ["continued"]
    assert bench.states() == []
    assert [notice.transition.value for notice in seen] == ["launch", "terminate"]
    assert seen[0].reference["detail-type"] == "EC2 Instance-launch Lifecycle Action"
    assert seen[1].address == ""


def test_a_handler_that_raises_at_launch_has_the_instance_replaced(bench):
    bench.apply(bench.hook())
    before = bench.instances()

    @tt.on_launch
    def configure(notice):
        raise OSError("no route to host")

    (handled,) = (each for each in bench.consumer(configure).poll() if each.notice)
    assert handled.outcome is tt.HookOutcome.ABANDONED
    assert handled.why.endswith("configure raised OSError: no route to host")
    assert bench.instances() != before
    assert bench.left() == 1  # the notice of the next instance


def test_a_handler_that_raises_at_the_end_lets_other_hooks_go_on(bench):
    """CONTINUE: https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html."""
    bench.apply(bench.hook("a", "terminate"), bench.hook("b", "terminate"))
    bench.resize(0)

    @tt.on_terminate(hook="a")
    def drain(notice):
        raise SystemExit(3)

    consumer = bench.consumer(drain)
    (first,) = (each for each in consumer.poll() if each.outcome is tt.HookOutcome.CONTINUED)
    assert "SystemExit" in first.why
    assert bench.states() == ["Terminating:Wait"]  # for b, of which nobody takes care
    assert "no handler takes it; mark one with on_terminate" in {each.why for each in bench.handled}


@pytest.mark.parametrize(("answer", "outcome"), [("abandon", "abandoned"), (tt.HookResult.CONTINUE, "continued")])
def test_a_handler_may_answer(bench, answer, outcome):
    bench.apply(bench.hook())

    @tt.on_launch
    def configure(notice):
        return answer

    assert outcome in outcomes(bench.consumer(configure).poll())


def test_a_handler_that_answers_something_else_has_failed(bench):
    bench.apply(bench.hook())

    @tt.on_launch(on_error="continue")
    def configure(notice):
        return "perhaps"

    (handled,) = (each for each in bench.consumer(configure).poll() if each.notice)
    assert handled.outcome is tt.HookOutcome.CONTINUED
    assert "'perhaps' is not a valid HookResult" in handled.why


def test_a_handler_longer_than_the_heartbeat_timeout_keeps_its_instance(bench):
    """Four times five minutes in one handler: heartbeats come in between, and nothing is abandoned."""
    bench.apply(bench.hook())
    before, beats = bench.instances(), Beats(bench)

    @tt.on_launch
    def configure(notice):
        beats.wait(1)
        for count in range(2, 12):
            bench.test.clock.advance(tt.seconds(121))
            beats.wait(count)

    (handled,) = (each for each in bench.consumer(configure).poll() if each.notice)
    assert handled.outcome is tt.HookOutcome.CONTINUED
    assert handled.heartbeats == 11
    assert (bench.instances(), bench.states()) == (before, ["InService"])
    assert bench.left() == 0


def test_a_handler_beyond_the_deadline_is_told_late(bench):
    """100 heartbeat timeouts, here 50 minutes, is all that Auto Scaling waits."""
    bench.apply(bench.hook(timeout=tt.seconds(30)))

    @tt.on_launch
    def configure(notice):
        bench.test.clock.advance(notice.deadline - notice.at + MINUTE)

    (handled,) = (each for each in bench.consumer(configure).poll() if each.notice)
    assert handled.outcome is tt.HookOutcome.LATE


def test_an_action_that_is_over_is_not_handled(bench):
    """Completed by somebody else, with a ValidationError for whoever comes later; or run out."""
    bench.apply(bench.hook(), size=2)
    completed, run_out = bench.instances()
    bench.autoscaling.complete_lifecycle_action(
        AutoScalingGroupName="shop-web",
        LifecycleHookName="configure",
        InstanceId=completed,
        LifecycleActionResult="CONTINUE",
    )
    bench.autoscaling.suspend_processes(AutoScalingGroupName="shop-web", ScalingProcesses=["Launch"])
    bench.test.clock.advance(tt.minutes(6))
    seen = []
    assert sorted(outcomes(bench.consumer(*recorder(seen)).poll())) == ["over", "over", "test"]
    assert (seen, bench.left()) == ([], 0)
    assert run_out not in bench.instances()


def test_a_message_that_comes_again_after_a_crash_is_handled_by_another(bench):
    """Whoever is killed has deleted nothing and answered nothing: after the hidden time it is there again."""
    bench.apply(bench.hook())

    class Killed(BaseException):
        pass

    @tt.on_launch
    def killed(notice):
        raise Killed

    with pytest.raises(Killed):
        bench.consumer(killed).poll()
    seen = []
    other = bench.consumer(*recorder(seen))
    assert other.poll() == ()  # still hidden
    bench.test.clock.advance(tt.seconds(101))  # a third of the hook's five minutes
    assert "continued" in outcomes(other.poll())
    assert (len(seen), bench.states(), bench.left()) == (1, ["InService"], 0)


def test_an_answer_that_did_not_get_through_is_sent_again_without_the_handler(bench):
    bench.apply(bench.hook())
    seen = []
    consumer = bench.consumer(*recorder(seen))
    bench.test.emulator.doors.fault("denied", operation="CompleteLifecycleAction")
    assert "failed" in outcomes(consumer.poll())
    bench.test.emulator.doors.clear_faults()
    bench.test.clock.advance(tt.seconds(121))
    assert outcomes(consumer.poll()) == ["continued"]
    assert (len(seen), bench.left()) == (1, 0)


BODIES = ("{", [1], {"detail-type": "EC2 Instance State-change Notification", "detail": {}}, action(), warning())


def test_what_is_no_notice_stays_in_the_queue_and_is_told_once(bench):
    """Not readable, of another sort, of a group of somebody else: each stays, as for a dead-letter queue."""
    bench.apply()
    for body in BODIES:
        bench.send(body)
    consumer = bench.consumer(*recorder([]))
    for _ in range(2):
        assert outcomes(consumer.poll()) == ["left"] * len(BODIES)
        bench.test.clock.advance(tt.seconds(121))
    assert (bench.left(), len(bench.handled)) == (len(BODIES), len(BODIES))
    assert sum(each.why == "its group is not one of the fleet" for each in bench.handled) == 2


def test_a_group_whose_name_cannot_be_is_left_alone(bench):
    """The service refuses to say its hooks: other messages of the round are handled all the same."""
    bench.apply(bench.hook())
    bench.send(action(AutoScalingGroupName="no group\n"))
    assert sorted(outcomes(bench.consumer(*recorder([])).poll())) == ["continued", "left", "test"]


def test_what_belongs_to_other_fleets_and_groups_is_left(bench):
    bench.apply(bench.hook())
    fleet, bench.fleet = bench.fleet, tt.Fleet(name="other", groups=[])
    seen = []
    handled = bench.consumer(*recorder(seen)).poll()
    assert sorted(outcomes(handled)) == ["left", "test"]
    assert bench.states() == ["Pending:Wait"]
    # and without a fleet every group is ours, by its name in the cloud
    bench.test.clock.advance(tt.seconds(121))
    assert outcomes(bench.consumer(*recorder(seen, groups=["shop-web"]), fleet=None).poll()) == ["continued"]
    assert [notice.group for notice in seen] == ["shop-web"]
    assert fleet.name == "shop"


def test_the_message_of_sns_is_opened(bench):
    bench.apply()
    bench.send({"Type": "Notification", "Message": json.dumps({"Event": "autoscaling:TEST_NOTIFICATION"})})
    assert outcomes(bench.consumer(*recorder([])).poll()) == ["test"]


def test_a_warning_of_interruption_is_handled_within_its_two_minutes(bench):
    """The event names no group: it is that of the instance. Nobody waits, so nothing is answered."""
    bench.rule("aws.ec2")
    bench.apply()
    (instance,) = bench.instances()
    bench.warn(instance)
    seen = []
    assert outcomes(bench.consumer(*recorder(seen)).poll()) == ["handled"]
    (notice,) = seen
    assert (notice.kind, notice.group, notice.deadline) == ("interruption", "web", bench.test.clock.now() + 2 * MINUTE)
    assert bench.calls("RecordLifecycleActionHeartbeat", "CompleteLifecycleAction") == []
    bench.test.clock.advance(2 * MINUTE)
    assert bench.instances() != [instance]


def test_a_failed_drain_is_tried_again_until_the_instance_is_gone(bench):
    bench.rule("aws.ec2")
    bench.apply()
    bench.warn(bench.instances()[0])

    @tt.on_terminate
    def drain(notice):
        raise OSError("busy")

    consumer = bench.consumer(drain)
    assert outcomes(consumer.poll()) == ["failed"]
    bench.test.clock.advance(timedelta(seconds=121))
    (handled,) = consumer.poll()
    assert handled.outcome in (tt.HookOutcome.OVER, tt.HookOutcome.LEFT)  # it is in no group any more


def test_advice_is_for_those_who_ask_for_it(bench):
    """After a recommendation an instance may go on running: it is drained only where that is said."""
    bench.rule("aws.ec2")
    bench.apply()
    bench.warn(bench.instances()[0], "rebalance")
    assert outcomes(bench.consumer(*recorder([])).poll()) == ["left"]
    bench.test.clock.advance(tt.seconds(121))
    seen = []

    @tt.on_terminate(kinds=["rebalance"])
    def move(notice):
        seen.append(notice.kind)

    assert (outcomes(bench.consumer(move).poll()), seen) == (["handled"], [tt.HookKind.REBALANCE])


def test_several_instances_at_the_same_time(bench):
    """Handlers run side by side: each waits for all of them."""
    bench.apply(bench.hook(), size=4)
    together = threading.Barrier(4, timeout=30)

    @tt.on_launch
    def configure(notice):
        together.wait()

    handled = bench.consumer(configure, workers=5).poll()
    assert outcomes(handled).count("continued") == 4
    assert bench.states() == ["InService"] * 4


def test_running_until_it_is_stopped(bench):
    """What is under way is finished after the stop."""
    bench.apply(bench.hook(), size=2)
    stop, seen = threading.Event(), []

    @tt.on_launch
    def configure(notice):
        seen.append(notice.instance)
        if len(seen) == 2:
            stop.set()

    bench.consumer(configure).run(stop, wait=timedelta(0))
    assert bench.states() == ["InService"] * 2
    assert bench.left() == 0


def test_a_queue_that_is_denied_ends_the_run(bench):
    bench.apply()
    consumer = bench.consumer(*recorder([]))
    bench.test.emulator.doors.fault("denied", operation="ReceiveMessage", times=2)
    with pytest.raises(AccessDenied, match="sqs:ReceiveMessage"):
        consumer.poll()
    with pytest.raises(AccessDenied):
        consumer.run(threading.Event())


def test_a_queue_that_does_not_answer_is_asked_again(bench):
    bench.apply()
    stop = threading.Event()

    def told(handled):
        bench.handled.append(handled)
        stop.set()

    consumer = bench.consumer(*recorder([]), on_handled=told)
    bench.test.emulator.doors.fault("error500", operation="ReceiveMessage", times=None)
    consumer.run(stop)
    (handled,) = bench.handled
    assert handled.outcome is tt.HookOutcome.FAILED
    assert handled.why.startswith("no messages: aws receive_message")
    with pytest.raises(Unreachable):
        consumer.poll()


def test_a_queue_by_its_name_or_arn(bench):
    bench.apply(bench.hook())
    for queue in ("hooks", bench.arn):
        assert bench.consumer(*recorder([]), queue=queue)._queue.url == bench.url
    with pytest.raises(NotFound, match="get_queue_url"):
        bench.consumer(*recorder([]), queue="nowhere")
    with pytest.raises(InvalidArgument, match="not the ARN of a queue"):
        bench.consumer(*recorder([]), queue="arn:aws:sns:us-east-1:123456789012:hooks")


def test_the_service_refuses_a_target_that_does_not_exist(bench):
    bench.test.emulator.doors.configure(check_hook_targets=1)
    with pytest.raises(tt.errors.ApplyFailed, match="Unable to publish test message to notification target"):
        bench.apply(bench.hook(notify=bench.arn.replace(":hooks", ":nowhere"), role=ROLE))


@pytest.mark.parametrize(
    ("name", "words"), [("azure", "scheduled events"), ("gcp", "metadata server"), ("memory", "no queue of notices")]
)
def test_clouds_that_tell_the_instance_alone(request, name, words):
    pytest.importorskip({"azure": "azure.mgmt.compute", "gcp": "google.cloud.compute_v1"}.get(name, "trimtab"))
    test = request.getfixturevalue(f"trimtab_{name}")
    with test.connect() as cloud, pytest.raises(Unsupported, match=words):
        tt.HookConsumer(cloud, queue="hooks", handlers=recorder([]))
