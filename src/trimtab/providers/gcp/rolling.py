"""
Rollouts by the updater of managed instance groups: two versions with target sizes, and how far it may go at once.

The mark of a run stands in the description of the manager, beside that of its owner: the name of a version, which
Google keeps too, takes 63 letters and digits, and the mark, the versions and the update policy are one patch this way,
which holds only for what was read.

https://cloud.google.com/compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from trimtab.clock import Clock
from trimtab.errors import Conflict, InvalidRequest, NotFound, Unsupported
from trimtab.models import Metric
from trimtab.plan import read_description
from trimtab.providers.base import Instance, InstanceState
from trimtab.providers.gcp.alarms import aggregation
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.datapoints import interval_of, points_of
from trimtab.providers.gcp.errors import STALE
from trimtab.providers.gcp.ids import lengthened, name_of, place_of, scoped
from trimtab.providers.gcp.kinds import ALERT_POLICY
from trimtab.providers.gcp.metrics import INSTANCE, PointShape, Scope, from_native, metric_for
from trimtab.providers.gcp.reads import list_monitored, managed_instances
from trimtab.providers.gcp.resources import (
    UNDO,
    find_notes,
    find_run,
    policy_words,
    previous_line,
    previous_of,
    template_link,
    template_word,
    with_marks,
)
from trimtab.providers.gcp.states import Picture, States, find_manager, template_of
from trimtab.providers.gcp.updater import (
    REPLACE,
    Patch,
    budget_for,
    policy_back,
    same_versions,
    standing,
    template_in,
    version_of,
    version_patch,
    versions_for,
)
from trimtab.providers.pause import DRIVEN_TAG
from trimtab.providers.retry import in_batches
from trimtab.providers.rolling import Limits, NewTemplate, Progress, RolloutActions, Shares, next_batch
from trimtab.providers.run import RolloutRun
from trimtab.providers.writer import send_held

MINUTE = timedelta(minutes=1)
MOST_NUMBERS = 60
"""Instances that one filter names: it takes 2,048 characters, and each has a number of up to twenty digits."""


@dataclass
class _Known:
    """A group as this process last read it; no manager once it has written it since."""

    picture: Picture
    manager: Mapping[str, Any] | None

    @property
    def place(self) -> Mapping[str, Any]:
        """The manager as it was read, which says where it is."""
        return self.picture.manager


@dataclass
class GcpRollouts(RolloutActions):
    """
    Rolls the templates of managed instance groups out.

    A write holds for the group as it was last read: what another process has done to the run since is never undone.
    """

    calls: Calls
    clock: Clock
    _known: dict[tuple[str, str], _Known] = field(default_factory=dict)

    def read(self, places: Iterable[tuple[str, str]], *, addresses: bool = False) -> Sequence[Progress]:
        """
        The groups at these places: three lists for all, and a call for the instances of each.

        A list of the templates besides, where a group has no run: what it could go back to.
        """
        pictures = States(self.calls, self.clock.now()).pictures(places, balancers=True, addresses=addresses)
        rests = any(find_run(picture.manager) is None for picture in pictures)
        templates = self._templates() if rests else []
        for picture in sorted(pictures, key=lambda one: bool(one.state.fleet)):
            # of two groups of one name in several zones, the one that a fleet has
            self._known[picture.state.location, picture.state.name] = _Known(picture, picture.manager)
        return [_progress(picture, templates) for picture in pictures]

    def begin(self, location: str, name: str, run: RolloutRun, template: NewTemplate) -> RolloutRun:
        """Mark the group, and have its updater stand still: one patch, which only one of several processes makes."""
        wanted = self._wanted_link(location, name, template)
        begun = run

        def body(manager: Mapping[str, Any]) -> Patch | None:
            nonlocal begun
            found = find_run(manager)
            if found is not None and found.id == run.id:
                begun = found
                return None
            if found is not None:
                raise Conflict(f"{name!r}: {found}", provider="gcp", operation="begin rollout")
            begun = _begun(run, manager, wanted, is_undo=bool(template.version))
            return {**standing(manager), "description": with_marks(manager.get("description"), manager, rollout=begun)}

        self._send(location, name, body)
        return begun

    def mark(self, location: str, name: str, run: RolloutRun) -> None:
        """Write the mark, unless somebody else has moved the run on since it was read; that of two groups anew too."""

        def body(manager: Mapping[str, Any]) -> Patch | None:
            if run.in_place or find_run(manager) is not None:
                _its_own(manager, run, name)
            text = with_marks(manager.get("description"), manager, rollout=run)
            return None if text == manager.get("description") else {"description": text}

        self._send(location, name, body)

    def note(self, location: str, name: str, tag: str, text: str) -> None:
        """A line of the description; the mark of the run is left as whoever wrote it last left it."""
        word = "driven" if tag == DRIVEN_TAG else "back"

        def body(manager: Mapping[str, Any]) -> Patch | None:
            written = with_marks(manager.get("description"), manager, **{word: text or None})
            return None if written == manager.get("description") else {"description": written}

        self._send(location, name, body)

    def hold(self, location: str, name: str, run: RolloutRun) -> None:
        """Let the updater act on no instance that it is not asked about; what it has begun it ends."""

        def body(manager: Mapping[str, Any]) -> Patch | None:
            _its_own(manager, run, name)
            return standing(manager) or None

        self._send(location, name, body)

    def advance(self, location: str, name: str, run: RolloutRun, goal: int, limits: Limits) -> None:
        """Give the new version its target size, and let the updater bring it about, or do it one by one."""
        picture = self._find(location, name).picture
        is_whole = goal >= picture.state.desired
        budget = budget_for(picture.manager, limits, picture.state.desired)

        def body(manager: Mapping[str, Any]) -> Patch | None:
            _its_own(manager, run, name, phase=True)
            versions = versions_for(manager, run, picture.members, goal, is_whole=is_whole, natively=budget is not None)
            return version_patch(manager, versions, budget)

        self._send(location, name, body)
        if budget is None:
            self._replace(location, name, goal, limits, reverse=False)

    def retreat(self, location: str, name: str, run: RolloutRun, limits: Limits) -> None:
        """Give the group its old template alone, and let the updater bring it about as it brought the new one."""
        picture = self._find(location, name).picture
        budget = budget_for(picture.manager, limits, picture.state.desired)

        def body(manager: Mapping[str, Any]) -> Patch | None:
            _its_own(manager, run, name, phase=True)
            return version_patch(manager, [version_of(manager, run.old)], budget)

        self._send(location, name, body)
        if budget is None:
            self._replace(location, name, len(_staying(picture)), limits, reverse=True)

    def finish(self, location: str, name: str, run: RolloutRun, keep: int) -> None:
        """
        Leave the new version alone, let old templates go, and take the mark away: in this order.

        Where the one before goes too, the mark says first that there is nothing to go back to.
        """
        known = self._find(location, name)
        if find_run(self._manager(known)) is None:
            return
        # templates come back, and so their age does not say which of them is the one before
        before = _before(self._manager(known), run)
        own = _own(known.picture.manager, self._templates())
        kept = _kept(known.picture, own, [run.new, *before], keep)
        surplus = [link for item in own if (link := _link(item)) not in kept]
        left = previous_line(word for word in before if template_link(known.place, word) not in surplus)
        if template_link(known.place, run.old) in surplus and run.old != run.new:
            point = replace(run, old=run.new)
            self._settle(location, name, run, run.new, rollout=point, previous=left)
        done = [self._dropped(link, known) for link in surplus]
        if not all(done):
            raise _still_used(name)
        self._settle(location, name, run, run.new, rollout=None, previous=left)

    def unwind(self, location: str, name: str, run: RolloutRun, keep: int) -> None:
        """Leave the old version alone, drop the new template unless it is the older one, and take the mark away."""
        known = self._find(location, name)
        if find_run(self._manager(known)) is None:
            return
        if self._settle(location, name, run, run.old, rollout=run):
            new = template_link(known.place, run.new)
            if run.old != run.new and any(template_in(member) == new for member in self._members(known)):
                raise _still_used(name)  # made from it just before it was taken away: the way back goes on
        newer = self._newer(known, run)
        if newer and not self._dropped(newer, known):
            raise _still_used(name)
        self._settle(location, name, run, run.old, rollout=None)

    def clear(self, location: str, name: str) -> None:
        """Take the mark of a blue-green run away, and nothing else."""

        def body(manager: Mapping[str, Any]) -> Patch | None:
            run = find_run(manager)
            if run is None or run.in_place:
                return None
            return {"description": with_marks(manager.get("description"), manager, rollout=None)}

        with suppress(NotFound):
            self._send(location, name, body)

    # alarms and metrics

    def shift(self, shares: Shares) -> str:
        """Weights of URL maps; of two groups in one backend service the scalers of their capacities."""
        from trimtab.providers.gcp.traffic import Shifter

        link = ""
        if shares.joins:
            manager = find_manager(States(self.calls, self.clock.now()).managers(), shares.location, shares.new)
            link = str(manager["instanceGroup"])
        return Shifter(self.calls, shares, link).run()

    def firing(self, location: str, names: Sequence[str]) -> Mapping[str, bool]:
        """
        Which alert policies have an open alert: by display name, or by the full name; two lists.

        Raises:
            AccessDenied: Alerts may not be listed (`monitoring.alerts.list`).
        """
        policies, alerts = self.calls.gather_or_raise(
            [lambda: list_monitored(self.calls, ALERT_POLICY.name).items, self.calls.open_alerts]
        )
        opened = {str((alert.get("policy") or {}).get("name", "")) for alert in alerts}
        states: dict[str, bool] = {}
        for policy in policies:
            fires = str(policy["name"]) in opened
            for word in {str(policy.get("displayName")), str(policy["name"])}.intersection(names):
                states[word] = fires or states.get(word, False)
        return states

    def missing_alarms(self, location: str, names: Sequence[str]) -> Sequence[str]:
        """One list of alert policies: which alerts are open is not asked."""
        policies = list_monitored(self.calls, ALERT_POLICY.name).items
        known = {str(policy.get(field)) for policy in policies for field in ("displayName", "name")}
        return [name for name in names if name not in known]

    def samples(
        self, location: str, name: str, metric: Metric, instances: Sequence[str], since: datetime
    ) -> Sequence[float]:
        """
        The value of each minute of each of these instances.

        Raises:
            Unsupported: Cloud Monitoring does not measure it of each instance.
        """
        measured = metric_for(metric, Scope(name))
        native = measured.native
        if native.resource != INSTANCE or native.shape is PointShape.DISTRIBUTION:
            text = f"Cloud Monitoring measures {metric.name!r} of no instance by itself"
            raise Unsupported(f"{text}; take a metric of instances such as cpu")
        members = self._find(location, name).picture.members
        numbers = [
            str(one["id"]) for one in members if name_of(str(one.get("instance", ""))) in instances and "id" in one
        ]
        how = {**aggregation(measured, "mean", MINUTE), "crossSeriesReducer": "REDUCE_NONE"}
        begin, end = _minute(since + MINUTE - timedelta(microseconds=1)), _minute(self.clock.now())
        if end <= begin:
            return []
        series: list[dict[str, Any]] = []
        for some in in_batches(numbers, MOST_NUMBERS):
            words = ",".join(f'"{number}"' for number in some)
            series += self.calls.monitor(
                "metrics.list_time_series",
                name=f"projects/{self.calls.project}",
                filter=f"{measured.full_filter} AND resource.labels.instance_id = one_of({words})",
                interval=interval_of(begin, end),
                aggregation=how,
                view="FULL",
            )
        return [from_native(value, native) for item in series for _, value in points_of(item)]

    # one by one

    def _replace(self, location: str, name: str, goal: int, limits: Limits, *, reverse: bool) -> None:
        """Have the next instances replaced, as many at once as may be out of service."""
        known = self._find(location, name)
        if not next_batch(_progress(known.picture), goal, limits, reverse=reverse):
            return
        # another process may have named some since they were read
        fresh = States(self.calls, self.clock.now()).again(known.picture)
        known.picture = fresh
        batch = next_batch(_progress(fresh), goal, limits, reverse=reverse)
        links = {name_of(link): link for member in fresh.members if (link := str(member.get("instance", "")))}
        if not batch:
            return
        place = place_of(fresh.manager)
        where = scoped("instanceGroupManagers", zone=place.zone, region=place.region)
        kind = "instance_group_managers" if place.zone else "region_instance_group_managers"
        body = {
            "instances": [links[each] for each in batch],
            "minimalAction": REPLACE,
            "mostDisruptiveAllowedAction": REPLACE,
        }
        request: dict[str, Any] = {f"{kind}_apply_updates_request_resource": lengthened(body)}
        operation = f"{where.collection}.applyUpdatesToInstances"
        try:
            self.calls.run(operation, instance_group_manager=name, **dict(where.place), **request)
        except InvalidRequest:
            # another process named them first, or this one before its reply was lost: they are on their way out
            later = States(self.calls, self.clock.now()).again(fresh).state.instances
            if any(one.id in batch and one.state is not InstanceState.TERMINATING for one in later):
                raise

    # templates

    def _templates(self) -> list[dict[str, Any]]:
        return self.calls.pages("instanceTemplates.list")

    def _wanted_link(self, location: str, name: str, template: NewTemplate) -> str:
        """The link of the template that a run is to bring; empty for the group's own."""
        place = self._find(location, name).place
        if template.version:
            word = template.version
        else:
            versions: Sequence[Any] = (template.write.body.get("versions") if template.write else None) or ({},)
            word = template_word(place, str(versions[0].get("instanceTemplate", "")))
        if word and "/" not in word:
            self.calls.get("instanceTemplates.get", instance_template=word)  # raises where it is not there
        return template_link(place, word) if word else ""

    def _newer(self, known: _Known, run: RolloutRun) -> str:
        """The link of the new template where it is newer than the old one, and of the group's making."""
        old, new = (template_link(known.place, word) for word in (run.old, run.new))
        templates = self._templates()
        mine = {_link(item): _age(item) for item in _own(known.picture.manager, templates)}
        ages = {_link(item): _age(item) for item in templates}
        is_newer = new in mine and new != old and (old not in ages or mine[new] > ages[old])
        return new if is_newer else ""

    def _dropped(self, link: str, known: _Known) -> bool:
        """Let a template go that nobody else uses; `False` while instances that end may still run from it."""
        try:
            with suppress(NotFound):
                self.calls.run("instanceTemplates.delete", instance_template=name_of(link))
        except Conflict:
            return not any(_is_leaving(member) for member in self._members(known))
        return True

    # writing

    def _settle(
        self, location: str, name: str, run: RolloutRun, word: str, *, rollout: RolloutRun | None, **marks: str
    ) -> bool:
        """One version, the policy that was held, and the mark as it is to be; whether that was not so already."""

        def body(manager: Mapping[str, Any]) -> Patch | None:
            if rollout is None and find_run(manager) is None:
                return None
            _its_own(manager, run, name)
            live: Sequence[Mapping[str, Any]] = manager.get("versions") or ()
            versions = [version_of(manager, word, named=True)]
            patch: Patch = {} if same_versions(live, versions) else {"versions": versions}
            policy = policy_back(manager, find_run(manager) or run)
            text = with_marks(manager.get("description"), manager, rollout=rollout, **marks)
            if text != manager.get("description"):
                patch["description"] = text
            return {**patch, **({"updatePolicy": policy} if policy else {})} or None

        return self._send(location, name, body)

    def _send(self, location: str, name: str, body: Callable[[Mapping[str, Any]], Patch | None]) -> bool:
        """Patch a group as it was read; as it is now, where only somebody else's part of it has changed since."""
        known = self._find(location, name)
        first = self._manager(known)
        before = find_run(first)

        def send(manager: Mapping[str, Any]) -> bool:
            patch = body(manager)
            if patch is None:
                return False
            sent = {**lengthened(patch), "fingerprint": manager.get("fingerprint")}
            place = place_of(manager)
            where = scoped("instanceGroupManagers", zone=place.zone, region=place.region)
            self.calls.patch(f"{where.scope}/instanceGroupManagers/{name}", sent)
            return True

        def newer(refusal: Conflict) -> Mapping[str, Any] | None:
            if refusal.code != STALE:
                return None
            current = self._get(known)
            known.manager, found = current, find_run(current)
            if before is not None and found != before:
                raise _moved_on(name, found) from refusal
            return current

        sent = send_held(send, first, newer)
        if sent:
            known.manager = None
        return sent

    def _find(self, location: str, name: str) -> _Known:
        known = self._known.get((location, name))
        if known is None:
            states = States(self.calls, self.clock.now())
            manager = find_manager(states.managers(), location, name)
            known = self._known[location, name] = _Known(states.of(manager), manager)
        return known

    def _manager(self, known: _Known) -> Mapping[str, Any]:
        if known.manager is None:
            known.manager = self._get(known)
        return known.manager

    def _get(self, known: _Known) -> dict[str, Any]:
        place = place_of(known.place)
        where = scoped("instanceGroupManagers", zone=place.zone, region=place.region)
        name = str(known.place["name"])
        return self.calls.get(f"{where.collection}.get", instance_group_manager=name, **dict(where.place))

    def _members(self, known: _Known) -> list[dict[str, Any]]:
        return managed_instances(self.calls, known.place)


# what a run is; pure


def _begun(run: RolloutRun, manager: Mapping[str, Any], wanted: str, *, is_undo: bool) -> RolloutRun:
    """A run with the templates that it goes from and to, and the update policy that its end puts back."""
    versions: Sequence[Any] = manager.get("versions") or ()
    if len(versions) > 1:
        text = f"group {manager['name']!r} has two versions, by a rollout of somebody else's; leave it one first"
        raise InvalidRequest(text, provider="gcp", operation="begin rollout")
    old = template_word(manager, template_of(manager))
    new = template_word(manager, wanted) if wanted else old
    held = (*policy_words(manager.get("updatePolicy") or {}), *([UNDO] if is_undo else []))
    return replace(run, old=old, new=new, held=held)


def _its_own(manager: Mapping[str, Any], run: RolloutRun, name: str, *, phase: bool = False) -> None:
    """
    Refuse to write for a run that is not the group's any more.

    Raises:
        Conflict: It bears another mark, or one in another phase.
    """
    found = find_run(manager)
    if found is None or found.id != run.id or (phase and found.phase is not run.phase):
        raise _moved_on(name, found)


def _still_used(name: str) -> Conflict:
    text = f"instances of {name!r} that end still run from a template that is to go; the next look tries again"
    return Conflict(text, provider="gcp", operation="rollout")


def _moved_on(name: str, run: RolloutRun | None) -> Conflict:
    text = str(run) if run else "no rollout is on any more"
    return Conflict(f"{name!r}: {text}", provider="gcp", operation="rollout")


# instances and templates; pure


def _progress(picture: Picture, templates: Sequence[Mapping[str, Any]] = ()) -> Progress:
    state, manager = picture.state, picture.manager
    current = name_of(template_of(manager))
    verified = {
        name_of(str(one.get("instance", ""))) for one in picture.members if one.get("currentAction") == "VERIFYING"
    }
    instances = tuple(_awaited(one) if one.id in verified else one for one in state.instances)
    staying = [one for one in instances if one.state is not InstanceState.TERMINATING]
    run = find_run(manager)
    return Progress(
        state=replace(state, instances=instances),
        run=run,
        fresh=frozenset(one.id for one in instances if one.template == current),
        # those above the size that the updater has not let go yet
        busy=len(staying) > state.desired,
        previous=() if run else _previous(manager, templates),
        notes=find_notes(manager),
    )


def _awaited(instance: Instance) -> Instance:
    """An instance that has not passed its first health check as one that has not come up."""
    return instance if instance.state is InstanceState.TERMINATING else replace(instance, state=InstanceState.PENDING)


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _staying(picture: Picture) -> list[Instance]:
    return [one for one in picture.state.instances if one.state is not InstanceState.TERMINATING]


def _is_leaving(member: Mapping[str, Any]) -> bool:
    return member.get("currentAction") in ("DELETING", "ABANDONING", "RECREATING")


def _link(template: Mapping[str, Any]) -> str:
    return str(template.get("selfLink", ""))


def _age(template: Mapping[str, Any]) -> tuple[datetime, int]:
    return datetime.fromisoformat(str(template["creationTimestamp"])), int(template.get("id") or 0)


def _own(manager: Mapping[str, Any], templates: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The templates that are marked as this group's, the newest first."""
    _, holder = read_description(manager.get("description"))
    if holder is None:
        return []
    whose, own = (holder.fleet, holder.group, place_of(manager).region), []
    for item in templates:
        _, mark = read_description(item.get("description"))
        if mark is not None and (mark.fleet, mark.group, mark.kept.get("location")) == whose:
            own.append(item)
    return sorted(own, key=_age, reverse=True)


def _before(manager: Mapping[str, Any], run: RolloutRun) -> list[str]:
    """The templates that a group will have had before the one that a run brings, the newest first."""
    words = previous_of(manager)
    if run.new in words and UNDO in run.held:
        return words[words.index(run.new) + 1 :]
    return list(
        dict.fromkeys([*([run.old] if run.old != run.new else []), *(each for each in words if each != run.new)])
    )


def _kept(picture: Picture, own: Sequence[Mapping[str, Any]], words: Sequence[str], keep: int) -> set[str]:
    """The links of the templates that stay: the group's own, those before it, the newest others, and what runs."""
    links = [template_link(picture.manager, word) for word in words]
    order = [*links, *(link for item in own if (link := _link(item)) not in links)]
    return {*order[:keep], *links[:1], *map(template_in, picture.members)}


def _previous(manager: Mapping[str, Any], templates: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The templates that a group had and that are there, the newest first; then those older than all of them."""
    current, ages = template_of(manager), {_link(item): _age(item) for item in _own(manager, templates)}
    known = [link for word in previous_of(manager) if (link := template_link(manager, word)) in ages]
    born = [age for link in (current, *known) if (age := ages.get(link)) is not None]
    older = [link for link, age in ages.items() if link not in (current, *known) and (not born or age < min(born))]
    return tuple(template_word(manager, link) for link in (*known, *older))
