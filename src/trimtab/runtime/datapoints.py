"""What is checked and filled in before a provider is asked for datapoints, or given values to publish."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from trimtab.errors import InvalidRequest, Unsupported
from trimtab.models import MetricSource
from trimtab.models.alarm import PERCENTILE
from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
from trimtab.providers.roles import Provider


def read_datapoints(provider: Provider, queries: Iterable[MetricQuery], now: datetime) -> tuple[Datapoints, ...]:
    """
    An answer to each query, in order.

    Raises:
        InvalidRequest: A query asks for what there cannot be.
        Unsupported: The cloud has no such metric of such a group.
    """
    requests = [
        replace(query, location=query.location or provider.location, until=query.until or now) for query in queries
    ]
    for query in requests:
        _check_query(query)
    return tuple(provider.metrics.read(requests)) if requests else ()


def publish_values(provider: Provider, values: Iterable[MetricValue], now: datetime) -> None:
    """
    Publish values of custom metrics.

    Raises:
        Unsupported: A metric is not a custom one: the cloud measures it itself.
    """
    given = [replace(value, location=value.location or provider.location, at=value.at or now) for value in values]
    for value in given:
        if value.metric.source is not MetricSource.CUSTOM:
            text = f"{value.metric.name!r} is measured by the cloud; publish a metric made by `metrics.custom`"
            raise Unsupported(text)
        _check_aware(value.at, "at")
    if given:
        provider.metrics.publish(given)


def beginning(since: datetime | timedelta, now: datetime) -> datetime:
    """When a time span begins that is given by its beginning or by its length."""
    return now - since if isinstance(since, timedelta) else since


def _check_query(query: MetricQuery) -> None:
    _check_aware(query.since, "since")
    _check_aware(query.until, "until")
    if query.period < timedelta(seconds=1):
        raise InvalidRequest("the period of datapoints is at least a second", operation="datapoints")
    if not re.match(PERCENTILE, query.statistic):
        text = f"there is no statistic {query.statistic!r}; average, minimum, maximum, sum, count or such as p95"
        raise InvalidRequest(text, operation="datapoints")


def _check_aware(moment: datetime | None, name: str) -> None:
    if moment is not None and moment.tzinfo is None:
        raise InvalidRequest(f"{name}={moment} has no time zone; give one, such as UTC", operation="datapoints")
