"""Free addresses of subnets: of each subnet AWS keeps five for itself, and a full one takes in nothing more."""

from collections.abc import Iterable, Mapping
from typing import Any

from trimtab.emulators.aws.wire import Request
from trimtab.emulators.aws.world import Region
from trimtab.emulators.shared.errors import ServiceError

_CODE = "InsufficientFreeAddressesInSubnet"


def has_free_addresses(ec2: Any, subnet_id: str, count: int = 1) -> bool:
    """Whether a subnet has so many addresses left; one that is not known is not judged."""
    subnet = next((zone[subnet_id] for zone in ec2.subnets.values() if subnet_id in zone), None)
    return subnet is None or subnet._available_ip_addresses - _taken(ec2, subnet) >= count


def _taken(ec2: Any, subnet: Any) -> int:
    """The addresses in use; moto keeps interfaces of instances that are gone."""
    interfaces = [each for each in ec2.enis.values() if each.subnet is subnet]
    return sum(len(each.private_ip_addresses) for each in interfaces if not _is_gone(each.instance))


def _is_gone(instance: Any) -> bool:
    return instance is not None and instance.state == "terminated"


def no_free_addresses(subnet_id: str) -> str:
    """How EC2 says that instances do not fit into a subnet."""
    return f"There are not enough free addresses in subnet '{subnet_id}' to satisfy the requested number of instances."


def refuse_without_addresses(request: Request, region: Region) -> None:
    """
    Refuse instances and network interfaces in a subnet that has no address for them.

    Raises:
        ServiceError: `InsufficientFreeAddressesInSubnet`.
    """
    if request.operation == "RunInstances":
        for subnet in _subnets(request.params):
            if not has_free_addresses(region.ec2, subnet, int(request.params.get("MinCount") or 1)):
                raise ServiceError(_CODE, no_free_addresses(subnet))
    elif request.operation == "CreateNetworkInterface":
        subnet = request.params.get("SubnetId") or ""
        if not has_free_addresses(region.ec2, subnet):
            text = "The specified subnet does not have enough free addresses to satisfy the request."
            raise ServiceError(_CODE, text)


def _subnets(params: Mapping[str, Any]) -> Iterable[str]:
    interfaces = params.get("NetworkInterfaces") or ()
    named = (params.get("SubnetId"), *(each.get("SubnetId") for each in interfaces))
    return [each for each in named if each]
