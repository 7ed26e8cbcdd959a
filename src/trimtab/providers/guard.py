"""The door of a provider: each question is bounded in time, and what is raised is an error of ours."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from trimtab.errors import TrimtabError, UnreadableReply
from trimtab.providers.patience import patience_of

P = TypeVar("P", bound=type)
QUESTIONS = (
    "read",
    "resolve",
    "write",
    "read_states",
    "find_group",
    "read_group",
    "read_activities",
    "read_last_activities",
    "read_alarms",
    "set_capacity",
    "read_metrics",
    "publish_metrics",
    "execute_policy",
    "pause",
    "resume",
)
"""The methods of a provider that ask its cloud."""


def guarded(provider: P) -> P:
    """The same class; whatever its cloud answers, its methods end within their patience, or with a `TrimtabError`."""
    for name in QUESTIONS:
        setattr(provider, name, _guarded(getattr(provider, name)))
    return provider


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def ask(self: Any, *args: Any, **named: Any) -> Any:
        with patience_of(self.clock):
            try:
                return method(self, *args, **named)
            except TrimtabError:
                raise
            except Exception as error:
                raise stumbled(error, self.name, method.__name__) from error

    return ask


def stumbled(error: Exception, provider: str, operation: str) -> UnreadableReply:
    """The error of a reply that looked right and could not be made sense of all the same."""
    text = f"a reply could not be read: {type(error).__name__}: {error}"
    return UnreadableReply(text, provider=provider, operation=operation)
