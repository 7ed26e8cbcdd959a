"""The door of a provider: each question is bounded in time, and what is raised is an error of ours."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar, cast

from trimtab.clock import Clock, check_cancelled
from trimtab.declarations.find import declarations_of
from trimtab.errors import TrimtabError, Unauthenticated, UnreadableReply
from trimtab.events import Listener, call_reported, silent
from trimtab.phrases import in_words
from trimtab.providers.patience import patience_of
from trimtab.providers.roles import Actions, GroupActor, Metrics, Provider, Resources

R = TypeVar("R")
PURE = frozenset({"translate", "permissions", "instance_permissions", "hook_permissions", "takes_result"})
"""What asks no cloud: an error of theirs is a fault of ours, and is shown as it is."""

DEFAULTS = (Resources.complete, Resources.hindrances, Resources.users_elsewhere, Resources.quotas)
"""What a role does where its provider has nothing to ask."""


def guarded(provider: Provider, clock: Clock, listener: Listener = silent) -> Provider:
    """
    The same provider; whatever its cloud answers, its roles end within their patience, or with a `TrimtabError`.

    Args:
        provider: The provider.
        clock: Tells how much time passes.
        listener: Told of each question as one call, unless the provider tells of its calls itself.
    """
    listener = silent if provider.reports_calls else listener

    def guard(role: R) -> R:
        return cast("R", _Guarded(role, provider.name, clock, listener))

    def actor(location: str, name: str) -> GroupActor:
        return guard(provider.actions.on(location, name))

    def queue(name: str) -> Any:
        with patience_of(clock):
            return guard(provider.hooks(name))

    make_rollouts = provider.rollouts
    rollouts = None if make_rollouts is None else lambda: _Guarded(make_rollouts(), provider.name, clock, silent)
    metrics = guard(provider.metrics)
    return replace(
        provider,
        resources=guard(provider.resources),
        live=guard(provider.live),
        actions=Actions(on=actor),
        metrics=Metrics(read=metrics.read, publish=metrics.publish),
        rollouts=cast("Any", rollouts),
        hooks=queue,
    )


class _Guarded:
    """A role whose methods are guarded."""

    def __init__(self, role: object, provider: str, clock: Clock, listener: Listener) -> None:
        self._role, self._provider, self._clock, self._listener = role, provider, clock, listener

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._role, name)
        asks_nothing = name in PURE or getattr(found, "__func__", None) in DEFAULTS
        return found if asks_nothing or not callable(found) else self._guard(name, found)

    def _guard(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def ask(*args: Any, **named: Any) -> Any:
            with patience_of(self._clock):
                check_cancelled()
                try:
                    target = in_words([part for part in args if isinstance(part, str)], " ")
                    with call_reported(self._listener, self._provider, name.removesuffix("_to_plan"), target):
                        return method(*args, **named)
                except Unauthenticated as error:
                    said = with_fix(error, self._provider)
                    if said is error:
                        raise
                    raise said from error
                except TrimtabError:
                    raise
                except Exception as error:
                    raise stumbled(error, self._provider, name) from error

        return ask


def with_fix(error: Unauthenticated, provider: str) -> Unauthenticated:
    """The same error, with what to do about it."""
    fix = declarations_of(provider).sign_in
    if not fix or str(error).endswith(fix):
        return error
    result = Unauthenticated(f"{str(error).rstrip('.')}; {fix}")
    result.provider, result.operation, result.code, result.after = (
        error.provider,
        error.operation,
        error.code,
        error.after,
    )
    return result


def stumbled(error: Exception, provider: str, operation: str) -> UnreadableReply:
    """The error of a reply that looked right and could not be made sense of all the same."""
    text = f"a reply could not be read: {type(error).__name__}: {error}"
    return UnreadableReply(text, provider=provider, operation=operation)
