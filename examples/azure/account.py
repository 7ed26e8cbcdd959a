"""
The subscription that the examples run on: an emulated one (`--emulator`), or a real one (`--resource-group NAME`).

A real subscription is never touched by accident: one of the two has to be said. Credentials come from
`DefaultAzureCredential`, the subscription from `AZURE_SUBSCRIPTION_ID`, the location from `AZURE_DEFAULTS_LOCATION`.
"""

import argparse
import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.monitor import MonitorManagementClient

import trimtab as tt
from trimtab.emulators import AzureEmulator
from trimtab.testing import AzureTestCloud

FLEET = Path(__file__).parents[1] / "virtualmin" / "fleet.yaml"
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


class _PlainHttp(SansIOHTTPPolicy):
    """Lets the SDK speak http to the emulator on this machine."""

    def on_request(self, request: Any) -> None:
        """Ask for no TLS."""
        request.context.options["enforce_https"] = False


class Account:
    """A resource group of an Azure subscription, emulated on this machine or real."""

    provider = "azure"

    def __init__(self, emulator: AzureEmulator | None = None, *, resource_group: str = "") -> None:
        self.emulated = AzureTestCloud(emulator) if emulator else None
        self.resource_group = AzureTestCloud.resource_group if emulator else resource_group
        if self.emulated:
            self.emulated.emulator.doors.set_clock(MONDAY, freeze=True)
            self.emulated.emulator.furnish()

    @classmethod
    def open(cls, about: str | None) -> "Opened":
        """The subscription that the command line asks for, as a context manager."""
        parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--emulator", action="store_true", help="on this machine, without a subscription")
        where.add_argument("--resource-group", help="in your subscription, where it costs money")
        given = parser.parse_args()
        return Opened(cls, None if given.emulator else given.resource_group)

    def connect(self, **settings: Any) -> tt.Cloud:
        """A connection of trimtab's."""
        if self.emulated:
            return self.emulated.connect(**settings)
        return tt.connect("azure", resource_group=self.resource_group, **settings)

    @property
    def compute(self) -> ComputeManagementClient:
        """The SDK's own client for scale sets, for what an example does behind trimtab's back."""
        return ComputeManagementClient(*self._identity, **self._options)

    @property
    def monitor(self) -> MonitorManagementClient:
        """The SDK's own client for autoscale settings and alerts."""
        return MonitorManagementClient(*self._identity, **self._options)

    @property
    def _identity(self) -> tuple[Any, str]:
        if self.emulated:
            return self.emulated.credential, self.emulated.emulator.subscription
        from azure.identity import DefaultAzureCredential

        return DefaultAzureCredential(), os.environ["AZURE_SUBSCRIPTION_ID"]

    @property
    def _options(self) -> dict[str, Any]:
        if not self.emulated:
            return {}
        emulator = self.emulated.emulator
        return {"base_url": emulator.endpoint, "per_call_policies": [_PlainHttp()], "polling_interval": 0}

    @property
    def variables(self) -> dict[str, str]:
        """The environment that the fleet file is read with."""
        return {} if self.emulated else {**os.environ}

    def pass_time(self, duration: timedelta) -> None:
        """Let time pass: at once in the emulator, as it does in a real subscription."""
        if self.emulated:
            self.emulated.clock.advance(duration)
        else:
            time.sleep(duration.total_seconds())

    def load(self, group: str, cpu: float) -> None:
        """Have instances report so much CPU, and memory and requests to match, in the emulator; real ones measure."""
        if self.emulated:
            measured = {tt.metrics.cpu: cpu, tt.metrics.memory: 0.8 * cpu, tt.metrics.requests_per_instance: 5 * cpu}
            for metric, value in measured.items():
                self.emulated.push(metric, group=group, value=value)

    def subnet(self) -> str:
        """The id of the subnet that the examples' groups are in."""
        return f"{self._path('virtualNetworks')}/virtualmin/subnets/private"

    def _path(self, kind: str) -> str:
        subscription = self._identity[1]
        home = f"/subscriptions/{subscription}/resourceGroups/{self.resource_group}"
        return f"{home}/providers/Microsoft.Network/{kind}"

    def drift(self) -> None:
        """Somebody changes three things by hand: a rule's threshold, a rule's cooldown, a tag."""
        monitor, sets = self.monitor, self.compute.virtual_machine_scale_sets
        for name, change in (("web", _hotter), ("api", _slower)):
            native = f"virtualmin-pro-cluster-{name}"
            setting = monitor.autoscale_settings.get(self.resource_group, native)
            change(setting.profiles[0].rules[0])
            monitor.autoscale_settings.create_or_update(self.resource_group, native, setting)
        native = "virtualmin-pro-cluster-web"
        tags = dict(sets.get(self.resource_group, native).tags or {}) | {"environment": "staging"}
        sets.begin_update(self.resource_group, native, {"tags": tags}).result()

    def what_is_left(self) -> list[str]:
        """Names of all scale sets, settings, alerts and action groups that exist."""
        monitor, group = self.monitor, self.resource_group
        lists = (
            self.compute.virtual_machine_scale_sets.list(group),
            monitor.autoscale_settings.list_by_resource_group(group),
            monitor.metric_alerts.list_by_resource_group(group),
            monitor.action_groups.list_by_resource_group(group),
        )
        return [str(item.name) for found in lists for item in found]


def _hotter(rule: Any) -> None:
    rule.metric_trigger.threshold = 25


def _slower(rule: Any) -> None:
    rule.scale_action.cooldown = timedelta(minutes=15)


class Opened:
    """A subscription while it is used."""

    def __init__(self, kind: type[Account], resource_group: str | None) -> None:
        self._kind, self._resource_group = kind, resource_group
        self._stack = ExitStack()

    def __enter__(self) -> Account:
        if self._resource_group is not None:
            return self._kind(resource_group=self._resource_group)
        return self._kind(self._stack.enter_context(AzureEmulator()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
