"""What trimtab does with a fleet, scene by scene, on each cloud; and what the cloud really has."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from tests.conftest import make_fleet
from tests.rollout.example import MONDAY, fleets
from trimtab import metrics
from trimtab.models import Rollout
from trimtab.testing.clouds import TEST_CLOUDS

AGREED = {"allow_delete": True, "allow_replace": True, "timeout": timedelta(minutes=5)}
MINUTE = timedelta(minutes=1)
JOBS = metrics.custom("Virtualmin", "Jobs")


class Seen:
    """Mixed into an emulator: keeps the last good reply to each operation."""

    def __init__(self, *args, **named):
        self.genuine = {}
        super().__init__(*args, **named)

    def effect(self, request):
        reply = super().effect(request)
        if reply.status < 300:
            there = self.genuine.get(request.operation)
            # of several the longest, which has the most to go wrong in
            if there is None or len(there.body) <= len(reply.body):
                self.genuine[request.operation] = reply
        return reply


@dataclass(frozen=True)
class Life:
    """One cloud: how to begin, its fleets, and what others have there."""

    provider: str
    emulator: Callable
    world: Callable
    fleet: Callable
    edited: Callable
    make_foreign: Callable
    foreign: Callable

    def begin(self, emulator):
        emulator.doors.reset()
        return self.world(emulator)

    def furnish(self, emulator):
        """An account with what the running example names."""
        emulator.doors.reset()
        emulator.doors.set_clock(MONDAY, freeze=True)
        world = TEST_CLOUDS[self.provider](emulator)
        if self.provider == "azure":
            emulator.doors.make_group(world.resource_group, location=world.location)
        emulator.furnish()
        world.doors = emulator.doors
        return world


# scenes: each is a row of steps that act on the cloud; what a step gives is looked at by whoever runs it


@dataclass(frozen=True)
class Scene:
    before: bool
    steps: Callable[[Any, Life], list[tuple[str, Callable[[], Any]]]]
    after: str
    """What is wanted at the end: `fleet`, `edited`, or `nothing`."""
    rolls: str = ""
    """The strategy of the rollout that is its only step; its first group is under that."""
    furnished: bool = False
    """Whether it is about the running example, in an account that has what that names; nothing of others is there."""

    def fleet(self, life):
        """The fleet that it is about."""
        return fleets(life.provider)[0] if self.furnished else life.fleet()

    def first(self, life):
        """The fleet that there is before."""
        return rolled(self, life, 1) if self.rolls else self.fleet(life)

    def wanted(self, life):
        """The fleet that there is in the end; `None` where there is none."""
        if self.rolls:
            return rolled(self, life, 2)
        return {"fleet": life.fleet, "edited": life.edited, "nothing": lambda: None}[self.after]()


def rolled(scene, life, number):
    """The fleet with its first group under a rollout, and one of two start scripts."""
    fleet = scene.fleet(life)
    group = fleet.groups[0]
    ends = {"end_after": MINUTE} if scene.rolls == "blue-green" else {"on_failure": "pause"}
    template = group.template.replace(user_data=f"#!/bin/sh\necho {number}\n", variables={})
    rollout = Rollout(strategy=scene.rolls, bake=MINUTE, **ends)
    return fleet.replace(groups=[group.replace(rollout=rollout, template=template), *fleet.groups[1:]])


def see_through(scene, cloud, life, most=60):
    """How the rollout of the first group ended, or stands after a while."""
    fleet = rolled(scene, life, 2)
    name = fleet.groups[0].name
    rollouts = cloud.rollouts(fleet)
    rollouts.start([name], by="Ana")
    for _ in range(most):
        (found,) = rollouts.tick([name])
        if found.is_settled:
            break
        cloud.clock.sleep(MINUTE / 2)
    return found


def _applied(cloud, plan):
    return cloud.apply(plan(), **AGREED)


def create(cloud, life):
    return [("apply", partial(_applied, cloud, lambda: cloud.plan(life.fleet())))]


def edit(cloud, life):
    return [("apply", partial(_applied, cloud, lambda: cloud.plan(life.edited())))]


def destroy(cloud, life):
    return [("apply", partial(_applied, cloud, lambda: cloud.destroy(life.fleet())))]


def same(cloud, life):
    return [("plan", lambda: cloud.plan(life.fleet()))]


def look(cloud, life):
    fleet = life.fleet()
    name = fleet.native_name(fleet.groups[0])
    return [
        ("read", partial(cloud.status, fleet, addresses=True)),
        ("read", lambda: cloud.watch(fleet).snapshot()),
        ("read", lambda: cloud.group(name).instances()),
        ("read", lambda: cloud.group(name).activities()),
        ("read", lambda: cloud.group(name).datapoints(metrics.cpu)),
        ("read", lambda: cloud.import_group(name, fleet=fleet.name)),
    ]


def act(cloud, life):
    fleet = life.fleet()
    name = fleet.native_name(fleet.groups[0])
    return [
        ("act", lambda: cloud.group(name).scale(to=3)),
        ("act", lambda: cloud.group(name).pause(by="Ana")),
        ("act", lambda: cloud.group(name).resume()),
        ("act", lambda: cloud.group(name).publish(JOBS, 3)),
        ("act", lambda: cloud.group(name).execute(fleet.groups[0].policies[0].name)),
        ("act", lambda: cloud.group(name).boost(min=2, until=cloud.now() + 60 * MINUTE, by="Ana")),
        ("act", lambda: cloud.group(name).end_boost()),
        ("act", lambda: cloud.group(name).protect(cloud.group(name).instances()[0].id)),
        ("act", lambda: cloud.group(name).replace(cloud.group(name).instances()[0].id)),
        ("act", lambda: cloud.group(name).end(cloud.group(name).instances()[0].id, shrink=True)),
    ]


SCENES = {
    "create": Scene(False, create, "fleet"),
    "edit": Scene(True, edit, "edited"),
    "destroy": Scene(True, destroy, "nothing"),
    "same": Scene(True, same, "fleet"),
    "look": Scene(True, look, "fleet"),
    "act": Scene(True, act, "fleet"),
}


def roll(cloud, life):
    return [("rollout", partial(see_through, ROLLOUTS["rolling"], cloud, life))]


def swap(cloud, life):
    return [("rollout", partial(see_through, ROLLOUTS["blue-green"], cloud, life))]


ROLLOUTS = {
    "rolling": Scene(True, roll, "rolled", "rolling"),
    "blue-green": Scene(True, swap, "rolled", "blue-green", furnished=True),
}


# clouds


def aws():
    from tests.providers.aws import proof
    from tests.providers.aws.world import AwsWorld
    from trimtab.emulators import AwsEmulator

    class Emulator(Seen, AwsEmulator):
        pass

    return Life(
        provider="aws",
        emulator=Emulator,
        world=AwsWorld,
        fleet=proof.everything,
        edited=proof.other_everything,
        make_foreign=lambda world, cloud: proof.make_foreign_things(world, ("virtualmin-web-2",)),
        foreign=lambda world, cloud: proof.State(world).foreign(),
    )


def azure():
    from tests.providers.azure import proof
    from tests.providers.azure.account import furnish
    from tests.providers.azure.world import AzureWorld
    from trimtab.emulators import AzureEmulator

    class Emulator(Seen, AzureEmulator):
        pass

    image = {"newest": "ubuntu-24_04-lts:server", "owner": "Canonical"}
    more = {"load_balancers": ["virtualmin-web"], "template": {"image": image, "size": "Standard_B2s"}}
    gone = {"alarms": {"hot": {"metric": "cpu", "above": 80, "triggers": ["scale-out"]}}, "tags": {"Team": "ops"}}

    def world(emulator):
        made = AzureWorld(emulator)
        furnish(made)
        return made

    return Life(
        provider="azure",
        emulator=Emulator,
        world=world,
        fleet=lambda: make_fleet(proof.group("web", **more), proof.group("api")),
        edited=lambda: make_fleet(proof.group("web", **{**more, **gone}), proof.group("api", tags={"Team": "ops"})),
        make_foreign=lambda world, cloud: proof.make_foreign_things(world),
        foreign=lambda world, cloud: proof.State(world).foreign(),
    )


def gcp():
    from tests.providers.gcp import proof
    from tests.providers.gcp.groups import gcp_group
    from tests.providers.gcp.world import GcpWorld
    from trimtab.emulators import GcpEmulator

    class Emulator(Seen, GcpEmulator):
        pass

    image = {"newest": "debian-12-bookworm-v*", "owner": "debian-cloud"}
    more = {"template": {"image": image, "size": "e2-small"}}
    changed = {
        "template": {"image": image, "size": "e2-medium"},
        "load_balancers": [{"name": "virtualmin", "port": 9090}],
        "health_check": {"path": "/other", "port": 81},
        "alarms": {"hot": {"metric": "cpu", "above": 95, "notify": ["dev@example.org"]}},
    }
    return Life(
        provider="gcp",
        emulator=Emulator,
        world=GcpWorld,
        fleet=lambda: make_fleet(gcp_group("web", **more), gcp_group("api")),
        edited=lambda: make_fleet(gcp_group("web", **changed), gcp_group("api", tags={"team": "ops"})),
        make_foreign=lambda world, cloud: proof.make_foreign_things(cloud),
        foreign=lambda world, cloud: json.dumps(sorted(map(str, proof.State(world, cloud).foreign().items()))),
    )


LIVES = {"aws": aws, "azure": azure, "gcp": gcp}
