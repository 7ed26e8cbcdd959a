"""
The project that the examples run on: an emulated one (`--emulator`), or a real one (`--project NAME`).

A real project is never touched by accident: one of the two has to be said. Credentials are the application's default,
the region comes from `CLOUDSDK_COMPUTE_REGION`.
"""

import argparse
import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import google.auth
import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1, monitoring_v3
from google.cloud.monitoring_v3.services.alert_policy_service.transports import AlertPolicyServiceGrpcTransport

import trimtab as tt
from trimtab.emulators import GcpEmulator
from trimtab.testing import GcpTestCloud

FLEET = Path(__file__).parents[1] / "virtualmin" / "fleet.yaml"
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
LOCATION = GcpTestCloud.location


class Account:
    """A project of Google Cloud, emulated on this machine or real."""

    provider = "gcp"

    def __init__(self, emulator: GcpEmulator | None = None, *, project: str = "") -> None:
        self.emulated = GcpTestCloud(emulator) if emulator else None
        self.project = emulator.project if emulator else project
        if self.emulated:
            self.emulated.emulator.doors.set_clock(MONDAY, freeze=True)
            self.emulated.emulator.furnish()

    @classmethod
    def open(cls, about: str | None) -> "Opened":
        """The project that the command line asks for, as a context manager."""
        parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--emulator", action="store_true", help="on this machine, without a project")
        where.add_argument("--project", help="in your project, where it costs money")
        given = parser.parse_args()
        return Opened(cls, None if given.emulator else given.project)

    def connect(self, **settings: Any) -> tt.Cloud:
        """A connection of trimtab's."""
        if self.emulated:
            return self.emulated.connect(**settings)
        return tt.connect("gcp", project=self.project, **settings)

    def client(self, kind: Any) -> Any:
        """One of Compute Engine's own clients, for what an example does behind trimtab's back."""
        if self.emulated:
            options = {"api_endpoint": self.emulated.emulator.endpoint}
            return kind(credentials=AnonymousCredentials(), client_options=options)
        return kind(credentials=google.auth.default()[0])

    def alert_policies(self) -> monitoring_v3.AlertPolicyServiceClient:
        """Cloud Monitoring's own client for alert policies."""
        if self.emulated:
            channel = grpc.insecure_channel(self.emulated.emulator.monitoring_endpoint)
            return monitoring_v3.AlertPolicyServiceClient(transport=AlertPolicyServiceGrpcTransport(channel=channel))
        return monitoring_v3.AlertPolicyServiceClient()

    @property
    def variables(self) -> dict[str, str]:
        """The environment that the fleet file is read with: its service account is one of this project."""
        return {} if self.emulated else {**os.environ, "GOOGLE_CLOUD_PROJECT": self.project}

    def pass_time(self, duration: timedelta) -> None:
        """Let time pass: at once in the emulator, as it does in a real project."""
        if self.emulated:
            self.emulated.clock.advance(duration)
        else:
            time.sleep(duration.total_seconds())

    def load(self, group: str, cpu: float) -> None:
        """Have instances report so much CPU, and memory and requests to match, in the emulator; real ones measure."""
        if self.emulated:
            measured = {tt.metrics.cpu: cpu, tt.metrics.memory: 0.8 * cpu, tt.metrics.requests_per_instance: 5 * cpu}
            for metric, value in measured.items():
                self.report(metric, group, value)

    def report(self, metric: tt.Metric, group: str, value: float) -> None:
        """Have each instance report a metric for two minutes, in the emulator; real ones report by themselves."""
        if self.emulated:
            self.emulated.push(metric, group=group, value=value, minutes=2)

    def drift(self) -> None:
        """Somebody changes three things by hand: a target, an initialization period, an alert's threshold."""
        scalers = self.client(compute_v1.RegionAutoscalersClient)
        where = {"project": self.project, "region": LOCATION}
        web, api = (scalers.get(**where, autoscaler=f"virtualmin-pro-cluster-{name}") for name in ("web", "api"))
        web.autoscaling_policy.cpu_utilization.utilization_target = 0.95
        api.autoscaling_policy.cool_down_period_sec = 900
        for scaler in (web, api):
            scalers.update_unary({**where, "autoscaler": scaler.name, "autoscaler_resource": scaler})
        policies = self.alert_policies()
        for policy in policies.list_alert_policies(name=f"projects/{self.project}"):
            if policy.display_name == "virtualmin-pro-cluster-web-high-error-rate":
                policy.conditions[0].condition_threshold.threshold_value = 95
                policies.update_alert_policy(alert_policy=policy)

    def what_is_left(self) -> list[str]:
        """Names of all groups, autoscalers, templates and alert policies that exist."""
        where = {"project": self.project, "region": LOCATION}
        lists = (
            self.client(compute_v1.RegionInstanceGroupManagersClient).list(**where),
            self.client(compute_v1.RegionAutoscalersClient).list(**where),
            self.client(compute_v1.InstanceTemplatesClient).list(project=self.project),
            self.alert_policies().list_alert_policies(name=f"projects/{self.project}"),
        )
        return [str(item.name) for found in lists for item in found]


class Opened:
    """A project while it is used."""

    def __init__(self, kind: type[Account], project: str | None) -> None:
        self._kind, self._project = kind, project
        self._stack = ExitStack()

    def __enter__(self) -> Account:
        if self._project is not None:
            return self._kind(project=self._project)
        return self._kind(self._stack.enter_context(GcpEmulator()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
