"""Which cloud a command is for: from its options, then TRIMTAB_* variables, then the fleet's `connect:`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from trimtab.cli.completion import complete_provider
from trimtab.declarations import declarations_of, provider_names
from trimtab.declarations.connection import TYPED, file_settings, settings_of
from trimtab.errors import ConfigError
from trimtab.models import Fleet
from trimtab.models.built_in import BUILT_IN

_PANEL = "Connection"


def _setting(name: str, text: str) -> Any:
    return typer.Option(help=text, envvar=f"TRIMTAB_{name}", show_default=False, rich_help_panel=_PANEL)


OPTIONS: Mapping[str, tuple[Any, Any]] = {
    "provider": (
        Annotated[
            str | None,
            typer.Option(
                help=f"Choose the cloud: {', '.join(BUILT_IN)}.",
                envvar="TRIMTAB_PROVIDER",
                show_default=False,
                rich_help_panel=_PANEL,
                autocompletion=complete_provider,
            ),
        ],
        None,
    ),
    "region": (Annotated[str | None, _setting("REGION", "Set the default region of groups.")], None),
    "subscription": (Annotated[str | None, _setting("SUBSCRIPTION", "Choose the subscription, by id.")], None),
    "resource_group": (
        Annotated[str | None, _setting("RESOURCE_GROUP", "Set the default resource group.")],
        None,
    ),
    "project": (Annotated[str | None, _setting("PROJECT", "Choose the project, by id.")], None),
    "connect": (
        Annotated[
            list[str] | None,
            typer.Option(
                metavar="NAME=VALUE",
                help="Set another option of the provider; may be repeated.",
                envvar="TRIMTAB_CONNECT",
                show_default=False,
                rich_help_panel=_PANEL,
            ),
        ],
        None,
    ),
    "endpoint": (
        Annotated[
            str | None,
            typer.Option(help="Override the API URL.", show_default=False, rich_help_panel=_PANEL),
        ],
        None,
    ),
}
"""The options that say which cloud, by parameter: annotation and default."""


@dataclass(frozen=True, slots=True)
class CloudTarget:
    """
    Which cloud is meant, as far as options and variables say.

    Attributes:
        provider: Its provider.
        options: What options of their own give its connection.
        more: What `--connect` gives it besides.
        variables: What variables give it; those that the provider does not take are for others.
    """

    provider: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    def connection(self, fleet: Fleet | None) -> tuple[str, dict[str, str]]:
        """
        The provider, and what its `connect` takes.

        Raises:
            ConfigError: Nothing names a provider, there is none of that name, or the fleet gives what it does not take.
        """
        provider = self.provider or (fleet.connect.provider if fleet else None)
        if not provider:
            text = "no provider given: add `connect: {provider: ...}` to the fleet file, use --provider"
            raise ConfigError([f"{text} ({', '.join(provider_names())}), or set TRIMTAB_PROVIDER"])
        names = file_settings(declarations_of(provider))
        if unknown := next((name for name in self.more if name not in names), None):
            takes = ", ".join(names) or "nothing"
            raise ConfigError([f"--connect {unknown}: unknown option for {provider}; use {takes}"])
        variables = {names[name]: value for name, value in self.variables.items() if name in names}
        options = {names.get(name, name): value for name, value in (self.options | self.more).items()}
        return provider, {**(settings_of(fleet, provider) if fleet else {}), **variables, **options}


def target_of(context: typer.Context, given: Mapping[str, Any]) -> CloudTarget:
    """What the options of `OPTIONS` and their variables say."""
    more = _pairs(given["connect"] or ())
    options: dict[str, str] = {}
    variables: dict[str, str] = {}
    for name in (*TYPED, "endpoint"):
        if given[name]:
            (variables if _is_variable(context, name) else options)[name] = given[name]
    if _is_variable(context, "connect"):
        more, variables = {}, more | variables
    return CloudTarget(given["provider"], options, more, variables)


def _is_variable(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "ENVIRONMENT"


def _pairs(words: Sequence[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    if wrong := next((name for name, sign, _ in pairs if not name or not sign), None):
        raise typer.BadParameter(f"--connect {wrong}: write NAME=VALUE, such as --connect account=shop")
    return {name: value for name, _, value in pairs}
