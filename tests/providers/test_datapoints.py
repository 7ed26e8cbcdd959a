"""The grid on which datapoints stand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab import metrics
from trimtab.providers import MetricQuery

NOON = datetime(2026, 7, 6, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


def query(**fields):
    return MetricQuery(group="web", metric=metrics.cpu, **{"since": NOON - 10 * MINUTE, "until": NOON, **fields})


def test_periods_begin_on_the_grid():
    found = query(since=NOON - timedelta(minutes=11, seconds=30), period=5 * MINUTE).times
    assert found == (NOON - 10 * MINUTE, NOON - 5 * MINUTE)
    assert query(until=NOON + timedelta(seconds=59)).times[-1] == NOON - MINUTE
    assert query(since=NOON).times == ()
    assert query(since=NOON + MINUTE).times == ()


@given(since=moments, length=st.timedeltas(timedelta(0), timedelta(days=1)), seconds=st.sampled_from((60, 300, 3600)))
def test_whole_periods_only(since, length, seconds):
    """None begins before `since` or ends after `until`, and there is room for no other."""
    period = timedelta(seconds=seconds)
    found = query(since=since, until=since + length, period=period).times
    if found:
        assert since <= found[0] < since + period
        assert since + length - period < found[-1] + period <= since + length
        assert len(found) == (found[-1] - found[0]) // period + 1
    else:
        assert length < 2 * period


def test_what_was_not_measured_is_none():
    asked = query(since=NOON - 3 * MINUTE)
    found = asked.answered({asked.times[1]: 7.0})
    assert found.values == (None, 7.0, None)
    assert found.latest == 7.0
    assert asked.answered({}).latest is None
    assert found.to_dict()["points"][1] == ["2026-07-06T11:58:00+00:00", 7.0]


def test_a_query_without_an_end_has_no_grid():
    with pytest.raises(ValueError, match="no end"):
        _ = query(until=None).times
