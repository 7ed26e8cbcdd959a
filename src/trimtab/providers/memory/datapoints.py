"""What a store measured, and what is published to it."""

from collections.abc import Sequence

from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
from trimtab.providers.memory.store import MemoryStore


class MemoryMetrics:
    """What was measured, and what is published."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def read(self, queries: Sequence[MetricQuery]) -> Sequence[Datapoints]:
        """What was measured."""
        with self.store.lock:
            self.store.call("read metrics")
            return [self.store.measures.answer(query) for query in queries]

    def publish(self, values: Sequence[MetricValue]) -> None:
        """Keep them."""
        with self.store.lock:
            self.store.call("publish metrics")
            for sample in values:
                at = sample.at or self.store.clock.now()
                self.store.measures.add(
                    sample.location, sample.group, sample.metric, sample.value, at, sample.dimensions
                )
