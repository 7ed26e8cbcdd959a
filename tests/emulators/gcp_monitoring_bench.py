"""What the tests of Cloud Monitoring share: the service by itself, and Google's own clients of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.monitoring_v3 import AlertPolicyServiceClient, MetricServiceClient, NotificationChannelServiceClient
from google.cloud.monitoring_v3.services.alert_policy_service.transports import AlertPolicyServiceGrpcTransport
from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport
from google.cloud.monitoring_v3.services.notification_channel_service.transports import (
    NotificationChannelServiceGrpcTransport,
)

from trimtab.emulators.gcp.monitoring import MonitoringCall, MonitoringServer
from trimtab.emulators.gcp.monitoring_world import MonitoringWorld
from trimtab.emulators.shared.calls import EmulatorReply
from trimtab.emulators.shared.clock import EmulatorClock
from trimtab.emulators.shared.control import Door
from trimtab.emulators.shared.doors import ControlClient
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.serving import Emulator
from trimtab.emulators.shared.timers import Timers

START = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PROJECT = "projects/trimtab"
CPU = "compute.googleapis.com/instance/cpu/utilization"


class MonitoringTimers(Timers):
    def __init__(self, clock: EmulatorClock) -> None:
        super().__init__(clock)
        self.monitoring = MonitoringWorld(self, "trimtab")

    def wipe(self) -> None:
        super().wipe()
        self.monitoring.wipe()

    def went_back(self) -> None:
        self.monitoring.rearm()


class MonitoringAlone(Emulator[MonitoringCall, MonitoringTimers]):
    """Cloud Monitoring without a Compute Engine beside it."""

    defaults: Mapping[str, float] = {}

    @property
    def monitoring(self) -> MonitoringWorld:
        return self._world.monitoring

    @property
    def environment(self) -> dict[str, str]:
        return {}

    def make_world(self) -> MonitoringTimers:
        return MonitoringTimers(self.clock)

    def more_doors(self, world: MonitoringTimers) -> Mapping[tuple[str, str], Door]:
        return {("GET", "incidents"): lambda _: world.monitoring.incidents}

    def read(self, environ: dict[str, Any]) -> MonitoringCall:
        raise NotImplementedError("there is nothing over HTTP")

    def handle(self, request: MonitoringCall) -> EmulatorReply:
        return request.handle()

    def failure(self, request: MonitoringCall, error: ServiceError) -> EmulatorReply:
        return request.failure(error)

    def nothing(self, request: MonitoringCall) -> EmulatorReply:
        return request.nothing()

    def throttled(self, request: MonitoringCall) -> ServiceError:
        return request.throttled()

    def denied(self, request: MonitoringCall) -> ServiceError:
        return request.denied()

    def broken(self, request: MonitoringCall) -> ServiceError:
        return request.broken()

    def missing(self, request: MonitoringCall, text: str) -> ServiceError:
        return ServiceError("UNIMPLEMENTED", text, 501)

    def measure(self, region: str | None, point: Mapping[str, Any]) -> dict[str, Any]:
        at = datetime.fromisoformat(point["at"])
        labels = {"instance_id": str(point["dimensions"].get("instance", "1")), "zone": "us-central1-a"}
        group = {"instance_group": str(point["dimensions"].get("group", "web"))}
        self.monitoring.measure(point["metric"], {}, "gce_instance", labels, at, point["value"], system_labels=group)
        return dict(point)


@dataclass
class Bench:
    emulator: MonitoringAlone
    metrics: MetricServiceClient
    alerts: AlertPolicyServiceClient
    channels: NotificationChannelServiceClient

    @property
    def doors(self) -> ControlClient:
        return self.emulator.doors

    @property
    def world(self) -> MonitoringWorld:
        return self.emulator.monitoring

    @property
    def now(self) -> datetime:
        return self.emulator.clock.now()

    def push(self, value: float, *, metric: str = CPU, **dimensions: str) -> None:
        """One value now, of an instance."""
        self.emulator.push_metrics(
            None, [{"namespace": "", "metric": metric, "value": value, "dimensions": dimensions}]
        )

    def pass_minutes(self, minutes: int = 1) -> None:
        self.doors.advance(minutes * MINUTE)

    def incidents(self) -> list[dict[str, Any]]:
        return self.world.incidents


def clients_for(
    endpoint: str,
) -> tuple[Any, MetricServiceClient, AlertPolicyServiceClient, NotificationChannelServiceClient]:
    channel = grpc.insecure_channel(endpoint)
    return (
        channel,
        MetricServiceClient(transport=MetricServiceGrpcTransport(channel=channel)),
        AlertPolicyServiceClient(transport=AlertPolicyServiceGrpcTransport(channel=channel)),
        NotificationChannelServiceClient(transport=NotificationChannelServiceGrpcTransport(channel=channel)),
    )


def refusal(call: Callable[..., Any], *args: Any, **given: Any) -> tuple[str, str]:
    """The gRPC status and the sentence with which a call is refused."""
    with pytest.raises(GoogleAPICallError) as caught:
        call(*args, **given)
    assert caught.value.grpc_status_code is not None
    return caught.value.grpc_status_code.name, str(caught.value.message)


def interval(since: datetime, until: datetime) -> dict[str, Any]:
    return {"start_time": since, "end_time": until}


def seconds(number: int) -> dict[str, int]:
    return {"seconds": number}


def threshold(**given: Any) -> dict[str, Any]:
    """A condition on the CPU of the group `web`, over 80 per cent for three minutes unless told otherwise."""
    return {
        "filter": f'metric.type = "{CPU}" AND resource.type = "gce_instance" '
        'AND metadata.system_labels.instance_group = "web"',
        "comparison": "COMPARISON_GT",
        "threshold_value": 0.8,
        "duration": seconds(180),
        "aggregations": [{"alignment_period": seconds(60), "per_series_aligner": "ALIGN_MEAN"}],
        **given,
    }


def policy(*conditions: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    found = conditions or (threshold(),)
    return {
        "display_name": "web busy",
        "combiner": "OR",
        "conditions": [{"display_name": "cpu", "condition_threshold": one} for one in found],
        **given,
    }


__all__ = ["Bench", "MonitoringAlone", "MonitoringServer", "clients_for"]
