"""A name is one thing's and no part of another's: whatever others have beside ours stays byte for byte as it was."""

import re

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.laws import examples
from tests.providers.strangers import InMemory, OnAws, OnAzure, OnGcp
from trimtab.cli.views.plan import PlanView
from trimtab.cli.views.screen import rendered
from trimtab.cli.views.values import printable

pytestmark = pytest.mark.sweep

AGREED = {"allow_delete": True, "allow_replace": True}


def relatives(world, name):
    """Names that a text operation might take for this one: tails, beginnings, and the same in another case."""
    cuts = [place for place, letter in enumerate(name) if letter in world.separators]
    near = [name[:cut] for cut in cuts] + [name[cut + 1 :] for cut in cuts] + [name[:-1], name[1:]]
    near += [name.swapcase(), name.upper(), name.lower(), f"{name}-end", f"{name}-hot", f"shop-{name}", f"{name}{name}"]
    near += [f"{name}{sign}web" for sign in world.separators]
    return [one for one in dict.fromkeys(near) if world.takes(one) and world.identity(one) != world.identity(name)]


@st.composite
def cases(draw, world):
    """Two names of ours, and beside them names of nobody, of another fleet, and of a group that rests."""
    names = st.lists(world.names.filter(world.takes), min_size=2, max_size=2, unique_by=world.identity)
    ours = draw(names)
    near = [one for name in ours for one in relatives(world, name)]
    near = {world.identity(one): one for one in near}
    free = [one for identity, one in near.items() if identity not in {world.identity(name) for name in ours}]
    some = draw(st.lists(st.sampled_from(free), unique=True, min_size=1, max_size=4)) if free else []
    return {"ours": ours, "resting": some[:1], "theirs": some[1:2], "nobodys": some[2:]}


def check(world, case):
    world.reset()
    cloud = world.connect()
    first, second = case["ours"]
    for native in case["nobodys"]:
        world.put(native)
    for native in case["theirs"]:
        world.put(native, mark=("shop-a", "a"))
    if hasattr(world, "put_elsewhere"):
        world.put_elsewhere(first)
    before = world.snapshot()
    rest = [world.group("rest", native) for native in case["resting"]]
    world.put(first)

    def fleet(*groups):
        return tt.Fleet(name="shop", groups=groups)

    def run(plan, *touched):
        assert not plan.problems, plan.to_dict()
        assert not plan.unknown
        assert {change.group for change in plan} <= set(touched)
        cloud.apply(plan, wait="accepted", **AGREED).raise_for_failures()
        after = world.snapshot()
        assert {key: after.get(key) for key in before} == before
        return rendered(PlanView(plan))

    # somebody's group becomes ours, and gets a neighbour
    one, two = world.group("a", first), world.group("b", second)
    run(cloud.adopt(fleet(one, two, *rest), ["a"]), "a")
    shown = run(cloud.plan(fleet(one, two, *rest)), "a", "b", "rest")
    assert printable(second) in shown
    assert not cloud.plan(fleet(one, two, *rest))
    resting = {key: text for key, text in world.snapshot().items() if re.search(r"\brest\b", text)}
    # edited and without its policies, then alone, then gone
    less = world.group("a", first, capacity={"min": 2, "max": 5}, policies={}, alarms={}, schedules={})
    run(cloud.plan(fleet(less, two, *rest)), "a")
    shown = run(cloud.plan(fleet(less, *rest)), "b")
    assert printable(second) in shown
    assert not cloud.plan(fleet(less, *rest))
    after = world.snapshot()
    assert {key: after.get(key) for key in resting} == resting
    run(cloud.destroy(fleet(less, *rest)), "a", "rest")
    assert set(world.snapshot()) - set(before) <= world.leavings(first)


# an example is some two hundred calls: a few on each emulated cloud, and a hundred in `nox -s exhaustive`
EMULATED = examples(5)
LAW = settings(
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
MEMORY = InMemory()


@given(case=cases(MEMORY))
@settings(LAW, max_examples=examples())
def test_in_memory(case):
    check(MEMORY, case)


@pytest.fixture(scope="module")
def aws(aws_emulator):
    return OnAws(aws_emulator)


@pytest.fixture(scope="module")
def azure(azure_emulator):
    return OnAzure(azure_emulator)


@pytest.fixture(scope="module")
def gcp(gcp_emulator):
    return OnGcp(gcp_emulator)


@given(data=st.data())
@settings(LAW, max_examples=EMULATED)
def test_on_aws(aws, data):
    check(aws, data.draw(cases(aws)))


@given(data=st.data())
@settings(LAW, max_examples=EMULATED)
def test_on_azure(azure, data):
    check(azure, data.draw(cases(azure)))


@given(data=st.data())
@settings(LAW, max_examples=EMULATED)
def test_on_gcp(gcp, data):
    check(gcp, data.draw(cases(gcp)))


def alarmed(world, group, alarm):
    """A group with one alarm that people see."""
    return world.group(group, f"the-{group}", alarms={alarm: {"metric": "cpu", "above": 70}})


@pytest.mark.parametrize("name", ["memory", "aws", "azure", "gcp"])
def test_two_alarms_of_one_name_are_a_problem_of_the_plan(request, name):
    world = MEMORY if name == "memory" else request.getfixturevalue(name)
    world.reset()
    before = world.snapshot()
    cloud = world.connect()
    plan = cloud.plan(tt.Fleet(name="shop", groups=(alarmed(world, "a", "b-c"), alarmed(world, "a-b", "c"))))
    (problem,) = [str(one) for one in plan.problems]
    assert problem.startswith("group a-b: alarms.c: ")
    assert "'shop-a-b-c'" in problem
    assert problem.endswith("also be that of alarms.b-c of group 'a'; rename one of the two")
    with pytest.raises(tt.errors.PlanRefused):
        cloud.apply(plan)
    assert world.snapshot() == before


def test_two_groups_of_one_name_and_place_are_a_problem_of_the_plan():
    """One says its region, the other has the connection's."""
    MEMORY.reset()
    groups = (MEMORY.group("a", "same"), MEMORY.group("b", "same", location="local"))
    (problem,) = MEMORY.connect().plan(tt.Fleet(name="shop", groups=groups)).problems
    assert "'same'" in problem.text
    assert "group 'a'" in problem.text


SPARED = {
    "memory": {"template"},
    "aws": {"launch-template"},
    "azure": {"action-group"},
    "gcp": {"instance-template", "health-check"},
}


@pytest.mark.parametrize("name", SPARED)
def test_what_others_use_of_ours_stays_while_they_do(request, name):
    """A launch template and an action group would go under them; Google refuses each time that it is asked."""
    world = MEMORY if name == "memory" else request.getfixturevalue(name)
    world.reset()
    cloud = world.connect()
    hot = {"metric": "cpu", "above": 70, "notify": ["ops@example.org"]}
    alarms = {"hot": hot} if name == "azure" else {}
    health = {"path": "/up", "port": 80} if name == "gcp" else {}
    group = world.group("a", "the-a", policies={}, alarms=alarms, schedules={}, health_check=health)
    fleet = tt.Fleet(name="shop", groups=(group,))
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    world.use("the-a")
    assert not cloud.plan(fleet)
    live = cloud.provider.resources.read(fleet).resources
    plan = cloud.destroy(fleet)
    cloud.apply(plan, wait="accepted", **AGREED).raise_for_failures()
    after = cloud.provider.resources.read(fleet).resources
    ours = [key for key, item in live.items() if item.mark is not None]
    left = {key.kind for key in ours if key in after and not after[key].deleting}
    assert left == SPARED[name]
    assert not left & {change.key.kind for change in plan}
    again = cloud.destroy(fleet)
    assert not again
    assert all(any("'his'" in note.text and " stays: " in note.text for note in one.notes) for one in (plan, again))


def test_a_template_that_others_follow_is_changed_with_a_note(aws):
    aws.reset()
    cloud = aws.connect()
    group = aws.group("a", "the-a", policies={}, alarms={}, schedules={})
    cloud.apply(cloud.plan(tt.Fleet(name="shop", groups=(group,))), wait="accepted").raise_for_failures()
    aws.use("the-a")
    edited = group.model_copy(update={"template": group.template.model_copy(update={"size": "t3.large"})})
    (note,) = [one.text for one in cloud.plan(tt.Fleet(name="shop", groups=(edited,))).notes if "'his'" in one.text]
    assert note == (
        "launch template 'the-a': Auto Scaling group 'his' launches from its $Latest version too, "
        "and gets what this changes"
    )
