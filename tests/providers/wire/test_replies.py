"""
Bad replies to every operation that is called, on three clouds: no traceback, and nothing said that is not so.

A seeded sample; `nox -s exhaustive` takes every operation with every bad reply.
"""

import random
from contextlib import nullcontext, suppress
from itertools import zip_longest

import pytest

from tests.laws import IS_EXHAUSTIVE, SEED, examples
from tests.providers.killing import noting
from tests.providers.wire.bodies import PLAIN, bad_replies
from tests.providers.wire.lives import AGREED, LIVES, ROLLOUTS, SCENES, rolled, see_through
from tests.providers.wire.operations import CALLED, FORM_ONLY
from trimtab.errors import InvalidRequest, TrimtabError, Unsupported
from trimtab.rollout import RolloutOutcome

pytestmark = pytest.mark.sweep

IN_ROLLOUTS = {
    "aws": (
        "rolling",
        "StartInstanceRefresh DescribeLifecycleHooks CreateLaunchTemplateVersion",
    ),
    "azure": ("blue-green", "VirtualMachineScaleSets_CreateOrUpdate VirtualMachineScaleSets_Update"),
    "gcp": ("rolling", "regionInstanceGroupManagers.patch regionInstanceGroupManagers.listManagedInstances"),
}
ALL = {**SCENES, **ROLLOUTS}
SAMPLE = 7
SHARDS = 16 if IS_EXHAUSTIVE else 1
"""Into how many tests the cases of a cloud are divided, so that several processes share them."""
FAULTS = ("throttle", "error500", "timeout_before", "timeout_after", "cut", "reply_before", "reply_after")


class Stage:
    """One emulator, with what was called in each scene and what was answered."""

    def __init__(self, life):
        self.life = life
        self.emulator = life.emulator()
        self.called = {}

    def prepare(self, scene):
        """The emulator made anew, with what others have and with what there is before the scene."""
        world = self.life.furnish(self.emulator) if scene.furnished else self.life.begin(self.emulator)
        cloud = world.connect()
        if not scene.furnished:
            self.life.make_foreign(world, cloud)
        if scene.before:
            cloud.apply(cloud.plan(scene.first(self.life)), wait="accepted").raise_for_failures()
        return world, cloud

    def rehearse(self):
        """Play every scene without a fault, and note who calls what; rollouts in the exhaustive run."""
        for name, scene in ALL.items() if IS_EXHAUSTIVE else SCENES.items():
            world, cloud = self.prepare(scene)
            with cloud:
                world.doors.clear_requests()
                for what, step in scene.steps(cloud, self.life):
                    # not every cloud can do all to one instance
                    with suppress(Unsupported, InvalidRequest) if what == "act" else nullcontext():
                        step()
                self.called[name] = {(call.operation, call.write) for call in world.doors.requests()}

    def cases(self):
        """Scene, operation, whether it writes, bad reply: each operation with each reply, in one scene of its."""
        if not self.called:
            self.rehearse()
        rng = random.Random(SEED)
        for operation, write in sorted({one for called in self.called.values() for one in called}):
            scenes = sorted(name for name, called in self.called.items() if (operation, write) in called)
            if operation in self.emulator.genuine:
                for bad in bad_replies(operation, self.emulator.genuine, rng):
                    yield rng.choice(scenes), operation, write, bad, rng.choice(("reply_before", "reply_after"))


@pytest.fixture(scope="module", params=sorted(LIVES))
def stage(request):
    found = Stage(LIVES[request.param]())
    yield found
    found.emulator.stop()


def spelled(operation):
    """An operation of the SDK as Azure's documents have it: `compute.usage.list` is `Usage_List`."""
    _, group, method = operation.split(".")
    words = ("".join(part.capitalize() for part in word.split("_")) for word in (group, method.removeprefix("begin_")))
    return "_".join(words).replace("Vms", "VMs")


def known_operations():
    """All operations that trimtab looks for a good reply of, by cloud."""
    from tests.providers.aws.operations import MODELS
    from trimtab.providers.aws.replies import SHAPES
    from trimtab.providers.azure.replies import EXPECTED
    from trimtab.providers.gcp.replies import KINDS, LISTS

    return {
        "aws": {MODELS[each][1] for each in SHAPES},
        "azure": {spelled(each) for each in EXPECTED if each.count(".") == 2},
        "gcp": {*KINDS, *LISTS},
    }


@pytest.mark.parametrize("cloud", sorted(LIVES))
def test_every_operation_is_in_a_scene_or_its_form_alone_is_looked_at(cloud):
    """A new one has to be put into a scene, or to be named with the reason."""
    known = known_operations()
    assert known[cloud] - CALLED[cloud] == known[cloud] & FORM_ONLY
    assert set().union(*known.values()) >= FORM_ONLY


@pytest.mark.skipif(not IS_EXHAUSTIVE, reason="rollouts are played in the exhaustive run")
def test_the_table_has_what_is_called(stage):
    stage.called or stage.rehearse()
    assert {operation for called in stage.called.values() for operation, _ in called} == CALLED[stage.life.provider]


def test_a_rollout_amid_bad_replies_ends_and_says_nothing_untrue(stage):
    """A sample of one operation of its cloud."""
    scene, operations = IN_ROLLOUTS[stage.life.provider]
    rng = random.Random(f"{SEED} {scene} {stage.life.provider}")
    bad, operation = rng.choice(PLAIN), rng.choice(operations.split())
    with noting(f"{scene}: {operation}, {bad.name}"):
        play(stage, scene, operation, False, bad, "reply_before")


def chosen(cases):
    """All of them in the exhaustive run; else a few, of as many kinds as there are."""
    cases = list(cases)
    if IS_EXHAUSTIVE:
        return cases
    random.Random(SEED).shuffle(cases)
    kinds = {}
    for case in cases:
        kinds.setdefault(case[3].name.split(" to ")[0], []).append(case)
    return [case for some in zip_longest(*kinds.values()) for case in some if case][:SAMPLE]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_bad_reply_is_no_traceback_and_nothing_untrue(stage, shard):
    for scene, operation, write, bad, kind in chosen(stage.cases())[shard::SHARDS]:
        with noting(f"{scene}: {operation}, {bad.name}, {kind}"):
            play(stage, scene, operation, write, bad, kind)


@pytest.mark.parametrize("seed", range(examples(2)))
def test_a_wire_that_breaks_by_seed_is_no_traceback_and_nothing_untrue(stage, seed):
    """Calls are refused, reset, cut off or answered by others, whichever and however often the seed says."""
    rng = random.Random(seed)
    name = rng.choice(sorted(SCENES))
    world, cloud = stage.prepare(SCENES[name])
    with cloud, noting(f"{name}, seed {seed}"):
        foreign = stage.life.foreign(world, cloud)
        for _ in range(rng.randint(2, 8)):
            kind, times = rng.choice(FAULTS), rng.choice((1, 2, 9))
            reply = rng.choice(PLAIN).reply if kind.startswith("reply") else None
            world.doors.fault(kind, after=rng.randint(0, 25), times=times, reply=reply)
        claims = perform(stage, SCENES[name], world, cloud)
        world.doors.clear_faults()
        check_end(stage, SCENES[name], world, cloud, claims, foreign)


LOOKED_UP = frozenset(
    {
        *("DescribeImages", "DescribeInstanceTypeOfferings", "DescribeInstanceTypes", "DescribeKeyPairs"),
        *("DescribeSecurityGroups", "DescribeSubnets", "DescribeAvailabilityZones", "ListMetrics"),
        *("DescribeInstanceRefreshes", "images.list", "machineTypes.aggregatedList", "networks.list"),
        *("subnetworks.list", "zones.list", "metricDescriptors.list", "Subnets_Get", "NetworkSecurityGroups_Get"),
        *("UserAssignedIdentities_Get", "VirtualMachineImages_List", "ResourceSkus_List", "ActionGroups_Get"),
        *("GetTopicAttributes", "notificationChannels.get"),
        *("GetServiceQuota", "GetAWSDefaultServiceQuota", "DescribeAccountLimits", "Usage_List", "regions.get"),
    }
)
"""
Whether what a new group names is there, and how much the account may have of it: a plan goes on without the answer,
says so, and apply does it all.
"""


def play(stage, name, operation, write, bad, kind):
    """One scene while every reply to one operation is bad."""
    world, cloud = stage.prepare(ALL[name])
    with cloud:
        foreign = None if ALL[name].rolls else stage.life.foreign(world, cloud)
        world.doors.fault(kind, operation=operation, reply=bad.reply, times=None)
        claims = perform(stage, ALL[name], world, cloud)
        world.doors.clear_faults()
        for what, found, called in claims:
            check_claim(what, found, operation in called and bad.certain and operation not in LOOKED_UP)
        check_end(stage, ALL[name], world, cloud, claims, foreign)


def perform(stage, scene, world, cloud):
    """What each step said that ended without an error of ours, and the operations that it called."""
    claims = []
    for what, step in scene.steps(cloud, stage.life):
        world.doors.clear_requests()
        try:
            found = step()
        except TrimtabError:
            continue
        claims.append((what, found, {call.operation for call in world.doors.requests()}))
    return claims


def check_end(stage, scene, world, cloud, claims, foreign):
    """What was said to be done is; plan and apply end the work; what others have is as it was."""
    life = stage.life
    wanted = scene.wanted(life)
    fresh = cloud.plan(wanted) if wanted else cloud.destroy(life.fleet())
    assert not fresh.unknown
    for what, found, _ in claims:
        if what == "rollout" and found.outcome is RolloutOutcome.DONE:
            assert not fresh.waiting
            assert not list(fresh)
        if what == "apply":
            done = {one.change.key for one in found.outcomes if one.is_done}
            false = [str(change.key) for change in fresh if change.key in done]
            assert not false, f"said to be done, and is not: {false}"
    if scene.rolls:
        end_rollout(scene, cloud, life)
        fresh = cloud.plan(wanted)
    cloud.apply(fresh, **AGREED).raise_for_failures()
    again = cloud.plan(wanted) if wanted else cloud.destroy(life.fleet())
    assert not again, again.to_dict()
    assert not again.waiting
    if scene.rolls:
        holders = [change for change in cloud.destroy(wanted) if cloud.provider.kinds[change.key.kind].holds_instances]
        assert len(holders) == len(wanted.groups), "a second native group was left"
    else:
        assert life.foreign(world, cloud) == foreign


def end_rollout(scene, cloud, life):
    """See the rollout through, from wherever it stands, and at most twice from its beginning."""
    fleet = rolled(scene, life, 2)
    rollouts, name = cloud.rollouts(fleet), fleet.groups[0].name
    for _ in range(3):
        if rollouts.status()[0].outcome is RolloutOutcome.PAUSED:
            rollouts.resume(name)
        found = see_through(scene, cloud, life)
        if found.outcome in (RolloutOutcome.DONE, RolloutOutcome.NONE):
            return
    raise AssertionError(found)


def check_claim(what, found, met):
    """What is said must not be what only the bad reply said."""
    if what == "plan":
        assert not list(found), f"everything is there: {found.to_dict()}"
        assert found.unknown or found.problems or not met, "nothing to do, though not everything could be read"
    elif what == "apply":
        assert found.failures or not met, "all went through, though a reply said nothing of the kind"
    elif what != "rollout":  # which does without much that it reads: the end tells whether it is done
        assert not met, "said to be so, though the reply said nothing of the kind"
