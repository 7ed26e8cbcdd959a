"""What is expected of a group hour by hour."""

from dataclasses import dataclass, field
from datetime import datetime
from math import ceil


@dataclass
class Forecast:
    """What is expected hour by hour: capacity, and the load behind it."""

    made_at: datetime
    capacity: dict[datetime, float] = field(default_factory=dict)
    load: dict[datetime, float] = field(default_factory=dict)

    def at(self, moment: datetime) -> int:
        """The capacity for the hour that a moment is in; 0 where nothing is expected."""
        return ceil(self.capacity.get(moment.replace(minute=0, second=0, microsecond=0), 0))
