"""
What it takes to write a provider: the roles, their data, the declarations, and the kinds that drive the diff.

Loaded name by name: the models take their settings blocks from inside this package.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trimtab.declarations import (
        Declarations,
        Means,
        NameRule,
        Option,
        Portability,
        Support,
        TagRule,
        declarations_of,
        provider_names,
    )
    from trimtab.models.settings import EngineSettings, SettingsBlock
    from trimtab.plan import (
        Action,
        Change,
        Field,
        Key,
        Kind,
        Live,
        Mark,
        MarkPlace,
        Note,
        Ref,
        Resource,
        Secret,
        Text,
        Unknown,
    )
    from trimtab.providers.base import (
        Activity,
        AlarmState,
        Facts,
        GroupState,
        Instance,
        InstanceState,
        Write,
        Written,
    )
    from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
    from trimtab.providers.importing import Imported, ImportEffect, ImportNote
    from trimtab.providers.pause import Boost, Pause, boosted
    from trimtab.providers.pure import PureCode
    from trimtab.providers.quotas import Demand, MachineType, Quota, QuotaUnit
    from trimtab.providers.registry import connect_provider
    from trimtab.providers.roles import Actions, GroupActor, LiveState, Metrics, Provider, Resources

__all__ = [
    "Action",
    "Actions",
    "Activity",
    "AlarmState",
    "Boost",
    "Change",
    "Datapoints",
    "Declarations",
    "Demand",
    "EngineSettings",
    "Facts",
    "Field",
    "GroupActor",
    "GroupState",
    "ImportEffect",
    "ImportNote",
    "Imported",
    "Instance",
    "InstanceState",
    "Key",
    "Kind",
    "Live",
    "LiveState",
    "MachineType",
    "Mark",
    "MarkPlace",
    "Means",
    "MetricQuery",
    "MetricValue",
    "Metrics",
    "NameRule",
    "Note",
    "Option",
    "Pause",
    "Portability",
    "Provider",
    "PureCode",
    "Quota",
    "QuotaUnit",
    "Ref",
    "Resource",
    "Resources",
    "Secret",
    "SettingsBlock",
    "Support",
    "TagRule",
    "Text",
    "Unknown",
    "Write",
    "Written",
    "boosted",
    "connect_provider",
    "declarations_of",
    "provider_names",
]

_MODULES = {
    **dict.fromkeys(
        (
            "Declarations",
            "Means",
            "NameRule",
            "Option",
            "Portability",
            "Support",
            "TagRule",
            "declarations_of",
            "provider_names",
        ),
        "trimtab.declarations",
    ),
    **dict.fromkeys(
        (
            "EngineSettings",
            "SettingsBlock",
        ),
        "trimtab.models.settings",
    ),
    **dict.fromkeys(
        (
            "Action",
            "Change",
            "Field",
            "Key",
            "Kind",
            "Live",
            "Mark",
            "MarkPlace",
            "Note",
            "Ref",
            "Resource",
            "Secret",
            "Text",
            "Unknown",
        ),
        "trimtab.plan",
    ),
    **dict.fromkeys(
        (
            "Activity",
            "AlarmState",
            "Facts",
            "GroupState",
            "Instance",
            "InstanceState",
            "Write",
            "Written",
        ),
        "trimtab.providers.base",
    ),
    **dict.fromkeys(
        (
            "Datapoints",
            "MetricQuery",
            "MetricValue",
        ),
        "trimtab.providers.datapoints",
    ),
    **dict.fromkeys(
        (
            "Imported",
            "ImportEffect",
            "ImportNote",
        ),
        "trimtab.providers.importing",
    ),
    **dict.fromkeys(("Boost", "Pause", "boosted"), "trimtab.providers.pause"),
    **dict.fromkeys(("PureCode",), "trimtab.providers.pure"),
    **dict.fromkeys(("Demand", "MachineType", "Quota", "QuotaUnit"), "trimtab.providers.quotas"),
    **dict.fromkeys(("connect_provider",), "trimtab.providers.registry"),
    **dict.fromkeys(
        (
            "Actions",
            "GroupActor",
            "LiveState",
            "Metrics",
            "Provider",
            "Resources",
        ),
        "trimtab.providers.roles",
    ),
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
