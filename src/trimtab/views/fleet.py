"""What a fleet file holds, counted."""

from typing import Any

from rich.text import Text

from trimtab.models import Fleet


def fleet_counts(fleet: Fleet) -> dict[str, int]:
    """How many groups, policies, alarms and schedules there are."""
    parts = ("policies", "alarms", "schedules")
    return {"groups": len(fleet.groups)} | {
        part: sum(len(getattr(group, part)) for group in fleet.groups) for part in parts
    }


def fleet_dict(fleet: Fleet) -> dict[str, Any]:
    """JSON data of a fleet that was found valid."""
    return {"fleet": fleet.name, "valid": True, **fleet_counts(fleet)}


def fleet_view(fleet: Fleet) -> Text:
    """The sentence that says that a fleet is valid."""
    singular = {"groups": "group", "policies": "policy", "alarms": "alarm", "schedules": "schedule"}
    counts = [f"{n} {singular[what] if n == 1 else what}" for what, n in fleet_counts(fleet).items() if n]
    return Text.assemble(f"fleet {fleet.name}: {', '.join(counts) or 'no groups'}: ", ("valid", "bold green"))
