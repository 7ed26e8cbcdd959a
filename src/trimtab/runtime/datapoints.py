"""What is checked and filled in before a provider is asked for datapoints, or given values to publish."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from trimtab.errors import Unsupported
from trimtab.models import MetricSource
from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue, check_aware, complete_query
from trimtab.providers.roles import Provider
from trimtab.runtime.arguments import check_since


def read_datapoints(provider: Provider, queries: Iterable[MetricQuery], now: datetime) -> tuple[Datapoints, ...]:
    """
    An answer to each query, in order.

    Raises:
        InvalidRequest: The query is invalid.
        Unsupported: The cloud has no such metric of such a group.
    """
    requests = [complete_query(query, provider.location, now) for query in queries]
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
        check_aware(value.at, "at")
    if given:
        provider.metrics.publish(given)


def beginning(since: datetime | timedelta, now: datetime) -> datetime:
    """When a time span begins that is given by its beginning or by its length."""
    check_since("since", since)
    return now - since if isinstance(since, timedelta) else since
