"""The words of the model: frozen values, checked when they are made."""

from trimtab.models.alarm import Alarm, Comparison, MissingData
from trimtab.models.fleet import Fleet, Position
from trimtab.models.group import Capacity, HealthCheck, LoadBalancer, Placement, ScalingGroup
from trimtab.models.metric import Metric, MetricSource, Unit
from trimtab.models.policy import (
    MaximumBreach,
    Policy,
    PredictiveMode,
    PredictivePolicy,
    SimplePolicy,
    Step,
    StepPolicy,
    TargetTrackingPolicy,
)
from trimtab.models.purchase import Purchase, SizeOption, SpotStrategy
from trimtab.models.schedule import Schedule
from trimtab.models.template import Disk, DiskType, Image, InstanceTemplate
from trimtab.providers.aws.settings import AwsProcess, AwsSettings, LifecycleHook, WarmPool
from trimtab.providers.azure.settings import AzureSettings
from trimtab.providers.gcp.settings import GcpSettings

__all__ = [
    "Alarm",
    "AwsProcess",
    "AwsSettings",
    "AzureSettings",
    "Capacity",
    "Comparison",
    "Disk",
    "DiskType",
    "Fleet",
    "GcpSettings",
    "HealthCheck",
    "Image",
    "InstanceTemplate",
    "LifecycleHook",
    "LoadBalancer",
    "MaximumBreach",
    "Metric",
    "MetricSource",
    "MissingData",
    "Placement",
    "Policy",
    "Position",
    "PredictiveMode",
    "PredictivePolicy",
    "Purchase",
    "ScalingGroup",
    "Schedule",
    "SimplePolicy",
    "SizeOption",
    "SpotStrategy",
    "Step",
    "StepPolicy",
    "TargetTrackingPolicy",
    "Unit",
    "WarmPool",
]
