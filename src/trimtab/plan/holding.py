"""What a plan leaves to a rollout: the template of a group, and whatever a run that is on has in its hands."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from trimtab.plan.changes import Action, Change
from trimtab.plan.diff import Live
from trimtab.plan.kind import Kind, assign
from trimtab.plan.resource import NAMED, Resource, digest, whose
from trimtab.plan.signing import mark_key

_OTHER = object()
"""What no leaf is."""


def hold_templates(
    kinds: Mapping[str, Kind],
    wanted: Sequence[Resource],
    live: Live,
    groups: Collection[str],
    fleet: str,
    *,
    moves_pools: bool = False,
    alone: Collection[str] = (),
) -> tuple[list[Resource], Live]:
    """
    The wanted and the live resources, with the templates of groups that are there left as they are; pure.

    Args:
        kinds: The provider's kinds.
        wanted: What the fleet wants.
        live: What a read found.
        groups: The groups whose templates only a rollout writes; one that is not there yet is made as it is wanted.
        fleet: Whose marks count.
        moves_pools: Whether the pools of balancers that a template names are as they are wanted nonetheless.
        alone: The groups of which one native group stands: templates of another one are left over, and not kept.
    """
    holders = {
        item.key: live.resources[item.key]
        for item in wanted
        if item.group in groups and kinds[item.key.kind].template and _is_ours(live.resources.get(item.key), fleet)
    }
    names = {item.group for item in wanted if item.key in holders}
    kept = [
        _held(_loosened(kinds[item.key.kind], moves_pools), item, holders[item.key]) if item.key in holders else item
        for item in wanted
        if not (item.group in names and kinds[item.key.kind].is_template)
    ]
    needed = {item.key for item in wanted}
    left = {
        key: item
        for key, item in live.resources.items()
        if not (kinds[key.kind].is_template and item.mark is not None and _is_of(item, fleet, names))
        or (item.mark.group in alone and key not in needed and _is_left_over(kinds, item, holders.values()))
    }
    return kept, replace(live, resources=left)


def _is_left_over(kinds: Mapping[str, Kind], item: Resource, holders: Iterable[Resource]) -> bool:
    """
    Whether a template is of a native group that a blue-green rollout has ended.

    Such a group takes the mark of its run with it: a process that dies before the template goes leaves that to a plan.
    """
    assert item.mark is not None
    own = [holder for holder in holders if holder.mark is not None and holder.mark.group == item.mark.group]
    named = item.mark.kept.get(NAMED, "")
    return bool(own) and not any(
        holder.mark.kept.get(NAMED, "") == named or _starts_from(kinds[holder.key.kind], holder, item.key.name)
        for holder in own
        if holder.mark is not None
    )


def _starts_from(kind: Kind, holder: Resource, template: str) -> bool:
    leaves = kind.leaves(holder.body).items()
    return any(holds(kind, path) and str(value).rpartition("/")[2] == template for path, value in leaves)


def without_groups(
    kinds: Mapping[str, Kind], wanted: Sequence[Resource], live: Live, groups: Collection[str], fleet: str
) -> tuple[Sequence[Resource], Live]:
    """The wanted and the live resources without all that is of these groups, which a rollout has in its hands."""
    if not groups:
        return wanted, live
    gone = {key for key, item in live.resources.items() if _is_of(item, fleet, groups)}
    holders = {(key.location, key.name) for key in gone if kinds[key.kind].holds_instances}
    keys = {item.key for item in wanted if item.group in groups}
    rest = {
        key: item
        for key, item in live.resources.items()
        if key not in gone and key not in keys and (not key.parent or (key.location, key.parent) not in holders)
    }
    return [item for item in wanted if item.group not in groups], replace(live, resources=rest)


def template_digests(kinds: Mapping[str, Kind], wanted: Sequence[Resource], groups: Collection[str]) -> dict[str, str]:
    """Eight hexadecimal digits for each of these groups that tell what a rollout would bring it from anything else."""
    parts: dict[str, list[Any]] = {}
    for item in wanted:
        kind = kinds[item.key.kind]
        if item.group not in groups or not (kind.is_template or kind.template):
            continue
        kind = replace(kind.of(item), pools=())
        leaves = item.body if kind.is_template else kind.leaves(item.body)
        part = {path: leaves[path] for path in leaves if kind.is_template or holds(kind, path)}
        parts.setdefault(item.group, []).append([item.key.kind, item.key.parent, part])
    return {group: digest(sorted(each, key=lambda part: part[:2]))[:8] for group, each in parts.items()}


def waiting_changes(
    kinds: Mapping[str, Kind], planned: Sequence[Change], whole: Sequence[Change], groups: Collection[str]
) -> Iterator[Change]:
    """Of a plan that holds nothing back, what the one that does leaves to rollouts; in its order."""
    known = {(change.key, item.path): item.new for change in planned for item in change.fields}
    planned_keys = {change.key for change in planned}
    for change in whole:
        kind = kinds[change.key.kind]
        if change.group not in groups or (change.key in planned_keys and not kind.template):
            continue
        if kind.is_template:
            # what the new one supersedes goes, or stays, once the rollout is over
            if change.action is not Action.DELETE:
                yield change
        elif kind.template and change.action in (Action.UPDATE, Action.REPLACE):
            # one that is planned too is planned as it is now, where it only gets another place
            fields = tuple(item for item in change.fields if known.get((change.key, item.path), _OTHER) != item.new)
            if fields := tuple(item for item in fields if holds(replace(kind, pools=()), item.path)):
                yield replace(change, fields=fields)


def _loosened(kind: Kind, moves_pools: bool) -> Kind:
    """The kind whose template has no pools, so that they are compared and written."""
    return kind if moves_pools or not kind.pools else replace(kind, pools=())


def holds(kind: Kind, path: str) -> bool:
    """Whether a leaf of a kind is part of the template that a rollout writes."""
    if kind.pools and (row := kind.find(path)) is not None and row.path in kind.pools:
        return False
    return any(path == start or path.startswith((f"{start}.", f"{start}[")) for start in kind.template)


def _is_ours(live: Resource | None, fleet: str) -> bool:
    """Whether something bears the fleet's mark, or none, as if it had lost it."""
    return live is not None and not live.deleting and whose(live.mark, fleet) in ("", fleet)


def _is_of(item: Resource, fleet: str, groups: Collection[str]) -> bool:
    return item.mark is not None and item.mark.fleet == fleet and item.mark.group in groups


def _held(kind: Kind, item: Resource, live: Resource) -> Resource:
    """A wanted resource with the live leaves of its template; what is never given back stays as the mark knows it."""
    kind = kind.of(item)
    body: Mapping[str, Any] = (
        _with_leaves(kind, item, live) if kind.with_template is None else kind.with_template(item, live)
    )
    hidden = {row.path: mark_key(row) for row in kind.fields if row.write_only and holds(kind, row.path)}
    if not hidden:
        return replace(item, body=body)
    remembered = live.mark.kept if live.mark else {}
    kept = {name: value for name, value in (item.mark.kept if item.mark else {}).items() if name not in hidden.values()}
    kept |= {name: remembered[name] for name in hidden.values() if name in remembered}
    mark = replace(item.mark, kept=kept) if item.mark else None
    return replace(item, body=body, mark=mark, initial=item.initial | frozenset(hidden))


def _with_leaves(kind: Kind, item: Resource, live: Resource) -> Mapping[str, Any]:
    body: dict[str, Any] = _copied(item.body)
    have, want = kind.leaves(live.body), kind.leaves(item.body)
    for path in sorted({*have, *want}):
        if holds(kind, path) and have.get(path) != want.get(path):
            assign(kind, body, path, have.get(path))
    return body


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copied(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(item) for item in value]
    return value
