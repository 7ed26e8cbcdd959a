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
    from trimtab.declarations.advice import Advice, Applies
    from trimtab.declarations.record import NativePart, Natives, RecordedSize, RegionForm
    from trimtab.engine.first_seen import FirstSeen
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
    from trimtab.plan.resource import Attributes
    from trimtab.providers.base import (
        Activity,
        AlarmChange,
        AlarmState,
        Facts,
        Failure,
        GroupState,
        Instance,
        InstanceState,
        PoolChoice,
        Short,
        Write,
        Written,
    )
    from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
    from trimtab.providers.hooks import HookMessage, HookQueue
    from trimtab.providers.importing import Imported, ImportEffect, ImportNote
    from trimtab.providers.pause import Boost, Pause, boosted
    from trimtab.providers.pinning import Settled, SettledRemark
    from trimtab.providers.pure import PureCode
    from trimtab.providers.quotas import Demand, MachineType, Quota, QuotaUnit
    from trimtab.providers.registry import connect_provider
    from trimtab.providers.roles import Actions, GroupActor, LiveState, Metrics, Provider, Resources
    from trimtab.providers.rolling import Limits, NewTemplate, Progress, RolloutActions, Shares
    from trimtab.providers.run import RolledBack, RolloutPhase, RolloutRun
    from trimtab.providers.translation import Translation

__all__ = [
    "Action",
    "Actions",
    "Activity",
    "Advice",
    "AlarmChange",
    "AlarmState",
    "Applies",
    "Attributes",
    "Boost",
    "Change",
    "Datapoints",
    "Declarations",
    "Demand",
    "EngineSettings",
    "Facts",
    "Failure",
    "Field",
    "FirstSeen",
    "GroupActor",
    "GroupState",
    "HookMessage",
    "HookQueue",
    "ImportEffect",
    "ImportNote",
    "Imported",
    "Instance",
    "InstanceState",
    "Key",
    "Kind",
    "Limits",
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
    "NativePart",
    "Natives",
    "NewTemplate",
    "Note",
    "Option",
    "Pause",
    "PoolChoice",
    "Portability",
    "Progress",
    "Provider",
    "PureCode",
    "Quota",
    "QuotaUnit",
    "RecordedSize",
    "Ref",
    "RegionForm",
    "Resource",
    "Resources",
    "RolledBack",
    "RolloutActions",
    "RolloutPhase",
    "RolloutRun",
    "Secret",
    "SettingsBlock",
    "Settled",
    "SettledRemark",
    "Shares",
    "Short",
    "Support",
    "TagRule",
    "Text",
    "Translation",
    "Unknown",
    "Write",
    "Written",
    "boosted",
    "connect_provider",
    "declarations_of",
    "provider_names",
]

_MODULES = {
    **dict.fromkeys(("Applies",), "trimtab.declarations.advice"),
    **dict.fromkeys(("NativePart",), "trimtab.declarations.record"),
    **dict.fromkeys(("HookMessage",), "trimtab.providers.hooks"),
    **dict.fromkeys(("SettledRemark",), "trimtab.providers.pinning"),
    **dict.fromkeys(
        (
            "Limits",
            "NewTemplate",
            "Progress",
            "Shares",
        ),
        "trimtab.providers.rolling",
    ),
    **dict.fromkeys(("RolloutPhase",), "trimtab.providers.run"),
    **dict.fromkeys(("Advice",), "trimtab.declarations.advice"),
    **dict.fromkeys(
        (
            "Natives",
            "RecordedSize",
            "RegionForm",
        ),
        "trimtab.declarations.record",
    ),
    **dict.fromkeys(("Attributes",), "trimtab.plan.resource"),
    **dict.fromkeys(
        (
            "AlarmChange",
            "Failure",
            "PoolChoice",
            "Short",
        ),
        "trimtab.providers.base",
    ),
    **dict.fromkeys(("HookQueue",), "trimtab.providers.hooks"),
    **dict.fromkeys(("Settled",), "trimtab.providers.pinning"),
    **dict.fromkeys(("RolloutActions",), "trimtab.providers.rolling"),
    **dict.fromkeys(
        (
            "RolledBack",
            "RolloutRun",
        ),
        "trimtab.providers.run",
    ),
    **dict.fromkeys(("Translation",), "trimtab.providers.translation"),
    **dict.fromkeys(("FirstSeen",), "trimtab.engine.first_seen"),
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
