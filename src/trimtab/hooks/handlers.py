"""Handlers: what marks a function as one, which notices it takes, and how the answers of several make one."""

import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar, overload

from trimtab.errors import ConfigError, InvalidArgument
from trimtab.phrases import error_words
from trimtab.providers.hooks import ADVICE, HookKind, HookNotice, HookResult, HookTransition
from trimtab.runtime.arguments import check_list

HandlerFunction = Callable[[HookNotice], HookResult | None]
"""Gets a notice; gives back nothing to have the instance go on, or a result."""
_Function = TypeVar("_Function", bound=Callable[[HookNotice], Any])
_MARK = "__trimtab_hooks__"
ON_ERROR = {HookTransition.LAUNCH: HookResult.ABANDON, HookTransition.TERMINATE: HookResult.CONTINUE}
"""
What is answered for a handler that raises: an instance that could not be prepared must not serve; one that ends does so
anyway, and other hooks get their turn.
"""


@dataclass(frozen=True, slots=True)
class HookHandler:
    """
    A function, and the notices that it takes.

    Args:
        function: It.
        transition: Of instances that start, or that end.
        groups: Of these groups; of all when empty.
        hook: Of the lifecycle hook of this name; of all when empty.
        kinds: Of these sorts; when empty of all but advice (`rebalance`, `maintenance`).
        on_error: The result when it raises.
    """

    function: HandlerFunction
    transition: HookTransition
    groups: tuple[str, ...] = ()
    hook: str = ""
    kinds: frozenset[HookKind] = frozenset()
    on_error: HookResult = HookResult.ABANDON

    def takes(self, notice: HookNotice) -> bool:
        """Whether it is for this notice."""
        is_kind = notice.kind in self.kinds if self.kinds else notice.kind not in ADVICE
        is_group = not self.groups or notice.group in self.groups or notice.native_name in self.groups
        return notice.transition is self.transition and is_kind and is_group and self.hook in ("", notice.hook)


@overload
def on_launch(function: _Function, /) -> _Function: ...


@overload
def on_launch(
    *, groups: Sequence[str] = (), hook: str = "", on_error: str = HookResult.ABANDON
) -> Callable[[_Function], _Function]: ...


def on_launch(
    function: Any = None, /, *, groups: Sequence[str] = (), hook: str = "", on_error: str = HookResult.ABANDON
) -> Any:
    """
    The same function, marked as a handler of instances that start: `handler(notice)`.

    It runs while the cloud holds the instance back from service. It gives back nothing, or `"continue"`, to have the
    instance serve, `"abandon"` to have it ended and replaced. It may be called again for the same instance: after a
    crash, and where the queue brings a message twice.

    Args:
        function: Takes a `HookNotice`.
        groups: Only of these groups, by their names in the fleet or the cloud.
        hook: Only of the lifecycle hook of this name.
        on_error: The result when the function raises: `abandon` unless told otherwise.

    Raises:
        InvalidArgument: It is no plain function of one argument, or the result is unknown.
    """
    return _marked(function, HookTransition.LAUNCH, groups, hook, (), on_error)


@overload
def on_terminate(function: _Function, /) -> _Function: ...


@overload
def on_terminate(
    *, groups: Sequence[str] = (), hook: str = "", kinds: Sequence[str] = (), on_error: str = HookResult.CONTINUE
) -> Callable[[_Function], _Function]: ...


def on_terminate(
    function: Any = None,
    /,
    *,
    groups: Sequence[str] = (),
    hook: str = "",
    kinds: Sequence[str] = (),
    on_error: str = HookResult.CONTINUE,
) -> Any:
    """
    The same function, marked as a handler of instances that end: `handler(notice)`.

    It runs while the cloud waits, where it does, and else within the time that its warning leaves
    (`notice.deadline`). Nothing keeps the instance: `"abandon"` only skips the hooks that are left.

    Args:
        function: Takes a `HookNotice`.
        groups: Only of these groups, by their names in the fleet or the cloud.
        hook: Only of the lifecycle hook of this name.
        kinds: Only of these sorts, such as `lifecycle-hook`, `interruption`; when left out of all but `rebalance` and
            `maintenance`, after which an instance may go on running.
        on_error: The result when the function raises: `continue` unless told otherwise.

    Raises:
        InvalidArgument: It is no plain function of one argument, or a kind or the result is unknown.
    """
    return _marked(function, HookTransition.TERMINATE, groups, hook, kinds, on_error)


def _marked(
    function: Any,
    transition: HookTransition,
    groups: Sequence[str],
    hook: str,
    kinds: Sequence[str],
    on_error: str,
) -> Any:
    check_list("groups", groups)
    check_list("kinds", kinds)
    chosen = frozenset(_word(HookKind, "kinds", kind) for kind in kinds)
    result = _word(HookResult, "on_error", on_error)

    def mark(given: _Function) -> _Function:
        _check_function(given)
        handler = HookHandler(given, transition, tuple(groups), hook, chosen, result)
        setattr(given, _MARK, (*handlers_of(given), handler))
        return given

    return mark if function is None else mark(function)


_Word = TypeVar("_Word", HookKind, HookResult)


def _word(words: type[_Word], name: str, given: Any) -> _Word:
    try:
        return words(given)
    except ValueError:
        raise InvalidArgument(f"{name}: {given!r} is not known; use {', '.join(words)}") from None


def _check_function(function: Any) -> None:
    if not callable(function) or inspect.isclass(function) or inspect.iscoroutinefunction(function):
        raise InvalidArgument(f"a handler of hooks is a plain function, not {function!r}")
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        raise InvalidArgument(f"handler {function.__qualname__} takes one argument: notice") from None


def handlers_of(function: Any) -> tuple[HookHandler, ...]:
    """What a function is marked with."""
    return getattr(function, _MARK, ())


def gather_handlers(given: Iterable[Any]) -> tuple[HookHandler, ...]:
    """
    Handlers from functions that are marked, in order.

    Raises:
        InvalidArgument: One of them is not marked, or there is none.
    """
    handlers: list[HookHandler] = []
    for each in given:
        marks = (each,) if isinstance(each, HookHandler) else handlers_of(each)
        if not marks:
            raise InvalidArgument(f"handlers: {each!r} is not marked; use @trimtab.on_launch or @trimtab.on_terminate")
        handlers += marks
    if not handlers:
        raise InvalidArgument("handlers: none is given; mark a function with @trimtab.on_launch or on_terminate")
    return tuple(handlers)


def load_handlers(modules: Sequence[str]) -> tuple[HookHandler, ...]:
    """
    The handlers that modules define, in the order of their lines.

    Args:
        modules: Import paths; importing runs their code, so name only what is trusted.

    Raises:
        ConfigError: A module cannot be imported, or defines no handler.
        InvalidArgument: `modules` is no list of names.
    """
    check_list("modules", modules)
    handlers: list[HookHandler] = []
    for name in modules:
        try:
            module = import_module(name)
        except (Exception, SystemExit) as error:  # it runs somebody else's code
            raise ConfigError([f"{name} cannot be imported: {error_words(error)}"]) from error
        own = {id(mark): mark for value in vars(module).values() for mark in handlers_of(value)}
        if not own:
            text = "defines no handler; mark a function with @trimtab.on_launch or @trimtab.on_terminate"
            raise ConfigError([f"{name} {text}"])
        handlers += sorted(own.values(), key=_line)
    return tuple(handlers)


def _line(handler: HookHandler) -> int:
    code = getattr(handler.function, "__code__", None)
    return code.co_firstlineno if code else sys.maxsize


@dataclass(frozen=True, slots=True)
class HandlerOutcome:
    """What handlers answered, and why where one raised."""

    result: HookResult
    problem: str = ""


def call_handlers(handlers: Sequence[HookHandler], notice: HookNotice) -> HandlerOutcome:
    """What handlers answer, one after the other: the first that gives up, or raises, ends it."""
    for handler in handlers:
        try:
            answer = handler.function(notice)
            result = HookResult.CONTINUE if answer is None else HookResult(answer)
        # whatever somebody else's code raises is its failure and not the consumer's; `exit()` too
        except (Exception, SystemExit) as error:
            name = getattr(handler.function, "__qualname__", "handler")
            return HandlerOutcome(handler.on_error, f"{name} raised {error_words(error)}")
        if result is HookResult.ABANDON:
            return HandlerOutcome(result)
    return HandlerOutcome(HookResult.CONTINUE)
