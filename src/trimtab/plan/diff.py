"""What differs between wanted and live: one diff for every kind of every provider."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from trimtab.models import Fleet, Position
from trimtab.plan.changes import IN_MARK, Action, Change, FieldChange, Note, Reason, Unknown
from trimtab.plan.clashes import clash_problems
from trimtab.plan.evidence import Evidence
from trimtab.plan.kind import Field, Kind, MarkPlace, assign
from trimtab.plan.plan import Plan
from trimtab.plan.reasons import explained
from trimtab.plan.resource import (
    COMPARED_WORDS,
    NAMED,
    SPOT,
    Key,
    Mark,
    Password,
    Ref,
    Resource,
    Secret,
    Text,
    as_secret,
    path_in,
    references,
    resolved,
)
from trimtab.plan.signing import hidden_digest, mark_key, sign


@dataclass(frozen=True, kw_only=True)
class Live:
    """
    What a read found.

    Attributes:
        resources: Everything of the fleet, and whatever stands where the fleet wants something.
        unknown: What could not be read.
        locations: Where the read looked; pruning covers these and no others.
        seen: What it came across beside the fleet's own things, by a word of the provider's, and need not be asked
            for again.
    """

    resources: Mapping[Key, Resource] = field(default_factory=dict)
    unknown: tuple[Unknown, ...] = ()
    locations: tuple[str, ...] = ()
    seen: Mapping[str, Any] = field(default_factory=dict)


def make_plan(
    *,
    provider: str,
    kinds: Mapping[str, Kind],
    fleet: Fleet,
    wanted: Sequence[Resource],
    live: Live,
    now: datetime,
    prune: bool = True,
    adopt: bool = False,
    lost: Collection[Key] = (),
    notes: Sequence[Note] = (),
    problems: Sequence[Note] = (),
) -> Plan:
    """
    The changes that bring `live` to `wanted`; pure.

    Args:
        provider: Name of the provider.
        kinds: Its kinds by name.
        fleet: The fleet that is wanted; says which fields are left to others and where each was written.
        wanted: What `translate` made of it.
        live: What a read found.
        now: When the plan is made.
        prune: Delete what the fleet owns and no longer has.
        adopt: Mark what exists under the fleet's names, and do nothing else.
        lost: What is known to have lost the mark that `live` has of it.
        notes: What translation and checks have to say.
        problems: What translation and checks hold to be impossible.
    """
    maker = _PlanBuilder(kinds, fleet, sign(kinds, wanted), live, prune=prune, adopt=adopt)
    maker.lost |= set(lost)
    maker.run()
    return Plan(
        provider=provider,
        fleet=fleet.name,
        made_at=now,
        changes=tuple(maker.ordered()),
        notes=(*notes, *maker.notes, *_scope_note(maker, live)),
        problems=(*problems, *clash_problems(kinds, wanted), *maker.problems),
        unknown=live.unknown,
        kinds=kinds,
    )


def _scope_note(maker: "_PlanBuilder", live: Live) -> list[Note]:
    deletes = any(change.action is Action.DELETE for change in maker.changes.values())
    return (
        [Note(f"deletions cover {', '.join(live.locations)} and no other location")]
        if deletes and live.locations
        else []
    )


class _PlanBuilder:
    def __init__(
        self, kinds: Mapping[str, Kind], fleet: Fleet, wanted: list[Resource], live: Live, *, prune: bool, adopt: bool
    ) -> None:
        self.kinds = kinds
        self.fleet = fleet
        self._has_places = bool(fleet._positions)
        self.wanted: dict[Key, Resource] = {}
        for item in sorted(wanted, key=lambda item: kinds[item.key.kind].rank):
            self.wanted.setdefault(item.key, item)  # a second one is a problem of the plan
        evidence = Evidence(kinds, fleet.name, self.wanted, live.resources)
        if not adopt:
            evidence.find()
        self.live: Mapping[Key, Resource] = evidence.live
        self.lost = evidence.lost
        self.unknown = live.unknown
        self.prune, self.adopt = prune, adopt
        self.known: dict[Ref, Any] = {}
        self.changes: dict[Key, Change] = {}
        self.left_out: set[Key] = set()
        self.notes: list[Note] = []
        self.problems: list[Note] = []
        self._unmanaged = {group.name: group.unmanaged for group in fleet.groups}

    def run(self) -> None:
        for item in self.wanted.values():
            if self._is_unmanaged(item.group, item.item):
                continue
            change = self._change_for(item)
            if change is not None:
                self.changes[item.key] = change
            self._learn(item, change)
        self.changes = explained(self.kinds, self.changes, self.wanted, self.live)
        self._renew_marks()
        self._delete_what_left()
        self._keep_what_groups_need()
        self._order_deletes_after_referrers()
        self._note_foreign_blockers()
        self._refuse_protected()

    def ordered(self) -> list[Change]:
        """Groups in the fleet's order, then those that left; within one by rank, deletions last and backwards."""
        names = {group.name: place for place, group in enumerate(self.fleet.groups)}
        late = len(names)

        def order(change: Change) -> tuple[int, str, int, int, str]:
            rank = self.kinds[change.key.kind].rank
            last = change.action is Action.DELETE or change.renews_mark_only
            step = 100 - rank if change.action is Action.DELETE else rank
            return names.get(change.group, late), change.group, int(last), step, change.key.name

        return sorted(self.changes.values(), key=order)

    # what is wanted

    def _change_for(self, item: Resource) -> Change | None:
        if self._is_unread(item.key):
            self.left_out.add(item.key)
            return None
        live = self.live.get(item.key)
        exists = live is not None and not live.deleting
        if live is not None and exists and self._owner(live) != self.fleet.name:
            return self._foreign(item, live, self._owner(live))
        if self.adopt:
            return None
        after = self._after(item)
        if any(key in self.left_out or self._is_unread(key) for key in after):
            self.left_out.add(item.key)
            return None
        return self._compare(item, live, after) if live is not None and exists else self._create(item, live, after)

    def _create(self, item: Resource, live: Resource | None, after: frozenset[Key]) -> Change:
        item = replace(item, body=resolved(item.body, self.known))
        own, sent = self.kinds[item.key.kind].of(item).sent(item)
        fields = tuple(
            self._field(item, path, None, value, is_mark=path not in own) for path, value in sorted(sent.items())
        )
        notes = ("waits until the one that is being deleted is gone",) if live is not None else ()
        return Change(
            action=Action.CREATE,
            reason=Reason.NEW,
            key=item.key,
            group=item.group,
            fields=fields,
            wanted=item,
            live=live,
            after=after,
            notes=notes,
        )

    def _foreign(self, item: Resource, live: Resource, owner: str | None) -> Change | None:
        self.left_out.add(item.key)
        label = self.kinds[item.key.kind].label
        if self.kinds[item.key.kind].mark is MarkPlace.PARENT:
            return None  # its parent's problem
        if owner is not None:
            text = f"{label} {item.key.name!r} in {item.key.location} belongs to fleet {owner!r}; choose another name"
            self.problems.append(Note(text, item.group, foreign=True))
            return None
        if not self.adopt:
            text = f"{label} {item.key.name!r} in {item.key.location} exists and is not managed by trimtab; "
            self.problems.append(
                Note(text + "choose another name, or take it over with adopt", item.group, foreign=True)
            )
            return None
        wanted = replace(live, mark=self._adopting(item), group=item.group)
        return Change(
            action=Action.ADOPT,
            reason=Reason.ADOPTED,
            key=item.key,
            group=item.group,
            wanted=wanted,
            live=live,
        )

    def _adopting(self, item: Resource) -> Mark | None:
        """
        The mark of what is taken over as it is; it does not tell what was never read.

        It tells what is wanted: what differs although the file stays as it is has drifted.
        """
        unread = {mark_key(row) for row in self.kinds[item.key.kind].fields if row.write_only}
        kept = {name: value for name, value in item.mark.kept.items() if name not in unread} if item.mark else {}
        return replace(item.mark, kept=kept) if item.mark else None

    def _compare(self, item: Resource, live: Resource, after: frozenset[Key]) -> Change | None:
        kind = self.kinds[item.key.kind].of(item)
        body = resolved(item.body, self.known)
        differences, kept = self._differences(kind, item, body, live)
        if not differences and item.key not in self.lost:
            return None
        replaced = _replaces(kind, live.body, body, differences)
        # what is made anew needs its password again
        given = kind.given(body) if replaced else {}
        kept = {path: value for path, value in kept.items() if not isinstance(given.get(path), Password)}
        wanted = replace(item, body=_with(kind, body, kept))
        return Change(
            action=Action.REPLACE if replaced else Action.UPDATE,
            reason=Reason.MARK_LOST if item.key in self.lost else Reason.EDITED,
            key=item.key,
            group=item.group,
            fields=tuple(differences),
            wanted=wanted,
            live=live,
            after=after,
            instances=_instances(live) if replaced and kind.holds_instances else 0,
        )

    def _differences(
        self, kind: Kind, item: Resource, body: Mapping[str, Any], live: Resource
    ) -> tuple[list[FieldChange], dict[str, Any]]:
        old, new = kind.leaves(live.body), kind.leaves(body)
        differences: list[FieldChange] = []
        kept: dict[str, Any] = {}
        # a hidden field that is no longer wanted is in neither body
        hidden = {row.path for row in kind.fields if row.write_only and self._remembered(live, row)}
        for path in sorted({*old, *new, *hidden}):
            row = kind.find(path)
            before, after = old.get(path), new.get(path)
            if row is not None and row.secret:
                before, after = as_secret(before), as_secret(after)
            if row is not None and row.write_only:
                if item.key in self.lost:  # what its mark knew of it is lost too
                    continue
                known = self._remembered(live, row)
                before = after if after is not None and known == hidden_digest(after) else known
            if _same(before, after) or _same(kind.folded(path, before), kind.folded(path, after)):
                continue
            if row is not None and row.server_default and after is None:
                continue
            initial = path in item.initial or (row is not None and row.initial)
            if initial or (row is not None and self._is_unmanaged(item.group, item.item, _models(item, row, path))):
                kept[path] = before
                continue
            differences.append(self._field(item, path, before, after, row))
        moving = _whole_elements(kind, old, new, [change.path for change in differences], kept)
        differences += [self._field(item, path, kept.pop(path), new.get(path)) for path in moving]
        differences += self._compared_words(item, live)
        return sorted(differences, key=lambda change: change.path), kept

    def _compared_words(self, item: Resource, live: Resource) -> Iterator[FieldChange]:
        """What the mark tells beside whose it is, and others go by."""
        mark = self._mark_of(live)
        if mark is None or item.mark is None or self.adopt:
            return
        for word in COMPARED_WORDS:
            before, after = mark.kept.get(word), item.mark.kept.get(word)
            if before != after:
                yield self._field(item, f"{IN_MARK}{word}", before, after)

    def _remembered(self, live: Resource, row: Field) -> str | None:
        mark = self._mark_of(live)
        return mark.kept.get(mark_key(row)) if mark else None

    def _renew_marks(self) -> None:
        for key, item in self.wanted.items():
            live = self.live.get(key)
            if key in self.changes or key in self.left_out or live is None or self.adopt:
                continue
            touched = any(
                change.key.location == key.location and self._parent(change.key) == key
                for change in self.changes.values()
            )
            stale = live.mark is not None and item.mark is not None and _differs(live.mark, item.mark)
            if (touched or _is_of_another(live.mark, item.mark)) and stale and self._owner(live) == self.fleet.name:
                self.changes[key] = Change(
                    action=Action.UPDATE,
                    reason=Reason.EDITED,
                    key=key,
                    group=item.group,
                    wanted=replace(item, body=resolved(item.body, self.known)),
                    live=live,
                    notes=("renews the mark",),
                )

    # what is not

    def _delete_what_left(self) -> None:
        if self.adopt:
            return
        for key, live in self.live.items():
            if key in self.wanted or live.deleting or self._owner(live) != self.fleet.name:
                continue
            group = self._group_of(live)
            if self._is_unmanaged(group, live.item):
                continue
            label, waiting = self.kinds[key.kind].label, self._successor_held_back(key.kind, group)
            if any(scope.location in (key.location, "*") for scope in self.unknown):
                text = f"{label} {key.name!r} stays: not all of {key.location} could be read, so it is not removed"
                self.notes.append(Note(text, group))
            elif not self.prune:
                self.notes.append(Note(f"{label} {key.name!r} is removed from the fleet and stays: not pruning", group))
            elif waiting is not None:
                text = f"{label} {key.name!r} left the file; it stays until {waiting.name!r} can take its place"
                self.notes.append(Note(text, group))
            elif self.kinds[key.kind].content_addressed and self._is_used(live, group) and _instances(live):
                text = f"{label} {key.name!r} stays while {_instances(live)} instances run from it"
                self.notes.append(Note(text, group))
            else:
                self.changes[key] = self._delete(live, group)

    def _successor_held_back(self, kind: str, group: str) -> Key | None:
        """Something of the same sort that a group wants, and that is not made because its name is taken."""
        return next(
            (
                key
                for key, item in self.wanted.items()
                if (key.kind, item.group) == (kind, group) and key in self.left_out and not self._is_there(key)
            ),
            None,
        )

    def _is_there(self, key: Key) -> bool:
        live = self.live.get(key)
        return live is not None and self._owner(live) == self.fleet.name

    def _delete(self, live: Resource, group: str) -> Change:
        kind = self.kinds[live.key.kind]
        parent = self._parent(live.key)
        goes_along = (
            parent is not None and parent not in self.wanted and parent in self.live and not kind.deleted_before_parent
        )
        fields = tuple(
            FieldChange(path=path, old=value, new=None) for path, value in sorted(kind.leaves(live.body).items())
        )
        return Change(
            action=Action.DELETE,
            reason=Reason.SUPERSEDED if kind.content_addressed and self._is_used(live, group) else Reason.LEFT_FLEET,
            key=live.key,
            group=group,
            fields=fields,
            live=live,
            after=frozenset({parent}) if goes_along and parent else frozenset(),
            implied=goes_along,
            instances=_instances(live) if kind.holds_instances else 0,
        )

    def _keep_what_groups_need(self) -> None:
        """What a group stands on is deleted only once the group is, and the group once what holds on to it is."""
        deletions = [change for change in self.changes.values() if change.action is Action.DELETE]
        for change in deletions:
            held = self._held(change.key)
            holder = self.changes.get(held) if held else None
            if holder is not None and holder.action is Action.DELETE:
                self.changes[holder.key] = replace(holder, after=holder.after | {change.key})
        deletions = [self.changes[change.key] for change in deletions]
        for change in deletions:
            rank = self.kinds[change.key.kind].rank
            groups = frozenset(
                other.key
                for other in deletions
                if self.kinds[other.key.kind].holds_instances
                and self.kinds[other.key.kind].rank > rank
                and (other.key.location, other.group) == (change.key.location, change.group)
            )
            if groups:
                self.changes[change.key] = replace(change, after=change.after | groups)

    def _order_deletes_after_referrers(self) -> None:
        """What something of its group names is deleted only once the change that ends this has gone through."""
        letting_go = [
            (change, _values_in(self.kinds[change.key.kind].leaves(change.live.body)))
            for change in self.changes.values()
            if change.action in (Action.UPDATE, Action.REPLACE) and change.live is not None
        ]
        for key, change in list(self.changes.items()):
            links = (
                _links_of(change.live) if change.action is Action.DELETE and change.live is not None else frozenset()
            )
            users = frozenset(
                other.key for other, values in letting_go if other.group == change.group and links & values
            )
            if users:
                self.changes[key] = replace(change, after=change.after | users)

    def _note_foreign_blockers(self) -> None:
        """Say of what is to be deleted that somebody else's thing keeps it from that."""
        for key, live in self.live.items():
            held = self.changes.get(self._held(key) or key)
            is_theirs = self.kinds[key.kind].blocks_delete_of is not None and self._owner(live) != self.fleet.name
            if is_theirs and held is not None and held.action is Action.DELETE:
                labels = self.kinds[key.kind].label, self.kinds[held.key.kind].label
                text = f"{labels[0]} {key.name!r} is not this fleet's, and keeps the {labels[1]} from being deleted"
                self.notes.append(Note(text, held.group))

    def _refuse_protected(self) -> None:
        """Stop before anything is lost beside what the cloud will refuse to delete."""
        for change in self.changes.values():
            if change.action in (Action.DELETE, Action.REPLACE) and change.live is not None and change.live.protection:
                text = f"{self.kinds[change.key.kind].label} {change.key.name!r} cannot be deleted: "
                self.problems.append(Note(text + change.live.protection, change.group))

    def _held(self, key: Key) -> Key | None:
        """What cannot be deleted while this is there."""
        kind = self.kinds[key.kind]
        if kind.blocks_delete_of is not None:
            return Key(key.location, kind.blocks_delete_of, key.name)
        return self._parent(key) if kind.deleted_before_parent else None

    # small questions

    def _is_wanted(self, group: str) -> bool:
        return group in self._unmanaged

    def _is_used(self, live: Resource, group: str) -> bool:
        """Whether the native group stays that a template is of; a second one may go while its group stays."""
        if live.mark is None or live.mark.role != SPOT:
            return self._is_wanted(group)
        return any(item.group == group and item.mark and item.mark.role == SPOT for item in self.wanted.values())

    def _learn(self, item: Resource, change: Change | None) -> None:
        live = self.live.get(item.key)
        if live is None or live.deleting or (change and change.action in (Action.CREATE, Action.REPLACE)):
            return
        moved = self.kinds[item.key.kind].volatile if change is not None and change.writes_body else frozenset()
        for name, value in live.attributes.items():
            if name not in moved:
                self.known[Ref(item.key, name)] = value

    def _after(self, item: Resource) -> frozenset[Key]:
        keys = {ref.key for ref in references(item.body)}
        parent = self._parent(item.key)
        return frozenset(keys | {parent} if parent else keys)

    def _is_unread(self, key: Key) -> bool:
        if not self.unknown:
            return False
        scopes = {(scope.location, scope.kind) for scope in self.unknown}
        return bool({(key.location, key.kind), (key.location, "*"), ("*", "*")} & scopes)

    def _parent(self, key: Key) -> Key | None:
        parent = self.kinds[key.kind].parent
        return Key(key.location, parent, key.parent) if parent and key.parent else None

    def _mark_of(self, live: Resource) -> Any:
        parent = self._parent(live.key)
        if self.kinds[live.key.kind].mark is not MarkPlace.PARENT or parent is None:
            return live.mark
        holder = self.live.get(parent)
        return holder.mark if holder else None

    def _owner(self, live: Resource) -> str | None:
        mark = self._mark_of(live)
        return mark.fleet if mark else None

    def _group_of(self, live: Resource) -> str:
        mark = self._mark_of(live)
        return mark.group if mark else live.group

    def _field(
        self, item: Resource, path: str, old: Any, new: Any, row: Field | None = None, *, is_mark: bool = False
    ) -> FieldChange:
        row = row or self.kinds[item.key.kind].of(item).find(path)
        models = _models(item, row, path) if row else []
        field, source = self._source(item, models, path)
        return FieldChange(path=path, old=old, new=new, field=field, source=source, is_mark=is_mark)

    def _source(self, item: Resource, models: Sequence[str], leaf: str = "") -> tuple[str, Position | None]:
        """The model field of a leaf, and where the file has it: of several that which is given, and the last."""
        if not self._has_places:
            where = path_in(item.item, models[0] if models else "")
            return f"{item.group}.{where}" if where else item.group, None
        paths = [path_in(item.item, name) for name in models or [""]]
        found = [(self._place(item.group, path, leaf), path) for path in paths]
        given = [(is_given, place.line, place.column, path) for (is_given, place), path in found if place]
        if not given:
            return f"{item.group}.{paths[0]}".rstrip("."), None
        *_, path = max(given)
        return f"{item.group}.{path}", next(place for (_, place), name in found if name == path)

    def _place(self, group: str, path: str, leaf: str) -> tuple[bool, Position | None]:
        """Whether the file gives a field of a group itself, and where: one tag of several by the leaf's name."""
        place = self.fleet.position(group, path)
        if not path or place == self.fleet.position(group, path.rpartition(".")[0]):
            return False, place
        name = (re.findall(r"\[([^]]*)\]", leaf) or [leaf.rpartition(".")[2]])[-1]
        within = self.fleet.position(group, f"{path}.{name}") if name else place
        return True, within

    def _is_unmanaged(self, group: str, item: str, models: Sequence[str] = ("",)) -> bool:
        paths = self._unmanaged.get(group, ())
        if not paths:
            return False
        names = [path_in(item, name) for name in models]
        return any(_is_within(name, path) for name in names if name for path in paths)


def _replaces(kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any], changed: Sequence[FieldChange]) -> bool:
    """Whether changes take a new resource; a fixed leaf that comes or goes with its whole element does not."""
    fixed = [change.path for change in changed if kind.is_fixed(change.path, change.old, change.new)]
    if not any("[" in path for path in fixed):
        return bool(fixed)
    moving = _elements(kind, kind.leaves(old)) ^ _elements(kind, kind.leaves(new))
    return any(moving.isdisjoint(kind.elements(path)) for path in fixed)


def _elements(kind: Kind, leaves: Mapping[str, Any]) -> set[str]:
    return {element for path in leaves for element in kind.elements(path)}


def _whole_elements(
    kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any], changed: Sequence[str], kept: Mapping[str, Any]
) -> list[str]:
    """Leaves left to others in elements that come or go nonetheless: an element comes and goes whole."""
    if not kept:
        return []
    current, wanted = _elements(kind, old), _elements(kind, new)
    moving = {
        element
        for path in changed
        for element in kind.elements(path)
        if (element in current) is not (element in wanted)
    }
    return [path for path in kept if any(element in moving for element in kind.elements(path))]


def _is_of_another(live: Mark | None, wanted: Mark | None) -> bool:
    """Whether something is to be of another group, or of another of a group's native groups, than it was."""
    if live is None or wanted is None:
        return False
    return (live.group, live.role, live.kept.get(NAMED)) != (wanted.group, wanted.role, wanted.kept.get(NAMED))


def _differs(live: Mark, wanted: Mark) -> bool:
    before, after = (replace(mark, kept=dict(mark.kept)) for mark in (live, wanted))
    return before != after


def _models(item: Resource, row: Field, path: str) -> list[str]:
    known = item.sources_of(path)
    return row.sources(path) if known is None else known


def _is_within(name: str, path: str) -> bool:
    return name == path or name.startswith(f"{path}.")


def _instances(resource: Resource) -> int:
    return int(resource.attributes.get("instances", 0))


def _links_of(resource: Resource) -> frozenset[str]:
    """What others call something by, whatever its case: its ids, ARNs and links, and no plain name."""
    values = (str(resource.attributes.get(name) or "") for name in ("arn", "id", "link", "name"))
    return frozenset(value.lower() for value in values if "/" in value or ":" in value)


def _values_in(leaves: Mapping[str, Any]) -> frozenset[str]:
    """The texts of a body in lower case, those in sets and in objects of sets too."""
    return frozenset(text.lower() for value in leaves.values() for text in _texts_in(value))


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, frozenset)):
        for inner in value:
            yield from _texts_in(inner)


def _same(before: Any, after: Any) -> bool:
    if isinstance(after, (Ref, Text)) or isinstance(before, (Ref, Text)):
        return False
    if isinstance(before, Secret) and isinstance(after, Secret):
        return before.digest == after.digest
    if isinstance(after, Secret) and isinstance(before, str):
        return before == after.digest
    if isinstance(before, Secret) and isinstance(after, str):
        return before.value == after
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    return bool(before == after)


def _with(kind: Kind, body: Mapping[str, Any], kept: Mapping[str, Any]) -> Mapping[str, Any]:
    """The wanted body with the live values of the fields that are left to others."""
    if not kept:
        return body
    copy: dict[str, Any] = _copied(body)
    for path, value in kept.items():
        assign(kind, copy, path, value)
    return copy


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copied(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copied(item) for item in value]
    return value
