"""A group made by hand with the REST API, in the style of the guide, with much that no fleet file says."""

NAME = "virtualmin-pro-cluster-web"
ZONE = "zones/europe-west1-b"
TEMPLATE = "web-v7"


def make_by_hand(world, *, signals=None):
    """A zonal group of two versions, with an autoscaler, a health check and an alert policy."""
    world.ask("POST", "global/networks", {"name": "backend", "autoCreateSubnetworks": True})
    world.ask("POST", "global/instanceTemplates", {"name": TEMPLATE, "properties": _machine("e2-medium")})
    world.ask("POST", "global/instanceTemplates", {"name": "canary", "properties": _machine("e2-small")})
    world.ask("POST", "global/healthChecks", {"name": "up", "type": "HTTPS", "httpsHealthCheck": {"port": 443}})
    world.ask(
        "POST",
        f"{ZONE}/instanceGroupManagers",
        {
            "name": NAME,
            "baseInstanceName": "web",
            "targetSize": 3,
            "versions": [
                {"name": "stable", "instanceTemplate": f"global/instanceTemplates/{TEMPLATE}"},
                {
                    "name": "canary",
                    "instanceTemplate": "global/instanceTemplates/canary",
                    "targetSize": {"fixed": 1},
                },
            ],
            "updatePolicy": {"type": "PROACTIVE", "maxSurge": {"fixed": 2}, "maxUnavailable": {"fixed": 0}},
            "autoHealingPolicies": [{"healthCheck": "global/healthChecks/up", "initialDelaySec": 120}],
            "namedPorts": [{"name": "http", "port": 80}],
            "allInstancesConfig": {"properties": {"labels": {"shift": "night"}}},
        },
    )
    world.ask(
        "POST",
        f"{ZONE}/autoscalers",
        {
            "name": "by-hand",
            "target": f"{ZONE}/instanceGroupManagers/{NAME}",
            "autoscalingPolicy": {
                "minNumReplicas": 2,
                "maxNumReplicas": 10,
                "coolDownPeriodSec": 90,
                "cpuUtilization": {"utilizationTarget": 0.65},
                "customMetricUtilizations": [
                    {
                        "metric": "logging.googleapis.com/user/hits",
                        "utilizationTarget": 5,
                        "utilizationTargetType": "GAUGE",
                    }
                ],
                "scalingSchedules": {
                    "morning": _window("0 8 * * 1-5", 4),
                    "never": {**_window("0 3 * * *", 5), "disabled": True},
                    "some-year": _window("0 0 1-3 1 * 2030", 6),
                },
            },
        },
    )
    return NAME


def _window(cron, size):
    return {"schedule": cron, "timeZone": "Europe/Madrid", "durationSec": 36000, "minRequiredReplicas": size}


def _machine(size):
    return {
        "machineType": size,
        "description": "made by hand",
        "minCpuPlatform": "Intel Ice Lake",
        "canIpForward": True,
        "labels": {"component": "web"},
        "disks": [
            {
                "boot": True,
                "autoDelete": True,
                "initializeParams": {
                    "sourceImage": "projects/debian-cloud/global/images/family/debian-12",
                    "diskType": "pd-extreme",
                    "labels": {"part": "root"},
                },
            }
        ],
        "networkInterfaces": [
            {
                "network": "global/networks/default",
                "accessConfigs": [{"type": "ONE_TO_ONE_NAT", "name": "External NAT"}],
            },
            {"network": "global/networks/backend"},
        ],
        "metadata": {
            "items": [{"key": "startup-script", "value": "#!/bin/sh\n"}, {"key": "env", "value": "production"}]
        },
        "shieldedInstanceConfig": {"enableSecureBoot": True},
        "scheduling": {"onHostMaintenance": "TERMINATE", "automaticRestart": False},
    }


def instances_of(world):
    """The instances of the group, with the template that each runs from."""
    found = world.ask("POST", f"{ZONE}/instanceGroupManagers/{NAME}/listManagedInstances")["managedInstances"]
    return sorted((one["name"], one["version"]["instanceTemplate"]) for one in found)
