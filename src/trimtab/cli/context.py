"""What the commands share: their options, and the context with a screen and a way to a cloud."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from pydantic_core import PydanticCustomError
from rich.console import Group, RenderableType

from trimtab.cli.completion import FLEET_FILE, complete_file, complete_overlay, is_file
from trimtab.cli.target import CloudTarget
from trimtab.cli.views.screen import Screen
from trimtab.config import load_fleet, parse_fleet
from trimtab.config.source import MAX_BYTES, decode
from trimtab.errors import ConfigError, InvalidModel, PlanRefused, TrimtabError
from trimtab.models import Fleet, ScalingGroup
from trimtab.models.base import format_duration, parse_duration
from trimtab.phrases import in_words

if TYPE_CHECKING:  # what reaches a cloud is loaded by the commands that do
    from trimtab.events import Event, Listener
    from trimtab.plan import Plan
    from trimtab.runtime.apply import Applied
    from trimtab.runtime.cloud import Cloud


class Format(StrEnum):
    """How results are printed."""

    TEXT = "text"
    JSON = "json"


class TextFormat(StrEnum):
    """How results are printed that also go into reports."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class WaitFor(StrEnum):
    """How long apply waits."""

    ACCEPTED = "accepted"
    STABLE = "stable"
    HEALTHY = "healthy"


class RefreshWord(StrEnum):
    """What can be looked up anew."""

    IMAGE = "image"


LONGEST, DAY = timedelta(days=3650), timedelta(days=1)


def duration(text: str) -> timedelta:
    """A duration as an option takes it: none, or up to ten years."""
    try:
        length = cast("timedelta", parse_duration(text))
    except PydanticCustomError as error:
        raise typer.BadParameter(str(error)) from error
    return _no_longer(length, text, LONGEST)


def span(text: str) -> timedelta:
    """A duration that is more than none: for how long, or how far back."""
    result = duration(text)
    if not result:
        raise typer.BadParameter(f"{text!r} is not above 0; give a longer time")
    return result


def interval(text: str) -> timedelta:
    """A duration from one time to the next of what goes on without an end: more than none, up to a day."""
    return _no_longer(span(text), text, DAY)


def _no_longer(length: timedelta, text: str, most: timedelta) -> timedelta:
    if length > most:
        raise typer.BadParameter(f"{text!r} is longer than {format_duration(most)}; give a shorter time")
    return length


def moment(text: str) -> datetime:
    """A moment with a time zone as an option takes it."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a moment; write 2026-12-01T18:00+01:00") from error
    if found.tzinfo is None:
        text = f"{text!r} has no time zone; write {found:%Y-%m-%dT%H:%M}+01:00, or Z for UTC"
        raise typer.BadParameter(text)
    return found


FleetFile = Annotated[
    str,
    typer.Argument(
        metavar="FLEET",
        help="Name the fleet file, YAML or JSON; - is standard input.",
        autocompletion=complete_file,
    ),
]
As = Annotated[Format, typer.Option("--format", help="Choose how results are printed.")]
Yes = Annotated[bool, typer.Option("--yes", help="Apply without asking.")]
Waiting = Annotated[WaitFor, typer.Option("--wait", help="Wait until accepted, running (stable), or healthy.")]
Timeout = Annotated[
    timedelta,
    typer.Option(parser=duration, metavar="DURATION", help="Set how long to wait for that.", show_default="15m"),
]
Prune = Annotated[
    bool, typer.Option("--prune/--no-prune", help="Delete what the fleet owns and the file no longer has, or keep it.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Treat approximations as errors.")]
LookUp = Annotated[
    list[RefreshWord] | None,
    typer.Option("--refresh", help="Re-resolve pinned values (image, size).", show_default=False),
]
OutsideFiles = Annotated[
    bool,
    typer.Option("--allow-outside-files", help="Allow `user_data_file` outside the fleet file's folder."),
]
Overlays = Annotated[
    list[str] | None,
    typer.Option(
        "--overlay",
        metavar="NAME",
        help="Apply this overlay of the file; may be repeated, a later one over an earlier one.",
        show_default=False,
        autocompletion=complete_overlay,
    ),
]
ALLOW_PYTHON = "Allow importing policies in Python from this module or package; may be repeated."
AllowPython = Annotated[
    list[str] | None,
    typer.Option("--allow-python", metavar="MODULE", help=ALLOW_PYTHON, show_default=False),
]
FIFTEEN_MINUTES = timedelta(minutes=15)


@dataclass(frozen=True)
class CommandContext:
    """What every command needs: a screen, and a way to a cloud."""

    screen: Screen
    connect: Callable[..., "Cloud"]
    target: CloudTarget = field(default_factory=CloudTarget)

    def load(
        self, fleet: str, overlays: Sequence[str] | None = None, *, provider: str | None = None, outside: bool
    ) -> Fleet:
        """
        The fleet that a file declares, or standard input when it is called `-`, as the provider and its overlays say.

        Args:
            fleet: The file.
            overlays: The overlays that were asked for.
            provider: The provider; the target's when left out.
            outside: Whether start scripts may be outside of the file's folder.
        """
        return self.read(fleet, outside=outside).for_provider(provider or self.target.provider, overlays or ())

    def read(self, fleet: str, *, outside: bool) -> Fleet:
        """The fleet that a file declares, with all its overlays."""
        if fleet == "-":
            name = "standard input"
            return parse_fleet(decode(self.screen.read_source(MAX_BYTES + 1), name), name=name)
        if fleet == FLEET_FILE and not Path(fleet).exists():
            raise ConfigError([f"{FLEET_FILE}: file not found; name the fleet file, or run this in its folder"])
        if not is_file(fleet) and not Path(fleet).exists():
            raise ConfigError([f"{fleet}: file not found; name a fleet file here, which ends in .yaml or .json"])
        return load_fleet(fleet, allow_outside_files=outside)

    def write(self, save: Callable[[], object]) -> TrimtabError | None:
        """
        Write a file beside what is shown; the error is given back, so that people are shown the rest before it is told.

        Raises:
            TrimtabError: It cannot be written, and the error is the one document that programs get.
        """
        try:
            save()
        except TrimtabError as error:
            if self.screen.json:
                raise
            return error
        return None

    def cloud(self, fleet: Fleet | None = None) -> "Cloud":
        """A connection to the cloud that the options name, or the variables, or the fleet."""
        provider, settings = self.target.connection(fleet)
        if provider == "memory" and not self.screen.json:
            self.screen.remark("the cloud in memory begins empty and is forgotten at the end")
        if fleet is not None and fleet.connect.provider not in (None, provider):
            self.screen.remark(
                f"using {provider}; `connect` of the fleet, which is for {fleet.connect.provider}, is ignored"
            )
        return self.connect(provider, listener=self._remarks(), **settings)

    def _remarks(self) -> "Listener":
        """A listener that says what is tried again, and once each which address the environment gives."""
        from trimtab.cli.views.progress import event_line
        from trimtab.events import CallRetried, EndpointFound

        told: set[EndpointFound] = set()
        lock = Lock()

        def remark(event: "Event") -> None:
            if isinstance(event, EndpointFound):
                with lock:
                    if event in told:
                        return
                    told.add(event)
            if isinstance(event, (CallRetried, EndpointFound)) and not self.screen.verbosity:
                self.screen.remark(event_line(event))

        return remark

    def carry_out(
        self, cloud: "Cloud", plan: "Plan", how: "How", then: "Then | None" = None, *, asks: bool = True
    ) -> int:
        """
        Show a plan, ask, apply it, show what came of it; the exit code.

        Args:
            cloud: Where.
            plan: What.
            how: How.
            then: What follows where all went through.
            asks: Whether that changes instances, as a rollout does, so that it takes consent where a template waits.
        """
        from trimtab.cli.views.outcome import applied_view
        from trimtab.cli.views.plan import PlanView
        from trimtab.cli.views.progress import progress
        from trimtab.events import silent
        from trimtab.plan import Action
        from trimtab.plan.rendering import NO_CHANGES
        from trimtab.runtime.apply import Consent, check_consent

        agreed = {action for action, yes in ((Action.DELETE, how.delete), (Action.REPLACE, how.replace)) if yes}
        self.screen.view(PlanView(plan, empty=how.empty or NO_CHANGES, agreed=agreed))
        then = then if not plan.unknown else None
        if plan.is_refused or not plan.changes:
            if then is not None and not plan.is_refused:
                goes_on = how.yes or not asks or not plan.waiting or self._agrees()
                return self._go_on(then, plan, None) if goes_on else 1
            self.screen.show_json({"plan": plan.to_dict(), "applied": None})
            return 1 if plan.problems or plan.unknown else 0
        check_consent(cloud.provider, plan, Consent(delete=how.delete, replace=how.replace))
        if not how.yes and not self._agrees():
            return 1
        # the log has all of it
        quiet = bool(self.screen.verbosity)
        with nullcontext(silent) if quiet else progress(plan, self.screen.err, cloud.now) as listener:
            applied = cloud.apply(
                plan,
                how.wait.value,
                how.timeout,
                listener,
                allow_delete=how.delete,
                allow_replace=how.replace,
            )
        if then is not None and not applied.failures:
            self.screen.view(applied_view(applied))
            return self._go_on(then, plan, applied)
        self.screen.show(applied_view(applied), {"plan": plan.to_dict(), "applied": applied.to_dict()})
        return 1 if applied.failures else 0

    def _go_on(self, then: "Then", plan: "Plan", applied: "Applied | None") -> int:
        view, data, code = then()
        done = applied.to_dict() if applied is not None else None
        self.screen.show(view, {"plan": plan.to_dict(), "applied": done, **data})
        return code

    def _agrees(self) -> bool:
        if not self.screen.can_ask:
            raise PlanRefused("nothing was changed: no terminal to confirm on; use --yes")
        agrees = self.screen.ask("Apply these changes?")
        if not agrees:
            self.screen.remark("nothing was changed")
        return agrees


Then = Callable[[], tuple[RenderableType, Mapping[str, Any], int]]
"""What follows an apply: what to show of it, as data, and the exit code."""


def in_turn(steps: Sequence[Then]) -> Then:
    """Several of them as one, each only after one that went well."""

    def then() -> tuple[RenderableType, Mapping[str, Any], int]:
        views: list[RenderableType] = []
        told: dict[str, Any] = {}
        code = 0
        for step in steps:
            view, data, code = step()
            views.append(view)
            told |= data
            if code:
                break
        return Group(*views), told, code

    return then


@dataclass(frozen=True, kw_only=True)
class How:
    """How a plan is to be carried out."""

    yes: bool
    wait: WaitFor = WaitFor.ACCEPTED
    timeout: timedelta = FIFTEEN_MINUTES
    delete: bool = False
    replace: bool = False
    empty: str | None = None


def context_of(context: typer.Context, chosen: Format | TextFormat) -> CommandContext:
    """The context of this run, its screen set to the form that was chosen."""
    command_context: CommandContext = context.obj
    command_context.screen.json = chosen.value == Format.JSON.value
    command_context.screen.markdown = chosen.value == TextFormat.MARKDOWN.value
    return command_context


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
        if any(group.purchase.fallback for group in groups):  # which nobody else does
            return Fleet(name=name, groups=tuple(groups), controller=True)
        return Fleet(name=name, groups=tuple(groups))
    except InvalidModel as error:
        raise ConfigError([problem.message for problem in error.problems]) from error
