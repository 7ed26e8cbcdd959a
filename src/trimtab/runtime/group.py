"""One group that exists, to read and to act on."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from trimtab.clock import Clock
from trimtab.declarations.find import refuse_unsupported
from trimtab.errors import InvalidRequest, NotFound, WaitTimeout, capped
from trimtab.events import Listener
from trimtab.models import Fleet, Metric, ScalingGroup
from trimtab.plan import Key
from trimtab.providers.base import Activity, GroupState, Instance, InstanceState
from trimtab.providers.datapoints import MINUTE, Datapoints, MetricQuery, MetricValue
from trimtab.providers.lookup import group_not_found, in_charge, renamed
from trimtab.providers.pause import Boost, Pause
from trimtab.providers.roles import GroupActor, Provider
from trimtab.runtime.apply import AwaitedGroup, wait_for
from trimtab.runtime.arguments import check_duration, check_metric, check_size, check_word
from trimtab.runtime.datapoints import beginning, publish_values, read_datapoints
from trimtab.runtime.pause import checked_boost, checked_pause, checked_resume

HOUR = timedelta(hours=1)


class LiveGroup:
    """
    One group that exists in a cloud, owned by a fleet or not.

    It acts on the group that the caller names and asks for no mark.
    """

    def __init__(self, provider: Provider, name: str, location: str, *, clock: Clock, listener: Listener) -> None:
        self._provider = provider
        self._clock = clock
        self._listener = listener
        self._asked = name
        self._native: str | None = None
        self.location = location

    def __repr__(self) -> str:
        return f"<LiveGroup {self._native or self._asked} on {self._provider.name} {self.location}>"

    @property
    def name(self) -> str:
        """The group's name in the cloud."""
        if self._native is None:
            self._native = self.read().name
        return self._native

    def read(self) -> GroupState:
        """
        The group as it is now.

        Raises:
            NotFound: There is no such group.
        """
        if self._native is None:
            state = self._provider.live.find_group(self._asked, self.location)
        else:
            state = next(iter(self._provider.live.read_states([(self.location, self._native)])), None)
        if state is None:
            raise group_not_found(self._asked, self.location, self._provider.name)
        self._native = state.name
        return state

    def scale(self, *, to: int) -> None:
        """
        Ask for `to` instances; a cooldown does not hold it up.

        Raises:
            InvalidRequest: `to` is outside the group's bounds.
            InvalidArgument: `to` is not a number of instances.
        """
        check_size("to", to)
        self._actor().set_capacity(to)

    def wait(self, *, timeout: timedelta, until: Literal["stable", "healthy"] = "stable") -> GroupState:
        """
        The group, once the wanted number of instances runs (`stable`) or also serves (`healthy`).

        Raises:
            WaitTimeout: It did not get there within `timeout`.
            InvalidArgument: `until` is no such word.
        """
        check_word("until", until, ("stable", "healthy"))
        check_duration("timeout", timeout)
        place = AwaitedGroup(Key(self.location, "group", self.name), self.name)
        late = wait_for(
            self._provider,
            [place],
            healthy=until == "healthy",
            timeout=timeout,
            clock=self._clock,
            listener=self._listener,
        )
        if late:
            raise WaitTimeout(late[0])
        return self.read()

    def instances(self) -> tuple[Instance, ...]:
        """Its instances, with what its load balancers say of them."""
        states = self._provider.live.read_states([(self.location, self.name)], balancers=True)
        return states[0].instances if states else ()

    def protect(self, *ids: str) -> None:
        """
        Have scaling in spare some instances, until `unprotect`; what people and health checks end, ends all the same.

        Args:
            ids: The instances, by their ids or by their names in an inventory.

        Raises:
            NotFound: The group has no such instance.
            Unsupported: The cloud protects no single instances; says what it has instead.
            InvalidRequest: An instance is on its way out.
        """
        self._protect(ids, protected=True)

    def unprotect(self, *ids: str) -> None:
        """
        Let scaling in choose some instances again; the arguments and errors are those of `protect`.

        Raises:
            NotFound: The group has no such instance.
            Unsupported: The cloud protects no single instances.
        """
        self._protect(ids, protected=False)

    def drain(self, *ids: str, shrink: bool = False) -> None:
        """
        Send some instances no more requests, and keep them running: to look at them, or to end them later.

        Args:
            ids: The instances, by their ids or by their names in an inventory.
            shrink: Take them off the size; else others start in their place.

        Raises:
            NotFound: The group has no such instance.
            Unsupported: The cloud has no such state of an instance; says what it has instead.
            InvalidRequest: The size would be below the minimum.
        """
        state, instances = self._find_instances("drain", ids)
        if serving := _staying(instances):
            self._actor().drain(state, serving, shrink=shrink)

    def replace(self, *ids: str) -> None:
        """
        End some instances, and have others start in their place from the current template: the size stays.

        Args:
            ids: The instances, by their ids or by their names in an inventory.

        Raises:
            NotFound: The group has no such instance.
        """
        self._end("replace", ids, shrink=False)

    def end(self, *ids: str, shrink: bool) -> None:
        """
        End some instances, these and no others.

        Those that are on their way out already are no error. What decides the size goes on deciding: the autoscaler,
        or the controller, may start others later.

        Args:
            ids: The instances, by their ids or by their names in an inventory.
            shrink: Take them off the size as well; else others start in their place, as by `replace`.

        Raises:
            NotFound: The group has no such instance.
            InvalidRequest: The size would be below the minimum; nothing was ended.
        """
        self._end("end", ids, shrink=shrink)

    def _protect(self, ids: Sequence[str], *, protected: bool) -> None:
        _, instances = self._find_instances("protect", ids)
        staying = _staying(instances)
        if protected and staying != instances:
            text = f"an instance of {self.name!r} is on its way out, and nothing keeps it any more"
            raise InvalidRequest(f"{text}; name others", provider=self._provider.name, operation="protect")
        if staying:
            self._actor().protect(staying, protected=protected)

    def _end(self, operation: str, ids: Sequence[str], *, shrink: bool) -> None:
        state, instances = self._find_instances(operation, ids)
        if leavers := _staying(instances):
            self._actor().end_instances(state, leavers, shrink=shrink)

    def _find_instances(self, operation: str, names: Sequence[str]) -> tuple[GroupState, list[Instance]]:
        """
        The group, and the instances of these ids, each once; a name in an inventory may have the group's before its id.

        Raises:
            Unsupported: The cloud does not do this.
            InvalidRequest: None is named.
            NotFound: The group has no such instance.
        """
        provider = self._provider.name
        refuse_unsupported(operation, provider, self._native or self._asked)
        if not names:
            raise InvalidRequest("no instance is named; give their ids", provider=provider, operation=operation)
        state = self.read()
        known = {f"{state.name}_{instance.id}": instance for instance in state.instances}
        known |= {instance.id: instance for instance in state.instances}
        if unknown := [name for name in names if name not in known]:
            ids = ", ".join(capped([instance.id for instance in state.instances])) or "none"
            text = f"group {state.name!r} has no instance {unknown[0]!r}; it has {ids}"
            raise NotFound(text, provider=provider, operation=operation)
        return state, list(dict.fromkeys(known[name] for name in names))

    def activities(self, limit: int = 20) -> Sequence[Activity]:
        """What the cloud did to its size, newest first."""
        return self._provider.live.read_activities(self.location, self.name, limit)

    def execute(self, policy: str, *, value: float | None = None, threshold: float | None = None) -> None:
        """
        Act once on a policy, as its alarm would; a cooldown does not hold it up.

        Args:
            policy: A simple or a step policy, by its name in the group or in the cloud.
            value: What a step policy takes the metric to be.
            threshold: The threshold that its steps are counted from.

        Raises:
            NotFound: The group has no such policy.
            Unsupported: The policy watches its own metric.
            InvalidRequest: A step policy is not told the value and the threshold.
        """
        self._actor().execute(policy, value=value, threshold=threshold)

    def pause(self, *, by: str, until: datetime | None = None, why: str = "") -> None:
        """
        Let neither policies nor schedules change the size, and mark who wanted that.

        Plans leave a marked pause alone. Pausing again renews the mark; nothing resumes by itself.

        Args:
            by: Who pauses it.
            until: When it is to be over.
            why: The reason, for those who find it.

        Raises:
            Conflict: Somebody else has paused it.
            InvalidRequest: `until` has passed, or nobody is named.
        """
        pause = checked_pause(self.read(), Pause(by=by, until=until, why=why), self._clock.now())
        self._actor().pause(pause)

    def resume(self) -> None:
        """
        Give back what a pause stopped and take its mark away; nothing else that stands still starts again.

        What is left of a boost that ended in the meantime goes too.

        Raises:
            Conflict: A blue-green rollout that is on has paused it.
        """
        checked_resume(self.read())
        self._actor().resume()
        boost = self.read().boost
        if boost is not None and boost.is_over(self._clock.now()):
            self._actor().end_boost()

    def boost(self, *, min: int, until: datetime, by: str, why: str = "") -> None:
        """
        Hold at least `min` instances for a time, whatever policies and schedules say, and mark who wanted that.

        The cloud ends it by itself, and plans leave it alone until then. Boosting again renews it. Where no native
        autoscaler decides the size, as on groups of a controller, the mark alone stands, and the controller keeps it.

        Args:
            min: The least instances; at most the group's maximum.
            until: When it is over, with a time zone; at most 31 days ahead.
            by: Who wants it.
            why: The reason, for those who find it.

        Raises:
            Conflict: The group is paused, or somebody else has boosted it.
            InvalidRequest: `until` has passed or has no time zone, `min` is above the maximum, or nobody is named.
        """
        boost = checked_boost(self.read(), Boost(min=min, until=until, by=by, why=why), self._clock.now())
        self._actor().boost(boost)

    def end_boost(self) -> None:
        """Give back the minimum that schedules and the group itself say, and take the mark of a boost away."""
        self._actor().end_boost()

    def datapoints(
        self,
        metric: Metric,
        *,
        since: datetime | timedelta = HOUR,
        until: datetime | None = None,
        period: timedelta = MINUTE,
        statistic: str = "average",
    ) -> Datapoints:
        """
        A metric of the group over time, in the metric's unit: a value for each whole period, the newest last.

        Args:
            metric: What is measured.
            since: The beginning, or how far back it is; an hour when left out.
            until: The end; now when left out.
            period: The length of one datapoint.
            statistic: `average`, `minimum`, `maximum`, `sum`, `count`, or a percentile such as `p95`.

        Raises:
            Unsupported: The cloud has no such metric of such a group.
        """
        check_metric("metric", metric)
        now = self._clock.now()
        query = MetricQuery(
            group=self.name,
            metric=metric,
            since=beginning(since, until or now),
            until=until,
            period=period,
            statistic=statistic,
            location=self.location,
        )
        return read_datapoints(self._provider, [query], now)[0]

    def publish(
        self,
        metric: Metric,
        value: float,
        *,
        at: datetime | None = None,
        dimensions: Mapping[str, str] | None = None,
    ) -> None:
        """
        Publish one value of a custom metric about the group.

        Args:
            metric: A custom metric; `{group}` in its dimensions is the group's name in the cloud.
            value: In the metric's unit.
            at: When it was measured; now when left out.
            dimensions: Further dimensions, or others than the metric's own.

        Raises:
            Unsupported: The metric is not a custom one.
        """
        check_metric("metric", metric)
        metric_value = MetricValue(
            metric=metric,
            value=value,
            at=at,
            group=self.name,
            dimensions=dimensions or {},
            location=self.location,
        )
        publish_values(self._provider, [metric_value], self._clock.now())

    def _actor(self) -> GroupActor:
        return self._provider.actions.on(self.location, self.name)


def _staying(instances: Sequence[Instance]) -> list[Instance]:
    return [instance for instance in instances if instance.state is not InstanceState.TERMINATING]


def native_name(provider: Provider, fleet: Fleet, group: ScalingGroup) -> str:
    """What a fleet's group is called in the cloud, in a blue-green rollout and after it too; reads it."""
    location, native, live = group.location or provider.location, fleet.native_name(group), provider.live
    states = in_charge(live.read_states, live.read_states([(location, native)]))
    states = states or [*renamed(live.candidates, fleet.name, group.name, location)]
    return states[0].name if states else native
