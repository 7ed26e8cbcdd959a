"""Placement groups and capacity reservations, which moto has not: create, describe, delete."""

from collections.abc import Iterator, Mapping
from typing import Any

from trimtab.emulators.aws.calls import Answer, Call, page
from trimtab.emulators.aws.world import Region, new_id
from trimtab.emulators.shared.errors import ServiceError

_PAGE: dict[str, Any] = {"size": "MaxResults", "default": 1000, "top": 1000}


def create_placement_group(call: Call) -> Answer:
    """A new group, at once available."""
    name, groups = call.params["GroupName"], call.region.placements
    if name in groups:
        raise ServiceError("InvalidPlacementGroup.Duplicate", f"The Placement Group '{name}' already exists.")
    groups[name] = {
        "GroupName": name,
        "GroupId": _number("pg"),
        "GroupArn": call.region.arn("ec2", f"placement-group/{name}"),
        "State": "available",
        "Strategy": call.params.get("Strategy", "cluster"),
    }
    return {"PlacementGroup": groups[name]}


def describe_placement_groups(call: Call) -> Answer:
    """The groups; one that is asked for and is not there is an error."""
    groups = call.region.placements
    for name in call.params.get("GroupNames") or ():
        if name not in groups:
            raise unknown_placement(name)
    named = call.params.get("GroupNames") or groups
    return {"PlacementGroups": [each for name, each in groups.items() if name in named and _passes(call, each)]}


def delete_placement_group(call: Call) -> Answer:
    """A group gone."""
    if call.region.placements.pop(call.params["GroupName"], None) is None:
        raise unknown_placement(call.params["GroupName"])
    return None


def create_capacity_reservation(call: Call) -> Answer:
    """A new reservation, at once active."""
    params, number = call.params, _number("cr")
    call.region.reservations[number] = {
        "CapacityReservationId": number,
        "CapacityReservationArn": call.region.arn("ec2", f"capacity-reservation/{number}"),
        "OwnerId": call.region.account,
        "InstanceType": params["InstanceType"],
        "InstancePlatform": params["InstancePlatform"],
        "AvailabilityZone": params.get("AvailabilityZone"),
        "TotalInstanceCount": params["InstanceCount"],
        "AvailableInstanceCount": params["InstanceCount"],
        "InstanceMatchCriteria": params.get("InstanceMatchCriteria", "open"),
        "State": "active",
        "CreateDate": call.world.now(),
    }
    return {"CapacityReservation": call.region.reservations[number]}


def describe_capacity_reservations(call: Call) -> Answer:
    """The reservations; one that is asked for and is not there is an error."""
    known = call.region.reservations
    wanted = call.params.get("CapacityReservationIds") or list(known)
    for number in wanted:
        if number not in known:
            raise unknown_reservation(number)
    return page(call, [known[number] for number in wanted], "CapacityReservations", **_PAGE)


def cancel_capacity_reservation(call: Call) -> Answer:
    """A reservation that is over, and stays listed."""
    number = call.params["CapacityReservationId"]
    if number not in call.region.reservations:
        raise unknown_reservation(number)
    call.region.reservations[number] |= {"State": "cancelled", "AvailableInstanceCount": 0}
    return {"Return": True}


def problems_of(region: Region, data: Mapping[str, Any]) -> Iterator[str]:
    """What of a launch template's data is not there, in the words of EC2."""
    name = (data.get("Placement") or {}).get("GroupName")
    if name and name not in region.placements:
        yield unknown_placement(name).message
    target = (data.get("CapacityReservationSpecification") or {}).get("CapacityReservationTarget") or {}
    number = target.get("CapacityReservationId")
    if number and number not in region.reservations:
        yield unknown_reservation(number).message


def unknown_placement(name: str) -> ServiceError:
    """
    Of a placement group that is not there.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """
    return ServiceError("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")


def unknown_reservation(number: str) -> ServiceError:
    """Of a capacity reservation that is not there: the same page."""
    text = f"The Capacity Reservation '{number}' does not exist."
    return ServiceError("InvalidCapacityReservationId.NotFound", text)


def _number(kind: str) -> str:
    """A number as EC2 gives them: seventeen hexadecimal digits."""
    return f"{kind}-{new_id().replace('-', '')[:17]}"


def _passes(call: Call, group: Mapping[str, Any]) -> bool:
    known = {"group-name": group["GroupName"], "state": group["State"], "strategy": group["Strategy"]}
    for rule in call.params.get("Filters") or ():
        if rule["Name"] not in known:
            raise ServiceError("InvalidParameterValue", f"The filter '{rule['Name']}' is invalid")
        if known[rule["Name"]] not in rule["Values"]:
            return False
    return True
