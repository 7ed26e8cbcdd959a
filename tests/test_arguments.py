"""What callers give beside models: a wrong word, or a text where a list is meant, is an error at once."""

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from trimtab.controller import Controller
from trimtab.errors import InvalidArgument, InvalidModel, TrimtabError

FLEET = make_fleet(make_group("web", schedules={}))


@pytest.fixture
def cloud():
    with tt.connect("memory", clock=tt.ManualClock()) as cloud:
        yield cloud


@pytest.mark.parametrize("wait", ["heathly", "Stable", "", None, True, ["stable"]])
def test_a_wrong_wait_is_an_error_and_nothing_is_written(cloud, wait):
    plan = cloud.plan(FLEET)
    with pytest.raises(InvalidArgument, match=r"^wait: .* is not one of 'accepted', 'stable', 'healthy'"):
        cloud.apply(plan, wait=wait)
    assert cloud.plan(FLEET).to_dict()["changes"] == plan.to_dict()["changes"]


def test_a_near_miss_is_guessed(cloud):
    with pytest.raises(InvalidArgument, match=r"did you mean 'healthy'\?$"):
        cloud.apply(cloud.plan(FLEET), wait="heathly")


def test_a_group_waits_for_what_there_is(cloud):
    cloud.apply(cloud.plan(FLEET)).raise_for_failures()
    group = cloud.group("virtualmin-web")
    with pytest.raises(InvalidArgument, match=r"^until: 'running' is not one of 'stable', 'healthy'$"):
        group.wait(timeout=tt.minutes(1), until="running")


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (lambda cloud: cloud.adopt(FLEET, "web"), r"^groups: give a list, such as \['web'\], not 'web'$"),
        (lambda cloud: cloud.adopt(FLEET, b"web"), "^groups: give a list"),
        (lambda cloud: cloud.plan(FLEET, refresh="image"), r"^refresh: give a list, such as \['image'\], not 'image'$"),
        (lambda cloud: cloud.plan(FLEET, refresh=7), "^refresh: give a list"),
        (
            lambda cloud: cloud.plan(FLEET, refresh=["imgae"]),
            r"^refresh: 'imgae' is not one of 'image', 'size'; did you mean",
        ),
    ],
)
def test_a_text_is_no_list_of_its_letters(cloud, ask, text):
    with pytest.raises(InvalidArgument, match=text):
        ask(cloud)


WEB = FLEET["web"]
LOAD = tt.Load.days(1, low=1, high=2)
NO_FLEET = "^fleet: give a `Fleet`, not "


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (
            lambda cloud: cloud.plan(WEB),
            rf"{NO_FLEET}ScalingGroup; write Fleet\(name=\.\.\., groups=\[\.\.\.\]\) around",
        ),
        (lambda cloud: cloud.plan("fleet.yaml"), rf"{NO_FLEET}str; load a file with load_fleet\('fleet.yaml'\)$"),
        (lambda cloud: cloud.destroy(None), f"{NO_FLEET}NoneType; make one with"),
        (lambda cloud: cloud.status("web"), NO_FLEET),
        (lambda cloud: cloud.watch(WEB), NO_FLEET),
        (lambda cloud: cloud.explain(WEB, "web"), NO_FLEET),
        (lambda cloud: cloud.rollouts(WEB), NO_FLEET),
        (lambda cloud: tt.Controller(WEB, cloud), NO_FLEET),
        (lambda cloud: tt.HaproxySync(WEB, cloud), NO_FLEET),
        (lambda cloud: cloud.apply(FLEET), r"^plan: give a `Plan`, as cloud\.plan\(fleet\) makes, not Fleet$"),
        (
            lambda cloud: cloud.apply(cloud.plan(FLEET), timeout=600),
            "^timeout: 600 is not a duration; give a timedelta",
        ),
        (lambda cloud: cloud.group("web").wait(timeout="5m"), "^timeout: '5m' is not a duration; give a timedelta"),
        (lambda cloud: cloud.group("web").scale(to="6"), "^to: '6' is not a number of instances; give a whole number"),
        (lambda cloud: cloud.group("web").scale(to=-1), "^to: -1 is not a number of instances"),
        (lambda cloud: cloud.group("web").datapoints("cpu"), "^metric: 'cpu' is not a `Metric`; give one such as"),
        (lambda cloud: cloud.group("web").publish("cpu", 3), "^metric: 'cpu' is not a `Metric`; give one such as"),
        (lambda cloud: cloud.explain(FLEET, "web", since=2), "^since: 2 is neither a time nor a duration; give"),
        (lambda cloud: cloud.explain(FLEET, "wbe"), "^fleet '.*' has no group 'wbe'; it has web$"),
        (lambda cloud: cloud.rollouts(FLEET).start("web"), r"^groups: give a list, such as \['web'\], not 'web'$"),
        (lambda cloud: tt.HaproxySync(FLEET, cloud, groups="web"), "^groups: give a list"),
        (lambda cloud: cloud.watch(FLEET).stream(tt.seconds(0)), "^interval=0:00:00 is not above 0; give"),
        (lambda cloud: tt.HaproxySync(FLEET, cloud).syncs(None, every=tt.seconds(0)), "^every=0:00:00 is not above 0"),
        (lambda cloud: tt.Controller(FLEET, cloud, every=tt.seconds(0)), "^every=0:00:00 is not above 0"),
        (lambda _: tt.simulate(FLEET, None), r"^group: give a `ScalingGroup`, such as fleet\['web'\], not Fleet$"),
        (lambda _: tt.simulate(WEB, None), r"^load: give a `Load`, such as Load.from_csv\(path\), not NoneType$"),
        (lambda _: tt.simulate(WEB, LOAD, preset="gec"), r"^unknown preset 'gec'; did you mean gce\?$"),
        (lambda _: tt.Fleet(name="shop", groups=WEB), r"groups: give a list of them, not one ScalingGroup; write \["),
        (lambda _: tt.InstanceTemplate(image=5, size="a"), "image: give a `Image`, or a mapping of its fields$"),
        (lambda _: tt.Schedule(name="a", cron=5, zone="UTC", min=1), "cron: give text, not 5$"),
        (lambda _: tt.metrics.custom("Shop", "Jobs", unit="percnt"), r"unit: 'percnt' .*; did you mean percent\?$"),
        (lambda _: setattr(WEB, "name", "x"), "name: models are frozen; make a changed one with `replace`$"),
        (
            lambda _: tt.Alarm(name="a", metric="cpu", above=1, triggers="out"),
            r"give a list, not 'out'; write \['out'\]$",
        ),
        (lambda _: tt.SimplePolicy(name="a", change=1, cooldown="5 minutes"), 'is not a duration; write "5m"$'),
    ],
)
def test_what_is_given_in_place_of_something_else_is_named_with_what_to_give(cloud, ask, text):
    with pytest.raises((InvalidArgument, InvalidModel), match=text):
        ask(cloud)


def test_a_name_that_there_is_not_has_python_guess():
    with pytest.raises(AttributeError) as caught:
        _ = tt.ScalingGrup
    assert (caught.value.name, caught.value.obj) == ("ScalingGrup", tt)


def test_such_an_error_is_one_of_ours_and_a_value_error():
    assert issubclass(InvalidArgument, TrimtabError)
    assert issubclass(InvalidArgument, ValueError)


def test_a_fleet_says_its_groups():
    """A file without them would delete everything that the fleet owns."""
    with pytest.raises(ValueError, match="groups"):
        tt.Fleet(name="shop")
    assert tt.Fleet(name="shop", groups=()).groups == ()


def test_results_are_short_as_text(cloud):
    cloud.apply(cloud.plan(FLEET)).raise_for_failures()
    assert str(cloud.import_group("virtualmin-web")).startswith("group web: 0 changes after adopt, ")
    tick = tt.Tick(fleet="shop", provider="aws", at=cloud.now(), groups=(), error="the store cannot be reached")
    assert str(tick) == "tick of fleet shop on aws: 0 of 0 sizes written; the store cannot be reached"


@pytest.mark.parametrize(("every", "text"), [(5, "every: 5 is not a duration"), (tt.minutes(0), "is not above 0")])
def test_what_goes_on_without_end_rests_in_between(every, text):
    fleet = tt.Fleet(name="shop", groups=[])
    with tt.connect("memory") as cloud, pytest.raises(tt.errors.InvalidArgument, match=text):
        Controller(fleet, cloud, every=every)
