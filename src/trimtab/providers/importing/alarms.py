"""Native alarms that notify, read one by one, as alarms of a group."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trimtab.plan import Key, Resource
from trimtab.providers.importing.names import unused

Read = tuple[str, Mapping[str, Any]] | str
"""An alarm's name and fields, or why there is none."""


@dataclass(frozen=True)
class AlarmsRead:
    """
    What was read.

    Attributes:
        alarms: By name: what it was read from, and its fields.
        silent: Why something is no alarm, by its key.
    """

    alarms: dict[str, tuple[Resource, Mapping[str, Any]]] = field(default_factory=dict)
    silent: dict[Key, str] = field(default_factory=dict)


def read_alarms(
    alerts: Iterable[Resource],
    starts: Sequence[str],
    read: Callable[[Resource, str], Read],
    *,
    folded: Callable[[str], str] = str,
) -> AlarmsRead:
    """
    The alarms that some native ones are, no two of one name.

    Args:
        alerts: The native ones.
        starts: What their names may begin with that is no part of an alarm's; the first is what translation puts there.
        read: Reads one, given what its name begins with.
        folded: The same text for all names that are one.
    """
    result = AlarmsRead()
    for alert in alerts:
        prefix = next((start for start in starts if folded(alert.key.name).startswith(folded(start))), "")
        alarm = read(alert, prefix)
        if isinstance(alarm, str):
            result.silent[alert.key] = alarm
        else:
            result.alarms[unused(alarm[0], result.alarms)] = alert, alarm[1]
    return result
