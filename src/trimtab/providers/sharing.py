"""What others have that uses what a plan is about to change or delete."""

from collections.abc import Collection, Mapping, Sequence

from trimtab.phrases import in_words
from trimtab.plan import Action, Change, Key, Mark

_LEAVES = ("emplate", "MixedInstancesPolicy", "autoHealingPolicies")
"""What is in the path of a field by which a group uses something."""


def deleted(changes: Sequence[Change], kinds: Collection[str]) -> list[Change]:
    """The deletions of these kinds."""
    return [change for change in changes if change.key.kind in kinds and change.action is Action.DELETE]


def users_of(change: Change, users: Mapping[Key, Mark | None], changes: Sequence[Change], fleet: str) -> list[Key]:
    """
    Those of the users of something that are not its own group, and that still use it once the plan is applied.

    Args:
        change: What is done to it.
        users: What uses it, with its mark.
        changes: The plan.
        fleet: Whose plan it is.
    """
    live = change.live
    own = (fleet, live.mark.group if live is not None and live.mark is not None else change.group)
    planned = {item.key: item for item in changes}
    return [
        key
        for key, mark in users.items()
        if (mark is None or (mark.fleet, mark.group) != own) and not _lets_go(planned.get(key))
    ]


def _lets_go(change: Change | None) -> bool:
    if change is None or change.action is Action.ADOPT:
        return False
    if change.action is not Action.UPDATE:
        return True
    return any(word in field.path for field in change.fields for word in _LEAVES)


def used_by(label: str, users: Sequence[Key]) -> str:
    """Who uses it, in words: `Auto Scaling groups 'a', 'b'`."""
    return f"{label}{'s' if len(users) > 1 else ''} {in_words([repr(key.name) for key in users])}"
