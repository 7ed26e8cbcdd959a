"""One Auto Scaling group: moto's, with instances spread over zones, activities and its own launch rules."""

import json
import math
from datetime import timedelta
from typing import Any

import moto.autoscaling.models
from moto.core.exceptions import ServiceException
from moto.elbv2.exceptions import TargetGroupNotFoundError
from werkzeug.exceptions import HTTPException

from trimtab.emulators.aws.activities import record, stamp
from trimtab.emulators.aws.errors import ServiceError, invalid
from trimtab.emulators.aws.templates import find_version
from trimtab.emulators.aws.world import Region

IMAGE_GB = 8
"""The size of every image's own disk."""
# moto's annotations are not the mould for these
_MotoGroup: Any = moto.autoscaling.models.FakeAutoScalingGroup


class Group(_MotoGroup):  # type: ignore[misc]
    """
    A group of instances in moto's EC2.

    Attributes:
        cause: The first sentence of the activities that the next change of size leads to.
        fields: What moto accepts and never gives back.
        is_deleting: Whether it only waits for its instances to go.
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
        super().__init__(autoscaling_backend=region.autoscaling, ec2_backend=region.ec2, **given)

    def set_desired_capacity(self, new_capacity: int | None) -> None:
        """Set the size and bring the instances to it."""
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity
        self.balance()

    def balance(self) -> None:
        """Launch or terminate until there are as many instances as there should be."""
        missing = self._instances_wanted() - len(self.active_instances())
        if missing > 0 and "Launch" not in self._suspended_processes:
            self._launch_many(missing)
        elif missing < 0 and "Terminate" not in self._suspended_processes:
            self._terminate(-missing)
        if self.name in self.home.groups:
            self.refresh_targets()

    def replace_autoscaling_group_instances(self, count_needed: int, propagated_tags: dict[str, str]) -> None:
        """Make up for instances that were terminated behind the group's back; moto calls this."""
        self.cause = (
            f"At {stamp(self.home.world.now())} an instance was taken out of service in response to an EC2 "
            "health check indicating it has been terminated or stopped."
        )
        self.balance()

    def _launch_many(self, count: int) -> None:
        tags = {**self.get_propagated_tags(), **self.instance_tags, moto.autoscaling.models.ASG_NAME_TAG: self.name}
        for _ in range(count):
            before = len(self.active_instances())
            zone, subnet = self._next_place()
            try:
                instance = self._launch(zone, subnet, tags)
            except (ServiceError, ServiceException, HTTPException) as error:
                message = str(getattr(error, "message", error))
                record(self, "Launching a new EC2 instance", self._started(before), failed=message)
                return
            details = {"Subnet ID": subnet, "Availability Zone": zone} if subnet else {"Availability Zone": zone}
            title = f"Launching a new EC2 instance: {instance.id}"
            record(self, title, self._started(before), details=json.dumps(details))

    def refresh_targets(self) -> None:
        """Register the instances with the group's load balancers."""
        try:
            self.autoscaling_backend.update_attached_elbs(self.name)
            self.autoscaling_backend.update_attached_target_groups(self.name)
        except TargetGroupNotFoundError:
            return

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
        for state in list(self.instance_states):
            self._stop(state)

    def remove(self, instance_id: str) -> None:
        """Terminate one instance; the size that is wanted stays."""
        for state in list(self.instance_states):
            if state.instance.id == instance_id:
                self.instance_states.remove(state)
                self._deregister(instance_id)
                self.ec2_backend.terminate_instances([instance_id])

    def _instances_wanted(self) -> int:
        weight = int(self._overrides()[0].get("WeightedCapacity") or 1)
        return math.ceil((self.desired_capacity or 0) / weight)

    def _next_place(self) -> tuple[str, str | None]:
        counts = dict.fromkeys(self._places(), 0)
        for state in self.instance_states:
            place = (state.availability_zone, getattr(state.instance, "subnet_id", None))
            if place in counts:
                counts[place] += 1
        return min(counts, key=lambda place: counts[place])

    def _places(self) -> list[tuple[str, str | None]]:
        if not self.vpc_zone_identifier:
            return [(zone, None) for zone in self.availability_zones]
        known = {subnet.id: subnet for zone in self.ec2_backend.subnets.values() for subnet in zone.values()}
        wanted = [known[each] for each in self.vpc_zone_identifier.split(",") if each in known]
        return [(subnet.availability_zone, subnet.id) for subnet in wanted]

    def _launch(self, zone: str, subnet: str | None, tags: dict[str, str]) -> Any:
        source, what = self.launched_from(), self._what_to_launch()
        disks = {"block_device_mappings": found} if (found := self._disks()) else {}
        reservation = self.ec2_backend.run_instances(
            what["image"],
            1,
            what["user_data"],
            what["security_groups"],
            instance_type=what["instance_type"],
            tags={"instance": tags},
            placement=zone,
            launch_config=self.launch_config,
            launch_template=source and {key: source[key] for key in ("LaunchTemplateId", "Version")},
            is_instance_type_default=False,
            associate_public_ip=self.launch_config and self.launch_config.associate_public_ip_address,
            subnet_id=subnet,
            **disks,
        )
        instance = reservation.instances[0]
        instance.autoscaling_group = self
        is_protected = self.new_instances_protected_from_scale_in
        state: Any = moto.autoscaling.models.InstanceState(instance, protected_from_scale_in=is_protected)
        state.launched_from = source
        self.instance_states.append(state)
        return instance

    def _what_to_launch(self) -> dict[str, Any]:
        template = self.ec2_launch_template
        if template is None:
            return {
                "image": self.launch_config.image_id,
                "instance_type": self.launch_config.instance_type,
                "user_data": self.launch_config.user_data,
                "security_groups": self.launch_config.security_groups,
            }
        if template.id not in self.ec2_backend.launch_templates:
            raise invalid(
                "You must use a valid fully-formed launch template. The specified launch template, "
                f"with template ID {template.id}, does not exist."
            )
        version = find_version(template, self.launch_template_version)
        return {
            "image": version.image_id,
            "instance_type": self._overrides()[0].get("InstanceType") or version.instance_type,
            "user_data": version.user_data,
            "security_groups": version.security_groups,
        }

    def _disks(self) -> list[dict[str, Any]]:
        """The template's disks; one without a size has the image's, which moto asks for."""
        if self.ec2_launch_template is None:
            return []
        data = find_version(self.ec2_launch_template, self.launch_template_version).data
        mappings: list[dict[str, Any]] = data.get("BlockDeviceMappings") or []
        sized = ("VolumeSize", "SnapshotId")
        return [
            {**each, "Ebs": ebs if any(name in ebs for name in sized) else {"VolumeSize": IMAGE_GB, **ebs}}
            for each in mappings
            if (ebs := each.get("Ebs")) is not None
        ]

    def _overrides(self) -> list[dict[str, Any]]:
        policy = self.mixed_instances_policy or {}
        found: list[dict[str, Any]] = policy.get("LaunchTemplate", {}).get("Overrides") or [{}]
        return found

    def _terminate(self, count: int) -> None:
        for _ in range(count):
            chosen = self._choose_victim()
            if chosen is None:
                return
            self._stop(chosen)

    def _stop(self, state: Any) -> None:
        before, number = len(self.active_instances()), state.instance.id
        self.remove(number)
        record(self, f"Terminating EC2 instance: {number}", self._stopped(before, number))

    def _choose_victim(self) -> Any:
        # the default termination policy: the fullest zone first, in it the oldest template, then the oldest
        open_states = [state for state in self.active_instances() if not state.protected_from_scale_in]
        if not open_states:
            return None
        zones = [state.availability_zone for state in open_states]
        fullest = max(sorted(set(zones)), key=zones.count)
        try:
            current = self.launched_from()
        except ServiceError:
            current = None
        candidates = [state for state in open_states if state.availability_zone == fullest]
        return min(candidates, key=lambda state: getattr(state, "launched_from", None) == current)

    def _deregister(self, instance_id: str) -> None:
        for arn in self.target_group_arns:
            if arn in self.home.elbv2.target_groups:
                self.home.elbv2.deregister_targets(arn, [{"Id": instance_id}])

    def _started(self, before: int) -> str:
        return (
            f"{self.cause}  At {stamp(self.home.world.now())} an instance was started in response to a difference "
            f"between desired and actual capacity, increasing the capacity from {before} to {before + 1}."
        )

    def _stopped(self, before: int, instance_id: str) -> str:
        now = stamp(self.home.world.now())
        return (
            f"{self.cause}  At {now} an instance was taken out of service in response to a difference between "
            f"desired and actual capacity, shrinking the capacity from {before} to {before - 1}.  "
            f"At {now} instance {instance_id} was selected for termination."
        )


def let_go_later(group: Group) -> None:
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
    region.world.at(due, (group.name,), remove, lambda: group.is_deleting)
