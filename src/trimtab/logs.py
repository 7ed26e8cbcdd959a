"""Events as records of `logging`, under the loggers `trimtab.calls`, `trimtab.changes` and `trimtab.plans`."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from trimtab.events import (
    ApplyEnded,
    ApplyStarted,
    CallEnded,
    CallRetried,
    CallStarted,
    ChangeEnded,
    ChangeStarted,
    EndpointFound,
    Event,
    PlanEnded,
    PlanStarted,
    Waiting,
)

CALLS = logging.getLogger("trimtab.calls")
CHANGES = logging.getLogger("trimtab.changes")
PLANS = logging.getLogger("trimtab.plans")
# what is logged goes nowhere until the program that imports trimtab says where
logging.getLogger("trimtab").addHandler(logging.NullHandler())


def log(event: Event) -> None:
    """
    A listener that logs: each call at debug, changes, plans and applies at info, retries and failures at warning.

    A record names places and things. It has no body, and of an error of a call only its kind: the cloud's own words
    may quote what was sent.
    """
    match event:
        case CallEnded(provider, operation, target, attempt, duration, error):
            call = " ".join(part for part in (provider, operation, target) if part)
            seconds = duration.total_seconds()
            CALLS.debug("%s: %s in %.3f s, attempt %d", call, error or "answered", seconds, attempt)
        case CallRetried(operation, attempt, wait, _, kind):
            CALLS.warning("%s: attempt %d failed: %s; again in %.1f s", operation, attempt, kind, wait.total_seconds())
        case EndpointFound(source, endpoint):
            CALLS.info("%s sets the address of the cloud's API: %s", source, endpoint)
        case ChangeEnded(change, error, skipped):
            level = logging.WARNING if error else logging.INFO
            outcome = f"{'not tried' if skipped else 'failed'}: {error}" if error else "done"
            CHANGES.log(level, "%s: %s %s: %s", change.group, change.action, change.key, outcome)
        case Waiting(group, key, ready, desired):
            CHANGES.debug("%s: %d of %d instances ready in %s", group, ready, desired, key.name)
        case PlanEnded(provider, fleet, plan, error):
            summary = _counts(plan.summary, " to ") if plan else error
            PLANS.log(logging.WARNING if error else logging.INFO, "%s on %s: plan: %s", fleet, provider, summary)
        case ApplyEnded(plan, outcomes, failures, error):
            summary = error or _counts(outcomes)
            level = logging.WARNING if error or failures else logging.INFO
            PLANS.log(level, "%s on %s: apply: %s", plan.fleet, plan.provider, summary)
        case PlanStarted() | ApplyStarted() | ChangeStarted() | CallStarted():
            pass  # the end has all of it


def _counts(counts: Mapping[str, int], between: str = " ") -> str:
    return ", ".join(f"{number}{between}{word}" for word, number in counts.items()) or "no changes"


class JsonFormatter(logging.Formatter):
    """A record as a line of JSON: `at`, `level`, `logger`, `message`, what it is about, and the error of a failure."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, ABOUT, {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)


ABOUT = "trimtab"
"""The name, in `extra`, of what a record is about: names and numbers for programs."""
