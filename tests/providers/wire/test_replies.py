"""
Bad replies to every operation that is called, on three clouds: no traceback, and nothing said that is not so.

A seeded sample; `nox -s exhaustive` takes every operation with every bad reply.
"""

import random
from functools import cache

import pytest

from tests.laws import TIMES
from tests.providers.killing import noting
from tests.providers.wire.bodies import bad_replies
from tests.providers.wire.lives import AGREED, LIVES, SCENES
from trimtab.errors import TrimtabError

SAMPLE = 12
SEED = 20260105


class Stage:
    """One emulator, with what was called in each scene and what was answered."""

    def __init__(self, life):
        self.life = life
        self.emulator = life.emulator()
        self.called = {}

    def prepare(self, scene):
        """The emulator made anew, with what others have and with what there is before the scene."""
        world = self.life.begin(self.emulator)
        cloud = world.connect()
        self.life.make_foreign(world, cloud)
        if scene.before:
            cloud.apply(cloud.plan(self.life.fleet()), wait="accepted").raise_for_failures()
        return world, cloud

    def rehearse(self):
        """Play every scene without a fault, and note who calls what."""
        for name, scene in SCENES.items():
            world, cloud = self.prepare(scene)
            with cloud:
                world.doors.clear_requests()
                for _, step in scene.steps(cloud, self.life):
                    step()
                self.called[name] = {(call.operation, call.write) for call in world.doors.requests()}

    def cases(self):
        """Scene, operation, whether it writes, bad reply: each operation with each reply, in one scene of its."""
        rng = random.Random(SEED)
        for operation, write in sorted({one for called in self.called.values() for one in called}):
            scenes = sorted(name for name, called in self.called.items() if (operation, write) in called)
            if operation in self.emulator.genuine:
                for bad in bad_replies(operation, self.emulator.genuine, rng):
                    yield rng.choice(scenes), operation, write, bad, rng.choice(("reply_before", "reply_after"))


@cache
def stage_of(cloud):
    stage = Stage(LIVES[cloud]())
    stage.rehearse()
    return stage


@pytest.fixture(scope="module", params=sorted(LIVES))
def stage(request):
    found = stage_of(request.param)
    yield found
    found.emulator.stop()
    stage_of.cache_clear()


def chosen(cases):
    cases = list(cases)
    if TIMES > 1:
        return cases
    random.Random(SEED).shuffle(cases)
    # one of each bad reply before a second of any
    seen = {}
    ranked = sorted(cases, key=lambda case: seen.setdefault(case[3].name[:12], len(seen)) or 0)
    rounds = {}
    for case in ranked:
        rounds[id(case)] = sum(1 for other in ranked[: ranked.index(case)] if other[3].name[:12] == case[3].name[:12])
    return sorted(ranked, key=lambda case: rounds[id(case)])[:SAMPLE]


def test_a_bad_reply_is_no_traceback_and_nothing_untrue(stage):
    for scene, operation, write, bad, kind in chosen(stage.cases()):
        with noting(f"{scene}: {operation}, {bad.name}, {kind}"):
            play(stage, scene, operation, write, bad, kind)


def play(stage, name, operation, write, bad, kind):
    scene, life = SCENES[name], stage.life
    world, cloud = stage.prepare(scene)
    with cloud:
        foreign = life.foreign(world, cloud)
        world.doors.fault(kind, operation=operation, reply=bad.reply, times=None)
        claims = []
        for what, step in scene.steps(cloud, life):
            world.doors.clear_requests()
            try:
                found = step()
            except TrimtabError:
                continue
            # of several that read an operation the last answer of which is bad, only who saw it said something
            met = any(call.operation == operation for call in world.doors.requests())
            claims.append((what, found, met and bad.certain))
        world.doors.clear_faults()
        for what, found, met in claims:
            check_claim(what, found, met)
        wanted = {"fleet": life.fleet, "edited": life.edited}.get(scene.after)
        fresh = cloud.plan(wanted()) if wanted else cloud.destroy(life.fleet())
        assert not fresh.unknown
        for what, found, _ in claims:
            if what == "apply":
                done = {one.change.key for one in found.outcomes if one.is_done}
                false = [str(change.key) for change in fresh if change.key in done]
                assert not false, f"said to be done, and is not: {false}"
        cloud.apply(fresh, **AGREED).raise_for_failures()
        again = cloud.plan(wanted()) if wanted else cloud.destroy(life.fleet())
        assert not again, again.to_dict()
        assert life.foreign(world, cloud) == foreign


def check_claim(what, found, met):
    """What is said must not be what only the bad reply said."""
    if what == "plan":
        assert not list(found), f"everything is there: {found.to_dict()}"
        assert found.unknown or found.problems or not met, "nothing to do, though not everything could be read"
    elif what == "apply":
        assert found.failures or not met, "all went through, though a reply said nothing of the kind"
    else:
        assert not met, "said to be so, though the reply said nothing of the kind"
