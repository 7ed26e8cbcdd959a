"""Accounts on the emulators as the reports need them, and the few words in which the tests speak of plans."""

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import trimtab as tt
from trimtab.errors import ConfigError
from trimtab.testing import AwsTestCloud, AzureTestCloud, GcpTestCloud

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
AMI = "ami-12c6146b"
PUBLIC_KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFsbCB0aGUgd29ybGQgaXMgYSBzdGFnZSBhbmQgYWxs ops@example.org"
"""What a key pair is made of in a moment; its secret half nobody has."""


def fleet_of(text):
    """The fleet of a file's text."""
    return tt.parse_fleet(text, name="fleet.yaml", env={})


def findings(fleet, provider):
    """What `trimtab check` says of a fleet, one text each."""
    return [str(finding) for finding in tt.check_fleet(fleet, provider=provider)]


def naming(path, texts):
    """Those texts that name a field."""
    return [str(text) for text in texts if path in str(text)]


def said(plan):
    """All notes and problems of a plan."""
    return [*plan.notes, *plan.problems]


class Account:
    """One account on an emulator whose clock stands, and a connection to it."""

    def __init__(self, emulator, testing):
        self.doors = emulator.doors
        self.emulator = emulator
        self.testing = testing(emulator)
        self.clock = self.testing.clock
        self.cloud = self.testing.connect()

    def renew(self, start=MONDAY):
        """The account as it is before anything was done, at a time of its own."""
        self.doors.reset()
        self.doors.set_clock(start, freeze=True)
        self.furnish()

    def furnish(self):
        """What stands in the account before trimtab comes."""

    def refusals(self, text):
        """What is refused before anything is written, by the file's check or the plan; empty if apply may go on."""
        try:
            return [str(problem) for problem in self.cloud.plan(fleet_of(text)).problems]
        except ConfigError as error:
            return [str(problem) for problem in error.problems]

    def put(self, text, **settings):
        """The fleet of a text, applied; what goes wrong here is an error of the test, not its verdict."""
        fleet = fleet_of(text)
        plan = self.cloud.plan(fleet)
        if plan.problems:
            raise RuntimeError(f"the plan is refused: {[str(problem) for problem in plan.problems]}")
        done = self.cloud.apply(plan, **{"wait": "accepted", **settings})
        if done.failures:
            raise RuntimeError(f"apply failed: {done.failures}")
        return fleet

    def left(self, fleet):
        """What a plan of a fleet still wants: action, kind, name and native paths of each change."""
        return [
            (str(change.action), change.key.kind, change.key.name, sorted(item.path for item in change.fields))
            for change in self.cloud.plan(fleet).changes
        ]

    def writes(self):
        """The writing calls since the log was cleared, in their order."""
        return [call for call in self.doors.requests() if call.write]

    def close(self):
        self.cloud.close()


def make_by_arn(client, *arns):
    """Topics, queues and roles with these ARNs; `client` makes a client of a service."""
    trust = '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}'
    for arn in arns:
        name, (service, *_) = arn.rpartition(":")[2], arn.split(":")[2:]
        if service == "sns":
            client("sns").create_topic(Name=name)
        elif service == "sqs":
            client("sqs").create_queue(QueueName=name)
        else:
            client("iam").create_role(RoleName=name.rpartition("/")[2], AssumeRolePolicyDocument=trust)


class AwsAccount(Account):
    def __init__(self, emulator):
        self.clients = {}
        super().__init__(emulator, AwsTestCloud)

    def client(self, service):
        """A client of somebody else."""
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.emulator.endpoint,
                region_name="us-east-1",
                aws_access_key_id="somebody",
                aws_secret_access_key="else",
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self.clients[service]

    def code(self, service, operation, **given):
        """The error code with which a call is refused; `None` when it is taken."""
        try:
            getattr(self.client(service), operation)(**given)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return None

    def group(self, name):
        """The reply about one Auto Scaling group; `None` when there is none."""
        reply = self.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        return next(iter(reply["AutoScalingGroups"]), None)

    def templates(self, name):
        """All versions of a launch template, the newest first; empty when there is none."""
        reply = self.client("ec2").describe_launch_template_versions(
            Filters=[], LaunchTemplateName=name, Versions=["$Latest"]
        )
        newest = reply["LaunchTemplateVersions"][0]["VersionNumber"]
        versions = [str(number) for number in range(newest, 0, -1)]
        return self.client("ec2").describe_launch_template_versions(LaunchTemplateName=name, Versions=versions)[
            "LaunchTemplateVersions"
        ]

    def template_names(self):
        reply = self.client("ec2").describe_launch_templates()
        return {template["LaunchTemplateName"] for template in reply["LaunchTemplates"]}

    def alarm(self, name):
        reply = self.client("cloudwatch").describe_alarms(AlarmNames=[name])
        return next(iter(reply["MetricAlarms"]), None)

    def policy(self, group, name):
        reply = self.client("autoscaling").describe_policies(AutoScalingGroupName=group, PolicyNames=[name])
        return next(iter(reply["ScalingPolicies"]), None)

    def make_template(self, name, **data):
        """A launch template as somebody else makes one; what names its newest version."""
        data = {"ImageId": AMI, "InstanceType": "t3.small", **data}
        self.client("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        return {"LaunchTemplateName": name, "Version": "$Latest"}

    def make_group(self, name, **fields):
        """A group as somebody else makes one, with a launch template of the same name."""
        given = {"AutoScalingGroupName": name, "MinSize": 1, "MaxSize": 4, "AvailabilityZones": ["us-east-1a"]}
        template = self.make_template(name, **fields.pop("template", {}))
        if "MixedInstancesPolicy" in fields:
            fields["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"] = template
        else:
            given["LaunchTemplate"] = template
        self.client("autoscaling").create_auto_scaling_group(**given, **fields)

    def taken_over(self, name, **changes):
        """The fleet of an imported group that was adopted, the notes of the import, and the plan after it."""
        imported = self.cloud.import_group(name)
        group = imported.group.model_copy(update=changes)
        fleet = tt.Fleet(name="shop", groups=[group])
        done = self.cloud.apply(self.cloud.adopt(fleet), wait="accepted")
        if done.failures:
            raise RuntimeError(f"adopt failed: {done.failures}")
        return fleet, [str(note) for note in imported.notes], self.cloud.plan(fleet)

    def make_balancer(self):
        """A balancer with a target group `front`; the dimensions of their metrics."""
        elb, ec2 = self.client("elbv2"), self.client("ec2")
        network = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
        target = elb.create_target_group(Name="front", Protocol="HTTP", Port=80, VpcId=network)["TargetGroups"][0]
        balancer = elb.create_load_balancer(Name="lb", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        forward = [{"Type": "forward", "TargetGroupArn": target["TargetGroupArn"]}]
        elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
        return {
            "LoadBalancer": balancer.split("loadbalancer/")[1],
            "TargetGroup": target["TargetGroupArn"].split(":")[-1],
        }


class AzureAccount(Account):
    def __init__(self, emulator):
        super().__init__(emulator, AzureTestCloud)

    @property
    def providers(self):
        """The path under which everything of the resource group stands."""
        group = AzureTestCloud.resource_group
        return f"/subscriptions/{self.emulator.subscription}/resourceGroups/{group}/providers"

    def furnish(self):
        self.doors.make_group(AzureTestCloud.resource_group, location=AzureTestCloud.location)
        self.testing.make_network("virtualmin", "private")
        for name in ("ida", "idb", "idc"):
            self.ask("PUT", f"Microsoft.ManagedIdentity/userAssignedIdentities/{name}", {"location": "westeurope"})

    def identity(self, name):
        return f"{self.providers}/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"

    def ask(self, method, path, body=None, version=None, *, group=AzureTestCloud.resource_group):
        """Status and body of the reply to a plain call; the path is below the `providers` of a resource group."""
        home = self.providers.replace(f"/{AzureTestCloud.resource_group}/", f"/{group}/")
        url = f"{self.emulator.endpoint}{home}/{path}"
        version = version or ("2023-01-31" if path.startswith("Microsoft.ManagedIdentity/") else "2024-07-01")
        url += f"{'&' if '?' in path else '?'}api-version={version}"
        data = None if body is None else json.dumps(body).encode()
        head = {"Content-Type": "application/json", "Authorization": "Bearer somebody"}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, head, method=method)) as reply:
                return reply.status, json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def scale_set(self, name):
        status, body = self.ask("GET", f"Microsoft.Compute/virtualMachineScaleSets/{name}")
        return body if status == 200 else None

    def put_scale_set(self, name, **changes):
        """Status and error code of a PUT of a scale set as somebody else makes one."""
        return self.answer("PUT", f"Microsoft.Compute/virtualMachineScaleSets/{name}", scale_set(self, **changes))

    def patch_scale_set(self, name, body):
        return self.answer("PATCH", f"Microsoft.Compute/virtualMachineScaleSets/{name}", body)

    def answer(self, method, path, body, version="2024-07-01"):
        """Status and error code of a call."""
        status, reply = self.ask(method, path, body, version)
        return status, (reply or {}).get("error", {}).get("code") if status >= 400 else None


class GcpAccount(Account):
    def __init__(self, emulator):
        super().__init__(emulator, GcpTestCloud)

    def ask(self, method, path, body=None):
        """Status and body of the reply to a plain call of the REST API."""
        return self._send(method, f"compute/v1/projects/{self.emulator.project}/{path}", body)

    def make_named(self, path, body):
        """A service account, a key ring or a key, through IAM or Cloud KMS."""
        return self._send("POST", f"v1/projects/{self.emulator.project}/{path}", body)

    def _send(self, method, path, body):
        url = f"{self.emulator.endpoint}/{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")


def scale_set(account, **changes):
    """The body of a plain scale set in the resource group's network; `changes` go deep, by dotted path."""
    subnet = f"{account.providers}/Microsoft.Network/virtualNetworks/virtualmin/subnets/private"
    body = {
        "location": "westeurope",
        "sku": {"name": "Standard_D2s_v5", "tier": "Standard", "capacity": 1},
        "properties": {
            "upgradePolicy": {"mode": "Manual"},
            "virtualMachineProfile": {
                "storageProfile": {
                    "imageReference": {
                        "publisher": "Canonical",
                        "offer": "ubuntu-24_04-lts",
                        "sku": "server",
                        "version": "latest",
                    },
                    "osDisk": {"createOption": "FromImage", "managedDisk": {"storageAccountType": "Standard_LRS"}},
                },
                "osProfile": {
                    "computerNamePrefix": "web",
                    "adminUsername": "trimtab",
                    "linuxConfiguration": {
                        "disablePasswordAuthentication": True,
                        "ssh": {
                            "publicKeys": [{"path": "/home/trimtab/.ssh/authorized_keys", "keyData": RSA_KEY}],
                        },
                    },
                },
                "networkProfile": {
                    "networkInterfaceConfigurations": [
                        {
                            "name": "web",
                            "properties": {
                                "primary": True,
                                "ipConfigurations": [{"name": "web", "properties": {"subnet": {"id": subnet}}}],
                            },
                        }
                    ]
                },
            },
        },
    }
    for path, value in changes.items():
        *parents, leaf = path.split("__")
        place = body
        for name in parents:
            place = place.setdefault(name, {})
        if value is None:
            place.pop(leaf, None)
        else:
            place[leaf] = value
    return body


RSA_KEY = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7bGxlIHdvcmxkIGlzIGEgc3RhZ2UgYW5kIGFsbCB0aGUgbWVuIGFuZCB3b21lbiBtZXJl"
    "bHkgcGxheWVycyB0aGV5IGhhdmUgdGhlaXIgZXhpdHMgYW5kIHRoZWlyIGVudHJhbmNlcw== ops@example.org"
)
