"""
Arbitrary valid groups: every field of the model with every value of a closed choice, with no regard for what a cloud
can do, what goes together, or whose settings they are.

Hypothesis draws the seed alone: with two hundred choices a group, drawing each would take longer than the laws.

`VALUES` holds what each field is tried with; a law takes the other values of a field from there too.
"""

import random
from enum import StrEnum
from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel

import trimtab as tt
from trimtab.declarations import declarations_of
from trimtab.models import AwsProcess, SimplePolicy, StepPolicy, TargetTrackingPolicy
from trimtab.models.alarm import SampleUnit
from trimtab.models.metric import NEUTRAL
from trimtab.models.policy import ForecastLoad, PredictivePolicy, PythonPolicy
from trimtab.models.template import Agent, OperatingSystem, StatefulAddress

POLICIES = {"simple": SimplePolicy, "step": StepPolicy, "target-tracking": TargetTrackingPolicy}
POLICIES |= {"predictive": PredictivePolicy, "python": PythonPolicy}
TYPES = tuple(POLICIES)
NAMED = ("policies", "alarms", "schedules")
"""Lists whose items are called by their names in paths."""
STRUCTURE = frozenset(
    {
        "name",
        "type",
        "policies.*.name",
        "policies.*.type",
        "rollout.gates.*.type",
        "alarms.*.name",
        "schedules.*.name",
        "settings.*",
    }
) | {
    f"{provider}.native.{word}.*"
    for provider in ("aws", "azure", "gcp")
    for word in declarations_of(provider).natives.parts
}
"""
What is not drawn: the names that paths are made of, the type, whose change makes another policy, the blocks of
providers that other distributions bring, and leaves of native bodies, which `test_natives` draws from the vendors'
models.
"""

YES = (True, False)
ONCE = ("2026-03-01T08:00:00", "2025-03-01T08:00:00", "2026-11-27T00:00:00")
_AMOUNTS = {"change": (2, -1, 5), "percent": (20, -30, 50), "to": (3, 6, 7)}
_METRICS = {
    "metric[custom].name": ("JobsWaiting", "Load"),
    "metric[custom].namespace": ("Virtualmin", "System"),
    "metric[custom].unit": ("none", "percent", "count"),
    "metric[custom].dimensions.*": ("web", "{group}", "/"),
    "metric[promql].name": ("jobs", "load"),
    "metric[promql].query": ("sum(up)", "a\nor b"),
    "metric[promql].unit": ("none", "percent", "count"),
    "metric[math].name": ("load", "worst"),
    "metric[math].query": ("a / b", "MAX([a, b])"),
    "metric[math].unit": ("none", "percent", "count"),
    "metric[math].parts.*.name": ("JobsWaiting", "Load"),
    "metric[math].parts.*.namespace": ("Virtualmin", "System"),
    "metric[math].parts.*.dimensions.*": ("web", "{group}", "/"),
    "metric[math].parts.*.statistic": ("sum", "maximum", "p95"),
    "metric.of": ("jobs", "front"),
}

VALUES: dict[str, tuple[Any, ...]] = {
    "native_name": ("prod-web", "prod-api"),
    "location": ("europe-west1", "us-east1"),
    "capacity.min": (0, 1, 2),
    "capacity.max": (8, 9, 12),
    "capacity.desired": (4, 5),
    "template.image.id": ("ami-0123456789abcdef0", "ami-0fedcba9876543210"),
    "template.image.newest": ("ubuntu-*", "debian-1?"),
    "template.image.owner": ("099720109477", "amazon"),
    "template.image.architecture": ("x86_64", "arm64"),
    "template.image.os": get_args(OperatingSystem),
    "template.size": ("t3.medium", "m5.large"),
    "template.size.cpus.min": (1, 2, 4),
    "template.size.cpus.max": (4, 8),
    "template.size.memory_gb.min": (1.0, 4.0, 8.0, 15.5),
    "template.size.memory_gb.max": (16.0, 64.0),
    "template.size.burstable": YES,
    "template.size.architecture": ("x86_64", "arm64"),
    "template.size.gpu.min": (0, 1),
    "template.size.gpu.max": (1, 2),
    "template.size.choices": (2, 3),
    "template.user_data": ("#!/bin/sh\necho ${HOME}\n", "#!/bin/sh\necho {{ colour }} {{ number }}\n"),
    "template.user_data_parts.*": (
        "#!/bin/sh\necho ${HOME}\n",
        "#cloud-config\npackages: [nginx]\n",
        "#!/bin/sh\necho ñ",
    ),
    "template.variables.*": ("red", 7, 1.5, True),
    "template.agents.*": get_args(Agent),
    "template.ssh_key": ("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ ops", "ops"),
    "template.admin_password.env": ("ADMIN_PASSWORD", "OTHER_PASSWORD"),
    "template.security_groups.*": ("web", "db", "ops"),
    "template.role": ("web", "db"),
    "template.disks.*.device": (None, "/dev/sdf", "1"),
    "template.disks.*.size_gb": (10, 64, 200),
    "template.disks.*.type": ("standard", "ssd", "fast-ssd", "gp2", "Premium_ZRS", "pd-extreme"),
    "template.disks.*.encrypted": YES,
    "template.disks.*.key": ("disks", "more-disks"),
    "template.disks.*.iops": (3000, 4000),
    "template.disks.*.throughput": (125, 250),
    "template.disks.*.keep": YES,
    "template.disks.*.stateful": YES,
    "template.public_address": YES,
    "template.internal_address": get_args(StatefulAddress),
    "template.external_address": get_args(StatefulAddress),
    "template.metadata_token": YES,
    "template.metadata_hops": (1, 2),
    "template.detailed_monitoring": YES,
    "template.tags.*": ("own", "Its Own"),
    "template.metadata.*": ("TRUE", "two words"),
    "tags.*": ("web", "Virtualmin Pro"),
    "placement.zones.*": ("a", "b", "c"),
    "placement.subnets.*": ("subnet-1", "subnet-2"),
    "placement.subnet_tags.*": ("Private", "Public"),
    "placement.network": ("main", "other"),
    "load_balancers.*.name": ("web", "api"),
    "load_balancers.*.id": ("web-id", "api-id"),
    "load_balancers.*.port": (80, 8080),
    "load_balancers.*.drain": ("30s", "5m"),
    "load_balancers.*.alternate": ("green", "green-id"),
    "load_balancers.*.haproxy.socket": ("/run/haproxy/admin.sock", "run/admin.sock"),
    "load_balancers.*.haproxy.address": ("10.0.0.5:9999", "edge.example:9999"),
    "load_balancers.*.haproxy.tls": YES,
    "load_balancers.*.haproxy.ca": ("ca.pem", "own.pem"),
    "load_balancers.*.haproxy.certificate": ("trimtab.pem", "client.pem"),
    "load_balancers.*.haproxy.server_name": ("edge.example", "haproxy"),
    "load_balancers.*.haproxy.backend": ("web", "api"),
    "load_balancers.*.haproxy.port": (80, 8080),
    "load_balancers.*.haproxy.path": ("/up", "/health"),
    "load_balancers.*.haproxy.reach": ("private", "public"),
    "load_balancers.*.haproxy.drain": ("10s", "5m"),
    "load_balancers.*.haproxy.check_interval": ("1s", "5s"),
    "load_balancers.*.haproxy.max_connections": (10, 500),
    "health_check.by": ("instance", "load-balancer"),
    "health_check.grace": ("5m", "20m"),
    "health_check.path": ("/up", "/health"),
    "health_check.port": (80, 8080),
    "health_check.protocol": ("http", "https", "tcp"),
    "health_check.host": ("shop.example.org", "example.org"),
    "health_check.interval": ("5s", "10s", "20s"),
    "health_check.timeout": ("2s", "4s"),
    "health_check.healthy_threshold": (2, 3, 4),
    "health_check.unhealthy_threshold": (3, 4, 5),
    "purchase.spot": YES,
    "purchase.on_demand_base": (1, 2),
    "purchase.on_demand_percent": (25, 100),
    "purchase.strategy": ("price-capacity", "capacity", "lowest-price", "prioritized"),
    "purchase.max_price": ("0.0125", "0.5"),
    "purchase.sizes.*.size": ("t3.medium", "t3.large", "m5.large"),
    "purchase.sizes.*.weight": (1, 2, 4),
    "purchase.rebalance": YES,
    "purchase.fallback": ("on-demand",),
    "purchase.fallback_after": ("2m", "10m"),
    "purchase.return_after": ("20m", "2h"),
    "purchase.reservation": ("cr-1", "cr-2"),
    "cooldown": ("4m", "10m"),
    "warm_up": ("2m", "15m"),
    "stabilization": ("7m", "30m"),
    "protect_from_scale_in": YES,
    "policies.*.enabled": YES,
    "policies.*.approximate": YES,
    **{f"policies.*.{name}": values for name, values in _AMOUNTS.items()},
    "policies.*.minimum_change": (1, 3),
    "policies.*.cooldown": ("3m", "11m"),
    **{f"policies.*.steps.*.{name}": values for name, values in _AMOUNTS.items()},
    "policies.*.steps.*.lower": (0.0, 10.0, 20.0, -10.0),
    "policies.*.steps.*.upper": (0.0, 10.0, 20.0, -10.0),
    "policies.*.warm_up": ("90s", "13m"),
    "policies.*.call": ("acme.policies:drain", "acme.policies:hold"),
    "policies.*.target": (40.0, 55.5),
    "policies.*.statistic": ("average", "minimum", "maximum", "sum"),
    "policies.*.scale_in": YES,
    "policies.*.load": get_args(ForecastLoad),
    "policies.*.mode": ("forecast-only", "forecast-and-scale"),
    "policies.*.buffer": ("5m", "20m"),
    "policies.*.maximum_breach": ("honor", "increase"),
    "policies.*.maximum_buffer": (10, 20),
    "alarms.*.statistic": ("average", "minimum", "maximum", "sum", "count", "p95", "p99.9"),
    "alarms.*.sample_unit": get_args(SampleUnit),
    "alarms.*.severity": ("critical", "error", "warning", "informational", "verbose"),
    **{f"alarms.*.{word}": (70.0, 85.5) for word in ("above", "at_least", "below", "at_most")},
    "alarms.*.period": ("1m", "2m", "10m"),
    "alarms.*.periods": (3, 5),
    "alarms.*.datapoints": (1, 2, 3),
    "alarms.*.missing": ("missing", "ignore", "breaching", "not-breaching"),
    "alarms.*.triggers.*": (),
    "alarms.*.notify.*": ("arn:aws:sns:us-east-1:123456789012:ops", "ops@example.org", "https://example.org/a"),
    "alarms.*.notify_ok.*": ("arn:aws:sns:us-east-1:123456789012:ok", "ops@example.org"),
    "alarms.*.notify_no_data.*": ("arn:aws:sns:us-east-1:123456789012:quiet", "ops@example.org"),
    "alarms.*.enabled": YES,
    "alarms.*.description": ("hot", "two\nlines"),
    "schedules.*.cron": ("0 8 * * 1-5", "30 22 * * *", "15 6 1 * *", "*/20 * * * 6"),
    "schedules.*.at": ONCE,
    "schedules.*.zone": ("UTC", "Europe/Madrid", "America/Sao_Paulo"),
    "schedules.*.min": (1, 2, 3),
    "schedules.*.max": (8, 9, 10),
    "schedules.*.desired": (4, 6),
    "schedules.*.duration": ("30m", "10h"),
    "schedules.*.until": ("0 20 * * 1-5", "45 23 * * *"),
    "schedules.*.starts": ("2026-02-01T00:00:00", "2025-02-01T00:00:00"),
    "schedules.*.ends": ("2027-02-01T00:00:00", "2028-02-01T00:00:00"),
    "schedules.*.description": ("office hours", "what the night\nis like"),
    "schedules.*.skip_dates.*": ("2026-04-06", "2026-12-24..2026-12-26", "2027-02-28"),
    "schedules.*.only_dates.*": ("2026-04-04..2026-04-11", "2026-12-19..2027-01-09", "2027-03-01"),
    "rollout.strategy": ("rolling", "canary", "blue-green"),
    "rollout.max_unavailable": (1, 2, "25%"),
    "rollout.max_surge": (1, 3, "10%"),
    "rollout.min_healthy": (1, "90%"),
    "rollout.checkpoints.*.percent": (10, 20, 50),
    "rollout.checkpoints.*.bake": ("5m", "1h"),
    "rollout.bake": ("10m", "1h"),
    "rollout.skip_matching": YES,
    "rollout.protected_instances": ("skip", "replace"),
    "rollout.standby_instances": ("skip", "replace"),
    "rollout.gates.*.alarms.*": ("hot", "shop-errors"),
    "rollout.gates.*.path": ("/up", "/health"),
    "rollout.gates.*.port": (80, 8080),
    "rollout.gates.*.protocol": ("http", "https"),
    "rollout.gates.*.status": (200, 204),
    "rollout.gates.*.address": ("private", "public"),
    "rollout.gates.*.timeout": ("2s", "10s"),
    "rollout.gates.*.run.*": ("./smoke-test", "--all"),
    "rollout.gates.*.worse": ("higher", "lower"),
    "rollout.gates.*.significance": (0.01, 0.1),
    "rollout.gates.*.samples": (5, 20),
    "rollout.batch_timeout": ("10m", "1h"),
    "rollout.deadline": ("2h", "1d"),
    "rollout.on_failure": ("rollback", "pause", "stop"),
    "rollout.keep": (1, 3),
    "rollout.end_after": ("10m", "1h"),
    "aws.lifecycle_hooks.*.name": ("h0", "h1"),
    "aws.lifecycle_hooks.*.on": ("launch", "terminate"),
    "aws.lifecycle_hooks.*.timeout": ("30s", "30m"),
    "aws.lifecycle_hooks.*.default": ("continue", "abandon"),
    "aws.lifecycle_hooks.*.notify": ("arn:aws:sns:us-east-1:123456789012:hooks", "arn:aws:sqs:us-east-1:1:hooks"),
    "aws.lifecycle_hooks.*.role": ("arn:aws:iam::123456789012:role/hooks", "arn:aws:iam::123456789012:role/more"),
    "aws.lifecycle_hooks.*.data": ("what it is about", "more"),
    "aws.notify_scaling.*.topic": tuple(f"arn:aws:sns:us-east-1:123456789012:{name}" for name in ("scaling", "more")),
    "aws.notify_scaling.*.on.*": ("launch", "launch-error", "terminate", "terminate-error", "test"),
    "aws.maintenance.min_healthy": (0, 50, 90),
    "aws.maintenance.max_healthy": (100, 110),
    "aws.warm_pool.min": (1, 2),
    "aws.warm_pool.max_prepared": (5, 6),
    "aws.warm_pool.state": ("stopped", "running", "hibernated"),
    "aws.warm_pool.reuse": YES,
    "aws.termination_policies.*": ("OldestInstance", "NewestInstance", "Default"),
    "aws.max_instance_lifetime": ("7d", "14d"),
    "aws.suspended_processes.*": tuple(process.value for process in AwsProcess),
    "aws.group_metrics": YES,
    "aws.health_checks.*": ("ebs", "vpc-lattice"),
    "aws.service_linked_role": ("arn:aws:iam::123456789012:role/it", "arn:aws:iam::123456789012:role/web"),
    "aws.placement_group": ("close", "far"),
    "aws.group_tags.*": ("it", "Of Its Own"),
    "azure.resource_group": ("prod", "test"),
    "azure.orchestration": ("uniform", "flexible"),
    "azure.zone_balance": YES,
    "azure.fault_domains": (2, 3),
    "azure.single_placement_group": YES,
    "azure.overprovision": YES,
    "azure.default_capacity": (2, 3),
    "azure.admin_username": ("ops", "root2"),
    "azure.computer_name_prefix": ("web", "vm"),
    "azure.terminate_notification": ("5m", "15m"),
    "azure.eviction": ("delete", "deallocate"),
    "azure.restore_spot": ("1h", "2h"),
    "azure.automatic_repairs": YES,
    "azure.application_gateway_pools.*": ("front/web", "front/api"),
    "azure.scale_in": ("default", "newest", "oldest"),
    "azure.notify_scaling.*": ("ops@example.org", "https://example.org/scaling", "administrators", "co-administrators"),
    "gcp.target_shape": ("even", "balanced", "any", "any-single-zone"),
    "gcp.named_ports.*": (80, 8080),
    "gcp.base_instance_name": ("web", "vm"),
    "gcp.initialization": ("3m", "12m"),
    "gcp.stabilization": ("6m", "40m"),
    "gcp.mode": ("on", "only-scale-out"),
    "gcp.scale_in_limit": (1, 2),
    "gcp.scale_in_window": ("5m", "8m"),
    "gcp.network_tags.*": ("net", "web"),
    "gcp.scopes.*": ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/logging.write"),
    "gcp.stopped": (1, 2),
    "gcp.suspended": (1, 2),
    "unmanaged.*": ("health_check.grace", "cooldown", "tags"),
    **{
        f"{item}.*.{name}": values
        for item in ("policies", "alarms", "rollout.gates")
        for name, values in _METRICS.items()
    },
}
KEYS = {
    "template.variables.*": ("colour", "number", "spare"),
    "template.tags.*": ("team", "Env"),
    "template.metadata.*": ("enable-oslogin", "shutdown-script"),
    "tags.*": ("team", "Owner"),
    "placement.subnet_tags.*": ("Type", "Env"),
    "gcp.named_ports.*": ("http", "admin"),
    "aws.group_tags.*": ("cost-center", "Audited", "Name"),
    "metric[custom].dimensions.*": ("Pool", "host"),
    "metric[math].parts.*.dimensions.*": ("Pool", "host"),
}
"""What the keys of mappings are drawn from."""


class Drawer:
    """Draws the fields of a group from `values`."""

    def __init__(self, seed, values):
        self.seed, self.random, self.values = seed, random.Random(seed), values

    def chance(self, of=2):
        """Whether something is there: once in `of` times."""
        return self.random.randrange(of) == 0

    def one(self, path):
        return self.random.choice(self.values[path])

    def maybe(self, path, of=2):
        return self.one(path) if self.chance(of) else None

    def some(self, prefix, *names, of=2):
        """Some of the fields of a model."""
        drawn = {name: self.maybe(f"{prefix}{name}", of) for name in names}
        return {name: value for name, value in drawn.items() if value is not None}

    def many(self, path, most=2):
        """Values of a list, each once."""
        return self.sample(self.values[path], most)

    def sample(self, found, most):
        """At most so many of what was found, in any order."""
        return self.random.sample(found, min(len(found), self.random.randint(0, most)))

    def mapping(self, path):
        keys = KEYS[path.removeprefix("policies.*.").removeprefix("alarms.*.").removeprefix("rollout.gates.*.")]
        return {key: self.one(path) for key in self.sample(keys, len(keys))}

    def group(self):
        purchase = self.purchase() if self.chance() else {}
        policies = [self.policy(name) for name in self.names("out", "in", "more")]
        acting = [one["name"] for one in policies if one["type"] in ("simple", "step")]
        fields = {
            "name": "web",
            **self.some("", "native_name", "location", of=6),
            **self.some("", "cooldown", "warm_up", "stabilization", "protect_from_scale_in", of=3),
            "capacity": {
                "min": self.one("capacity.min"),
                "max": self.one("capacity.max"),
                **self.some("capacity.", "desired"),
            },
            "template": self.template(neutral=not purchase.get("sizes")),
            "placement": self.placement(),
            "load_balancers": [
                {word: value, **self.some("load_balancers.*.", "port", "drain", of=3), **more}
                for (word, value), more in zip(self.balancers(), self.alternates(), strict=False)
            ]
            + self.apart("haproxies").haproxies(),
            "health_check": self.health_check(),
            "purchase": purchase,
            "policies": policies,
            "alarms": [self.alarm(name, acting) for name in self.names("hot", "cold")],
            "schedules": [self.schedule(name) for name in self.names("day", "night")] if self.chance(3) else (),
            "tags": self.mapping("tags.*") if self.chance() else {},
            "rollout": rollout.rollout() if (rollout := self.apart("rollout")).chance(6) else None,
            "unmanaged": self.many("unmanaged.*") if self.chance(4) else (),
            "aws": self.aws() if self.chance() else {},
            "azure": self.azure() if self.chance() else {},
            "gcp": self.gcp() if self.chance() else {},
        }
        return tt.ScalingGroup.model_validate(fields)

    def alternates(self):
        """Second pools, few and drawn by themselves."""
        apart = self.apart("alternate")
        return [apart.some("load_balancers.*.", "alternate", of=6) for _ in range(2)]

    def apart(self, part):
        """Draws the fields of a part by itself, so that what else is drawn stays as it is."""
        return Drawer(f"{self.seed} {part}", self.values)

    def rollout(self):
        percents = sorted(self.many("rollout.checkpoints.*.percent"))
        plain = ("strategy", "max_unavailable", "max_surge", "min_healthy", "bake", "skip_matching", "batch_timeout")
        more = ("protected_instances", "standby_instances", "deadline", "on_failure", "keep")
        fields = self.some("rollout.", *plain, *more, of=3)
        if fields.get("strategy") == "blue-green":
            fields |= self.some("rollout.", "end_after")
        steps = [{"percent": percent, **self.some("rollout.checkpoints.*.", "bake")} for percent in percents]
        return {**fields, "checkpoints": steps, "gates": [self.gate() for _ in range(self.random.randint(0, 2))]}

    def gate(self):
        at = "rollout.gates.*."
        match self.random.choice(["health", "balancer", "alarm", "http", "command", "metric"]):
            case "alarm":
                return {"type": "alarm", "alarms": self.many(f"{at}alarms.*") or ["hot"]}
            case "http":
                return {"type": "http", **self.some(at, "path", "port", "protocol", "status", "address", "timeout")}
            case "command":
                return {"type": "command", "run": self.many(f"{at}run.*") or ["true"], **self.some(at, "timeout")}
            case "metric":
                named = {"metric": self.metric("rollout.gates.*.")}
                return {"type": "metric", **named, **self.some(at, "worse", "significance", "samples")}
            case plain:
                return {"type": plain}

    def health_check(self):
        timing = ("interval", "timeout", "healthy_threshold", "unhealthy_threshold")
        fields = self.some("health_check.", "by", "grace", "path", "port", of=3)
        if self.chance(3):
            fields["protocol"] = self.random.choice(["http", "https"])
        more = self.apart("health_check")
        if "path" not in fields and more.chance(4):
            fields["protocol"] = "tcp"
        return fields | more.some("health_check.", "host", *timing, of=3)

    def names(self, *names):
        return self.sample(names, len(names))

    def balancers(self):
        words = [(word, value) for word in ("name", "id") for value in self.values[f"load_balancers.*.{word}"]]
        return self.sample(words, 2)

    def haproxies(self):
        at = "load_balancers.*.haproxy."
        if not self.chance(6):
            return []
        plain = {name: self.one(f"{at}{name}") for name in ("backend", "port")}
        more = self.some(at, "path", "reach", "drain", "check_interval", "max_connections", of=3)
        place = {"socket": self.one(f"{at}socket")}
        if self.chance():
            place = {"address": self.one(f"{at}address"), "tls": True}
            place |= self.some(at, "ca", "certificate", "server_name")
        return [{"haproxy": {**place, **plain, **more}}]

    def template(self, *, neutral):
        size = self.requirement() if neutral and self.chance(3) else self.one("template.size")
        fields = {"image": self.image(isinstance(size, dict) and size.get("architecture")), "size": size}
        if self.chance():
            fields["user_data"] = self.one("template.user_data")
            if self.chance():
                fixed = {key: self.one("template.variables.*") for key in ("colour", "number")}
                fields["variables"] = {**fixed, **self.mapping("template.variables.*")}
        elif (parts := self.apart("parts")).chance(4):
            fields["user_data_parts"] = parts.many("template.user_data_parts.*", 2)
        plain = ("ssh_key", "role", "public_address", "metadata_token", "metadata_hops", "detailed_monitoring")
        devices = self.many("template.disks.*.device")
        disk = ("size_gb", "type", "encrypted", "key", "iops", "throughput", "keep")
        disks = [{"device": device, **self.some("template.disks.*.", *disk, of=3)} for device in devices]
        if self.chance(6):
            fields |= self.some("template.", "internal_address", "external_address")
            disks = [{**each, **self.some("template.disks.*.", "stateful")} for each in disks]
        fields |= self.some("template.", *plain, of=3)
        if self.chance(4):
            fields["admin_password"] = {"env": self.one("template.admin_password.env")}
        return {
            **fields,
            "security_groups": self.many("template.security_groups.*"),
            "disks": disks,
            "tags": self.mapping("template.tags.*") if self.chance(3) else {},
            "metadata": self.mapping("template.metadata.*") if self.chance(5) else {},
            "agents": agents.many("template.agents.*", 3) if (agents := self.apart("agents")).chance(4) else (),
        }

    def image(self, architecture):
        match self.random.choice(["id", "newest", "os"]):
            case "id":
                return {"id": self.one("template.image.id")}
            case "newest":
                named = {"newest": self.one("template.image.newest")}
                return {**named, **self.some("template.image.", "owner", "architecture")}
            case _:
                own = {} if architecture else self.some("template.image.", "architecture", of=3)
                return {"os": self.one("template.image.os"), **own}

    def requirement(self):
        bounds = {
            name: {"min": self.one(f"template.size.{name}.min"), **self.some(f"template.size.{name}.", "max", of=3)}
            for name in (["cpus", "memory_gb"] if self.chance() else [self.random.choice(["cpus", "memory_gb"])])
        }
        gpu = {"gpu": {"min": self.one("template.size.gpu.min"), **self.some("template.size.gpu.", "max", of=3)}}
        more = self.some("template.size.", "burstable", "architecture", "choices", of=3)
        return {**bounds, **(gpu if self.chance(4) else {}), **more}

    def placement(self):
        fields = {
            "zones": self.many("placement.zones.*") if self.chance() else (),
            **self.some("placement.", "network", of=4),
        }
        subnets = self.many("placement.subnets.*") if self.chance() else []
        if subnets or self.chance(2):
            return {**fields, "subnets": subnets}
        tags = self.mapping("placement.subnet_tags.*")
        return {**fields, "subnet_tags": tags} if tags else fields

    def purchase(self):
        sizes = self.many("purchase.sizes.*.size", most=3) if self.chance() else []
        fields = {
            "sizes": [{"size": size, **self.some("purchase.sizes.*.", "weight", of=3)} for size in sizes],
            **self.some("purchase.", "reservation", of=4),
        }
        with_spot = ("on_demand_base", "on_demand_percent", "strategy", "max_price", "rebalance")
        if not self.chance():
            return fields
        back = self.some("purchase.", "fallback", of=4)
        times = self.some("purchase.", "fallback_after", "return_after") if back else {}
        return {**fields, "spot": True, **self.some("purchase.", *with_spot), **back, **times}

    def metric(self, prefix):
        match self.random.choice(["neutral", "neutral", "neutral", "custom", "promql", "math"]):
            case "custom":
                at = f"{prefix}metric[custom]."
                fields = {name: self.one(f"{at}{name}") for name in ("name", "namespace", "unit")}
                fields |= {"dimensions": self.mapping(f"{at}dimensions.*"), "source": "custom"}
            case "promql":
                at = f"{prefix}metric[promql]."
                fields = {name: self.one(f"{at}{name}") for name in ("name", "query", "unit")} | {"source": "promql"}
            case "math":
                at = f"{prefix}metric[math]."
                fields = {name: self.one(f"{at}{name}") for name in ("name", "query", "unit")} | {"source": "math"}
                fields["parts"] = {name: self.part(f"{at}parts.*.") for name in ("a", "b")}
            case _:
                fields = NEUTRAL[self.random.choice(list(NEUTRAL))].model_dump()
                fields["of"] = self.maybe(f"{prefix}metric.of")
        return fields

    def part(self, at):
        fields = {name: self.one(f"{at}{name}") for name in ("name", "namespace")}
        return fields | {"dimensions": self.mapping(f"{at}dimensions.*")} | self.some(at, "statistic")

    def policy(self, name):
        sort = self.random.choice(TYPES)
        fields = {"name": name, "type": sort, **self.some("policies.*.", "enabled", "approximate", of=4)}
        match sort:
            case "simple":
                word = self.random.choice(list(_AMOUNTS))
                fields |= {word: self.one(f"policies.*.{word}"), **self.some("policies.*.", "cooldown")}
                return fields | (self.some("policies.*.", "minimum_change") if word == "percent" else {})
            case "step":
                return fields | {"steps": self.steps(), **self.some("policies.*.", "minimum_change", "warm_up")}
            case "python":
                return fields | {"call": self.one("policies.*.call")}
            case "target-tracking":
                more = self.some("policies.*.", "statistic", "scale_in", "warm_up")
            case _:
                more = self.some("policies.*.", "mode", "buffer", "maximum_breach", "maximum_buffer")
                more |= self.some("policies.*.", "load", of=3)
        metric = self.metric("policies.*.")
        return fields | {"metric": metric, "target": self.one("policies.*.target"), **more}

    def steps(self):
        edges = self.random.choice([(0.0, None), (0.0, 10.0, None), (0.0, 20.0, None), (None, 0.0)])
        edges = self.random.choice([edges, (None, -10.0, 0.0), (None, 0.0, 10.0, None)])
        word = self.random.choice(list(_AMOUNTS))
        return [
            {"lower": low, "upper": high, word: self.one(f"policies.*.steps.*.{word}")} for low, high in pairwise(edges)
        ]

    def alarm(self, name, acting):
        word = self.random.choice(["above", "at_least", "below", "at_most"])
        triggers = self.sample(acting, 2)
        fields = {
            "name": name,
            "metric": self.metric("alarms.*."),
            word: self.one(f"alarms.*.{word}"),
            "triggers": triggers,
            "notify": self.many("alarms.*.notify.*") if self.chance() else [],
            "notify_ok": self.many("alarms.*.notify_ok.*") if self.chance(3) else [],
            "notify_no_data": self.many("alarms.*.notify_no_data.*") if self.chance(4) else [],
            **self.some("alarms.*.", "sample_unit", of=3),
            **self.apart(f"alarm {name}").some("alarms.*.", "severity", of=3),
            **self.some("alarms.*.", "statistic", "period", "periods", "missing"),
            **self.some("alarms.*.", "enabled", "description", of=4),
        }
        return fields | (self.some("alarms.*.", "datapoints") if "periods" in fields else {})

    def schedule(self, name):
        sizes = self.some("schedules.*.", "min", "max", "desired") or {"min": self.one("schedules.*.min")}
        fields = {"name": name, "zone": self.one("schedules.*.zone"), **sizes}
        if self.chance(3):
            fields |= {"at": self.one("schedules.*.at"), **self.some("schedules.*.", "duration")}
        else:
            ends = self.random.choice([(), ("duration",), ("until",)])
            fields |= {word: self.one(f"schedules.*.{word}") for word in ("cron", *ends)}
            if self.chance(5):
                word = self.random.choice(("skip_dates", "only_dates"))
                fields[word] = self.many(f"schedules.*.{word}.*")
        fields |= self.some("schedules.*.", "starts", "ends", of=4)
        return fields | self.apart(f"schedule {name}").some("schedules.*.", "description", of=3)

    def aws(self):
        at = "aws.lifecycle_hooks.*."
        hooks = [
            {"name": name, "on": self.one(f"{at}on"), **self.some(at, "timeout", "default", "notify", "role", "data")}
            for name in self.many(f"{at}name")
        ]
        plain = ("max_instance_lifetime", "group_metrics", "service_linked_role", "placement_group")
        return {
            **self.some("aws.", *plain, of=3),
            "lifecycle_hooks": hooks,
            "warm_pool": self.some("aws.warm_pool.", "min", "max_prepared", "state", "reuse")
            if self.chance(3)
            else None,
            "termination_policies": self.many("aws.termination_policies.*") if self.chance(3) else (),
            "suspended_processes": self.many("aws.suspended_processes.*") if self.chance(3) else (),
            "health_checks": self.apart("aws").many("aws.health_checks.*"),
            "notify_scaling": self.apart("topics").notifications(),
            "maintenance": self.apart("maintenance").maintenance(),
            "group_tags": self.apart("group tags").mapping("aws.group_tags.*"),
        }

    def maintenance(self):
        if not self.chance(3):
            return None
        low = self.one("aws.maintenance.min_healthy")
        return {"min_healthy": low, "max_healthy": self.one("aws.maintenance.max_healthy") if low else 100}

    def notifications(self):
        at = "aws.notify_scaling.*."
        topics = self.many(f"{at}topic") if self.chance(3) else []
        return [{"topic": topic, "on": self.many(f"{at}on.*", most=3) or ["test"]} for topic in topics]

    def azure(self):
        names = tuple(path.removeprefix("azure.") for path in VALUES if path.startswith("azure.") and "*" not in path)
        return {
            **self.some("azure.", *names, of=3),
            "application_gateway_pools": self.many("azure.application_gateway_pools.*") if self.chance(3) else (),
            "notify_scaling": self.many("azure.notify_scaling.*") if self.chance(3) else (),
        }

    def gcp(self):
        names = tuple(path.removeprefix("gcp.") for path in VALUES if path.startswith("gcp.") and "*" not in path)
        return {
            **self.some("gcp.", *names, of=3),
            "named_ports": self.mapping("gcp.named_ports.*") if self.chance(3) else {},
            "network_tags": self.many("gcp.network_tags.*") if self.chance(3) else (),
            "scopes": self.many("gcp.scopes.*") if self.chance(3) else (),
        }


def any_groups(own=None):
    """
    Any valid group called `web`.

    Args:
        own: A cloud's own values for some paths of `VALUES`.
    """
    values = {**VALUES, **(own or {})}
    return st.integers(0, 2**32).map(lambda seed: Drawer(seed, values).group())


# what there is to draw


def closed_choices():
    """Every leaf of the model by its path, `*` for names and places in lists, with its values where they are closed."""
    found = dict(_leaves(tt.ScalingGroup, ""))
    return {path: choices for path, choices in found.items() if path not in STRUCTURE and not path.startswith("metric")}


def _leaves(model, prefix):
    for name, info in model.model_fields.items():
        yield from _leaf(f"{prefix}{name}", info.annotation)


def _leaf(path, annotation):
    args = get_args(annotation)
    origin = get_origin(annotation)
    if hasattr(annotation, "__metadata__"):
        yield from _leaf(path, args[0])
    elif annotation is tt.Metric:
        for name in ("[custom].name", "[custom].namespace", "[custom].unit", "[custom].dimensions.*"):
            yield f"{path}{name}", None
        yield from ((f"{path}{name}", None) for name in ("[promql].name", "[promql].query", "[promql].unit", ".of"))
        for name in ("name", "query", "unit"):
            yield f"{path}[math].{name}", None
        for name in ("name", "namespace", "dimensions.*", "statistic"):
            yield f"{path}[math].parts.*.{name}", None
    elif origin is Literal:
        yield path, frozenset(args)
    elif origin in (Union, UnionType):
        for one in args:
            if one is not NoneType:
                yield from _leaf(path, one)
    elif origin is tuple:
        yield from _leaf(f"{path}.*", args[0])
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _leaves(annotation, f"{path}.")
    elif origin is not None and len(args) == 2:
        yield f"{path}.*", None
    elif isinstance(annotation, type) and issubclass(annotation, StrEnum):
        yield path, frozenset(one.value for one in annotation)
    else:
        yield path, frozenset(YES) if annotation is bool else None
