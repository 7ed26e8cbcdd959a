"""The AWS emulator with one fleet under rollout, for tests."""

from collections import Counter
from datetime import timedelta

import trimtab as tt
from tests.providers.aws.world import AwsWorld
from trimtab.models import Rollout

LOOK = timedelta(seconds=15)
OLD, NEW = "t3.small", "t3.large"
"""Sizes that tell the old template from the new one."""
GROUP = "shop-web"


def make_group(size=OLD, *, name="web", desired=4, rollout=None, **more):
    """A group from a template of that size."""
    template = more.pop("template", {})
    return tt.ScalingGroup(
        name=name,
        capacity=more.pop("capacity", tt.Capacity(min=0, max=30, desired=desired)),
        template=tt.InstanceTemplate(image="ami-03cf127a", size=size, **template),
        rollout=Rollout() if rollout is None else rollout,
        **more,
    )


def make_fleet(size=OLD, **more):
    """A fleet of one group."""
    return tt.Fleet(name="shop", groups=[make_group(size, **more)])


class Killed(BaseException):
    """The end of a process, as far as the process itself can tell."""


class RolloutWorld(AwsWorld):
    """The emulator, a connection, and how rollouts are looked at."""

    def __init__(self, emulator):
        super().__init__(emulator)
        self.doors.configure(boot_seconds=20)
        self.connection = self.connect()
        self._seen = None

    @property
    def autoscaling(self):
        return self.client("autoscaling")

    def apply(self, fleet):
        self.connection.apply(self.connection.plan(fleet)).raise_for_failures()

    def group(self, name=GROUP):
        """A group as it is; within a look it is read once."""
        seen = {} if self._seen is None else self._seen
        if name not in seen:
            reply = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
            (seen[name],) = reply["AutoScalingGroups"]
        return seen[name]

    def instances(self, name=GROUP):
        return [each for each in self.group(name)["Instances"] if not each["LifecycleState"].startswith("Terminat")]

    def versions(self, name=GROUP):
        """How many instances each version has."""
        return dict(Counter(each["LaunchTemplate"]["Version"] for each in self.instances(name)))

    def running(self, name=GROUP):
        return sum(each["LifecycleState"] == "InService" for each in self.instances(name))

    def refreshes(self, name=GROUP):
        """All refreshes, the oldest first."""
        reply = self.autoscaling.describe_instance_refreshes(AutoScalingGroupName=name)
        return reply["InstanceRefreshes"][::-1]

    def active(self, name=GROUP):
        ended = ("Successful", "Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed")
        return [each for each in self.refreshes(name) if each["Status"] not in ended]

    def there(self, name=GROUP):
        """The numbers of the versions of the template."""
        reply = self.client("ec2").describe_launch_template_versions(LaunchTemplateName=name)
        return sorted(each["VersionNumber"] for each in reply["LaunchTemplateVersions"])

    def tags(self, name=GROUP):
        return {tag["Key"]: tag["Value"] for tag in self.group(name)["Tags"]}

    def mark(self, name=GROUP):
        return self.tags(name).get("trimtab-rollout")

    def set_size(self, desired, name=GROUP):
        self.autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=desired)

    def put_alarm(self, name="errors", state="OK"):
        cloudwatch = self.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=name, Namespace="Shop", MetricName="Errors", Statistic="Sum", Period=60, EvaluationPeriods=1,
            Threshold=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
        )  # fmt: skip
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")

    def make_sick(self, text=NEW):
        """Have instances of a size never be well."""
        self.doors.fail_made_of(text)

    def roll(self, rollouts, *, most=600, each=lambda: None, until=lambda _: False):
        """Look again and again until nothing more happens by itself; the results of the last look."""
        for _ in range(most):
            results = rollouts.tick()
            self._seen = {}
            each()
            self._seen = None
            if all(result.is_settled or until(result) for result in results):
                return results
            self.advance(LOOK)
        raise AssertionError(f"not settled: {results}")

    def started(self, fleet, **more):
        """A rollout that began."""
        rollouts = self.connection.rollouts(fleet, **more)
        rollouts.start(by="ana")
        return rollouts

    def assert_ended(self, fleet, *, version, size=4, there):
        """The group is wholly of one version, saved with it, without a mark; nothing is left but the versions kept."""
        assert self.versions() == ({version: size} if size else {})
        assert self.group()["LaunchTemplate"]["Version"] == version
        assert self.mark() is None
        assert not self.active()
        assert self.there() == there
        plan = self.connection.plan(fleet)
        assert not plan.changes
        assert not plan.waiting, plan.to_text()


def killing(connection, number, *, after):
    """Have a connection die before or after its write of this number, from 0; the writes that it made."""
    made, call = [], connection.provider.connection.call

    def wrapped(service, operation, region, /, **params):
        if operation.startswith(("describe", "get", "list")):
            return call(service, operation, region, **params)
        if len(made) == number and not after:
            raise Killed(operation)
        reply = call(service, operation, region, **params)
        made.append(operation)
        if len(made) == number + 1 and after:
            raise Killed(operation)
        return reply

    connection.provider.connection.call = wrapped
    return made
