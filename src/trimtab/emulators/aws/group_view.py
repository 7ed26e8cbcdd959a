"""What the rest of the emulator sees of an Auto Scaling group."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from trimtab.emulators.aws.world import Region


class GroupView(Protocol):
    """A group: what moto has of it, and what is made anew of it here."""

    name: str
    arn: str
    home: Region
    cause: str
    fields: dict[str, Any]
    min_size: int
    max_size: int
    desired_capacity: int
    default_cooldown: int
    availability_zones: list[str]
    vpc_zone_identifier: str | None
    termination_policies: list[str]
    new_instances_protected_from_scale_in: bool
    instance_states: list[Any]
    instance_tags: dict[str, str]
    tags: list[dict[str, Any]]
    suspended_since: dict[str, str]
    target_group_arns: list[str]
    load_balancer_names: list[str]
    metrics: Any
    enabled_metrics: Any
    health_check_type: str
    health_check_grace_period: int
    placement_group: str | None
    created: datetime
    service_linked_role_arn: str | None
    surge: int
    swaps: list[Any]
    moves_mix: bool
    shown_source: dict[str, Any] | None
    launch_template: Any
    launch_configuration_name: str | None
    provided_launch_template_version: Any
    is_deleting: bool
    firings: list[tuple[dict[str, Any], Any]]
    cooldown: tuple[datetime, timedelta] | None
    settled: datetime | None
    pool: dict[str, Any] | None
    warmed: list[Any]
    launch_config: Any
    ec2_launch_template: Any
    launch_template_version: Any
    mixed_instances_policy: dict[str, Any] | None
    ec2_backend: Any
    _suspended_processes: Any

    def active_instances(self) -> list[Any]:
        """The instances that count."""

    def balance(self) -> None:
        """Launch or terminate until there is as much capacity as there should be."""

    def set_desired_capacity(self, new_capacity: int | None) -> None:
        """Set the size and bring the instances to it."""

    def start_deleting(self) -> None:
        """Let the instances go, and then the group."""

    def find(self, instance_id: str) -> Any:
        """The instance of that id, if it is in the group."""

    def members(self) -> list[Any]:
        """The states of the instances that are to stay."""

    def units(self, states: Iterable[Any]) -> int:
        """The capacity of some instances."""

    def in_service_since(self, state: Any) -> datetime:
        """Since when an instance does its work."""

    def forecast_now(self) -> int:
        """The size that forecasts ask for at the emulator's time."""

    def entered(self, state: Any) -> None:
        """An instance has come into service."""

    def refresh_targets(self) -> None:
        """Tell the load balancers who is there."""

    def deregister(self, instance_id: str) -> None:
        """Take an instance from its load balancers."""

    @property
    def wanted(self) -> int:
        """The capacity that there should be."""

    def launched_from(self) -> dict[str, str] | None:
        """The template of new instances."""

    def get_propagated_tags(self) -> dict[str, str]:
        """The tags that instances get."""

    def _set_azs_and_vpcs(self, zones: list[str], subnets: str | None, *, update: bool = False) -> None:
        """Spread the group over other places."""

    def _set_launch_configuration(self, configuration: Any, template: Any, mixed: Any) -> None:
        """Launch from something else from now on."""
