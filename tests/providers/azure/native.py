"""Bodies of Azure for imports: one reply as all that is known of a group, and what a plan makes of it."""

from datetime import UTC, datetime

from tests.providers.import_law import plan_after_adopt
from trimtab.models import Fleet
from trimtab.providers.azure.ids import Home, parse_id
from trimtab.providers.azure.importing import Replies, import_group
from trimtab.providers.azure.importing.group_reader import GroupReader, _translated
from trimtab.providers.azure.kinds import KINDS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOME = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/trimtab"
SUBNET = f"{HOME}/providers/Microsoft.Network/virtualNetworks/virtualmin/subnets/private"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEy8JSUl0XqjEjDLaS/r5DVgeF+N0wI32XwB05JBFgcf"
IMAGE = ("Canonical", "ubuntu-24_04-lts", "server", "latest")
OWN = f"{HOME}/providers/Microsoft.Compute/virtualMachineScaleSets/shop-web"


def scale_set(own=OWN, location="westeurope", **more):
    """The least that a Linux scale set is, as Resource Manager answers it."""
    name = own.rsplit("/", 1)[-1]
    user = "azureuser"
    address = {"name": "ip", "properties": {"primary": True, "subnet": {"id": SUBNET}}}
    card = {"name": "nic", "properties": {"primary": True, "ipConfigurations": [address]}}
    linux = {
        "disablePasswordAuthentication": True,
        "ssh": {"publicKeys": [{"path": f"/home/{user}/.ssh/authorized_keys", "keyData": KEY}]},
    }
    profile = {
        "osProfile": {"computerNamePrefix": name, "adminUsername": user, "linuxConfiguration": linux},
        "storageProfile": {
            "imageReference": {
                "publisher": "Canonical",
                "offer": "ubuntu-24_04-lts",
                "sku": "server",
                "version": "latest",
            },
            "osDisk": {"createOption": "FromImage", "managedDisk": {"storageAccountType": "Premium_LRS"}},
        },
        "networkProfile": {"networkInterfaceConfigurations": [card]},
    }
    return {
        "id": own,
        "name": name,
        "type": "Microsoft.Compute/virtualMachineScaleSets",
        "location": location,
        "sku": {"name": "Standard_D2s_v5", "tier": "Standard", "capacity": 2},
        "properties": {
            "orchestrationMode": "Uniform",
            "upgradePolicy": {"mode": "Manual"},
            "overprovision": False,
            "provisioningState": "Succeeded",
            "virtualMachineProfile": profile,
        },
        **more,
    }


def replies_of(kind, body):
    """The replies about a group of which this is one; the others are as little as can be."""
    if kind == "scale-set":
        return Replies(body)
    properties = body["properties"]
    if kind == "autoscale-setting":
        return Replies(scale_set(properties["targetResourceUri"], body["location"]), body)
    return Replies(scale_set((properties.get("scopes") or [OWN])[0]), alerts=[body])


def imported(replies, fleet=None):
    """The group; what it was read from, as a plan reads it; what translation makes of it, and refuses."""
    found = import_group(replies, now=NOW, fleet=fleet)
    parts = parse_id(replies.scale_set["id"])
    reading = GroupReader(replies, found.fleet, replies.scale_set["location"])
    declared = Fleet(name=found.fleet, groups=(found.group,))
    home = Home(parts.subscription, parts.resource_group)
    made = _translated(reading, NOW, reading.where, home, declared)
    return found, reading.live, made.resources, made.problems


def next_plan(found, live, wanted):
    """The plan after `adopt`."""
    return plan_after_adopt("azure", KINDS, found, live, wanted, NOW)


# a rule, a profile, a setting, an alert


def rule(way="Increase", metric="Percentage CPU", operator="GreaterThan", threshold=70, **trigger):
    return {
        "metricTrigger": {
            "metricName": metric,
            "metricNamespace": "",
            "metricResourceUri": OWN,
            "timeGrain": "PT1M",
            "statistic": "Average",
            "timeWindow": "PT5M",
            "timeAggregation": "Average",
            "operator": operator,
            "threshold": threshold,
            "dimensions": [],
            "dividePerInstance": False,
            **trigger,
        },
        "scaleAction": {"direction": way, "type": "ChangeCount", "value": "1", "cooldown": "PT5M"},
    }


def profile(name="default", low=1, high=5, default=1, rules=(), **when):
    capacity = {"minimum": str(low), "maximum": str(high), "default": str(default)}
    return {"name": name, "capacity": capacity, "rules": list(rules), **when}


def weekly(days=("Saturday", "Sunday"), hour=0, zone="UTC"):
    schedule = {"timeZone": zone, "days": list(days), "hours": [hour], "minutes": [0]}
    return {"recurrence": {"frequency": "Week", "schedule": schedule}}


def setting(*profiles, **properties):
    return {
        "id": f"{HOME}/providers/microsoft.insights/autoscalesettings/shop-web",
        "name": "shop-web",
        "type": "Microsoft.Insights/autoscaleSettings",
        "location": "westeurope",
        "properties": {
            "name": "shop-web",
            "enabled": True,
            "targetResourceUri": OWN,
            "profiles": list(profiles) or [profile()],
            "notifications": [],
            "predictiveAutoscalePolicy": {"scaleMode": "Disabled"},
            **properties,
        },
    }


def criterion(**more):
    return {
        "criterionType": "StaticThresholdCriterion",
        "name": "High_CPU",
        "metricName": "Percentage CPU",
        "metricNamespace": "Microsoft.Compute/virtualMachineScaleSets",
        "timeAggregation": "Average",
        "operator": "GreaterThan",
        "threshold": 90,
        "dimensions": [],
        **more,
    }


def alert(*criteria, name="cpu-high", **properties):
    return {
        "id": f"{HOME}/providers/Microsoft.Insights/metricAlerts/{name}",
        "name": name,
        "type": "Microsoft.Insights/metricAlerts",
        "location": "global",
        "properties": {
            "severity": 2,
            "enabled": True,
            "scopes": [OWN],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "autoMitigate": True,
            "actions": [],
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": list(criteria) or [criterion()],
            },
            **properties,
        },
    }
