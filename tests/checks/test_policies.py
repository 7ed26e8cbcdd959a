import pytest

from tests.checks.conftest import BUSY, IDLE, OUT, PAIR

AHEAD = {"type": "predictive", "metric": "cpu", "target": 60, "mode": "forecast-and-scale"}
HOLD = {"type": "target-tracking", "metric": "cpu", "target": 60}
OFFICE = {"cron": "0 8 * * 1-5", "zone": "Europe/Madrid", "duration": "10h"}

# TT104


def test_tt104_finds_a_size_that_cannot_change(found):
    one = found("TT104", capacity={"min": 3, "max": 3})
    assert [(item.path, "out and back do nothing" in item.text) for item in one] == [("capacity.max", True)]


def test_tt104_names_a_size_that_is_one_number(found):
    (one,) = found("TT104", capacity=3)
    assert one.path == "capacity"
    assert one.mend == "write a range, `capacity: {min: 3, max: 5}`, or remove the policies"


def test_tt104_finds_it_where_schedules_pin_the_size_too(found):
    assert found("TT104", capacity={"min": 3, "max": 3}, schedules={"office": {**OFFICE, "desired": 3}})


@pytest.mark.parametrize(
    "fields",
    [
        {"policies": {}, "alarms": {}},
        {"schedules": {"office": {**OFFICE, "max": 5}}},
        {"schedules": {"sale": {"at": "2027-11-26T08:00:00", "zone": "Europe/Madrid", "duration": "4d", "max": 5}}},
    ],
)
def test_tt104_lets_a_size_be_that_a_schedule_widens_or_no_policy_moves(found, fields):
    assert not found("TT104", capacity={"min": 3, "max": 3}, **fields)


# TT105


@pytest.mark.parametrize("boot", [{"warm_up": "6m"}, {"health_check": {"grace": "6m"}}])
def test_tt105_finds_a_cooldown_shorter_than_the_start(found, boot):
    assert [one.path for one in found("TT105", **boot)] == ["policies.out.cooldown"]


def test_tt105_finds_the_vendors_default_too(found):
    one = found("TT105", warm_up="6m", policies={**PAIR, "out": {"change": 1}})
    assert "on aws and azure the next change may come 5m after the last" in one[0].text


def test_tt105_lets_a_cooldown_be_as_long_as_the_start(found):
    assert not found("TT105", warm_up="5m")
    assert not found("TT105")


def test_tt105_lets_clouds_be_that_have_no_cooldown(found):
    assert not found("TT105", provider="gcp", warm_up="20m")


def test_tt105_lets_steps_be_where_only_simple_policies_wait(found):
    steps = {"type": "step", "steps": [{"lower": 0, "change": 1}]}
    fields = {"warm_up": "6m", "policies": {**PAIR, "out": steps}}
    assert not found("TT105", provider="aws", **fields)
    assert found("TT105", provider="azure", **fields)


# TT106, TT112


def test_tt106_finds_a_maximum_that_a_forecast_may_raise(found):
    one = found("TT106", policies={**PAIR, "ahead": {**AHEAD, "maximum_breach": "increase"}})
    assert [item.path for item in one] == ["policies.ahead.maximum_breach"]


@pytest.mark.parametrize("more", [{}, {"maximum_breach": "increase", "enabled": False}])
def test_tt106_lets_a_maximum_be_that_holds(found, more):
    assert not found("TT106", policies={**PAIR, "ahead": {**AHEAD, **more}})


def test_tt106_lets_clouds_be_where_no_forecast_raises_it(found):
    policies = {**PAIR, "ahead": {**AHEAD, "maximum_breach": "increase"}}
    assert not found("TT106", provider="gcp", policies=policies)


def test_tt112_finds_a_mode_that_was_left_out(found):
    policy = {name: value for name, value in AHEAD.items() if name != "mode"}
    assert "`mode` is left out" in found("TT112", policies={**PAIR, "ahead": policy})[0].text


def test_tt112_lets_a_forecast_be_that_scales(found):
    assert not found("TT112", policies={**PAIR, "ahead": AHEAD})


# TT107, TT108


def test_tt107_finds_a_target_and_alarms_on_one_metric(found):
    one = found("TT107", policies={**PAIR, "hold": HOLD})
    assert [(item.path, "busy and idle scale" in item.text) for item in one] == [("policies.hold.metric", True)]


def test_tt107_lets_alarms_be_that_only_tell_or_see_something_else(found):
    alarms = {"busy": {**BUSY, "triggers": [], "notify": ["a"]}, "late": {**BUSY, "metric": "latency"}}
    assert not found("TT107", policies={**PAIR, "hold": HOLD}, alarms=alarms)


def test_tt108_finds_a_policy_that_no_alarm_triggers(found):
    policies = {**PAIR, "fast": {"change": 3}}
    assert [one.path for one in found("TT108", policies=policies)] == ["policies.fast"]
    assert found("TT108", alarms={"busy": BUSY, "idle": {**IDLE, "enabled": False}})[0].path == "policies.back"


def test_tt108_lets_policies_be_that_watch_by_themselves_or_are_off(found):
    assert not found("TT108", policies={**PAIR, "hold": HOLD, "ahead": AHEAD, "off": {"change": 1, "enabled": False}})


# TT110, TT111


@pytest.mark.parametrize(
    ("policies", "alarms"),
    [({"out": OUT}, {"busy": BUSY}), ({"hold": {**HOLD, "scale_in": False}}, {}), ({"ahead": AHEAD}, {})],
)
def test_tt110_finds_a_group_that_only_grows(found, policies, alarms):
    assert [one.path for one in found("TT110", policies=policies, alarms=alarms)] == ["policies"]


def test_tt110_lets_a_group_be_that_a_target_or_a_schedule_brings_back(found):
    assert not found("TT110")
    assert not found("TT110", policies={"hold": HOLD, "ahead": AHEAD}, alarms={})
    back = {"cron": "0 20 * * *", "zone": "UTC", "desired": 2}
    assert not found("TT110", policies={"out": OUT}, alarms={"busy": BUSY}, schedules={"back": back})


def test_tt111_finds_a_group_that_only_shrinks(found):
    assert found("TT111", policies={"back": PAIR["back"]}, alarms={"idle": IDLE})


def test_tt111_lets_a_group_be_that_an_exact_size_makes_larger(found):
    """An exact size goes the way of its alarm."""
    assert not found("TT111", policies={**PAIR, "out": {"to": 6}})


# TT114


def test_tt114_finds_a_group_that_cannot_come_back(found):
    none = {"capacity": {"min": 0, "max": 6}}
    assert [one.path for one in found("TT114", **none)] == ["capacity.min"]
    hold = {"policies": {"hold": HOLD}, "alarms": {}}
    assert "hold has no data" in found("TT114", **none, **hold)[0].text


@pytest.mark.parametrize(
    "fields",
    [
        {"capacity": {"min": 1, "max": 6}},
        {"schedules": {"office": {**OFFICE, "min": 2}}},
        {"schedules": {"office": {**OFFICE, "desired": 2}}},
        {"policies": {}, "alarms": {}},
        {
            "policies": {"hold": {**HOLD, "metric": {"name": "queue-per-instance", "of": "jobs"}}, "cpu": HOLD},
            "alarms": {},
        },
    ],
)
def test_tt114_lets_a_group_be_that_something_else_brings_back(found, fields):
    assert not found("TT114", **{"capacity": {"min": 0, "max": 6}, **fields})


# policies in Python, which go both ways by what only their authors know


@pytest.mark.parametrize("code", ["TT110", "TT111", "TT114"])
def test_a_function_scales_both_ways_and_out_of_nothing(found, code):
    drain = {"type": "python", "call": "acme.policies:drain"}
    alarms = {"busy": BUSY} if code == "TT110" else {"idle": IDLE}
    own = {"out": OUT} if code == "TT110" else {"back": PAIR["back"]}
    fields = {"capacity": {"min": 0, "max": 6}, "schedules": {}}
    if code == "TT114":
        own, alarms = {"hold": HOLD}, {}
    assert found(code, policies=own, alarms=alarms, **fields)
    assert not found(code, policies={**own, "drain": drain}, alarms=alarms, **fields)
