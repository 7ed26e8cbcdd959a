"""Plans: resources, kinds, the one diff, and the changes that it finds."""

from trimtab.plan.changes import Action, Change, FieldChange, Note, Reason, Unknown
from trimtab.plan.diff import Live, make_plan
from trimtab.plan.kind import Field, Kind, MarkPlace, assign, overlaid
from trimtab.plan.plan import Plan, PlanRequest
from trimtab.plan.resource import (
    PENDING,
    Attributes,
    Key,
    Mark,
    Password,
    Ref,
    Resource,
    Secret,
    Text,
    digest,
    passwords_of,
    plain,
    read_description,
    read_tags,
    references,
    resolved,
    revealed,
    with_passwords,
)
from trimtab.plan.signing import sign

__all__ = [
    "PENDING",
    "Action",
    "Attributes",
    "Change",
    "Field",
    "FieldChange",
    "Key",
    "Kind",
    "Live",
    "Mark",
    "MarkPlace",
    "Note",
    "Password",
    "Plan",
    "PlanRequest",
    "Reason",
    "Ref",
    "Resource",
    "Secret",
    "Text",
    "Unknown",
    "assign",
    "digest",
    "make_plan",
    "overlaid",
    "passwords_of",
    "plain",
    "read_description",
    "read_tags",
    "references",
    "resolved",
    "revealed",
    "sign",
    "with_passwords",
]
