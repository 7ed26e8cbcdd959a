"""The scaling group: a set of like instances and everything that sizes it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from trimtab.models.alarm import Alarm
from trimtab.models.base import MAX_SIZE, Duration, Model, Name, NamedList, SecretHolder, check_unique, refuse
from trimtab.models.built_in import ProviderSettings
from trimtab.models.policy import Policy
from trimtab.models.purchase import Purchase
from trimtab.models.schedule import Schedule
from trimtab.models.template import InstanceTemplate, Tags
from trimtab.phrases import in_words

Size = Annotated[int, Field(ge=0, le=MAX_SIZE)]


class Capacity(Model):
    """How many instances: at least, at most, wanted."""

    min: Size
    max: Size
    desired: Size | None = None
    """The size to begin with; once a policy, a schedule or a controller owns the size it is not planned for."""

    @model_validator(mode="after")
    def _check(self) -> "Capacity":
        if self.min > self.max:
            refuse(f"`min` {self.min} is above `max` {self.max}", "min")
        if self.desired is not None and not self.min <= self.desired <= self.max:
            refuse(f"`desired` {self.desired} is outside `min` {self.min} to `max` {self.max}", "desired")
        return self


class Placement(Model):
    """Where instances run: zones, and subnets by id or by tag."""

    zones: tuple[str, ...] = ()
    """Zone names; those of the subnets, or all of the location, when left out."""
    subnets: tuple[str, ...] = ()
    """Subnets by the vendor's id."""
    subnet_tags: Mapping[str, str] | None = None
    """Subnets by their tags, all of which must match."""
    network: str | None = Field(default=None, min_length=1)
    """The network that the subnets belong to (Azure, Google), by name or id."""

    @model_validator(mode="after")
    def _check(self) -> "Placement":
        if self.subnets and self.subnet_tags is not None:
            refuse("name subnets by `subnets` or by `subnet_tags`, not by both", "subnet_tags")
        if self.subnet_tags is not None and not self.subnet_tags:
            refuse('`subnet_tags` is empty; give at least one tag, such as {Type: "Private"}', "subnet_tags")
        return self


class LoadBalancer(Model):
    """A load balancer's pool that instances join: target group, backend pool, backend service."""

    name: str | None = Field(default=None, min_length=1)
    """By name; looked up when planning."""
    id: str | None = Field(default=None, min_length=1)
    """By the vendor's id."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Port of the instances, where the vendor keeps it with the group (Google)."""
    drain: Duration | None = None
    """How long a leaving instance may finish its requests, where the vendor keeps it with the group (Google)."""

    @model_validator(mode="after")
    def _check(self) -> "LoadBalancer":
        if (self.name is None) == (self.id is None):
            refuse("name a load balancer by `name` or by `id`, exactly one of them")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "minLength": 1}, handler(schema)]}


class HealthCheck(Model):
    """Who says that an instance is healthy, and how long a new one is given."""

    by: Literal["instance", "load-balancer"] = "instance"
    grace: Duration | None = None
    """How long after its start an instance is not judged; the vendor's default when left out."""
    path: str | None = Field(default=None, min_length=1)
    """HTTP path, where the group has a check of its own (Azure, Google)."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None


def _balancer(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


class _NeutralFields(SecretHolder):
    """The fields of a group that mean the same everywhere."""

    name: Name
    """Unique within the fleet; the group is called FLEET-NAME in the cloud."""
    native_name: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    """The group's name in the cloud, when it is not FLEET-NAME."""
    location: str | None = Field(default=None, min_length=1)
    """Region; the connection's when left out."""
    capacity: Capacity
    template: InstanceTemplate
    placement: Placement = Placement()
    load_balancers: tuple[Annotated[LoadBalancer, BeforeValidator(_balancer)], ...] = ()
    health_check: HealthCheck = HealthCheck()
    purchase: Purchase = Purchase()
    cooldown: Duration | None = None
    """Default wait between changes by simple policies; the vendor's when left out."""
    warm_up: Duration | None = None
    """How long a new instance's metrics are not counted; the vendor's default when left out."""
    stabilization: Duration | None = None
    """How far back scale in looks for a higher recommendation, where the vendor or the controller can."""
    protect_from_scale_in: bool = False
    """New instances are not removed by scaling in."""
    policies: Annotated[tuple[Policy, ...], NamedList] = ()
    alarms: Annotated[tuple[Alarm, ...], NamedList] = ()
    schedules: Annotated[tuple[Schedule, ...], NamedList] = ()
    tags: Tags = Field(default_factory=dict)
    """Tags of the group and of its instances."""


class ScalingGroup(ProviderSettings, _NeutralFields):
    """A set of like instances, how many there may be, and what changes how many there are."""

    unmanaged: tuple[str, ...] = ()
    """Fields left to others, by path: `health_check.grace`, `policies.scale-out.cooldown`."""

    @model_validator(mode="after")
    def _check(self) -> "ScalingGroup":
        check_unique("policies", (policy.name for policy in self.policies), "policies")
        check_unique("alarms", (alarm.name for alarm in self.alarms), "alarms")
        check_unique("schedules", (schedule.name for schedule in self.schedules), "schedules")
        _check_triggers(self)
        _check_schedules(self)
        for index, path in enumerate(self.unmanaged):
            _check_path(self, path, index)
        _check_tags(self.tags, "tags")
        _check_tags(self.template.tags, "template", "tags")
        return self


def _check_tags(tags: Tags, *at: str) -> None:
    for key in tags:
        if key.startswith("trimtab-"):
            refuse(f"the tag {key!r} is trimtab's own mark; choose another name", *at, key)


def _check_triggers(group: ScalingGroup) -> None:
    known = {policy.name: policy.type for policy in group.policies}
    for place, alarm in enumerate(group.alarms):
        for index, name in enumerate(alarm.triggers):
            at = ("alarms", place, "triggers", index)
            if name not in known:
                policy_names = in_words(list(known)) or "none"
                refuse(f"alarm {alarm.name!r} triggers {name!r}, but the group's policies are: {policy_names}", *at)
            if known[name] in ("target-tracking", "predictive"):
                refuse(
                    f"{name!r} is a {known[name]} policy: it watches its own metric, no alarm triggers it",
                    *at,
                )


def _check_schedules(group: ScalingGroup) -> None:
    for index, schedule in enumerate(group.schedules):
        low = group.capacity.min if schedule.min is None else schedule.min
        high = group.capacity.max if schedule.max is None else schedule.max
        if low > high:
            field = "max" if schedule.min is None else "min"
            refuse(f"while this schedule holds, `min` {low} is above `max` {high}", "schedules", index, field)


def _check_path(group: ScalingGroup, path: str, index: int) -> None:
    head, *rest = path.split(".")
    if head in ("name", "native_name", "location", "unmanaged") or head not in type(group).model_fields:
        refuse(f"a group has no field {head!r} that can be left to others", "unmanaged", index)
    if head in ("policies", "alarms", "schedules") and rest:
        items = {item.name: item for item in getattr(group, head)}
        if rest[0] not in items:
            refuse(f"no {head} called {rest[0]!r} in this group", "unmanaged", index)
        if rest[1:] and rest[1] not in type(items[rest[0]]).model_fields:
            refuse(f"{head}.{rest[0]} has no field {rest[1]!r}", "unmanaged", index)
        return
    model: object = getattr(group, head)
    if rest and isinstance(model, Model) and rest[0] not in type(model).model_fields:
        refuse(f"{head} has no field {rest[0]!r}", "unmanaged", index)
