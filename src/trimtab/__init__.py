"""One autoscaling API for AWS Auto Scaling, Azure VM Scale Sets and Google Cloud managed instance groups."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from trimtab import errors, metrics
from trimtab.clock import Clock, ManualClock, SystemClock
from trimtab.events import CallRetried, ChangeEnded, ChangeStarted, EndpointFound, Event, Waiting
from trimtab.models import (
    Alarm,
    AwsSettings,
    AzureSettings,
    Capacity,
    Disk,
    Fleet,
    GcpSettings,
    HealthCheck,
    Image,
    InstanceTemplate,
    LifecycleHook,
    LoadBalancer,
    Metric,
    Placement,
    PredictivePolicy,
    Purchase,
    ScalingGroup,
    Schedule,
    SimplePolicy,
    SizeOption,
    Step,
    StepPolicy,
    TargetTrackingPolicy,
    WarmPool,
)
from trimtab.plan import Plan, check_saved
from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
from trimtab.providers.importing import Imported, ImportEffect, ImportNote
from trimtab.providers.pause import Pause
from trimtab.runtime.apply import Applied, Outcome
from trimtab.runtime.cloud import Cloud, connect
from trimtab.runtime.group import LiveGroup
from trimtab.runtime.status import FleetStatus, GroupStatus
from trimtab.runtime.watch import Watch

if TYPE_CHECKING:
    from trimtab.checks import Finding, check_fleet
    from trimtab.config import dump_fleet, json_schema, load_fleet, parse_fleet

__version__ = "0.1.0"

__all__ = [
    "Alarm",
    "Applied",
    "AwsSettings",
    "AzureSettings",
    "CallRetried",
    "Capacity",
    "ChangeEnded",
    "ChangeStarted",
    "Clock",
    "Cloud",
    "Datapoints",
    "Disk",
    "EndpointFound",
    "Event",
    "Finding",
    "Fleet",
    "FleetStatus",
    "GcpSettings",
    "GroupStatus",
    "HealthCheck",
    "Image",
    "ImportEffect",
    "ImportNote",
    "Imported",
    "InstanceTemplate",
    "LifecycleHook",
    "LiveGroup",
    "LoadBalancer",
    "ManualClock",
    "Metric",
    "MetricQuery",
    "MetricValue",
    "Outcome",
    "Pause",
    "Placement",
    "Plan",
    "PredictivePolicy",
    "Purchase",
    "ScalingGroup",
    "Schedule",
    "SimplePolicy",
    "SizeOption",
    "Step",
    "StepPolicy",
    "SystemClock",
    "TargetTrackingPolicy",
    "Waiting",
    "WarmPool",
    "Watch",
    "check_fleet",
    "check_saved",
    "connect",
    "dump_fleet",
    "errors",
    "hours",
    "json_schema",
    "load_fleet",
    "metrics",
    "minutes",
    "parse_fleet",
    "seconds",
]


def seconds(number: int) -> timedelta:
    """A duration of `number` seconds."""
    return timedelta(seconds=number)


def minutes(number: int) -> timedelta:
    """A duration of `number` minutes."""
    return timedelta(minutes=number)


def hours(number: int) -> timedelta:
    """A duration of `number` hours."""
    return timedelta(hours=number)


def __getattr__(name: str) -> Any:
    if name in ("dump_fleet", "json_schema", "load_fleet", "parse_fleet"):  # reads YAML, which not everybody needs
        from trimtab import config

        return getattr(config, name)
    if name in ("Finding", "check_fleet"):
        from trimtab import checks

        return getattr(checks, name)
    raise AttributeError(f"module 'trimtab' has no attribute {name!r}")
