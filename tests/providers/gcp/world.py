"""The GCP emulator as the contract wants it, and how to act behind trimtab's back through the SDKs."""

import json
import urllib.request
from datetime import UTC, datetime, timedelta

from trimtab.testing import GcpTestCloud

PROJECT, LOCATION = "trimtab", GcpTestCloud.location
START = datetime(2026, 1, 5, tzinfo=UTC)
READS = {
    "instance-template": ("compute", "instanceTemplates.list"),
    "health-check": ("compute", "healthChecks.aggregatedList"),
    "group-manager": ("compute", "instanceGroupManagers.aggregatedList"),
    "autoscaler": ("compute", "autoscalers.aggregatedList"),
    "backend": ("compute", "backendServices.aggregatedList"),
    "alert-policy": ("monitoring", "ListAlertPolicies"),
    "notification-channel": ("monitoring", "ListNotificationChannels"),
}
SERVICE = "global/backendServices/virtualmin"
SCOPE = f"regions/{LOCATION}"


class GcpWorld:
    project = PROJECT
    service = "virtualmin"

    def __init__(self, emulator):
        self.emulator = emulator
        self.doors = emulator.doors
        self.doors.set_clock(START, freeze=True)
        self.cloud = GcpTestCloud(emulator)
        self.furnish()

    def ask(self, method, path, body=None):
        """A plain call of the REST API."""
        url = f"{self.emulator.endpoint}/compute/v1/projects/{self.project}/{path}"
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(asked) as reply:
            return json.loads(reply.read())

    def make_named(self, path, body=None):
        """A service account, a key ring or a key, through IAM or Cloud KMS."""
        url = f"{self.emulator.endpoint}/v1/projects/{self.project}/{path}"
        asked = urllib.request.Request(url, json.dumps(body or {}).encode(), method="POST")
        with urllib.request.urlopen(asked) as reply:
            return json.loads(reply.read())

    def furnish(self):
        self.make_named("serviceAccounts", {"accountId": "web"})
        self.ask(
            "POST",
            "global/healthChecks",
            {"name": self.service, "type": "HTTP", "httpHealthCheck": {"port": 80, "requestPath": "/"}},
        )
        self.ask(
            "POST",
            "global/backendServices",
            {"name": self.service, "healthChecks": [f"global/healthChecks/{self.service}"], "portName": "http"},
        )

    def connect(self, **settings):
        return self.cloud.connect(**settings)

    def advance(self, duration: timedelta):
        self.doors.advance(duration)

    def push(self, group, metric, value):
        # the contract counts one datapoint: one instance tells for the group
        with self.connect() as cloud:
            first = cloud.group(group).read().instances[0].id
        self.cloud.push(metric, group=group, value=value, instance=first)

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
        return getattr(self, "_tamper_" + key.kind.replace("-", "_"))(cloud, key)

    def _tamper_health_check(self, cloud, key):
        self.ask("PATCH", f"{SCOPE}/healthChecks/{key.name}", {"httpHealthCheck": {"requestPath": "/elsewhere"}})
        return "httpHealthCheck.requestPath"

    def _tamper_group_manager(self, cloud, key):
        self.ask("PATCH", f"{SCOPE}/instanceGroupManagers/{key.name}", {"targetStoppedSize": 2})
        return "targetStoppedSize"

    def _tamper_autoscaler(self, cloud, key):
        body = self.ask("GET", f"{SCOPE}/autoscalers/{key.name}")
        body["autoscalingPolicy"]["cpuUtilization"]["utilizationTarget"] = 0.99
        self.ask("PUT", f"{SCOPE}/autoscalers?autoscaler={key.name}", body)
        return "autoscalingPolicy.cpuUtilization.utilizationTarget"

    def _tamper_backend(self, cloud, key):
        self.ask("PATCH", f"global/backendServices/{self.service}", {"connectionDraining": {"drainingTimeoutSec": 7}})
        return "drain"

    def monitored(self, cloud, key):
        service, word = {
            "alert-policy": ("alertPolicies", "alert_policies"),
            "notification-channel": ("notificationChannels", "notification_channels"),
        }[key.kind]
        found = cloud.provider.connection.monitor(f"{service}.list_{word}", name=f"projects/{self.project}")
        return next(one for one in found if one["displayName"] == key.name)

    def _tamper_alert_policy(self, cloud, key):
        body = self.monitored(cloud, key)
        body["severity"] = "CRITICAL"
        cloud.provider.connection.monitor("alertPolicies.update_alert_policy", alert_policy=body)
        return "severity"

    def _tamper_notification_channel(self, cloud, key):
        body = self.monitored(cloud, key)
        body["enabled"] = False
        cloud.provider.connection.monitor("notificationChannels.update_notification_channel", notification_channel=body)
        return "enabled"

    def make_foreign(self, cloud, key, scope=SCOPE):
        if key.kind == "alert-policy":
            body = {**self.monitored(cloud, key), "userLabels": {}}
            cloud.provider.connection.monitor("alertPolicies.update_alert_policy", alert_policy=body)
        elif key.kind == "notification-channel":
            body = {**self.monitored(cloud, key), "userLabels": {}}
            cloud.provider.connection.monitor(
                "notificationChannels.update_notification_channel", notification_channel=body
            )
        elif key.kind == "autoscaler":
            body = self.ask("GET", f"{scope}/autoscalers/{key.name}")
            self.ask("PUT", f"{scope}/autoscalers?autoscaler={key.name}", {**body, "description": ""})
        else:
            scope = SCOPE if key.kind == "health-check" else scope
            collection = {"health-check": "healthChecks", "group-manager": "instanceGroupManagers"}[key.kind]
            self.ask("PATCH", f"{scope}/{collection}/{key.name}", {"description": ""})
