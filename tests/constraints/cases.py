"""
What each cloud just takes and what it just refuses, as fields of a group.

The numbers are those of the vendors' pages and models, written here by hand and not read from the rows.
"""

import copy
from typing import Any, NamedTuple

TOPIC = "arn:aws:sns:us-east-1:123456789012:"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFsbCB0aGUgd29ybGQgaXMgYSBzdGFnZQ"
ECDSA = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY"
RSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7bGxlIHdvcmxkIGlzIGEgc3RhZ2UgYW5kIGFsbCB0aGUgbWVuIGFuZCB3b21lbg=="
BASES = {
    "aws": {
        "capacity": {"min": 1, "max": 4},
        "template": {"image": "ami-12c6146b", "size": "t3.small"},
        "placement": {"zones": ["us-east-1a"]},
        "policies": {"out": {"change": 1}},
    },
    "azure": {
        "capacity": {"min": 1, "max": 4},
        "template": {"image": "Ubuntu2404", "size": "Standard_D2s_v5"},
        "placement": {"network": "virtualmin", "subnets": ["private"]},
    },
    "gcp": {
        "capacity": {"min": 1, "max": 4},
        "template": {"image": "debian-cloud/debian-12", "size": "e2-small"},
    },
}


class Case(NamedTuple):
    """
    One limit.

    Attributes:
        name: What it is about.
        field: The field that a refusal names.
        path: Where the value is put in the group.
        good: What the cloud just takes.
        bad: What it just refuses.
        more: What else the group has.
        door: Whether the emulator is asked too: what no body of ours can say it cannot be.
    """

    name: str
    field: str
    path: str
    good: Any
    bad: Any
    more: dict[str, Any] = {}  # noqa: RUF012
    door: bool = True


def group_of(cloud: str, case: Case, value: Any) -> dict[str, Any]:
    """The group of a case with one value; `None` leaves it out."""
    group = _merged(copy.deepcopy(BASES[cloud]), case.more)
    *parents, leaf = case.path.split(".")
    place = group
    for name in parents:
        place = place.setdefault(name, {})
    if value is None:
        place.pop(leaf, None)
    else:
        place[leaf] = value
    return group


def _merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    for name, value in more.items():
        both = isinstance(value, dict) and isinstance(base.get(name), dict)
        base[name] = _merged(base[name], value) if both else copy.deepcopy(value)
    return base


def script(size: int) -> str:
    """A start script of so many bytes."""
    return "#!/bin/sh\n" + "#" * (size - 10)


def tags(number: int) -> dict[str, str]:
    """So many tags."""
    return {f"k{index}": "v" for index in range(number)}


def disk(**fields: Any) -> list[dict[str, Any]]:
    """One disk of the system."""
    return [fields]


def sizes(number: int, letter: str = "m5.large") -> list[dict[str, Any]]:
    """So many sizes that differ."""
    return [{"size": f"{letter[:-1]}{index}x" if index else letter} for index in range(number)]


def hook(**fields: Any) -> dict[str, Any]:
    """One lifecycle hook."""
    return {"lifecycle_hooks": [{"name": "drain", "on": "terminate", **fields}]}


def hooks(number: int) -> dict[str, Any]:
    """So many lifecycle hooks."""
    return {"lifecycle_hooks": [{"name": f"drain-{index}", "on": "terminate"} for index in range(number)]}


def topics(number: int) -> dict[str, Any]:
    """So many topics that are told of scalings."""
    return {"notify_scaling": [{"topic": f"{TOPIC}t{index}"} for index in range(number)]}


def policies(number: int) -> dict[str, Any]:
    """So many policies, and the one that every group of the cloud has."""
    return {"out": {"change": 1}, **{f"out-{index}": {"change": 1} for index in range(number)}}


def alarm(**fields: Any) -> dict[str, Any]:
    """One alarm that triggers the policy `out`."""
    return {"metric": {"custom": "Load", "namespace": "Shop"}, "above": 70, "triggers": ["out"], **fields}


_FORECAST = {"policies": {"ahead": {"type": "predictive", "metric": "cpu", "target": 50}}}
_MIX = {"purchase": {"sizes": [{"size": "m5.large"}, {"size": "m5.xlarge"}]}}
_HOT = {"alarms": {"hot": alarm()}}

AWS = (
    Case("user data", "template.user_data", "template.user_data", script(16384), script(16385)),
    Case("life of a day", "aws.max_instance_lifetime", "aws.max_instance_lifetime", "86400s", "86399s"),
    Case("life of a year", "aws.max_instance_lifetime", "aws.max_instance_lifetime", "365d", "366d"),
    Case("short hook", "aws.lifecycle_hooks.0.timeout", "aws", hook(timeout="30s"), hook(timeout="29s")),
    Case("long hook", "aws.lifecycle_hooks.0.timeout", "aws", hook(timeout="2h"), hook(timeout="7201s")),
    Case(
        "hook target",
        "aws.lifecycle_hooks.0.notify",
        "aws",
        hook(notify=f"{TOPIC}a", role="arn:aws:iam::123456789012:role/hooks"),
        hook(notify="ops-topic", role="arn:aws:iam::123456789012:role/hooks"),
    ),
    Case(
        "topic of notifications",
        "aws.notify_scaling.0.topic",
        "aws",
        {"notify_scaling": [{"topic": f"{TOPIC}a"}]},
        {"notify_scaling": [{"topic": "arn:aws:sqs:us-east-1:123456789012:a"}]},
    ),
    Case("hops", "template.metadata_hops", "template.metadata_hops", 64, 65, door=False),
    Case("key pair", "template.ssh_key", "template.ssh_key", "ops", KEY),
    Case(
        "iops of gp3",
        "template.disks.0.iops",
        "template.disks",
        disk(type="ssd", size_gb=160, iops=80000),
        disk(type="ssd", size_gb=170, iops=80001),
    ),
    Case(
        "least iops of gp3",
        "template.disks.0.iops",
        "template.disks",
        disk(type="ssd", size_gb=20, iops=3000),
        disk(type="ssd", size_gb=20, iops=2999),
    ),
    Case(
        "iops per GiB",
        "template.disks.0.iops",
        "template.disks",
        disk(type="ssd", size_gb=10, iops=5000),
        disk(type="ssd", size_gb=10, iops=5001),
    ),
    Case(
        "disk of the system twice",
        "template.disks",
        "template.disks",
        [{"size_gb": 20}, {"device": "/dev/sdf", "size_gb": 20}],
        [{"size_gb": 20}, {"device": "/dev/sda1", "size_gb": 20}],
    ),
    Case(
        "iops of a disk without",
        "template.disks.0.iops",
        "template.disks",
        disk(type="standard", size_gb=20),
        disk(type="standard", size_gb=20, iops=100),
    ),
    Case(
        "io2 without iops",
        "template.disks.0.type",
        "template.disks",
        disk(type="fast-ssd", size_gb=20, iops=100),
        disk(type="fast-ssd", size_gb=20),
    ),
    Case(
        "throughput",
        "template.disks.0.throughput",
        "template.disks",
        disk(type="ssd", size_gb=20, throughput=125),
        disk(type="ssd", size_gb=20, throughput=124),
    ),
    Case(
        "much throughput",
        "template.disks.0.throughput",
        "template.disks",
        disk(type="ssd", size_gb=20, iops=8004, throughput=2000),
        disk(type="ssd", size_gb=20, iops=8004, throughput=2001),
    ),
    Case(
        "size of a magnetic disk",
        "template.disks.0.size_gb",
        "template.disks",
        disk(type="standard", size_gb=1024),
        disk(type="standard", size_gb=1025),
    ),
    Case(
        "throughput of so many iops",
        "template.disks.0.throughput",
        "template.disks",
        disk(type="ssd", size_gb=20, iops=4000, throughput=1000),
        disk(type="ssd", size_gb=20, iops=3999, throughput=1000),
    ),
    Case(
        "throughput of the usual iops",
        "template.disks.0.throughput",
        "template.disks",
        disk(type="ssd", size_gb=20, throughput=750),
        disk(type="ssd", size_gb=20, throughput=751),
    ),
    Case(
        "role of a hook",
        "aws.lifecycle_hooks.0.notify",
        "aws",
        hook(notify=f"{TOPIC}a", role="arn:aws:iam::123456789012:role/hooks"),
        hook(notify=f"{TOPIC}a"),
    ),
    Case("50 hooks", "aws.lifecycle_hooks", "aws", hooks(50), hooks(51)),
    Case("10 topics", "aws.notify_scaling", "aws", topics(10), topics(11)),
    Case("50 policies", "policies", "policies", policies(49), policies(50), {"alarms": {}}, door=False),
    # the group's name and trimtab's mark of three tags are among the fifty
    Case("50 tags", "tags", "tags", tags(46), tags(47)),
    Case("reserved tag", "tags", "tags", {"awsome": "x"}, {"aws:cloud": "x"}),
    Case("long tag", "tags", "tags", {"k" * 127: "x"}, {"k" * 129: "x"}, door=False),
    Case("long value", "tags", "tags", {"k": "x" * 256}, {"k": "x" * 257}, door=False),
    Case(
        "weights",
        "purchase.sizes",
        "purchase.sizes",
        [{"size": "m5.large", "weight": 1}, {"size": "m5.xlarge", "weight": 2}],
        [{"size": "m5.large", "weight": 1}, {"size": "m5.xlarge"}],
    ),
    Case(
        "warm pool with spot", "aws.warm_pool", "purchase.spot", None, True, {"aws": {"warm_pool": {"min": 1}}, **_MIX}
    ),
    Case(
        "warm pool with weights",
        "aws.warm_pool",
        "aws.warm_pool",
        None,
        {"min": 1},
        {"purchase": {"sizes": [{"size": "m5.large", "weight": 1}, {"size": "m5.xlarge", "weight": 2}]}},
    ),
    Case("spot price", "purchase.max_price", "purchase.max_price", "0.001", "0.0009", {"purchase": {"spot": True}}),
    Case("forecast buffer", "policies.ahead.buffer", "policies.ahead.buffer", "3599s", "1h", _FORECAST),
    Case("termination", "aws.termination_policies.0", "aws.termination_policies", ["OldestInstance"], ["Youngest"]),
    Case("period", "alarms.hot.period", "alarms.hot.period", "30s", "45s", _HOT),
    Case(
        "a day of alarms", "alarms.hot", "alarms.hot", alarm(period="5m", periods=288), alarm(period="5m", periods=289)
    ),
    Case(
        "a week of alarms", "alarms.hot", "alarms.hot", alarm(period="1h", periods=168), alarm(period="1h", periods=169)
    ),
    Case(
        "five actions",
        "alarms.hot.notify",
        "alarms.hot.notify",
        [f"{TOPIC}{n}" for n in range(4)],
        [f"{TOPIC}{n}" for n in range(5)],
        _HOT,
    ),
    Case(
        "no queue as an action",
        "alarms.hot.notify.0",
        "alarms.hot.notify",
        [f"{TOPIC}a"],
        ["arn:aws:sqs:us-east-1:123456789012:a"],
        _HOT,
    ),
    Case(
        "text of a hook",
        "aws.lifecycle_hooks.0.data",
        "aws",
        hook(data="x" * 4000),
        hook(data="x" * 4001),
    ),
    Case("an action that is an ARN", "alarms.hot.notify.0", "alarms.hot.notify", [f"{TOPIC}a"], ["ops-topic"], _HOT),
    Case(
        "an action twice",
        "alarms.hot.notify",
        "alarms.hot.notify",
        [f"{TOPIC}a", f"{TOPIC}b"],
        [f"{TOPIC}a", f"{TOPIC}a"],
        _HOT,
    ),
    Case(
        "30 dimensions",
        "alarms.hot.metric",
        "alarms.hot.metric.dimensions",
        {f"d{n}": "v" for n in range(30)},
        {f"d{n}": "v" for n in range(31)},
        _HOT,
    ),
    Case(
        "a dimension in ASCII",
        "alarms.hot.metric",
        "alarms.hot.metric.dimensions",
        {"Region": "Spain"},
        {"Region": "España"},
        _HOT,
    ),
    Case("namespace", "alarms.hot.metric", "alarms.hot.metric.namespace", "Shop:a", ":Shop", _HOT),
)

_RULE = {
    "policies": {"out": {"change": 1}},
    "alarms": {"hot": {"metric": "cpu", "above": 70, "period": "5m", "triggers": ["out"]}},
}
_AHEAD = {
    "policies": {
        "out": {"change": 1},
        "in": {"change": -1},
        "ahead": {"type": "predictive", "metric": "cpu", "target": 50, "approximate": True},
    },
    "alarms": {
        "hot": {"metric": "cpu", "above": 70, "period": "5m", "triggers": ["out"]},
        "cold": {"metric": "cpu", "below": 20, "period": "5m", "triggers": ["in"]},
    },
}
_PROBE = {"health_check": {"path": "/up", "port": 80}}
AZURE = (
    Case(
        "disk of an image", "template.disks.0.size_gb", "template.disks", disk(size_gb=30), disk(size_gb=29), door=False
    ),
    Case("image for processors", "template.size", "template.size", "Standard_D2s_v5", "Standard_D2ps_v5", door=False),
    Case("custom data", "template.user_data", "template.user_data", script(65535), script(65536)),
    Case("reserved user", "azure.admin_username", "azure.admin_username", "admin3", "Admin2"),
    Case("long user", "azure.admin_username", "azure.admin_username", "u" * 64, "u" * 65),
    Case("kind of key", "template.ssh_key", "template.ssh_key", RSA, ECDSA),
    Case("name of a key", "template.ssh_key", "template.ssh_key", KEY, "ops", door=False),
    Case(
        "zones in balance",
        "azure.zone_balance",
        "placement.zones",
        ["1", "2"],
        ["1"],
        {"azure": {"zone_balance": True}},
    ),
    Case(
        "fault domains of uniform sets in zones",
        "azure.fault_domains",
        "azure.fault_domains",
        5,
        4,
        {"placement": {"zones": ["1"]}},
    ),
    Case(
        "fault domains of flexible sets",
        "azure.fault_domains",
        "azure.fault_domains",
        3,
        4,
        {"azure": {"orchestration": "flexible"}},
    ),
    Case(
        "a price above nothing",
        "purchase.max_price",
        "purchase.max_price",
        "0.00001",
        "0",
        {"purchase": {"spot": True}},
    ),
    Case("long prefix", "azure.computer_name_prefix", "azure.computer_name_prefix", "a" * 58, "a" * 59),
    Case("signs of a prefix", "azure.computer_name_prefix", "azure.computer_name_prefix", "my-host", "my_host"),
    Case("size", "template.size", "template.size", "Standard_D2s_v5", "Standard_D2s_v55", door=False),
    Case("zone", "placement.zones.0", "placement.zones", ["3"], ["4"], door=False),
    Case(
        "data disks of a size",
        "template.disks.4",
        "template.disks",
        [disk(size_gb=4, device=str(lun))[0] for lun in range(4)],
        [disk(size_gb=4, device=str(lun))[0] for lun in range(5)],
        door=False,
    ),
    Case(
        "premium disks of a size",
        "template.disks.0.type",
        "template.size",
        "Standard_D2s_v5",
        "Standard_D2_v5",
        {"template": {"disks": disk(type="ssd")}},
        door=False,
    ),
    Case(
        "fault domains in zones",
        "azure.fault_domains",
        "azure.fault_domains",
        1,
        3,
        {"azure": {"orchestration": "flexible"}, "placement": {"zones": ["1"]}},
    ),
    Case(
        "repairs",
        "azure.automatic_repairs",
        "health_check",
        {"path": "/up", "port": 80},
        None,
        {"azure": {"automatic_repairs": True}},
    ),
    Case("short interval", "health_check.interval", "health_check.interval", "5s", "4s", _PROBE),
    Case("long interval", "health_check.interval", "health_check.interval", "1m", "61s", _PROBE),
    Case("probes", "health_check.unhealthy_threshold", "health_check.unhealthy_threshold", 24, 25, _PROBE),
    Case(
        "time until a judgement",
        "health_check.interval",
        "health_check.interval",
        "24s",
        "25s",
        {"health_check": {"path": "/up", "port": 80, "unhealthy_threshold": 10, "healthy_threshold": 10}},
    ),
    Case(
        "restoring without spot", "azure.restore_spot", "purchase.spot", True, None, {"azure": {"restore_spot": "1h"}}
    ),
    Case(
        "sizes of spot",
        "template.size",
        "template.size",
        "Standard_D2s_v5",
        "Standard_B2s",
        {"purchase": {"spot": True}},
        door=False,
    ),
    Case("short farewell", "azure.terminate_notification", "azure.terminate_notification", "5m", "4m"),
    Case("long farewell", "azure.terminate_notification", "azure.terminate_notification", "15m", "16m"),
    Case(
        "farewell of spot",
        "azure.terminate_notification",
        "purchase.spot",
        None,
        True,
        {"azure": {"terminate_notification": "5m"}},
    ),
    Case("iops", "template.disks.0.iops", "template.disks", disk(type="ssd"), disk(type="ssd", iops=5000), door=False),
    Case(
        "size of the system's disk",
        "template.disks.0.size_gb",
        "template.disks",
        disk(size_gb=4095),
        disk(size_gb=4096),
    ),
    # trimtab's mark of three tags is among the fifty
    Case("50 tags", "tags", "tags", tags(47), tags(48)),
    Case("names of tags", "tags", "tags", {"cost-centre": "x"}, {"cost/centre": "x"}),
    Case("values of tags", "tags", "tags", {"k": "x" * 256}, {"k": "x" * 257}, door=False),
    Case("short cooldown", "policies.out.cooldown", "policies.out.cooldown", "1m", "59s", _RULE),
    Case("long cooldown", "policies.out.cooldown", "policies.out.cooldown", "7d", "8d", _RULE),
    Case("forecast buffer", "policies.ahead.buffer", "policies.ahead.buffer", "60m", "61m", _AHEAD),
)

_CHECK = {"health_check": {"path": "/up", "port": 80}}


_METADATA = {"template": {"metadata": {"a": "a" * 262143}}}
_TOLD = {"alarms": {"hot": {"metric": "cpu", "above": 70, "notify": ["ops@example.org"]}}}


def _checked(**fields: Any) -> dict[str, Any]:
    return {"health_check": {**_CHECK["health_check"], **fields}}


GCP = (
    Case("metadata", "template.user_data", "template.user_data", script(262144), script(262145), door=False),
    Case("kind of key", "template.ssh_key", "template.ssh_key", KEY, "ops", door=False),
    Case(
        "64 network tags",
        "gcp.network_tags",
        "gcp.network_tags",
        [f"t{n}" for n in range(64)],
        [f"t{n}" for n in range(65)],
    ),
    Case("form of a network tag", "gcp.network_tags", "gcp.network_tags", ["web-1"], ["Web_1"]),
    Case("small disk", "template.disks.0.size_gb", "template.disks", disk(size_gb=10), disk(size_gb=9), door=False),
    Case(
        "large disk", "template.disks.0.size_gb", "template.disks", disk(size_gb=65536), disk(size_gb=65537), door=False
    ),
    Case(
        "iops",
        "template.disks.0.iops",
        "template.disks",
        disk(size_gb=20, type="fast-ssd"),
        disk(size_gb=20, type="fast-ssd", iops=5000),
    ),
    Case(
        "disks of a machine",
        "template.disks.0.type",
        "template.disks",
        disk(size_gb=20, type="hyperdisk-balanced", iops=160000),
        disk(size_gb=20, type="ssd"),
        {"template": {"size": "n4-standard-2"}},
    ),
    Case(
        "disks of another machine",
        "template.disks.0.type",
        "template.disks",
        disk(size_gb=20, type="pd-balanced"),
        disk(size_gb=20, type="hyperdisk-balanced"),
        {"template": {"size": "n2-standard-2"}},
    ),
    Case("processors", "template.size", "template.size", "n2-custom-4-8192", "n2-custom-3-8192"),
    Case("memory of a processor", "template.size", "template.size", "e2-custom-2-16384", "e2-custom-2-16640"),
    Case("memory in steps", "template.size", "template.size", "e2-custom-2-4352", "e2-custom-2-4353"),
    Case("metadata in all", "template.metadata", "template.metadata.b", "b" * 262142, "b" * 262143, _METADATA),
    Case("healthy answers", "health_check", "health_check.healthy_threshold", 10, 11, _CHECK),
    Case("unhealthy answers", "health_check", "health_check.unhealthy_threshold", 10, 11, _CHECK),
    Case("path", "health_check.path", "health_check.path", "/", "up", _CHECK),
    Case("a day and an hour", "alarms.hot.period", "alarms.hot.period", "25h", "26h", _TOLD),
    Case("64 labels", "tags", "tags", tags(64), tags(65)),
    Case("grace", "health_check.grace", "health_check.grace", "1h", "3601s", _CHECK),
    Case("no interval", "health_check.interval", "health_check.interval", "1s", "0s", _checked(timeout="1s")),
    Case("no time", "health_check.timeout", "health_check.timeout", "1s", "0s", _checked(interval="9s")),
    Case("late answer", "health_check.timeout", "health_check.timeout", "9s", "10s", _checked(interval="9s")),
    Case("late answer by default", "health_check.timeout", "health_check.timeout", "5s", "6s", _CHECK),
    Case("short interval by default", "health_check.interval", "health_check.interval", "5s", "4s", _CHECK),
    Case("named port", "gcp.named_ports", "gcp.named_ports", {"http": 65535}, {"http": 65536}, door=False),
    Case("name of a port", "gcp.named_ports", "gcp.named_ports", {"http": 80}, {"Http_1": 80}),
    Case(
        "schedule",
        "schedules",
        "schedules.day.duration",
        "5m",
        "4m",
        {
            "schedules": {"day": {"cron": "0 8 * * *", "zone": "Europe/Berlin", "min": 2}},
            "policies": {"load": {"type": "target-tracking", "metric": "cpu", "target": 60}},
        },
        door=False,
    ),
    Case(
        "e-mail address",
        "alarms.hot.notify",
        "alarms.hot.notify",
        ["ops@example.org"],
        ["ops@"],
        {"alarms": {"hot": {"metric": "cpu", "above": 70, "period": "5m"}}},
    ),
)
CASES = {"aws": AWS, "azure": AZURE, "gcp": GCP}
