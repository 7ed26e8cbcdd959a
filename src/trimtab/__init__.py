"""One autoscaling API for AWS Auto Scaling, Azure VM Scale Sets and Google Cloud managed instance groups."""

from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from trimtab import errors, metrics
from trimtab.clock import Clock, ManualClock, SystemClock
from trimtab.models import (
    Alarm,
    AlarmGate,
    AwsProcess,
    AwsSettings,
    AzureSettings,
    BalancerGate,
    Capacity,
    Checkpoint,
    CommandGate,
    Comparison,
    ConnectSettings,
    CountRange,
    Disk,
    DiskType,
    EnvironmentVariable,
    Fleet,
    Gate,
    GcpSettings,
    HaproxyBalancer,
    HealthCheck,
    HealthGate,
    HttpGate,
    Image,
    InstanceMaintenance,
    InstanceTemplate,
    LifecycleHook,
    LoadBalancer,
    LoadtestSettings,
    MaximumBreach,
    MemoryRange,
    Metric,
    MetricGate,
    MetricSource,
    MissingData,
    Placement,
    PlanLimits,
    Policy,
    Position,
    PredictiveMode,
    PredictivePolicy,
    Purchase,
    PythonPolicy,
    Rollout,
    ScalingGroup,
    ScalingNotification,
    Schedule,
    Severity,
    SimplePolicy,
    SizeOption,
    SizeRequirement,
    SourceSettings,
    SpotStrategy,
    Step,
    StepPolicy,
    TargetTrackingPolicy,
    Unit,
    WarmPool,
)

if TYPE_CHECKING:
    from trimtab.checks import Finding, check_fleet
    from trimtab.config import dump_fleet, json_schema, load_fleet, parse_fleet
    from trimtab.controller import Controller, GroupTick, Tick, TickOutcome
    from trimtab.controller.comparing import DifferenceKind, Episode
    from trimtab.controller.events import ControllerEvent, ControllerEventKind
    from trimtab.controller.results import MixTick
    from trimtab.drills import Drill, DrillCheck, DrillResult, DrillVerdict
    from trimtab.drills.drilling import drill
    from trimtab.engine.first_seen import FirstSeen
    from trimtab.engine.functions import PolicyFunction, policy
    from trimtab.engine.timetable import InForce
    from trimtab.engine.values import History, Observation, Recommendation
    from trimtab.events import (
        ApplyEnded,
        ApplyStarted,
        CallEnded,
        CallRetried,
        CallStarted,
        ChangeEnded,
        ChangeStarted,
        EndpointFound,
        Event,
        Listener,
        PlanEnded,
        PlanStarted,
        RolloutMoved,
        Waiting,
    )
    from trimtab.explaining import (
        Diagnosis,
        DiagnosisCause,
        ExplainedMinute,
        Explanation,
        Symptom,
        TimelineEntry,
        TimelineKind,
    )
    from trimtab.haproxy import HaproxySync, SyncedBackend
    from trimtab.hooks import (
        GuestHooks,
        HandledHook,
        HookConsumer,
        HookOutcome,
        ansible_playbook,
        drain_handlers,
        on_launch,
        on_terminate,
    )
    from trimtab.kpis.card import Kpi, KpiOptions, Kpis, KpiTarget
    from trimtab.kpis.prices import Prices
    from trimtab.kpis.requirements import Requirement, RequirementResult
    from trimtab.loadtests import LoadTest, ScaleOut, SizeAgreement
    from trimtab.loadtests.running import judge_loadtest, loadtest
    from trimtab.loadtests.series import LoadTestSeries
    from trimtab.loadtests.watching import LoadTestSizes
    from trimtab.plan import Action, Change, FieldChange, Key, Note, Plan, Reason, Unknown
    from trimtab.plan.plan import PlanRequest
    from trimtab.plan.saved import check_saved
    from trimtab.providers.aws.settings import AwsNative
    from trimtab.providers.azure.settings import AzureNative
    from trimtab.providers.base import Activity, AlarmState, Failure, GroupState, Instance, InstanceState, Short
    from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
    from trimtab.providers.gcp.settings import GcpNative
    from trimtab.providers.hooks import HookKind, HookNotice, HookResult, HookTransition
    from trimtab.providers.importing import Imported, ImportEffect, ImportNote
    from trimtab.providers.pause import Boost, Pause
    from trimtab.providers.run import RolledBack, RolloutPhase, RolloutRun
    from trimtab.rollout import GroupRollout, Rolled, RolloutFailed, RolloutOutcome, Rollouts
    from trimtab.rollout.async_rollouts import AsyncRollouts
    from trimtab.runtime.apply import Applied, Outcome
    from trimtab.runtime.async_cloud import AsyncCloud, AsyncLiveGroup, AsyncWatch, connect_async
    from trimtab.runtime.cloud import Cloud
    from trimtab.runtime.connection import connect
    from trimtab.runtime.group import LiveGroup
    from trimtab.runtime.policies import load_policies
    from trimtab.runtime.status import FleetStatus, GroupStatus
    from trimtab.runtime.watch import Watch
    from trimtab.simulation.calibrating import calibrate
    from trimtab.simulation.calibration import Calibration, Estimate, PastError
    from trimtab.simulation.comparing import KpiDifference, PairedComparison, compare
    from trimtab.simulation.load import Load
    from trimtab.simulation.model import FleetModel, Shortage
    from trimtab.simulation.rehearsal import GroupRehearsal, Rehearsal
    from trimtab.simulation.results import SimulatedDecision, Simulation
    from trimtab.simulation.run import Decided, SimulatedRun
    from trimtab.simulation.simulating import simulate, simulate_many
    from trimtab.sources import Source
    from trimtab.store import open_store
    from trimtab.store.records import (
        DecisionRecord,
        GroupKey,
        Intent,
        IntentStatus,
        Lease,
        RolloutRecord,
        SavedState,
        Store,
        TickRecord,
    )
    from trimtab.store.sql_store import SqlStore

__version__ = "0.1.0"

__all__ = [
    "Action",
    "Activity",
    "Alarm",
    "AlarmGate",
    "AlarmState",
    "Applied",
    "ApplyEnded",
    "ApplyStarted",
    "AsyncCloud",
    "AsyncLiveGroup",
    "AsyncRollouts",
    "AsyncWatch",
    "AwsNative",
    "AwsProcess",
    "AwsSettings",
    "AzureNative",
    "AzureSettings",
    "BalancerGate",
    "Boost",
    "Calibration",
    "CallEnded",
    "CallRetried",
    "CallStarted",
    "Capacity",
    "Change",
    "ChangeEnded",
    "ChangeStarted",
    "Checkpoint",
    "Clock",
    "Cloud",
    "CommandGate",
    "Comparison",
    "ConnectSettings",
    "Controller",
    "ControllerEvent",
    "ControllerEventKind",
    "CountRange",
    "Datapoints",
    "Decided",
    "DecisionRecord",
    "Diagnosis",
    "DiagnosisCause",
    "DifferenceKind",
    "Disk",
    "DiskType",
    "Drill",
    "DrillCheck",
    "DrillResult",
    "DrillVerdict",
    "EndpointFound",
    "EnvironmentVariable",
    "Episode",
    "Estimate",
    "Event",
    "ExplainedMinute",
    "Explanation",
    "Failure",
    "FieldChange",
    "Finding",
    "FirstSeen",
    "Fleet",
    "FleetModel",
    "FleetStatus",
    "Gate",
    "GcpNative",
    "GcpSettings",
    "GroupKey",
    "GroupRehearsal",
    "GroupRollout",
    "GroupState",
    "GroupStatus",
    "GroupTick",
    "GuestHooks",
    "HandledHook",
    "HaproxyBalancer",
    "HaproxySync",
    "HealthCheck",
    "HealthGate",
    "History",
    "HookConsumer",
    "HookKind",
    "HookNotice",
    "HookOutcome",
    "HookResult",
    "HookTransition",
    "HttpGate",
    "Image",
    "ImportEffect",
    "ImportNote",
    "Imported",
    "InForce",
    "Instance",
    "InstanceMaintenance",
    "InstanceState",
    "InstanceTemplate",
    "Intent",
    "IntentStatus",
    "Key",
    "Kpi",
    "KpiDifference",
    "KpiOptions",
    "KpiTarget",
    "Kpis",
    "Lease",
    "LifecycleHook",
    "Listener",
    "LiveGroup",
    "Load",
    "LoadBalancer",
    "LoadTest",
    "LoadTestSeries",
    "LoadTestSizes",
    "LoadtestSettings",
    "ManualClock",
    "MaximumBreach",
    "MemoryRange",
    "Metric",
    "MetricGate",
    "MetricQuery",
    "MetricSource",
    "MetricValue",
    "MissingData",
    "MixTick",
    "Note",
    "Observation",
    "Outcome",
    "PairedComparison",
    "PastError",
    "Pause",
    "Placement",
    "Plan",
    "PlanEnded",
    "PlanLimits",
    "PlanRequest",
    "PlanStarted",
    "Policy",
    "PolicyFunction",
    "Position",
    "PredictiveMode",
    "PredictivePolicy",
    "Prices",
    "Purchase",
    "PythonPolicy",
    "Reason",
    "Recommendation",
    "Rehearsal",
    "Requirement",
    "RequirementResult",
    "Rolled",
    "RolledBack",
    "Rollout",
    "RolloutFailed",
    "RolloutMoved",
    "RolloutOutcome",
    "RolloutPhase",
    "RolloutRecord",
    "RolloutRun",
    "Rollouts",
    "SavedState",
    "ScaleOut",
    "ScalingGroup",
    "ScalingNotification",
    "Schedule",
    "Severity",
    "Short",
    "Shortage",
    "SimplePolicy",
    "SimulatedDecision",
    "SimulatedRun",
    "Simulation",
    "SizeAgreement",
    "SizeOption",
    "SizeRequirement",
    "Source",
    "SourceSettings",
    "SpotStrategy",
    "SqlStore",
    "Step",
    "StepPolicy",
    "Store",
    "Symptom",
    "SyncedBackend",
    "SystemClock",
    "TargetTrackingPolicy",
    "Tick",
    "TickOutcome",
    "TickRecord",
    "TimelineEntry",
    "TimelineKind",
    "Unit",
    "Unknown",
    "Waiting",
    "WarmPool",
    "Watch",
    "ansible_playbook",
    "calibrate",
    "check_fleet",
    "check_saved",
    "compare",
    "connect",
    "connect_async",
    "drain_handlers",
    "drill",
    "dump_fleet",
    "errors",
    "hours",
    "json_schema",
    "judge_loadtest",
    "load_fleet",
    "load_policies",
    "loadtest",
    "metrics",
    "minutes",
    "on_launch",
    "on_terminate",
    "open_store",
    "parse_fleet",
    "policy",
    "seconds",
    "simulate",
    "simulate_many",
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


_LATE = {
    "trimtab.providers.gcp.settings": ("GcpNative",),
    "trimtab.providers.azure.settings": ("AzureNative",),
    "trimtab.providers.aws.settings": ("AwsNative",),
    "trimtab.loadtests.watching": ("LoadTestSizes",),
    "trimtab.controller.comparing": ("Episode", "DifferenceKind"),
    "trimtab.controller.events": ("ControllerEvent", "ControllerEventKind"),
    "trimtab.controller.results": ("MixTick",),
    "trimtab.engine.timetable": ("InForce",),
    "trimtab.engine.first_seen": ("FirstSeen",),
    "trimtab.loadtests.series": ("LoadTestSeries",),
    "trimtab.plan.plan": ("PlanRequest",),
    "trimtab.providers.run": ("RolledBack", "RolloutRun", "RolloutPhase"),
    "trimtab.rollout.async_rollouts": ("AsyncRollouts",),
    "trimtab.simulation.run": ("SimulatedRun", "Decided"),
    "trimtab.store.sql_store": ("SqlStore",),
    "trimtab.checks": ("Finding", "check_fleet"),
    "trimtab.config": ("dump_fleet", "json_schema", "load_fleet", "parse_fleet"),
    "trimtab.drills": ("Drill", "DrillCheck", "DrillResult", "DrillVerdict"),
    "trimtab.drills.drilling": ("drill",),
    "trimtab.engine.functions": ("PolicyFunction", "policy"),
    "trimtab.engine.values": ("History", "Observation", "Recommendation"),
    "trimtab.events": (
        "ApplyEnded",
        "ApplyStarted",
        "CallEnded",
        "CallRetried",
        "CallStarted",
        "ChangeEnded",
        "ChangeStarted",
        "EndpointFound",
        "Event",
        "Listener",
        "PlanEnded",
        "PlanStarted",
        "RolloutMoved",
        "Waiting",
    ),
    "trimtab.haproxy": ("HaproxySync", "SyncedBackend"),
    "trimtab.hooks": (
        "GuestHooks",
        "HandledHook",
        "HookConsumer",
        "HookOutcome",
        "ansible_playbook",
        "drain_handlers",
        "on_launch",
        "on_terminate",
    ),
    "trimtab.explaining": (
        "Diagnosis",
        "DiagnosisCause",
        "ExplainedMinute",
        "Explanation",
        "Symptom",
        "TimelineEntry",
        "TimelineKind",
    ),
    "trimtab.loadtests": ("LoadTest", "ScaleOut", "SizeAgreement"),
    "trimtab.loadtests.running": ("judge_loadtest", "loadtest"),
    "trimtab.plan": ("Action", "Change", "FieldChange", "Key", "Note", "Reason", "Unknown", "Plan"),
    "trimtab.plan.saved": ("check_saved",),
    "trimtab.providers.base": ("Activity", "AlarmState", "Failure", "GroupState", "Instance", "InstanceState", "Short"),
    "trimtab.providers.datapoints": ("Datapoints", "MetricQuery", "MetricValue"),
    "trimtab.providers.hooks": ("HookKind", "HookNotice", "HookResult", "HookTransition"),
    "trimtab.providers.importing": ("ImportEffect", "ImportNote", "Imported"),
    "trimtab.providers.pause": ("Boost", "Pause"),
    "trimtab.rollout": ("GroupRollout", "Rolled", "RolloutFailed", "RolloutOutcome", "Rollouts"),
    "trimtab.runtime.apply": ("Applied", "Outcome"),
    "trimtab.runtime.async_cloud": ("AsyncCloud", "AsyncLiveGroup", "AsyncWatch", "connect_async"),
    "trimtab.runtime.cloud": ("Cloud",),
    "trimtab.runtime.connection": ("connect",),
    "trimtab.runtime.group": ("LiveGroup",),
    "trimtab.runtime.policies": ("load_policies",),
    "trimtab.runtime.status": ("FleetStatus", "GroupStatus"),
    "trimtab.runtime.watch": ("Watch",),
    "trimtab.kpis.card": ("Kpi", "KpiOptions", "KpiTarget", "Kpis"),
    "trimtab.kpis.prices": ("Prices",),
    "trimtab.simulation.calibrating": ("calibrate",),
    "trimtab.simulation.calibration": ("Calibration", "Estimate", "PastError"),
    "trimtab.kpis.requirements": ("RequirementResult", "Requirement"),
    "trimtab.simulation.comparing": ("KpiDifference", "PairedComparison", "compare"),
    "trimtab.simulation.load": ("Load",),
    "trimtab.simulation.model": ("FleetModel", "Shortage"),
    "trimtab.simulation.rehearsal": ("GroupRehearsal", "Rehearsal"),
    "trimtab.simulation.results": ("SimulatedDecision", "Simulation"),
    "trimtab.simulation.simulating": ("simulate", "simulate_many"),
    "trimtab.controller": ("Controller", "GroupTick", "Tick", "TickOutcome"),
    "trimtab.sources": ("Source",),
    "trimtab.store": ("open_store",),
    "trimtab.store.records": (
        "Store",
        "DecisionRecord",
        "GroupKey",
        "Intent",
        "IntentStatus",
        "Lease",
        "RolloutRecord",
        "SavedState",
        "TickRecord",
    ),
}
"""What is loaded with the first use of one of its names: whoever only declares a fleet needs the models alone."""
_MODULES = {name: module for module, names in _LATE.items() for name in names}


_EXTRAS = {"numpy": "sim", "sqlalchemy": "sql"}
"""The extra that brings a library which few names need."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        # name and module have Python guess what was meant
        raise AttributeError(f"module 'trimtab' has no attribute {name!r}", name=name, obj=import_module("trimtab"))
    try:
        module = import_module(_MODULES[name])
    except ModuleNotFoundError as missing:
        extra = _EXTRAS.get((missing.name or "").partition(".")[0])
        if extra is None:
            raise
        raise import_module("trimtab.errors").MissingExtra(f"trimtab.{name}", extra) from missing
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
