"""What `connect()` returns: a cloud that plans, applies, watches and acts on groups."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from trimtab.capabilities import is_delegated
from trimtab.clock import Clock, SystemClock, check_cancelled
from trimtab.declarations.blocks import check_settings
from trimtab.engine.timetable import timetable_of
from trimtab.errors import Cancelled, InvalidArgument, MissingExtra, PlanRefused, StalePlan
from trimtab.events import (
    ApplyEnded,
    ApplyStarted,
    Listener,
    PlanEnded,
    PlanStarted,
    reported,
    several,
    silent,
)
from trimtab.logs import log
from trimtab.models import Fleet, ScalingGroup
from trimtab.models.fleet import require_fleet
from trimtab.phrases import in_words
from trimtab.plan import Action, Change, Plan, PlanRequest
from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
from trimtab.providers.importing import Imported, fleet_for
from trimtab.providers.lookup import in_charge, renamed
from trimtab.providers.patience import patience_of
from trimtab.providers.regions import check_regions
from trimtab.providers.roles import Provider
from trimtab.runtime.apply import (
    Applied,
    Consent,
    Outcome,
    cancelled_apply,
    carry_out,
    check_consent,
    count_outcomes,
    places_to_wait_for,
    wait_for,
)
from trimtab.runtime.arguments import check_duration, check_list, check_word
from trimtab.runtime.datapoints import beginning, publish_values, read_datapoints
from trimtab.runtime.group import LiveGroup
from trimtab.runtime.limits import held_to_limits
from trimtab.runtime.pause import kinds_of
from trimtab.runtime.planning import made_plan, with_places
from trimtab.runtime.status import FleetStatus, GroupStatus, in_force_of, shortages_of

if TYPE_CHECKING:
    from trimtab import Explanation, FleetModel, Load, Rehearsal
    from trimtab.engine.functions import PolicyFunction
    from trimtab.kpis.card import KpiOptions, Kpis
    from trimtab.kpis.scoring import Static
    from trimtab.rollout import Rolled, Rollouts
    from trimtab.runtime.watch import Watch
    from trimtab.sources import Source
    from trimtab.store import records
    from trimtab.store.records import Store

TWO_HOURS = timedelta(hours=2)
Wait = Literal["accepted", "stable", "healthy"]
"""How long apply waits: for the calls to be accepted, for the wanted sizes to run, for them to serve."""


class Cloud:
    """
    One cloud, connected: plans, applies, watches. Thread-safe; a context manager; never prints.

    Args:
        provider: The vendor's code.
        clock: Tells the time and waits.
        workers: How many groups are written at the same time.
        listener: Called for each event.
    """

    def __init__(
        self, provider: Provider, *, clock: Clock | None = None, workers: int = 8, listener: Listener = silent
    ) -> None:
        self.provider = provider
        self._clock = clock or SystemClock()
        self._workers = workers
        self._listener = several(log, listener)
        self._opened = ExitStack()

    def __repr__(self) -> str:
        return f"<Cloud {self.provider.name} {self.provider.location}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections."""
        self._opened.close()
        self.provider.close()

    def plan(self, fleet: Fleet, *, strict: bool = False, prune: bool = True, refresh: Sequence[str] = ()) -> Plan:
        """
        What apply would change so that the cloud has `fleet`; reads only.

        Args:
            fleet: What is wanted.
            strict: Treat approximations as errors.
            prune: Delete what the fleet owns and no longer has.
            refresh: What to look up anew although it was kept: `image`, `size`.
        """
        return self._plan(self._request(fleet, strict=strict, prune=prune, refresh=refresh))

    def destroy(self, fleet: Fleet) -> Plan:
        """The plan of the empty fleet: everything that `fleet` owns goes. Apply it with `allow_delete=True`."""
        return self._plan(self._request(fleet, empty=True))

    def adopt(self, fleet: Fleet, groups: Sequence[str] | None = None) -> Plan:
        """
        The plan that marks what exists under the fleet's names, and changes nothing else.

        Args:
            fleet: Says which names.
            groups: Only these groups; all when left out.
        """
        return self._plan(self._request(fleet, adopt=True, only=groups))

    def apply(
        self,
        plan: Plan,
        wait: Wait = "stable",
        timeout: timedelta = timedelta(minutes=15),
        on_event: Listener | None = None,
        *,
        allow_delete: bool = False,
        allow_replace: bool = False,
    ) -> Applied:
        """
        Carry `plan` out, after a second look at what it stands on.

        Args:
            plan: From `plan`, `destroy` or `adopt` of this cloud.
            wait: For the calls to be `accepted`, for the sizes to be `stable`, or the instances `healthy`.
            timeout: How long to wait for that, for all groups together.
            on_event: Called for each event, from the thread that it happens in.
            allow_delete: Agree to lose the groups that the plan deletes.
            allow_replace: Agree to lose the instances of the groups that the plan replaces.

        Returns:
            The outcome of each change; `raise_for_failures()` raises when one did not go through.

        Raises:
            PlanRefused: The plan has problems, is of another cloud, or its ground has moved (`StalePlan`).
            ConsentMissing: It ends instances and nobody agreed.
            InvalidArgument: `wait` is no such word.
            Cancelled: Nobody waits for it any more; changes that were written stay.
        """
        check_word("wait", wait, get_args(Wait))
        check_duration("timeout", timeout)
        if not isinstance(plan, Plan):
            raise InvalidArgument(f"plan: give a `Plan`, as cloud.plan(fleet) makes, not {type(plan).__name__}")
        if plan.provider != self.provider.name:
            raise PlanRefused(f"this plan is for {plan.provider}, not for {self.provider.name}")
        consent = Consent(delete=allow_delete, replace=allow_replace)
        check_consent(self.provider, plan, consent)
        listener = self._listener if on_event is None else several(self._listener, on_event)
        outcomes: list[Outcome] = []
        late: list[str] = []

        def ended(error: str) -> ApplyEnded:
            counts = count_outcomes(outcomes)
            return ApplyEnded(plan, counts, len(outcomes) - counts.get("done", 0) + len(late), error)

        with reported(listener, ApplyStarted(plan), ended):
            self._look_again(plan, consent)
            outcomes += carry_out(self.provider, plan, workers=self._workers, listener=listener)
            try:
                check_cancelled()
                if wait != "accepted":
                    late += self._wait_for(outcomes, plan.fleet, wait == "healthy", timeout, listener)
            except Cancelled as error:
                raise cancelled_apply(outcomes) from error
        return Applied(
            outcomes=tuple(outcomes),
            timed_out=tuple(late),
            unreadable=tuple(str(scope) for scope in plan.unknown),
            held=tuple(str(problem) for problem in plan.problems),
        )

    def _wait_for(
        self, outcomes: Sequence[Outcome], fleet: str, healthy: bool, timeout: timedelta, listener: Listener
    ) -> list[str]:
        places = places_to_wait_for(self.provider, outcomes, fleet)
        return wait_for(self.provider, places, healthy=healthy, timeout=timeout, clock=self._clock, listener=listener)

    def status(self, fleet: Fleet, *, addresses: bool = False, rollouts: bool = False) -> FleetStatus:
        """
        Every group of `fleet` as it stands: sizes, instances, schedules in force, alarms, pauses.

        Args:
            fleet: Says which groups.
            addresses: Also say where each instance is reached.
            rollouts: Also say which templates wait for a rollout, which takes a plan where a group has `rollout:`.
        """
        with patience_of(self._clock):
            status = self._status(require_fleet(fleet).for_provider(self.provider.name), addresses=addresses)
        return status.with_waiting(self.plan, fleet) if rollouts else status

    def _status(self, fleet: Fleet, *, addresses: bool) -> FleetStatus:
        now = self._clock.now()
        places = {group.name: (self._location(group), fleet.native_name(group)) for group in fleet.groups}
        read = partial(self.provider.live.read_states, addresses=addresses)
        # of several with one name, as in a region and its zones, the fleet's own
        found = sorted(read(places.values()), key=lambda state: state.fleet == fleet.name)
        states = {(old.location, old.name): state for old, state in zip(found, in_charge(read, found), strict=True)}
        for group in fleet.groups:
            if places[group.name] not in states:
                candidates = self.provider.live.candidates
                for state in renamed(candidates, fleet.name, group.name, self._location(group))[:1]:
                    places[group.name] = place = state.location, state.name
                    more = read([place]) if addresses else ()
                    states[place] = replace(more[0], rollout=state.rollout) if more else state
        alarms = self.provider.live.read_alarms(fleet)
        groups = tuple(
            GroupStatus(
                group=group.name,
                name=states[place].name if (place := places[group.name]) in states else place[1],
                location=places[group.name][0],
                state=states.get(places[group.name]),
                in_force=in_force_of(group, states.get(places[group.name]), now),
                next_edge=timetable_of(group.schedules).next_edge(now, now + timedelta(days=7)),
                alarms=tuple(alarm for alarm in alarms if alarm.group == group.name),
                controlled=is_delegated(fleet, group, self.provider.name),
                short=shortages_of(self.provider.live, group, states.get(places[group.name]), now),
            )
            for group in fleet.groups
        )
        return FleetStatus(fleet=fleet.name, provider=self.provider.name, at=now, groups=groups)

    def group(self, name: str, location: str | None = None) -> LiveGroup:
        """
        One group that exists, by its name in the cloud or its name within a fleet.

        Args:
            name: The native name, or the name within the fleet when only one marked group has it.
            location: Its region; the connection's when left out.
        """
        return LiveGroup(
            self.provider, name, location or self.provider.location, clock=self._clock, listener=self._listener
        )

    def import_group(self, name: str, location: str | None = None, *, fleet: str | None = None) -> Imported:
        """
        A group that exists, whoever made it, in the words of the model; reads only.

        Args:
            name: Its name in the cloud.
            location: Its region; the connection's when left out.
            fleet: The fleet that it is to join: names are shortened by what they begin with in that fleet. When left
                out, the one whose mark the group bears, else one of its own; `Imported.fleet` says which.

        Returns:
            The group, and a note on each field that the plan after `adopt` changes; and on what no plan looks at.

        Raises:
            NotFound: There is no such group.
            Unsupported: It is no group that the model can say, whatever is left out.
        """
        return self.provider.live.import_group(location or self.provider.location, name, fleet=fleet)

    def fleet_of(self, names: Sequence[str], location: str | None = None) -> str:
        """
        A name for the fleet of groups that exist: the one whose mark all of them bear, else one that is theirs alone.

        Two files of one fleet would delete each other's groups, so other groups never get the same name.

        Args:
            names: Their names in the cloud.
            location: Their region; the connection's when left out.
        """
        place = location or self.provider.location
        states = self.provider.live.read_states([(place, name) for name in names])
        fleets = {state.fleet for state in states}
        return fleets.pop() if len(fleets) == 1 and fleets != {""} else fleet_for(names, place)

    @property
    def clock(self) -> Clock:
        """The clock that this connection was given."""
        return self._clock

    def now(self) -> datetime:
        """The time on the clock that this connection was given."""
        return self._clock.now()

    def watch(self, fleet: Fleet) -> "Watch":
        """A watch over `fleet`: each look says how it stands, its load and what was last done to it."""
        # whoever plans and applies does not watch
        from trimtab.runtime.watch import Watch

        fleet = require_fleet(fleet).for_provider(self.provider.name)
        return Watch(self.provider, fleet, status=self.status, clock=self._clock)

    def explain(
        self,
        fleet: Fleet,
        group: str,
        *,
        since: datetime | timedelta = TWO_HOURS,
        at: datetime | None = None,
        diagnose: bool = False,
        store: "Store | None" = None,
        sources: "Sequence[Source]" = (),
        allow_python: Sequence[str] = (),
    ) -> "Explanation":
        """
        Why a group has, or had, its size: what happened, and what the rules say of each minute; reads only.

        Args:
            fleet: The fleet.
            group: The group's name within it.
            since: The beginning, or how far back it is; two hours when left out, three days at most.
            at: One moment instead, with what lies around it.
            diagnose: Also say what is wrong, with evidence and a fix.
            store: Where the controller keeps its history.
            sources: Metrics from elsewhere, beside those that the fleet itself names.
            allow_python: The modules and packages from which policies in Python may be imported; those that are not
                allowed ask for nothing.

        Raises:
            NotFound: The cloud has no such group.
            InvalidArgument: The fleet has no such group, or the time is none.
        """
        # whoever plans and applies asks no such question; and by its name alone, since that room stands on the
        # controller's, which stands on this one
        explanation: Explanation = import_module("trimtab.explaining.explain").explain(
            self.provider,
            fleet,
            group,
            clock=self._clock,
            since=since,
            at=at,
            diagnosed=diagnose,
            store=store,
            sources=sources,
            allow_python=allow_python,
        )
        return explanation

    def rollouts(
        self,
        fleet: Fleet,
        *,
        allow_commands: bool = False,
        on_event: Listener | None = None,
        store: "records.Store | str | None" = None,
    ) -> "Rollouts":
        """
        The rollouts of `fleet`: start, look at, pause, resume, abort and undo them, and drive those that are on.

        Args:
            fleet: Says which groups, and how each is rolled out.
            allow_commands: Whether `command` gates may run their programs.
            on_event: Called when the rollout of a group moves.
            store: Keeps the history, a store or its URL; none is needed. One that a URL opened is closed with this
                connection.

        Raises:
            Unsupported: The provider has no rollouts.
            MissingExtra: The store needs SQLAlchemy.
            StoreUnavailable: It cannot be reached.
        """
        from trimtab.rollout.rollouts import Rollouts  # few fleets roll templates out

        listener = self._listener if on_event is None else several(self._listener, on_event)
        carry = partial(carry_out, self.provider, workers=self._workers, listener=listener)
        if isinstance(store, str):
            from trimtab.store import open_store  # its libraries are an extra

            store = open_store(store)
            self._opened.callback(store.close)
        return Rollouts(self, carry, fleet, listener=listener, allow_commands=allow_commands, store=store)

    def rollout(
        self,
        fleet: Fleet,
        groups: Sequence[str] | None = None,
        *,
        by: str = "",
        timeout: timedelta | None = None,
        again: bool = False,
        allow_commands: bool = False,
        on_event: Listener | None = None,
        store: "records.Store | str | None" = None,
    ) -> "Rolled":
        """
        Roll out what waits for it, go on with what is on, and see it through.

        The run lives in the cloud's marks: when this process ends, any other one can go on with it.

        Args:
            fleet: What is wanted.
            groups: Only these; all when left out.
            by: Who starts it.
            timeout: How long to see it through at most; as long as it takes when left out.
            again: Whether a template that was rolled back is tried once more.
            allow_commands: Whether `command` gates may run their programs.
            on_event: Called when the rollout of a group moves.
            store: Keeps the history, a store or its URL; none is needed.

        Returns:
            How each group ended; `raise_for_failures()` raises when one has not its new template.

        Raises:
            PlanRefused: The plan of the fleet has problems.
            Cancelled: Nobody waits for it any more; the run stays as it is.
        """
        rollouts = self.rollouts(fleet, allow_commands=allow_commands, on_event=on_event, store=store)
        started = rollouts.start(groups, by=by, again=again)
        return rollouts.see_through([each.group for each in started], timeout=timeout).over(started)

    def datapoints(self, queries: Iterable[MetricQuery]) -> tuple[Datapoints, ...]:
        """
        Many metrics of many groups, in as few calls as can be; an answer to each query, in order.

        Raises:
            Unsupported: The cloud has no such metric of such a group.
        """
        return read_datapoints(self.provider, queries, self._clock.now())

    def kpis(
        self,
        fleet: Fleet,
        since: datetime | timedelta,
        *,
        baseline: "Static" = "static-p95",
        options: "KpiOptions | None" = None,
    ) -> "Mapping[str, Kpis]":
        """
        The KPIs of each group of `fleet`, from what the cloud measured and did; needs the extra `sim`.

        What cannot be known has no value and a note that says why, and what to switch on.

        Args:
            fleet: Says which groups, and what CPU they aim at.
            since: When it begins, or how long ago; CloudWatch keeps minutes for 15 days, then 5 minutes are read.
            baseline: What savings and the elastic speedup are measured against: a fixed size for the largest demand
                (`static-peak`), its 95th percentile (`static-p95`) or its mean (`static-mean`).
            options: Prices and targets.

        Returns:
            By the names of the groups; without any KPI for one that does not exist.

        Raises:
            InvalidRequest: `since` has no time zone, or has not passed.
            MissingExtra: numpy is not installed.
        """
        try:
            from trimtab.kpis.fleet import fleet_kpis  # numpy is an extra
        except ModuleNotFoundError as missing:
            raise MissingExtra("working out KPIs", "sim") from missing

        fleet = require_fleet(fleet).for_provider(self.provider.name)
        now = self._clock.now()
        return fleet_kpis(
            self.provider,
            fleet,
            self.status(fleet),
            beginning(since, now),
            read=self.datapoints,
            baseline=baseline,
            options=options,
        )

    def rehearse(
        self,
        fleet: Fleet,
        load: "Load | Mapping[str, Load]",
        *,
        require: Sequence[str] = (),
        model: "FleetModel | None" = None,
        capacity: float | None = None,
        options: "KpiOptions | None" = None,
        seeds: Sequence[int] = range(5),
        functions: "Mapping[str, PolicyFunction] | None" = None,
    ) -> "Rehearsal":
        """
        What would `fleet` make of a load, beside what the groups that run make of it; reads only. Needs `sim`.

        Each group that runs is read as `import_group` reads it, and replayed with the wanted one on the same load and
        model, from the size that it has now.

        Args:
            fleet: What is wanted.
            load: One for each group, or by the names of groups; those that have none are left out.
            require: Bounds that the wanted groups are held to, such as `availability >= 99.9`; the names are those of
                the KPIs.
            model: How instances behave; that of the group when left out.
            capacity: Requests a second of one instance, in place of the model's.
            options: Prices and targets.
            seeds: What chance is drawn from where the model leaves something to it; bounds hold in each.
            functions: The functions of policies in Python, as `trimtab.load_policies` gives them.

        Raises:
            InvalidArgument: A bound is not one, or a wanted group looks at a metric that the load cannot give.
            MissingExtra: numpy is not installed.
        """
        # by its name alone, since the simulation stands on this room
        rehearsal: Rehearsal = import_module("trimtab.simulation.rehearsing").rehearse(
            self,
            fleet,
            load,
            require=require,
            model=model,
            capacity=capacity,
            options=options,
            seeds=seeds,
            functions=functions or {},
        )
        return rehearsal

    def publish(self, values: Iterable[MetricValue]) -> None:
        """
        Publish many values of custom metrics, in as few calls as can be.

        Raises:
            Unsupported: A metric is not a custom one.
        """
        publish_values(self.provider, values, self._clock.now())

    def permissions(
        self,
        fleet: Fleet,
        *,
        read_only: bool = False,
        controller: bool = False,
        instances: bool = False,
        hooks: bool = False,
    ) -> Mapping[str, Any]:
        """
        The least that an identity needs to handle `fleet`, in the form in which the cloud grants it; asks nothing.

        Args:
            fleet: Says what is needed.
            read_only: For plan, status and watch only.
            controller: For the controller only; with `read_only` in shadow mode.
            instances: For the instances themselves, in `template.role`: metrics that they publish, hooks that they end.
            hooks: For the consumer of hooks only.

        Raises:
            InvalidArgument: `instances` or `hooks` stands beside another one.
            Unsupported: The cloud has no hooks to consume outside the instances.
        """
        fleet = require_fleet(fleet).for_provider(self.provider.name)
        if (instances or hooks) and read_only + controller + instances + hooks > 1:
            name = "instances" if instances else "hooks"
            raise InvalidArgument(f"`{name}` stands alone: leave out the others")
        if instances:
            return self.provider.resources.instance_permissions(fleet)
        if hooks:
            return self.provider.resources.hook_permissions(fleet)
        return self.provider.resources.permissions(fleet, read_only=read_only, controller=controller)

    def _location(self, group: ScalingGroup) -> str:
        return group.location or self.provider.location

    def _request(
        self,
        fleet: Fleet,
        *,
        strict: bool = False,
        prune: bool = True,
        refresh: Sequence[str] = (),
        adopt: bool = False,
        empty: bool = False,
        only: Sequence[str] | None = None,
    ) -> PlanRequest:
        fleet = require_fleet(fleet).for_provider(self.provider.name)
        check_list("refresh", refresh)
        for word in refresh:
            check_word("refresh", word, ("image", "size"))
        if only is not None:
            check_list("groups", only)
        if not empty:  # what goes needs no settings
            check_settings(fleet, self.provider.name)
            check_regions(fleet, self.provider.location, self.provider.regions)
        names = [group.name for group in fleet.groups]
        if unknown := [name for name in only or () if name not in names]:
            raise PlanRefused(f"fleet {fleet.name!r} has no group {unknown[0]!r}; it has {in_words(names) or 'none'}")
        return PlanRequest(
            fleet=fleet,
            prune=prune,
            adopt=adopt,
            strict=strict,
            refresh=frozenset(refresh),
            empty=empty,
            only=None if only is None else frozenset(only),
        )

    def _plan(self, request: PlanRequest) -> Plan:
        made: list[Plan] = []

        def ended(error: str) -> PlanEnded:
            return PlanEnded(*about, made[0] if made else None, error)

        about = self.provider.name, request.fleet.name
        # what it reads is one question, however many calls that takes
        with reported(self._listener, PlanStarted(*about), ended), patience_of(self._clock):
            plan = held_to_limits(
                made_plan(self.provider, request, self._clock.now()), self.provider, self._clock.now()
            )
            made.append(with_places(plan, request.fleet))
        return made[0]

    def _look_again(self, plan: Plan, consent: Consent) -> None:
        """Plan once more and compare, unless all that is planned is new groups: their creation is exclusive."""
        new = {change.group for change in plan.changes if self._creates_group(change)}
        if not plan.changes or all(change.group in new for change in plan.changes):
            return
        if plan.request is None:
            raise PlanRefused("this plan does not say how it was asked for; plan again and apply that")
        again = self._plan(plan.request)
        if again.fingerprint != plan.fingerprint:
            raise StalePlan("the cloud is no longer what the plan was made from; plan again")
        check_consent(self.provider, again, consent)  # sizes move, and are no part of what a plan stands on

    def _creates_group(self, change: Change) -> bool:
        return change.action is Action.CREATE and kinds_of(self.provider)[change.key.kind].holds_instances
