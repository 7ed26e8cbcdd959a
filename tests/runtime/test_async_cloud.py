"""The cloud for asyncio: the methods of the one that blocks, on threads, and cancelled between calls."""

import asyncio
import contextvars
import inspect
import threading
import typing
from contextlib import AbstractAsyncContextManager

import pytest

import trimtab as tt
from tests.conftest import make_fleet
from trimtab.clock import ManualClock, SystemClock
from trimtab.errors import Cancelled, ConfigError, PlanRefused, Throttled
from trimtab.events import silent
from trimtab.providers.memory.store import MemoryStore
from trimtab.providers.retry import Caller
from trimtab.rollout import Rollouts
from trimtab.rollout.async_rollouts import AsyncRollouts
from trimtab.runtime.async_cloud import AsyncWatch, on_thread
from trimtab.runtime.connection import connect

PAIRS = [
    (tt.Cloud, tt.AsyncCloud),
    (tt.LiveGroup, tt.AsyncLiveGroup),
    (tt.Watch, AsyncWatch),
    (Rollouts, AsyncRollouts),
]
IN_PLACE = {"group": tt.AsyncLiveGroup, "watch": AsyncWatch, "rollouts": AsyncRollouts, "now": None}
"""What asks no cloud, with what it gives where that is another class."""
STREAMS = {"stream"}


def public(kind, attributes=()):
    return {name for name in (*vars(kind), *attributes) if not name.startswith("_")}


# the same methods


@pytest.mark.parametrize(("blocking", "awaited"), PAIRS)
def test_what_one_has_the_other_has(blocking, awaited):
    group = tt.connect("memory").group("web")
    instance = {tt.Cloud: tt.connect("memory"), tt.LiveGroup: group, tt.Watch: tt.connect("memory").watch(make_fleet())}
    instance[Rollouts] = tt.connect("memory").rollouts(make_fleet())
    assert public(awaited) == public(blocking, vars(instance[blocking]))


@pytest.mark.parametrize(
    ("blocking", "awaited", "name"),
    [(one, other, name) for one, other in PAIRS for name in sorted(public(one)) if callable(vars(one)[name])],
)
def test_each_method_takes_and_gives_the_same(blocking, awaited, name):
    one, other = inspect.signature(vars(blocking)[name]), inspect.signature(vars(awaited)[name])
    assert one.parameters == other.parameters
    if name in IN_PLACE:
        expected = IN_PLACE[name] or one.return_annotation
        assert other.return_annotation in (expected, getattr(expected, "__name__", ""))
    elif name in STREAMS:
        assert inspect.isasyncgenfunction(vars(awaited)[name])
        assert typing.get_args(other.return_annotation) == typing.get_args(one.return_annotation)
    else:
        assert inspect.iscoroutinefunction(vars(awaited)[name])
        assert other.return_annotation == one.return_annotation


def test_both_connect_alike():
    """Overload by overload, and in what is behind them."""
    pairs = zip(typing.get_overloads(connect), typing.get_overloads(tt.connect_async), strict=True)
    for one, other in [*pairs, (connect, tt.connect_async)]:
        assert inspect.signature(one).parameters == inspect.signature(other).parameters
        assert inspect.signature(other).return_annotation == AbstractAsyncContextManager[tt.AsyncCloud]


def test_a_life():
    async def live():
        clock, fleet = ManualClock(), make_fleet()
        async with tt.connect_async("memory", clock=clock) as cloud:
            applied = await cloud.apply(await cloud.plan(fleet))
            assert applied.raise_for_failures().outcomes
            web = cloud.group("web")
            assert await web.name == "virtualmin-web"
            await web.scale(to=3)
            assert (await web.wait(timeout=tt.minutes(5))).running == 3
            statuses = [status async for _, status in azip(range(3), cloud.watch(fleet).stream(tt.minutes(1)))]
            assert [(each.at - statuses[0].at) for each in statuses] == [tt.minutes(number) for number in range(3)]
            assert cloud.now() == clock.now()
            assert (await cloud.status(fleet)).groups[0].group == "web"
            await cloud.apply(await cloud.destroy(fleet), allow_delete=True)
            assert not await cloud.destroy(fleet)

    asyncio.run(live())


async def azip(numbers, stream):
    for number in numbers:
        yield number, await anext(stream)


def test_errors_come_through():
    async def live():
        with pytest.raises(ConfigError, match="unknown option 'planet' for memory"):
            async with tt.connect_async("memory", planet="mars"):
                raise AssertionError
        async with tt.connect_async("memory") as cloud:
            with pytest.raises(PlanRefused, match="has no group"):
                await cloud.adopt(make_fleet(), ["db"])

    asyncio.run(live())


def test_closing_closes():
    closed = []
    with tt.connect("memory") as inner:
        object.__setattr__(inner.provider, "close", lambda: closed.append(threading.current_thread()))

        async def live():
            async with tt.AsyncCloud(inner):
                assert not closed

        asyncio.run(live())
    assert closed[0] is not threading.main_thread()


# threads


def test_the_loop_goes_on_and_calls_are_made_side_by_side():
    """Each of many functions, more than the loop's own threads, waits until all of them run."""
    many = 50
    together = threading.Barrier(many, timeout=30)

    async def live():
        assert sorted(await asyncio.gather(*(on_thread(together.wait) for _ in range(many)))) == list(range(many))

    asyncio.run(live())


def test_context_variables_go_along():
    request = contextvars.ContextVar("request")

    async def live():
        request.set("r-1")
        assert await on_thread(request.get) == "r-1"

    asyncio.run(live())


# cancelling


class Gate:
    """Holds one call to a store until it is let go."""

    def __init__(self, store, number):
        self.left, self.reached, self.open = number, threading.Event(), threading.Event()
        store.fault = self

    def __call__(self, operation, key):
        self.left -= 1
        if self.left == -1:
            self.reached.set()
            assert self.open.wait(30)

    async def cancel(self, task, note=lambda: None, times=1):
        """Cancel a task while its call is held; the call then goes through."""
        assert await asyncio.to_thread(self.reached.wait, 30)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
            assert not task.done()
        note()
        self.open.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        return caught.value.__cause__


def calls_of(store, work):
    """How many calls a piece of work makes."""
    before = len(store.calls)
    work()
    return len(store.calls) - before


def writes():
    """How many calls an apply of the fleet makes until it waits."""
    with tt.connect("memory", clock=ManualClock()) as cloud:
        plan = cloud.plan(make_fleet())
        return calls_of(cloud.provider.connection, lambda: cloud.apply(plan, "accepted"))


@pytest.mark.parametrize("number", range(writes()))
def test_an_apply_that_is_cancelled_stops_tells_what_it_did_and_can_be_gone_on_with(number):
    """Wherever it was: the calls under way end and none follows; each change was told how it ended."""
    store, told, ends = MemoryStore(ManualClock()), [], []

    async def live():
        connected = tt.connect_async("memory", store=store, clock=store.clock, workers=1, listener=told.append)
        async with connected as cloud:
            plan = await cloud.plan(make_fleet())
            gate = Gate(store, number)
            task = asyncio.create_task(cloud.apply(plan, on_event=ends.append))
            cause = await gate.cancel(task, lambda: told.append("cancelled"))
            after = told[told.index("cancelled") :]
            assert not [each for each in after if isinstance(each, tt.CallStarted)]
            changes = [each for each in ends if isinstance(each, tt.ChangeEnded)]
            assert {each.change.key for each in changes} == {change.key for change in plan}
            assert {each.change.key for each in changes if not each.error} <= set(store.things)
            assert not {each.change.key for each in changes if each.skipped} & set(store.things)
            [ended] = [each for each in ends if isinstance(each, tt.ApplyEnded)]
            assert ended.error == "Cancelled"
            assert isinstance(cause, Cancelled)
            counts = ", ".join(f"{count} {word}" for word, count in ended.outcomes.items())
            assert str(cause) == f"the apply was cancelled: {counts}; plan again to see what is left"
            store.fault = None
            (await cloud.apply(await cloud.plan(make_fleet()))).raise_for_failures()
            assert not await cloud.plan(make_fleet())

    asyncio.run(live())


def test_insisting_changes_nothing():
    """However often it is cancelled, the task ends after its call has."""
    store = MemoryStore(ManualClock())

    async def live():
        async with tt.connect_async("memory", store=store, clock=store.clock) as cloud:
            gate = Gate(store, 0)
            task = asyncio.create_task(cloud.plan(make_fleet()))
            assert isinstance(await gate.cancel(task, times=5), Cancelled)
            assert gate.open.is_set()

    asyncio.run(live())


def test_anyio_cancels_it_once():
    """It cancels what does not end at every turn of the loop, unless that is shielded: web frameworks run on it."""
    anyio = pytest.importorskip("anyio")
    store, scopes = MemoryStore(ManualClock()), []

    async def plan(cloud):
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await cloud.plan(make_fleet())

    async def live():
        async with tt.connect_async("memory", store=store, clock=store.clock) as cloud:
            gate = Gate(store, 0)
            task = asyncio.create_task(plan(cloud))
            assert await asyncio.to_thread(gate.reached.wait, 30)
            scopes[0].cancel()
            for _ in range(20):
                await asyncio.sleep(0)
            assert task.cancelling() == 1
            assert not task.done()
            gate.open.set()
            await task
            assert scopes[0].cancelled_caught
            assert await cloud.plan(make_fleet())

    asyncio.run(live())


def test_a_time_limit_of_asyncio_is_one():
    store = MemoryStore(ManualClock())

    async def live():
        async with tt.connect_async("memory", store=store, clock=store.clock) as cloud:
            gate = Gate(store, 0)
            asyncio.get_running_loop().call_soon(gate.open.set)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await cloud.plan(make_fleet())
            store.fault = None
            assert await cloud.plan(make_fleet())

    asyncio.run(live())


def test_a_pause_before_another_attempt_ends_at_once():
    """The cloud asked to wait for a minute; nothing is asked after it was cancelled."""
    attempts, asleep = [], threading.Event()

    def attempt():
        attempts.append(1)
        raise Throttled("slow down", after=tt.minutes(1))

    def listener(event):
        if isinstance(event, tt.CallRetried):
            asleep.set()

    caller = Caller(clock=SystemClock(), workers=1, listener=listener)

    async def live():
        task = asyncio.create_task(on_thread(caller.retried, "describe", attempt))
        assert await asyncio.to_thread(asleep.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert isinstance(caught.value.__cause__, Cancelled)
        assert len(attempts) == 1
        assert await on_thread(caller.retried, "describe", lambda: "free") == "free"

    asyncio.run(live())


def test_what_waits_for_others_is_cancelled_before_its_turn():
    """A question of several: those that have not been asked are not asked."""
    caller, asked = Caller(clock=SystemClock(), workers=1, listener=silent), []
    held, open_ = threading.Event(), threading.Event()

    def ask(number):
        asked.append(number)
        held.set()
        assert open_.wait(30)

    def question(number):
        return lambda: caller.retried("describe", lambda: ask(number))

    async def live():
        task = asyncio.create_task(on_thread(caller.gather, [question(number) for number in range(5)]))
        assert await asyncio.to_thread(held.wait, 30)
        task.cancel()
        await asyncio.sleep(0)
        open_.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(asked) == 1

    asyncio.run(live())


# on a cloud


@pytest.mark.parametrize("number", [1, 4])
def test_on_aws_no_call_follows_and_the_connection_stays_good(number, aws_emulator):
    """By the emulator's own list of requests."""
    from trimtab.testing import AwsTestCloud

    aws_emulator.doors.reset()
    world, events = AwsTestCloud(aws_emulator), []

    async def live():
        async with tt.AsyncCloud(world.connect(workers=1)) as cloud:
            plan = await cloud.plan(make_fleet())
            world.emulator.doors.fault("hold_before", write_only=True, after=number)
            task = asyncio.create_task(cloud.apply(plan, "accepted", on_event=events.append))
            held = await asyncio.to_thread(world.emulator.doors.wait_for_hold)
            task.cancel()
            await asyncio.sleep(0)
            before = len(world.emulator.doors.requests())
            world.emulator.doors.release(held)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert len(world.emulator.doors.requests()) <= before + 1  # the one that was held
            world.emulator.doors.clear_faults()
            (await cloud.apply(await cloud.plan(make_fleet()), "accepted")).raise_for_failures()
            assert not await cloud.plan(make_fleet())

    asyncio.run(live())
    ended = [each for each in events if isinstance(each, tt.ChangeEnded)]
    assert {each.change.key for each in ended} == {
        each.change.key for each in events if isinstance(each, tt.ChangeStarted)
    }
