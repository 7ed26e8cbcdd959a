"""What the emulated cloud consists of beyond moto's own state, and the passing of its time."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from functools import cached_property, partial
from math import ceil
from typing import Any
from weakref import WeakValueDictionary

from moto.autoscaling.models import autoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.ec2.exceptions import InvalidInstanceIdError
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends
from moto.sns.models import sns_backends
from moto.utilities.utils import get_partition

from trimtab.emulators.aws.datapoints import DatapointStore, Key
from trimtab.emulators.aws.types import offer_types
from trimtab.emulators.aws.watches import AlarmWatch
from trimtab.emulators.shared.clock import EmulatorClock
from trimtab.emulators.shared.quotas import Quotas
from trimtab.emulators.shared.timers import Timers
from trimtab.engine.presets import EC2


@dataclass
class Forecast:
    """What is expected hour by hour: capacity, and the load behind it."""

    made_at: datetime
    capacity: dict[datetime, float] = field(default_factory=dict)
    load: dict[datetime, float] = field(default_factory=dict)

    def at(self, moment: datetime) -> int:
        """The capacity for the hour that a moment is in; 0 where nothing is expected."""
        return ceil(self.capacity.get(moment.replace(minute=0, second=0, microsecond=0), 0))


HOME = "us-east-1"
"""The region of those who name none."""
DEFAULT_SETTINGS = {
    "delete_seconds": 0.0,
    "boot_seconds": 0.0,
    "warm_boot_seconds": 0.0,
    "check_hook_targets": 0.0,
    "tracking_low_ratio": EC2.tracking.low_ratio,
}
"""
How long a deleted group stays listed; how long an instance is Pending, launched and out of a warm pool; at which
share of the target a target tracking policy's low alarm begins. Whether (1) a lifecycle hook is refused whose queue,
topic or role does not exist in the account, a notification whose topic does not, and a template whose instance profile
does not.
"""


class Phase(IntEnum):
    """What comes first among things due at the same moment."""

    INSTANCES = 0
    FORECASTS = 1
    SCHEDULES = 2
    ALARMS = 3
    DECISIONS = 4
    REFRESHES = 5


@dataclass
class Region:
    """One region's state; `groups` are moto's own."""

    name: str
    account: str
    world: "CloudWorld"
    policies: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    actions: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    activities: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    alarms: dict[str, dict[str, Any]] = field(default_factory=dict)
    composites: dict[str, dict[str, Any]] = field(default_factory=dict)
    alarm_history: list[dict[str, Any]] = field(default_factory=list)
    """The changes of state of alarms, oldest first; they stay when the alarm goes."""
    alarm_tags: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[tuple[str, str], Any] = field(default_factory=dict)
    tracking: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The high and the low alarm of target tracking policies, by the policy's ARN; the low one need not exist."""
    forecasts: dict[tuple[str, str], Forecast] = field(default_factory=dict)
    hooks: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    refreshes: dict[str, list[Any]] = field(default_factory=dict)
    topics: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)
    shortages: list[dict[str, str]] = field(default_factory=list)
    placements: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Placement groups by name."""
    reservations: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Capacity reservations by id."""
    failing: set[str] = field(default_factory=set)
    """Instances that fail the load balancers' health checks."""
    ailments: set[str] = field(default_factory=set)
    """Texts in templates whose instances fail them."""
    watches: dict[str, AlarmWatch] = field(default_factory=dict)
    watched: dict[Key, dict[str, AlarmWatch]] = field(default_factory=dict)
    datapoints: DatapointStore = field(init=False)

    def __post_init__(self) -> None:
        self.datapoints = DatapointStore(lambda key: self.world.on_datapoint(self, key))

    @cached_property
    def autoscaling(self) -> Any:
        """The Auto Scaling backend of moto."""
        return autoscaling_backends[self.account][self.name]

    @property
    def groups(self) -> dict[str, Any]:
        """The Auto Scaling groups by name."""
        groups: dict[str, Any] = self.autoscaling.autoscaling_groups
        return groups

    @cached_property
    def ec2(self) -> Any:
        """The EC2 backend of moto, which finds an instance without a copy of every reservation that there ever was."""
        backend: Any = ec2_backends[self.account][self.name]
        backend.get_instance_by_id = partial(_find_instance, backend)
        backend.get_instance = partial(_get_instance, backend)
        return backend

    @cached_property
    def elbv2(self) -> Any:
        """The load balancing backend of moto."""
        return elbv2_backends[self.account][self.name]

    @cached_property
    def iam(self) -> Any:
        """The identity backend of moto, which is of the whole account."""
        return iam_backends[self.account][get_partition(self.name)]

    @cached_property
    def sns(self) -> Any:
        """The notification backend of moto."""
        return sns_backends[self.account][self.name]

    @cached_property
    def cloudwatch(self) -> Any:
        """The CloudWatch backend of moto."""
        return cloudwatch_backends[self.account][self.name]

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this region and account."""
        return f"arn:{get_partition(self.name)}:{service}:{self.name}:{self.account}:{resource}"


def _find_instance(backend: Any, name: str) -> Any:
    """The instance of an id, the newest looked at first; `None` where there is none."""
    for reservation in reversed(tuple(backend.reservations.values())):
        for instance in reservation.instances:
            if instance.id == name:
                return instance
    return None


def _get_instance(backend: Any, name: str) -> Any:
    if (instance := _find_instance(backend, name)) is None:
        raise InvalidInstanceIdError(name)
    return instance


class CloudWorld(Timers):
    """
    One emulated AWS account, apart from those of other emulators in the process.

    Args:
        clock: The emulator's clock.
        settings: How it behaves; see `DEFAULT_SETTINGS`.
        rearm: Sets the timers of a region anew after a step back in time.
        on_datapoint: Is told of each metric that gets a datapoint.
    """

    def __init__(
        self,
        clock: EmulatorClock,
        settings: dict[str, float],
        *,
        rearm: Callable[[Region], None],
        on_datapoint: Callable[[Region, Key], None],
    ) -> None:
        super().__init__(clock)
        self._rearm = rearm
        self.on_datapoint = on_datapoint
        self.settings = settings
        self.quotas = Quotas()
        self.account = _accounts.take()
        self._regions: dict[str, Region] = {}

    def region(self, name: str) -> Region:
        """The region of that name, made on first use."""
        if name not in self._regions:
            offer_types(name)
            self._regions[name] = _homes[self.account, name] = Region(name, self.account, self)
        return self._regions[name]

    def shortages(self) -> list[dict[str, str]]:
        """What is not to be had, in every region."""
        return [{"region": name, **each} for name, region in self._regions.items() for each in region.shortages]

    def end_shortages(self) -> None:
        """Have everything to be had again."""
        for region in self._regions.values():
            region.shortages.clear()

    def wipe(self) -> None:
        """Forget everything."""
        super().wipe()
        self.quotas.clear()
        self._regions.clear()
        every: Any = BackendDict
        for backends in list(every._instances):
            backends.pop(self.account, None)
        # moto keeps whatever was made until it is told to let go
        reset_model_data()

    def close(self) -> None:
        """Forget everything and give the account back."""
        super().close()
        _accounts.give_back(self.account)

    def went_back(self) -> None:
        """Set what recurs anew, in every region."""
        for region in self._regions.values():
            self._rearm(region)


class _Accounts:
    """Account numbers, one for each emulator alive in this process, since moto's state is global."""

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._lock = threading.Lock()

    def take(self) -> str:
        with self._lock:
            number = 123456789012
            while number in self._taken:
                number += 1
            self._taken.add(number)
            return str(number)

    def give_back(self, account: str) -> None:
        with self._lock:
            self._taken.discard(int(account))


_accounts = _Accounts()
_homes: WeakValueDictionary[tuple[str, str], Region] = WeakValueDictionary()


def home_of(account: str, name: str) -> Region | None:
    """The region of an emulator in this process that moto's backend of that account and region belongs to."""
    return _homes.get((account, name))


def new_id() -> str:
    """A fresh uuid."""
    return str(uuid.uuid4())
