"""The four clouds as the law of identity wants them: which names they take, and how others make things there."""

import http.client
import json

import boto3
from botocore.config import Config
from hypothesis import strategies as st

from tests.conftest import make_group
from tests.providers.aws.world import START
from tests.providers.azure.groups import azure_group
from tests.providers.azure.world import GROUP, LOCATION, AzureWorld
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.world import SCOPE, GcpWorld
from trimtab.clock import ManualClock
from trimtab.plan import Key, Mark
from trimtab.providers.memory.store import MemoryStore
from trimtab.testing import AwsTestCloud, MemoryTestCloud

WORDS = ("web", "app", "prod", "a", "end", "hot", "1")


def joined(between, words=WORDS, more=None):
    """Names of a few words, so that one is often the tail or the beginning of another."""
    word = st.sampled_from(words) if more is None else st.sampled_from(words) | more
    return st.lists(st.tuples(word, st.sampled_from(between)), min_size=1, max_size=4).map(
        lambda pairs: "".join(word + sign for word, sign in pairs[:-1]) + pairs[-1][0]
    )


class InMemory:
    """Takes whatever can be printed; tells names apart by every character."""

    names = joined([*"/-.:[]() '\"|é", "[/]", "://"], more=st.text(st.characters(exclude_categories=["C"]), min_size=1))
    separators = "/-.: "

    def reset(self):
        self.store = MemoryStore(ManualClock())
        self.cloud = MemoryTestCloud(self.store.clock, self.store)

    def connect(self):
        return self.cloud.connect()

    def identity(self, name):
        return name

    def takes(self, name):
        return 0 < len(name) <= 255

    def group(self, name, native, **fields):
        return make_group(name, native_name=native, **fields)

    def put(self, native, mark=None):
        owner = Mark(*mark) if mark else None
        version = {"name": native, "version": 1}
        self.store.put(Key("local", "template", native), {"image": "i", "size": "s"}, owner)
        body = {"min": 1, "max": 2, "desired": 1, "base": {"min": 1, "max": 2}, "template": version}
        self.store.create_group(Key("local", "group", native), body, owner)
        self.store.put(Key("local", "policy", "scale-out", native), {"change": 1}, None)
        schedule = {"cron": "0 8 1 1 *", "zone": "UTC", "min": 1}
        self.store.put(Key("local", "schedule", "morning", native), schedule, None)
        self.store.put(Key("local", "alarm", f"shop-a-hot-{native}"), {"metric": {"name": "cpu"}}, owner)

    def use(self, native):
        """A group of somebody else that launches from the template of this one."""
        body = {"min": 1, "max": 2, "desired": 1, "base": {"min": 1, "max": 2}}
        self.store.create_group(
            Key("local", "group", "his"), {**body, "template": {"name": native, "version": 1}}, None
        )

    def snapshot(self):
        things = {key: repr((thing.body, thing.mark, thing.version)) for key, thing in self.store.things.items()}
        return things | {(key, "size"): repr(size) for key, size in self.store.sizes.items()}

    def leavings(self, native):
        return {Key("local", "alarm", f"shop-a-hot-{native}")}


class OnAws:
    """
    Group and template names, of which the template's have the smaller alphabet: letters, digits and ().-/_, 3 to 128.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
    """

    names = joined("/-._()", more=st.text("abAB09().-/_", min_size=1, max_size=8)).map(lambda text: f"{text}--"[:128])
    separators = "/-._"

    def __init__(self, emulator):
        self.emulator = emulator
        given = {
            "endpoint_url": emulator.endpoint,
            "region_name": "us-east-1",
            "aws_access_key_id": "somebody",
            "aws_secret_access_key": "else",
            "config": Config(retries={"total_max_attempts": 1}),
        }
        self.autoscaling, self.cloudwatch, self.ec2 = (
            boto3.client(name, **given) for name in ("autoscaling", "cloudwatch", "ec2")
        )

    def reset(self):
        self.emulator.doors.reset()
        self.emulator.doors.set_clock(START, freeze=True)
        self.connection = AwsTestCloud(self.emulator).connect()

    def connect(self):
        return self.connection

    def identity(self, name):
        return name

    def takes(self, name):
        return 3 <= len(name) <= 128 and all(
            letter.isascii() and (letter.isalnum() or letter in "().-/_") for letter in name
        )

    def group(self, name, native, **fields):
        given = {"placement": {"zones": ["us-east-1a"]}, "template": {"image": "ami-12c6146b", "size": "t3.small"}}
        return make_group(name, native_name=native, **{**given, **fields})

    def put(self, native, mark=None):
        tags = {"trimtab-fleet": mark[0], "trimtab-group": mark[1]} if mark else {"Owner": "somebody else"}
        line = f"[trimtab fleet={mark[0]} group={mark[1]}]" if mark else "made by hand"
        data = {"ImageId": "ami-12c6146b", "InstanceType": "t3.small"}
        self.ec2.create_launch_template(LaunchTemplateName=native, VersionDescription=line, LaunchTemplateData=data)
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=native,
            MinSize=1,
            MaxSize=2,
            LaunchTemplate={"LaunchTemplateName": native, "Version": "1"},
            AvailabilityZones=["us-east-1a"],
            Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": False} for key, value in tags.items()],
        )
        names = {"AutoScalingGroupName": native, "PolicyName": "shop-a-scale-out"}
        sized = {"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}
        arn = self.autoscaling.put_scaling_policy(**names, **sized)["PolicyARN"]
        self.cloudwatch.put_metric_alarm(
            AlarmName=f"shop-a-hot-{native}",
            AlarmDescription=line,
            Namespace="AWS/EC2",
            MetricName="CPUUtilization",
            Dimensions=[{"Name": "AutoScalingGroupName", "Value": native}],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[arn],
        )

    def use(self, native):
        """A group of somebody else that launches from the template of this one."""
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="his",
            MinSize=1,
            MaxSize=2,
            LaunchTemplate={"LaunchTemplateName": native, "Version": "$Latest"},
            AvailabilityZones=["us-east-1a"],
        )

    def snapshot(self):
        found = {}
        versions = self.ec2.describe_launch_template_versions(Versions=["$Latest", "$Default"])
        for number, item in enumerate(versions["LaunchTemplateVersions"]):
            found.setdefault(("template", item["LaunchTemplateName"]), []).append((number, item))
        found = {key: [item for _, item in items] for key, items in found.items()}
        for item in self.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
            found["group", item["AutoScalingGroupName"]] = item
        for item in self.autoscaling.describe_policies()["ScalingPolicies"]:
            # what acts on it is the alarm's own
            found["policy", item["PolicyARN"]] = {**item, "Alarms": ()}
        for item in self.autoscaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"]:
            found["action", item["ScheduledActionARN"]] = item
        for item in self.cloudwatch.describe_alarms()["MetricAlarms"]:
            found["alarm", item["AlarmName"]] = item
        return {key: json.dumps(item, sort_keys=True, default=str) for key, item in found.items()}

    def leavings(self, native):
        # what trimtab was not told to own: the policy that somebody made, which goes along with its group
        return {("alarm", f"shop-a-hot-{native}")}


class OnAzure:
    """
    Scale set names: letters, digits, hyphens, underscores and periods, told apart by no case.

    https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/resource-name-rules
    """

    names = joined("-._", more=st.text("abAB09", min_size=1, max_size=6))
    separators = "-._"

    def __init__(self, emulator):
        self.emulator = emulator

    def reset(self):
        self.emulator.doors.reset()
        self.world = AzureWorld(self.emulator)
        self.emulator.doors.make_group("elsewhere", location=LOCATION)
        self.connection = self.world.connect()

    def connect(self):
        return self.connection

    def identity(self, name):
        return name.lower()

    def takes(self, name):
        return (
            0 < len(name) <= 64
            and name[0].isalnum()
            and name[-1].isalnum()
            and name.replace("-", "").replace(".", "").replace("_", "").isalnum()
        )

    def group(self, name, native, **fields):
        return azure_group(self.world, name, native_name=native, **fields)

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.emulator.endpoint.removeprefix("http://"))
        try:
            head = {"Authorization": "Bearer trimtab", "Content-Type": "application/json"}
            path = f"/subscriptions/{self.emulator.subscription}{path}"
            connection.request(method, path, None if body is None else json.dumps(body), head)
            reply = connection.getresponse()
            answer = reply.read()
            assert reply.status < 300, answer
            return json.loads(answer)
        finally:
            connection.close()

    def put(self, native, mark=None, group=GROUP, *, scaled=True):
        tags = {"trimtab-fleet": mark[0], "trimtab-group": mark[1]} if mark else {}
        home = f"/resourceGroups/{group}/providers"
        whole = f"/subscriptions/{self.emulator.subscription}{home}/Microsoft.Compute/virtualMachineScaleSets/{native}"
        card = {
            "primary": True,
            "ipConfigurations": [{"name": "ip", "properties": {"subnet": {"id": self.world.subnet}}}],
        }
        image = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
        profile = {
            "osProfile": {
                "computerNamePrefix": "x",
                "adminUsername": "azureuser",
                "linuxConfiguration": {
                    "disablePasswordAuthentication": True,
                    "ssh": {
                        "publicKeys": [{"path": "/home/azureuser/.ssh/authorized_keys", "keyData": "ssh-rsa AAAA"}]
                    },
                },
            },
            "storageProfile": {"imageReference": image},
            "networkProfile": {"networkInterfaceConfigurations": [{"name": "nic", "properties": card}]},
        }
        body = {
            "location": LOCATION,
            "tags": tags,
            "sku": {"name": "Standard_B2s", "capacity": 1},
            "properties": {"upgradePolicy": {"mode": "Manual"}, "virtualMachineProfile": profile},
        }
        self.ask("PUT", f"{home}/Microsoft.Compute/virtualMachineScaleSets/{native}?api-version=2024-11-01", body)
        if scaled:
            self.put_setting(f"{native}-by-hand", whole, tags, group)
        teller = {"groupShortName": "people", "enabled": True}
        path = f"{home}/Microsoft.Insights/actionGroups/{native}-told?api-version=2023-01-01"
        self.ask("PUT", path, {"location": "Global", "tags": tags, "properties": teller})

    def put_setting(self, name, target, tags, group=GROUP):
        sizes = {"minimum": "1", "maximum": "2", "default": "1"}
        body = {
            "targetResourceUri": target,
            "enabled": True,
            "profiles": [{"name": "x", "capacity": sizes, "rules": []}],
        }
        path = f"/resourceGroups/{group}/providers/Microsoft.Insights/autoscaleSettings/{name}?api-version=2022-10-01"
        self.ask("PUT", path, {"location": LOCATION, "tags": tags, "properties": body})

    def put_elsewhere(self, native):
        """A group of the same name in another resource group, and a setting about it in ours."""
        self.put(native, group="elsewhere", scaled=False)
        home = f"/subscriptions/{self.emulator.subscription}/resourceGroups/elsewhere/providers"
        self.put_setting("elsewhere", f"{home}/Microsoft.Compute/virtualMachineScaleSets/{native}", {})

    def use(self, native):
        """An alert of somebody else that tells the action group of this one."""
        (told,) = (key for key in self.snapshot() if "/actiongroups/" in key)
        home = f"/subscriptions/{self.emulator.subscription}/resourceGroups/{GROUP}/providers"
        condition = {"name": "c", "metricName": "Percentage CPU", "operator": "GreaterThan", "threshold": 90}
        rule = {
            "severity": 2,
            "enabled": True,
            "scopes": [f"{home}/Microsoft.Compute/virtualMachineScaleSets/{native}"],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [{**condition, "criterionType": "StaticThresholdCriterion", "timeAggregation": "Average"}],
            },
            "actions": [{"actionGroupId": told}],
        }
        path = f"/resourceGroups/{GROUP}/providers/Microsoft.Insights/metricAlerts/his?api-version=2018-03-01"
        self.ask("PUT", path, {"location": "global", "properties": rule})

    def snapshot(self):
        found = {}
        for kind, version in (
            ("Microsoft.Compute/virtualMachineScaleSets", "2024-11-01"),
            ("Microsoft.Insights/autoscaleSettings", "2022-10-01"),
            ("Microsoft.Insights/metricAlerts", "2018-03-01"),
            ("Microsoft.Insights/actionGroups", "2023-01-01"),
        ):
            for item in self.ask("GET", f"/providers/{kind}?api-version={version}")["value"]:
                found[item["id"].lower()] = json.dumps(item, sort_keys=True)
        return found

    def leavings(self, native):
        home = f"/subscriptions/{self.emulator.subscription}/resourceGroups/{GROUP}/providers"
        return {f"{home}/Microsoft.Insights/actionGroups/{native}-told".lower()}


class OnGcp:
    """
    Names of Compute Engine: RFC 1035, 63 characters; display names of Cloud Monitoring are nobody's.

    https://cloud.google.com/compute/docs/naming-resources
    """

    names = joined("-", words=[word for word in WORDS if word.isalpha()], more=st.text("ab09", min_size=1, max_size=6))
    names = names.map(lambda text: f"n{text}"[:63].rstrip("-"))
    separators = "-"
    elsewhere = ("zones/europe-west1-b", "zones/europe-west1-c", "regions/us-central1")

    def __init__(self, emulator):
        self.emulator = emulator

    def reset(self):
        self.emulator.doors.reset()
        self.world = GcpWorld(self.emulator)
        self.connection = self.world.connect()

    def connect(self):
        return self.connection

    def identity(self, name):
        return name

    def takes(self, name):
        plain = name.replace("-", "")
        return (
            0 < len(name) <= 63
            and plain.isalnum()
            and plain.isascii()
            and name == name.lower()
            and (name[0].isalpha() and name[-1] != "-")
        )

    def group(self, name, native, **fields):
        # how long requests may drain is the whole service's, which is somebody else's
        return gcp_group(
            name, native_name=native, **{"load_balancers": [{"name": "virtualmin", "port": 8080}], **fields}
        )

    def put(self, native, mark=None, scope=SCOPE):
        line = f"[trimtab fleet={mark[0]} group={mark[1]}]" if mark else "made by hand"
        template = f"{native[:50]}-by-hand" if scope == SCOPE else f"by-hand-{scope[-1]}"
        body = {"name": template, "description": line, "properties": {"machineType": "e2-micro"}}
        self.world.ask("POST", "global/instanceTemplates", body)
        if scope == SCOPE:
            check = {"name": native, "description": line, "type": "TCP", "tcpHealthCheck": {"port": 9}}
            self.world.ask("POST", f"{SCOPE}/healthChecks", check)
        manager = {"name": native, "description": line, "targetSize": 1}
        manager["instanceTemplate"] = f"global/instanceTemplates/{template}"
        self.world.ask("POST", f"{scope}/instanceGroupManagers", manager)
        target = f"{scope}/instanceGroupManagers/{native}"
        sizes = {"maxNumReplicas": 2, "minNumReplicas": 1}
        name = native if scope != SCOPE else f"{native[:50]}-by-hand"
        scaler = {"name": name, "description": line, "target": target, "autoscalingPolicy": sizes}
        self.world.ask("POST", f"{scope}/autoscalers", scaler)

    def put_elsewhere(self, native):
        """Groups of the same name in zones of the region and in another region."""
        for scope in self.elsewhere[:2]:
            self.put(native, scope=scope)

    def use(self, native):
        """A group of somebody else that launches from the template of this one and is healed by its health check."""
        (name,) = (item["name"] for item in self.world.ask("GET", "global/instanceTemplates")["items"])
        healing = {"healthCheck": f"projects/{self.world.project}/{SCOPE}/healthChecks/{native}", "initialDelaySec": 60}
        body = {"name": "his", "targetSize": 1, "instanceTemplate": f"global/instanceTemplates/{name}"}
        self.world.ask("POST", f"{SCOPE}/instanceGroupManagers", {**body, "autoHealingPolicies": [healing]})

    def snapshot(self):
        found = {}
        for kind in ("instanceGroupManagers", "autoscalers", "healthChecks", "backendServices"):
            for place in self.world.ask("GET", f"aggregated/{kind}")["items"].values():
                for item in place.get(kind, ()):
                    found[item["selfLink"]] = item
        for item in self.world.ask("GET", "global/instanceTemplates").get("items", ()):
            found[item["selfLink"]] = item
        calls = self.connection.provider.connection
        for kind, word in (("alertPolicies", "alert_policies"), ("notificationChannels", "notification_channels")):
            for item in calls.monitor(f"{kind}.list_{word}", name=f"projects/{self.world.project}"):
                found[item["name"]] = item
        # the service is shared: the places in it are told apart by their groups
        service = next(link for link in found if link.endswith("/backendServices/virtualmin"))
        found[service] = {**found[service], "backends": [], "fingerprint": ""}
        return {key: json.dumps(item, sort_keys=True, default=str) for key, item in found.items()}

    def leavings(self, native):
        return {key for key in self.snapshot() if key.endswith(f"/instanceTemplates/{native[:50]}-by-hand")}
