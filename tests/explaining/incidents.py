"""Groups of each cloud's emulator to which something happens, for an explanation to name it from outside."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from unittest import mock

import trimtab as tt
from tests.controller.shadowed import SLOWER, STEPS, TARGET, TEMPLATES

MINUTE, FORTY = timedelta(minutes=1), timedelta(minutes=40)
RULES = {"aws": STEPS, "azure": SLOWER, "gcp": TARGET}
PROVIDERS = ["aws", "azure", "gcp"]


@dataclass
class Staged:
    """One group of one cloud under a load that is carried by the instances that run."""

    provider: str
    test_cloud: object
    group: dict = field(default_factory=dict)
    load: float = 1.0
    """In instances at full use."""
    running: int = 2

    def __post_init__(self):
        place = {"aws": {"zones": ["us-east-1a"]}}.get(self.provider, {})
        if self.provider == "azure":
            place = {"subnets": [self.test_cloud.make_network("network", "subnet")]}
        base = {
            "capacity": {"min": 1, "max": 6, "desired": 2},
            "template": TEMPLATES[self.provider],
            "placement": place,
            "warm_up": "2m",
            **RULES[self.provider],
        }
        self.fleet = tt.Fleet(name="shop", groups={"web": {**base, **self.group}})
        self.cloud = self.test_cloud.connect()
        plan = self.cloud.plan(self.fleet)
        assert not plan.problems, [str(problem) for problem in plan.problems]
        self.cloud.apply(plan).raise_for_failures()
        self.clock = self.test_cloud.clock
        self.live = self.cloud.group("shop-web")
        self.minute = 0

    @property
    def doors(self):
        return self.test_cloud.emulator.doors

    def run(self, minutes, *, load=None, measured=True):
        """Let time pass, with a datapoint a minute."""
        self.load = self.load if load is None else load
        for _ in range(minutes):
            if measured:
                if self.minute % 2 == 0:  # a look takes longer than all the rest
                    self.running = max(1, self.live.read().running)
                self.push(round(min(100.0, 100 * self.load / self.running), 3))
            self.clock.advance(MINUTE)
            self.minute += 1

    def push(self, value):
        """One datapoint, as the cloud names it."""
        self.doors.push([{**self.point, "value": value * self.point["value"], "at": self.clock.now().isoformat()}])

    @cached_property
    def point(self):
        """A datapoint of one per cent."""
        pushed, doors = [], self.doors
        with mock.patch.object(type(doors), "push", lambda _, points, **_more: pushed.extend(points)):
            self.test_cloud.push(tt.metrics.cpu, group="shop-web", value=1.0)
        (point,) = pushed
        return point

    def explain(self, *, since=FORTY, **asked):
        return self.cloud.explain(self.fleet, "web", since=since, **{"diagnose": True, **asked})

    def causes(self, **asked):
        return [diagnosis.cause.value for diagnosis in self.explain(**asked).diagnoses]

    def stop(self):
        """Have scaling stand still, as somebody does in the console who leaves no word."""
        calls = self.cloud.provider.connection
        if self.provider == "aws":
            calls.call(
                "autoscaling",
                "suspend_processes",
                "us-east-1",
                AutoScalingGroupName="shop-web",
                ScalingProcesses=["AlarmNotification"],
            )
        elif self.provider == "azure":
            name = "shop-web"
            body = calls.call("monitor.autoscale_settings.get", self.test_cloud.resource_group, name)
            body["properties"]["enabled"] = False
            calls.call("monitor.autoscale_settings.create_or_update", self.test_cloud.resource_group, name, body)
        else:
            from trimtab.providers.gcp.acting import GroupActions

            actor = GroupActions(calls, self.test_cloud.location, "shop-web", self.clock.now())
            actor._put(actor._sizing().scaler, None, mode="OFF")
