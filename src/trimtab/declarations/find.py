"""The providers that there are: those that come with trimtab, and those that other distributions bring."""

import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Any

from trimtab.declarations.record import Declarations
from trimtab.declarations.support import BY_THE_CONTROLLER, HAPROXY, HAPROXY_UNHELD, NOT_IN_THIS_VERSION, Means, Support
from trimtab.errors import ConfigError, Unsupported
from trimtab.models.built_in import BUILT_IN
from trimtab.phrases import closest

GROUP = "trimtab.providers"
"""The group of entry points in which a distribution names the `Declarations` of its provider."""


def load(path: str) -> Any:
    """What a path `module:name` names; its module is imported only now."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def provider_names() -> Sequence[str]:
    """The names of all providers: of trimtab's own first, then of those that are installed beside it."""
    return (*BUILT_IN, *sorted({entry.name for entry in entries_of(GROUP)} - set(BUILT_IN)))


def entries_of(group: str) -> EntryPoints:
    """What the distributions that are installed bring to a group of entry points."""
    result: EntryPoints = _entries_on(tuple(sys.path)).select(group=group)
    return result


@cache
def _entries_on(path: tuple[str, ...]) -> Any:  # Python 3.11 has a type of its own for them
    """All entry points on one `sys.path`: each distribution is read from its disk for them, so once for all groups."""
    return entry_points()


def unknown_provider(name: str) -> str:
    """Why a name is refused that no provider has, with the one that may have been meant."""
    close = closest(name, provider_names())
    fix = f"did you mean {close}?" if close else f"use {', '.join(provider_names())}"
    return f"unknown provider {name!r}; {fix}"


def declarations_of(name: str) -> Declarations:
    """
    What the provider called `name` declares.

    Raises:
        ConfigError: No provider has that name, several distributions bring one, or its declarations cannot be read.
    """
    if name in BUILT_IN:
        return _built_in(name)
    return _installed(name)


def support_of(feature: str, provider: str) -> Support:
    """How `provider` does `feature`; what it does not declare is unsupported, what no cloud has is trimtab's."""
    declared = declarations_of(provider).capabilities
    otherwise = HAPROXY_UNHELD if feature == HAPROXY else NOT_IN_THIS_VERSION
    return BY_THE_CONTROLLER.get(feature) or declared.get(feature, otherwise)


def refuse_unsupported(operation: str, provider: str, group: str) -> None:
    """
    Hold an operation on instances against what a provider declares.

    Raises:
        Unsupported: The provider does not do it; says why.
    """
    support = declarations_of(provider).instances.get(operation, NOT_IN_THIS_VERSION)
    if support.means is Means.UNSUPPORTED:
        raise Unsupported(f"{provider} cannot {operation} one instance of {group!r}: {support.text}")


@cache
def _built_in(name: str) -> Declarations:
    declared: Declarations = load(BUILT_IN[name])
    return declared


@cache
def _installed(name: str) -> Declarations:
    entries = tuple(entries_of(GROUP).select(name=name))
    if not entries:
        raise ConfigError([unknown_provider(name)])
    if len(entries) > 1:
        brought = ", ".join(sorted(_distribution(entry) for entry in entries))
        raise ConfigError([f"several distributions bring a provider called {name!r}: {brought}; keep one of them"])
    return _read(entries[0])


def _read(entry: EntryPoint) -> Declarations:
    try:
        declared = entry.load()
    except Exception as error:
        text = f"the provider {entry.name!r} of {_distribution(entry)} does not load: {type(error).__name__}: {error}"
        raise ConfigError([text]) from error
    if not isinstance(declared, Declarations) or declared.name != entry.name:
        text = f"{entry.value} of {_distribution(entry)} is not the `Declarations` of a provider called {entry.name!r}"
        raise ConfigError([text])
    return declared


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value
