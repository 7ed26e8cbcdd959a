"""Single instances of a group."""

from trimtab.emulators.aws import lifecycle
from trimtab.emulators.aws.activities import newest, stamp
from trimtab.emulators.aws.calls import Answer, Call
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.health import find_member


def terminate_instance_in_auto_scaling_group(call: Call) -> Answer:
    """One instance gone, and the group smaller or an instance in its place."""
    number, shrink = call.params["InstanceId"], call.params["ShouldDecrementDesiredCapacity"]
    group, state = find_member(call.region, number)
    before = group.desired_capacity
    if shrink and before - 1 < group.min_size:
        raise invalid(
            "Currently, desiredSize equals minSize. Terminating instance without replacement will "
            "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to "
            "false or lower group's min size."
        )
    now = stamp(call.world.now())
    group.cause = f"At {now} instance {number} was taken out of service in response to a user request"
    group.cause += f", shrinking the capacity from {before} to {before - 1}." if shrink else "."
    lifecycle.stop(group, state, cause=group.cause)
    answer = newest(group)
    group.set_desired_capacity(before - 1 if shrink else before)
    return {"Activity": {**answer, "StatusCode": "InProgress", "Progress": 0}}
