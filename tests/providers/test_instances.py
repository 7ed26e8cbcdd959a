"""Single instances, by emulators and in memory: one ends and no other, whatever fails and whoever else acts."""

import threading
from datetime import timedelta

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from tests.providers.emulated import TEMPLATES
from trimtab import errors
from trimtab.declarations import Means, declarations_of
from trimtab.declarations.features import INSTANCE_OPERATIONS
from trimtab.providers.base import InstanceState
from trimtab.testing import AwsTestCloud, AzureTestCloud, GcpTestCloud, MemoryTestCloud

pytestmark = pytest.mark.sample(1, over="test_cloud")

CLOUDS = {"memory": MemoryTestCloud, "aws": AwsTestCloud, "azure": AzureTestCloud, "gcp": GcpTestCloud}
EMULATED = ("aws", "azure", "gcp")
PASSING = ("throttle", "error500", "timeout_before", "timeout_after")
WAIT = tt.minutes(30)
SCHEDULE = {"cron": "0 8 * * *", "zone": "UTC", "duration": "1h", "min": 3}
"""What Azure has an autoscale setting for, and Google Cloud an autoscaler."""


@pytest.fixture(scope="module", params=CLOUDS)
def test_cloud(request):
    with CLOUDS[request.param].started() as found:
        yield found


emulated = pytest.mark.parametrize("test_cloud", EMULATED, indirect=True)
"""For tests of calls that fail or are held: memory has none."""


@pytest.fixture
def cloud(test_cloud):
    with test_cloud.connect() as cloud:
        yield cloud
    if doors := doors_of(test_cloud):
        doors.clear_faults()


@pytest.fixture(scope="module")
def place(test_cloud):
    is_azure = isinstance(test_cloud, AzureTestCloud)
    return {"placement": {"subnets": [test_cloud.make_network("main", "web")]}} if is_azure else {}


@pytest.fixture
def make(cloud, place, request):
    """Make a group of a size between 2 and 6, which nobody else changes, and take it away at the end."""
    made = []

    def make(size=4, **fields):
        name = f"f{abs(hash(request.node.name)) % 10**6}"
        given = {"capacity": {"min": 2, "max": 6}, "policies": {}, "alarms": {}, "schedules": {"day": SCHEDULE}}
        group = make_group("web", **{**given, "template": TEMPLATES[cloud.provider.name], **place, **fields})
        made.append(make_fleet(group, name=name))
        cloud.apply(cloud.plan(made[-1])).raise_for_failures()
        live = cloud.group(made[-1].native_name(group))
        live.pause(by="Ana")
        live.scale(to=size)
        live.wait(timeout=WAIT)
        return live

    yield make
    for fleet in made:
        cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


def doors_of(test_cloud):
    return getattr(getattr(test_cloud, "emulator", None), "doors", None)


def ids(live):
    return [each.id for each in live.instances()]


def written(test_cloud):
    return [call for call in doors_of(test_cloud).requests() if call.write]


def supports(cloud, operation):
    return declarations_of(cloud.provider.name).instances[operation].means is not Means.UNSUPPORTED


# which instances are meant


def test_an_unknown_instance_is_told_with_those_that_there_are(cloud, make):
    live = make(2)
    for act in (live.replace, lambda *names: live.end(*names, shrink=False)):
        with pytest.raises(errors.NotFound) as caught:
            act(ids(live)[0], "i-nobody")
        assert "no instance 'i-nobody'" in str(caught.value)
        assert all(each in str(caught.value) for each in ids(live))
    with pytest.raises(errors.InvalidRequest, match="give their ids"):
        live.end(shrink=True)
    assert live.read().is_stable


def test_a_name_of_an_inventory_is_taken_too(cloud, make):
    """Azure counts the instances of each scale set from 0: an inventory has the group's name before."""
    live = make(4)
    first, second = ids(live)[:2]
    live.end(f"{live.name}_{first}", first, second, shrink=True)
    live.wait(timeout=WAIT)
    assert live.read().desired == 2
    assert not {first, second} & set(ids(live))


def test_what_a_cloud_does_not_do_is_refused_before_it_is_asked(test_cloud, cloud, make):
    acts = {"protect": "protect unprotect", "drain": "drain", "replace": "", "end": ""}
    assert set(acts) == set(INSTANCE_OPERATIONS)
    live = make(2)
    before = len(doors_of(test_cloud).requests()) if doors_of(test_cloud) else 0
    refused = {name for name in acts if not supports(cloud, name)}
    assert refused == {"azure": {"drain"}, "gcp": {"drain", "protect"}}.get(cloud.provider.name, set())
    for operation in refused:
        for method in acts[operation].split():
            with pytest.raises(errors.Unsupported, match=f"cannot {operation} one instance of '{live.name}': .*; "):
                getattr(live, method)("0")
    assert not doors_of(test_cloud) or len(doors_of(test_cloud).requests()) == before


# the size


def test_several_end_at_once_or_none(cloud, make):
    """Two of four are fine; of the two that stay none can be taken off, and nothing is."""
    live = make(4)
    live.end(*ids(live)[:2], shrink=True)
    live.wait(timeout=WAIT)
    assert live.read().desired == 2
    with pytest.raises(errors.InvalidRequest, match="would be 0, below its minimum of 2; lower the minimum"):
        live.end(*ids(live), shrink=True)
    assert (live.read().desired, live.read().running) == (2, 2)


@pytest.mark.parametrize("size", [4, 6], ids=["between the bounds", "at the maximum"])
def test_one_ends_and_the_size_stays(cloud, make, size):
    live = make(size)
    before = ids(live)
    live.end(before[1], before[2], shrink=False)
    live.wait(timeout=WAIT)
    assert (live.read().desired, live.read().running) == (size, size)
    assert {before[0], *before[3:]} <= set(ids(live))
    if cloud.provider.name == "gcp":
        assert set(ids(live)) == set(before)  # made anew, each under its name
    else:
        assert not {before[1], before[2]} & set(ids(live))


# what fails on the way


ACTS = {
    "end": ("end", lambda live, chosen: live.end(chosen, shrink=True), 3),
    "keep the size": ("replace", lambda live, chosen: live.end(chosen, shrink=False), 4),
    "drain": ("drain", lambda live, chosen: live.drain(chosen, shrink=True), 3),
    "protect": ("protect", lambda live, chosen: live.protect(chosen), 4),
}
"""What is done to one of four, and the size afterwards."""


def acted(cloud):
    """Those of `ACTS` that a cloud does."""
    return [name for name, (operation, _, _) in ACTS.items() if supports(cloud, operation)]


@emulated
@pytest.mark.parametrize("kind", PASSING)
def test_a_write_that_fails_once_has_its_effect_once(test_cloud, cloud, make, kind):
    """Each write in turn, whether or not it had its effect: exactly what was asked for is what has happened."""
    live = make(4)
    for name in acted(cloud):
        live.scale(to=4)
        live.wait(timeout=WAIT)
        before = ids(live)
        chosen = next(each.id for each in live.instances() if each.state is InstanceState.RUNNING)
        doors_of(test_cloud).faults([{"kind": kind, "write_only": True, "after": number} for number in range(2)])
        _, act, size = ACTS[name]
        act(live, chosen)
        doors_of(test_cloud).clear_faults()
        live.wait(timeout=WAIT)
        states = {each.id: each for each in live.instances()}
        assert (live.read().desired, live.read().running) == (size, size), name
        assert set(before) - {chosen} <= set(states), name
        if name == "end":
            assert chosen not in states
        if name == "drain":
            assert states[chosen].state is InstanceState.STANDBY
        assert [each for each in states if states[each].protected] == [chosen] * (name == "protect")


# whoever else acts


def beside(test_cloud, act, other, **held):
    """What an act came to whose call was held until another act was over; `None` where it went through."""
    doors, outcome = doors_of(test_cloud), []

    def run():
        try:
            act()
        except errors.TrimtabError as error:
            outcome.append(error)

    doors.fault("hold_before", write_only=True, **held)
    thread = threading.Thread(target=run)
    thread.start()
    hold = doors.wait_for_hold()
    other()
    doors.release(hold)
    thread.join(60)
    return outcome[0] if outcome else None


@emulated
def test_the_same_instance_is_ended_twice_at_the_same_time(test_cloud, cloud, make):
    """It is taken off the size once, and neither call fails."""
    live = make(4)
    chosen = ids(live)[0]

    def end():
        live.end(chosen, shrink=True)

    assert beside(test_cloud, end, end) is None
    live.wait(timeout=WAIT)
    assert (live.read().desired, live.read().running) == (3, 3)


@emulated
def test_two_instances_are_replaced_at_the_same_time(test_cloud, cloud, make):
    live = make(4)
    first, second = ids(live)[:2]
    assert beside(test_cloud, lambda: live.replace(first), lambda: live.replace(second)) is None
    live.wait(timeout=WAIT)
    assert (live.read().desired, live.read().running) == (4, 4)


@emulated
def test_the_least_size_holds_for_two_at_the_same_time_where_the_cloud_keeps_it(test_cloud, cloud, make):
    """AWS refuses the second; elsewhere nothing but the autoscaler knows a minimum, and goes back to it."""
    live = make(3)
    first, second = ids(live)[:2]
    refusal = beside(test_cloud, lambda: live.end(first, shrink=True), lambda: live.end(second, shrink=True))
    live.wait(timeout=WAIT)
    if cloud.provider.name == "aws":
        assert isinstance(refusal, errors.InvalidRequest)
        assert "violate group's min size constraint" in str(refusal)
        assert (live.read().desired, live.read().running) == (2, 2)
        return
    assert refusal is None
    assert live.read().desired == 1
    live.resume()
    test_cloud.clock.advance(timedelta(minutes=10))
    live.wait(timeout=WAIT)
    assert live.read().desired >= 2


@emulated
def test_a_denied_call_is_an_error_and_ends_nothing(test_cloud, cloud, make):
    live = make(4)
    before = ids(live)
    doors_of(test_cloud).fault("denied", write_only=True, times=None)
    with pytest.raises(errors.AccessDenied):
        live.end(before[0], shrink=True)
    doors_of(test_cloud).clear_faults()
    assert ids(live) == before
