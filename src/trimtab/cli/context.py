"""What the commands share: their options, and the desk with a screen and a way to a cloud."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from threading import Lock
from typing import Annotated, cast

import typer
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from trimtab.config import load_fleet, parse_fleet
from trimtab.config.source import MAX_BYTES, decode
from trimtab.declarations import declarations_of, provider_names
from trimtab.errors import ConfigError, PlanRefused
from trimtab.events import CallRetried, EndpointFound, Event, Listener
from trimtab.models import Fleet, ScalingGroup
from trimtab.models.base import parse_duration
from trimtab.models.built_in import BUILT_IN
from trimtab.phrases import in_words
from trimtab.plan import Action, Plan
from trimtab.runtime.apply import Consent, check_consent
from trimtab.runtime.cloud import Cloud
from trimtab.views.outcome import applied_view
from trimtab.views.plan import NO_CHANGES, plan_view
from trimtab.views.progress import event_line, progress
from trimtab.views.screen import Screen


class Format(StrEnum):
    """How results are printed."""

    TEXT = "text"
    JSON = "json"


class WaitFor(StrEnum):
    """How long apply waits."""

    ACCEPTED = "accepted"
    STABLE = "stable"
    HEALTHY = "healthy"


class Refresh(StrEnum):
    """What can be looked up anew."""

    IMAGE = "image"


def duration(text: str) -> timedelta:
    """A duration as an option takes it."""
    try:
        return cast("timedelta", parse_duration(text))
    except PydanticCustomError as error:
        raise typer.BadParameter(str(error)) from error


FleetFile = Annotated[
    str,
    typer.Argument(metavar="FLEET", help="The fleet file, YAML or JSON; - is standard input.", show_default=False),
]
Provider = Annotated[
    str | None,
    typer.Option(help=f"Which cloud: {', '.join(BUILT_IN)}.", envvar="TRIMTAB_PROVIDER", show_default=False),
]
Region = Annotated[str | None, typer.Option(help="Where groups live that name no location.", show_default=False)]
Endpoint = Annotated[str | None, typer.Option(help="Another address of the cloud's API.", show_default=False)]
As = Annotated[Format, typer.Option("--format", help="How results are printed.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
Waiting = Annotated[WaitFor, typer.Option("--wait", help="For calls accepted, sizes running, or instances serving.")]
Timeout = Annotated[
    timedelta,
    typer.Option(parser=duration, metavar="DURATION", help="How long to wait for that.", show_default="15m"),
]
Prune = Annotated[bool, typer.Option("--prune/--no-prune", help="Delete what the fleet owns and no longer has.")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse what the cloud can only approximate.")]
LookUp = Annotated[
    list[Refresh] | None, typer.Option("--refresh", help="Look up anew what was kept.", show_default=False)
]
OutsideFiles = Annotated[
    bool,
    typer.Option("--allow-outside-files", help="Allow `user_data_file` outside the fleet file's folder."),
]
FIFTEEN_MINUTES = timedelta(minutes=15)


@dataclass(frozen=True)
class CommandContext:
    """What every command needs: a screen, and a way to a cloud."""

    screen: Screen
    connect: Callable[..., Cloud]

    def load(self, fleet: str, *, allow_outside_files: bool) -> Fleet:
        """The fleet that a file declares, or standard input when it is called `-`."""
        if fleet == "-":
            name = "standard input"
            return parse_fleet(decode(self.screen.read_source(MAX_BYTES + 1), name), name=name)
        return load_fleet(fleet, allow_outside_files=allow_outside_files)

    def cloud(self, provider: str | None, region: str | None, endpoint: str | None) -> Cloud:
        """A connection to the cloud that the options name."""
        if not provider:
            names = ", ".join(provider_names())
            raise ConfigError([f"no provider is named: give --provider ({names}) or set TRIMTAB_PROVIDER"])
        place = declarations_of(provider).place_option
        given = {name: value for name, value in ((place, region), ("endpoint", endpoint)) if value}
        if provider == "memory" and not self.screen.json:
            self.screen.remark("the cloud in memory begins empty and is forgotten at the end")
        return self.connect(provider, listener=self._remarks(), **given)

    def _remarks(self) -> Listener:
        """A listener that says what is tried again, and once each which address the environment gives."""
        told: set[EndpointFound] = set()
        lock = Lock()

        def remark(event: Event) -> None:
            if isinstance(event, EndpointFound):
                with lock:
                    if event in told:
                        return
                    told.add(event)
            if isinstance(event, (CallRetried, EndpointFound)):
                self.screen.remark(event_line(event))

        return remark

    def carry_out(self, cloud: Cloud, plan: Plan, how: "How") -> int:
        """Show a plan, ask, apply it, show what came of it; the exit code."""
        agreed = {action for action, yes in ((Action.DELETE, how.delete), (Action.REPLACE, how.replace)) if yes}
        self.screen.view(plan_view(plan, cloud.provider.kinds, empty=how.empty, agreed=agreed))
        if plan.is_refused or not plan.changes:
            self.screen.show_json({"plan": plan.to_dict(), "applied": None})
            return 1 if plan.problems or plan.unknown else 0
        check_consent(cloud.provider, plan, Consent(delete=how.delete, replace=how.replace))
        if not how.yes and not self._agrees():
            return 1
        with progress(plan, self.screen.err) as listener:
            applied = cloud.apply(
                plan,
                how.wait.value,
                how.timeout,
                listener,
                allow_delete=how.delete,
                allow_replace=how.replace,
            )
        self.screen.show(applied_view(applied), {"plan": plan.to_dict(), "applied": applied.to_dict()})
        return 1 if applied.failures else 0

    def _agrees(self) -> bool:
        if not self.screen.can_ask:
            raise PlanRefused("nothing was changed: no terminal to confirm on; use --yes")
        agrees = self.screen.ask("Apply these changes?")
        if not agrees:
            self.screen.remark("nothing was changed")
        return agrees


@dataclass(frozen=True, kw_only=True)
class How:
    """How a plan is to be carried out."""

    yes: bool
    wait: WaitFor = WaitFor.ACCEPTED
    timeout: timedelta = FIFTEEN_MINUTES
    delete: bool = False
    replace: bool = False
    empty: str = NO_CHANGES


def context_of(context: typer.Context, chosen: Format) -> CommandContext:
    """The desk of this run, its screen set to the form that was chosen."""
    desk: CommandContext = context.obj
    desk.screen.json = chosen is Format.JSON
    return desk


def check_groups(fleet: Fleet, names: Sequence[str]) -> None:
    """
    Hold names of groups against the fleet.

    Raises:
        ConfigError: The fleet has no such group.
    """
    declared = [group.name for group in fleet.groups]
    if unknown := [name for name in names if name not in declared]:
        raise ConfigError([f"fleet {fleet.name!r} has no group {unknown[0]!r}; it has {in_words(declared) or 'none'}"])


def make_fleet(name: str, groups: Sequence[ScalingGroup]) -> Fleet:
    """
    A fleet of groups that were made elsewhere.

    Raises:
        ConfigError: The name is none, or two groups would be one.
    """
    try:
        return Fleet(name=name, groups=tuple(groups))
    except ValidationError as error:
        raise ConfigError([detail["msg"] for detail in error.errors()]) from error
