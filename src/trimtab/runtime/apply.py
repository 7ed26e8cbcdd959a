"""Carries a plan out: serial within a group, parallel across groups, one outcome for each change."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Any

from trimtab.clock import Clock, is_cancelled
from trimtab.errors import (
    ApplyFailed,
    Cancelled,
    ConsentMissing,
    ForeignResource,
    PlanRefused,
    ProviderError,
    Throttled,
    Unreachable,
    capped,
)
from trimtab.events import ChangeEnded, ChangeStarted, Listener, Waiting
from trimtab.models.base import format_duration
from trimtab.phrases import in_words
from trimtab.plan import Action, Change, Key, Plan, Ref, passwords_of, references, resolved, with_passwords
from trimtab.plan.changes import merged
from trimtab.plan.resource import concealed
from trimtab.providers.base import GroupState, Write, Written
from trimtab.providers.patience import Patience, patience_of
from trimtab.providers.roles import Provider
from trimtab.runtime.pause import BOOST_KIND, kinds_of

FIRST_LOOK = timedelta(seconds=1)
LONGEST_LOOK = timedelta(seconds=15)
LOOKS_TO_BELIEVE = 2
LISTED_WITHIN = timedelta(minutes=2)
"""How long a group that was just made may be missing from lists."""
ACTIVITIES = 10
REACTION = timedelta(minutes=5)
"""How long before the wait something may have happened that says why it is in vain."""
FAILED = frozenset({"failed", "cancelled", "error"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    How one change ended: done, failed with `error`, skipped because of one before it, or `unknown`.

    It is unknown where no reply came, or none that could be read: the cloud may have made the change all the same.
    """

    change: Change
    error: str = ""
    skipped: bool = False
    unknown: bool = False

    @property
    def is_done(self) -> bool:
        """Whether the change went through."""
        return not self.error

    @property
    def word(self) -> str:
        """One of `done`, `skipped`, `unknown` and `failed`."""
        if self.is_done:
            return "done"
        return "skipped" if self.skipped else "unknown" if self.unknown else "failed"

    def __str__(self) -> str:
        return f"{self.change.action} {self.change.key}: {self.error or 'done'}"


@dataclass(frozen=True, slots=True)
class ApplyFailure:
    """What did not go through: one change, or several of a sort that failed alike."""

    what: str
    error: str
    word: str

    def __str__(self) -> str:
        return f"{self.what}: {self.error}"


def merged_failures(outcomes: Iterable[Outcome]) -> list[ApplyFailure]:
    """One failure for each error of changes of a sort, in the plan's order."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for outcome in outcomes:
        if not outcome.is_done:
            key = outcome.change.key
            alike.setdefault((f"{outcome.change.action} {key.kind}", outcome.error, outcome.word), []).append(
                str(key).removeprefix(f"{key.kind} ")
            )
    return [ApplyFailure(f"{sort} {in_words(names)}", error, word) for (sort, error, word), names in alike.items()]


@dataclass(frozen=True, kw_only=True)
class Applied:
    """
    What came of a plan.

    Attributes:
        outcomes: One for each change.
        timed_out: Groups that did not get where they were meant to be in time, one sentence each.
        unreadable: Parts of the cloud that could not be read, so that nothing was done there.
        held: What was held back, since its name is taken by something of others.
    """

    outcomes: tuple[Outcome, ...] = ()
    timed_out: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    held: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[str, ...]:
        """One sentence for everything that did not go through."""
        return (
            *(str(outcome) for outcome in self.outcomes if not outcome.is_done),
            *self.timed_out,
            *self.unreadable,
            *self.held,
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """The failures for people: those of a sort with one error are one sentence."""
        return (
            *(str(failure) for failure in merged_failures(self.outcomes)),
            *self.timed_out,
            *self.unreadable,
            *self.held,
        )

    def __str__(self) -> str:
        """What came of it in one sentence."""
        done = sum(outcome.is_done for outcome in self.outcomes)
        rest = ((self.timed_out, "timed out"), (self.unreadable, "unreadable"), (self.held, "held back"))
        more = [f"{len(items)} {word}" for items, word in rest if items]
        return ", ".join([f"applied {done} of {len(self.outcomes)} changes", *more])

    def raise_for_failures(self) -> "Applied":
        """
        The same result, when all went through.

        Raises:
            ApplyFailed: Something did not.
        """
        if self.failures:
            raise ApplyFailed(self.failures, self.lines)
        return self

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        changes = [
            {
                "action": outcome.change.action.value,
                "kind": outcome.change.key.kind,
                "name": outcome.change.key.name,
                **({"parent": outcome.change.key.parent} if outcome.change.key.parent else {}),
                "location": outcome.change.key.location,
                "group": outcome.change.group,
                "outcome": outcome.word,
                "error": outcome.error,
            }
            for outcome in self.outcomes
        ]
        return {
            "changes": changes,
            "timed_out": list(self.timed_out),
            "unreadable": list(self.unreadable),
            "held": list(self.held),
            "ok": not self.failures,
        }


@dataclass(frozen=True, kw_only=True)
class Consent:
    """What the caller agrees to lose."""

    delete: bool = False
    replace: bool = False


def check_consent(provider: Provider, plan: Plan, consent: Consent) -> None:
    """
    Refuse a plan that is impossible, or that ends instances without consent.

    What is held back because its name is taken by something of others stops nothing else.

    Raises:
        PlanRefused: The plan has problems.
        ForeignResource: All that there is to do is held back, since the names are taken.
        ConsentMissing: It deletes or replaces a group and the caller has not agreed.
    """
    if plan.is_refused:
        texts = capped([str(problem) for problem in merged(plan.problems)])
        foreign = all(problem.foreign for problem in plan.problems)
        raise (ForeignResource if foreign else PlanRefused)("the plan cannot be applied:\n" + "\n".join(texts))
    kinds = kinds_of(provider)
    for change in plan.changes:
        if not kinds[change.key.kind].holds_instances:
            continue
        lost = f"{change.key.name!r} in {change.key.location}, which has {change.instances} instances"
        if change.action is Action.DELETE and not consent.delete:
            raise ConsentMissing(f"this deletes {lost}; allow it with allow_delete=True (--allow-delete)")
        if change.action is Action.REPLACE and not consent.replace:
            raise ConsentMissing(f"this replaces {lost}; allow it with allow_replace=True (--allow-replace)")


def carry_out(provider: Provider, plan: Plan, *, workers: int, listener: Listener) -> tuple[Outcome, ...]:
    """The outcome of each change, in the plan's order; groups in parallel, each one's changes in turn."""
    groups = [_GroupRun(provider, list(changes), listener) for _, changes in groupby(plan.changes, _group_key)]
    if not groups:
        return ()
    with ThreadPoolExecutor(max_workers=min(workers, len(groups)), thread_name_prefix="trimtab-apply") as pool:
        futures = [pool.submit(copy_context().run, group.run) for group in groups]
        return tuple(outcome for future in futures for outcome in future.result())


def cancelled_apply(outcomes: Sequence[Outcome]) -> Cancelled:
    """The error of an apply that was cancelled, with how many changes ended how until then."""
    counts = ", ".join(f"{number} {word}" for word, number in count_outcomes(outcomes).items()) or "no changes"
    return Cancelled(f"the apply was cancelled: {counts}; plan again to see what is left")


def count_outcomes(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many changes ended how."""
    return dict(Counter(outcome.word for outcome in outcomes))


def _group_key(change: Change) -> str:
    return change.group


def _call_key(change: Change) -> tuple[str, str, str, Action]:
    return change.key.location, change.key.kind, change.key.parent, change.action


@dataclass
class _GroupRun:
    provider: Provider
    changes: list[Change]
    listener: Listener
    known: dict[Ref, Any] = field(default_factory=dict)
    failed: set[Key] = field(default_factory=set)
    done: dict[Key, Outcome] = field(default_factory=dict)

    def run(self) -> list[Outcome]:
        for change in self.changes:
            self._learn(change.key, change.live.attributes if change.live else {}, change)
        for batch in self._batches():
            self._run_batch(batch)
        for change in self.changes:
            if change.implied:
                self._run_batch([change])
        return [self.done[change.key] for change in self.changes]

    def _batches(self) -> Iterator[list[Change]]:
        # what goes along with its parent has gone only when that has
        for _, changes in groupby((change for change in self.changes if not change.implied), _call_key):
            run = list(changes)
            size = kinds_of(self.provider)[run[0].key.kind].batch
            yield from (run[start : start + size] for start in range(0, len(run), size))

    def _run_batch(self, batch: Sequence[Change]) -> None:
        writes = []
        for change in batch:
            self.listener(ChangeStarted(change))
            if is_cancelled():
                self._end(change, "not tried, because the apply was cancelled", skipped=True)
            elif blocking := change.after & self.failed:
                self._end(change, f"not tried, because {min(blocking)} did not go through", skipped=True)
            elif change.implied:
                self._end(change)
            elif (write := self._write_for(change)) is not None:
                writes.append(write)
        if writes:
            self._send(writes)

    def _write_for(self, change: Change) -> Write | None:
        body = resolved(change.wanted.body, self.known) if change.wanted else {}
        missing = next(references(body), None)
        if missing is not None:
            self._end(change, f"not tried, because {missing.key} gave no {missing.attribute}", skipped=True)
            return None
        unset = [each.variable for each in passwords_of(body) if not os.environ.get(each.variable)]
        if unset:
            text = f"not tried, because environment variable {unset[0]} is not set; set it to the password, apply again"
            self._end(change, text, skipped=True)
            return None
        return Write(change=change, body=with_passwords(body, os.environ))

    def _send(self, writes: Sequence[Write]) -> None:
        try:
            results = self._written(writes)
        except ProviderError as error:
            results = [error] * len(writes)
        except Cancelled:  # perhaps between the calls of one change
            for write in writes:
                self._end(write.change, "outcome unknown: cancelled while it was written", unknown=True)
            return
        for write, result in zip(writes, results, strict=True):
            if isinstance(result, Unreachable):
                self._end(write.change, f"outcome unknown: {concealed(str(result), write.body)}", unknown=True)
            elif isinstance(result, ProviderError):
                self._end(write.change, concealed(str(result), write.body))
            else:
                self._learn(write.change.key, result)
                self._end(write.change)

    def _written(self, writes: Sequence[Write]) -> Sequence[Written]:
        if writes[0].change.key.kind != BOOST_KIND.name:
            return self.provider.resources.write(writes)
        for write in writes:
            self.provider.actions.on(write.change.key.location, write.change.key.name).end_boost()
        return [{}] * len(writes)

    def _learn(self, key: Key, attributes: Mapping[str, Any], change: Change | None = None) -> None:
        hidden: frozenset[str] = frozenset()
        if change is not None:
            if change.action in (Action.CREATE, Action.REPLACE):
                return
            hidden = kinds_of(self.provider)[key.kind].volatile if change.writes_body else hidden
        self.known.update({Ref(key, name): value for name, value in attributes.items() if name not in hidden})

    def _end(self, change: Change, error: str = "", *, skipped: bool = False, unknown: bool = False) -> None:
        if error:
            self.failed.add(change.key)
        self.done[change.key] = Outcome(change, error, skipped, unknown)
        self.listener(ChangeEnded(change, error, skipped))


@dataclass(frozen=True, slots=True)
class AwaitedGroup:
    """A group to wait for: where it is, whether it is to be there or gone, and whose it is if that is asked."""

    key: Key
    group: str
    gone: bool = False
    fleet: str = ""


def places_to_wait_for(provider: Provider, outcomes: Sequence[Outcome], fleet: str) -> list[AwaitedGroup]:
    """The groups of a fleet that a plan touched, those only that came through."""
    places: dict[tuple[str, str], AwaitedGroup] = {}
    kinds = kinds_of(provider)
    for outcome in outcomes:
        change = outcome.change
        kind = kinds[change.key.kind]
        if outcome.is_done and kind.holds_instances:
            gone = change.action is Action.DELETE
            places[change.key.location, change.key.name] = AwaitedGroup(change.key, change.group, gone, fleet)
    return list(places.values())


def wait_for(
    provider: Provider,
    places: Sequence[AwaitedGroup],
    *,
    healthy: bool,
    timeout: timedelta,
    clock: Clock,
    listener: Listener,
) -> list[str]:
    """
    Look again and again until every group is where it is meant to be, or will not get there any more.

    Returns:
        One sentence for each group that was not there in time, with what the cloud says of it.
    """
    waiting = _Waiting(provider, list(places), healthy, timeout, clock, listener)
    with patience_of(clock) as patience:
        waiting.run(patience)
        return [*waiting.gone, *(waiting.late(place) for place in waiting.left)]


@dataclass
class _Waiting:
    provider: Provider
    left: list[AwaitedGroup]
    healthy: bool
    timeout: timedelta
    clock: Clock
    listener: Listener
    gone: list[str] = field(default_factory=list)
    states: Mapping[Key, GroupState] = field(default_factory=dict)
    missing: dict[Key, int] = field(default_factory=dict)
    trouble: ProviderError | None = None

    def run(self, patience: Patience) -> None:
        begin, pause = self.clock.now(), FIRST_LOOK
        deadline = begin + self.timeout
        while self.left:
            self._look(patience, self.clock.now() - begin)
            hopeless = self.trouble is not None and not isinstance(self.trouble, Throttled | Unreachable)
            if not self.left or hopeless or not patience.room() or self.clock.now() >= deadline:
                return
            with patience.pause() if self.trouble is not None else nullcontext():
                self.clock.sleep(min(pause, deadline - self.clock.now()))
            pause = min(pause * 1.5, LONGEST_LOOK)

    def _look(self, patience: Patience, passed: timedelta) -> None:
        try:
            with patience.attempt():
                self.states = _states(self.provider, self.left, self.healthy)
            self.trouble = None
        except ProviderError as error:
            self.trouble = error
            return
        self.left = [place for place in self.left if not _has_arrived(place, self.states, self.healthy, self.listener)]
        for place in list(self.left):
            if not place.gone and self._went(place, passed):
                self.left.remove(place)
                self.gone.append(f"group {place.group}: {place.key.name!r} was deleted while it was waited for")

    def _went(self, place: AwaitedGroup, passed: timedelta) -> bool:
        """Whether a group that was to be there is being deleted, or is missing from more than one list."""
        state = self.states.get(place.key)
        if state is not None:
            self.missing[place.key] = 0
            return state.deleting
        seen = place.key in self.missing
        self.missing[place.key] = self.missing.get(place.key, 0) + 1
        # a group that was just made may take its time to be listed
        return self.missing[place.key] >= LOOKS_TO_BELIEVE and (seen or passed >= LISTED_WITHIN)

    def late(self, place: AwaitedGroup) -> str:
        """Why a group is not where it was meant to be, as far as the cloud says."""
        state = self.states.get(place.key)
        what, after = f"group {place.group}: ", format_duration(self.timeout)
        if self.trouble is not None:
            return f"{what}whether {place.key.name!r} is where it should be could not be read: {self.trouble}"
        if place.gone:
            return f"{what}{place.key.name!r} is still there after {after}"
        if state is None:
            return f"{what}{place.key.name!r} is not there after {after}"
        running = f"{state.running} of {state.desired} {state.unit} of {place.key.name!r} run after {after}"
        return f"{what}{running}; {self._reason(place)}"

    def _reason(self, place: AwaitedGroup) -> str:
        """The newest activity that failed in this time, else the newest."""
        since = self.clock.now() - self.timeout - REACTION
        try:
            read = self.provider.live.read_activities(place.key.location, place.key.name, ACTIVITIES)
        except ProviderError:
            read = ()
        recent = [activity for activity in read if activity.at >= since]
        failed = [activity for activity in recent if activity.status in FAILED]
        newest = next(iter([*failed, *recent]), None)
        if newest is None:
            return "look at its activities for the reason"
        return f"{newest.status}: {newest.description}" + (f": {newest.cause}" if newest.cause else "")


def _states(provider: Provider, places: Sequence[AwaitedGroup], healthy: bool) -> dict[Key, GroupState]:
    """The states by key; somebody else's group of the same name, in another zone, is none of them."""
    states = provider.live.read_states([(place.key.location, place.key.name) for place in places], balancers=healthy)
    return {
        place.key: state
        for place in places
        for state in states
        if (state.location, state.name) == (place.key.location, place.key.name) and place.fleet in ("", state.fleet)
    }


def _has_arrived(place: AwaitedGroup, states: Mapping[Key, GroupState], healthy: bool, listener: Listener) -> bool:
    state = states.get(place.key)
    if place.gone or state is None:
        return place.gone and state is None
    ready = state.serving if healthy else state.running
    listener(Waiting(place.group, place.key, ready, state.desired))
    return state.is_healthy if healthy else state.is_stable
