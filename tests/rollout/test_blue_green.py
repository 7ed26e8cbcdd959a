"""Blue-green rollouts on the cloud in memory: a second native group, and the first one's end."""

from dataclasses import replace
from datetime import timedelta

import pytest

import trimtab as tt
from tests.rollout.world import SCALING, World, make_fleet
from trimtab import metrics
from trimtab.models import AlarmGate, Rollout
from trimtab.plan import Key
from trimtab.rollout import RolloutOutcome
from trimtab.sources import Function
from trimtab.testing import translate


def bluegreen(image, **rollout):
    return make_fleet(image, rollout=Rollout(strategy="blue-green", **rollout), **SCALING)


@pytest.fixture(name="world")
def _world():
    assert metrics.cpu
    world = World()
    world.apply(bluegreen("one"))
    world.clock.advance(timedelta(minutes=5))
    return world


def groups(world):
    return {key.name: key for key in world.store.sizes}


def test_the_new_group_is_the_only_one_in_the_end(world):
    fleet = bluegreen("two", end_after="10m", bake="3m")
    rolled = world.cloud.rollout(fleet, by="ana")
    assert [each.outcome for each in rolled.groups] == [RolloutOutcome.DONE]
    ((name, key),) = groups(world).items()
    assert name.startswith("shop-web-")
    assert world.store.things[key].mark.role == "main"
    kinds = sorted((key.kind, key.parent or key.name) for key in world.store.things)
    assert kinds == [
        ("alarm", "shop-web-hot"),
        ("alarm", "shop-web-loud"),
        ("group", name),
        ("policy", name),
        ("schedule", name),
        ("template", name),
    ]
    assert len(world.machines) == 4
    plan = world.cloud.plan(fleet)
    assert not plan, plan.to_text()
    status = world.cloud.status(fleet)
    assert status.groups[0].state is not None
    again = bluegreen("three")
    assert [change.group for change in world.cloud.plan(again).waiting]
    world.cloud.rollout(again, by="ana").raise_for_failures()
    (second,) = groups(world)
    assert second != name
    assert not world.cloud.plan(again)
    world.cloud.apply(world.cloud.destroy(again), allow_delete=True).raise_for_failures()
    assert not world.store.things


def step_until(world, rollouts, phase, most=200):
    for _ in range(most):
        (result,) = rollouts.tick()
        if result.is_settled or (result.run and result.run.phase == phase):
            return result
        world.clock.advance(timedelta(seconds=15))
    raise AssertionError(result)


@pytest.mark.parametrize("phase", ["moving", "baking", "ending"])
def test_back_while_the_old_group_lives(world, phase):
    fleet = bluegreen("two", end_after="1h", bake="3m")
    before = {key: (dict(thing.body), thing.mark.group) for key, thing in world.store.things.items() if thing.mark}
    rollouts = world.cloud.rollouts(fleet)
    rollouts.start(by="ana")
    step_until(world, rollouts, phase)
    assert not world.cloud.plan(fleet).changes
    rollouts.abort("web", by="ana")
    result = step_until(world, rollouts, "never")
    assert result.outcome is RolloutOutcome.ROLLED_BACK
    assert list(groups(world)) == ["shop-web"]
    after = {key: (dict(thing.body), thing.mark.group) for key, thing in world.store.things.items() if thing.mark}
    assert after.keys() == before.keys()
    assert not world.cloud.plan(bluegreen("one")), world.cloud.plan(bluegreen("one")).to_text()
    (size,) = world.store.sizes.values()
    assert size.paused is None
    assert size.run is None


HOUR = timedelta(hours=1)


@pytest.mark.parametrize("goes_back", [False, True])
@pytest.mark.parametrize("phase", ["moving", "ending"])
def test_what_somebody_wants_of_the_group_stays_so(world, phase, goes_back):
    """A pause and a boost are the group's, not of one of its two native groups."""
    until = world.clock.now() + 9 * HOUR
    world.cloud.group("shop-web").boost(min=3, until=until, by="bea", why="a launch")
    world.cloud.group("shop-web").pause(by="ana", why="a look")
    fleet = bluegreen("two", end_after="10m", bake="3m")
    rollouts = world.cloud.rollouts(fleet)
    rollouts.start(by="ana")
    result = step_until(world, rollouts, phase)
    if goes_back:
        rollouts.abort("web", by="ana")
        result = step_until(world, rollouts, "never")
        assert result.outcome is RolloutOutcome.ROLLED_BACK
    elif phase == "moving":
        result = step_until(world, rollouts, "never")
        assert result.outcome is RolloutOutcome.DONE
    state = world.cloud.status(fleet).groups[0].state
    assert str(state.paused) == "paused by ana: a look"
    assert (state.boost.min, state.boost.until, state.boost.by, state.boost.why) == (3, until, "bea", "a launch")
    assert not world.cloud.plan(bluegreen("one" if goes_back else "two")).changes


def test_a_new_group_that_is_gone_takes_nothing_over(world):
    """Gates hold of no instance: the old group keeps the requests, and what the file says of it."""
    rollouts = world.cloud.rollouts(bluegreen("two", end_after="10m", bake="3m"))
    rollouts.start(by="ana")
    step_until(world, rollouts, "baking")
    world.clock.advance(timedelta(seconds=15))
    run = step_until(world, rollouts, "baking").run
    (key,) = (key for key in world.store.sizes if key.name == run.new)
    del world.store.sizes[key], world.store.things[key]
    world.clock.advance(timedelta(minutes=5))
    result = step_until(world, rollouts, "never")
    assert (result.outcome, result.text) == (RolloutOutcome.ROLLED_BACK, "the new group is gone")
    assert list(groups(world)) == ["shop-web"]
    assert len(world.machines) == 4
    assert not world.cloud.plan(bluegreen("one")).changes


def test_a_new_group_that_somebody_shrank_is_as_large_as_the_old_one_first(world):
    rollouts = world.cloud.rollouts(bluegreen("two", end_after="10m", bake="3m"))
    rollouts.start(by="ana")
    step_until(world, rollouts, "baking")
    world.clock.advance(timedelta(seconds=15))
    run = step_until(world, rollouts, "baking").run
    world.cloud.group(run.new).scale(to=2)
    assert step_until(world, rollouts, "ending").run.phase == "ending"
    assert world.cloud.group(run.new).read().running == 4


def test_its_own_pause_is_not_for_others_to_take_away(world):
    fleet = bluegreen("two", end_after="10m", bake="3m")
    rollouts = world.cloud.rollouts(fleet)
    rollouts.start(by="ana")
    step_until(world, rollouts, "baking")
    world.clock.advance(timedelta(seconds=15))
    step_until(world, rollouts, "baking")
    web = world.cloud.group("shop-web")
    until = world.clock.now() + HOUR
    for act in (
        web.resume,
        lambda: web.pause(by="bea"),
        lambda: web.boost(min=3, until=until, by="bea"),
    ):
        with pytest.raises(tt.errors.Conflict, match=r"a blue-green rollout; let that end, or abort it, first"):
            act()
    (note,) = [note.text for note in world.cloud.plan(fleet).notes if "is baking" in note.text]
    assert "the plan leaves the group alone" in note
    step_until(world, rollouts, "ending")
    assert not any("policies and schedules rest" in note.text for note in world.cloud.plan(fleet).notes)
    assert step_until(world, rollouts, "never").outcome is RolloutOutcome.DONE


SHARED = {**SCALING, "load_balancers": [tt.LoadBalancer(name="blue", alternate="green", port=80)]}
SHARES = {
    "strategy": "blue-green",
    "checkpoints": [{"percent": 10, "bake": "5m"}, {"percent": 50, "bake": "1m"}],
    "bake": "2m",
}


def shares(image, **rollout):
    return make_fleet(image, rollout=Rollout.model_validate({**SHARES, **rollout}), **SHARED)


@pytest.fixture(name="front")
def _front():
    world = World()
    world.store.weights = {"blue": 100, "green": 0}
    world.apply(shares("one"))
    world.clock.advance(timedelta(minutes=5))
    return world


def pools(world):
    return {key.name: world.store.things[key].body.get("load_balancers") for key in world.store.sizes}


def test_requests_move_step_by_step_and_the_next_rollout_moves_them_back(front):
    rollouts = front.cloud.rollouts(shares("two"))
    rollouts.start(by="ana")
    seen = []
    for _ in range(200):
        (result,) = rollouts.tick()
        run = result.run
        entry = (run.step, result.steps, run.phase.value, front.store.weights["green"])
        seen += [entry] if entry not in seen else []
        if result.is_settled:
            break
        front.clock.advance(timedelta(seconds=15))
    assert result.outcome is RolloutOutcome.DONE
    assert [entry for entry in seen if entry[2] != "moving"] == [
        (1, 4, "baking", 10),
        (2, 4, "baking", 50),
        (3, 4, "baking", 100),
        (3, 4, "ending", 100),
    ]
    ((survivor, joined),) = pools(front).items()
    assert joined == [{"name": "green", "port": 80}]
    for fleet in (shares("two"), make_fleet("two", **{**SHARED, "load_balancers": [{"name": "green", "port": 80}]})):
        plan = front.cloud.plan(fleet)
        assert not plan, plan.to_text()
    assert front.cloud.import_group(survivor).group.load_balancers[0].name == "green"
    front.cloud.rollout(shares("three")).raise_for_failures()
    assert list(pools(front).values()) == [[{"name": "blue", "port": 80}]]
    assert front.store.weights == {"blue": 100, "green": 0}
    assert not front.cloud.plan(shares("three"))


@pytest.mark.parametrize("phase", [(2, "moving"), (2, "baking"), (3, "ending")])
def test_the_way_back_returns_the_weights(front, phase):
    rollouts = front.cloud.rollouts(shares("two", end_after="1h"))
    rollouts.start(by="ana")
    for _ in range(200):
        (result,) = rollouts.tick()
        if (result.run.step, result.run.phase.value) == phase:
            break
        front.clock.advance(timedelta(seconds=15))
    assert front.store.weights["green"] > 0
    rollouts.abort("web", by="ana")
    assert step_until(front, rollouts, "never").outcome is RolloutOutcome.ROLLED_BACK
    assert front.store.weights == {"blue": 100, "green": 0}
    assert list(pools(front).items()) == [("shop-web", [{"name": "blue", "port": 80}])]
    assert not front.cloud.plan(shares("one"))


def test_a_run_goes_on_with_the_pools_that_it_began_with(front):
    rollouts = front.cloud.rollouts(shares("two"))
    rollouts.start(by="ana")
    step_until(front, rollouts, "baking")
    front.clock.advance(timedelta(minutes=10))
    one_pool = {**SHARED, "load_balancers": ["blue"]}
    edited = make_fleet("two", rollout=Rollout(strategy="blue-green"), **one_pool)
    before = pools(front)
    (result,) = front.cloud.rollouts(edited).tick()
    for _ in range(5):
        (result,) = front.cloud.rollouts(edited).tick()
    assert result.outcome is RolloutOutcome.ERROR
    assert "put them back until it is over" in result.text
    assert pools(front) == before


@pytest.mark.parametrize(
    ("provider", "balancers", "rollout", "text"),
    [
        ("memory", ["front"], SHARES, "give the second one as `alternate`"),
        ("memory", [], SHARES, "no load balancer to share requests"),
        ("aws", ["front"], SHARES, "give the second one as `alternate`"),
        ("azure", ["front"], SHARES, "both groups are in the pool for `bake`"),
        ("azure", [{"name": "blue", "alternate": "green"}], {}, "weighs backend pools"),
        ("memory", [{"name": "blue", "alternate": "green"}], {}, "only a blue-green rollout moves the group"),
        ("gcp", [{"name": "blue", "alternate": "green"}], {}, "only a blue-green rollout moves the group"),
        ("gcp", ["front"], SHARES, "has no capacities of its groups"),
    ],
)
def test_shares_that_no_balancer_can_keep_to_are_said(provider, balancers, rollout, text):
    fleet = make_fleet("image", load_balancers=balancers, rollout=Rollout.model_validate(rollout))
    found = translate(fleet, provider)
    assert text in "\n".join(map(str, (*found.notes, *found.problems)))


def test_an_alarm_in_the_bake_takes_it_back(world):
    fleet = bluegreen("two", bake="10m", gates=[AlarmGate(alarms=["loud"])])
    rollouts = world.cloud.rollouts(fleet)
    rollouts.start(by="ana")
    step_until(world, rollouts, "baking")
    world.clock.advance(timedelta(minutes=2))
    world.store.firing.add("shop-web-loud")
    result = step_until(world, rollouts, "never")
    assert result.outcome is RolloutOutcome.ROLLED_BACK
    assert "loud fires" in result.text
    assert list(groups(world)) == ["shop-web"]


def test_a_plan_in_the_middle_leaves_both_alone(world):
    fleet = bluegreen("two", end_after="1h")
    rollouts = world.cloud.rollouts(fleet)
    rollouts.start(by="ana")
    for _ in range(60):
        (result,) = rollouts.tick()
        plan = world.cloud.plan(fleet)
        assert not plan.changes, plan.to_text()
        if result.run and result.run.phase == "ending":
            break
        world.clock.advance(timedelta(seconds=15))
    assert len(groups(world)) == 2
    assert any("blue-green" in note.text for note in plan.notes)


def test_what_acts_on_groups_finds_the_new_one(world):
    fleet = bluegreen("two", end_after="0s")
    world.cloud.rollout(fleet).raise_for_failures()
    ((name, _),) = groups(world).items()
    assert [each.name for each in world.cloud.status(fleet).groups] == [name]
    assert world.cloud.group("web").read().name == name
    assert [each.name for each in world.cloud.rollouts(fleet).status()] == [name]
    limited = fleet.replace(limits=tt.PlanLimits(rise=1))
    capacity = tt.Capacity(min=8, max=10)
    bigger = limited.replace(groups=[limited["web"].replace(capacity=capacity, schedules=[])])
    assert any("limits.rise" in str(problem) for problem in world.cloud.plan(bigger).problems)


def test_the_controller_goes_on_with_the_new_one(world, tmp_path):
    pytest.importorskip("sqlalchemy")
    policy = tt.TargetTrackingPolicy(name="hold", metric=metrics.external("orders"), target=10)
    group = bluegreen("one")["web"].replace(policies=[policy], alarms=[], schedules=[])
    fleet = tt.Fleet(name="delegated", controller=True, groups=[group], sources={"orders": {}})
    world = World()
    world.apply(fleet)
    world.clock.advance(timedelta(minutes=5))
    newer = fleet.replace(groups=[group.replace(template=tt.InstanceTemplate(image="two", size="small"))])
    world.cloud.rollout(newer).raise_for_failures()
    source = Function("orders", lambda query: 40.0, clock=world.clock)
    with tt.Controller(newer, world.cloud, sources=[source], store=f"sqlite:///{tmp_path}/store.db") as controller:
        (tick,) = controller.tick().groups
    assert tick.name.startswith("delegated-web-")
    assert tick.outcome != "held", tick


def unmark(world, name, mark=None):
    """Somebody has taken the mark of a group off, or changed it."""
    world.store.things[groups(world)[name]].mark = mark


def test_a_group_that_a_rollout_named_is_found_without_its_mark(world):
    """By the marks of its parts: no second one is made, and what is left of the first says whose it is."""
    fleet = bluegreen("two", end_after="1m", bake="1m")
    world.cloud.rollout(fleet, by="ana").raise_for_failures()
    (name,) = groups(world)
    unmark(world, name)
    plan = world.cloud.plan(fleet)
    assert [(change.key.name, change.reason) for change in plan] == [(name, "mark lost")]
    world.cloud.apply(plan, wait="accepted").raise_for_failures()
    assert list(groups(world)) == [name]
    assert not world.cloud.plan(fleet)


@pytest.mark.parametrize("role", ["xyz", "Main", "green"])
def test_under_its_own_name_a_group_has_the_role_of_the_main_one(world, role):
    fleet = bluegreen("one")
    ((name, key),) = groups(world).items()
    unmark(world, name, replace(world.store.things[key].mark, role=role))
    plan = world.cloud.plan(fleet)
    assert [(change.action, change.key.name, change.notes) for change in plan] == [
        ("update", name, ("renews the mark",))
    ]
    world.cloud.apply(plan, wait="accepted").raise_for_failures()
    assert not world.cloud.plan(fleet)


@pytest.mark.parametrize("phase", ["moving", "baking", "ending"])
def test_a_rollout_ends_the_new_group_that_has_lost_its_mark(world, phase):
    """Its own mark names it."""
    fleet = bluegreen("two", end_after="1h", bake="3m")
    rollouts = world.cloud.rollouts(fleet)
    (old,) = groups(world)
    rollouts.start(by="ana")
    run = step_until(world, rollouts, phase).run
    unmark(world, run.new)
    rollouts.abort("web", by="ana")
    assert step_until(world, rollouts, "never").outcome is RolloutOutcome.ROLLED_BACK
    assert list(groups(world)) == [old]
    assert not world.cloud.plan(bluegreen("one"))


def test_what_a_rollout_left_without_a_mark_is_told(world):
    fleet = bluegreen("two", end_after="1h", bake="1m")
    rollouts = world.cloud.rollouts(fleet)
    (old,) = groups(world)
    rollouts.start(by="ana")
    step_until(world, rollouts, "ending")
    unmark(world, old)
    world.store.sizes[groups(world)[old]].run = None
    plan = world.cloud.plan(fleet)
    assert not plan.changes
    assert [note.text for note in plan.notes if repr(old) in note.text and "it stays" in note.text]


def test_of_two_without_marks_the_declared_one_is_the_groups_where_nothing_else_tells():
    """Templates bear the mark of the main group also while theirs is not that yet."""
    world = World()
    world.apply(make_fleet("one", rollout=Rollout(strategy="blue-green")))
    fleet = make_fleet("two", rollout=Rollout(strategy="blue-green", bake="1h"))
    rollouts = world.cloud.rollouts(fleet)
    (old,) = groups(world)
    rollouts.start(by="ana")
    new = step_until(world, rollouts, "baking").run.new
    for name in (old, new):
        unmark(world, name)
        world.store.sizes[groups(world)[name]].run = None
    plan = world.cloud.plan(fleet)
    assert [(change.key.name, change.reason) for change in plan] == [(old, "mark lost")]


def test_somebody_elses_group_under_the_name_of_the_new_one_stays(world):
    fleet = bluegreen("two", end_after="1h", bake="3m")
    rollouts = world.cloud.rollouts(fleet)
    (old,) = groups(world)
    (started,) = rollouts.start(by="ana")
    new = Key("local", "group", started.run.new)
    template = {"name": "theirs", "version": 1}
    world.store.create_group(new, {"min": 1, "max": 1, "desired": 1, "base": {}, "template": template}, None)
    before = repr(world.store.things[new])
    for _ in range(5):
        rollouts.tick()
    rollouts.abort("web", by="ana")
    for _ in range(20):
        rollouts.tick()
        world.clock.advance(timedelta(seconds=15))
    assert repr(world.store.things[new]) == before
    assert world.store.things[groups(world)[old]].mark.role == "main"
