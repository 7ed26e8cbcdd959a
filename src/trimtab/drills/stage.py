"""A fleet that runs on an emulated cloud under a load that its rules leave alone, and what is read of it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from trimtab.drills.calm import Calm, calm_values
from trimtab.drills.expectations import GroupReading, Sign, instances_of
from trimtab.drills.staging import StagedCloud
from trimtab.emulators.shared.furnishing import AccountNames
from trimtab.emulators.shared.staging import Measured, NotStaged
from trimtab.engine.timetable import timetable_of
from trimtab.errors import TrimtabError
from trimtab.models import Fleet, ScalingGroup
from trimtab.providers.base import GroupState
from trimtab.runtime.cloud import Cloud
from trimtab.runtime.group import LiveGroup
from trimtab.runtime.status import FleetStatus, GroupStatus
from trimtab.store.records import Store

MINUTE = timedelta(minutes=1)
QUIET = timedelta(hours=4)
"""How long a scenario lasts at most: the stage begins where no schedule of the fleet begins or ends for as long."""
SETTLING = 20
"""Minutes until alarms and targets have seen enough datapoints."""
FIRST = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""


def quiet_start(fleet: Fleet) -> datetime:
    """The first hour of a week from which on no schedule begins or ends for long; that with the longest time else."""
    tables = [timetable_of(group.schedules) for group in fleet.groups if group.schedules]

    def calm_for(at: datetime) -> timedelta:
        edges = [edge for table in tables if (edge := table.next_edge(at, at + QUIET)) is not None]
        return min(edges, default=at + QUIET) - at

    hours = [FIRST + timedelta(hours=number) for number in range(24 * 7)]
    return next((at for at in hours if calm_for(at) >= QUIET), max(hours, key=calm_for))


@dataclass
class Stage:
    """
    One scenario's account with the fleet in it.

    Attributes:
        fleet: The fleet, as the emulated account has it.
        staged: The emulated cloud.
        cloud: A connection to it.
        load: The load of each group, where 1 is that of the beginning.
        measured: Whether metrics have datapoints.
        before: Each group when the stage was set.
        readings: Of each group, since the last `mark`.
        began: When the trouble began.
        status: What was read last.
        each_minute: Called when a minute has passed.
    """

    fleet: Fleet
    staged: StagedCloud
    cloud: Cloud
    load: float = 1.0
    measured: bool = True
    before: Mapping[str, GroupState] = field(default_factory=dict)
    readings: dict[str, list[GroupReading]] = field(default_factory=dict)
    began: datetime = FIRST
    status: FleetStatus | None = None
    each_minute: Callable[[], object] | None = None
    _known: frozenset[tuple[str, str, str]] = frozenset()
    _seen: dict[str, dict[tuple[str, str], Sign]] = field(default_factory=dict)
    points: list[tuple[str, Calm, Measured]] = field(default_factory=list)

    @classmethod
    def begun(cls, fleet: Fleet, staged: StagedCloud, names: AccountNames, at: datetime) -> "Stage":
        """
        The fleet applied, and left alone for as long as its alarms look back.

        Raises:
            PlanRefused: The plan of the fleet has problems.
        """
        cloud = staged.begin(at, names)
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        stage = cls(fleet, staged, cloud)
        stage.run(2)
        for group in fleet.groups:
            for calm in calm_values(group):
                with suppress(NotStaged):
                    stage.points.append((group.name, calm, staged.measured(calm.metric, stage.native(group))))
        stage.before = {name: readings[-1].state for name, readings in stage.readings.items()}
        stage.run(SETTLING, every=SETTLING)
        stage.mark()
        return stage

    def native(self, group: ScalingGroup) -> str:
        """What a group is called in the cloud."""
        return self.fleet.native_name(group)

    def live(self, group: ScalingGroup) -> LiveGroup:
        """A group, to be acted on."""
        return self.cloud.group(self.native(group), self.before[group.name].location)

    def size(self, group: ScalingGroup) -> int:
        """How many instances of a group ran when the stage was set."""
        return self.before[group.name].running

    def state(self, group: ScalingGroup) -> GroupState:
        """A group as it was last read."""
        return self.readings[group.name][-1].state

    def unwatched(self, group: ScalingGroup) -> str:
        """Why no metric of a group can be measured."""
        if not calm_values(group):
            return "none of its rules uses a metric that a cloud measures"
        return "its cloud measures none of its metrics here"

    def apply(self, fleet: Fleet) -> None:
        """Plan and apply another version of the fleet."""
        self.cloud.apply(self.cloud.plan(fleet), wait="accepted", allow_replace=True).raise_for_failures()

    def in_force(self, group: ScalingGroup) -> int:
        """The minimum that schedules have in force now."""
        low, _ = timetable_of(group.schedules).at(self.cloud.now()).bounds(group.capacity)
        return low

    # time

    def mark(self) -> None:
        """Let the trouble begin now: what was read before is of no account, and what tells of something is known."""
        self.read()
        self.began = self.cloud.now()
        self.before = {name: readings[-1].state for name, readings in self.readings.items()}
        self.readings = {name: readings[-1:] for name, readings in self.readings.items()}
        self._known = frozenset((name, *key) for name, seen in self._seen.items() for key in seen)
        self._seen = {}

    def run(self, minutes: int, *, every: int = 1, until: Callable[[], bool] | None = None) -> None:
        """
        Let time pass, with a datapoint of each metric a minute.

        Args:
            minutes: How long at most.
            every: How often the fleet is read, in minutes.
            until: Asked after each reading; ends it.
        """
        for minute in range(1, minutes + 1):
            if self.measured and self.points:
                self.staged.push(self._datapoints())
            self.staged.advance(MINUTE)
            if self.each_minute is not None:
                self.each_minute()
            if minute % every == 0 or minute == minutes:
                self.read()
                if until is not None and until():
                    return

    def read(self) -> None:
        """Take a reading of every group."""
        self.status = self.cloud.status(self.fleet)
        for each in self.status.groups:
            for sign in _signs_of(each):
                self._seen.setdefault(each.group, {})[_key(sign)] = sign
            if each.state is not None:
                self.readings.setdefault(each.group, []).append(GroupReading(self.status.at, each.state))

    def since(self, moment: datetime, group: ScalingGroup) -> Sequence[GroupReading]:
        """The readings of a group after a moment."""
        return [each for each in self.readings[group.name] if each.at > moment]

    def _datapoints(self) -> list[dict[str, object]]:
        found: dict[str, dict[str, object]] = {}
        for name, calm, measured in self.points:
            running = max(1, instances_of(self.readings[name][-1].state))
            share = max(1, self.before[name].running) / running if name in self.before else 1.0
            point = measured(round(calm.at(self.load, share), 3), running)
            # two groups behind one balancer share its metrics
            key = json.dumps({part: value for part, value in point.items() if part != "value"}, sort_keys=True)
            found.setdefault(key, {**point, "at": self.cloud.now().isoformat()})
        return list(found.values())

    # what tells of it

    def signs(self, group: ScalingGroup, *, store: Store | None = None) -> list[Sign]:
        """What has told of the trouble since it began, and of nothing before: statuses, activities, explanations."""
        seen = self._seen.get(group.name, {})
        signs = [sign for key, sign in seen.items() if (group.name, *key) not in self._known]
        return [*signs, *self._activities(group), *self._diagnoses(group, store)]

    def _activities(self, group: ScalingGroup) -> Iterator[Sign]:
        seen = set()
        for each in self.live(group).activities(limit=100):
            code = each.failure.value if each.failure else "change"
            if each.at >= self.began and code not in seen:
                seen.add(code)
                yield Sign("activity", code, each.description.strip().rstrip("."))

    def _diagnoses(self, group: ScalingGroup, store: Store | None) -> Iterator[Sign]:
        span = max(5 * MINUTE, self.cloud.now() - self.began)
        try:
            explanation = self.cloud.explain(self.fleet, group.name, since=span, diagnose=True, store=store)
        except TrimtabError as error:
            yield Sign("explain", "error", str(error))
            return
        for diagnosis in explanation.diagnoses or ():
            yield Sign("explain", diagnosis.cause.value, diagnosis.text)

    def plan_signs(self, group: ScalingGroup | None, *, refresh: Sequence[str] = ()) -> list[Sign]:
        """What a plan of the fleet says: changes, notes, problems, and what it could not read."""
        try:
            plan = self.cloud.plan(self.fleet, refresh=refresh)
        except TrimtabError as error:
            return [Sign("exit code", "1", f"trimtab plan exits with 1: {error}")]
        wanted = None if group is None else group.name
        signs = [
            Sign("plan", "change", f"{each.action} {each.key}") for each in plan.changes if wanted in (None, each.group)
        ]
        signs += [Sign("plan", "problem", str(each)) for each in plan.problems if wanted in (None, each.group)]
        return [*signs, *(Sign("exit code", "1", f"trimtab plan exits with 1: {each}") for each in plan.unknown)]


def _signs_of(status: GroupStatus) -> Iterator[Sign]:
    """What a status tells of a group, all that is not as it should be."""
    state = status.state
    if state is None:
        yield Sign("status", "missing", "the group does not exist")
        return
    for alarm in status.alarms:
        if alarm.state != "ok":
            yield Sign("alarm", alarm.state, f"{alarm.name} is in {alarm.state}")
    if state.running < state.desired:
        yield Sign("status", "too few", f"{state.running} of {state.desired} {state.unit} run")
    if ill := sum(each.healthy is False or each.serving is False for each in state.instances):
        yield Sign("status", "unhealthy", f"{ill} instances do not serve")
    if state.outdated:
        yield Sign("status", "outdated", f"{state.outdated} instances are of an older template")


def _key(sign: Sign) -> tuple[str, str]:
    # an alarm by its name, all else by what it says in a word
    return sign.source, sign.text if sign.source == "alarm" else sign.code
