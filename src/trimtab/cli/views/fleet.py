"""What a fleet file holds, counted."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.checks import Finding
from trimtab.cli.views.checks import findings_view
from trimtab.models import Fleet


def fleet_counts(fleet: Fleet) -> dict[str, int]:
    """How many groups, policies, alarms and schedules there are."""
    parts = ("policies", "alarms", "schedules")
    return {"groups": len(fleet.groups)} | {
        part: sum(len(getattr(group, part)) for group in fleet.groups) for part in parts
    }


def fleet_dict(fleet: Fleet, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    """JSON data of a fleet that was found valid, and of what checks found."""
    rows = [finding.to_dict() for finding in findings]
    return {"fleet": fleet.name, "valid": True, **fleet_counts(fleet), "findings": rows}


def fleet_view(fleet: Fleet, findings: Sequence[Finding] = ()) -> RenderableType:
    """What checks found, and the sentence that says that a fleet is valid."""
    sentence = sentence_of(fleet)
    if not findings:
        return sentence
    counting = sum(not finding.is_ignored for finding in findings)
    count = (f", {counting} finding{'' if counting == 1 else 's'}", "bold yellow") if counting else ""
    left_out = f", {len(findings) - counting} ignored" if counting < len(findings) else ""
    return Group(findings_view(findings), "", Text.assemble(sentence, count, left_out))


def sentence_of(fleet: Fleet) -> Text:
    """How many groups, policies, alarms and schedules there are, and that the fleet is valid."""
    singular = {"groups": "group", "policies": "policy", "alarms": "alarm", "schedules": "schedule"}
    counts = [f"{n} {singular[what] if n == 1 else what}" for what, n in fleet_counts(fleet).items() if n]
    return Text.assemble(f"fleet {fleet.name}: {', '.join(counts) or 'no groups'}: ", ("valid", "bold green"))
