"""The fleet: a named set of groups; the unit of plan, apply and ownership."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import Field, JsonValue, PrivateAttr, model_validator

from trimtab.errors import InvalidArgument
from trimtab.models.base import Filled, Name, NamedList, SecretHolder, check_unique, refuse
from trimtab.models.connect import ConnectSettings, SourceSettings
from trimtab.models.group import ScalingGroup
from trimtab.models.limits import LoadtestSettings, PlanLimits
from trimtab.models.metric import Metric, MetricSource
from trimtab.phrases import closest, in_words


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Comment:
    """
    A comment of the file that is addressed to trimtab: `# trimtab: ignore[TT101] reason`.

    Attributes:
        text: What follows `trimtab:`.
        position: Where the comment begins.
        line: The line that it is about: its own, or the next one where nothing else stands on its own.
    """

    text: str
    position: Position
    line: int


class Fleet(SecretHolder):
    """A named set of groups; the unit of plan, apply and ownership."""

    name: Name
    """Marks everything that belongs to the fleet in the cloud."""
    groups: Annotated[tuple[ScalingGroup, ...], NamedList]
    """The scaling groups."""
    controller: bool = False
    """Consent to groups whose size a running trimtab decides, where the cloud cannot."""
    connect: ConnectSettings = ConnectSettings()
    """How its cloud is reached; what the command line or the caller gives goes first."""
    limits: PlanLimits = PlanLimits()
    """How much one apply may change; a plan that changes more is refused."""
    loadtest: LoadtestSettings | None = None
    """What load tests may send requests to; others are refused."""
    sources: Mapping[Filled, SourceSettings] = Field(default_factory=dict)
    """Where metrics come from that the cloud does not measure, by name; a running controller reads them."""
    overlays: Mapping[Filled, Mapping[str, JsonValue]] = Field(default_factory=dict, repr=False)
    """
    What is different for a provider or an environment, by name: a fleet with nothing required, in the file's words.

    A provider's own overlay applies by itself with that provider, others where they are asked for.
    """
    _positions: Mapping[tuple[str, ...], Position] = PrivateAttr(default_factory=dict)
    _comments: tuple[Comment, ...] = PrivateAttr(default=())

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            groups: Sequence[ScalingGroup] | Mapping[str, Any],
            controller: bool = False,
            connect: ConnectSettings = ...,
            limits: PlanLimits = ...,
            loadtest: LoadtestSettings | None = None,
            sources: Mapping[str, SourceSettings] = ...,
            overlays: Mapping[str, Mapping[str, JsonValue]] = ...,
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "Fleet":
        check_unique("groups", (group.name for group in self.groups), "groups")
        seen: dict[tuple[str, str | None], str] = {}
        for index, group in enumerate(self.groups):
            place = (self.native_name(group), group.location)
            if place in seen:
                refuse(
                    f"this group and {seen[place]!r} would both be called {place[0]!r} in the cloud; rename one",
                    "groups",
                    index,
                )
            seen[place] = group.name
            for at, metric in _metrics_of(group):
                self._check_source(metric, "groups", index, *at)
        behind = [group.name for group in self.groups if group.haproxies]
        for name, source in self.sources.items():
            if source.haproxy is not None and source.haproxy not in behind:
                text = f"no group {source.haproxy!r} of the fleet has a HAProxy among its `load_balancers`"
                refuse(f"{text}; name one of {in_words(behind) if behind else 'them'}", "sources", name, "haproxy")
        return self

    def _check_source(self, metric: Metric, *at: str | int) -> None:
        """Refuse a metric of a source that is not declared, or is of the other sort."""
        if not metric.needs_source:
            return
        name = metric.source_name or metric.name
        if name not in self.sources:
            close = closest(name, self.sources)
            guess = f"did you mean {close}? if not, " if close else ""
            text = f"no source is called {name!r}; {guess}declare it under `sources` of the fleet"
            refuse(f"{text}, with nothing in it (`{{}}`) if the program gives it", *at)
        kind = self.sources[name].kind
        if metric.source is MetricSource.EXTERNAL and kind == "prometheus":
            refuse(f"the source {name!r} answers queries; write `{{promql: QUERY, source: {name}}}`", *at)
        if metric.source is MetricSource.PROMQL and kind in ("http", "file", "haproxy"):
            refuse(f"the source {name!r} is not a Prometheus; name one, or write `{{external: {name}}}`", *at)

    def __eq__(self, other: object) -> bool:
        """Whether both declare the same, wherever they were read from."""
        if not isinstance(other, Fleet):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in Fleet.model_fields)

    # without this line the comparison above would leave fleets without a hash
    __hash__ = SecretHolder.__hash__

    def __getitem__(self, name: str) -> ScalingGroup:
        """The group called `name`; `KeyError` when there is none."""
        for group in self.groups:
            if group.name == name:
                return group
        raise KeyError(f"fleet {self.name!r} has no group {name!r}; it has {in_words([g.name for g in self.groups])}")

    def for_provider(self, provider: str | None = None, overlays: Sequence[str] = ()) -> "Fleet":
        """
        The fleet as it is meant for a provider and an environment: its overlays laid over it, none left.

        Args:
            provider: Whose overlay applies; that of `connect` when left out. Where neither says, no provider's does,
                and they stay overlays of the result.
            overlays: The overlays besides, by name; a later one goes over an earlier one, and all over the provider's.

        Raises:
            ConfigError: There is no such overlay, or what comes of it is no fleet; each problem names its line.
            InvalidModel: The same, of a fleet that was made in Python.
        """
        if not self.overlays and not overlays:
            return self
        late = import_module("trimtab.config.overlays")  # it stands on this module, and few fleets need it
        return cast("Fleet", late.overlaid(self, provider, overlays))

    def native_name(self, group: ScalingGroup) -> str:
        """The group's name in the cloud."""
        return group.native_name or f"{self.name}-{group.name}"

    def position(self, group: str, path: str = "") -> Position | None:
        """
        Where the file gives a field, or the nearest thing around it; `None` for a fleet made in Python.

        Args:
            group: The group's name; empty for a field of the fleet itself.
            path: The field, with names for list items: `policies.scale-out.cooldown`.
        """
        positions = self._positions
        if not positions:
            return None
        inside = ("groups", group) if group else ()
        steps = (*inside, *(step for step in path.split(".") if step))
        while steps:
            if steps in positions:
                return positions[steps]
            steps = steps[:-1]
        return None


def _metrics_of(group: ScalingGroup) -> Iterator[tuple[tuple[str, int, str], Metric]]:
    """Each metric that a group names, and where."""
    for field in ("policies", "alarms"):
        for place, item in enumerate(getattr(group, field)):
            if (metric := getattr(item, "metric", None)) is not None:
                yield (field, place, "metric"), metric


def require_fleet(given: object) -> Fleet:
    """
    What was given for a fleet, which has to be one.

    Raises:
        InvalidArgument: It is something else, such as one group, or the path of a file.
    """
    match given:
        case Fleet():
            return given
        case ScalingGroup():
            fix = f"; write Fleet(name=..., groups=[...]) around group {given.name!r}"
        case str() | PurePath():
            fix = f"; load a file with load_fleet({str(given)!r})"
        case _:
            fix = "; make one with Fleet(name=..., groups=[...]), or load_fleet(path)"
    raise InvalidArgument(f"fleet: give a `Fleet`, not {type(given).__name__}{fix}")
