"""What it takes to write a provider: the protocol, its data, the registry, and the kinds that drive the diff."""

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
    Provider,
    Write,
    Written,
)
from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
from trimtab.providers.importing import Imported, ImportEffect, ImportNote
from trimtab.providers.pause import Pause
from trimtab.providers.registry import PROVIDERS, Entry, connect_provider

__all__ = [
    "PROVIDERS",
    "Action",
    "Activity",
    "AlarmState",
    "Change",
    "Datapoints",
    "Entry",
    "Facts",
    "Field",
    "GroupState",
    "ImportEffect",
    "ImportNote",
    "Imported",
    "Instance",
    "InstanceState",
    "Key",
    "Kind",
    "Live",
    "Mark",
    "MarkPlace",
    "MetricQuery",
    "MetricValue",
    "Note",
    "Pause",
    "Provider",
    "Ref",
    "Resource",
    "Secret",
    "Text",
    "Unknown",
    "Write",
    "Written",
    "connect_provider",
]
