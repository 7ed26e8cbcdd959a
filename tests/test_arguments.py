"""What callers give beside models: a wrong word, or a text where a list is meant, is an error at once."""

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from trimtab.errors import InvalidArgument, TrimtabError

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


def test_such_an_error_is_one_of_ours_and_a_value_error():
    assert issubclass(InvalidArgument, TrimtabError)
    assert issubclass(InvalidArgument, ValueError)


def test_a_fleet_says_its_groups():
    """A file without them would delete everything that the fleet owns."""
    with pytest.raises(ValueError, match="groups"):
        tt.Fleet(name="shop")
    assert tt.Fleet(name="shop", groups=()).groups == ()
