"""The sources that a fleet declares, made where the controller runs: secrets come from the environment."""

import os
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from trimtab.clock import Clock
from trimtab.errors import ConfigError
from trimtab.models import Fleet
from trimtab.models.connect import EnvironmentVariable, SourceSettings
from trimtab.sources.prometheus import Prometheus
from trimtab.sources.single import File, HttpJson
from trimtab.sources.source import Source


def make_sources(
    fleet: Fleet,
    extra: Iterable[Source] = (),
    *,
    env: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> Sequence[Source]:
    """
    What reads the metrics of a fleet that the cloud does not: what it declares, and what the program gives.

    Args:
        fleet: The fleet.
        extra: Sources of the program's own; they go before those of the fleet that have their names.
        env: Where secrets are; the process's environment when left out.
        clock: What tells sources the time.

    Raises:
        ConfigError: A secret is not set, an address is not safe, or nobody gives a source; with file and line.
        MissingExtra: A source needs the extra `controller`.
    """
    given = {source.name: source for source in extra}
    variables = os.environ if env is None else env
    declared = {name: settings for name, settings in fleet.sources.items() if name not in given}
    problems = [text for name, settings in declared.items() for text in _unset(fleet, name, settings, variables)]
    if problems:
        raise ConfigError(problems)
    return (*given.values(), *(_made(fleet, name, settings, variables, clock) for name, settings in declared.items()))


def _unset(fleet: Fleet, name: str, settings: SourceSettings, env: Mapping[str, str]) -> Iterable[str]:
    if settings.kind is None:
        forms = "`prometheus`, `http`, `file` or `haproxy`"
        text = f"nothing says where {name!r} is; write {forms}, or let the program give it"
        yield _placed(fleet, f"sources.{name}", text)
    for path, variable in _variables(settings):
        if not env.get(variable.env):
            yield _placed(fleet, f"sources.{name}.{path}", f"the environment has no {variable.env}; set it")


def _variables(settings: SourceSettings) -> Iterable[tuple[str, EnvironmentVariable]]:
    for path in ("token", "password"):
        if (variable := getattr(settings, path)) is not None:
            yield path, variable
    for header, value in settings.headers.items():
        if isinstance(value, EnvironmentVariable):
            yield f"headers.{header}", value


def _made(fleet: Fleet, name: str, settings: SourceSettings, env: Mapping[str, str], clock: Clock | None) -> Source:
    timing = {"stale_after": settings.stale_after} if settings.stale_after else {}
    if settings.file is not None:
        path = _beside(fleet, name, settings.file)
        return File(name, path or "", settings.path or "", **timing, clock=clock)
    if settings.haproxy is not None:
        # by its name alone, since that room stands on this one
        stats: Source = import_module("trimtab.haproxy.measuring").stats_of(
            fleet, name, settings.haproxy, settings.measure, clock=clock
        )
        return stats
    signed: dict[str, Any] = {
        "token": _secret(settings.token, env),
        "username": settings.username,
        "password": _secret(settings.password, env),
        "headers": {header: _secret(value, env) for header, value in settings.headers.items()},
        "ca": _beside(fleet, name, settings.ca),
        "certificate": _beside(fleet, name, settings.certificate),
        **({"timeout": settings.timeout} if settings.timeout else {}),
    }
    try:
        if settings.http is not None:
            return HttpJson(name, settings.http, settings.path or "", **signed, clock=clock)
        return Prometheus(settings.prometheus or "", name=name, **signed, staleness=settings.stale_after)
    except ConfigError as error:
        raise ConfigError([_placed(fleet, f"sources.{name}", problem) for problem in error.problems]) from error


def _secret(value: EnvironmentVariable | str | None, env: Mapping[str, str]) -> str | None:
    return env[value.env] if isinstance(value, EnvironmentVariable) else value


def _beside(fleet: Fleet, name: str, path: str | None) -> str | None:
    """A path as the fleet file means it: from its own folder."""
    position = fleet.position("", f"sources.{name}")
    if path is None or position is None:
        return path
    return str(Path(position.file).parent / path)


def _placed(fleet: Fleet, path: str, text: str) -> str:
    place = fleet.position("", path)
    return f"{f'{place}: ' if place else ''}{path}: {text}"
