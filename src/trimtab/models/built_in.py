"""The providers that come with trimtab: where their declarations are, and their blocks in a group."""

from collections.abc import Mapping
from typing import Any, TypedDict

from pydantic import Field, field_validator

from trimtab.models.base import Model, Name, refuse
from trimtab.models.settings import SettingsBlock
from trimtab.providers.aws.settings import AwsSettings
from trimtab.providers.azure.settings import AzureSettings
from trimtab.providers.gcp.settings import GcpSettings

BUILT_IN: Mapping[str, str] = {
    "memory": "trimtab.providers.memory.declarations:MEMORY",
    "aws": "trimtab.providers.aws.declarations:AWS",
    "azure": "trimtab.providers.azure.declarations:AZURE",
    "gcp": "trimtab.providers.gcp.declarations:GCP",
}
"""By name, the path of a provider's `Declarations`."""


class Blocks(TypedDict, total=False):
    """The same blocks as arguments of a group."""

    aws: AwsSettings
    azure: AzureSettings
    gcp: GcpSettings


class ProviderSettings(Model):
    """The blocks of a group that are for one provider each."""

    aws: AwsSettings = AwsSettings()
    """What only EC2 Auto Scaling has."""
    azure: AzureSettings = AzureSettings()
    """What only Azure VM Scale Sets and autoscale settings have."""
    gcp: GcpSettings = GcpSettings()
    """What only Google Cloud managed instance groups and autoscalers have."""
    settings: Mapping[Name, Mapping[str, Any]] = Field(default_factory=dict)
    """Those of providers that do not come with trimtab, by the provider's name."""

    @field_validator("settings")
    @classmethod
    def _check_settings(cls, settings: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
        for name in settings:
            if name in BLOCKS:
                refuse(f"the settings of {name} have a field of their own; write them under `{name}`", name)
            if name in BUILT_IN:
                refuse(f"{name} has no settings; leave it out", name)
        return settings

    def block(self, provider: str) -> SettingsBlock:
        """The block of a provider that comes with trimtab; an empty one where it has none."""
        return getattr(self, provider) if provider in BLOCKS else SettingsBlock()

    def other_blocks(self, provider: str) -> Mapping[str, str]:
        """The blocks that say something and are not this provider's: their paths, each with the provider's name."""
        typed = {name: name for name in sorted(BLOCKS - {provider}) if self.block(name) != type(self.block(name))()}
        return typed | {f"settings.{name}": name for name in sorted(self.settings) if name != provider}


BLOCKS = frozenset(ProviderSettings.model_fields) - {"settings"}
"""Fields of a group that are for one provider only."""
