import pytest

import trimtab as tt
from tests.checks.conftest import BUSY, IDLE, PAIR, alarm, make_fleet

LOADED = alarm("requests-per-instance", "out", above=600)


def test_a_plain_group_has_nothing_to_find():
    assert tt.check_fleet(make_fleet()) == ()


# TT101


def test_tt101_finds_each_alarm_that_scales_in_while_others_scale_out(found):
    quiet = alarm("requests-per-instance", "back", below=100)
    both = found("TT101", alarms={"busy": BUSY, "idle": IDLE, "loaded": LOADED, "quiet": quiet})
    assert [one.path for one in both] == ["alarms.idle.triggers", "alarms.quiet.triggers"]
    assert "cpu below 30" in both[0].text
    assert "requests-per-instance above 600" in both[0].text
    assert "on aws" in both[0].text


def test_tt101_finds_a_target_that_scales_in_while_an_alarm_scales_out(found):
    policies = {**PAIR, "hold": {"type": "target-tracking", "metric": "cpu", "target": 60}}
    one = found("TT101", policies=policies, alarms={"loaded": LOADED})
    assert [item.path for item in one] == ["policies.hold.scale_in"]


def test_tt101_lets_targets_on_two_metrics_be(found):
    hold = {"type": "target-tracking", "target": 60}
    policies = {"cpu": {**hold, "metric": "cpu"}, "requests": {**hold, "metric": "requests-per-instance"}}
    assert not found("TT101", policies=policies, alarms={})


@pytest.mark.parametrize("provider", ["azure", "gcp", "memory"])
def test_tt101_lets_clouds_be_where_all_rules_must_agree(found, provider):
    assert not found("TT101", provider=provider, alarms={"busy": BUSY, "idle": IDLE, "loaded": LOADED})


def test_tt101_lets_an_alarm_be_whose_actions_are_off(found):
    assert not found("TT101", alarms={"busy": BUSY, "idle": {**IDLE, "enabled": False}, "loaded": LOADED})


# TT102


@pytest.mark.parametrize(
    ("low", "change", "sizes"),
    [
        (50, -1, "2 to 3 instances"),
        (35, -1, "2 instances"),  # 2 x 35 is 70: at the threshold
        (60, -1, "2 to 6 instances"),
        (35, -2, "2 to 4 instances"),  # no lower than the minimum: 2 goes to 1
    ],
)
def test_tt102_finds_the_sizes_at_which_the_rest_scales_out_again(found, low, change, sizes):
    policies = {**PAIR, "back": {"change": change}}
    alarms = {"busy": BUSY, "idle": {**IDLE, "below": low}}
    one = found("TT102", capacity={"min": 1, "max": 6}, policies=policies, alarms=alarms)
    assert [(item.path, sizes in item.text) for item in one] == [("alarms.idle.below", True)], one


def test_tt102_says_what_the_load_of_all_is_for_those_that_stay(found):
    """Three instances at 50 % are two at 75 %."""
    alarms = {"busy": BUSY, "idle": {**IDLE, "below": 50}}
    (one,) = found("TT102", alarms=alarms)
    assert "from 3 to 2, 50 becomes 75" in one.text


def test_tt102_finds_sizes_that_only_a_schedule_allows(found):
    fields = {"alarms": {"busy": BUSY, "idle": {**IDLE, "below": 35}}}
    night = {"cron": "0 20 * * *", "zone": "UTC", "duration": "8h", "min": 1}
    assert not found("TT102", **fields)
    assert "at 2 instances" in found("TT102", schedules={"night": night}, **fields)[0].text


def test_tt102_finds_it_at_the_upper_end_of_each_step(found):
    steps = [{"upper": -20, "change": -3}, {"lower": -20, "upper": 0, "change": -1}]
    policies = {**PAIR, "back": {"type": "step", "steps": steps}}
    wide = {"busy": BUSY, "idle": {**IDLE, "below": 45}}
    one = found("TT102", capacity={"min": 1, "max": 6}, policies=policies, alarms=wide)
    assert "from 2 to 1" in one[0].text


def test_tt102_finds_in_its_mend_a_threshold_that_passes(found):
    """Taking the mend at its word leaves nothing to find."""
    fields = {"capacity": {"min": 1, "max": 6}}
    mend = found("TT102", alarms={"busy": BUSY, "idle": {**IDLE, "below": 60}}, **fields)[0].mend
    limit = float(mend.split("below ")[1].split(" ")[0])
    assert not found("TT102", alarms={"busy": BUSY, "idle": {**IDLE, "below": limit}}, **fields)


@pytest.mark.parametrize("metric", ["requests", "disk", "latency"])
def test_tt102_lets_metrics_be_that_do_not_fall_as_instances_join(found, metric):
    alarms = {"busy": alarm(metric, "out", above=70), "idle": alarm(metric, "back", below=60)}
    assert not found("TT102", capacity={"min": 1, "max": 6}, alarms=alarms)


def test_tt102_lets_steps_be_that_take_more_only_where_there_is_less(found):
    """Three of seven go below 25, where the rest bears it; at the threshold of 45 it would not."""
    steps = [{"upper": -20, "change": -3}, {"lower": -20, "upper": 0, "change": -1}]
    policies = {**PAIR, "back": {"type": "step", "steps": steps}}
    alarms = {"busy": BUSY, "idle": {**IDLE, "below": 45}}
    assert not found("TT102", capacity={"min": 4, "max": 10}, policies=policies, alarms=alarms)


@pytest.mark.parametrize(("high", "low"), [("maximum", "maximum"), ("maximum", "average"), ("average", "p95")])
def test_tt102_lets_statistics_be_that_are_no_average(found, high, low):
    alarms = {"busy": {**BUSY, "statistic": high}, "idle": {**IDLE, "below": 60, "statistic": low}}
    assert not found("TT102", alarms=alarms)


def test_tt102_lets_thresholds_be_that_are_far_enough_apart(found):
    assert not found("TT102", capacity={"min": 1, "max": 1000})


# TT103


@pytest.mark.parametrize("missing", ["missing", "ignore", "not-breaching"])
@pytest.mark.parametrize("metric", ["requests", "requests-per-instance", "latency", "errors-5xx"])
def test_tt103_finds_little_traffic_that_nothing_counts_as(found, metric, missing):
    quiet = alarm(metric, "back", below=100, missing=missing)
    assert [one.path for one in found("TT103", alarms={"busy": BUSY, "quiet": quiet})] == ["alarms.quiet.missing"]


def test_tt103_lets_no_data_be_that_counts_as_little(found):
    assert not found("TT103", alarms={"quiet": alarm("requests", "back", below=100, missing="breaching")})


def test_tt103_lets_alarms_be_that_scale_out_or_see_hosts(found):
    assert not found("TT103", alarms={"busy": alarm("requests", "out", above=100), "idle": IDLE})


def test_tt103_lets_clouds_be_where_the_alarm_has_no_say(found):
    assert not found("TT103", provider="azure", alarms={"quiet": alarm("requests", "back", below=100)})


# TT109


def test_tt109_finds_an_alarm_that_does_nothing(found):
    one = found("TT109", alarms={"errors": {"metric": "errors-5xx", "above": 10}})
    assert [item.path for item in one] == ["alarms.errors"]


@pytest.mark.parametrize("more", [{"notify": ["a"]}, {"notify_ok": ["a"]}, {"triggers": ["out"]}, {"enabled": False}])
def test_tt109_lets_alarms_be_that_act_tell_or_are_off(found, more):
    assert not found("TT109", alarms={"errors": {"metric": "errors-5xx", "above": 10, **more}})


def test_tt109_lets_alarms_be_whose_datapoints_a_function_may_go_by(found):
    drain = {"type": "python", "call": "acme.policies:drain"}
    alarms = {"errors": {"metric": "errors-5xx", "above": 10}}
    assert not found("TT109", policies={"drain": drain}, alarms=alarms)
    assert found("TT109", policies={"drain": {**drain, "enabled": False}}, alarms=alarms)
