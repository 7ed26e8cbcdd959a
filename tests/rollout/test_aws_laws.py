"""Whatever happens on the way, a rollout on AWS ends wholly new or wholly old: random events on the emulator."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest

import trimtab as tt
from tests.laws import sampled
from tests.rollout.aws_world import GROUP, LOOK, NEW, RolloutWorld, make_fleet
from trimtab.errors import TrimtabError
from trimtab.models import Rollout
from trimtab.rollout import RolloutOutcome

CALM = 60
"""Looks after which nothing more happens by hand."""


class Story:
    """One rollout with all that happens to it."""

    def __init__(self, world, seed):
        self.world, self.draw = world, random.Random(seed)
        draw = self.draw
        self.spec = Rollout(
            checkpoints=sorted(draw.sample([5, 10, 25, 50, 75], draw.randint(0, 2))),
            batch_timeout=draw.choice(["5m", "20m"]),
            max_surge=draw.choice([None, None, 1, 2]),
            max_unavailable=draw.choice([None, 1, 2]),
            bake=draw.choice([None, "2m"]),
            keep=1,
        )
        group = {"desired": draw.randint(1, 7), "health_check": tt.HealthCheck(by="load-balancer", grace="0s")}
        self.old, self.new = make_fleet(**group), make_fleet(NEW, rollout=self.spec, **group)
        world.apply(self.old)
        if draw.random() < 0.3:
            world.make_sick()
        self.rollouts = world.started(self.new)
        self.is_short = False
        self.log = []

    def happen(self, event):
        self.log.append(event)
        world = self.world
        if event == "resize":
            world.set_size(self.draw.randint(0, 8))
        elif event == "lose" and world.instances():
            lost = self.draw.choice(world.instances())["InstanceId"]
            world.client("ec2").terminate_instances(InstanceIds=[lost])
        elif event == "shortage":
            self.end_shortage() if self.is_short else world.doors.run_short(instance_type=NEW)
            self.is_short = not self.is_short
        elif event == "another process":
            self.rollouts = world.connection.rollouts(self.new)
        elif event in ("pause", "resume", "abort"):
            with suppress(TrimtabError):
                getattr(self.rollouts, event)("web")

    def end_shortage(self):
        self.world.doors.end_shortages()

    def drive(self):
        events = ["resize", "lose", "shortage", "pause", "resume", "another process", "abort"]
        for look in range(800):
            if look < CALM and self.draw.random() < 0.12:
                self.happen(self.draw.choices(events, [3, 3, 3, 3, 3, 3, 1])[0])
            if look == CALM:
                self.end_shortage()
            (result,) = self.rollouts.tick()
            if result.outcome is RolloutOutcome.PAUSED:
                if look >= CALM:
                    self.rollouts.resume("web")
            elif result.is_settled:
                return result
            self.world.advance(LOOK)
        raise AssertionError(f"it never ends: {result}")


@pytest.mark.parametrize("seed", sampled(range(100), 6, "rollouts on AWS"))
def test_it_ends_wholly_new_or_wholly_old(aws_emulator, seed):
    aws_emulator.doors.reset()
    world = RolloutWorld(aws_emulator)
    story = Story(world, seed)
    result = story.drive()
    assert result.outcome in (RolloutOutcome.DONE, RolloutOutcome.ROLLED_BACK), story.log
    story.end_shortage()
    world.advance(timedelta(minutes=20))
    version, fleet = ("2", story.new) if result.outcome is RolloutOutcome.DONE else ("1", story.old)
    assert set(world.versions()) <= {version}, story.log
    assert world.group(GROUP)["LaunchTemplate"]["Version"] == version
    assert (world.active(), world.mark(), world.there()) == ([], None, [int(version)]), story.log
    assert not world.connection.plan(fleet).waiting
    world.connection.close()
