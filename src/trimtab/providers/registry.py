"""The table of providers: name, where its code is, and the extra that brings its SDK."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from typing import Any

from trimtab.errors import ConfigError, MissingExtra
from trimtab.providers.base import Provider


@dataclass(frozen=True, slots=True)
class Entry:
    """One provider: `module:function` that connects it, and its extra."""

    path: str
    extra: str = ""
    sdk: tuple[str, ...] = ()


PROVIDERS: Mapping[str, Entry] = {
    "memory": Entry("trimtab.providers.memory.provider:connect"),
    "aws": Entry("trimtab.providers.aws.provider:connect", "aws", ("boto3", "botocore")),
    "gcp": Entry("trimtab.providers.gcp.provider:connect", "gcp", ("google", "grpc")),
    "azure": Entry("trimtab.providers.azure.provider:connect", "azure", ("azure", "tzlocal")),
}


def connect_provider(name: str, **settings: Any) -> Provider:
    """
    The provider called `name`, connected; its SDK is imported only now.

    Raises:
        ConfigError: No provider has that name, or it takes no such setting.
        MissingExtra: Its SDK is not installed.
    """
    entry = PROVIDERS.get(name)
    if entry is None:
        raise ConfigError([f"no provider is called {name!r}; there are {', '.join(PROVIDERS)}"])
    module, _, function = entry.path.partition(":")
    try:
        connect = getattr(import_module(module), function)
    except ImportError as error:
        if entry.extra and (error.name or "").partition(".")[0] in entry.sdk:
            raise MissingExtra(f"the {name} provider", entry.extra) from error
        raise
    _check_settings(name, connect, settings)
    provider: Provider = connect(**settings)
    return provider


def _check_settings(name: str, connect: Callable[..., Provider], settings: Mapping[str, Any]) -> None:
    takes = signature(connect).parameters
    if unknown := [setting for setting in settings if setting not in takes]:
        own = [setting for setting in takes if setting not in ("clock", "workers", "listener")]
        raise ConfigError([f"{name} takes no {unknown[0]!r}; it takes {', '.join(own) or 'nothing'}"])
