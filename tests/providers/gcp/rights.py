"""
The right that Google asks a caller for, by the call.

https://cloud.google.com/iam/docs/roles-permissions/compute
"""

import re

REGIONAL = {"regionBackendServices", "regionHealthChecks", "regionUrlMaps"}
"""Families beside the global ones; other regional things have the rights of all."""
NAMED = {"iam": "iam.serviceAccounts.get", "cloudkms": "cloudkms.cryptoKeys.get"}
"""What is read one by one, since a template names it."""
VERBS = {
    "aggregatedList": "list",
    "insert": "create",
    "patch": "update",
    "update": "update",
    "getHealth": "get",
    "resize": "update",
    "deleteInstances": "update",
    "recreateInstances": "update",
    "listManagedInstances": "get",
    "listErrors": "get",
    "applyUpdatesToInstances": "update",
    "setNamedPorts": "update",
}


def permission_of(call):
    """What Google asks a caller for, by the vendor's rule: service, collection without its scope, verb."""
    if call.service in NAMED:
        return NAMED[call.service]
    if call.service == "monitoring":
        verb, noun = re.match(r"(List|Get|Create|Update|Delete)(\w+)", call.operation).groups()
        noun = {"TimeSeries": "timeSeries", "AlertPolicies": "alertPolicies", "Alerts": "alerts"}.get(
            noun, noun[0].lower() + noun[1:]
        )
        noun = {"alertPolicy": "alertPolicies", "notificationChannel": "notificationChannels"}.get(noun, noun)
        return f"monitoring.{noun}.{verb.lower()}"
    collection, verb = call.operation.split(".")
    for scope in ("region", "zone"):
        rest = collection.removeprefix(scope)
        if rest != collection and rest != "Operations" and rest[:1].isupper() and collection not in REGIONAL:
            collection = rest[0].lower() + rest[1:]
    return f"compute.{collection}.{VERBS.get(verb, verb)}"
