"""A process that drives a blue-green rollout ends before one of its writes, on each emulator; another one goes on."""

from contextlib import suppress
from datetime import timedelta
from itertools import count

import pytest

import trimtab as tt
from tests.laws import IS_EXHAUSTIVE, sampled
from tests.rollout.example import CLOUDS, LOOK, MONDAY, fleets, kinds_of
from trimtab.events import CallStarted
from trimtab.rollout import RolloutOutcome
from trimtab.testing.clouds import TEST_CLOUDS

READS = ("describe", "get", "list", "aggregated", "search")
LEAST = {"aws": (30, 15), "azure": (25, 15), "gcp": (28, 18)}
"""Writes of a run that goes on and of one that is aborted, at least."""


class Killed(BaseException):
    """The end of a process, as far as the process itself can tell."""


def is_write(event):
    if not isinstance(event, CallStarted):
        return False
    return not event.operation.rpartition(".")[2].rpartition(":")[2].lower().startswith(READS)


class Mortal:
    """Ends its process before a write; counts those until then."""

    def __init__(self, last):
        self.last, self.writes, self.dead = last, [], False

    def __call__(self, event):
        if self.dead:
            raise Killed
        if is_write(event):
            self.writes.append(event.operation)
            if len(self.writes) == self.last:
                self.dead = True
                raise Killed


def drive(account, rollouts, *, abort):
    rollouts.start(by="ana")
    aborted = False
    for number in range(400):
        (result,) = rollouts.tick()
        if result.is_settled:
            assert result.outcome is not RolloutOutcome.ERROR, result
            return
        if abort and not aborted and number > 3:
            rollouts.abort("web", by="ana")
            aborted = True
        account.clock.advance(LOOK)
    raise AssertionError(result)


def told(provider, last, *, abort):
    """Whether a process died before its write of this number; what another one made of it is held to be right."""
    with TEST_CLOUDS[provider].started() as account:
        account.emulator.doors.set_clock(MONDAY, freeze=True)
        account.emulator.furnish()
        old, new = fleets(provider, end_after="1m", bake="1m")
        with account.connect() as cloud:
            cloud.apply(cloud.plan(old), timeout=tt.minutes(60)).raise_for_failures()
            before = kinds_of(cloud, old)
        mortal = Mortal(last)
        with account.connect(listener=mortal) as cloud, suppress(Killed):
            drive(account, cloud.rollouts(new), abort=abort)
        where = f"{provider}, killed before write {last}, {mortal.writes[-1]}"
        account.clock.advance(timedelta(minutes=1))
        with account.connect() as cloud:
            if mortal.dead:
                drive(account, cloud.rollouts(new), abort=abort)
            for fleet in (new, old):
                # the mark goes with a group that ends: where a process dies then, what else it had is left to a plan
                if (plan := cloud.plan(fleet)) and not plan.waiting:
                    assert {change.action for change in plan} == {"delete"}, where
                    assert not any(cloud.provider.kinds[change.key.kind].holds_instances for change in plan), where
                    cloud.apply(plan, allow_delete=True).raise_for_failures()
            ends = [fleet for fleet in (new, old) if not cloud.plan(fleet)]
            assert ends, f"{where}: {cloud.plan(new).to_text()} {cloud.plan(old).to_text()}"
            assert abort or ends == [new], where
            assert kinds_of(cloud, ends[0]) == before, where
            (group,) = cloud.status(ends[0]).groups
            state = group.state
            assert (state.rollout, state.paused, state.outdated) == (None, None, 0), f"{where}: {state}"
        return mortal.dead


@pytest.mark.sweep
@pytest.mark.parametrize("abort", [False, True], ids=["to the end", "aborted"])
@pytest.mark.parametrize("provider", CLOUDS)
def test_another_process_goes_on(provider, abort):
    if not IS_EXHAUSTIVE:
        (last,) = sampled(range(1, LEAST[provider][abort]), 1, (provider, abort))
        assert told(provider, last, abort=abort)
        return
    for last in count(1):
        if not told(provider, last, abort=abort):
            assert last > LEAST[provider][abort]
            break
