"""The filter language of Cloud Monitoring, and the laws of discovery documents."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.emulators.gcp.discovery import check, check_query, load
from trimtab.emulators.gcp.filters import parse_filter, parse_listing, selector_of
from trimtab.emulators.shared.errors import ServiceError

LABELS: Mapping[str, str] = {
    "metric.type": "compute.googleapis.com/instance/cpu/utilization",
    "resource.type": "gce_instance",
    "resource.labels.zone": "europe-west1-b",
    "metric.labels.instance_name": "web-1",
    "metric.labels.port": "8080",
    "metadata.system_labels.instance_group": "web",
    "metadata.user_labels.team": 'the "shop"',
}


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ('resource.type = "gce_instance"', True),
        ("resource.type = 'gce_instance'", True),
        ("resource.type = gce_instance", True),
        ('resource.type != "gce_instance"', False),
        ('resource.labels.zone = "europe-west1-b"', True),
        ('resource.label.zone = "europe-west1-b"', True),
        ('metric.label.instance_name = "web-2"', False),
        ('metadata.system_labels.instance_group = "web"', True),
        ('metadata.system_labels."instance_group" = "web"', True),
        ('metadata.user_labels.team = "the \\"shop\\""', True),
        ('resource.labels.zone = starts_with("europe-")', True),
        ('resource.labels.zone = ends_with("-c")', False),
        ('resource.labels.zone = has_substring("west")', True),
        ('resource.labels.zone : "west"', True),
        ('resource.labels.zone = one_of("a", "europe-west1-b")', True),
        ('resource.labels.zone != one_of("a", "europe-west1-b")', False),
        ('metric.labels.instance_name = monitoring.regex.full_match("web-[0-9]+")', True),
        ('metric.labels.instance_name = monitoring.regex.full_match("web")', False),
        ('metric.labels.instance_name != monitoring.regex.full_match("web")', True),
        ("metric.labels.port > 80", True),
        ("metric.labels.port <= 80", False),
        ("metric.labels.instance_name > 80", False),
        ('metric.labels.absent = ""', True),
        ('metric.labels.absent != "x"', True),
        ('resource.type = "gce_instance" AND metric.labels.port = "8080"', True),
        ('resource.type = "gce_instance" metric.labels.port = "1"', False),
        ('resource.type = "gce_instance"\nmetric.labels.port = "8080"', True),
        ('resource.type = "global" OR metric.labels.port = "8080"', True),
        ('NOT resource.type = "gce_instance"', False),
        ('NOT (resource.type = "global" OR metric.labels.port = "1")', True),
    ],
)
def test_a_filter_passes_what_it_describes(text: str, passes: bool) -> None:
    assert parse_filter(text).matches(LABELS.get) is passes


def test_or_binds_closer_than_and() -> None:
    either = 'metric.labels.port = "1" AND resource.type = "global" OR resource.type = "gce_instance"'
    assert not parse_filter(either).matches(LABELS.get)
    grouped = '(metric.labels.port = "1" AND resource.type = "global") OR resource.type = "gce_instance"'
    assert parse_filter(grouped).matches(LABELS.get)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "column 1, the filter ends too early"),
        ("resource.type", "column 14"),
        ('resource.type = "a" AND', "column 24"),
        ('(resource.type = "a"', "column 21"),
        ('resource.type = "a")', "column 20, token ')'"),
        ('resource.type = "a" OR\n  colour = "red"', "line 2, column 3, unknown selector 'colour'"),
        ('metadata.zone = "a"', "column 1, unknown selector 'metadata.zone'"),
        ('resource.type = "a', "column 17"),
        ('resource.type = near("a")', "column 17, unknown function '= near('"),
        ('metric.labels.port > starts_with("8")', "column 22"),
        ('metric.labels.port = starts_with("8", "9")', "starts_with takes one value"),
        ('metric.labels.port = monitoring.regex.full_match("(")', "invalid regular expression"),
        ("AND", "column 1, token 'AND'"),
        ("resource.type = ?", "column 17, token '?'"),
    ],
)
def test_a_bad_filter_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(ServiceError) as caught:
        parse_filter(text)
    assert caught.value.code == "INVALID_ARGUMENT"
    assert place in caught.value.message


def test_a_filter_has_2048_characters_at_most() -> None:
    with pytest.raises(ServiceError, match="longer than 2048"):
        parse_filter('resource.type = "' + "a" * 2048 + '"')


def test_a_filter_knows_which_value_it_insists_on() -> None:
    assert parse_filter('metric.type = "a" AND resource.type = "b"').exact("metric.type") == "a"
    for text in ('metric.type = starts_with("a")', 'metric.type = "a" OR metric.type = "b"', 'NOT metric.type = "a"'):
        assert parse_filter(text).exact("metric.type") is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('metric.labels.a = "1"', True),
        ('metric.labels.a = "1" AND resource.type = "global"', True),
        ('metric.labels.a != "1"', False),
        ('metric.labels.a = starts_with("1")', False),
        ('metric.labels.a = "1" OR metric.labels.a = "2"', False),
    ],
)
def test_a_plain_filter_only_joins_equalities(text: str, plain: bool) -> None:
    assert parse_filter(text).is_plain is plain


def test_lists_are_filtered_by_the_fields_of_what_they_list() -> None:
    found = parse_listing('user_labels.fleet = "shop" AND display_name = starts_with("web")')
    body = {"user_labels.fleet": "shop", "display_name": "web busy"}
    assert found.matches(body.get)
    assert not found.matches({**body, "display_name": "api"}.get)
    with pytest.raises(ServiceError, match="unknown selector"):
        parse_listing('metric.type = "a"')


def test_fields_of_series_have_one_name_each() -> None:
    names = ["resource.label.zone", 'metadata.system_labels."name"', "project", "colour"]
    assert [selector_of(name) for name in names] == [
        "resource.labels.zone",
        "metadata.system_labels.name",
        "project",
        None,
    ]


def outcome(text: str) -> str:
    try:
        return "passes" if parse_filter(text).matches(LABELS.get) else "does not pass"
    except ServiceError as error:
        return error.code


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_is_refused(text: str) -> None:
    assert outcome(text) in ("passes", "does not pass", "INVALID_ARGUMENT")


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=20))
def test_a_value_in_quotes_is_found_again(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    assert parse_filter(f'metric.labels.a = "{quoted}"').matches({"metric.labels.a": value}.get)


# discovery documents


@pytest.mark.parametrize(
    ("schema", "body", "problem"),
    [
        ("Autoscaler", {"colour": 1}, "Unknown name \"colour\" at 'resource'"),
        ("Autoscaler", {"autoscalingPolicy": {"x": 1}}, "at 'resource.autoscalingPolicy'"),
        ("Autoscaler", {"autoscalingPolicy": []}, "an object is expected"),
        ("Autoscaler", {"autoscalingPolicy": {"mode": "ONN"}}, "'resource.autoscalingPolicy.mode': 'ONN'"),
        ("Autoscaler", {"autoscalingPolicy": {"minNumReplicas": "1"}}, "the type is integer (int32)"),
        ("Autoscaler", {"autoscalingPolicy": {"minNumReplicas": 2**31}}, "the type is integer (int32)"),
        ("Autoscaler", {"autoscalingPolicy": {"minNumReplicas": True}}, "the type is integer (int32)"),
        ("Autoscaler", {"id": 5}, "the type is string (uint64)"),
        ("Autoscaler", {"id": "-5"}, "the type is string (uint64)"),
        ("Autoscaler", {"name": "Web"}, "Must be a match of regex"),
        ("Autoscaler", {"statusDetails": {}}, "a list is expected"),
        ("Autoscaler", {"statusDetails": [{"type": "BAD"}]}, "'resource.statusDetails[0].type'"),
        ("AutoscalingPolicy", {"scalingSchedules": {"a": {"b": 1}}}, "at 'resource.scalingSchedules.a'"),
        ("AutoscalingPolicy", {"cpuUtilization": {"utilizationTarget": "0.6"}}, "the type is number (double)"),
        ("AutoscalingPolicyScalingSchedule", {"disabled": "no"}, "the type is boolean"),
        ("Metadata", {"fingerprint": "?"}, "the type is string (byte)"),
    ],
)
def test_a_body_that_is_not_in_the_document_is_told_with_its_place(schema: str, body: object, problem: str) -> None:
    found = check(load("compute.v1"), schema, body)
    assert len(found) == 1
    assert problem in found[0]


def test_a_body_that_is_as_the_document_says_has_no_problem() -> None:
    body = {
        "name": "web",
        "id": "123",
        "autoscalingPolicy": {"mode": "ON", "minNumReplicas": 1, "cpuUtilization": {"utilizationTarget": 1}},
    }
    assert check(load("compute.v1"), "Autoscaler", body, method="compute.autoscalers.insert") == []


def test_required_fields_are_those_of_the_method() -> None:
    body = {"target": "x"}
    assert check(load("compute.v1"), "Autoscaler", body) == []
    found = check(load("compute.v1"), "Autoscaler", body, method="compute.autoscalers.insert")
    assert ["Required field 'resource.name' not specified" in text for text in found] == [True]


def test_durations_and_moments_are_checked() -> None:
    document = load("monitoring.v3")
    for span, good in (("60s", True), ("1.5s", True), ("60", False), ("1m", False)):
        assert (check(document, "MetricThreshold", {"duration": span}) == []) is good
    for moment, good in (("2026-01-05T00:00:00Z", True), ("2026-01-05T00:00:00", False), ("noon", False)):
        assert (check(document, "TimeInterval", {"endTime": moment}) == []) is good


def test_parameters_are_those_of_the_method_and_those_of_all() -> None:
    document, method = load("compute.v1"), "compute.autoscalers.list"
    path = {"project": "p", "zone": "z"}
    assert check_query(document, method, {**path, "maxResults": "5", "$alt": "json;enum-encoding=int"}) == []
    wrong = check_query(document, method, {**path, "maxResults": "many", "returnPartialSuccess": "maybe"})
    assert ["maxResults" in text or "returnPartialSuccess" in text for text in wrong] == [True, True]
    assert check_query(document, method, {"project": "p", "colour": "red"}) == [
        'Invalid JSON payload received. Unknown name "colour": Cannot bind query parameter.',
        "Required field 'zone' not specified",
    ]
