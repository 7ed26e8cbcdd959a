"""
The quotas of an account in a region: vCPUs by family of instance types and way of buying, and groups.

AWS does not tell how many vCPUs are used. The names and codes are those of the pages of the EC2 endpoints and quotas:
https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from trimtab.errors import NotFound
from trimtab.providers.aws.client import Calls
from trimtab.providers.quotas import Demand, MachineType, Quota, QuotaUnit

SERVICE = "ec2"


class Bucket(NamedTuple):
    """The families whose vCPUs are counted together: the codes of their quotas, empty where there is none."""

    name: str
    on_demand: str
    spot: str


_STANDARD = Bucket("Standard", "L-1216C47A", "L-34B43A08")
_GRAPHICS = Bucket("G and VT", "L-DB2E81BA", "L-3819A6DF")
BUCKETS: Mapping[str, Bucket] = {
    **dict.fromkeys(("a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"), _STANDARD),
    **dict.fromkeys(("g", "gr", "vt"), _GRAPHICS),
    "dl": Bucket("DL", "L-6E869C2A", "L-85EED4F7"),
    "f": Bucket("F", "L-74FC7D96", "L-88CF9481"),
    "hpc": Bucket("HPC", "L-F7808C92", ""),
    "inf": Bucket("Inf", "L-1945791B", "L-B5D1601B"),
    "p": Bucket("P", "L-417A185B", "L-7212CCBC"),
    "trn": Bucket("Trn", "L-2C3B7624", "L-6B0D517C"),
    "u": Bucket("High Memory", "L-43DA4232", ""),
    "x": Bucket("X", "L-7295265B", "L-E3A00192"),
}
"""By the letters that an instance type begins with."""
_LETTERS = re.compile("[a-z]*")


def code_of(machine: MachineType) -> str:
    """The code of the quota that counts an instance; empty where none is known."""
    bucket = _bucket_of(machine.size)
    return (bucket.spot if machine.is_spot else bucket.on_demand) if bucket else ""


def _bucket_of(size: str) -> Bucket | None:
    match = _LETTERS.match(size)
    return BUCKETS.get(match[0]) if match else None


def read_quotas(calls: Calls, region: str, demands: Sequence[Demand]) -> list[Quota]:
    """
    The quotas that demands draw on: a call for each, and one for the groups where some are made.

    Raises:
        ProviderError: One could not be read.
    """
    machines = {code_of(machine): machine for demand in demands for machine in demand.machines}
    asks: list[Callable[[], Quota | None]] = []
    asks += [partial(_cpus, calls, region, code, machine) for code, machine in sorted(machines.items()) if code]
    if any(demand.is_new for demand in demands):
        asks.append(partial(_groups, calls, region))
    return [quota for quota in calls.gather_or_raise(asks) if quota is not None]


def _cpus(calls: Calls, region: str, code: str, machine: MachineType) -> Quota | None:
    value = _value(calls, region, code)
    bucket = _bucket_of(machine.size)
    if value is None or bucket is None:
        return None
    name = f"of {bucket.name} {'Spot Instance Requests' if machine.is_spot else 'On-Demand instances'} ({code})"
    return Quota(name, QuotaUnit.CPUS, value, counts=lambda other: code_of(other) == code)


def _value(calls: Calls, region: str, code: str) -> float | None:
    """The applied value, else the default: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/."""
    for operation in ("get_service_quota", "get_aws_default_service_quota"):
        try:
            reply = calls.call("service-quotas", operation, region, ServiceCode=SERVICE, QuotaCode=code)
        except NotFound:
            continue
        return float(reply["Quota"]["Value"])
    return None


def _groups(calls: Calls, region: str) -> Quota:
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAccountLimits.html."""
    reply = calls.call("autoscaling", "describe_account_limits", region)
    limit, used = reply["MaxNumberOfAutoScalingGroups"], reply["NumberOfAutoScalingGroups"]
    return Quota("of Auto Scaling groups", QuotaUnit.GROUPS, float(limit), float(used))
