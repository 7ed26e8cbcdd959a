"""The scaling group: a set of like instances and everything that sizes it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Unpack

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from trimtab.models.alarm import Alarm
from trimtab.models.base import (
    MAX_SIZE,
    Duration,
    Filled,
    Model,
    Name,
    NamedList,
    SecretHolder,
    check_unique,
    fold_name,
    refuse,
)
from trimtab.models.built_in import Blocks, ProviderSettings
from trimtab.models.connect import HaproxyBalancer
from trimtab.models.policy import Policy
from trimtab.models.purchase import Purchase
from trimtab.models.rollout import Rollout
from trimtab.models.schedule import Schedule
from trimtab.models.template import InstanceTemplate, Tags
from trimtab.phrases import closest, in_words

Size = Annotated[int, Field(ge=0, le=MAX_SIZE)]


class Capacity(Model):
    """How many instances: at least, at most, wanted."""

    min: Size
    """Least instances; scaling never goes below."""
    max: Size
    """Most instances; scaling never goes above."""
    desired: Size | None = None
    """The size to begin with; once a policy, a schedule or a controller owns the size it is not planned for."""

    @model_validator(mode="after")
    def _check(self) -> "Capacity":
        if self.min > self.max:
            refuse(f"`min` {self.min} is above `max` {self.max}; lower `min`, or raise `max`", "min")
        if self.desired is not None and not self.min <= self.desired <= self.max:
            refuse(
                f"`desired` {self.desired} is outside `min` {self.min} to `max` {self.max}; choose a size between",
                "desired",
            )
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        number = {"type": "integer", "minimum": 0, "maximum": MAX_SIZE}
        return {"anyOf": [number, super().__get_pydantic_json_schema__(schema, handler)]}


def _capacity(value: object) -> object:
    is_fixed = isinstance(value, int) and not isinstance(value, bool)
    return {"min": value, "max": value, "desired": value} if is_fixed else value


class Placement(Model):
    """Where instances run: zones, and subnets by id or by tag."""

    zones: tuple[Filled, ...] = ()
    """Zone names; those of the subnets, or all of the location, when left out."""
    subnets: tuple[Filled, ...] = ()
    """Subnets by the vendor's id."""
    subnet_tags: Mapping[Filled, str] | None = None
    """Subnets by their tags, all of which must match."""
    network: str | None = Field(default=None, min_length=1)
    """The network that the subnets belong to (Azure, Google), by name or id."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            zones: Sequence[str] = ...,
            subnets: Sequence[str] = ...,
            subnet_tags: Mapping[str, str] | None = None,
            network: str | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "Placement":
        if self.subnets and self.subnet_tags is not None:
            refuse("name subnets by `subnets` or by `subnet_tags`, not by both", "subnet_tags")
        if self.subnet_tags is not None and not self.subnet_tags:
            refuse('`subnet_tags` is empty; give at least one tag, such as {Type: "Private"}', "subnet_tags")
        return self


class LoadBalancer(Model):
    """A load balancer's pool that instances join: target group, backend pool, backend service; or a HAProxy."""

    name: str | None = Field(default=None, min_length=1)
    """By name; looked up when planning."""
    id: str | None = Field(default=None, min_length=1)
    """By the vendor's id."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Port of the instances, where the vendor keeps it with the group (Google)."""
    drain: Duration | None = None
    """How long a leaving instance may finish its requests, where the vendor keeps it with the group (Google)."""
    alternate: str | None = Field(default=None, min_length=1)
    """
    The second pool behind the same listener, rule or URL map, in the form of the first: its name, or its id.

    A blue-green rollout puts the new group into the one of the two that the old group is not in, and shifts weights.
    """
    haproxy: HaproxyBalancer | None = None
    """A HAProxy, which no cloud knows: trimtab itself keeps the instances in it."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str | None = None,
            id: str | None = None,
            port: int | None = None,
            drain: timedelta | str | None = None,
            alternate: str | None = None,
            haproxy: HaproxyBalancer | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "LoadBalancer":
        if [self.name, self.id, self.haproxy].count(None) != 2:
            refuse("name a load balancer by `name`, by `id`, or as `haproxy`, exactly one of them")
        for name in ("port", "drain"):
            if self.haproxy is not None and getattr(self, name) is not None:
                refuse(f"a HAProxy has its `{name}` inside `haproxy`; move it there", name)
        if self.haproxy is not None and self.alternate is not None:
            refuse("a HAProxy shares requests by weights of its servers; leave `alternate` out", "alternate")
        if self.alternate is not None and self.alternate == self.word:
            refuse(f"{self.alternate!r} is the pool itself; name the other one, or leave it out", "alternate")
        return self

    @property
    def word(self) -> str:
        """What the pool is named by: its name, or its id."""
        return self.name or self.id or ""

    def is_called(self, word: str | None) -> bool:
        """Whether this is the name or the id of one of its pools."""
        return word is not None and word in (self.name, self.id, self.alternate)

    def swapped(self) -> "LoadBalancer":
        """The same with its two pools in each other's place."""
        mine = "name" if self.name is not None else "id"
        return self.model_copy(update={mine: self.alternate, "alternate": self.word})

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "minLength": 1}, super().__get_pydantic_json_schema__(schema, handler)]}


class HealthCheck(Model):
    """Who says that an instance is healthy, and how long a new one is given."""

    by: Literal["instance", "load-balancer"] = "instance"
    """What is asked: the instance itself, or the load balancer too."""
    grace: Duration | None = None
    """How long after its start an instance is not judged; the vendor's default when left out."""
    path: str | None = Field(default=None, min_length=1)
    """HTTP path, where the group has a check of its own (Azure, Google)."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Port that `path` is asked on; the vendor's default when left out."""
    protocol: Literal["http", "https", "tcp"] | None = None
    """How the instance is asked; with `path` https on port 443, else http when left out; without it tcp."""
    host: str | None = Field(default=None, min_length=1)
    """Host that `path` is asked of, as in its `Host` header (Google); the instance's address when left out."""
    interval: Duration | None = None
    """From one question to the next, where the group has a check of its own; the vendor's default when left out."""
    timeout: Duration | None = None
    """How long an answer may take (Google); the vendor's default when left out."""
    healthy_threshold: Annotated[int, Field(ge=1)] | None = None
    """Good answers in a row that make an unhealthy instance healthy; the vendor's default when left out."""
    unhealthy_threshold: Annotated[int, Field(ge=1)] | None = None
    """Bad answers in a row that make a healthy instance unhealthy; the vendor's default when left out."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            by: Literal["instance", "load-balancer"] = "instance",
            grace: timedelta | str | None = None,
            path: str | None = None,
            port: int | None = None,
            protocol: Literal["http", "https", "tcp"] | None = None,
            host: str | None = None,
            interval: timedelta | str | None = None,
            timeout: timedelta | str | None = None,
            healthy_threshold: int | None = None,
            unhealthy_threshold: int | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "HealthCheck":
        if self.path is not None and self.protocol == "tcp":
            refuse("`path` is asked by http or https, not by tcp; leave one of the two out", "protocol")
        return self


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
    capacity: Annotated[Capacity, BeforeValidator(_capacity)]
    """Least, most and first number of instances; a number alone is all three."""
    template: InstanceTemplate
    """What an instance is made from."""
    placement: Placement = Placement()
    """Zones and subnets."""
    load_balancers: tuple[Annotated[LoadBalancer, BeforeValidator(_balancer)], ...] = ()
    """Pools that instances join, by name or by id; and HAProxies."""
    health_check: HealthCheck = HealthCheck()
    """Who says that an instance is healthy."""
    purchase: Purchase = Purchase()
    """On demand, spot, or a mix of both."""
    cooldown: Duration | None = None
    """Default wait between changes by simple policies; the vendor's when left out."""
    warm_up: Duration | None = None
    """How long a new instance's metrics are not counted; the vendor's default when left out."""
    stabilization: Duration | None = None
    """How far back scale in looks for a higher recommendation, where the vendor or the controller can."""
    protect_from_scale_in: bool = False
    """New instances are not removed by scaling in."""
    policies: Annotated[tuple[Policy, ...], NamedList] = ()
    """What changes the size."""
    alarms: Annotated[tuple[Alarm, ...], NamedList] = ()
    """What triggers policies and notifies people."""
    schedules: Annotated[tuple[Schedule, ...], NamedList] = ()
    """Sizes that are set at their time."""
    tags: Tags = Field(default_factory=dict)
    """Tags of the group and of its instances."""
    rollout: Rollout | None = None
    """How a changed template reaches running instances; new ones only when left out."""


class ScalingGroup(ProviderSettings, _NeutralFields):
    """A set of like instances, how many there may be, and what changes how many there are."""

    unmanaged: tuple[Filled, ...] = ()
    """Fields left to others, by path: `health_check.grace`, `policies.scale-out.cooldown`."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            native_name: str | None = None,
            location: str | None = None,
            capacity: Capacity,
            template: InstanceTemplate,
            placement: Placement = ...,
            load_balancers: Sequence[LoadBalancer | str] = ...,
            health_check: HealthCheck = ...,
            purchase: Purchase = ...,
            cooldown: timedelta | str | None = None,
            warm_up: timedelta | str | None = None,
            stabilization: timedelta | str | None = None,
            protect_from_scale_in: bool = False,
            policies: Sequence[Policy] | Mapping[str, Any] = ...,
            alarms: Sequence[Alarm] | Mapping[str, Any] = ...,
            schedules: Sequence[Schedule] | Mapping[str, Any] = ...,
            tags: Mapping[str, str] = ...,
            rollout: Rollout | None = None,
            settings: Mapping[str, Mapping[str, Any]] = ...,
            unmanaged: Sequence[str] = ...,
            **blocks: Unpack[Blocks],
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "ScalingGroup":
        check_unique("policies", (policy.name for policy in self.policies), "policies", fold=fold_name)
        check_unique("alarms", (alarm.name for alarm in self.alarms), "alarms", fold=fold_name)
        check_unique("schedules", (schedule.name for schedule in self.schedules), "schedules", fold=fold_name)
        _check_triggers(self)
        _check_schedules(self)
        if self.purchase.sizes and self.template.requirement is not None:
            refuse(
                "`purchase.sizes` names sizes, and `template.size` asks for any that fits; use one", "purchase", "sizes"
            )
        for index, path in enumerate(self.unmanaged):
            _check_path(self, path, index)
        _check_tags(self.tags, "tags")
        _check_tags(self.template.tags, "template", "tags")
        return self

    @property
    def cloud_balancers(self) -> tuple[LoadBalancer, ...]:
        """The load balancers that the cloud knows."""
        return tuple([balancer for balancer in self.load_balancers if balancer.haproxy is None])

    @property
    def haproxies(self) -> tuple[HaproxyBalancer, ...]:
        """The HAProxies, which trimtab keeps."""
        return tuple([balancer.haproxy for balancer in self.load_balancers if balancer.haproxy is not None])


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
                refuse(f"alarm {alarm.name!r} triggers an unknown policy, {name!r}; {_policies_of(name, known)}", *at)
            if known[name] in _UNTRIGGERED:
                text = f"{name!r} is a {known[name]} policy, which no alarm triggers: {_UNTRIGGERED[known[name]]}"
                refuse(f"{text}; name a simple or a step policy", *at)


_UNTRIGGERED = {
    "target-tracking": "it watches its own metric",
    "predictive": "it watches its own metric",
    "python": "it is called at every decision",
}
"""Why no alarm triggers policies of a type."""


def _policies_of(name: str, known: Collection[str]) -> str:
    if close := closest(name, known):
        return f"did you mean {close!r}?"
    return f"the group's policies are {in_words(list(known))}" if known else "the group has no policies"


def _check_schedules(group: ScalingGroup) -> None:
    for index, schedule in enumerate(group.schedules):
        low = group.capacity.min if schedule.min is None else schedule.min
        high = group.capacity.max if schedule.max is None else schedule.max
        if low > high:
            field = "max" if schedule.min is None else "min"
            refuse(
                f"while this schedule holds, `min` {low} is above `max` {high}; set both here",
                "schedules",
                index,
                field,
            )


def _check_path(group: ScalingGroup, path: str, index: int) -> None:
    head, *rest = path.split(".")
    if head in ("name", "native_name", "location", "unmanaged") or head not in type(group).model_fields:
        close = closest(head, type(group).model_fields)
        fix = f"did you mean `{close}`?" if close and close != head else "remove it"
        refuse(f"{head!r} is not a field that `unmanaged` can name; {fix}", "unmanaged", index)
    if head in ("policies", "alarms", "schedules") and rest:
        items = {item.name: item for item in getattr(group, head)}
        if rest[0] not in items:
            refuse(f"{head}: {rest[0]!r} not found in this group; write a name that it has", "unmanaged", index)
        if rest[1:] and rest[1] not in type(items[rest[0]]).model_fields:
            refuse(f"unknown field {rest[1]!r} of {head}.{rest[0]}; write one that it has", "unmanaged", index)
        return
    model: object = getattr(group, head)
    if rest and isinstance(model, Model) and rest[0] not in type(model).model_fields:
        refuse(f"unknown field {rest[0]!r} of {head}; write one that it has", "unmanaged", index)
