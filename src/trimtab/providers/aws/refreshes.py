"""Instance refreshes under way, as far as they stand in the way of a change."""

from collections.abc import Iterator, Sequence
from functools import partial

from trimtab.errors import NotFound, ProviderError
from trimtab.plan import Action, Change, Note
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.kinds import AUTO_SCALING_GROUP

# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html
ACTIVE = frozenset({"Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress"})
DESIRED = ("LaunchTemplate", "MixedInstancesPolicy")
"""What a refresh may have as its desired configuration, and then nobody may change."""
LATEST = 10
"""How many refreshes of a group are looked at; they come newest first, and one at most is under way."""


def hindrances(calls: Calls, changes: Sequence[Change]) -> tuple[list[Note], list[Note]]:
    """Notes and problems of changes that an instance refresh refuses: a call for each group that launches otherwise."""
    held = [change for change in changes if _launches_otherwise(change)]
    answers = calls.gather([partial(_is_held, calls, change) for change in held])
    notes, problems = [], []
    for change, answer in zip(held, answers, strict=True):
        if isinstance(answer, ProviderError):
            text = f"template: whether an instance refresh of {change.key.name} is under way is not known: {answer}"
            notes.append(Note(text, change.group))
        elif answer:
            text = (
                f"template: an instance refresh of {change.key.name} with a desired configuration is under way, and "
                "until it ends the group takes no other template or sizes; wait for its end or cancel it"
            )
            problems.append(Note(text, change.group))
    return notes, problems


def _launches_otherwise(change: Change) -> bool:
    if change.action is not Action.UPDATE or change.key.kind != AUTO_SCALING_GROUP.name:
        return False
    return any(path in DESIRED for path in _heads(change))


def _heads(change: Change) -> Iterator[str]:
    return (item.path.partition(".")[0] for item in change.fields)


def _is_held(calls: Calls, change: Change) -> bool:
    params = {"AutoScalingGroupName": change.key.name, "MaxRecords": LATEST}
    try:
        reply = calls.call("autoscaling", "describe_instance_refreshes", change.key.location, **params)
    except NotFound:  # the group went since it was listed
        return False
    return any(item["Status"] in ACTIVE and item.get("DesiredConfiguration") for item in reply["InstanceRefreshes"])
