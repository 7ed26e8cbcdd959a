"""
Rollouts on Azure: the model of a scale set is the template, and machines take each other's places.

The scale set's model is written once, when a run begins, with the mode of upgrades on Manual: nothing happens to the
machines that are there, and every new one is of the new model
(https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-policy). A machine is
never upgraded in place: that brings it neither custom data nor keys nor passwords before it is imaged anew, and counts
it as up to date nonetheless. Instead a new machine comes and an old one goes, as on the other clouds: the capacity is
raised, or instances are deleted, which lowers it, and it is raised again.

Every write of the scale set is made only while it is as it was read, so that of two processes one moves and the other
is refused. Before anything lowers the capacity the mark says how far (`HeldCapacity`), so that whoever comes next
raises it again.

While it brings the new model, scaling in takes the oldest instances first: by itself Azure takes those with the highest
number, which are the new ones.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from trimtab.clock import Clock
from trimtab.errors import Conflict, InvalidRequest, NotFound, Unsupported
from trimtab.models import Metric
from trimtab.phrases import in_words
from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.errors import STALE
from trimtab.providers.azure.held import HeldCapacity
from trimtab.providers.azure.ids import normal_location, parse_id
from trimtab.providers.azure.kinds import METRIC_ALERT
from trimtab.providers.azure.metrics import MINUTE, Measured, Scope, Where, from_native, metric_for
from trimtab.providers.azure.names import OVER_TIME, iso
from trimtab.providers.azure.progress import is_settled, progress_of, steps_of, survivors, turning_point
from trimtab.providers.azure.reads import list_kind
from trimtab.providers.azure.resources import ROLLOUT, find_run
from trimtab.providers.azure.states import ALERT_STATES, ScaleSetRead, States, bounds_of, instance_id, is_flexible
from trimtab.providers.azure.versions import (
    MANUAL,
    Version,
    back_of,
    begun_by,
    capacity_of,
    kept_tags,
    mode_of,
    plain_tags,
    tagged,
    with_mode,
    without_hold,
)
from trimtab.providers.azure.writes import SETS
from trimtab.providers.lookup import group_not_found
from trimtab.providers.metrics import natural_statistic
from trimtab.providers.moments import zulu
from trimtab.providers.pause import DRIVEN_TAG
from trimtab.providers.rolling import (
    Limits,
    NewTemplate,
    Progress,
    RolloutActions,
)
from trimtab.providers.run import RolloutPhase, RolloutRun
from trimtab.providers.writer import TRIES

FRESH_FOR = timedelta(seconds=30)
"""A look at the groups serves the next step for so long; what changed since has the scale set refuse the write."""
_OPERATION = "rollout"


class AzureRollouts(RolloutActions):
    """
    Replaces the instances of scale sets.

    Args:
        calls: The calls to Azure.
        clock: Tells the time.
    """

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self.calls = calls
        self.clock = clock
        self._looked: dict[tuple[str, str], tuple[datetime, ScaleSetRead]] = {}

    # what is there

    def read(self, places: Iterable[tuple[str, str]], *, addresses: bool = False) -> Sequence[Progress]:
        """The groups at these places: two lists for all, and one for the instances of each (two where flexible)."""
        now = self.clock.now()
        groups = States(self.calls, now).look(places, addresses=addresses)
        self._looked = {(each.state.location, each.state.name): (now, each) for each in groups}
        return [progress_of(each) for each in groups]

    def firing(self, location: str, names: Sequence[str]) -> Mapping[str, bool]:
        """Metric alerts by their names in the resource group, or by their ids: a call for each."""
        questions = [partial(self._fires, name) for name in names]
        answers = dict(zip(names, self.calls.gather_or_raise(questions), strict=True))
        return {name: fires for name, fires in answers.items() if fires is not None}

    def missing_alarms(self, location: str, names: Sequence[str]) -> Sequence[str]:
        """One list for names of the resource group; a call for each id."""
        plain = [name for name in names if parse_id(name) is None]
        items = list_kind(self.calls, METRIC_ALERT.name, [self.calls.home.resource_group]) if plain else []
        known = {str(item["name"]).lower() for item in items}
        by_id = self.firing(location, [name for name in names if name not in plain])
        return [name for name in names if (name.lower() not in known if name in plain else name not in by_id)]

    def _fires(self, name: str) -> bool | None:
        parts = parse_id(name)
        group, own = (parts.resource_group, parts.name) if parts else (self.calls.home.resource_group, name)
        try:
            reply = self.calls.call("monitor.metric_alerts_status.list", group, own)
        except NotFound:
            return None
        # one for each series that the alert tells apart
        words = [str((each.get("properties") or {}).get("status", "")).lower() for each in reply.get("value") or ()]
        return any(ALERT_STATES.get(word) == "alarm" for word in words)

    def samples(
        self, location: str, name: str, metric: Metric, instances: Sequence[str], since: datetime
    ) -> Sequence[float]:
        """
        The averages of each minute that Azure's hosts measured of these instances: a call for each of them.

        The metrics of a scale set tell its machines apart by `VMName`; those of a flexible one are plain machines.
        https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-compute-virtualmachinescalesets-metrics
        """
        item = self._get(location, name)
        measured = metric_for(metric, Scope(item["id"], "", name))
        if measured.native.where is not Where.SCALE_SET:
            text = f"Azure Monitor measures {metric.name!r} of all instances together; name a metric of their hosts"
            raise Unsupported(text)
        statistic = natural_statistic(metric, "average")
        if statistic not in OVER_TIME:
            raise Unsupported(f"Azure Monitor does not support {statistic}; use a metric of another kind")
        begin, end = (at.astimezone(UTC).replace(second=0, microsecond=0) for at in (since, self.clock.now()))
        if end <= begin:
            return []
        span = f"{zulu(begin)}/{zulu(end)}"
        series = [partial(self._series, of_instance(measured, item, each), statistic, span) for each in instances]
        return [value for values in self.calls.gather_or_raise(series) for value in values]

    def _series(self, measured: Measured, statistic: str, span: str) -> list[float]:
        where = " and ".join(f"{name} eq '{value}'" for name, value in sorted(measured.dimensions.items()))
        reply = self.calls.call(
            "monitor.metrics.list",
            measured.resource.lstrip("/"),
            timespan=span,
            interval=iso(MINUTE),
            metricnames=measured.name,
            aggregation=OVER_TIME[statistic],
            metricnamespace=measured.namespace or None,
            filter=where or None,
        )
        series = [each for one in reply.get("value") or () for each in one.get("timeseries") or ()]
        values = [point.get(OVER_TIME[statistic].lower()) for each in series for point in each.get("data") or ()]
        return [from_native(float(value), measured.native) for value in values if value is not None]

    # the mark

    def begin(self, location: str, name: str, run: RolloutRun, template: NewTemplate) -> RolloutRun:
        """Write the mark, the new model and the way back in one patch of the version that was read."""
        for _ in range(TRIES):
            item = self._get(location, name)
            current = find_run(item)
            if current is not None and current.id == run.id:
                return current  # this very call, before its reply was lost
            if current is not None:
                raise Conflict(f"{name!r}: {current}", provider="azure", operation="begin rollout")
            begun, body = begun_by(item, run, template)
            with _unless_stale():
                self._patch(item, body)
                return begun
        raise _moved(name)

    def mark(self, location: str, name: str, run: RolloutRun) -> None:
        """Write the mark; what it holds is as the scale set's own mark says, whoever moves it meanwhile."""
        for _ in range(TRIES):
            item = self._get(location, name)
            with _unless_stale():
                self._patch(item, _marked(item, marked_by(item, run)))
                return
        raise _moved(name)

    def hold(self, location: str, name: str, run: RolloutRun) -> None:
        """Azure has no mover of its own; a capacity that is lower than it should be is put right."""
        self._put_right(self._get(location, name))

    def clear(self, location: str, name: str) -> None:
        """Take the mark of a blue-green run away."""
        for _ in range(TRIES):
            item = self._get(location, name)
            current, tags = find_run(item), dict(item.get("tags") or {})
            if current is None or current.in_place:
                return
            with _unless_stale():
                self._patch(item, {"tags": {tag: tags[tag] for tag in tags if tag not in (ROLLOUT, DRIVEN_TAG)}})
                return
        raise _moved(name)

    def note(self, location: str, name: str, tag: str, text: str) -> None:
        """One tag of the scale set as it was read; the look at it serves the next step nonetheless."""
        at, group = self._looked.get((location, name), (None, None))
        if at is not None and group is not None and self.clock.now() - at <= FRESH_FOR:
            with _unless_stale():
                item = self._patch(group.item, {"tags": tagged(group.item.get("tags") or {}, {tag: text})})
                self._looked[location, name] = at, replace(group, item=item)
                return
        for _ in range(TRIES):
            item = self._get(location, name)
            with _unless_stale():
                self._patch(item, {"tags": tagged(item.get("tags") or {}, {tag: text})})
                return
        raise _moved(name)

    def follow(self, location: str, name: str, instances: Sequence[str]) -> None:
        """
        Upgrade them to the model, of which the pools alone are new: that restarts nothing.

        https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-policy
        """
        self._looked.pop((location, name), None)  # the last look was before the pools were written
        look = self._look(location, name)
        behind = [each for each in look.state.instances if each.outdated and each.id in instances]
        if behind:
            self._act(look.item, "begin_update_instances", [each.id for each in behind])

    def finish(self, location: str, name: str, run: RolloutRun, keep: int) -> None:
        """Take the mark away and put the mode back; the version before stays in its tags."""
        self._end(location, name, run, keeps=keep > 1)

    def unwind(self, location: str, name: str, run: RolloutRun, keep: int) -> None:
        """The same with the old model; the new one stays as the version before only where it was that already."""
        if run.old != run.new:
            group = self._turned_back(self._look(location, name), run)
            self._keep_old(group)
        self._end(location, name, run, keeps=HeldCapacity.parse(run.held).undo and keep > 1)

    def _end(self, location: str, name: str, run: RolloutRun, *, keeps: bool) -> None:
        for _ in range(TRIES):
            item = self._get(location, name)
            current = find_run(item)
            if current is None or current.id != run.id:
                return  # ended already, perhaps by this very call before its reply was lost
            held = HeldCapacity.parse(current.held)
            if held.mode:
                self._check_up_to_date(location, name, held.mode)
            tags = dict(item.get("tags") or {})
            body: dict[str, Any] = {"tags": {**plain_tags(tags), **(kept_tags(tags) if keeps else {})}}
            if held.wanted(capacity_of(item)) != capacity_of(item):
                body["sku"] = {**item["sku"], "capacity": held.wanted(capacity_of(item))}
            with _unless_stale():
                self._patch(item, without_hold(with_mode(body, held.mode) if held.mode else body, item, held))
                return
        raise _moved(name)

    def _check_up_to_date(self, location: str, name: str, mode: str) -> None:
        """
        Refuse to put a mode back under which Azure would upgrade what is left.

        https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-configure-rolling-upgrades
        """
        left = [each.id for each in self._look(location, name).state.instances if each.outdated]
        if left:
            text = (
                f"the mode of upgrades of {name!r} was {mode}, and Azure would upgrade {in_words(left[:5])} by itself"
            )
            fix = "end their protection, or `protected_instances: replace`"
            raise InvalidRequest(f"{text}; {fix}", provider="azure", operation="finish rollout")

    # moving

    def advance(self, location: str, name: str, run: RolloutRun, goal: int, limits: Limits) -> None:
        """Replace as many instances as may be out of service at once, after those above the size are there."""
        self._move(self._look(location, name), run, goal, limits, reverse=False)

    def retreat(self, location: str, name: str, run: RolloutRun, limits: Limits) -> None:
        """Bring the old model back, and then the same with it."""
        group = self._turned_back(self._look(location, name), run)
        self._keep_old(group)
        self._move(group, run, group.state.desired, limits, reverse=True)

    def _move(self, group: ScaleSetRead, run: RolloutRun, goal: int, limits: Limits, *, reverse: bool) -> None:
        item = self._put_right(group.item)
        held = HeldCapacity.parse(_own(item, run).held).seen(capacity_of(item))
        if is_settled(group, held):
            held = held.closed()
        steps = steps_of(group, held, self._bounded(group, limits), goal, now=self.clock.now(), reverse=reverse)
        if steps.surplus:
            held = held.between(capacity_of(item), capacity_of(item) - len(steps.surplus))
            item = self._delete(item, steps.surplus, held)
        if steps.more:
            size = capacity_of(item) + steps.more
            held = held.between(capacity_of(item), size)
            item = self._resize(item, size, held)
        if steps.batch:
            self._exchange(item, steps.batch, held, self._most(group))
        if not steps and held.words() != _own(item, run).held:
            self._patch(item, _marked(item, replace(_own(item, run), held=held.words())))

    def _exchange(self, item: Mapping[str, Any], ids: Sequence[str], held: HeldCapacity, most: int | None) -> None:
        """
        Delete instances, and have as many come as that leaves too few.

        They are asked for first, where autoscale and the quota have room: the size that a deletion leaves is not read
        back at once (https://github.com/kubernetes/autoscaler/pull/3510). Else the deletion comes first, and what it
        leaves is put right now, or with the next step.
        """
        capacity = capacity_of(item)
        size = held.wanted(capacity) + len(ids)
        if size > capacity and (most is None or size <= most):
            item = self._resize(item, size, held.between(capacity, size))
        if capacity_of(item) == size:
            held = held.between(capacity, size)
            self._delete(item, ids, held, again=False)
        else:
            held = held.between(capacity_of(item), capacity_of(item) - len(ids))
            self._put_right(self._delete(item, ids, held))

    def _most(self, group: ScaleSetRead) -> int | None:
        """How many instances autoscale leaves alone; `None` where it does not act."""
        setting = group.setting
        if setting is None or not setting["properties"].get("enabled"):
            return None
        return bounds_of(setting, self.clock.now()).max

    def _bounded(self, group: ScaleSetRead, limits: Limits) -> Limits:
        """
        The limits, with no more surge than autoscale leaves alone: beyond its maximum it takes instances away.

        Raises:
            InvalidRequest: There is no room for any, and no instance may be out of service either.
        """
        most = self._most(group)
        if not limits.surge or most is None:
            return limits
        room = max(0, most - group.state.desired)
        if room == 0 and not limits.unavailable:
            text = f"{group.state.name!r} has {most} instances, its maximum, and autoscale takes those above it away"
            fix = "raise `capacity.max`, or give `rollout.max_unavailable` in place of `max_surge`"
            raise InvalidRequest(f"{text}; {fix}", provider="azure", operation=_OPERATION)
        return replace(limits, surge=min(limits.surge, room))

    def _put_right(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        """The scale set with the capacity raised to its size, where a batch had lowered it."""
        run, capacity = find_run(item), capacity_of(item)
        held = HeldCapacity.parse(run.held) if run else HeldCapacity()
        if held.wanted(capacity) <= capacity:
            return item
        return self._resize(item, held.wanted(capacity), held)

    def _resize(self, item: Mapping[str, Any], size: int, held: HeldCapacity) -> Mapping[str, Any]:
        """
        Ask for a capacity, and say in the mark what it may be.

        Where there is no quota for it, it is asked for again with the next step.
        """
        run = find_run(item)
        body: dict[str, Any] = {"sku": {**item["sku"], "capacity": size}}
        if run is not None and held.words() != run.held:
            body |= _marked(item, replace(run, held=held.words()))
        try:
            return self._patch(item, body)
        except Conflict as error:
            if error.code == STALE:
                raise
            return item

    def _delete(
        self, item: Mapping[str, Any], ids: Sequence[str], held: HeldCapacity, *, again: bool = True
    ) -> Mapping[str, Any]:
        """Delete instances, which lowers the capacity by as many; the mark says so first. The set as it is after."""
        run = find_run(item)
        if run is not None and held.words() != run.held:
            item = self._patch(item, _marked(item, replace(run, held=held.words())))
        self._act(item, "begin_delete_instances", ids)
        fresh: Mapping[str, Any] = self.calls.call(f"{SETS}.get", _group_of(item), item["name"]) if again else item
        return fresh

    def _act(self, item: Mapping[str, Any], verb: str, ids: Sequence[str]) -> None:
        """Do something to instances; one that is gone by now is none of them."""
        try:
            self.calls.begin(f"{SETS}.{verb}", _group_of(item), item["name"], {"instanceIds": list(ids)}, wait=False)
        except InvalidRequest as error:
            if "instanceId" not in str(error):
                raise

    def _turned_back(self, group: ScaleSetRead, run: RolloutRun) -> ScaleSetRead:
        """The group with the old model in force again, and the mark that says which instances had the new one."""
        item, current = group.item, _own(group.item, run)
        held = HeldCapacity.parse(current.held).seen(capacity_of(item))
        if held.after is not None:
            return group
        tags = dict(item.get("tags") or {})
        version = Version.read(tags)
        if version is None:
            raise InvalidRequest(NO_WAY_BACK, provider="azure", operation=_OPERATION)
        turned = replace(held, after=turning_point(group), mode=mode_of(version.patch) or held.mode, rules=())
        patch = with_mode(version.patch, MANUAL) if mode_of(version.patch) or turned.mode else version.patch
        before = {name: tags.get(name, "") for name in version.mark}
        newer = Version(name=current.new, patch=back_of(version.patch, _shown(item, held)), mark=before)
        line = replace(current, held=turned.words()).line()
        written = {**tagged(plain_tags(tags), version.mark), **newer.tags(), ROLLOUT: line}
        body = without_hold({**patch, "tags": written}, item, held)
        return replace(group, item=self._patch(item, body))

    def _keep_old(self, group: ScaleSetRead) -> None:
        """Have instances that were of the old model all the time count as such: nothing of them differs from it."""
        if ids := [instance_id(each) for each in survivors(group)]:
            self._act(group.item, "begin_update_instances", ids)

    # calls

    def _look(self, location: str, name: str) -> ScaleSetRead:
        """The group as the last look has it, once; else as a new one does."""
        now = self.clock.now()
        known = self._looked.pop((location, name), None)
        if known is not None and now - known[0] <= FRESH_FOR:
            return known[1]
        for result in States(self.calls, now).look([(location, name)]):
            return result
        raise group_not_found(name, location, "azure")

    def _get(self, location: str, name: str) -> dict[str, Any]:
        self._looked.pop((location, name), None)
        try:
            item: dict[str, Any] = self.calls.call(f"{SETS}.get", self.calls.home.resource_group, name)
        except NotFound as error:
            raise group_not_found(name, location, "azure", code=error.code) from error
        if normal_location(str(item.get("location", ""))) != normal_location(location):
            raise group_not_found(name, location, "azure")
        return item

    def _patch(self, item: Mapping[str, Any], body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The scale set after a patch of the version that was read."""
        reply = self.calls.begin(
            f"{SETS}.begin_update", _group_of(item), item["name"], dict(body), etag=item.get("etag"), wait=False
        )
        result: Mapping[str, Any] = reply
        return result


NO_WAY_BACK = (
    "the version before this one is not kept: Azure never gives custom data back, or the change is larger than the "
    "tags of a scale set; apply the older file with --rollout"
)


@contextmanager
def _unless_stale() -> Iterator[None]:
    """Passes over a refusal because somebody else wrote in between."""
    try:
        yield
    except Conflict as error:
        if error.code != STALE:
            raise


def _moved(name: str) -> Conflict:
    text = f"{name!r} is being written by others all the time; try again"
    return Conflict(text, provider="azure", operation=_OPERATION)


def of_instance(measured: Measured, item: Mapping[str, Any], instance: str) -> Measured:
    """A metric of one instance: a dimension of its scale set's, or, where that is flexible, of the machine itself."""
    if is_flexible(item):
        home = str(item["id"]).rsplit("/providers/", 1)[0]
        return measured._replace(resource=f"{home}/providers/Microsoft.Compute/virtualMachines/{instance}")
    return measured._replace(dimensions={**measured.dimensions, "VMName": f"{item['name']}_{instance}"})


def _own(item: Mapping[str, Any], run: RolloutRun) -> RolloutRun:
    """
    The run as the scale set has it.

    Raises:
        Conflict: It has none any more, or another one.
    """
    current = find_run(item)
    if current is None or current.id != run.id:
        text = f"rollout {run.id} of {item['name']!r} is over; look at its status"
        raise Conflict(text, provider="azure", operation=_OPERATION)
    return current


def _marked(item: Mapping[str, Any], run: RolloutRun) -> dict[str, Any]:
    return {"tags": {**(item.get("tags") or {}), ROLLOUT: run.line()}}


def _can_go_back(item: Mapping[str, Any], run: RolloutRun) -> bool:
    return HeldCapacity.parse(run.held).after is not None or Version.read(item.get("tags") or {}) is not None


def _group_of(item: Mapping[str, Any]) -> str:
    parts = parse_id(str(item["id"]))
    return parts.resource_group if parts else ""


def _shown(item: Mapping[str, Any], held: HeldCapacity) -> Mapping[str, Any]:
    """A scale set with the mode of upgrades that comes back."""
    return with_mode(dict(item), held.mode) if held.mode else item


def marked_by(item: Mapping[str, Any], run: RolloutRun) -> RolloutRun:
    """
    A run as it is to be marked on a scale set.

    Raises:
        Conflict: The scale set has another one, or none any more.
        InvalidRequest: It is to go back, and there is no way.
    """
    if not run.in_place:
        current = find_run(item)
        if current is not None and current.id != run.id:
            raise Conflict(f"{item['name']!r}: {current}", provider="azure", operation=_OPERATION)
        return run
    current = _own(item, run)
    if run.phase is RolloutPhase.REVERTING and run.old != run.new and not _can_go_back(item, current):
        raise InvalidRequest(NO_WAY_BACK, provider="azure", operation="abort")
    return replace(run, held=HeldCapacity.parse(current.held).seen(capacity_of(item)).words())
