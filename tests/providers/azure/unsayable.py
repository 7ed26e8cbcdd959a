"""What groups of Azure have and no model says: how each comes to be, and what becomes of it."""

import copy
from dataclasses import dataclass
from typing import Any

from tests.providers.azure.native import HOME, KEY, alert, criterion, profile, rule, scale_set, setting, weekly

IDENTITY = f"{HOME}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
OTHER = f"{HOME}/providers/Microsoft.Compute/virtualMachineScaleSets/other"
NAMED = {"DimensionName": "VMName", "Operator": "Equals", "Values": ["a"]}


@dataclass(frozen=True)
class Case:
    """
    A group that the model does not say in full.

    Attributes:
        about: The field of the model, or the path of the body, that a note is about.
        effect: What the next plan does to it; empty where it is taken over, and nothing is said.
        scale_set: The scale set.
        setting: Its autoscale setting.
        alerts: Its metric alerts.
        kept: What the next plan, applied, leaves as it is: words of paths to a value.
    """

    about: str
    effect: str
    scale_set: Any = None
    setting: Any = None
    alerts: tuple[Any, ...] = ()
    kept: tuple[Any, ...] = ()


def at(body, *steps):
    for step in steps:
        body = body[step]
    return body


def machine(path="", value=None, **more):
    """A scale set with one thing of its profile otherwise."""
    body = scale_set(**more)
    if path:
        *steps, last = path.split(".")
        holder = body["properties"]["virtualMachineProfile"]
        for step in steps:
            holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
        holder[last] = value
    return body


def with_public(name):
    body = machine()
    cards = body["properties"]["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"]
    cards[0]["properties"]["ipConfigurations"][0]["properties"]["publicIPAddressConfiguration"] = {"name": name}
    return body


def two_rules(**trigger):
    """A rule that says something and its counterpart, in every profile."""
    return setting(profile(rules=[rule(**trigger), rule("Decrease", operator="LessThan", threshold=20)]))


def with_hours(**trigger):
    rules = [rule(**trigger)]
    return setting(profile(rules=rules), profile("weekend", 2, 6, 2, rules=copy.deepcopy(rules), **weekly()))


TRIGGER = ("setting", "properties", "profiles", 0, "rules", 0, "metricTrigger")
PROFILE = ("scale_set", "properties", "virtualMachineProfile")
MAIL = {"sendToSubscriptionAdministrator": True, "sendToSubscriptionCoAdministrators": False, "customEmails": []}
TOLD = [{"operation": "Scale", "email": MAIL, "webhooks": []}]
CASES = {
    "a rule on another scale set": Case(
        "alarms.cpu-above.metric",
        "stays",
        setting=two_rules(metricResourceUri=OTHER),
        kept=((*TRIGGER, "metricResourceUri"), OTHER),
    ),
    "a dimension with several values": Case(
        "alarms.jobs-above.metric",
        "stays",
        setting=with_hours(metricName="Jobs", metricNamespace="Own", dimensions=[{**NAMED, "Values": ["a", "b"]}]),
        kept=((*TRIGGER, "dimensions", 0, "Values"), ["a", "b"]),
    ),
    "all but a value of a dimension": Case(
        "alarms.cpu-above.metric",
        "stays",
        setting=two_rules(dimensions=[{**NAMED, "Operator": "NotEquals"}]),
        kept=((*TRIGGER, "dimensions", 0, "Operator"), "NotEquals"),
    ),
    "the least of all instances": Case(
        "alarms.cpu-above.statistic", "stays", setting=two_rules(statistic="Min"), kept=((*TRIGGER, "statistic"), "Min")
    ),
    "the last value": Case(
        "alarms.cpu-above.statistic",
        "stays",
        setting=two_rules(timeAggregation="Last"),
        kept=((*TRIGGER, "timeAggregation"), "Last"),
    ),
    "grains of five minutes": Case(
        "alarms.cpu-above.metric",
        "stays",
        setting=two_rules(timeGrain="PT5M", timeWindow="PT10M"),
        kept=((*TRIGGER, "timeGrain"), "PT5M"),
    ),
    "a rule that no comparison says": Case(
        "properties.profiles[default].rules[Increase Percentage CPU NotEquals]",
        "changes",
        setting=two_rules(operator="NotEquals"),
    ),
    "another size of a profile": Case(
        "properties.profiles[weekend].capacity.default",
        "changes",
        setting=setting(profile(rules=[rule()]), profile("weekend", 2, 6, 5, rules=[rule()], **weekly())),
    ),
    "mails to administrators": Case(
        "azure.notify_scaling",
        "",
        setting=setting(profile(rules=[rule()]), notifications=TOLD),
        kept=(("setting", "properties", "notifications", 0, "email", "sendToSubscriptionAdministrator"), True),
    ),
    "no profile without a schedule": Case(
        "properties.profiles[default]",
        "changes",
        setting=setting(profile("week", 1, 5, 1, **weekly(("Monday",))), profile("weekend", 2, 6, 2, **weekly())),
    ),
    "rules of one profile": Case(
        "properties.profiles[weekend].rules[Increase Percentage CPU GreaterThan]",
        "changes",
        setting=setting(profile(), profile("weekend", 2, 6, 2, rules=[rule()], **weekly())),
    ),
    "a setting that is off": Case(
        "policies",
        "stays",
        setting=setting(profile(rules=[rule()]), enabled=False),
        kept=(("setting", "properties", "enabled"), False),
    ),
    "a window that has the name of no schedule": Case(
        "properties.profiles[Long Weekend]",
        "changes",
        setting=setting(profile("Auto created scale condition"), profile("Long Weekend", 2, 6, 2, **weekly())),
    ),
    "three identities": Case(
        "template.role",
        "stays",
        scale_set=machine(
            identity={"type": "UserAssigned", "userAssignedIdentities": {f"{IDENTITY}/{name}": {} for name in "abc"}}
        ),
        kept=(("scale_set", "identity", "type"), "UserAssigned"),
    ),
    "an identity of the scale set itself": Case(
        "template.role",
        "stays",
        scale_set=machine(identity={"type": "SystemAssigned"}),
        kept=(("scale_set", "identity", "type"), "SystemAssigned"),
    ),
    "low priority": Case(
        "purchase.spot",
        "stays",
        scale_set=machine("priority", "Low"),
        kept=((*PROFILE, "priority"), "Low"),
    ),
    "two keys": Case(
        "template.ssh_key",
        "",
        scale_set=machine(
            "osProfile.linuxConfiguration.ssh.publicKeys",
            [{"path": f"/home/{name}/.ssh/authorized_keys", "keyData": KEY} for name in ("azureuser", "ana")],
        ),
        kept=((*PROFILE, "osProfile", "linuxConfiguration", "ssh", "publicKeys", 1, "keyData"), KEY),
    ),
    "a public address by a name of its own": Case(
        "",
        "stays",
        scale_set=with_public("pub-7"),
        kept=(
            (
                *(*PROFILE, "networkProfile", "networkInterfaceConfigurations", 0, "properties", "ipConfigurations", 0),
                *("properties", "publicIPAddressConfiguration", "name"),
            ),
            "pub-7",
        ),
    ),
    "an extension of somebody else": Case(
        "",
        "stays",
        scale_set=machine(
            "extensionProfile",
            {
                "extensions": [
                    {
                        "name": "script",
                        "properties": {
                            "publisher": "Microsoft.Azure.Extensions",
                            "type": "CustomScript",
                            "typeHandlerVersion": "2.1",
                        },
                    }
                ]
            },
        ),
        kept=((*PROFILE, "extensionProfile", "extensions", 0, "name"), "script"),
    ),
    "an upgrade by itself": Case("template", "changes", scale_set=machine()),
    "an alert with two conditions": Case(
        "", "stays", alerts=(alert(criterion(), criterion(name="two"), name="two-things"),)
    ),
    "an alert that no fleet named": Case("alarms.cpu-high", "creates", alerts=(alert(),)),
    "an alert of all but one instance": Case(
        "alarms.hot.metric",
        "stays",
        alerts=(
            alert(
                criterion(dimensions=[{"name": "VMName", "operator": "Exclude", "values": ["a"]}]), name="shop-web-hot"
            ),
        ),
        kept=(("alerts", 0, "properties", "criteria", "allOf", 0, "dimensions", 0, "operator"), "Exclude"),
    ),
    "an alert of another severity": Case(
        "alarms.hot.severity",
        "",
        alerts=(alert(name="shop-web-hot", severity=0),),
        kept=(("alerts", 0, "properties", "severity"), 0),
    ),
}
CASES["an upgrade by itself"].scale_set["properties"]["upgradePolicy"] = {"mode": "Automatic"}
