"""One run of an autoscaler over its native body: the vendor's rows, tables, and laws."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from gcp_rows import ALWAYS, CPU, NEEDED, NOT_AS_A_BODY, NOW, RATE, REQUESTS, SETUPS, Measured, Setup, ago, asking
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws import examples
from tests.semantics.cases import Case, mismatches, read_cases

from trimtab.emulators.gcp.autoscaling import AutoscalerVerdict, evaluate, next_moment
from trimtab.emulators.gcp.datapoints import DatapointStore
from trimtab.emulators.gcp.discovery import check, load
from trimtab.emulators.gcp.facts import Backend, Balancing, GroupFacts, InstanceFacts, RunHistory
from trimtab.emulators.gcp.scaling_schedules import open_schedules, window_of
from trimtab.engine.values import Sized

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ROW_METRICS = {"global": {"project_id": "trimtab"}, "https_lb_rule": {"backend_name": "web"}}


def group(size: int, **given: Any) -> GroupFacts:
    """A group whose instances have run for a day."""
    instances = tuple(InstanceFacts(id=str(number), running_since=NOW - 24 * HOUR) for number in range(size))
    return GroupFacts(**{"name": "web", "target_size": size, "instances": instances, **given})


def put(points: DatapointStore, facts: GroupFacts, one: Measured, at: datetime) -> None:
    kind = "DELTA" if one.metric == REQUESTS else "GAUGE"
    if not one.per_instance:
        points.add(one.metric, {}, one.resource, ROW_METRICS[one.resource], at, one.value, kind)
        return
    for instance in facts.instances:
        points.add(one.metric, {}, one.resource, {"instance_id": instance.id}, at, one.value, kind)


def run(setup: Setup, facts: GroupFacts | None = None, **more: Any) -> AutoscalerVerdict:
    """One run; everything that is measured was so half a minute ago."""
    facts = facts or group(setup.size)
    if setup.balanced:
        facts = replace(facts, backends=[Backend(service="web", balancing=Balancing.RATE, capacity=RATE)])
    points = DatapointStore()
    for one in setup.measured:
        put(points, facts, one, setup.now - MINUTE / 2)
    return evaluate(
        {"autoscalingPolicy": setup.policy},
        facts=facts,
        now=setup.now,
        read=points.of_metric,
        past=more.get("past", RunHistory(setup.needed, setup.sizes)),
        forecast=setup.forecast,
    )


def words(verdict: AutoscalerVerdict) -> list[str]:
    return [one["type"] for one in verdict.status_details]


# the vendor's rows


def answer(op: str, setup: Setup) -> dict[str, Any]:
    if op == "stabilization_period":
        return {"seconds": longest_hold(setup)}
    verdict = run(setup)
    target = setup.size if verdict.size is None else verdict.size
    opened = open_schedules(setup.policy, setup.now)
    ends = [since + window_of(setup.policy["scalingSchedules"][name]).duration for name, since in opened.items()]
    return {
        "per_signal": list(verdict.sizes),
        "recommended": verdict.recommended,
        "target_size": target,
        "allowed": verdict.recommended == 0,
        "active": bool(verdict.past.active),
        "until": f"{max(ends):%Y-%m-%dT%H:%M:%SZ}" if ends else None,
    }


def longest_hold(setup: Setup) -> int:
    """For how many seconds a peak keeps a group from shrinking after it is over."""
    for seconds in range(0, 3660, 60):
        past = RunHistory((Sized(ago(seconds + 60), setup.size), Sized(ago(seconds), 1)))
        if run(setup, past=past).recommended < setup.size:
            return seconds
    raise AssertionError("the group never shrinks")


def rows(folder: Path) -> Iterator[Case]:
    for case in read_cases(folder / "semantics"):
        if case.source.startswith("gcp_signals.json"):
            yield case


def test_every_row_of_the_vendors_tables_holds_for_native_bodies(shared: Path) -> None:
    found = [case for case in rows(shared) if case.given["op"] not in NOT_AS_A_BODY]
    wrong = {
        case.id: mismatches(answer(case.given["op"], SETUPS[case.given["op"]](case.given)), case.expect)
        for case in found
    }
    assert found
    assert not {name: problems for name, problems in wrong.items() if problems}


def test_every_op_has_a_body_or_its_reason(shared: Path) -> None:
    ops = {case.given["op"] for case in rows(shared)}
    assert ops == set(SETUPS) | set(NOT_AS_A_BODY)


def test_every_policy_of_a_row_is_one_that_the_service_takes(shared: Path) -> None:
    found = [SETUPS[case.given["op"]](case.given) for case in rows(shared) if case.given["op"] in SETUPS]
    assert not [problem for one in found for problem in check(load("compute.v1"), "AutoscalingPolicy", one.policy)]


# tables


CPU_60 = {"minNumReplicas": 1, "maxNumReplicas": 10, "cpuUtilization": {"utilizationTarget": 0.6}}


def cpu(value: float) -> tuple[Measured, ...]:
    return (Measured(CPU, value),)


@pytest.mark.parametrize(
    ("policy", "size", "value", "recommended"),
    [
        (CPU_60, 4, 0.9, 6),
        (CPU_60, 4, 0.6, 4),
        (CPU_60, 4, 0.2, 2),
        (CPU_60, 4, 5.0, 10),
        (CPU_60, 4, 0.0, 1),
        ({"minNumReplicas": 1, "maxNumReplicas": 10}, 4, 0.9, 6),
    ],
)
def test_a_group_is_sized_by_its_cpu_which_is_held_at_60_per_cent_unless_told(
    policy: Mapping[str, Any], size: int, value: float, recommended: int
) -> None:
    assert run(Setup(policy, size, cpu(value))).recommended == recommended


def test_without_data_the_size_stays_and_cpu_has_no_word_for_it() -> None:
    verdict = run(Setup(CPU_60, 4))
    assert (verdict.recommended, verdict.size, verdict.sizes) == (4, None, (None,))
    assert (verdict.status, words(verdict)) == ("ACTIVE", [])


def test_a_value_older_than_two_minutes_is_none() -> None:
    facts, points = group(4), DatapointStore()
    put(points, facts, Measured(CPU, 0.9), NOW - 2 * MINUTE)
    body = {"autoscalingPolicy": CPU_60}
    assert evaluate(body, facts=facts, now=NOW, read=points.of_metric).sizes == (None,)
    assert evaluate(body, facts=facts, now=NOW - MINUTE / 60, read=points.of_metric).sizes == (6,)


def test_a_signal_without_data_keeps_others_from_making_the_group_smaller_but_not_larger() -> None:
    custom = {**CPU_60, "customMetricUtilizations": [{"metric": "custom.googleapis.com/jobs", "utilizationTarget": 5}]}
    low, high = run(Setup(custom, 4, cpu(0.1))), run(Setup(custom, 4, cpu(0.9)))
    assert (low.size, high.size) == (None, 6)
    assert words(low) == ["MISSING_CUSTOM_METRIC_DATA_POINTS"]


def test_new_instances_do_not_make_a_group_grow_while_they_initialize() -> None:
    new = InstanceFacts(id="new", running_since=NOW - MINUTE / 2)
    facts = group(4)
    busy = replace(facts, target_size=5, instances=[*facts.instances, new])
    points = DatapointStore()
    put(points, facts, Measured(CPU, 0.6), NOW)
    points.add(CPU, {}, "gce_instance", {"instance_id": "new"}, NOW, 1.0)
    found = evaluate({"autoscalingPolicy": CPU_60}, facts=busy, now=NOW, read=points.of_metric)
    assert found.recommended == 5
    put(points, busy, Measured(CPU, 0.7), NOW + MINUTE)
    later = evaluate({"autoscalingPolicy": CPU_60}, facts=busy, now=NOW + MINUTE, read=points.of_metric)
    assert later.recommended == 6


def test_a_value_says_nothing_of_instances_that_came_after_it() -> None:
    facts, points = group(4), DatapointStore()
    put(points, facts, Measured(CPU, 0.9), NOW)
    grown = replace(facts, target_size=6, instances=[*facts.instances, InstanceFacts(id="new", running_since=NOW)])
    found = evaluate({"autoscalingPolicy": CPU_60}, facts=grown, now=NOW + MINUTE, read=points.of_metric)
    assert found.recommended == 6


def test_values_of_another_groups_instances_count_for_nothing() -> None:
    facts, points = group(4), DatapointStore()
    put(points, facts, Measured(CPU, 0.6), NOW)
    points.add(CPU, {}, "gce_instance", {"instance_id": "other"}, NOW + MINUTE, 1.0)
    grown = replace(
        facts, target_size=5, instances=[*facts.instances, InstanceFacts(id="new", running_since=NOW + MINUTE)]
    )
    found = evaluate({"autoscalingPolicy": CPU_60}, facts=grown, now=NOW + MINUTE, read=points.of_metric)
    assert found.sizes == (4,)


def test_rates_are_of_a_second_or_a_minute_and_several_series_of_an_instance_are_added_up() -> None:
    facts, points = group(2), DatapointStore()
    for instance in ("0", "1"):
        for interface in ("a", "b"):
            labels = {"interface": interface}
            points.add("bytes", labels, "gce_instance", {"instance_id": instance}, NOW, 600, "DELTA", "INT64")
    for kind, target, size in (("DELTA_PER_SECOND", 10, 4), ("DELTA_PER_MINUTE", 600, 4), ("GAUGE", 600, 4)):
        signal = {"metric": "bytes", "utilizationTarget": target, "utilizationTargetType": kind}
        body = {"autoscalingPolicy": {"maxNumReplicas": 10, "customMetricUtilizations": [signal]}}
        assert evaluate(body, facts=facts, now=NOW, read=points.of_metric).recommended == size


def test_a_cumulative_metric_grows_between_two_points() -> None:
    facts, points = group(1), DatapointStore()
    for at, value in ((NOW - MINUTE, 100.0), (NOW, 1300.0)):
        points.add("total", {}, "gce_instance", {"instance_id": "0"}, at, value, "CUMULATIVE")
    signal = {"metric": "total", "utilizationTarget": 5, "utilizationTargetType": "DELTA_PER_SECOND"}
    body = {"autoscalingPolicy": {"maxNumReplicas": 10, "customMetricUtilizations": [signal]}}
    assert evaluate(body, facts=facts, now=NOW, read=points.of_metric).recommended == 4


def test_a_filter_picks_the_series() -> None:
    facts, points = group(3), DatapointStore()
    for queue, value in (("orders", 40.0), ("mail", 400.0)):
        points.add("backlog", {}, "pubsub_subscription", {"subscription_id": queue}, NOW, value)
    chosen = 'resource.type = "pubsub_subscription" AND resource.labels.subscription_id = "orders"'
    signal = {"metric": "backlog", "filter": chosen, "singleInstanceAssignment": 10}
    body = {"autoscalingPolicy": {"maxNumReplicas": 10, "customMetricUtilizations": [signal]}}
    assert evaluate(body, facts=facts, now=NOW, read=points.of_metric).recommended == 4


@pytest.mark.parametrize(
    "chosen",
    [
        'metric.labels.a = "1" OR metric.labels.a = "2"',
        "metric.labels.",
        'metric.type = "other"',
        'resource.labels.zone = "a"',
    ],
)
def test_a_filter_that_autoscalers_do_not_take_is_an_error(chosen: str) -> None:
    signal = {"metric": "backlog", "filter": chosen, "utilizationTarget": 10}
    verdict = run(Setup({"maxNumReplicas": 10, "customMetricUtilizations": [signal]}, 3))
    assert (verdict.status, words(verdict), verdict.size) == ("ERROR", ["CUSTOM_METRIC_INVALID"], None)


BALANCED = {"maxNumReplicas": 10, "loadBalancingUtilization": {"utilizationTarget": 0.8}}


@pytest.mark.parametrize(
    ("backends", "word"),
    [
        ([], "BACKEND_SERVICE_DOES_NOT_EXIST"),
        ([Backend(service="a"), Backend(service="b")], "MORE_THAN_ONE_BACKEND_SERVICE"),
        (
            [Backend(service="a", balancing=Balancing.RATE, capacity=None)],
            "UNSUPPORTED_MAX_RATE_LOAD_BALANCING_CONFIGURATION",
        ),
        ([Backend(service="a", balancing=Balancing.RATE, capacity=10)], "MISSING_LOAD_BALANCING_DATA_POINTS"),
    ],
)
def test_a_balancing_signal_needs_one_backend_service_that_says_what_an_instance_takes(
    backends: Sequence[Backend], word: str
) -> None:
    verdict = run(Setup(BALANCED, 3), group(3, backends=backends))
    assert (words(verdict), verdict.size) == ([word], None)


def test_a_balancing_signal_goes_by_requests_or_by_cpu_as_the_backend_does() -> None:
    facts = group(3, backends=[Backend(service="a", balancing=Balancing.RATE, capacity=10)])
    requests = Measured(REQUESTS, 40 * 60, per_instance=False, resource="https_lb_rule")
    assert run(Setup(BALANCED, 3, (requests,)), facts).recommended == 5
    by_cpu = group(3, backends=[Backend(service="a", capacity=0.5)])
    assert run(Setup(BALANCED, 3, cpu(0.8)), by_cpu).recommended == 6


def test_the_words_of_the_status_are_those_of_the_service_with_its_messages() -> None:
    schedules = {"big": {**ALWAYS, "minRequiredReplicas": 20}, "small": {**ALWAYS, "minRequiredReplicas": 1}}
    policy = {"minNumReplicas": 4, "maxNumReplicas": 4, "mode": "ONLY_SCALE_OUT", "scalingSchedules": schedules}
    stopped = [InstanceFacts(id="0"), InstanceFacts(id="1")]
    verdict = run(Setup(policy, 4), group(4, instances=stopped, troubles=["ZONE_RESOURCE_STOCKOUT"]))
    assert words(verdict) == [
        "MODE_ONLY_SCALE_OUT",
        "ALL_INSTANCES_UNHEALTHY",
        "MIN_EQUALS_MAX",
        "CAPPED_AT_MAX_NUM_REPLICAS",
        "SCHEDULED_INSTANCES_GREATER_THAN_AUTOSCALER_MAX",
        "SCHEDULED_INSTANCES_LESS_THAN_AUTOSCALER_MIN",
        "ZONE_RESOURCE_STOCKOUT",
    ]
    assert (verdict.status, verdict.recommended) == ("ERROR", 4)
    body = {
        "status": verdict.status,
        "statusDetails": [dict(one) for one in verdict.status_details],
        "scalingScheduleStatus": verdict.schedule_status,
        "recommendedSize": verdict.recommended,
    }
    assert check(load("compute.v1"), "Autoscaler", body) == []


def test_an_autoscaler_that_is_off_goes_on_computing_and_jumps_when_it_is_on() -> None:
    off, on = run(Setup({**CPU_60, "mode": "OFF"}, 4, cpu(0.9))), run(Setup(CPU_60, 4, cpu(0.9)))
    assert (off.recommended, off.size, words(off)) == (6, None, ["MODE_OFF"])
    assert on.size == 6


def test_a_group_shrinks_no_further_than_what_was_needed_in_ten_minutes() -> None:
    past = RunHistory((Sized(ago(540), 3), Sized(ago(480), 1)))
    assert run(Setup(CPU_60, 4, cpu(0.1)), past=past).recommended == 3
    over = RunHistory((Sized(ago(660), 3), Sized(ago(600), 1)))
    verdict = run(Setup(CPU_60, 4, cpu(0.1)), past=over)
    assert verdict.recommended == 1


def test_runs_hand_on_what_the_next_ones_need() -> None:
    """A busy minute is remembered for ten; then the group shrinks to what scale-in control leaves of the peak."""
    control = {"scaleInControl": {"maxScaledInReplicas": {"fixed": 2}, "timeWindowSec": 1200}}
    sizes, past, facts = [], RunHistory(), group(8)
    for minute in range(24):
        points = DatapointStore()
        put(points, facts, Measured(CPU, 0.6 if minute == 0 else 0.06), NOW + minute * MINUTE)
        verdict = evaluate(
            {"autoscalingPolicy": {**CPU_60, **control}},
            facts=facts,
            now=NOW + minute * MINUTE,
            read=points.of_metric,
            past=past,
        )
        past, size = verdict.past, verdict.size or facts.target_size
        facts = group(size)
        sizes.append(size)
    # the size was 8 up to the eleventh minute; 20 minutes later that peak is gone
    assert sizes[:11] == [8] * 11
    assert set(sizes[11:]) == {6}


# schedules


WORKDAY = {"schedule": "0 8 * * 1-5", "timeZone": "Europe/Madrid", "durationSec": 36000, "minRequiredReplicas": 6}
ONCE = {"schedule": "0 0 1 2 * 2020", "timeZone": "UTC", "durationSec": 3600, "minRequiredReplicas": 6}


def test_schedules_show_their_state_and_their_starts() -> None:
    policy = {
        **CPU_60,
        "scalingSchedules": {
            "day": WORKDAY,
            "over": ONCE,
            "off": {**WORKDAY, "disabled": True},
            "night": {**WORKDAY, "schedule": "0 22 * * *"},
        },
    }
    verdict = run(Setup(policy, 2))
    assert verdict.schedule_status == {
        "day": {
            "state": "ACTIVE",
            "nextStartTime": "2026-03-05T07:00:00.000+00:00",
            "lastStartTime": "2026-03-04T12:00:00.000+00:00",
        },
        "over": {"state": "OBSOLETE"},
        "off": {"state": "DISABLED"},
        "night": {"state": "READY", "nextStartTime": "2026-03-04T21:00:00.000+00:00"},
    }
    assert (verdict.recommended, verdict.past.active) == (6, frozenset({"day"}))


def test_a_schedule_keeps_the_moment_at_which_it_became_active() -> None:
    setup = Setup({**CPU_60, "scalingSchedules": {"day": WORKDAY}}, 6)
    first = run(replace(setup, now=NOW - HOUR))
    second = run(setup, past=first.past)
    assert second.schedule_status["day"]["lastStartTime"] == "2026-03-04T11:00:00.000+00:00"


@pytest.mark.parametrize(
    ("cron", "start"),
    [
        ("0 0 30 1 * 2030", "2030-01-30T05:00:00.000+00:00"),
        ("0 0 1 * * 2026-2027", "2026-04-01T04:00:00.000+00:00"),
        ("0 0 1 1 * 2026,2028", "2028-01-01T05:00:00.000+00:00"),
        ("0 12 * * *", "2026-03-04T17:00:00.000+00:00"),
    ],
)
def test_the_next_start_minds_the_zone_and_the_year(cron: str, start: str) -> None:
    schedule = {**WORKDAY, "schedule": cron, "timeZone": "America/New_York", "durationSec": 300}
    status = run(Setup({**CPU_60, "scalingSchedules": {"one": schedule}}, 2)).schedule_status
    assert status["one"]["nextStartTime"] == start


# predictive


def test_a_forecast_is_met_by_the_time_a_new_instance_has_initialized_and_never_makes_a_group_smaller() -> None:
    method = {"utilizationTarget": 0.6, "predictiveMethod": "OPTIMIZE_AVAILABILITY"}
    policy = {**CPU_60, "cpuUtilization": method, "coolDownPeriodSec": 300}
    setup = Setup(policy, 4, cpu(0.6), forecast=((NOW + timedelta(minutes=6), 7),))
    assert run(setup).recommended == 4
    assert run(replace(setup, now=NOW + MINUTE)).recommended == 7
    assert run(replace(setup, measured=(), forecast=((NOW, 2),))).recommended == 4
    assert run(replace(setup, policy=CPU_60, now=NOW + MINUTE)).recommended == 4


# when to look again


def looked_at_next(
    setup: Setup, *, facts: GroupFacts | None = None, past: RunHistory | None = None, at: datetime | None = None
) -> datetime | None:
    facts, points = facts or group(setup.size), DatapointStore()
    for one in setup.measured:
        put(points, facts, one, setup.now)
    return next_moment(
        {"autoscalingPolicy": setup.policy},
        facts,
        at or setup.now,
        datapoints=points,
        past=past or RunHistory(),
        forecast=setup.forecast,
    )


def test_without_data_schedules_or_history_nothing_is_looked_at_again() -> None:
    assert looked_at_next(Setup(CPU_60, 4)) is None


def test_with_data_every_minute_is_looked_at_and_one_after_it_has_left_the_window() -> None:
    setup = Setup(CPU_60, 4, cpu(0.5))
    assert [looked_at_next(setup, at=NOW + minute * MINUTE) for minute in range(4)] == [
        NOW + MINUTE,
        NOW + 2 * MINUTE,
        NOW + 3 * MINUTE,
        None,
    ]


def test_edges_of_schedules_windows_and_initialization_are_looked_at() -> None:
    schedules = Setup({**CPU_60, "scalingSchedules": {"day": WORKDAY}}, 4)
    assert looked_at_next(schedules) == datetime.fromisoformat("2026-03-04T17:00Z")
    new = group(1, instances=[InstanceFacts(id="0", running_since=NOW - MINUTE / 2)])
    assert looked_at_next(Setup(CPU_60, 1), facts=new) == NOW + MINUTE
    past = RunHistory((Sized(ago(300), 4), Sized(ago(240), 1)))
    assert looked_at_next(Setup(CPU_60, 4), past=past) == NOW + 6 * MINUTE
    method = {"utilizationTarget": 0.6, "predictiveMethod": "OPTIMIZE_AVAILABILITY"}
    ahead = Setup({**CPU_60, "cpuUtilization": method}, 4, forecast=((NOW + 10 * MINUTE, 7),))
    assert looked_at_next(ahead) == NOW + 9 * MINUTE


# laws


POLICIES = st.builds(
    lambda low, extra, mode, target, jobs, schedule, limit: {
        "minNumReplicas": low,
        "maxNumReplicas": low + extra,
        "mode": mode,
        "cpuUtilization": {"utilizationTarget": target},
        "customMetricUtilizations": [
            {"metric": NEEDED, "filter": 'resource.type = "global"', "singleInstanceAssignment": 1}
        ]
        if jobs
        else [],
        "scalingSchedules": {"always": {**ALWAYS, "minRequiredReplicas": schedule}} if schedule else {},
        **({"scaleInControl": {"maxScaledInReplicas": {"fixed": limit}, "timeWindowSec": 600}} if limit else {}),
    },
    st.integers(0, 10),
    st.integers(0, 20),
    st.sampled_from(["ON", "OFF", "ONLY_SCALE_OUT"]),
    st.sampled_from([0.1, 0.35, 0.6, 1.0]),
    st.booleans(),
    st.integers(0, 12),
    st.integers(0, 5),
)
VALUES = st.none() | st.floats(0, 2)
PASTS = st.lists(st.integers(0, 40), max_size=5).map(
    lambda sizes: RunHistory(tuple(Sized(ago(900 - 150 * step), size) for step, size in enumerate(sizes)))
)


def some_run(
    policy: Mapping[str, Any], size: int, load: float | None, jobs: float | None, past: RunHistory
) -> AutoscalerVerdict:
    measured = [Measured(CPU, load)] if load is not None else []
    measured += [Measured(NEEDED, jobs * 20, per_instance=False, resource="global")] if jobs is not None else []
    return run(Setup(policy, size, tuple(measured)), past=past)


@settings(max_examples=examples(200), deadline=None)
@given(POLICIES, st.integers(0, 35), VALUES, VALUES, PASTS)
def test_the_size_is_within_the_bounds_and_follows_the_mode(
    policy: Mapping[str, Any], size: int, load: float | None, jobs: float | None, past: RunHistory
) -> None:
    verdict = some_run(policy, size, load, jobs, past)
    assert policy["minNumReplicas"] <= verdict.recommended <= policy["maxNumReplicas"]
    match policy["mode"]:
        case "OFF":
            assert verdict.size is None
        case "ONLY_SCALE_OUT":
            assert verdict.size is None or verdict.size > size
        case _:
            assert (size if verdict.size is None else verdict.size) == verdict.recommended
    assert some_run(policy, size, load, jobs, past) == verdict


@settings(max_examples=examples(200), deadline=None)
@given(POLICIES, st.integers(0, 35), VALUES, VALUES, PASTS)
def test_missing_data_never_makes_a_group_smaller_than_its_bounds_do(
    policy: Mapping[str, Any], size: int, load: float | None, jobs: float | None, past: RunHistory
) -> None:
    verdict = some_run(policy, size, load, jobs, past)
    if None in verdict.sizes:
        assert verdict.recommended >= min(size, policy["maxNumReplicas"])


@settings(max_examples=examples(), deadline=None)
@given(POLICIES, st.integers(1, 35), st.floats(0, 2), st.floats(0, 2))
def test_more_load_never_asks_for_fewer_instances(
    policy: Mapping[str, Any], size: int, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    less, more = (some_run(policy, size, load, 0.0, RunHistory()) for load in (low, high))
    assert less.recommended <= more.recommended


def test_what_a_group_asks_for_exactly_is_what_it_gets() -> None:
    policy, measured = asking(7)
    assert run(Setup(policy, 3, measured)).size == 7
