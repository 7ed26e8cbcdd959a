"""The rollouts of a fleet for programs on asyncio."""

from trimtab.rollout.rollouts import Rollouts
from trimtab.threads import OnThreads, awaitable


class AsyncRollouts(OnThreads[Rollouts]):
    """The rollouts of a fleet: the methods of `Rollouts`, to await."""

    start = awaitable(Rollouts.start)
    status = awaitable(Rollouts.status)
    tick = awaitable(Rollouts.tick)
    see_through = awaitable(Rollouts.see_through)
    pause = awaitable(Rollouts.pause)
    resume = awaitable(Rollouts.resume)
    abort = awaitable(Rollouts.abort)
    undo = awaitable(Rollouts.undo)
