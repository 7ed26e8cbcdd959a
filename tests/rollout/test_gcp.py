"""Rollouts on Google Cloud: the real SDK against the emulator, whose clock the test moves."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

import trimtab as tt
from tests.conftest import make_fleet as fleet_of
from tests.conftest import make_group
from tests.laws import sampled
from tests.providers.gcp.rights import permission_of
from tests.providers.gcp.world import GcpWorld
from trimtab import errors
from trimtab.providers.base import Write
from trimtab.providers.gcp.reads import managed_instances
from trimtab.providers.gcp.resources import ROLLOUT_TAG, find_run
from trimtab.providers.gcp.updater import template_in
from trimtab.providers.rolling import Limits, NewTemplate
from trimtab.providers.run import TAG, RolloutPhase, RolloutRun
from trimtab.rollout import RolloutOutcome
from trimtab.testing import GcpTestCloud

OLD, NEW, NEWER = "debian-cloud/debian-11", "debian-cloud/debian-12", "debian-cloud/debian-13"
LOOK = timedelta(seconds=15)
LINKS = "projects/trimtab/global/instanceTemplates"
ZONE = ("europe-west1-b",)
ZONES = ("europe-west1-b", "europe-west1-c", "europe-west1-d")


def make_fleet(image=OLD, *, size=4, zones=ZONE, rollout=None, prefix="shop", names=("web",), **more):
    given = {
        "capacity": {"min": 0, "max": 20, "desired": size},
        "template": {"image": image, "size": "e2-small"},
        "placement": {"zones": list(zones)},
        "health_check": {"path": "/up", "port": 80, "grace": "1h"},
        **dict.fromkeys(("policies", "alarms", "schedules", "load_balancers"), ()),
        "rollout": {} if rollout is None else rollout,
        **more,
    }
    return fleet_of(*(make_group(name, **given) for name in names), name=prefix)


class World:
    """A fleet on the emulator, of which a test sees what its clients would."""

    def __init__(self, test_cloud, cloud):
        self.test_cloud = test_cloud
        self.doors = test_cloud.emulator.doors
        self.clock = test_cloud.clock
        self.doors.configure(boot_seconds=20, delete_seconds=10)
        self.cloud = cloud
        self.least = None
        self._place, self._images = None, {}

    def apply(self, fleet):
        plan = self.cloud.plan(fleet)
        self.cloud.apply(plan).raise_for_failures()
        self.clock.advance(timedelta(seconds=60))
        return plan

    def start(self, fleet, *, cloud=None, by="ana"):
        rollouts = (cloud or self.cloud).rollouts(fleet)
        rollouts.start(by=by)
        return rollouts

    def drive(self, rollouts, *, looks=400, until=None):
        """Look every 15 s until nothing more happens by itself; none may be too few at any look."""
        for _ in range(looks):
            results = rollouts.tick()
            self.check()
            if all(result.is_settled for result in results) or (until is not None and until(results)):
                return results[0] if len(results) == 1 else results
            self.clock.advance(LOOK)
            self.check()
        pytest.fail(f"not settled after {looks} looks: {results}")

    def roll(self, fleet, **how):
        return self.drive(self.start(fleet), **how)

    def check(self):
        if self.least is not None:
            assert self.ready >= self.least

    @property
    def state(self):
        return self.cloud.group("web").read()

    @property
    def manager(self):
        calls = self.cloud.provider.connection
        (manager,) = [item for item in calls.aggregated("instanceGroupManagers").items if item["name"].endswith("web")]
        return manager

    @property
    def members(self):
        """The instances that stay, as their manager lists them."""
        if self._place is None:
            self._place = self.manager
        every = managed_instances(self.cloud.provider.connection, self._place)
        return [each for each in every if each["currentAction"] != "DELETING"]

    @property
    def ready(self):
        return sum(each["currentAction"] == "NONE" and is_healthy(each) for each in self.members)

    def images(self):
        """The image of each instance that stays, by the template that it runs from."""
        links = [template_in(each) for each in self.members]
        if not self._images.keys() >= {*links}:
            self._images = {f"{LINKS}/{name}": image for name, image in self.templates()}
        return sorted(self._images[link] for link in links)

    def templates(self):
        items = self.cloud.provider.connection.pages("instanceTemplates.list")
        return [
            (item["name"], item["properties"]["disks"][0]["initializeParams"]["sourceImage"].rsplit("/", 1)[-1])
            for item in sorted(items, key=lambda item: int(item["id"]))
        ]

    def kept(self):
        return [image for _, image in self.templates()]

    def runs(self):
        return [result.run for result in self.cloud.rollouts(make_fleet()).status() if result.run]

    def check_end(self, fleet, *, kept):
        """Wholly of one version, as the file has it, and nothing left of the run."""
        plan = self.cloud.plan(fleet)
        assert (plan.changes, plan.waiting) == ((), ())
        assert "rollout" not in self.manager["description"]
        assert self.kept() == [image.rsplit("/", 1)[-1] for image in kept]
        assert len(self.manager["versions"]) == 1
        assert len({template_in(each) for each in self.members}) <= 1

    def policy(self):
        return {name: self.manager["updatePolicy"].get(name) for name in ("type", "maxSurge", "maxUnavailable")}


@pytest.fixture(name="world")
def _world(gcp_emulator):
    gcp_emulator.doors.reset()
    gcp_emulator.doors.set_clock(tt.ManualClock().now(), freeze=True)
    with GcpTestCloud(gcp_emulator).connect() as cloud:
        yield World(GcpTestCloud(gcp_emulator), cloud)


def without_rollout(fleet):
    groups = [group.model_copy(update={"rollout": None}) for group in fleet.groups]
    return fleet.model_copy(update={"groups": tuple(groups)})


def is_healthy(member):
    return all(each["detailedHealthState"] == "HEALTHY" for each in member.get("instanceHealth") or ())


def is_baking(results):
    return results[0].run is not None and results[0].run.phase == "baking"


def a_run(world):
    return RolloutRun(id="abcdef", since=world.clock.now(), began=world.clock.now(), by="ben")


def names(image, number):
    return [image.rsplit("/", 1)[-1]] * number


def test_a_changed_template_waits_and_a_rollout_brings_it(world):
    world.apply(make_fleet())
    before = world.policy()
    changed = make_fleet(NEW)
    plan = world.cloud.plan(changed)
    assert not plan.changes
    assert [change.key.kind for change in plan.waiting] == ["instance-template", "group-manager"]
    world.apply(changed)
    assert world.kept() == ["debian-11"], "only a rollout writes the template"
    world.least = 3
    result = world.roll(changed)
    assert (result.outcome, result.total) == (RolloutOutcome.DONE, 4), result
    assert world.images() == names(NEW, 4)
    world.check_end(changed, kept=(OLD, NEW))
    assert world.policy() == before


# how far it goes at once


def test_a_canary_stops_at_its_checkpoints_and_bakes(world):
    world.apply(make_fleet(size=5))
    spec = {"strategy": "canary", "checkpoints": [{"percent": 20, "bake": "10m"}, 60], "bake": "5m", "max_surge": 1}
    changed = make_fleet(NEW, size=5, rollout=spec)
    rollouts, seen, world.least = world.start(changed), [], 5

    def note(results):
        seen.append((world.clock.now(), world.images().count("debian-12"), results[0].run))
        return False

    result = world.drive(rollouts, until=note)
    assert result.outcome is RolloutOutcome.DONE, result
    most = {step: max(number for _, number, run in seen if run and run.step == step) for step in (0, 1, 2)}
    assert most == {0: 1, 1: 3, 2: 5}
    baked = [at for at, _, run in seen if run and run.step == 0 and run.phase == "baking"]
    assert baked[-1] - baked[0] >= timedelta(minutes=10) - 2 * LOOK
    baked = [at for at, _, run in seen if run and run.step == 2 and run.phase == "baking"]
    assert baked[-1] - baked[0] >= timedelta(minutes=5) - 2 * LOOK
    world.check_end(changed, kept=(OLD, NEW))


def test_a_surge_makes_new_ones_before_old_ones_go(world):
    world.apply(make_fleet())
    changed = make_fleet(NEW, rollout={"max_surge": 2})
    rollouts, most, world.least = world.start(changed), [], 4

    def note(_):
        most.append(len(world.members))
        return False

    assert world.drive(rollouts, until=note).outcome is RolloutOutcome.DONE
    assert max(most) == 6
    world.check_end(changed, kept=(OLD, NEW))


def test_the_healthy_minimum_bounds_what_may_be_away(world):
    world.apply(make_fleet(size=4))
    changed = make_fleet(NEW, rollout={"max_unavailable": 3, "min_healthy": "75%"})
    world.least = 3
    assert world.roll(changed).outcome is RolloutOutcome.DONE
    world.check_end(changed, kept=(OLD, NEW))


@pytest.mark.parametrize("spec", [{}, {"max_unavailable": "30%"}, {"max_surge": 3}, {"max_unavailable": 4}])
def test_ten_instances_in_three_zones(world, spec):
    """One by one too, which the updater of a group in several zones cannot do."""
    world.apply(make_fleet(size=10, zones=ZONES))
    changed = make_fleet(NEW, size=10, zones=ZONES, rollout={"strategy": "canary", **spec})
    unavailable = {"30%": 3, 4: 4}.get(spec.get("max_unavailable"), 0 if spec else 1)
    world.least = 10 - unavailable
    assert world.roll(changed).outcome is RolloutOutcome.DONE
    assert world.images() == names(NEW, 10)
    world.check_end(changed, kept=(OLD, NEW))


def test_a_surge_below_the_number_of_zones_is_refused_by_the_plan(world):
    plan = world.cloud.plan(make_fleet(zones=ZONES, rollout={"max_surge": 2}))
    (problem,) = plan.problems
    assert problem.text.startswith("rollout.max_surge: a group in 3 zones takes no surge")
    plan = world.cloud.plan(make_fleet(zones=ZONES, rollout={"max_surge": "10%", "max_unavailable": "10%"}))
    texts = [note.text for note in plan.notes if note.text.startswith("rollout.")]
    assert [text.split(":")[0] for text in texts] == ["rollout.max_surge", "rollout.max_unavailable"]


def test_a_share_of_a_surge_is_at_least_as_many_as_the_zones(world):
    world.apply(make_fleet(zones=ZONES))
    changed = make_fleet(NEW, zones=ZONES, rollout={"max_surge": "10%"})
    world.least = 4
    assert world.roll(changed).outcome is RolloutOutcome.DONE
    world.check_end(changed, kept=(OLD, NEW))


# what goes wrong


def test_a_version_that_never_gets_healthy_goes_back_wholly(world):
    world.apply(make_fleet())
    before = world.policy()
    world.doors.fail_made_of("debian-12")
    changed = make_fleet(NEW, rollout={"batch_timeout": "5m"})
    world.least = 3
    result = world.roll(changed)
    assert result.outcome is RolloutOutcome.ROLLED_BACK
    assert "0 of 4 instances are ready" in result.text
    assert world.images() == names(OLD, 4)
    assert world.kept() == ["debian-11"]
    plan = world.cloud.plan(changed)
    assert not plan.changes
    assert plan.waiting
    assert world.policy() == before
    world.check_end(make_fleet(), kept=(OLD,))


@pytest.mark.parametrize("spec", [{}, {"max_surge": 3}])
def test_a_canary_that_never_gets_healthy_goes_back_in_several_zones(world, spec):
    world.apply(make_fleet(size=6, zones=ZONES))
    world.doors.fail_made_of("debian-12")
    world.least = 6 if spec else 5
    rollout = {"strategy": "canary", "batch_timeout": "5m", **spec}
    result = world.roll(make_fleet(NEW, size=6, zones=ZONES, rollout=rollout))
    assert result.outcome is RolloutOutcome.ROLLED_BACK
    world.check_end(make_fleet(size=6, zones=ZONES), kept=(OLD,))


def test_an_alarm_in_the_bake_takes_it_back(world):
    alarms = {"hot": {"metric": "cpu", "above": 50, "notify": ["ops@example.org"]}}
    gates = [{"type": "alarm", "alarms": ["hot"]}]
    world.apply(make_fleet(alarms=alarms))
    changed = make_fleet(NEW, alarms=alarms, rollout={"bake": "30m", "gates": gates})
    rollouts = world.start(changed)
    world.drive(rollouts, until=is_baking)
    world.test_cloud.push(tt.metrics.cpu, group=world.state.name, value=90, minutes=30)
    result = world.drive(rollouts)
    assert result.outcome is RolloutOutcome.ROLLED_BACK
    assert "hot fires" in result.text
    world.check_end(make_fleet(alarms=alarms), kept=(OLD,))


def test_an_alarm_that_nobody_made_is_named(world):
    gates = [{"type": "alarm", "alarms": ["none"]}]
    world.apply(make_fleet())
    with world.test_cloud.connect() as cloud:
        (result,) = cloud.rollouts(make_fleet(NEW, rollout={"gates": gates})).start()
    assert "no alarm is called none" in result.text
    assert not world.runs()


def test_a_shortage_in_the_middle_is_waited_for(world):
    world.apply(make_fleet())
    changed = make_fleet(NEW, rollout={"max_surge": 1})
    world.least = 4
    rollouts = world.start(changed)
    world.drive(rollouts, until=lambda _: "debian-12" in world.images())
    world.doors.run_short(zone="*")
    world.drive(rollouts, until=lambda _: world.clock.now().minute >= 10)
    assert len(world.images()) == 5
    world.doors.end_shortages()
    assert world.drive(rollouts).outcome is RolloutOutcome.DONE
    world.check_end(changed, kept=(OLD, NEW))


def test_a_failure_may_stop_and_be_resumed(world):
    world.apply(make_fleet())
    world.doors.fail_made_of("debian-12")
    changed = make_fleet(NEW, rollout={"on_failure": "stop", "batch_timeout": "5m"})
    rollouts = world.start(changed)
    assert world.drive(rollouts).outcome is RolloutOutcome.STOPPED
    assert world.policy()["type"] == "OPPORTUNISTIC"
    before = world.images()
    world.clock.advance(timedelta(hours=2))
    assert world.images() == before
    world.doors.fail_made_of("debian-12", healthy=True)
    rollouts.resume("web")
    assert world.drive(rollouts).outcome is RolloutOutcome.DONE
    world.check_end(changed, kept=(OLD, NEW))


# what people do


def test_the_updater_stands_still_in_a_pause(world):
    world.apply(make_fleet())
    changed = make_fleet(NEW)
    rollouts = world.start(changed)
    world.drive(rollouts, until=lambda _: "debian-12" in world.images())
    assert rollouts.pause("web", by="ben", why="lunch").outcome is RolloutOutcome.PAUSED
    world.clock.advance(timedelta(minutes=10))
    before = world.images()
    assert "debian-11" in before
    world.clock.advance(timedelta(hours=1))
    (result,) = rollouts.tick()
    assert (result.outcome, world.images()) == (RolloutOutcome.PAUSED, before)
    with world.test_cloud.connect() as another:
        rollouts = another.rollouts(changed)
        rollouts.resume("web")
        assert world.drive(rollouts).outcome is RolloutOutcome.DONE
    world.check_end(changed, kept=(OLD, NEW))


def test_an_abort_goes_back(world):
    world.apply(make_fleet())
    rollouts = world.start(make_fleet(NEW))
    world.least = 3
    world.drive(rollouts, until=lambda _: world.images().count("debian-12") == 2)
    rollouts.abort("web", by="ben")
    result = world.drive(rollouts)
    assert (result.outcome, result.text) == (RolloutOutcome.ROLLED_BACK, "aborted by ben")
    world.check_end(make_fleet(), kept=(OLD,))


def test_an_abort_before_anything_moved(world):
    world.apply(make_fleet())
    rollouts = world.start(make_fleet(NEW))
    rollouts.abort("web", by="ben")
    assert rollouts.tick()[0].outcome is RolloutOutcome.ROLLED_BACK
    world.check_end(make_fleet(), kept=(OLD,))


def test_undo_after_the_end(world):
    world.apply(make_fleet())
    for image in (NEW, NEWER):
        world.clock.advance(timedelta(minutes=1))
        world.roll(make_fleet(image))
    assert world.kept() == ["debian-12", "debian-13"], "two stay"
    rollouts = world.cloud.rollouts(make_fleet(NEWER))
    rollouts.undo("web", by="ana")
    assert world.drive(rollouts).outcome is RolloutOutcome.DONE
    assert world.images() == names(NEW, 4)
    plan = world.cloud.plan(make_fleet(NEWER))
    assert not plan.changes
    assert [change.key.kind for change in plan.waiting] == ["group-manager"]
    world.check_end(make_fleet(NEW), kept=(NEW, NEWER))
    with pytest.raises(errors.NotFound, match="no earlier template"):
        rollouts.undo("web")
    rollouts.start(again=True)
    assert world.drive(rollouts).outcome is RolloutOutcome.DONE
    world.check_end(make_fleet(NEWER), kept=(NEW, NEWER))


def test_an_undo_that_fails_drops_nothing(world):
    world.apply(make_fleet())
    world.clock.advance(timedelta(minutes=1))
    changed = make_fleet(NEW, rollout={"batch_timeout": "3m"})
    world.roll(changed)
    world.doors.fail_made_of("debian-11")
    rollouts = world.cloud.rollouts(changed)
    rollouts.undo("web")
    assert world.drive(rollouts).outcome is RolloutOutcome.ROLLED_BACK
    world.check_end(changed, kept=(OLD, NEW))


def test_no_more_stay_than_are_to_be_kept(world):
    world.apply(make_fleet())
    for image, kept in ((NEW, 1), (NEWER, 1), (OLD, 3), (NEW, 3)):
        world.clock.advance(timedelta(minutes=1))
        world.roll(make_fleet(image, rollout={"keep": kept}))
    assert world.kept() == ["debian-13", "debian-11", "debian-12"]


def test_an_undo_after_a_file_that_went_back_comes_to_the_one_before(world):
    """The template of an older file is there already, and older than the one that it replaces."""
    world.apply(make_fleet())
    for image in (NEW, OLD):
        world.clock.advance(timedelta(minutes=1))
        world.roll(make_fleet(image))
        world.check_end(make_fleet(image), kept=(OLD, NEW))
    rollouts = world.cloud.rollouts(make_fleet())
    rollouts.undo("web")
    world.drive(rollouts)
    world.check_end(make_fleet(NEW), kept=(OLD, NEW))


def test_what_was_undone_is_not_what_a_later_undo_comes_to(world):
    world.apply(make_fleet())
    world.clock.advance(timedelta(minutes=1))
    world.roll(make_fleet(NEW))
    rollouts = world.cloud.rollouts(make_fleet(NEW))
    rollouts.undo("web")
    world.drive(rollouts)
    world.clock.advance(timedelta(minutes=1))
    world.roll(make_fleet(NEWER))
    world.check_end(make_fleet(NEWER), kept=(OLD, NEWER))
    rollouts = world.cloud.rollouts(make_fleet(NEWER))
    rollouts.undo("web")
    world.drive(rollouts)
    world.check_end(make_fleet(), kept=(OLD, NEWER))


# what else moves meanwhile


def test_a_group_grows_in_the_middle(world):
    world.apply(make_fleet())
    changed = make_fleet(NEW, size=4, rollout={"strategy": "canary", "checkpoints": [{"percent": 50, "bake": "5m"}]})
    rollouts = world.start(changed)
    assert "`trimtab rollout start` goes on" in str(world.cloud.plan(changed).notes)
    world.drive(rollouts, until=is_baking)
    plan = world.cloud.plan(changed)
    assert (plan.changes, plan.waiting) == ((), ()), "what is on its way waits for no other rollout"
    rollouts.pause("web")
    assert "`trimtab rollout resume` goes on" in str(world.cloud.plan(changed).notes)
    rollouts.resume("web")
    world.drive(rollouts, until=is_baking)
    world.cloud.group("web").scale(to=8)
    world.clock.advance(timedelta(seconds=30))
    assert world.images() == names(OLD, 6) + names(NEW, 2)
    world.least = 7
    assert world.drive(rollouts).outcome is RolloutOutcome.DONE
    assert world.images() == names(NEW, 8)


def test_a_group_shrinks_in_the_middle(world):
    world.apply(make_fleet(size=6))
    changed = make_fleet(NEW, size=6, rollout={"strategy": "canary", "checkpoints": [{"percent": 50, "bake": "5m"}]})
    rollouts = world.start(changed)
    world.drive(rollouts, until=is_baking)
    world.cloud.group("web").scale(to=2)
    assert world.drive(rollouts).outcome is RolloutOutcome.DONE
    assert world.images() == names(NEW, 2)


def test_a_group_of_none(world):
    world.apply(make_fleet(size=0))
    changed = make_fleet(NEW, size=0)
    assert world.roll(changed).outcome is RolloutOutcome.DONE
    world.check_end(changed, kept=(OLD, NEW))
    world.cloud.group("web").scale(to=1)
    assert world.images() == names(NEW, 1)


def test_an_autoscaler_adds_instances_in_the_middle(world):
    policy = {"policies": {"hold": {"type": "target-tracking", "metric": "cpu", "target": 50}}}
    capacity = {"capacity": {"min": 3, "max": 9, "desired": 3}}
    world.apply(make_fleet(**policy, **capacity))
    rollout = {"strategy": "canary", "checkpoints": [{"percent": 30, "bake": "10m"}]}
    changed = make_fleet(NEW, rollout=rollout, **policy, **capacity)
    rollouts = world.start(changed)
    world.drive(rollouts, until=is_baking)
    assert world.images() == names(OLD, 2) + names(NEW, 1)
    world.test_cloud.push(tt.metrics.cpu, group=world.state.name, value=90, minutes=30)
    world.clock.advance(timedelta(minutes=5))
    assert world.images().count("debian-11") > 2
    assert world.images().count("debian-12") == 1
    world.least = len(world.images()) - 1
    assert world.drive(rollouts).outcome is RolloutOutcome.DONE
    assert len(world.images()) > 3
    assert set(world.images()) == {"debian-12"}
    assert not world.cloud.plan(changed)


def test_a_plain_apply_in_the_middle_leaves_all_alone(world):
    world.apply(make_fleet())
    changed = make_fleet(NEW)
    rollouts = world.start(changed)
    world.drive(rollouts, until=lambda _: world.images().count("debian-12") == 1)
    for fleet in (changed, make_fleet(), make_fleet(NEWER)):
        before = world.manager
        plan = world.cloud.plan(fleet)
        assert not plan.changes
        assert any("the plan leaves its template alone" in note.text for note in plan.notes)
        world.cloud.apply(plan)
        assert world.manager["versions"] == before["versions"]
    # another field of the group is written, and the mark stays
    ported = make_fleet(
        NEW, gcp={"named_ports": {"admin": 8080}}, health_check={"path": "/up", "port": 80, "grace": "30m"}
    )
    world.cloud.apply(world.cloud.plan(ported)).raise_for_failures()
    assert not world.cloud.plan(ported).changes
    assert world.runs()
    rollouts = world.cloud.rollouts(ported)
    assert world.drive(rollouts).outcome is RolloutOutcome.DONE
    world.check_end(ported, kept=(OLD, NEW))


def test_a_policy_that_a_plan_changes_in_the_middle_is_written_at_the_end(world):
    native = {"group_manager": {"updatePolicy": {"maxUnavailable": {"fixed": 2}}}}
    world.apply(make_fleet())
    rollouts = world.start(make_fleet(NEW))
    rollouts.tick()
    changed = make_fleet(NEW, gcp={"native": native})
    plan = world.cloud.plan(changed)
    assert [field.path for change in plan for field in change.fields] == ["updatePolicy.maxUnavailable.fixed"]
    world.cloud.apply(plan).raise_for_failures()
    assert world.policy()["maxUnavailable"]["fixed"] == 1
    assert not world.cloud.plan(changed).changes
    assert world.drive(rollouts).outcome is RolloutOutcome.DONE
    assert world.policy()["maxUnavailable"]["fixed"] == 2
    world.check_end(changed, kept=(OLD, NEW))


def test_instances_on_an_older_template_are_brought_up_to_date(world):
    """As after a template that a plain apply changed, before the group declared a rollout."""
    world.apply(make_fleet())
    plain = without_rollout(make_fleet(NEW))
    world.apply(plain)
    assert world.images() == names(OLD, 4)
    changed = make_fleet(NEW, rollout={"strategy": "canary", "max_surge": 2})
    world.least = 4
    seen = set()
    rollouts = world.start(changed)
    world.drive(rollouts, until=lambda _: seen.add(world.images().count("debian-12")))
    assert world.images() == names(NEW, 4)
    world.check_end(changed, kept=(OLD, NEW))


# several processes


def test_of_two_that_begin_one_wins(world):
    world.apply(make_fleet())
    changed = make_fleet(NEW)
    with world.test_cloud.connect() as another:
        one, two = world.cloud.provider.rollouts(), another.provider.rollouts()
        plan = world.cloud.plan(changed)
        driver = world.cloud.rollouts(changed)
        other = another.rollouts(changed)
        for rollouts in (one, two):
            rollouts.read([("europe-west1", world.state.name)])
        driver.start(by="ana")
        template = NewTemplate(version=world.templates()[-1][0])
        with pytest.raises(errors.Conflict, match="by ana is moving"):
            two.begin("europe-west1", world.state.name, a_run(world), template)
        assert plan.waiting
        assert world.drive(other).outcome is RolloutOutcome.DONE
    world.check_end(changed, kept=(OLD, NEW))


def test_what_another_process_did_to_a_run_is_not_undone(world):
    world.apply(make_fleet())
    changed = make_fleet(NEW)
    driver = world.start(changed)
    driver.tick()
    with world.test_cloud.connect() as another:
        provider = world.cloud.provider.rollouts()
        (progress,) = provider.read([("europe-west1", world.state.name)])
        another.rollouts(changed).abort("web", by="ben")
        baking = progress.run.turned(RolloutPhase.BAKING, world.clock.now())
        with pytest.raises(errors.Conflict, match="by ben"):
            provider.mark("europe-west1", world.state.name, baking)
        (progress,) = provider.read([("europe-west1", world.state.name)])
        with pytest.raises(errors.Conflict):
            provider.advance("europe-west1", world.state.name, baking, 4, Limits())
    assert world.drive(driver).outcome is RolloutOutcome.ROLLED_BACK
    world.check_end(make_fleet(), kept=(OLD,))


@pytest.mark.parametrize(("zones", "spec"), [(ZONE, {}), (ZONES, {"strategy": "canary"})])
def test_two_processes_drive_the_same_run(world, zones, spec):
    world.apply(make_fleet(zones=zones))
    changed = make_fleet(NEW, zones=zones, rollout=spec)
    world.least = 3
    with world.test_cloud.connect() as another:
        one, two = world.start(changed), world.start(changed, cloud=another, by="ben")
        for _ in range(100):
            results = [rollouts.tick()[0].outcome for rollouts in (one, two)]
            world.check()
            assert RolloutOutcome.ERROR not in results
            if results[1] in (RolloutOutcome.DONE, RolloutOutcome.NONE):
                break
            world.clock.advance(LOOK)
    world.check_end(changed, kept=(OLD, NEW))


@pytest.mark.parametrize("zones", [ZONE, ZONES])
def test_lost_replies_start_nothing_twice(world, zones):
    world.apply(make_fleet(zones=zones))
    changed = make_fleet(NEW, zones=zones)
    world.least = 3
    for after in range(0, 40, 2):
        world.doors.fault("timeout_after", write_only=True, after=after, times=1)
    assert world.roll(changed).outcome is RolloutOutcome.DONE
    world.doors.clear_faults()
    world.check_end(changed, kept=(OLD, NEW))


def test_a_group_that_moves_under_every_write(world):
    """An autoscaler that sets the size between what was read and what is written."""
    world.apply(make_fleet())
    changed = make_fleet(NEW)
    rollouts = world.start(changed)
    provider, place = world.cloud.provider.rollouts(), ("europe-west1", world.state.name)
    (progress,) = provider.read([place])
    world.cloud.group("web").scale(to=5)
    provider.advance(*place, progress.run, 4, Limits())
    world.cloud.group("web").scale(to=4)
    provider.mark(*place, progress.run.turned(RolloutPhase.PAUSED, world.clock.now()))
    assert world.runs()[0].phase is RolloutPhase.PAUSED
    rollouts.resume("web")
    assert world.drive(rollouts).outcome is RolloutOutcome.DONE
    world.check_end(changed, kept=(OLD, NEW))


def test_a_plan_made_before_a_run_began_writes_no_template(world):
    """Of a file that declares no rollout: its template is not written over that of a run that began meanwhile."""
    world.apply(make_fleet())
    plain = without_rollout(make_fleet(NEWER))
    plan = world.cloud.plan(plain)
    world.start(make_fleet(NEW)).tick()
    with pytest.raises(errors.StalePlan):
        world.cloud.apply(plan)
    assert not world.cloud.plan(plain).changes


def test_a_write_that_was_planned_before_a_run_began_keeps_its_mark(world):
    world.apply(make_fleet())
    ported = make_fleet(gcp={"named_ports": {"admin": 8080}})
    (change,) = world.cloud.plan(ported).changes
    templated = replace(change.wanted, body={**change.wanted.body, "versions": [{"instanceTemplate": "another"}]})
    field = replace(change.fields[0], path="versions[0].instanceTemplate", new="another")
    world.start(make_fleet(NEW)).tick()
    before = world.manager
    late = replace(change, wanted=templated, fields=(*change.fields, field))
    (outcome,) = world.cloud.provider.resources.write([Write(change=late, body=templated.body)])
    assert "has begun meanwhile" in str(outcome)
    (outcome,) = world.cloud.provider.resources.write([Write(change=change, body=change.wanted.body)])
    assert not isinstance(outcome, errors.ProviderError)
    after = world.manager
    assert (find_run(after), after["versions"]) == (find_run(before), before["versions"])
    assert [port["name"] for port in after["namedPorts"]] == ["admin"]


def test_a_second_version_by_hand_is_in_the_way(world):
    world.apply(make_fleet())
    manager = world.manager
    link = f"projects/{world.cloud.provider.connection.project}/global/instanceTemplates"
    template = manager["versions"][0]["instanceTemplate"]
    body = {"versions": [{"instanceTemplate": template}, {"instanceTemplate": template, "targetSize": {"fixed": 1}}]}
    assert template.startswith(link)
    world.cloud.provider.connection.patch(f"zones/{ZONE[0]}/instanceGroupManagers/{manager['name']}", body)
    (result,) = world.cloud.rollouts(make_fleet(NEW)).start()
    assert result.outcome is RolloutOutcome.ERROR
    assert "has two versions" in result.text


def test_the_mark_of_two_groups_is_no_template_of_the_group(world):
    """Of a blue-green run the mark names groups; it comes without a beginning, and is cleared."""
    world.apply(make_fleet())
    provider, place = world.cloud.provider.rollouts(), ("europe-west1", world.state.name)
    run = replace(a_run(world), strategy="blue-green", old=place[1], new="shop-web-abcdef")
    provider.mark(*place, run)
    (progress,) = provider.read([place])
    assert (progress.run.id, progress.run.new) == (run.id, run.new)
    assert len(progress.fresh) == 4
    with pytest.raises(errors.Conflict):
        provider.mark(*place, replace(run, id="fedcba"))
    provider.clear(*place)
    provider.clear(*place)
    provider.clear("europe-west1", "gone")
    world.check_end(make_fleet(), kept=(OLD,))


# the end of a group


def test_what_leaves_the_fleet_goes_with_all_its_templates(world):
    both = make_fleet(names=("web", "api"))
    world.apply(both)
    world.clock.advance(timedelta(minutes=1))
    world.drive(world.start(make_fleet(NEW, names=("web", "api"))))
    assert len(world.kept()) == 4
    smaller = make_fleet(NEW)
    plan = world.cloud.plan(smaller)
    assert sorted(change.key.kind for change in plan) == [
        "autoscaler",
        "group-manager",
        "health-check",
        *["instance-template"] * 2,
    ]
    world.cloud.apply(plan, allow_delete=True).raise_for_failures()
    assert len(world.kept()) == 2
    # and in the middle of a run
    world.start(make_fleet(NEWER)).tick()
    world.cloud.apply(world.cloud.destroy(make_fleet(NEWER)), allow_delete=True).raise_for_failures()
    assert not world.kept()


def test_a_group_without_a_rollout_is_as_ever(world):
    world.apply(make_fleet())
    world.roll(make_fleet(NEW))
    plain = without_rollout(make_fleet(NEW))
    plan = world.cloud.plan(plain)
    assert [(change.key.kind, change.reason.value) for change in plan] == [("instance-template", "superseded")]
    world.cloud.apply(plan).raise_for_failures()
    assert world.kept() == ["debian-12"]


# the mark


def test_the_mark_of_a_run_has_room_for_long_names_and_a_long_reason(world):
    name = "a-rather-long-name-of-a-group-of-instances-and-then-some"
    fleet = make_fleet(names=(name,))
    world.apply(fleet)
    changed = make_fleet(NEW, names=(name,), rollout={"on_failure": "stop", "batch_timeout": "1s"})
    rollouts = world.start(changed, by="somebody with a name of forty characters")
    rollouts.tick()
    rollouts.pause(name, why="because [of] this / that " * 20)
    (result,) = rollouts.status()
    assert result.run.held[0] == "type=OPPORTUNISTIC"
    assert result.run.old != result.run.new
    assert "because [of) this/that" in result.run.why
    rollouts.abort(name)
    assert world.drive(rollouts).outcome is RolloutOutcome.ROLLED_BACK
    assert not world.cloud.plan(fleet)


def test_the_tag_is_the_one_of_every_cloud():
    assert ROLLOUT_TAG == TAG


def test_an_import_in_the_middle_gives_the_template_that_the_group_had(world):
    world.apply(make_fleet())
    world.start(make_fleet(NEW)).tick()
    imported = world.cloud.import_group("shop-web")
    assert imported.group.template.image.id.endswith("debian-11")


@pytest.mark.parametrize("read_only", [True, False])
def test_a_rollout_takes_no_more_rights_than_it_is_said_to(world, read_only):
    gates = [{"type": "alarm", "alarms": ["hot"]}, {"type": "metric", "metric": "cpu"}]
    alarms = {"hot": {"metric": "cpu", "above": 50}}
    spec = {"zones": ZONES, "alarms": alarms, "rollout": {"gates": gates, "batch_timeout": "1m"}}
    world.apply(make_fleet(**spec))
    changed = make_fleet(NEW, **spec)
    world.doors.clear_requests()
    if read_only:
        world.cloud.rollouts(changed).status()
    else:
        # a gate without data: back again, which takes all that going on takes
        assert world.roll(changed).outcome is RolloutOutcome.ROLLED_BACK
    asked = {permission_of(call) for call in world.doors.requests()}
    role = world.cloud.provider.resources.permissions(changed, read_only=read_only)
    assert asked <= {*role["includedPermissions"]}


# what is measured


def test_a_metric_that_is_worse_on_new_instances_takes_it_back(world):
    world.apply(make_fleet())
    gates = [{"type": "metric", "metric": "cpu", "samples": 5}]
    rollout = {"strategy": "canary", "checkpoints": [{"percent": 50, "bake": "12m"}], "gates": gates}
    rollouts = world.start(make_fleet(NEW, rollout=rollout))
    world.drive(rollouts, until=is_baking)
    world.clock.advance(timedelta(seconds=40))
    for each in world.state.instances:
        value = 80 if each.outdated is False else 40
        world.test_cloud.push(tt.metrics.cpu, group=world.state.name, value=value, instance=each.id, minutes=12)
    result = world.drive(rollouts)
    assert result.outcome is RolloutOutcome.ROLLED_BACK
    assert "cpu is higher on new instances" in result.text
    world.check_end(make_fleet(), kept=(OLD,))


def test_samples_are_of_the_instances_that_are_named(world):
    world.apply(make_fleet())
    first, second, *_ = world.state.instances
    begin = world.clock.now()
    for each, value in ((first, 30), (second, 60)):
        world.test_cloud.push(tt.metrics.cpu, group=world.state.name, value=value, instance=each.id, minutes=4)
    world.clock.advance(timedelta(minutes=3))
    rollouts = world.cloud.provider.rollouts()
    place = "europe-west1", world.state.name
    assert rollouts.samples(*place, tt.metrics.cpu, [first.id], begin) == [30, 30]
    assert sorted(rollouts.samples(*place, tt.metrics.cpu, [first.id, second.id], begin)) == [30, 30, 60, 60]
    assert rollouts.samples(*place, tt.metrics.cpu, [first.id], world.clock.now()) == []
    with pytest.raises(errors.Unsupported, match="of no instance by itself"):
        rollouts.samples(*place, tt.metrics.requests, [first.id], begin)


def test_what_no_gate_can_tell_is_a_problem_of_the_plan(world):
    gates = [{"type": "balancer"}, {"type": "metric", "metric": "latency"}]
    plan = world.cloud.plan(make_fleet(rollout={"gates": gates}, health_check={}))
    assert [problem.text.split(":")[0] for problem in plan.problems] == ["rollout.gates.0", "rollout.gates.1.metric"]


def test_the_backend_service_is_the_gate_where_the_group_has_no_check_of_its_own(world):
    front = GcpWorld(world.test_cloud.emulator)
    spec = {"gates": [{"type": "balancer"}], "batch_timeout": "5m"}
    own = {"health_check": {}, "load_balancers": [{"name": front.service}], "rollout": spec}
    world.apply(make_fleet(size=2, **own))
    world.doors.fail_made_of(NEW.rsplit("/", 1)[-1])
    back = world.roll(make_fleet(NEW, size=2, **own))
    assert (back.outcome, back.text) == (
        RolloutOutcome.ROLLED_BACK,
        "after 5m, 0 of 2 instances are ready with the new template",
    )
    assert {(each.healthy, each.serving) for each in world.cloud.group("web").instances()} == {(None, True)}


# instances that keep their state


def test_instances_that_keep_their_state_are_made_anew_in_their_places(world):
    disks = [{"size_gb": 20}, {"device": "data", "size_gb": 10, "stateful": True}]
    template = {"size": "e2-small", "disks": disks}
    world.apply(make_fleet(template={"image": OLD, **template}))
    ids = {each.id for each in world.state.instances}
    changed = make_fleet(template={"image": NEW, **template})
    world.least = 3
    assert world.roll(changed).outcome is RolloutOutcome.DONE
    assert {each.id for each in world.state.instances} == ids
    world.check_end(changed, kept=(OLD, NEW))
    plan = world.cloud.plan(make_fleet(template={"image": NEW, **template}, rollout={"max_surge": 1}))
    assert [problem.text.split(":")[0] for problem in plan.problems] == ["rollout.max_surge"]


# killed


class Killed(BaseException):
    """The process is gone."""


def kill_after(cloud, number):
    """Have a connection make so many more writes and then none, and not even learn of the last."""
    calls, left = cloud.provider.connection, [number]
    calls.patch, calls.run = mortal(calls.patch, left), mortal(calls.run, left)


def mortal(method, left):
    def ask(*given, **names):
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        answer = method(*given, **names)
        if left[0] == 0:
            raise Killed
        return answer

    return ask


SCENARIOS = {
    "natively": (ZONE, {"max_surge": 1, "keep": 1}, (NEW,)),
    "one by one": (ZONES, {"strategy": "canary", "keep": 1}, (NEW,)),
    "back": (ZONE, {"max_surge": 1, "batch_timeout": "2m"}, (OLD,)),
    "back one by one": (ZONES, {"batch_timeout": "2m"}, (OLD,)),
}
WRITES = {"natively": 8, "one by one": 14, "back": 10, "back one by one": 11}


def killed_at():
    """After which writes, and after which of each at least one."""
    every = [(name, number) for name, count in WRITES.items() for number in range(count + 1)]
    return sampled(every, 4, "killed", per=lambda case: case[0])


@pytest.mark.sweep
@pytest.mark.parametrize(("name", "number"), killed_at())
def test_another_process_goes_on_after_any_write(world, name, number):
    zones, spec, kept = SCENARIOS[name]
    world.apply(make_fleet(size=3, zones=zones))
    world.clock.advance(timedelta(minutes=1))
    changed = make_fleet(NEW, size=3, zones=zones, rollout=spec)
    if kept == (OLD,):
        world.doors.fail_made_of("debian-12")
    world.least = 3 if "max_surge" in spec else 2
    with world.test_cloud.connect() as mortal_one:
        kill_after(mortal_one, number)
        with pytest.raises(Killed):
            world.drive(world.start(changed, cloud=mortal_one))
    result = world.drive(world.start(changed, by="ben"))
    wanted = RolloutOutcome.ROLLED_BACK if kept == (OLD,) else RolloutOutcome.DONE
    assert result.outcome in (wanted, RolloutOutcome.NONE), result
    end = make_fleet(size=3, zones=zones) if kept == (OLD,) else changed
    world.check_end(end, kept=kept)


@pytest.mark.parametrize("name", SCENARIOS)
def test_these_are_all_the_writes(world, name):
    zones, spec, kept = SCENARIOS[name]
    world.apply(make_fleet(size=3, zones=zones))
    changed = make_fleet(NEW, size=3, zones=zones, rollout=spec)
    if kept == (OLD,):
        world.doors.fail_made_of("debian-12")
    before = world.doors.count()["writes"]
    world.roll(changed)
    assert world.doors.count()["writes"] - before == WRITES[name]


# calls


def test_what_a_look_at_twenty_groups_takes(world):
    many = [f"g{number:02}" for number in range(20)]
    world.apply(make_fleet(size=1, names=many))
    rollouts = world.start(make_fleet(NEW, size=1, names=many, rollout={"bake": "1h"}))
    world.drive(rollouts, until=lambda results: all(one.run and one.run.phase == "baking" for one in results))
    world.doors.clear_requests()
    rollouts.tick()
    calls = Counter(call.operation for call in world.doors.requests())
    assert calls == {
        "instanceGroupManagers.aggregatedList": 1,
        "autoscalers.aggregatedList": 1,
        "backendServices.aggregatedList": 1,  # and a call for each service of a group
        "globalOperations.aggregatedList": 1,
        "instanceGroupManagers.listManagedInstances": 20,
    }


@pytest.mark.parametrize("keep", [1, 2])
def test_it_is_over_once_no_instance_that_ends_runs_from_a_template_that_is_to_go(world, keep):
    world.apply(make_fleet(rollout={"keep": keep}))
    world.doors.configure(delete_seconds=100)
    done = world.roll(make_fleet(NEW, rollout={"keep": keep}))
    assert done.outcome is RolloutOutcome.DONE, done
    assert world.state.rollout is None
    assert len(world.templates()) == keep
