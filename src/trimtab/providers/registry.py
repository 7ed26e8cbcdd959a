"""From a provider's name to a connection."""

from collections.abc import Callable, Mapping
from typing import Any

from trimtab.declarations import Declarations, declarations_of, load
from trimtab.errors import ConfigError, MissingExtra
from trimtab.events import silent
from trimtab.phrases import closest
from trimtab.providers.guard import guarded
from trimtab.providers.roles import Provider


def connect_provider(name: str, **settings: Any) -> Provider:
    """
    The provider called `name`, connected; its SDK is imported only now.

    Raises:
        ConfigError: No provider has that name, it does not load, or it takes no such setting.
        MissingExtra: Its SDK is not installed.
    """
    declared = declarations_of(name)
    connect = _load_connect(declared)
    _check_options(declared, settings)
    return guarded(connect(**settings), settings["clock"], settings.get("listener", silent))


def _load_connect(declared: Declarations) -> Callable[..., Provider]:
    try:
        connect: Callable[..., Provider] = load(declared.connect)
    except ImportError as error:
        if declared.extra and (error.name or "").partition(".")[0] in declared.sdk:
            raise MissingExtra(f"the {declared.name} provider", declared.extra) from error
        raise _broken(declared, error) from error
    except Exception as error:
        raise _broken(declared, error) from error
    return connect


def _broken(declared: Declarations, error: Exception) -> ConfigError:
    text = f"the provider {declared.name!r} does not load from {declared.connect}: {type(error).__name__}: {error}"
    return ConfigError([text])


def _check_options(declared: Declarations, settings: Mapping[str, Any]) -> None:
    own = [option.name for option in declared.options]
    if unknown := [name for name in settings if name not in (*own, "clock", "workers", "listener")]:
        close = closest(unknown[0], own)
        fix = f"did you mean {close!r}?" if close else f"use {', '.join(own)}" if own else "it takes none"
        raise ConfigError([f"unknown option {unknown[0]!r} for {declared.name}; {fix}"])
