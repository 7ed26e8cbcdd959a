"""Why a group has the size that it has: one timeline, what the rules say of each minute, and what is wrong."""

from trimtab.explaining.explanation import Explanation
from trimtab.explaining.results import (
    Diagnosis,
    DiagnosisCause,
    ExplainedMinute,
    Symptom,
    TimelineEntry,
    TimelineKind,
)

__all__ = ["Diagnosis", "DiagnosisCause", "ExplainedMinute", "Explanation", "Symptom", "TimelineEntry", "TimelineKind"]
