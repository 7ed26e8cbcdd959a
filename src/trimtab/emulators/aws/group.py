"""One Auto Scaling group: moto's, with the way from a size to instances made anew."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import moto.autoscaling.models
from moto.elbv2.exceptions import TargetGroupNotFoundError

from trimtab.emulators.aws import health, lifecycle, purchases, warm_pool
from trimtab.emulators.aws.activities import record, stamp, started
from trimtab.emulators.aws.forecasts import floor_of
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.launching import LaunchPlace, launch, places
from trimtab.emulators.aws.templates import find_version
from trimtab.emulators.aws.victims import choose_victim
from trimtab.emulators.aws.world import Phase, Region

# moto's annotations are not the mould for these
_MotoGroup: Any = moto.autoscaling.models.FakeAutoScalingGroup
_FIRST_RETRY, _LAST_RETRY = timedelta(minutes=1), timedelta(hours=1)


class Group(_MotoGroup):  # type: ignore[misc]
    """
    A group of instances in moto's EC2.

    Attributes:
        cause: The first sentence of the activities that the next change of size leads to.
        fields: What moto accepts and never gives back.
        is_deleting: Whether it only waits for its instances to go.
        firings: The policies that alarms trigger at this moment.
        cooldown: When a simple policy acted last, and how long the next one waits.
        settled: When an instance last finished launching or terminating.
        pool: The warm pool's settings, if there is one.
        warmed: The instances in it.
        surge: Capacity beyond the desired one, while instances are replaced.
        swaps: Instances on their way in that take the place of others, as the shares of on demand and spot ask for.
        moves_mix: Whether those have changed, so that instances may be of the wrong sort.
        shown_source: What it is said to launch from, while a refresh has it launch from something else.
    """

    name: str
    arn: str
    min_size: int
    max_size: int
    desired_capacity: int
    instance_states: list[Any]
    tags: list[dict[str, Any]]
    target_group_arns: list[str]

    def __init__(self, region: Region, cause: str, fields: dict[str, Any], **given: Any) -> None:
        self.home = region
        self.cause = cause
        self.fields = fields
        self.is_deleting = False
        self.created = region.world.now()
        self.suspended_since: dict[str, str] = {}
        self.firings: list[tuple[dict[str, Any], Any]] = []
        self.cooldown: tuple[datetime, timedelta] | None = None
        self.settled: datetime | None = None
        self.pool: dict[str, Any] | None = None
        self.warmed: list[Any] = []
        self.surge = 0
        self.swaps: list[Any] = []
        self.moves_mix = False
        self.shown_source: dict[str, Any] | None = None
        self._retry = _FIRST_RETRY
        self._retries_at: datetime | None = None
        super().__init__(autoscaling_backend=region.autoscaling, ec2_backend=region.ec2, **given)

    def set_desired_capacity(self, new_capacity: int | None) -> None:
        """Set the size and bring the instances to it."""
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity
        self.balance()

    def balance(self) -> None:
        """Launch or terminate until there is as much capacity as there should be."""
        if self.units(self.members()) < self.wanted:
            self._fill()
        else:
            self._drain()
        self._swap()
        warm_pool.refill(self)
        if self.name in self.home.groups:
            self.refresh_targets()

    def replace_autoscaling_group_instances(self, count_needed: int, propagated_tags: dict[str, str]) -> None:
        """Make up for instances that were terminated behind the group's back; moto calls this."""
        if {"HealthCheck", "ReplaceUnhealthy"} & set(self._suspended_processes):
            return
        self.cause = (
            f"At {stamp(self.home.world.now())} an instance was taken out of service in response to an EC2 "
            "health check indicating it has been terminated or stopped."
        )
        self.balance()

    @property
    def wanted(self) -> int:
        """The capacity that there should be now."""
        self.swaps = [each for each in self.swaps if each in self.members() and each.lifecycle_state[:7] == "Pending"]
        return self.desired_capacity + self.surge + self.units(self.swaps)

    def members(self) -> list[Any]:
        """The instances that count as capacity: on their way in, or in service."""
        return [each for each in self.instance_states if each.lifecycle_state.startswith(("Pending", "InService"))]

    def units(self, states: Iterable[Any]) -> int:
        """The capacity of some instances."""
        return sum(getattr(state, "weight", 1) for state in states)

    def in_service_since(self, state: Any) -> datetime:
        """When an instance came into service."""
        since: datetime = getattr(state, "in_service_at", self.created)
        return since

    def forecast_now(self) -> int:
        """The capacity that forecasts hold it at."""
        return floor_of(self.home, self.name, self.home.world.now())

    def entered(self, state: Any) -> None:
        """Look at the health of an instance that has come into service."""
        health.entered(self, state)
        purchases.entered(self, state)

    def refresh_targets(self) -> None:
        """Register the instances in service with the group's load balancers."""
        if "AddToLoadBalancer" in self._suspended_processes:
            return
        try:
            self.autoscaling_backend.update_attached_elbs(self.name)
            for arn in self.target_group_arns:
                self._register(arn)
        except TargetGroupNotFoundError:
            return

    def deregister(self, instance_id: str) -> None:
        """Take an instance out of the target groups."""
        for arn in self.target_group_arns:
            target_group = self.home.elbv2.target_groups.get(arn)
            # one in standby has left before
            if target_group is not None and instance_id in target_group.targets:
                self.home.elbv2.deregister_targets(arn, [{"Id": instance_id}])

    def launched_from(self) -> dict[str, str] | None:
        """The template and its version as number, from which an instance launched now would come."""
        if self.ec2_launch_template is None:
            return None
        template = self.ec2_launch_template
        version = find_version(template, self.launch_template_version)
        return {
            "LaunchTemplateId": template.id,
            "LaunchTemplateName": template.name,
            "Version": str(version.number),
        }

    def start_deleting(self) -> None:
        """Terminate everything; the group stays listed until the emulator's settings let it go."""
        cause = f"At {stamp(self.home.world.now())} a user request deleted AutoScalingGroup."
        self.cause, self.is_deleting = cause, True
        self.min_size = self.max_size = self.desired_capacity = 0
        warm_pool.empty(self)
        for state in list(self.instance_states):
            # hooks are not waited for when a group is deleted
            lifecycle.stop(self, state, hooked=False)

    def find(self, instance_id: str) -> Any:
        """The instance of that id; `None` when it is not in the group."""
        return next((state for state in self.instance_states if state.instance.id == instance_id), None)

    def _register(self, arn: str) -> None:
        target_group = self.home.elbv2.target_groups.get(arn)
        if target_group is None:
            return
        unregistered = [
            state.instance.id for state in self.active_instances() if state.instance.id not in target_group.targets
        ]
        if unregistered:
            self.home.elbv2.register_targets(arn, [{"Id": each, "Port": target_group.port} for each in unregistered])

    def _fill(self) -> None:
        avoided: set[LaunchPlace] = set()
        while not self.is_deleting and self.units(self.members()) < self.wanted:
            if "Launch" in self._suspended_processes:
                return
            if (warmed := warm_pool.take(self)) is not None:
                lifecycle.join(self, warmed)
            elif not places(self) or not self._launch_one(avoided):
                return

    def _swap(self) -> None:
        """Launch what takes the place of instances of the wrong sort, as far as the group's shares have changed."""
        if not self.moves_mix or self.is_deleting or "Launch" in self._suspended_processes:
            return
        left = len(purchases.surplus(self)) - len(self.swaps)
        self.moves_mix = left > 0 or bool(self.swaps)
        avoided: set[LaunchPlace] = set()
        for _ in range(left):
            if not self._launch_one(avoided, swaps=True):
                return

    def _launch_one(self, avoided: set[LaunchPlace], *, swaps: bool = False) -> bool:
        before = self.units(self.members())
        cause = started(self, before, before + 1)

        def tell(place: LaunchPlace, why: str) -> None:
            record(self, "Launching a new EC2 instance", cause, details=place.details, failed=why)

        launched = launch(self, avoided, tell)
        if launched is None:
            self._try_again_later()
            return False
        self._retry = _FIRST_RETRY
        if swaps:
            self.swaps.append(launched[0])
        lifecycle.start(self, *launched, before)
        return True

    def _try_again_later(self) -> None:
        due = self._retries_at = self.home.world.now() + self._retry
        self._retry = min(self._retry * 2, _LAST_RETRY)
        self.home.world.at(due, (Phase.INSTANCES, self.name), self._try_again, lambda: self._retries_at == due)

    def _try_again(self) -> None:
        self._retries_at = None
        if self.home.groups.get(self.name) is self:
            self.balance()

    def _drain(self) -> None:
        while "Terminate" not in self._suspended_processes:
            chosen = choose_victim(self)
            if chosen is None or self.units(self.members()) - self.units([chosen]) < self.wanted:
                return
            lifecycle.stop(self, chosen, pooled=True)


def let_go_later(group: GroupView) -> None:
    """Remove a group that is being deleted, at once or when the time that is set has passed."""
    region = group.home

    def remove() -> None:
        if region.groups.get(group.name) is group:
            del region.groups[group.name]

    seconds = region.world.settings["delete_seconds"]
    if seconds <= 0:
        remove()
        return
    due = region.world.now() + timedelta(seconds=seconds)
    region.world.at(due, (Phase.INSTANCES, group.name), remove, lambda: group.is_deleting)
