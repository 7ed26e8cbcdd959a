"""Cloud Monitoring, asked by Google's own clients over gRPC."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from gcp_monitoring_bench import (
    CPU,
    MINUTE,
    PROJECT,
    START,
    Bench,
    MonitoringAlone,
    MonitoringServer,
    clients_for,
    interval,
    policy,
    refusal,
    seconds,
    threshold,
)
from google.api.metric_pb2 import MetricDescriptor
from google.cloud.monitoring_v3 import Aggregation, ListTimeSeriesRequest, TypedValue

JOBS = "custom.googleapis.com/jobs"
LATENCY = "loadbalancing.googleapis.com/https/backend_latencies"
REQUESTS = "loadbalancing.googleapis.com/https/backend_request_count"


@pytest.fixture(scope="module")
def running() -> Iterator[Bench]:
    with MonitoringAlone() as emulator:
        server = MonitoringServer(emulator.serve, emulator.monitoring)
        channel, *clients = clients_for(server.endpoint)
        yield Bench(emulator, *clients)
        channel.close()
        server.stop()


@pytest.fixture
def bench(running: Bench) -> Bench:
    running.doors.reset()
    running.doors.set_clock(START, freeze=True)
    running.doors.clear_requests()
    return running


def listed(bench: Bench, text: str = f'metric.type = "{CPU}"', *, minutes: int = 10, **given: Any) -> list[Any]:
    asked = {"name": PROJECT, "filter": text, "interval": interval(bench.now - minutes * MINUTE, bench.now), **given}
    return list(bench.metrics.list_time_series(request={"view": "FULL", **asked}))


def values(series: Any) -> list[float]:
    return [point.value.double_value or point.value.int64_value for point in series.points]


def written(bench: Bench, value: float = 1.0, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "metric": {"type": JOBS, "labels": {}},
        "resource": {"type": "global", "labels": {}},
        "points": [{"interval": {"end_time": bench.now}, "value": {"double_value": value}}],
    }
    return {**found, **given}


def write(bench: Bench, *series: dict[str, Any]) -> None:
    bench.metrics.create_time_series(request={"name": PROJECT, "time_series": list(series)})


# reading


def test_series_come_back_newest_point_first_without_the_points_before_the_interval(bench: Bench) -> None:
    for value in (0.1, 0.2, 0.3):
        bench.push(value)
        bench.pass_minutes()
    (series,) = listed(bench, minutes=2)
    # three minutes were measured; the start of an interval is outside
    assert values(series) == [0.3]
    assert [values(one) for one in listed(bench, minutes=3)] == [[0.3, 0.2]]
    assert series.metric.type == CPU
    assert dict(series.resource.labels) == {"project_id": "trimtab", "instance_id": "1", "zone": "us-central1-a"}
    assert (series.metric_kind, series.value_type) == (
        MetricDescriptor.MetricKind.GAUGE,
        MetricDescriptor.ValueType.DOUBLE,
    )


def test_a_filter_picks_the_series_of_a_group(bench: Bench) -> None:
    bench.push(0.1, instance="1", group="web")
    bench.push(0.9, instance="2", group="api")
    text = f'metric.type = "{CPU}" AND metadata.system_labels.instance_group = "api"'
    assert [values(series) for series in listed(bench, text)] == [[0.9]]


@pytest.mark.parametrize(
    ("aligner", "found"),
    [
        ("ALIGN_MEAN", [2.5, 4.0]),
        ("ALIGN_MAX", [3.0, 5.0]),
        ("ALIGN_MIN", [2.0, 3.0]),
        ("ALIGN_SUM", [5.0, 8.0]),
        ("ALIGN_COUNT", [2, 2]),
        ("ALIGN_NEXT_OLDER", [2.0, 3.0]),
        ("ALIGN_STDDEV", [0.5, 1.0]),
    ],
)
def test_points_are_aligned_to_periods_that_end_with_the_interval(
    bench: Bench, aligner: str, found: list[float]
) -> None:
    for value in (5.0, 3.0, 3.0, 2.0):
        bench.pass_minutes()
        bench.push(value)
    aggregation = {"alignment_period": seconds(120), "per_series_aligner": aligner}
    (series,) = listed(bench, minutes=4, aggregation=aggregation)
    assert values(series) == found
    assert [point.interval.end_time for point in series.points] == [bench.now, bench.now - 2 * MINUTE]


def test_a_period_without_points_has_no_value(bench: Bench) -> None:
    bench.push(1.0)
    bench.pass_minutes(3)
    bench.push(3.0)
    aggregation = {"alignment_period": seconds(60), "per_series_aligner": "ALIGN_MEAN"}
    (series,) = listed(bench, minutes=4, aggregation=aggregation)
    assert [point.interval.end_time - bench.now for point in series.points] == [timedelta(0), -3 * MINUTE]


@pytest.mark.parametrize(
    ("reducer", "value"),
    [("REDUCE_MEAN", 0.5), ("REDUCE_SUM", 1.5), ("REDUCE_MAX", 0.9), ("REDUCE_MIN", 0.1), ("REDUCE_COUNT", 3)],
)
def test_series_are_reduced_to_one_and_lose_their_labels(bench: Bench, reducer: str, value: float) -> None:
    for instance, load in (("1", 0.1), ("2", 0.5), ("3", 0.9)):
        bench.push(load, instance=instance)
    aggregation = {
        "alignment_period": seconds(60),
        "per_series_aligner": "ALIGN_MEAN",
        "cross_series_reducer": reducer,
    }
    (series,) = listed(bench, aggregation=aggregation)
    assert values(series) == [pytest.approx(value)]
    assert dict(series.resource.labels) == {}


def test_series_are_reduced_by_group(bench: Bench) -> None:
    for instance, group, load in (("1", "web", 0.2), ("2", "web", 0.4), ("3", "api", 0.9)):
        bench.push(load, instance=instance, group=group)
    aggregation = {
        "alignment_period": seconds(60),
        "per_series_aligner": "ALIGN_MEAN",
        "cross_series_reducer": "REDUCE_MEAN",
        "group_by_fields": ["metadata.system_labels.instance_group", "resource.labels.zone"],
    }
    found = listed(bench, aggregation=aggregation)
    assert {one.metadata.system_labels["instance_group"]: values(one)[0] for one in found} == {
        "web": pytest.approx(0.3),
        "api": 0.9,
    }
    assert {one.resource.labels["zone"] for one in found} == {"us-central1-a"}


def test_counters_are_rates_or_sums_and_latencies_have_percentiles(bench: Bench) -> None:
    for value in (60, 120):
        bench.pass_minutes()
        bench.push(value, metric=REQUESTS)
    rate = {"alignment_period": seconds(60), "per_series_aligner": "ALIGN_RATE"}
    delta = {"alignment_period": seconds(120), "per_series_aligner": "ALIGN_DELTA"}
    text = f'metric.type = "{REQUESTS}"'
    assert values(listed(bench, text, minutes=2, aggregation=rate)[0]) == [2.0, 1.0]
    assert values(listed(bench, text, minutes=2, aggregation=delta)[0]) == [180]
    for value in range(100, 201, 10):
        bench.push(value, metric=LATENCY, instance=str(value))
    middle = {
        "alignment_period": seconds(60),
        "per_series_aligner": "ALIGN_DELTA",
        "cross_series_reducer": "REDUCE_PERCENTILE_50",
    }
    assert values(listed(bench, f'metric.type = "{LATENCY}"', aggregation=middle)[0]) == [150.0]
    (whole,) = listed(bench, f'metric.type = "{LATENCY}" AND resource.labels.instance_id = "100"')
    spread = whole.points[0].value.distribution_value
    assert (spread.count, spread.mean) == (1, 100.0)
    assert sum(spread.bucket_counts) == 1


def test_a_second_aggregation_works_on_what_the_first_one_leaves(bench: Bench) -> None:
    for value in (1.0, 2.0, 6.0):
        bench.pass_minutes()
        bench.push(value)
    first = {"alignment_period": seconds(60), "per_series_aligner": "ALIGN_MEAN"}
    second = {"alignment_period": seconds(180), "per_series_aligner": "ALIGN_MAX"}
    (series,) = listed(bench, minutes=3, aggregation=first, secondary_aggregation=second)
    assert values(series) == [6.0]


def test_headers_have_no_points_and_pages_count_series_or_points(bench: Bench) -> None:
    for minute in range(3):
        bench.pass_minutes(min(minute, 1))
        for instance in ("1", "2", "3"):
            bench.push(0.5, instance=instance)
    headers = bench.metrics.list_time_series(
        request={
            "name": PROJECT,
            "filter": f'metric.type = "{CPU}"',
            "interval": interval(bench.now - 10 * MINUTE, bench.now),
            "view": ListTimeSeriesRequest.TimeSeriesView.HEADERS,
            "page_size": 2,
        }
    )
    pages = [[len(series.points) for series in page.time_series] for page in headers.pages]
    assert pages == [[0, 0], [0]]
    found = listed(bench, page_size=4)
    assert sum(len(series.points) for series in found) == 9
    calls = [call for call in bench.doors.requests() if call.operation == "ListTimeSeries"]
    assert len(calls) == 2 + 3


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"filter": 'resource.type = "gce_instance"'}, "single metric type"),
        ({"filter": 'metric.type = starts_with("compute")'}, "single metric type"),
        ({"filter": "metric.type ="}, "line 1, column 14"),
        ({"interval": {"start_time": START}}, "interval.endTime"),
        ({"interval": interval(START, START - MINUTE)}, "interval.startTime"),
        ({"order_by": "x"}, "orderBy"),
        ({"page_token": "stolen"}, "pageToken"),
        ({"aggregation": {"per_series_aligner": "ALIGN_MEAN"}}, "alignmentPeriod"),
        ({"aggregation": {"per_series_aligner": "ALIGN_MEAN", "alignment_period": seconds(30)}}, "at least 60 seconds"),
        ({"aggregation": {"cross_series_reducer": "REDUCE_SUM"}}, "crossSeriesReducer"),
        (
            {
                "aggregation": {
                    "per_series_aligner": "ALIGN_MEAN",
                    "alignment_period": seconds(60),
                    "group_by_fields": ["resource.labels.zone"],
                }
            },
            "group-by fields without a reducer",
        ),
        (
            {"aggregation": {"per_series_aligner": "ALIGN_RATE", "alignment_period": seconds(60)}},
            "kind GAUGE and value type DOUBLE",
        ),
    ],
)
def test_a_query_that_is_not_well_made_is_refused_with_its_place(
    bench: Bench, given: dict[str, Any], place: str
) -> None:
    bench.push(0.5)
    asked = {"name": PROJECT, "filter": f'metric.type = "{CPU}"', "interval": interval(START - MINUTE, START), **given}
    status, text = refusal(lambda: list(bench.metrics.list_time_series(request=asked)))
    assert status == "INVALID_ARGUMENT"
    assert place in text


def test_a_project_that_is_not_there_is_denied(bench: Bench) -> None:
    status, text = refusal(lambda: list(bench.alerts.list_alert_policies(name="projects/other")))
    assert (status, "monitoring.alertPolicies.list" in text) == ("PERMISSION_DENIED", True)


# writing


def test_a_written_point_is_read_and_makes_its_descriptor(bench: Bench) -> None:
    labelled = written(bench, 7.0, metric={"type": JOBS, "labels": {"queue": "orders"}})
    write(bench, labelled)
    (series,) = listed(bench, f'metric.type = "{JOBS}"')
    assert (values(series), dict(series.metric.labels)) == ([7.0], {"queue": "orders"})
    found = bench.metrics.get_metric_descriptor(name=f"{PROJECT}/metricDescriptors/{JOBS}")
    kind, value_type = MetricDescriptor.MetricKind.GAUGE, MetricDescriptor.ValueType.DOUBLE
    assert (found.type, found.metric_kind, found.value_type) == (JOBS, kind, value_type)
    assert [label.key for label in found.labels] == ["queue"]


def test_points_of_a_series_come_in_order_and_five_seconds_apart(bench: Bench) -> None:
    write(bench, written(bench))
    assert "must be written in order" in refusal(write, bench, written(bench))[1]
    bench.doors.advance(timedelta(seconds=4))
    assert "more frequently than the maximum sampling period" in refusal(write, bench, written(bench))[1]
    bench.doors.advance(timedelta(seconds=1))
    write(bench, written(bench))


def test_of_a_call_the_good_series_are_kept_and_the_bad_ones_named(bench: Bench) -> None:
    bad = written(bench, metric={"type": CPU, "labels": {}})
    status, text = refusal(write, bench, written(bench), bad)
    assert (status, "timeSeries[1]" in text, "timeSeries[0]" in text) == ("INVALID_ARGUMENT", True, False)
    assert len(listed(bench, f'metric.type = "{JOBS}"')) == 1


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"resource": {"type": "https_lb_rule", "labels": {}}}, "resource type is none of"),
        ({"resource": {"type": "gce_instance", "labels": {"zone": "a"}}}, "instance_id"),
        ({"resource": {"type": "global", "labels": {"zone": "a"}}}, "zone"),
        ({"points": []}, "Exactly one point"),
        ({"metric_kind": "DELTA"}, "GAUGE or CUMULATIVE"),
        ({"metric_kind": "CUMULATIVE"}, "must be before its end time"),
        ({"points": [{"value": {"double_value": 1.0}}]}, "end time"),
        (
            {"points": [{"interval": {"end_time": START + timedelta(minutes=6)}, "value": {"double_value": 1.0}}]},
            "in the future",
        ),
        (
            {"points": [{"interval": {"end_time": START - timedelta(hours=26)}, "value": {"double_value": 1.0}}]},
            "in the past",
        ),
        (
            {"points": [{"interval": interval(START - MINUTE, START), "value": {"double_value": 1.0}}]},
            "must equal its end time",
        ),
    ],
)
def test_a_series_that_is_not_well_made_is_refused(bench: Bench, given: dict[str, Any], text: str) -> None:
    status, said = refusal(write, bench, written(bench, **given))
    assert (status, text in said) == ("INVALID_ARGUMENT", True), said


def test_a_metric_keeps_its_kind_its_value_type_and_the_labels_of_its_descriptor(bench: Bench) -> None:
    bench.metrics.create_metric_descriptor(
        name=PROJECT, metric_descriptor={"type": JOBS, "metric_kind": "GAUGE", "value_type": "INT64"}
    )
    assert "value type for metric" in refusal(write, bench, written(bench))[1]
    whole = {"points": [{"interval": {"end_time": bench.now}, "value": TypedValue(int64_value=3)}]}
    labelled = written(bench, metric={"type": JOBS, "labels": {"queue": "a"}}, **whole)
    assert "Unrecognized metric labels: [queue]" in refusal(write, bench, labelled)[1]
    write(bench, written(bench, **whole))
    assert values(listed(bench, f'metric.type = "{JOBS}"')[0]) == [3]


def test_a_call_writes_two_hundred_series_at_most(bench: Bench) -> None:
    many = [written(bench, metric={"type": JOBS, "labels": {"n": str(number)}}) for number in range(201)]
    assert refusal(write, bench, *many)[0] == "INVALID_ARGUMENT"
    write(bench, *many[:200])
    assert len(listed(bench, f'metric.type = "{JOBS}"')) == 200


def test_a_cumulative_count_is_read_as_a_rate(bench: Bench) -> None:
    for value in (60, 180):
        bench.pass_minutes()
        points = [{"interval": interval(START, bench.now), "value": {"int64_value": value}}]
        write(bench, written(bench, metric_kind="CUMULATIVE", points=points))
    rate = {"alignment_period": seconds(60), "per_series_aligner": "ALIGN_RATE"}
    (series,) = listed(bench, f'metric.type = "{JOBS}"', minutes=2, aggregation=rate)
    assert values(series) == [2.0, 1.0]


def test_descriptors_are_listed_by_filter_and_those_of_google_stay(bench: Bench) -> None:
    write(bench, written(bench))
    own = bench.metrics.list_metric_descriptors(
        request={"name": PROJECT, "filter": 'metric.type = starts_with("custom.googleapis.com/")'}
    )
    assert [one.type for one in own] == [JOBS]
    assert CPU in {one.type for one in bench.metrics.list_metric_descriptors(name=PROJECT)}
    bench.metrics.delete_metric_descriptor(name=f"{PROJECT}/metricDescriptors/{JOBS}")
    assert listed(bench, f'metric.type = "{JOBS}"') == []
    for metric in (JOBS, CPU):
        name = f"{PROJECT}/metricDescriptors/{metric}"
        assert refusal(bench.metrics.delete_metric_descriptor, name=name)[0] == "NOT_FOUND"


def test_monitored_resources_tell_their_labels(bench: Bench) -> None:
    found = {one.type: one for one in bench.metrics.list_monitored_resource_descriptors(name=PROJECT)}
    assert [label.key for label in found["gce_instance"].labels] == ["project_id", "instance_id", "zone"]
    name = f"{PROJECT}/monitoredResourceDescriptors/global"
    assert bench.metrics.get_monitored_resource_descriptor(name=name).type == "global"


# alert policies


def made(bench: Bench, *conditions: dict[str, Any], **given: Any) -> Any:
    return bench.alerts.create_alert_policy(name=PROJECT, alert_policy=policy(*conditions, **given))


def test_a_policy_gets_names_for_itself_and_its_conditions_and_a_record(bench: Bench) -> None:
    found = made(bench, user_labels={"trimtab-fleet": "shop"})
    assert found.name.rpartition("/")[2].isdigit()
    assert found.conditions[0].name.startswith(f"{found.name}/conditions/")
    assert found.enabled
    assert found.creation_record.mutate_time == START
    assert bench.alerts.get_alert_policy(name=found.name) == found


def test_policies_are_listed_by_label_and_name_sorted_and_in_pages(bench: Bench) -> None:
    for name, fleet in (("b", "shop"), ("a", "shop"), ("c", "other")):
        made(bench, display_name=name, user_labels={"fleet": fleet})
    asked = {"name": PROJECT, "filter": 'user_labels.fleet = "shop"', "order_by": "display_name", "page_size": 1}
    pager = bench.alerts.list_alert_policies(request=asked)
    assert [[one.display_name for one in page.alert_policies] for page in pager.pages] == [["a"], ["b"]]
    by_name = bench.alerts.list_alert_policies(request={"name": PROJECT, "filter": 'display_name = "c"'})
    assert [dict(one.user_labels) for one in by_name] == [{"fleet": "other"}]
    bad = {"name": PROJECT, "filter": 'colour = "red"'}
    assert refusal(lambda: list(bench.alerts.list_alert_policies(request=bad)))[0] == "INVALID_ARGUMENT"


def test_an_update_sets_the_fields_of_its_mask_or_all(bench: Bench) -> None:
    live = made(bench, user_labels={"fleet": "shop"})
    condition = live.conditions[0].name
    bench.pass_minutes()
    given = {"name": live.name, "display_name": "new", "user_labels": {}, "enabled": False}
    found = bench.alerts.update_alert_policy(alert_policy=given, update_mask={"paths": ["display_name", "enabled"]})
    assert (found.display_name, found.enabled, dict(found.user_labels)) == ("new", False, {"fleet": "shop"})
    assert (found.creation_record.mutate_time, found.mutation_record.mutate_time) == (START, START + MINUTE)
    whole = policy()
    whole["conditions"][0]["name"] = condition
    replaced = bench.alerts.update_alert_policy(alert_policy={"name": live.name, **whole})
    assert (dict(replaced.user_labels), replaced.enabled) == ({}, True)
    assert replaced.conditions[0].name == condition
    assert replaced.name == live.name


def test_an_update_of_an_unknown_field_condition_or_policy_is_refused(bench: Bench) -> None:
    live = made(bench)
    change = bench.alerts.update_alert_policy
    known = {"name": live.name, "display_name": "x"}
    assert refusal(change, alert_policy=known, update_mask={"paths": ["colour"]})[0] == "INVALID_ARGUMENT"
    other = policy()
    other["conditions"][0]["name"] = f"{live.name}/conditions/1"
    assert refusal(change, alert_policy={"name": live.name, **other})[0] == "INVALID_ARGUMENT"
    assert refusal(change, alert_policy={"name": f"{PROJECT}/alertPolicies/1"})[0] == "NOT_FOUND"


def test_a_deleted_policy_is_gone(bench: Bench) -> None:
    name = made(bench).name
    bench.alerts.delete_alert_policy(name=name)
    assert refusal(bench.alerts.get_alert_policy, name=name)[0] == "NOT_FOUND"
    assert refusal(bench.alerts.delete_alert_policy, name=name)[0] == "NOT_FOUND"


MEAN = {"alignment_period": seconds(60), "per_series_aligner": "ALIGN_MEAN"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"display_name": ""}, "display_name"),
        ({"combiner": "COMBINE_UNSPECIFIED"}, "combiner"),
        ({"conditions": []}, "alert_policy.conditions"),
        ({"conditions": policy(*[threshold()] * 7)["conditions"]}, "alert_policy.conditions"),
        ({"conditions": [{"display_name": "none"}]}, "conditions[0]"),
        ({"notification_channels": [f"{PROJECT}/notificationChannels/1"]}, "notification_channels[0]"),
        ({"user_labels": {"Fleet": "x"}}, "user_labels"),
        ({"user_labels": {"fleet": "X Y"}}, "user_labels"),
        ({"user_labels": {f"k{number}": "" for number in range(65)}}, "user_labels"),
        ({"alert_strategy": {"auto_close": seconds(60)}}, "autoClose"),
        ({"alert_strategy": {"notification_rate_limit": {"period": seconds(300)}}}, "notificationRateLimit"),
    ],
)
def test_a_policy_that_is_not_well_made_is_refused_with_its_field(
    bench: Bench, given: dict[str, Any], field: str
) -> None:
    status, text = refusal(made, bench, **given)
    assert (status, field in text) == ("INVALID_ARGUMENT", True), text


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"filter": f'metric.type = "{CPU}"'}, '"resource.type"'),
        ({"filter": 'resource.type = "gce_instance"'}, '"metric.type"'),
        ({"filter": "metric.type ~ x"}, "column 13"),
        ({"comparison": "COMPARISON_GE"}, "comparison"),
        ({"duration": seconds(90)}, "duration"),
        ({"duration": seconds(0), "evaluation_missing_data": "EVALUATION_MISSING_DATA_ACTIVE"}, "non-zero duration"),
        ({"aggregations": [MEAN] * 3}, "aggregations"),
        ({"aggregations": [{**MEAN, "alignment_period": seconds(30)}]}, "alignment_period"),
        (
            {"aggregations": [{**MEAN, "alignment_period": seconds(90_060)}]},
            "alignment_period had an invalid value",
        ),
        ({"aggregations": [{**MEAN, "per_series_aligner": "ALIGN_RATE"}]}, "kind GAUGE"),
        ({"aggregations": [{**MEAN, "group_by_fields": ["resource.labels.zone"]}]}, "group-by"),
    ],
)
def test_a_condition_that_is_not_well_made_is_refused_with_its_field(
    bench: Bench, given: dict[str, Any], field: str
) -> None:
    status, text = refusal(made, bench, threshold(**given))
    assert (status, field in text) == ("INVALID_ARGUMENT", True), text


def test_a_condition_on_a_metric_that_nobody_wrote_is_not_found(bench: Bench) -> None:
    on_jobs = threshold(filter=f'metric.type = "{JOBS}" AND resource.type = "global"')
    status, text = refusal(made, bench, on_jobs)
    assert (status, "Cannot find metric" in text) == ("NOT_FOUND", True)
    write(bench, written(bench))
    assert made(bench, on_jobs).name


def test_conditions_on_absence_and_in_promql_are_kept(bench: Bench) -> None:
    absent = {"filter": threshold()["filter"], "duration": seconds(120), "aggregations": [MEAN]}
    query = {"query": "up == 0", "duration": seconds(0), "evaluation_interval": seconds(30)}
    conditions = [
        {"display_name": "gone", "condition_absent": absent},
        {"display_name": "down", "condition_prometheus_query_language": query},
    ]
    found = made(bench, conditions=conditions)
    assert found.conditions[0].condition_absent.duration == timedelta(seconds=120)
    assert found.conditions[1].condition_prometheus_query_language.query == "up == 0"
    bench.pass_minutes(60)
    assert bench.incidents() == []
    soon = [{"display_name": "gone", "condition_absent": {**absent, "duration": seconds(60)}}]
    assert refusal(made, bench, conditions=soon)[0] == "INVALID_ARGUMENT"


# channels


def channel(**given: Any) -> dict[str, Any]:
    return {"type_": "email", "display_name": "ops", "labels": {"email_address": "ops@example.com"}, **given}


def test_a_channel_is_made_changed_and_told_by_policies(bench: Bench) -> None:
    found = bench.channels.create_notification_channel(name=PROJECT, notification_channel=channel())
    assert found.name.rpartition("/")[2].isdigit()
    assert found.enabled
    changed = bench.channels.update_notification_channel(
        notification_channel={"name": found.name, "enabled": False}, update_mask={"paths": ["enabled"]}
    )
    assert (changed.enabled, dict(changed.labels)) == (False, {"email_address": "ops@example.com"})
    told = made(bench, notification_channels=[found.name])
    assert refusal(bench.channels.delete_notification_channel, name=found.name)[0] == "FAILED_PRECONDITION"
    bench.channels.delete_notification_channel(name=found.name, force=True)
    assert list(bench.alerts.get_alert_policy(name=told.name).notification_channels) == []
    assert refusal(bench.channels.get_notification_channel, name=found.name)[0] == "NOT_FOUND"


def test_channels_are_listed_by_label_and_do_not_tell_their_secrets(bench: Bench) -> None:
    slack = {"channel_name": "#ops", "auth_token": "xoxb"}
    for body in (channel(user_labels={"fleet": "shop"}), channel(type_="slack", labels=slack)):
        bench.channels.create_notification_channel(name=PROJECT, notification_channel=body)
    asked = {"name": PROJECT, "filter": 'user_labels.fleet = "shop"'}
    assert [one.type_ for one in bench.channels.list_notification_channels(request=asked)] == ["email"]
    everything = bench.channels.list_notification_channels(name=PROJECT)
    assert "xoxb" not in str(list(everything))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"type_": "pigeon"}, "type"),
        ({"labels": {}}, "email_address"),
        ({"labels": {"email_address": "a@b", "colour": "red"}}, "colour"),
        ({"user_labels": {"A": "b"}}, "user_labels"),
    ],
)
def test_a_channel_that_is_not_well_made_is_refused(bench: Bench, given: dict[str, Any], field: str) -> None:
    create = bench.channels.create_notification_channel
    status, text = refusal(create, name=PROJECT, notification_channel=channel(**given))
    assert (status, field in text) == ("INVALID_ARGUMENT", True)


# incidents


def states(bench: Bench) -> list[str]:
    return [one["state"] for one in bench.incidents()]


def test_an_incident_opens_when_the_threshold_is_passed_for_the_duration_and_closes_after_it(bench: Bench) -> None:
    found = made(bench)
    seen = []
    for value in (0.9, 0.9, 0.9, 0.9, 0.5):
        bench.push(value)
        bench.pass_minutes()
        seen.append(states(bench))
    assert seen == [[], [], [], ["open"], ["closed"]]
    (incident,) = bench.incidents()
    assert (incident["policy"], incident["condition"], incident["value"]) == (found.name, "cpu", 0.9)
    assert incident["resource"]["labels"]["instance_id"] == "1"
    assert incident["openedAt"] == "2026-01-05T00:04:00Z"
    assert incident["closedAt"] == "2026-01-05T00:05:00Z"


def test_a_value_below_the_threshold_starts_the_duration_anew(bench: Bench) -> None:
    made(bench)
    for value in (0.9, 0.9, 0.9, 0.7, 0.9, 0.9, 0.9):
        bench.push(value)
        bench.pass_minutes()
    assert bench.incidents() == []


def test_every_series_has_its_own_incident_unless_several_must_fail(bench: Bench) -> None:
    short = {"duration": seconds(0)}
    made(bench, threshold(**short))
    made(bench, threshold(**short, trigger={"count": 2}), display_name="two")
    made(bench, threshold(**short, trigger={"percent": 100.0}), display_name="all")
    for instance, value in (("1", 0.9), ("2", 0.9), ("3", 0.1)):
        bench.push(value, instance=instance)
    bench.pass_minutes()
    assert [one["policyName"] for one in bench.incidents()] == ["web busy", "web busy", "two"]


@pytest.mark.parametrize(("combiner", "opens"), [("OR", True), ("AND", False)])
def test_conditions_are_combined(bench: Bench, combiner: str, opens: bool) -> None:
    busy, idle = threshold(duration=seconds(0)), threshold(duration=seconds(0), threshold_value=0.95)
    made(bench, busy, idle, combiner=combiner)
    bench.push(0.9)
    bench.pass_minutes()
    assert bool(bench.incidents()) is opens
    bench.push(0.99)
    bench.pass_minutes()
    assert "open" in states(bench)


@pytest.mark.parametrize(
    ("missing", "after"),
    [
        ("EVALUATION_MISSING_DATA_ACTIVE", "open"),
        ("EVALUATION_MISSING_DATA_INACTIVE", "closed"),
        ("EVALUATION_MISSING_DATA_NO_OP", "open"),
        (None, "open"),
    ],
)
def test_missing_data_counts_as_the_condition_says(bench: Bench, missing: str | None, after: str) -> None:
    told = {} if missing is None else {"evaluation_missing_data": missing}
    made(bench, threshold(duration=seconds(60), **told))
    for _ in range(2):
        bench.push(0.9)
        bench.pass_minutes()
    assert states(bench) == ["open"]
    bench.pass_minutes(30)
    assert states(bench) == [after]


def test_missing_data_that_counts_opens_an_incident_too(bench: Bench) -> None:
    told = {"evaluation_missing_data": "EVALUATION_MISSING_DATA_ACTIVE"}
    made(bench, threshold(duration=seconds(300), **told))
    bench.push(0.9)
    bench.pass_minutes(10)
    assert [one["openedAt"] for one in bench.incidents()] == ["2026-01-05T00:06:00Z"]


def test_an_incident_without_data_is_closed_after_the_time_of_its_policy(bench: Bench) -> None:
    made(bench, threshold(duration=seconds(0)), alert_strategy={"auto_close": seconds(1800)})
    bench.push(0.9)
    bench.pass_minutes(30)
    assert states(bench) == ["open"]
    bench.pass_minutes()
    assert states(bench) == ["closed"]


def test_what_a_disabled_or_deleted_policy_opened_is_closed(bench: Bench) -> None:
    policies = [made(bench, threshold(duration=seconds(0))) for _ in range(2)]
    bench.push(0.9)
    bench.pass_minutes()
    assert states(bench) == ["open", "open"]
    bench.alerts.delete_alert_policy(name=policies[0].name)
    off = {"name": policies[1].name, "enabled": False}
    bench.alerts.update_alert_policy(alert_policy=off, update_mask={"paths": ["enabled"]})
    bench.push(0.9)
    bench.pass_minutes()
    assert states(bench) == ["closed", "closed"]


def test_a_clock_that_goes_back_has_policies_looked_at_again(bench: Bench) -> None:
    made(bench, threshold(duration=seconds(0)))
    bench.doors.set_clock(START - timedelta(days=1), freeze=True)
    bench.push(0.9)
    bench.pass_minutes()
    assert states(bench) == ["open"]


# faults and the log


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("throttle", "RESOURCE_EXHAUSTED"),
        ("denied", "PERMISSION_DENIED"),
        ("error500", "UNAVAILABLE"),
        ("timeout_before", "UNAVAILABLE"),
        ("timeout_after", "UNAVAILABLE"),
    ],
)
def test_faults_become_the_statuses_of_grpc(bench: Bench, kind: str, status: str) -> None:
    bench.doors.fault(kind, operation="CreateAlertPolicy")
    assert refusal(made, bench)[0] == status
    there = len(list(bench.alerts.list_alert_policies(name=PROJECT)))
    assert there == (1 if kind == "timeout_after" else 0)


def test_a_stale_read_answers_what_was_there_before(bench: Bench) -> None:
    assert list(bench.alerts.list_alert_policies(name=PROJECT)) == []
    name = made(bench).name
    bench.doors.fault("stale", operation="ListAlertPolicies")
    bench.doors.fault("stale", operation="GetAlertPolicy")
    assert list(bench.alerts.list_alert_policies(name=PROJECT)) == []
    assert refusal(bench.alerts.get_alert_policy, name=name)[0] == "NOT_FOUND"
    assert bench.alerts.get_alert_policy(name=name).name == name


def test_calls_are_logged_with_their_service_and_what_they_asked(bench: Bench) -> None:
    name = made(bench).name
    refusal(bench.alerts.get_alert_policy, name=f"{PROJECT}/alertPolicies/1")
    created, read = bench.doors.requests()
    assert (created.service, created.operation, created.write, created.status) == (
        "monitoring",
        "CreateAlertPolicy",
        True,
        200,
    )
    assert created.params["alertPolicy"]["displayName"] == "web busy"
    assert (read.operation, read.write, read.status, read.code) == ("GetAlertPolicy", False, 404, "NOT_FOUND")
    assert name


def test_what_the_emulator_does_not_have_is_unimplemented(bench: Bench) -> None:
    descriptors = bench.channels.list_notification_channel_descriptors
    assert refusal(lambda: list(descriptors(name=PROJECT)))[0] == "UNIMPLEMENTED"
    ratio = threshold(denominator_filter=threshold()["filter"])
    assert refusal(made, bench, ratio)[0] == "UNIMPLEMENTED"


def test_an_aligner_of_every_name_is_taken_or_refused(bench: Bench) -> None:
    bench.push(0.5)
    bench.pass_minutes()
    bench.push(0.6)
    answered = set()
    for aligner in Aggregation.Aligner:
        how = {"alignment_period": seconds(60), "per_series_aligner": aligner}
        try:
            answered.add((aligner.name, len(listed(bench, aggregation=how))))
        except Exception as error:
            assert "cannot be applied to metrics with kind GAUGE and value type DOUBLE" in str(error)  # noqa: PT017
    assert {name for name, _ in answered} == {
        "ALIGN_NONE",
        "ALIGN_INTERPOLATE",
        "ALIGN_NEXT_OLDER",
        "ALIGN_MIN",
        "ALIGN_MAX",
        "ALIGN_MEAN",
        "ALIGN_COUNT",
        "ALIGN_SUM",
        "ALIGN_STDDEV",
        "ALIGN_PERCENT_CHANGE",
    }
