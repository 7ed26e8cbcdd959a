"""What Cloud Monitoring knows of a project."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from trimtab.emulators.gcp.alert_policies import PolicyWatch
from trimtab.emulators.gcp.datapoints import DatapointStore, Labels, Value
from trimtab.emulators.gcp.descriptors import Descriptors, is_own
from trimtab.emulators.shared.timers import Timers

FIRST = 1_000_000_000_000_000_000
"""What the numbers of policies, conditions and channels begin with."""


class MonitoringWorld:
    """
    Metrics, alert policies and notification channels of one project.

    Args:
        timers: Its clock, and what is done when it gets there.
        project: The project's id.
        datapoints: Its time series, where others read them too.
        on_points: Is told which metric was measured, so that those who go by it look again.
        phase: When alert policies are looked at among things due at the same moment.
    """

    user = "trimtab@example.com"
    """Who made what is made."""

    def __init__(
        self,
        timers: Timers,
        project: str,
        *,
        datapoints: DatapointStore | None = None,
        on_points: Callable[[str], None] | None = None,
        phase: int = 9,
    ) -> None:
        self.timers = timers
        self.project = project
        self.on_points = on_points
        self.phase = phase
        self.datapoints = DatapointStore() if datapoints is None else datapoints
        self.descriptors = Descriptors(project)
        self.policies: dict[str, dict[str, Any]] = {}
        self.channels: dict[str, dict[str, Any]] = {}
        self.watches: dict[str, PolicyWatch] = {}
        self.incidents: list[dict[str, Any]] = []
        """What alert policies opened, oldest first; Cloud Monitoring has no API that lists them."""
        self._made = 0

    def now(self) -> datetime:
        """The time now."""
        return self.timers.now()

    def next_number(self) -> str:
        """The number of something new."""
        self._made += 1
        return str(FIRST + self._made)

    def measure(
        self,
        metric: str,
        metric_labels: Labels,
        resource: str,
        resource_labels: Labels,
        at: datetime,
        value: float,
        *,
        system_labels: Mapping[str, str] | None = None,
    ) -> None:
        """Keep a value as the metric's own kind has it, and have those look again that go by it."""
        kind, value_type = self.descriptors.shape(metric)
        kept: Value = (value,) if value_type == "DISTRIBUTION" else value
        self.datapoints.add(
            metric,
            metric_labels,
            resource,
            {"project_id": self.project, **resource_labels},
            at,
            kept,
            kind,
            value_type,
            system_labels=system_labels,
        )
        if is_own(metric):
            self.descriptors.learn(metric, kind, value_type, metric_labels)
        self.measured(metric)

    def measured(self, metric: str) -> None:
        """Have those look again that go by a metric."""
        for watch in self.watches.values():
            if metric in watch.metrics:
                watch.wake()
        if self.on_points is not None:
            self.on_points(metric)

    def watch(self, policy: dict[str, Any]) -> None:
        """Look at a policy from now on, or at what it has become."""
        name = policy["name"]
        self.unwatch(name)
        self.policies[name] = policy
        self.watches[name] = PolicyWatch(self, policy)
        self.watches[name].wake()

    def unwatch(self, name: str) -> None:
        """Look at a policy no more; what it opened is closed."""
        watch = self.watches.pop(name, None)
        if watch is not None:
            watch.close_all()

    def rearm(self) -> None:
        """Look at all policies by a clock that was set back."""
        for watch in self.watches.values():
            watch.rearm()

    def wipe(self) -> None:
        """Forget everything."""
        self.datapoints.wipe()
        self.descriptors.wipe()
        self.policies.clear()
        self.channels.clear()
        self.watches.clear()
        self.incidents.clear()
        self._made = 0
