"""How a changed template reaches the instances that run: in which steps, what is asked of them, what a failure does."""

import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from trimtab.models.base import Duration, Filled, Model, refuse
from trimtab.models.metric import Metric, MetricField, NeutralName

_SHARE = r"^(100|[1-9]?[0-9])%$"


def _check_share(value: int | str) -> int | str:
    if isinstance(value, str) and not re.fullmatch(_SHARE, value):
        refuse(f'{value!r} is neither a number of instances nor per cents of them; write 2 or "25%"')
    if isinstance(value, int) and value < 0:
        refuse(f"{value} is below 0; write 0 or more")
    return value


Share = Annotated[
    int | str,
    AfterValidator(_check_share),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": _SHARE}]}),
]
"""A number of instances, or per cents of the group such as `"25%"`."""


class Checkpoint(Model):
    """A part of the group that is rolled out to, looked at for a while, and only then gone on from."""

    percent: Annotated[int, Field(ge=1, le=99)]
    """Per cent of the instances that have the new template, rounded up; of a blue-green rollout, of the requests."""
    bake: Duration | None = None
    """How long it stands still there; all gates have to hold at the end of that. Not at all when left out."""

    if TYPE_CHECKING:

        def __init__(self, *, percent: int, bake: timedelta | str | None = None) -> None: ...

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        number = {"type": "integer", "minimum": 1, "maximum": 99}
        return {"anyOf": [number, super().__get_pydantic_json_schema__(schema, handler)]}


def _checkpoint(value: object) -> object:
    return {"percent": value} if isinstance(value, int) and not isinstance(value, bool) else value


class HealthGate(Model):
    """Each new instance runs and is held to be healthy by the group."""

    type: Literal["health"] = "health"
    """Which gate this is."""


class BalancerGate(Model):
    """Each new instance is sent requests by every load balancer of the group."""

    type: Literal["balancer"] = "balancer"
    """Which gate this is."""


class AlarmGate(Model):
    """None of these alarms fires; one that lacks data is quiet."""

    type: Literal["alarm"] = "alarm"
    """Which gate this is."""
    alarms: tuple[Filled, ...] = Field(min_length=1)
    """Alarms of the group by name, or any other alarm by its name in the cloud."""

    if TYPE_CHECKING:

        def __init__(self, *, type: Literal["alarm"] = "alarm", alarms: Sequence[str]) -> None: ...


def _check_path(value: str) -> str:
    if not value.startswith("/"):
        refuse(f"{value!r} is not a path of a web server; write one that begins with a slash, such as /health")
    return value


class HttpGate(Model):
    """Each new instance answers a request as it should."""

    type: Literal["http"] = "http"
    """Which gate this is."""
    path: Annotated[str, AfterValidator(_check_path), WithJsonSchema({"type": "string", "pattern": "^/"})] = "/"
    """What is asked for."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """On which port; 80, or 443 with https, when left out."""
    protocol: Literal["http", "https"] = "http"
    """How it is asked; the certificate of an instance is not checked."""
    status: Annotated[int, Field(ge=100, le=599)] = 200
    """The status of a good answer."""
    address: Literal["private", "public"] = "private"
    """Which address of the instance is asked."""
    timeout: Duration = timedelta(seconds=5)
    """How long an answer may take."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            type: Literal["http"] = "http",
            path: str = "/",
            port: int | None = None,
            protocol: Literal["http", "https"] = "http",
            status: int = 200,
            address: Literal["private", "public"] = "private",
            timeout: timedelta | str = ...,
        ) -> None: ...


class CommandGate(Model):
    """A program ends with exit code 0; it finds the instances in its environment."""

    type: Literal["command"] = "command"
    """Which gate this is."""
    run: tuple[Filled, ...] = Field(min_length=1)
    """The program and its arguments; no shell reads them."""
    timeout: Duration = timedelta(minutes=5)
    """How long it may take; it is ended then, and that counts as a failure."""

    if TYPE_CHECKING:

        def __init__(
            self, *, type: Literal["command"] = "command", run: Sequence[str], timeout: timedelta | str = ...
        ) -> None: ...


class MetricGate(Model):
    """
    A metric of the new instances is no worse than that of the old ones.

    Worse is what a one-sided Mann-Whitney U test says at the level `significance`, of the values of each minute since
    the step began, the new instances' against the old ones'.
    """

    type: Literal["metric"] = "metric"
    """Which gate this is."""
    metric: MetricField
    """What is measured."""
    worse: Literal["higher", "lower"] = "higher"
    """Which values are the worse ones."""
    significance: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """How likely a difference such as this may be without a cause before it counts."""
    samples: Annotated[int, Field(ge=4, le=1440)] = 5
    """Values of each side that are waited for."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            type: Literal["metric"] = "metric",
            metric: Metric | NeutralName,
            worse: Literal["higher", "lower"] = "higher",
            significance: float = ...,
            samples: int = 5,
        ) -> None: ...


Gate = Annotated[HealthGate | BalancerGate | AlarmGate | HttpGate | CommandGate | MetricGate, Discriminator("type")]
"""What has to hold before a rollout goes on."""


class Rollout(Model):
    """How a changed template reaches running instances; without it, it reaches new instances only."""

    strategy: Literal["rolling", "canary", "blue-green"] = "rolling"
    """In place, batch by batch; the same with a small first checkpoint; or beside the old ones, in a second group."""
    max_unavailable: Share | None = None
    """Instances that may be out of service at a time; 1 when left out, or 0 beside `max_surge`."""
    max_surge: Share | None = None
    """Instances above the size that may run at a time; none when left out."""
    min_healthy: Share | None = None
    """Instances that are healthy at every moment, as far as the rollout can keep them so."""
    checkpoints: tuple[Annotated[Checkpoint, BeforeValidator(_checkpoint)], ...] = ()
    """
    Where it stops to look, growing; a number alone is the per cent. A canary has 10 when left out.

    In a blue-green rollout they are shares of the requests that the new group is sent, by the weights of a balancer.
    """
    bake: Duration | None = None
    """How long the old template is kept once all have the new one; all gates have to hold at the end of that."""
    skip_matching: bool = True
    """Whether instances that have the new template already are left alone."""
    protected_instances: Literal["skip", "replace"] = "skip"
    """What becomes of instances that are protected from scaling in."""
    standby_instances: Literal["skip", "replace"] = "skip"
    """What becomes of instances on standby (AWS)."""
    gates: tuple[Gate, ...] = ()
    """What has to hold at each checkpoint and at the end; that new instances are healthy is always asked."""
    batch_timeout: Duration = timedelta(minutes=30)
    """How long the way to a checkpoint may take, and how long its gates may fail to hold, before that is a failure."""
    deadline: Duration | None = None
    """How long the whole rollout may take before that is a failure."""
    on_failure: Literal["rollback", "pause", "stop"] = "rollback"
    """Go back to the old template, wait for somebody to resume, or leave all as it is."""
    keep: Annotated[int, Field(ge=1, le=50)] = 2
    """Versions of the template that stay, the newest among them, so that a rollout can be undone."""
    end_after: Duration | None = None
    """How long the old group of a blue-green rollout lives on without requests; as balancers drain when left out."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            strategy: Literal["rolling", "canary", "blue-green"] = "rolling",
            max_unavailable: int | str | None = None,
            max_surge: int | str | None = None,
            min_healthy: int | str | None = None,
            checkpoints: Sequence[Checkpoint] = ...,
            bake: timedelta | str | None = None,
            skip_matching: bool = True,
            protected_instances: Literal["skip", "replace"] = "skip",
            standby_instances: Literal["skip", "replace"] = "skip",
            gates: Sequence[HealthGate | BalancerGate | AlarmGate | HttpGate | CommandGate | MetricGate] = ...,
            batch_timeout: timedelta | str = ...,
            deadline: timedelta | str | None = None,
            on_failure: Literal["rollback", "pause", "stop"] = "rollback",
            keep: int = 2,
            end_after: timedelta | str | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "Rollout":
        percents = [checkpoint.percent for checkpoint in self.checkpoints]
        for index, (earlier, later) in enumerate(pairwise(percents), 1):
            if later <= earlier:
                refuse(
                    f"checkpoint {later} is not above the one before it, {earlier}; let them grow", "checkpoints", index
                )
        if self.end_after is not None and self.strategy != "blue-green":
            refuse("`end_after` is of `strategy: blue-green`; leave it out", "end_after")
        if _is_nothing(self.max_unavailable) and _is_nothing(self.max_surge, left_out=True):
            refuse(
                "with `max_unavailable: 0` and no `max_surge` nothing can move; raise one of them", "max_unavailable"
            )
        return self

    @property
    def steps(self) -> tuple[Checkpoint, ...]:
        """The checkpoints, those of a canary when none are given."""
        if not self.checkpoints and self.strategy == "canary":
            return (Checkpoint(percent=10),)
        return self.checkpoints


def _is_nothing(share: int | str | None, *, left_out: bool = False) -> bool:
    return left_out if share is None else share in (0, "0%")
