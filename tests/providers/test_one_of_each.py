"""What every provider shares: the table of errors, pages, waits, conditional writes, patches, what is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from trimtab.clock import ManualClock
from trimtab.errors import (
    AccessDenied,
    AlreadyExists,
    Conflict,
    InvalidRequest,
    NotFound,
    Throttled,
    Unreachable,
    UnreadableReply,
)
from trimtab.events import silent
from trimtab.plan import Field, Key, Kind, Mark, MarkPlace, Resource
from trimtab.providers.aws.errors import ERRORS as AWS
from trimtab.providers.azure.errors import ERRORS as AZURE
from trimtab.providers.bodies import patch_of
from trimtab.providers.errors import ErrorRow, ErrorTable
from trimtab.providers.gcp.errors import ERRORS as GCP
from trimtab.providers.pinning import pin, pinned
from trimtab.providers.replies import ReplyContext
from trimtab.providers.retry import Caller, Pace, in_batches
from trimtab.providers.writer import send_held

NOW = datetime(2026, 7, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("table", "status", "code", "text", "error"),
    [
        # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
        (AWS, 500, "ResourceContention", "", Conflict),
        (AWS, 400, "AlreadyExists", "", AlreadyExists),
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
        (AWS, 503, "RequestLimitExceeded", "", Throttled),
        (AWS, 503, "Unavailable", "", Unreachable),
        (AWS, 400, "InvalidLaunchTemplateName.NotFoundException", "", NotFound),
        (AWS, 400, "ValidationError", "AutoScalingGroup name not found", NotFound),
        (AWS, 400, "ValidationError", "Max bound must be at least min bound", InvalidRequest),
        (AWS, 403, "OptInRequired", "the service does not exist for you", AccessDenied),
        # https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
        (AZURE, 429, "TooManyRequests", "", Throttled),
        (AZURE, 412, "PreconditionFailed", "", Conflict),
        (AZURE, 409, "ResourceExists", "", AlreadyExists),
        (AZURE, 404, "ResourceNotFound", "", NotFound),
        (AZURE, 501, "NotImplemented", "", InvalidRequest),
        # https://cloud.google.com/compute/docs/api/rate-limits
        (GCP, 403, "rateLimitExceeded", "", Throttled),
        (GCP, 403, "quotaExceeded", "", InvalidRequest),
        (GCP, 403, "forbidden", "", AccessDenied),
        (GCP, 409, "alreadyExists", "", AlreadyExists),
        (GCP, 412, "conditionNotMet", "", Conflict),
        (GCP, 499, "CANCELLED", "", Unreachable),
    ],
)
def test_refusals_are_errors_of_ours(table, status, code, text, error):
    assert table.class_of(status, code, text) is error


ROWS = (
    ErrorRow(NotFound, texts=("gone",)),
    ErrorRow(Conflict, statuses={403}),
    ErrorRow(AlreadyExists, codes=frozenset({"Taken*"})),
    ErrorRow(Throttled, codes=frozenset({"TakenTooFast"}), statuses={403}),
)


@settings(max_examples=examples(), deadline=None)
@given(
    st.permutations(ROWS),
    st.sampled_from([200, 400, 403]),
    st.sampled_from(["", "Taken", "TakenTooFast"]),
    st.sampled_from(["", "It is Gone"]),
)
def test_the_most_specific_row_wins_wherever_it_stands(rows, status, code, text):
    first, again = ErrorTable(ROWS), ErrorTable(rows)
    assert first.class_of(status, code, text) is again.class_of(status, code, text)


def test_an_operation_that_failed_is_not_made_again():
    error = GCP.of_operation(
        ReplyContext("gcp", "insert"), "stock-out", code="ZONE_RESOURCE_POOL_EXHAUSTED", status=503
    )
    assert type(error) is InvalidRequest


# pages and waits


@pytest.fixture
def caller():
    return Caller(clock=ManualClock(NOW), workers=2, listener=silent)


def test_pages_are_followed_to_their_end(caller):
    pages = {"": ([1], "b"), "b": ([2], "c"), "c": ([3], "")}
    assert list(caller.follow("list", pages.__getitem__)) == [[1], [2], [3]]


def test_a_page_that_was_read_already_is_no_further_page(caller):
    pages = {"": ([1], "b"), "b": ([2], "b")}
    with pytest.raises(UnreadableReply, match="read already"):
        list(caller.follow("list", pages.__getitem__))


def test_what_takes_its_time_is_looked_at_ever_less_often(caller):
    looks = []

    def look():
        looks.append((caller.clock.now() - NOW).total_seconds())
        return "done" if len(looks) == 5 else None

    pace = Pace(timedelta(minutes=15), timedelta(seconds=1), timedelta(seconds=4))
    assert caller.wait_until("insert", look, pace, late="late") == "done"
    assert looks == [0, 1, 3, 7, 11]


def test_what_takes_too_long_is_a_conflict(caller):
    pace = Pace(timedelta(seconds=10), timedelta(seconds=4), timedelta(seconds=4))
    with pytest.raises(Conflict, match="still going"):
        caller.wait_until("delete", lambda: None, pace, late="still going")
    assert caller.clock.now() - NOW == timedelta(seconds=10)


@settings(max_examples=examples(), deadline=None)
@given(st.lists(st.integers()), st.integers(1, 7))
def test_batches_hold_all_items_in_their_order(items, size):
    batches = list(in_batches(items, size))
    assert [item for batch in batches for item in batch] == items
    assert all(len(batch) == size for batch in batches[:-1])


# writes


def test_a_write_that_came_too_late_is_made_for_what_is_there_now():
    versions = iter(["b", "c"])

    def send(version):
        if version != "c":
            raise Conflict("moved", provider="gcp", operation="patch")
        return f"written on {version}"

    assert send_held(send, "a", lambda _: next(versions)) == "written on c"


@pytest.mark.parametrize(("newer", "sent"), [(lambda _: None, 1), (lambda _: "b", 3)])
def test_a_write_is_refused_where_nothing_newer_helps(newer, sent):
    tries = []

    def send(version):
        tries.append(version)
        raise Conflict("moved", provider="gcp", operation="patch")

    with pytest.raises(Conflict):
        send_held(send, "a", newer)
    assert len(tries) == sent


KIND = Kind(
    name="thing",
    label="thing",
    rank=0,
    mark=MarkPlace.TAGS,
    fields=(
        Field(path="size.number", default=3),
        Field(path="size.name"),
        Field(path="zones"),
        Field(path="rules", default=["Default"]),
        Field(path="disks[*].size"),
        Field(path="health.port"),
    ),
    sets=frozenset({"zones", "rules"}),
)


@pytest.mark.parametrize(
    ("body", "path", "patch"),
    [
        ({"size": {"name": "big", "number": 4}}, "size.name", {"size": {"name": "big"}}),
        ({"size": {"name": "big"}}, "size.number", {"size": {"number": 3}}),
        ({"size": {"number": 4}}, "size.name", {"size": {"name": None}}),
        ({"disks": [{"size": 1}, {"size": 2}]}, "disks[1].size", {"disks": [{"size": 1}, {"size": 2}]}),
        ({}, "disks[1].size", {"disks": []}),
        ({}, "zones", {"zones": []}),
        ({}, "rules", {"rules": ["Default"]}),
        ({}, "health.port", {"health": None}),
    ],
)
def test_a_merge_patch_says_what_is_wanted_and_clears_what_is_not(body, path, patch):
    assert patch_of(KIND, body, [path]) == patch


# what is kept


@settings(max_examples=examples(), deadline=None)
@given(st.text("abcdef0123456789", min_size=1), st.text("abc-:/.", min_size=1))
def test_what_was_pinned_is_found_by_its_selector_only(selector, value):
    mark = Mark("shop", "web", kept=pin("image", selector, value))
    holder = Resource(key=Key("eu", "thing", "web"), body={}, mark=mark)
    assert pinned(holder, "shop", "image", selector) == value
    assert pinned(holder, "shop", "image", f"{selector}0") == ""
    assert pinned(holder, "other", "image", selector) == ""
    assert pinned(None, "shop", "image", selector) == ""
