"""The words of the model: frozen values, checked when they are made."""

from trimtab.models.alarm import Alarm, Comparison, MissingData, Severity
from trimtab.models.connect import ConnectSettings, EnvironmentVariable, HaproxyBalancer, SourceSettings
from trimtab.models.fleet import Fleet, Position
from trimtab.models.group import Capacity, HealthCheck, LoadBalancer, Placement, ScalingGroup
from trimtab.models.limits import LoadtestSettings, PlanLimits
from trimtab.models.metric import Metric, MetricSource, Unit
from trimtab.models.policy import (
    MaximumBreach,
    Policy,
    PredictiveMode,
    PredictivePolicy,
    PythonPolicy,
    SimplePolicy,
    Step,
    StepPolicy,
    TargetTrackingPolicy,
)
from trimtab.models.purchase import Purchase, SizeOption, SpotStrategy
from trimtab.models.rollout import (
    AlarmGate,
    BalancerGate,
    Checkpoint,
    CommandGate,
    Gate,
    HealthGate,
    HttpGate,
    MetricGate,
    Rollout,
)
from trimtab.models.schedule import Schedule
from trimtab.models.template import CountRange, Disk, DiskType, Image, InstanceTemplate, MemoryRange, SizeRequirement
from trimtab.providers.aws.settings import (
    AwsProcess,
    AwsSettings,
    InstanceMaintenance,
    LifecycleHook,
    ScalingNotification,
    WarmPool,
)
from trimtab.providers.azure.settings import AzureSettings
from trimtab.providers.gcp.settings import GcpSettings

__all__ = [
    "Alarm",
    "AlarmGate",
    "AwsProcess",
    "AwsSettings",
    "AzureSettings",
    "BalancerGate",
    "Capacity",
    "Checkpoint",
    "CommandGate",
    "Comparison",
    "ConnectSettings",
    "CountRange",
    "Disk",
    "DiskType",
    "EnvironmentVariable",
    "Fleet",
    "Gate",
    "GcpSettings",
    "HaproxyBalancer",
    "HealthCheck",
    "HealthGate",
    "HttpGate",
    "Image",
    "InstanceMaintenance",
    "InstanceTemplate",
    "LifecycleHook",
    "LoadBalancer",
    "LoadtestSettings",
    "MaximumBreach",
    "MemoryRange",
    "Metric",
    "MetricGate",
    "MetricSource",
    "MissingData",
    "Placement",
    "PlanLimits",
    "Policy",
    "Position",
    "PredictiveMode",
    "PredictivePolicy",
    "Purchase",
    "PythonPolicy",
    "Rollout",
    "ScalingGroup",
    "ScalingNotification",
    "Schedule",
    "Severity",
    "SimplePolicy",
    "SizeOption",
    "SizeRequirement",
    "SourceSettings",
    "SpotStrategy",
    "Step",
    "StepPolicy",
    "TargetTrackingPolicy",
    "Unit",
    "WarmPool",
]
