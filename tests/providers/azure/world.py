"""The Azure emulator as the contract wants it, and how to act behind trimtab's back through the SDK."""

from datetime import UTC, datetime, timedelta

from tests.emulators.azure_bench import clients_for
from trimtab.testing import AzureTestCloud

GROUP, LOCATION = AzureTestCloud.resource_group, AzureTestCloud.location
START = datetime(2026, 1, 5, tzinfo=UTC)
READS = {
    "scale-set": ("compute", "VirtualMachineScaleSets_List"),
    "autoscale-setting": ("insights", "AutoscaleSettings_List*"),
    "metric-alert": ("insights", "MetricAlerts_List*"),
    "action-group": ("insights", "ActionGroups_List*"),
}
NETWORK = "virtualmin"
VERSIONS = {
    "Microsoft.ManagedIdentity/": "2023-01-31",
    "Microsoft.Compute/diskEncryptionSets/": "2024-03-02",
    "Microsoft.Compute/galleries/": "2024-03-03",
    "Microsoft.Compute/": "2024-07-01",
}
"""The version of the API in which a kind is put; networks have one of their own."""


class AzureWorld:
    group, location = GROUP, LOCATION

    def __init__(self, emulator):
        self.emulator = emulator
        self.doors = emulator.doors
        self.doors.set_clock(START, freeze=True)
        self.doors.make_group(GROUP, location=LOCATION)
        self.cloud = AzureTestCloud(emulator)
        self.compute, self.monitor = clients_for(emulator)
        self.furnish()

    @property
    def home(self):
        return f"/subscriptions/{self.emulator.subscription}/resourceGroups/{self.group}"

    @property
    def subnet(self):
        return f"{self.home}/providers/Microsoft.Network/virtualNetworks/{NETWORK}/subnets/private"

    def put(self, path, body):
        from azure.core.rest import HttpRequest

        version = next((version for kind, version in VERSIONS.items() if path.startswith(kind)), "2024-05-01")
        url = f"{self.emulator.endpoint}{self.home}/providers/{path}?api-version={version}"
        reply = self.compute.send_request(HttpRequest("PUT", url, json=body))
        reply.raise_for_status()

    def furnish(self):
        subnets = [{"name": "private", "properties": {"addressPrefix": "10.0.0.0/24"}}]
        space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
        self.put(f"Microsoft.Network/virtualNetworks/{NETWORK}", {"location": self.location, "properties": space})

    def connect(self, **settings):
        return self.cloud.connect(**settings)

    def advance(self, duration: timedelta):
        self.doors.advance(duration)

    def push(self, group, metric, value):
        self.cloud.push(metric, group=group, value=value)

    def deny(self, kind):
        service, operation = READS[kind]
        self.doors.fault("denied", operation=operation, service=service, times=None)

    def allow(self):
        self.doors.clear_faults()

    def writes(self):
        return self.doors.count()["writes"]

    def boot_slowly(self):
        self.doors.configure(boot_seconds=60)

    def tamper(self, cloud, key):
        return getattr(self, "_tamper_" + key.kind.replace("-", "_"))(key)

    def _tamper_scale_set(self, key):
        self.compute.virtual_machine_scale_sets.begin_update(
            self.group, key.name, {"properties": {"scaleInPolicy": {"rules": ["NewestVM"]}}}
        ).result()
        return "properties.scaleInPolicy.rules"

    def setting(self, key):
        return self.monitor.autoscale_settings.get(self.group, key.name)

    def put_setting(self, key, setting):
        self.monitor.autoscale_settings.create_or_update(self.group, key.name, setting)

    def _tamper_autoscale_setting(self, key):
        setting = self.setting(key)
        setting.profiles[0].rules[0].metric_trigger.threshold = 99
        rule = setting.profiles[0].rules[0]
        name = f"{rule.scale_action.direction} {rule.metric_trigger.metric_name} {rule.metric_trigger.operator}"
        self.put_setting(key, setting)
        return f"properties.profiles[default].rules[{name}].metricTrigger.threshold"

    def _tamper_metric_alert(self, key):
        alert = self.monitor.metric_alerts.get(self.group, key.name)
        alert.severity = 0
        self.monitor.metric_alerts.create_or_update(self.group, key.name, alert)
        return "properties.severity"

    def _tamper_action_group(self, key):
        group = self.monitor.action_groups.get(self.group, key.name)
        group.enabled = False
        self.monitor.action_groups.create_or_update(self.group, key.name, group)
        return "properties.enabled"

    def make_foreign(self, cloud, key):
        if key.kind == "scale-set":
            self.compute.virtual_machine_scale_sets.begin_update(self.group, key.name, {"tags": {}}).result()
        elif key.kind == "autoscale-setting":
            setting = self.setting(key)
            setting.tags = {}
            self.put_setting(key, setting)
        else:
            operations = self.monitor.metric_alerts if key.kind == "metric-alert" else self.monitor.action_groups
            item = operations.get(self.group, key.name)
            item.tags = {}
            operations.create_or_update(self.group, key.name, item)
