"""
A day of the NASA server's load on the Google emulator, in a group that the controller sizes.

Every decision that it stored is held against one made anew: the datapoints as they were pushed, the sizes as they were
read, handed to `engine.decide` in the plainest way. Nothing of the controller's own code takes part in the replay.
"""

import csv
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.controller.shadowed import MINUTE, Shadowed, started
from tests.laws import IS_EXHAUSTIVE
from trimtab.controller import Controller
from trimtab.engine import decide
from trimtab.engine.presets import EC2, GCE
from trimtab.engine.values import History, Observation, Sized
from trimtab.store import open_store

MINUTES = 1440 if IS_EXHAUSTIVE else 25
BEGINS = 6 * 60
"""At 6:00 of the third day; the sample holds the steepest hour of the morning."""
WARM_UP = timedelta(minutes=2)
SIMPLE = {
    "policies": {"out": {"change": 2, "cooldown": "5m"}, "in": {"change": -1, "cooldown": "5m"}},
    "alarms": {
        "hot": {"metric": "cpu", "above": 70, "periods": 2, "triggers": ["out"]},
        "cold": {"metric": "cpu", "below": 40, "periods": 3, "triggers": ["in"]},
    },
}
STEP = {
    "policies": {
        "out": {"type": "step", "steps": [{"lower": 0, "upper": 15, "change": 1}, {"lower": 15, "change": 3}]},
        "in": {"change": -1, "cooldown": "3m"},
    },
    "alarms": SIMPLE["alarms"],
}


def requests(shared):
    """Requests a minute, from the trace."""
    with (shared / "traces" / "nasa_http.csv").open() as lines:
        rows = [int(row["value"]) for row in csv.DictReader(lines)]
    begin = 2 * 1440 + BEGINS
    return rows[begin : begin + MINUTES]


@pytest.mark.sweep
def test_every_decision_of_a_day_is_the_engines_on_the_same_data(shared):
    preset = replace(GCE, cooldown=EC2.cooldown, default_cooldown=EC2.default_cooldown)
    with started("gcp") as test_cloud:
        world = Shadowed("gcp", test_cloud, groups={"simple": SIMPLE, "step": STEP}, controller_sizes=True)
        names = list(world.running)
        seen = {name: [] for name in names}
        store = open_store("sqlite://")
        controller = Controller(world.fleet, world.cloud, store=store)
        for count in requests(shared):
            points = []
            for name in names:
                running = max(1, world.cloud.group(f"shop-{name}").read().running)
                value = round(min(100.0, 2.2 * count / running), 3)
                factor, point = world.points[name]
                points.append({**point, "value": value * factor, "at": world.clock.now().isoformat()})
                seen[name].append((value, None))
            test_cloud.emulator.doors.push(points)
            world.clock.advance(MINUTE)
            states = {name: world.cloud.group(f"shop-{name}").read() for name in names}
            tick = controller.tick()
            assert not tick.error
            for name in names:
                seen[name][-1] = (seen[name][-1][0], (tick.at, states[name], tick[name]))
        records = {name: store.decisions(fleet="shop", group=name) for name in names}
        controller.close()
        store.close()
        world.close()
    for name in names:
        decided = list(replayed(world.fleet[name], seen[name], preset))
        assert len(decided) == MINUTES
        assert [result.decision.size for _, _, result in decided] == [ours.size for _, ours, _ in decided]
        by_moment = {at: ours for at, ours, _ in decided}
        assert len(records[name]) > MINUTES // 10
        for record in records[name]:
            ours = by_moment[record.at]
            assert (record.previous, record.size) == (ours.previous, ours.size)
            assert (record.minimum, record.maximum) == (ours.minimum, ours.maximum)
            assert record.reasons == tuple(reason.to_dict() for reason in ours.reasons)
        assert sum(ours.change != 0 for _, ours, _ in decided) >= MINUTES // 100


def replayed(group, seen, preset):
    """Each decision anew, from what was measured and read."""
    history, first_seen, settled = History(), {}, None
    values = []
    for value, (at, state, result) in seen:
        values.append(value)
        running = [item.id for item in state.instances if item.state.value == "running"]
        moving = any(item.state.value in ("pending", "terminating") for item in state.instances)
        first = at - WARM_UP if history.at is None else at
        first_seen = {name: first_seen.get(name, first) for name in running}
        settled = None if moving else settled or at
        if history.at is None:
            history = history._replace(asked=(Sized(at, state.desired),))
        alarms = {alarm.name: alarm_points(values, alarm) for alarm in group.alarms}
        observation = Observation(
            desired=state.desired,
            in_service=len(running),
            started=tuple(begin for begin in first_seen.values() if at - begin < WARM_UP),
            busy=moving,
            settled=settled,
            alarms=alarms,
        )
        decision = decide(group, observation, history, at, preset)
        history = decision.history
        yield at, decision, result


def alarm_points(values, alarm):
    """As many of the last minutes as an alarm looks at, and before the first nothing."""
    wanted = alarm.periods + 3
    return tuple([None] * max(0, wanted - len(values)) + values[-wanted:])
