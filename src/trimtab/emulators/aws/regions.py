"""
The regions of every partition, out of the endpoints that botocore knows; a call that is signed for another is refused.

moto's table of zones lacks the partitions that few can reach. https://docs.aws.amazon.com/global-infrastructure/latest/regions/
has three zones in each of theirs.
"""

from functools import cache

from botocore.session import get_session
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone

from trimtab.emulators.aws.wire import Request
from trimtab.emulators.shared.errors import ServiceError

_LETTERS = "abc"


@cache
def known_regions() -> frozenset[str]:
    """The regions of all partitions, each with zones."""
    session = get_session()
    partitions = session.get_available_partitions()
    regions = frozenset(name for each in partitions for name in session.get_available_regions("ec2", each))
    zones = RegionsAndZonesBackend.zones
    for name in sorted(regions - zones.keys()):
        zones[name] = [
            Zone(region_name=name, name=f"{name}{letter}", zone_id=f"{name.replace('-', '')}-az{number}")
            for number, letter in enumerate(_LETTERS, 1)
        ]
    return regions


def check_region(request: Request) -> None:
    """
    Refuse a call that is signed for a region that there is not, or that puts a group into a zone of another.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html (Credential should be scoped to
    a valid region)
    """
    if request.region in known_regions():
        _check_zones(request)
        return
    text = f"Credential should be scoped to a valid region, not '{request.region}'."
    code, status = ("AuthFailure", 401) if request.service == "ec2" else ("SignatureDoesNotMatch", 403)
    raise ServiceError(code, text, status)


def _check_zones(request: Request) -> None:
    if request.service != "autoscaling":
        return
    own = [zone.name for zone in RegionsAndZonesBackend.zones[request.region]]
    for zone in request.params.get("AvailabilityZones") or ():
        if zone not in own:
            text = f"Invalid availability zone: {zone}. The zones of {request.region} are {', '.join(own)}."
            raise ServiceError("ValidationError", text)
