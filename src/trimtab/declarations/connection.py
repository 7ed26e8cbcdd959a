"""How a fleet's cloud is reached: the block `connect:` held against what the provider declares."""

from collections.abc import Iterator, Mapping
from typing import Any

from trimtab.declarations.find import declarations_of, provider_names, unknown_provider
from trimtab.declarations.record import Declarations
from trimtab.errors import ConfigError
from trimtab.models.connect import ConnectSettings
from trimtab.models.fleet import Fleet

TYPED = tuple(name for name in ConnectSettings.model_fields if name not in ("provider", "settings"))
"""The settings that have a field of their own in the block, and an option on the command line."""


def file_settings(declared: Declarations) -> Mapping[str, str]:
    """What a fleet file may say of how a provider is reached, each with the provider's own name for it."""
    names = {option.name: option.name for option in declared.options if option.in_file}
    place = names.pop(declared.place_option, None)
    return {"region": place, **names} if place else names


def check_connection(fleet: Fleet) -> None:
    """
    Hold the block `connect:` of a fleet against what the provider that it names declares.

    Raises:
        ConfigError: There is no such provider, or it takes no such setting; each problem names its line.
    """
    name = fleet.connect.provider
    if name is None:
        return
    if name not in provider_names():
        raise ConfigError([_placed(fleet, "connect.provider", unknown_provider(name))])
    if problems := list(_problems(fleet, declarations_of(name))):
        raise ConfigError(problems)


def connection_of(fleet: Fleet, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """
    The provider of a fleet and what its `connect` takes: what is given goes before what the fleet says.

    Raises:
        ConfigError: The fleet names no provider, or one that does not take what it says.
    """
    if fleet.connect.provider is None:
        text = f"fleet {fleet.name!r} names no provider; add `connect: {{provider: ...}}` to it"
        raise ConfigError([f"{text}, or pass the provider ({', '.join(provider_names())})"])
    return fleet.connect.provider, {**settings_of(fleet, fleet.connect.provider), **given}


def settings_of(fleet: Fleet, provider: str) -> dict[str, str]:
    """
    What a fleet says of how a provider is reached, by the provider's own names; nothing where it means another one.

    Raises:
        ConfigError: The provider takes no such setting.
    """
    if fleet.connect.provider not in (None, provider):
        return {}
    declared = declarations_of(provider)
    if problems := list(_problems(fleet, declared)):
        raise ConfigError(problems)
    names = file_settings(declared)
    return {names[setting]: value for _, setting, value in _given(fleet.connect)}


def _given(connect: ConnectSettings) -> Iterator[tuple[str, str, str]]:
    """The path, the name and the value of each setting of the block."""
    for name in TYPED:
        if (value := getattr(connect, name)) is not None:
            yield f"connect.{name}", name, value
    for name, value in connect.settings.items():
        yield f"connect.settings.{name}", name, value


def _problems(fleet: Fleet, declared: Declarations) -> Iterator[str]:
    names = file_settings(declared)
    for path, setting, _ in _given(fleet.connect):
        if setting not in names:
            text = f"unknown setting {setting!r} for {declared.name}; use {', '.join(names) or 'none'}"
            yield _placed(fleet, path, text)
        elif path.startswith("connect.settings.") and setting in TYPED:
            yield _placed(fleet, path, f"write it as `connect.{setting}`")


def _placed(fleet: Fleet, path: str, text: str) -> str:
    place = fleet.position("", path)
    return f"{f'{place}: ' if place else ''}{path}: {text}"
