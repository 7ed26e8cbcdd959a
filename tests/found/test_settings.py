"""
The settings of public configurations that had no word, each said in a fleet file now: planned, made, planned empty.

Of each line of the list that was made of the configurations, C says that a word carries it and A that the plan says
how it differs; N, below, that it is written under `native`. X, with its reason, cannot be said, and W takes more than
it should.
"""

import json
from urllib.request import Request, urlopen

import pytest

import trimtab as tt
from tests.providers.placing import TEMPLATES, placement
from trimtab.testing.clouds import TEST_CLOUDS

ARN = "arn:aws:sns:us-east-1:123456789012:ops"
FAST = {"type": "target-tracking", "metric": "cpu", "target": 60, "approximate": True}
ANY = {**TEMPLATES["aws"], "size": {"cpus": {"min": 2, "max": 4}, "memory_gb": 4}}
OUTPUT = {"change": 1}


def launch(**data):
    return {"aws": {"native": {"launch_template": data}}}


def group(**settings):
    return {"aws": {"native": {"group": settings}}}


def machine(**profile):
    return {"azure": {"native": {"scale_set": {"properties": {"virtualMachineProfile": profile}}}}}


def instances(**properties):
    return {"gcp": {"native": {"instance_template": {"properties": properties}}}}


CARD = {"name": "nic", "properties": {"enableAcceleratedNetworking": True}}
HOME = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/trimtab/providers"
BALANCER = f"{HOME}/Microsoft.Network/loadBalancers/front"
POOL = f"{BALANCER}/inboundNatPools/ssh"
NAT = {"name": "nic", "properties": {"ipConfigurations": [{"name": "ip", "properties": {}}]}}
NAT["properties"]["ipConfigurations"][0]["properties"]["loadBalancerInboundNatPools"] = [{"id": POOL}]
AGENT = {
    "name": "OmsAgent",
    "properties": {
        "publisher": "Microsoft.EnterpriseCloud.Monitoring",
        "type": "OmsAgentForLinux",
        "typeHandlerVersion": "1.14",
        "settings": {"workspaceId": "w"},
    },
}

WORDS = {
    ("aws", "lifecycle hook: name"): {
        "aws": {"lifecycle_hooks": [{"name": "ExampleTerminationHook", "on": "terminate"}]}
    },
    ("aws", "instance maintenance policy"): {"aws": {"maintenance": {"min_healthy": 100, "max_healthy": 110}}},
    ("aws", "instance requirements (attribute-based types)"): {"template": ANY},
    ("aws", "alarm: unit of the metric"): {
        "policies": {"out": OUTPUT},
        "alarms": {"hot": {"metric": "cpu", "above": 70, "triggers": ["out"], "sample_unit": "Percent"}},
    },
    ("azure", "instances without autoscale"): {"capacity": 2},
    ("azure", "notification: administrators"): {
        "policies": {"hold": FAST},
        "azure": {"notify_scaling": ["administrators", "ops@example.org"]},
    },
    ("gcp", "autohealing: initial delay without a check"): {"health_check": {"grace": "5m"}},
    ("gcp", "health check: interval, timeout, thresholds"): {
        "health_check": {
            "path": "/up",
            "interval": "30s",
            "timeout": "10s",
            "healthy_threshold": 1,
            "unhealthy_threshold": 4,
        }
    },
    ("gcp", "health check: host, proxy header, response"): {
        "health_check": {"path": "/up", "host": "h"},
        "gcp": {"native": {"health_check": {"httpHealthCheck": {"proxyHeader": "PROXY_V1", "response": "ok"}}}},
    },
    ("gcp", "metadata of one's own"): {"template": {**TEMPLATES["gcp"], "metadata": {"colour": "red"}}},
    ("gcp", "schedule: description"): {
        "policies": {"hold": FAST},
        "schedules": {
            "day": {"cron": "0 8 * * *", "duration": "8h", "zone": "UTC", "min": 2, "description": "opening hours"}
        },
    },
}
"""What has a word, by cloud and setting."""
NATIVE = {
    ("aws", "EBS-optimized"): launch(EbsOptimized=True),
    ("aws", "disk: no_device"): launch(BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "NoDevice": ""}]),
    ("aws", "capacity reservation preference"): launch(
        CapacityReservationSpecification={"CapacityReservationPreference": "open"}
    ),
    ("aws", "CPU options"): launch(CpuOptions={"CoreCount": 1, "ThreadsPerCore": 1}),
    ("aws", "CPU credits"): launch(CreditSpecification={"CpuCredits": "standard"}),
    ("aws", "maintenance options (auto recovery)"): launch(MaintenanceOptions={"AutoRecovery": "default"}),
    ("aws", "metadata: instance tags"): launch(MetadataOptions={"InstanceMetadataTags": "enabled"}),
    ("aws", "second network interface"): {
        **launch(NetworkInterfaces=[{}, {"DeviceIndex": 1, "NetworkCardIndex": 1, "DeleteOnTermination": True}]),
        "template": {**TEMPLATES["aws"], "public_address": True},
    },
    ("aws", "connection tracking of an interface"): {
        **launch(NetworkInterfaces=[{"ConnectionTrackingSpecification": {"UdpTimeout": 60}}]),
        "template": {**TEMPLATES["aws"], "public_address": True},
    },
    ("aws", "availability zone of the template"): launch(Placement={"AvailabilityZone": "us-east-1a"}),
    ("aws", "tags of spot requests"): launch(
        TagSpecifications=[{"ResourceType": "spot-instances-request", "Tags": [{"Key": "is", "Value": "spot"}]}]
    ),
    ("aws", "desired capacity in vCPU"): {**group(DesiredCapacityType="vcpu"), "template": ANY},
    ("aws", "spot price as a share of on-demand"): {
        **group(
            MixedInstancesPolicy={
                "LaunchTemplate": {
                    "Overrides": [{"InstanceRequirements": {"SpotMaxPricePercentageOverLowestPrice": 50}}]
                }
            }
        ),
        "template": ANY,
        "purchase": {"spot": True},
    },
    ("aws", "shutdown behaviour"): launch(InstanceInitiatedShutdownBehavior="terminate"),
    ("aws", "classic load balancer"): group(LoadBalancerNames=["classic"]),
    ("aws", "spot instance pools"): {
        **group(MixedInstancesPolicy={"InstancesDistribution": {"SpotInstancePools": 3}}),
        "purchase": {"spot": True, "strategy": "lowest-price"},
    },
    ("azure", "inbound NAT pool"): machine(networkProfile={"networkInterfaceConfigurations": [NAT]}),
    ("azure", "secure boot, vTPM, trusted launch"): machine(
        securityProfile={
            "securityType": "TrustedLaunch",
            "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
        }
    ),
    ("azure", "patch settings"): machine(
        osProfile={"linuxConfiguration": {"patchSettings": {"patchMode": "AutomaticByPlatform"}}}
    ),
    ("azure", "accelerated networking"): machine(networkProfile={"networkInterfaceConfigurations": [CARD]}),
    ("azure", "boot diagnostics"): machine(diagnosticsProfile={"bootDiagnostics": {"enabled": True}}),
    ("azure", "other extensions (log agent)"): machine(extensionProfile={"extensions": [AGENT]}),
    ("azure", "repair action"): {
        "azure": {
            "automatic_repairs": True,
            "native": {"scale_set": {"properties": {"automaticRepairsPolicy": {"repairAction": "Restart"}}}},
        },
        "health_check": {"path": "/up", "port": 80},
    },
    ("gcp", "resource policy of the disk (snapshots)"): instances(
        disks=[{"initializeParams": {"resourcePolicies": ["projects/p/regions/r/resourcePolicies/daily"]}}]
    ),
    ("gcp", "scheduling: restart, maintenance"): instances(
        scheduling={"automaticRestart": False, "onHostMaintenance": "TERMINATE"}
    ),
}
"""What is written under `native`, by cloud and setting."""


def make_nat_pool(test_cloud):
    pool = {"frontendPortRangeStart": 5000, "frontendPortRangeEnd": 5100, "backendPort": 22, "protocol": "Tcp"}
    properties = {"inboundNatPools": [{"name": "ssh", "properties": pool}]}
    address = f"{test_cloud.emulator.endpoint}{BALANCER}?api-version=2024-05-01"
    body = json.dumps({"location": test_cloud.location, "properties": properties}).encode()
    head = {"Content-Type": "application/json", "Authorization": "Bearer somebody"}
    urlopen(Request(address, body, head, method="PUT")).close()


ROLLOUTS = frozenset(
    {
        "instance refresh / rolling update",
        "upgrade mode Rolling / Automatic",
        "rolling upgrade policy",
        "automatic OS upgrade",
        "update policy (proactive, surge, unavailable)",
        "second version (canary, per cent)",
        "target size",
    }
)
"""What is about how a changed template reaches instances."""
TYPED = frozenset(
    {
        ("aws", "notifications of scaling (SNS)"),  # aws.notify_scaling
        ("aws", "alarm on metric math"),  # metric: {math, parts}
        ("aws", "alarm: notified topic"),  # an anchor of YAML, docs/fleet-file.md
        ("aws", "alarm: custom metric of the balancer"),  # {balancer} and {targets}
        ("azure", "admin password"),  # template.admin_password
        ("azure", "Windows system (password, no Linux profile)"),
        ("azure", "health extension: interval, probes"),  # health_check.interval and thresholds
        ("azure", "predictive: mode, look-ahead"),
        ("gcp", "target pool"),  # load_balancers
    }
)
"""What else has a word, each tried where the tests of that word are."""
LEFT = {
    ("aws", "schedule: end of a one-time action"): "an action that runs once has no end, so nothing is lost",
    ("aws", "tags of alarms"): "DescribeAlarms does not give them back",
    ("azure", "rules: metric, threshold, window, operator"): "an alarm and a policy for each rule",
    ("azure", "Windows time zone"): "the name that IANA has",
    ("azure", "rules of one profile only"): "all profiles of a group have the same rules",
    ("gcp", "name of the health check"): "the group's",
}
"""What cannot be said, or takes more than it should, with the reason."""


def test_all_but_a_few_settings_of_public_configurations_can_be_said(shared):
    """Of the lines that are not about rollouts, 97 of a hundred; the list's own verdicts are counted as they stand."""
    lines = (shared / "found" / "configurations" / "settings.txt").read_text(encoding="utf-8").splitlines()
    rows = [tuple(map(str.strip, line.split("|")))[:3] for line in lines if "|" in line and not line.startswith("#")]
    rows = [(where.partition("/")[0], verdict, setting) for where, verdict, setting in rows]
    counted = [row for row in rows if row[2] not in ROLLOUTS]
    said = {*WORDS, *NATIVE, *TYPED}
    unsaid = [
        (cloud, setting) for cloud, verdict, setting in counted if verdict in "XW" and (cloud, setting) not in said
    ]
    assert set(unsaid) <= set(LEFT)
    assert len(counted) > 350
    assert 1 - len(unsaid) / len(counted) >= 0.97


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
def test_settings_that_had_no_word_are_said_now(provider):
    said = [fields for (cloud, _), fields in (*WORDS.items(), *NATIVE.items()) if cloud == provider]
    with TEST_CLOUDS[provider].started() as test_cloud, test_cloud.connect() as cloud:
        if provider == "azure":
            make_nat_pool(test_cloud)
        base = {
            "capacity": {"min": 1, "max": 3, "desired": 1},
            "template": TEMPLATES[provider],
            "placement": placement(provider, test_cloud),
        }
        fleet = tt.Fleet(name="shop", groups={f"g{place}": {**base, **fields} for place, fields in enumerate(said)})
        plan = cloud.plan(fleet)
        assert not plan.problems, [str(each) for each in plan.problems]
        cloud.apply(plan).raise_for_failures()
        again = cloud.plan(fleet)
        assert not again, [(leaf.field, leaf.path, leaf.old, leaf.new) for change in again for leaf in change.fields]
