"""What the tests of the Azure emulator share: clients, a network, a scale set to start from, error codes."""

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.monitor.models import (
    ActionGroupResource,
    AutoscaleSettingResource,
    MetricAlertResource,
)

from trimtab.emulators import AzureEmulator, ControlClient

START = datetime(2026, 1, 5, tzinfo=UTC)
GROUP = "shop"
CPU = "Percentage CPU"
SET_KIND = "Microsoft.Compute/virtualMachineScaleSets"
KEY = {"path": "/home/azureuser/.ssh/authorized_keys", "keyData": "ssh-ed25519 AAAA"}


class AllowHttp(SansIOHTTPPolicy[Any, Any]):
    """The SDK's own check of who asks, over plain http on loopback."""

    def on_request(self, request: Any) -> None:
        request.context.options["enforce_https"] = False


class Token:
    def get_token(self, *scopes: str, **given: Any) -> AccessToken:
        return AccessToken("trimtab", 2**31)


def clients_for(emulator: AzureEmulator, **given: Any) -> tuple[ComputeManagementClient, MonitorManagementClient]:
    options = {"base_url": emulator.endpoint, "polling_interval": 0, "retry_total": 0, **given}
    return (
        ComputeManagementClient(Token(), emulator.subscription, per_call_policies=[AllowHttp()], **options),
        MonitorManagementClient(Token(), emulator.subscription, per_call_policies=[AllowHttp()], **options),
    )


def usual_version(path: str) -> str:
    """A version of the API that a path is of."""
    usual = {"network": "2024-05-01", "managedidentity": "2023-01-31", "insights": "2022-10-01"}
    return next((version for name, version in usual.items() if f"microsoft.{name}/" in path.lower()), "2024-11-01")


@dataclass
class Reply:
    status: int
    headers: Mapping[str, str]
    body: Any


def code(call: Callable[..., Any], *args: Any, **given: Any) -> str:
    """The error code with which a call is refused."""
    return failure(call, *args, **given).error.code


def failure(call: Callable[..., Any], *args: Any, **given: Any) -> Any:
    with pytest.raises(HttpResponseError) as caught:
        call(*args, **given)
    return caught.value


@dataclass
class Azure:
    """The emulator with clients, and a resource group with a network, a balancer and a firewall."""

    emulator: AzureEmulator
    doors: ControlClient
    compute: ComputeManagementClient
    monitor: MonitorManagementClient

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        text: str | None = None,
        version: str | None = "usual",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One raw call; a path that begins with no slash is in the resource group."""
        where = path if path.startswith("/") else f"{self.group_id}/providers/{path}"
        version = usual_version(where) if version == "usual" else version
        if version is not None:
            where += f"{'&' if '?' in where else '?'}api-version={version}"
        connection = http.client.HTTPConnection(self.emulator.endpoint.removeprefix("http://"))
        try:
            given = {"Authorization": "Bearer trimtab", **(headers or {})}
            sent = text if body is None else json.dumps(body)
            connection.request(method, where.replace(" ", "%20"), sent, given)
            reply = connection.getresponse()
            answer = reply.read()
            return Reply(reply.status, dict(reply.getheaders()), json.loads(answer) if answer else None)
        finally:
            connection.close()

    @property
    def group_id(self) -> str:
        return f"/subscriptions/{self.emulator.subscription}/resourceGroups/{GROUP}"

    def id_of(self, kind: str, name: str) -> str:
        return f"{self.group_id}/providers/{kind}/{name}"

    @property
    def subnet(self) -> str:
        return f"{self.id_of('Microsoft.Network/virtualNetworks', 'net')}/subnets/web"

    @property
    def pool(self) -> str:
        return f"{self.id_of('Microsoft.Network/loadBalancers', 'front')}/backendAddressPools/web"

    def make_ground(self) -> None:
        place = {"location": "eastus"}
        self.ask("PUT", f"{self.group_id}", place)
        net = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [{"name": "web", "properties": {}}]}
        self.ask("PUT", "Microsoft.Network/virtualNetworks/net", {**place, "properties": net})
        front = {"backendAddressPools": [{"name": "web"}], "probes": [{"name": "alive", "properties": {"port": 80}}]}
        self.ask("PUT", "Microsoft.Network/loadBalancers/front", {**place, "properties": front})

    def set_body(self, capacity: int = 2, *, zones: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
        profile = {
            "osProfile": {
                "computerNamePrefix": "web",
                "adminUsername": "azureuser",
                "customData": "IyEvYmluL3No",
                "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [KEY]}},
            },
            "storageProfile": {
                "imageReference": {
                    "publisher": "Canonical",
                    "offer": "ubuntu-24_04-lts",
                    "sku": "server",
                    "version": "latest",
                }
            },
            "networkProfile": {
                "networkInterfaceConfigurations": [
                    {
                        "name": "nic",
                        "properties": {
                            "primary": True,
                            "ipConfigurations": [{"name": "ip", "properties": {"subnet": {"id": self.subnet}}}],
                        },
                    }
                ]
            },
            **properties.pop("profile", {}),
        }
        made: dict[str, Any] = {
            "location": "eastus",
            "sku": {"name": "Standard_D2s_v5", "capacity": capacity},
            "properties": {"upgradePolicy": {"mode": "Manual"}, "virtualMachineProfile": profile, **properties},
        }
        return {**made, "zones": list(zones)} if zones else made

    def flexible_body(self, capacity: int = 2, **properties: Any) -> dict[str, Any]:
        made = self.set_body(capacity, orchestrationMode="Flexible", platformFaultDomainCount=1, **properties)
        made["properties"]["virtualMachineProfile"]["networkProfile"]["networkApiVersion"] = "2022-11-01"
        del made["properties"]["upgradePolicy"]
        return made

    def make_set(self, name: str = "web", body: dict[str, Any] | None = None, **given: Any) -> Any:
        wanted = self.set_body(**given) if body is None else body
        return self.compute.virtual_machine_scale_sets.begin_create_or_update(GROUP, name, wanted).result()

    def get_set(self, name: str = "web", **given: Any) -> Any:
        return self.compute.virtual_machine_scale_sets.get(GROUP, name, **given)

    def size(self, name: str = "web") -> int:
        return int(self.get_set(name).sku.capacity)

    def scale(self, size: int, name: str = "web") -> Any:
        return self.patch({"sku": {"name": "Standard_D2s_v5", "capacity": size}}, name)

    def patch(self, change: dict[str, Any], name: str = "web", **given: Any) -> Any:
        return self.compute.virtual_machine_scale_sets.begin_update(GROUP, name, change, **given).result()

    def instances(self, name: str = "web", **given: Any) -> list[Any]:
        return list(self.compute.virtual_machine_scale_set_vms.list(GROUP, name, **given))

    def numbers(self, name: str = "web") -> list[str]:
        return [each.instance_id for each in self.instances(name)]

    def rule(
        self, operator: str, threshold: float, direction: str, *, value: int = 1, target: str = "web", **trigger: Any
    ) -> dict[str, Any]:
        return {
            "metricTrigger": {
                "metricName": CPU,
                "metricResourceUri": self.id_of(SET_KIND, target),
                "timeGrain": "PT1M",
                "statistic": "Average",
                "timeWindow": "PT5M",
                "timeAggregation": "Average",
                "operator": operator,
                "threshold": threshold,
                **trigger,
            },
            "scaleAction": {"direction": direction, "type": "ChangeCount", "value": str(value), "cooldown": "PT5M"},
        }

    def profile(self, minimum: int = 2, maximum: int = 8, *, rules: Any = (), **more: Any) -> dict[str, Any]:
        capacity = {"minimum": str(minimum), "maximum": str(maximum), "default": str(minimum)}
        return {"name": "usual", "capacity": capacity, "rules": list(rules), **more}

    def setting_body(self, *profiles: dict[str, Any], target: str = "web", **properties: Any) -> dict[str, Any]:
        out, back = self.rule("GreaterThan", 70, "Increase"), self.rule("LessThan", 30, "Decrease")
        return {
            "location": "eastus",
            "properties": {
                "enabled": True,
                "targetResourceUri": self.id_of(SET_KIND, target),
                "profiles": list(profiles) or [self.profile(rules=[out, back])],
                **properties,
            },
        }

    def make_setting(self, name: str = "web", body: dict[str, Any] | None = None) -> Any:
        given = AutoscaleSettingResource.deserialize(body or self.setting_body())
        return self.monitor.autoscale_settings.create_or_update(GROUP, name, given)

    def make_action_group(self, name: str = "people") -> Any:
        given = {"location": "Global", "properties": {"groupShortName": "people", "enabled": True}}
        return self.monitor.action_groups.create_or_update(GROUP, name, ActionGroupResource.deserialize(given))

    def alert_body(self, threshold: float = 80, **properties: Any) -> dict[str, Any]:
        criterion = {
            "criterionType": "StaticThresholdCriterion",
            "name": "hot",
            "metricName": CPU,
            "metricNamespace": SET_KIND,
            "timeAggregation": "Average",
            "operator": "GreaterThan",
            "threshold": threshold,
        }
        return {
            "location": "global",
            "properties": {
                "severity": 3,
                "enabled": True,
                "scopes": [self.id_of(SET_KIND, "web")],
                "evaluationFrequency": "PT1M",
                "windowSize": "PT5M",
                "criteria": {
                    "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                    "allOf": [criterion],
                },
                **properties,
            },
        }

    def make_alert(self, name: str = "hot", body: dict[str, Any] | None = None) -> Any:
        given = MetricAlertResource.deserialize(body or self.alert_body())
        return self.monitor.metric_alerts.create_or_update(GROUP, name, given)

    def measure(self, value: float, *, name: str = "web", minutes: int = 1, metric: str = CPU, **more: Any) -> None:
        """Measure a value now and at the beginning of each of the minutes that follow, which pass."""
        point = {"resource": self.id_of(SET_KIND, name), "namespace": SET_KIND, "metric": metric, "value": value}
        for _ in range(minutes):
            self.doors.push([{**point, **more}])
            self.doors.advance(60)

    def events(self, *words: str) -> list[Any]:
        """The events of the activity log whose operation has one of the words in its name, oldest first."""
        found = self.monitor.activity_logs.list(filter="eventTimestamp ge '2026-01-01T00:00:00Z'")
        return [
            each
            for each in reversed(list(found))
            if not words or any(word in each.operation_name.value for word in words)
        ]
