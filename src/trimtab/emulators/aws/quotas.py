"""
Service Quotas, as far as vCPUs of EC2 go, and the limits of Auto Scaling; launches above them fail.

https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html has names, codes and defaults.
"""

import re
from collections.abc import Mapping
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES

from trimtab.emulators.aws.calls import Answer, Call
from trimtab.emulators.aws.world import Region
from trimtab.emulators.shared.errors import ServiceError

GROUPS = "autoscaling-groups"
"""What the door calls the number of Auto Scaling groups."""
_NEW = {"L-1216C47A": 5, "L-34B43A08": 5}
"""The defaults that are not 0: those of standard instances."""
_STANDARD = "Standard (A, C, D, H, I, M, R, T, Z)"
_CODES: Mapping[str, tuple[str, str, str]] = {
    # letters of the types: name, and the code of each way of buying
    "a c d h i im is m r t z": (_STANDARD, "L-1216C47A", "L-34B43A08"),
    "g gr vt": ("G and VT", "L-DB2E81BA", "L-3819A6DF"),
    "dl": ("DL", "L-6E869C2A", "L-85EED4F7"),
    "f": ("F", "L-74FC7D96", "L-88CF9481"),
    "hpc": ("HPC", "L-F7808C92", ""),
    "inf": ("Inf", "L-1945791B", "L-B5D1601B"),
    "p": ("P", "L-417A185B", "L-7212CCBC"),
    "trn": ("Trn", "L-2C3B7624", "L-6B0D517C"),
    "u": ("High Memory", "L-43DA4232", ""),
    "x": ("X", "L-7295265B", "L-E3A00192"),
}
_NAMES: Mapping[str, str] = {
    code: name
    for family, on_demand, spot in _CODES.values()
    for code, name in (
        (on_demand, f"Running On-Demand {family} instances"),
        (spot, f"All {family} Spot Instance Requests"),
    )
    if code
}


def get_service_quota(call: Call) -> Answer:
    """The applied value."""
    code = _known(call)
    return {"Quota": _quota(call.region, code, call.region.world.quotas.limit(call.region.name, code))}


def get_aws_default_service_quota(call: Call) -> Answer:
    """That of a new account."""
    code = _known(call)
    return {"Quota": _quota(call.region, code, _NEW.get(code, 0))}


def _known(call: Call) -> str:
    code = str(call.params["QuotaCode"])
    if call.params["ServiceCode"] != "ec2" or code not in _NAMES:
        raise ServiceError(
            "NoSuchResourceException", "The request failed because the specified service does not exist."
        )
    return code


def _quota(region: Region, code: str, value: float) -> dict[str, Any]:
    return {
        "ServiceCode": "ec2",
        "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
        "QuotaArn": region.arn("servicequotas", f"ec2/{code}"),
        "QuotaCode": code,
        "QuotaName": _NAMES[code],
        "Value": float(value),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def describe_account_limits(call: Call) -> Answer:
    """How many groups and launch configurations there may be, and are."""
    region = call.region
    return {
        "MaxNumberOfAutoScalingGroups": int(region.world.quotas.limit(region.name, GROUPS)),
        "MaxNumberOfLaunchConfigurations": int(region.world.quotas.limit(region.name, "launch-configurations")),
        "NumberOfAutoScalingGroups": len(region.groups),
        "NumberOfLaunchConfigurations": len(region.autoscaling.launch_configurations),
    }


def check_vcpus(region: Region, instance_type: str, lifecycle: str | None) -> None:
    """
    Refuse an instance that there is no quota for.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html

    Raises:
        ServiceError: `VcpuLimitExceeded` or `MaxSpotInstanceCountExceeded`.
    """
    is_spot = lifecycle == "spot"
    code = _code_of(instance_type, is_spot)
    limit = region.world.quotas.find(region.name, code)
    if limit is None or _running(region, code) + _vcpus(instance_type) <= limit:
        return
    if is_spot:
        text = "Max spot instance count exceeded. Launching EC2 instance failed."
        raise ServiceError("MaxSpotInstanceCountExceeded", text)
    raise ServiceError(
        "VcpuLimitExceeded",
        f"You have requested more vCPU capacity than your current vCPU limit of {limit:g} allows for the instance "
        "bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request "
        "to request an adjustment to this limit. Launching EC2 instance failed.",
    )


def _running(region: Region, code: str) -> int:
    """The vCPUs of a quota that run."""
    return sum(
        _vcpus(instance.instance_type)
        for reservation in region.ec2.reservations.values()
        for instance in reservation.instances
        if instance.state in ("pending", "running") and _code_of(instance.instance_type, _is_spot(instance)) == code
    )


def _is_spot(instance: Any) -> bool:
    return getattr(instance, "lifecycle", None) == "spot"


def _code_of(instance_type: str, is_spot: bool) -> str:
    letters = re.sub("[^a-z].*", "", instance_type)
    found = next((row for names, row in _CODES.items() if letters in names.split()), ("", "", ""))
    return found[2 if is_spot else 1]


def _vcpus(instance_type: str) -> int:
    known: Any = INSTANCE_TYPES
    return int(known.get(instance_type, {}).get("VCpuInfo", {}).get("DefaultVCpus", 0))
