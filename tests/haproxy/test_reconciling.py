"""The steps between the instances of a group and the servers of a backend; and the weights of shares."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.errors import InvalidArgument
from trimtab.haproxy.names import group_prefix, server_name
from trimtab.haproxy.reconciling import StepKind, WantedServer, reconcile
from trimtab.haproxy.replies import ServerMode, ServerState
from trimtab.haproxy.weights import HEAVIEST, weights_of

PREFIX = group_prefix("aws", "us-east-1", "shop", "web")
DRAIN, LATE = timedelta(seconds=30), timedelta(seconds=31)


def wanted(name, **fields):
    return WantedServer(name=f"{PREFIX}{name}", **{"address": "10.0.0.1", "port": 80, **fields})


def server(name, mode=ServerMode.READY, *, own=True, **fields):
    name = f"{PREFIX}{name}" if own else name
    return ServerState(name=name, mode=mode, **{"address": "10.0.0.1", "port": 80, **fields})


def steps(instances, servers):
    """The kind of each step, and what waits."""
    found = reconcile(instances, servers, prefix=PREFIX, drain=DRAIN)
    return [step.kind.value for step in found.steps], [*found.waiting.values()]


@pytest.mark.parametrize(
    ("instances", "servers", "kinds"),
    [
        pytest.param([wanted("a")], [], ["add"], id="a new instance is added, in maintenance"),
        pytest.param([wanted("a")], [server("a", ServerMode.MAINTENANCE)], ["probe"], id="then it is probed"),
        pytest.param(
            [wanted("a", answers=True)], [server("a", ServerMode.MAINTENANCE)], ["enter"], id="then it enters"
        ),
        pytest.param(
            [wanted("a", answers=False)], [server("a", ServerMode.MAINTENANCE)], [], id="silent, it stays out"
        ),
        pytest.param([wanted("a")], [server("a")], [], id="one that serves is left alone"),
        pytest.param([wanted("a")], [server("a", is_checked=False)], ["check"], id="without a check it gets one"),
        pytest.param([wanted("a", weight=9)], [server("a")], ["weigh"], id="a weight is set"),
        pytest.param([wanted("a")], [server("a", weight=9)], [], id="nobody asked for a weight"),
        pytest.param([wanted("a")], [server("a", ServerMode.DRAIN)], ["enter"], id="wanted again while it drains"),
        pytest.param([wanted("a", port=81)], [server("a")], ["drain"], id="at another port it leaves first"),
        pytest.param([], [server("a")], ["drain"], id="one that left drains"),
        pytest.param([], [server("a", is_up=False)], ["retire"], id="one that is down has nothing to drain"),
        pytest.param([], [server("a", ServerMode.DRAIN, sessions=1)], [], id="its requests are waited for"),
        pytest.param([], [server("a", ServerMode.DRAIN, sessions=1, since=LATE)], ["retire"], id="for so long"),
        pytest.param([], [server("a", ServerMode.DRAIN)], ["retire"], id="without requests at once"),
        pytest.param([], [server("a", ServerMode.MAINTENANCE)], ["delete"], id="then it is deleted"),
        pytest.param([wanted("b")], [server("a")], ["add"], id="the last one stays until another serves"),
        pytest.param([wanted("b")], [server("a"), server("b")], ["drain"], id="and leaves then"),
        pytest.param([], [server("front", own=False)], [], id="a stranger's is left alone"),
        pytest.param([], [server("trimtab:aws:us-east-1:shop:webs:a", own=False)], [], id="and another group's"),
    ],
)
def test_steps(instances, servers, kinds):
    assert steps(instances, servers)[0] == kinds


def test_what_waits_is_said_by_server():
    away = [server("old", ServerMode.DRAIN, sessions=2, since=timedelta(seconds=10))]
    assert steps([wanted("new", answers=False)], [*away, server("new", ServerMode.MAINTENANCE)])[1] == [
        "it does not answer yet",
        "it drains: 2 sessions, at most 20s more",
    ]
    assert steps([wanted("a")], [server("a", is_up=False)])[1] == ["HAProxy's check finds it down"]


def test_a_new_server_has_the_weight_of_its_native_group():
    instances = [wanted("a", native="green"), wanted("b", native="green"), wanted("c", native="blue")]
    found = reconcile(instances, [server("a", weight=40)], prefix=PREFIX, drain=DRAIN)
    assert [step.weight for step in found.steps if step.kind is StepKind.ADD] == [40, 1]


NAMES = st.sampled_from("abcd")
SERVERS = st.builds(
    server,
    NAMES,
    st.sampled_from(ServerMode),
    own=st.booleans(),
    is_up=st.booleans(),
    is_checked=st.booleans(),
    weight=st.integers(0, 256),
    sessions=st.integers(0, 3),
    port=st.sampled_from([80, 81]),
)


@given(st.lists(SERVERS, unique_by=lambda one: one.name), st.sets(NAMES))
def test_any_backend_comes_to_the_instances_and_strangers_stay(servers, names):
    """Taking the steps again and again, every instance serves, nobody else of the group does, and no stranger moves."""
    known = {one.name: one for one in servers}
    strangers = {name: one for name, one in known.items() if not name.startswith(PREFIX)}
    for _ in range(20):
        instances = [wanted(name, answers=True) for name in names]
        found = reconcile(instances, list(known.values()), prefix=PREFIX, drain=DRAIN)
        for step in found.steps:
            assert step.server not in strangers
            known = taken(known, step)
        known = {name: replace(one, sessions=0, is_up=True) for name, one in known.items()}
        strangers = {name: known[name] for name in strangers}
    assert not found.steps
    own = {name: one for name, one in known.items() if name.startswith(PREFIX)}
    assert own.keys() == {f"{PREFIX}{name}" for name in names}
    assert all(one.mode is ServerMode.READY and one.is_checked for one in own.values())


def taken(known, step):
    """The servers after a step."""
    if step.kind is StepKind.DELETE:
        return {name: one for name, one in known.items() if name != step.server}
    if step.kind is StepKind.ADD:
        new = ServerState(name=step.server, address=step.address, port=step.port, mode=ServerMode.MAINTENANCE)
        return {**known, step.server: replace(new, is_checked=False, weight=step.weight)}
    changes = {
        StepKind.ENTER: {"mode": ServerMode.READY, "is_checked": True, "weight": step.weight},
        StepKind.CHECK: {"is_checked": True},
        StepKind.WEIGH: {"weight": step.weight},
        StepKind.DRAIN: {"mode": ServerMode.DRAIN},
        StepKind.RETIRE: {"mode": ServerMode.MAINTENANCE, "sessions": 0},
    }
    return {**known, step.server: replace(known[step.server], **changes.get(step.kind, {}))}


def test_names_hold_whose_a_server_is_and_never_clash():
    assert server_name(PREFIX, "shop-web", "i-0a1b") == "trimtab:aws:us-east-1:shop:web:shop-web:i-0a1b"
    odd = ["a b", "a_b", "a:b", "x" * 200, "x" * 201, "/subscriptions/s/virtualMachines/3"]
    names = {server_name(PREFIX, "shop-web", each) for each in odd}
    assert len(names) == len(odd)
    assert all(len(name) < 160 and " " not in name and name.count(":") == PREFIX.count(":") + 1 for name in names)


# weights


@given(
    st.dictionaries(st.sampled_from(["blue", "green"]), st.floats(0, 100), min_size=1),
    st.dictionaries(st.sampled_from(["blue", "green"]), st.integers(0, 30)),
)
def test_weights_are_in_range_and_nothing_is_nothing(shares, sizes):
    if not any(share > 0 and sizes.get(name) for name, share in shares.items()):
        return
    for name, weight in weights_of(shares, sizes).items():
        assert 0 <= weight <= HEAVIEST
        assert (weight == 0) == (shares[name] == 0)


@pytest.mark.parametrize(
    ("shares", "sizes", "share"),
    [
        ({"blue": 90, "green": 10}, {"blue": 4, "green": 4}, 0.1),
        ({"blue": 90, "green": 10}, {"blue": 9, "green": 1}, 0.1),
        ({"blue": 0.5, "green": 0.5}, {"blue": 6, "green": 2}, 0.5),
        ({"blue": 99, "green": 1}, {"blue": 1, "green": 3}, 0.01),
        ({"blue": 100, "green": 0}, {"blue": 2, "green": 2}, 0),
        ({"blue": 0, "green": 1}, {"blue": 2, "green": 2}, 1),
    ],
)
def test_native_groups_get_their_shares(shares, sizes, share):
    weights = weights_of(shares, sizes)
    total = sum(weights[name] * size for name, size in sizes.items())
    assert weights["green"] * sizes["green"] / total == pytest.approx(share, abs=0.011)


def test_impossible_shares_are_refused():
    with pytest.raises(InvalidArgument, match="0 or more"):
        weights_of({"blue": -1}, {"blue": 1})
    with pytest.raises(InvalidArgument, match="give one more than 0"):
        weights_of({"blue": 0, "green": 1}, {"blue": 1})
