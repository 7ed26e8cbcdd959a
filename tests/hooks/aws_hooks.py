"""What the tests of consumed hooks share: an account with a queue, and a group whose instances wait."""

import json
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
from botocore.config import Config

import trimtab as tt
from tests.found.worlds import make_by_arn
from trimtab.testing import AwsTestCloud

ROLE = "arn:aws:iam::123456789012:role/hooks"


def client_for(cloud: AwsTestCloud, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=cloud.emulator.endpoint,
        region_name="us-east-1",
        aws_access_key_id="trimtab",
        aws_secret_access_key="trimtab",
        config=Config(retries={"total_max_attempts": 1}),
    )


@dataclass
class Bench:
    """A fleet `shop` with the group `web`, whose hooks tell a queue."""

    test: AwsTestCloud
    cloud: tt.Cloud
    url: str
    arn: str
    fleet: tt.Fleet
    handled: list[tt.HandledHook] = field(default_factory=list)

    @classmethod
    def of(cls, test: AwsTestCloud) -> "Bench":
        sqs = client_for(test, "sqs")
        url = sqs.create_queue(QueueName="hooks")["QueueUrl"]
        make_by_arn(partial(client_for, test), ROLE)
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return cls(test, test.connect(), url, arn, tt.Fleet(name="shop", groups=[]))

    @property
    def sqs(self) -> Any:
        return client_for(self.test, "sqs")

    @property
    def autoscaling(self) -> Any:
        return client_for(self.test, "autoscaling")

    def hook(self, name: str = "configure", on: str = "launch", **given: Any) -> tt.LifecycleHook:
        wanted = {"notify": self.arn, "role": ROLE, "timeout": tt.minutes(5), **given}
        return tt.LifecycleHook(name=name, on=on, **wanted)

    def apply(self, *hooks: tt.LifecycleHook, size: int = 1, name: str = "web") -> None:
        """Have the fleet's one group with these hooks."""
        group = tt.ScalingGroup(
            name=name,
            capacity=tt.Capacity(min=0, max=9, desired=size),
            template=tt.InstanceTemplate(image=tt.Image(id="ami-03cf127a"), size="t3.micro"),
            placement=tt.Placement(zones=["us-east-1a"]),
            aws=tt.AwsSettings(lifecycle_hooks=hooks),
        )
        self.fleet = tt.Fleet(name="shop", groups=[group])
        self.cloud.apply(self.cloud.plan(self.fleet), wait="accepted").raise_for_failures()

    def resize(self, size: int, name: str = "shop-web") -> None:
        self.autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=size)

    def states(self, name: str = "shop-web") -> list[str]:
        found = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        return sorted(each["LifecycleState"] for each in found["Instances"])

    def instances(self, name: str = "shop-web") -> list[str]:
        found = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        return [each["InstanceId"] for each in found["Instances"]]

    def consumer(self, *handlers: Any, **given: Any) -> tt.HookConsumer:
        wanted = {"queue": self.url, "fleet": self.fleet, "on_handled": self.handled.append, **given}
        return tt.HookConsumer(self.cloud, handlers=handlers, **wanted)

    def send(self, body: Any) -> None:
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body if isinstance(body, str) else json.dumps(body))

    def left(self) -> int:
        """Messages in the queue, hidden ones too."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        said = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(said[name]) for name in names)

    def calls(self, *operations: str) -> list[dict[str, Any]]:
        return [entry for entry in self.test.emulator.doors.requests() if entry.operation in operations]

    def warn(self, instance: str, kind: str = "interruption") -> None:
        """Have the emulator warn of the end of an instance."""
        self.test.emulator.doors.notice(instance, kind)

    def rule(self, *sources: str) -> None:
        """Have EventBridge put events into the queue."""
        events = client_for(self.test, "events")
        events.put_rule(Name="hooks", EventPattern=json.dumps({"source": list(sources)}))
        events.put_targets(Rule="hooks", Targets=[{"Id": "queue", "Arn": self.arn}])


def outcomes(handled: Any) -> list[str]:
    return [each.outcome.value for each in handled]


@dataclass
class Beats:
    """Waits, within a handler, until heartbeats have come."""

    bench: Bench
    seen: threading.Event = field(default_factory=threading.Event)

    def wait(self, count: int) -> None:
        for _ in range(400):
            if len(self.bench.calls("RecordLifecycleActionHeartbeat")) >= count:
                return
            self.seen.wait(0.05)
        raise AssertionError(f"fewer than {count} heartbeats")
