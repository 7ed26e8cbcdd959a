"""The native names that groups have in a cloud, where a blue-green rollout gave them another than the file's."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from trimtab.models import Fleet, ScalingGroup
from trimtab.plan.changes import Note
from trimtab.plan.diff import Live
from trimtab.plan.kind import Kind
from trimtab.plan.resource import MAIN, NAMED, PLANNED_ROLES, SPOT, Key, Mark, Resource, whose

LONGEST = 50
"""Characters of a group's name that a new native group keeps: what each cloud's names leave room for."""


def green_name(declared: str, run: str) -> str:
    """What the new native group of a blue-green rollout is called: the name in the file, and the run."""
    return f"{declared[:LONGEST].rstrip('-')}-{run}"


def with_found_names(fleet: Fleet, live: Mapping[Key, Resource], kinds: Mapping[str, Kind]) -> Fleet:
    """The fleet with the native names of groups that a rollout named; no plan renames them or makes them anew."""
    main = {key: item.mark for key, item in live.items() if item.mark and _is_main(item.mark, fleet.name)}
    holders = {key: mark for key, mark in main.items() if kinds[key.kind].holds_instances and not live[key].deleting}
    names = {mark.group: key.name for key, mark in holders.items() if NAMED in mark.kept}
    lost = {group.name for group in fleet.groups} - {mark.group for mark in holders.values()}
    for group in (each for each in fleet.groups if each.name in lost):
        parts = [(kinds[key.kind].is_template, mark) for key, mark in main.items() if mark.group == group.name]
        names |= _lost_name(fleet.native_name(group), parts, _unmarked(fleet, live, kinds)) if parts else {}
    if not any(group.name in names for group in fleet.groups):
        return fleet
    return fleet.model_copy(update={"groups": tuple(_named(group, names) for group in fleet.groups)})


def _lost_name(declared: str, parts: Sequence[tuple[bool, Mark]], unmarked: Collection[str]) -> dict[str, str]:
    """
    The native name of a group that has lost its mark, by those of its alarms, templates and other parts.

    A template is made for a native group that may not be the main one yet, so others go before it, and templates of two
    tell nothing.
    """
    others = [mark for is_template, mark in parts if not is_template]
    runs = {mark.kept.get(NAMED, "") for mark in others or (mark for _, mark in parts)}
    names = {green_name(declared, run) for run in runs if run} & set(unmarked)
    return {parts[0][1].group: names.pop()} if len(names) == 1 and "" not in runs else {}


def _unmarked(fleet: Fleet, live: Mapping[Key, Resource], kinds: Mapping[str, Kind]) -> set[str]:
    """The names of groups that bear no mark."""
    holders = {key: item for key, item in live.items() if kinds[key.kind].holds_instances and not item.deleting}
    return {key.name for key, item in holders.items() if not whose(item.mark, fleet.name)}


def left_behind(fleet: Fleet, named: Fleet, live: Mapping[Key, Resource], kinds: Mapping[str, Kind]) -> list[Note]:
    """A note on what stands under the name that the file gives a group, where a rollout gave the group another."""
    unmarked = _unmarked(fleet, live, kinds)
    label = next(kind.label for kind in kinds.values() if kind.holds_instances)
    text = "has the name that the file gives this group, and no mark; it stays: delete it if a rollout left it"
    return [
        Note(f"{label} {name!r} {text}", group.name)
        for group, now in zip(fleet.groups, named.groups, strict=True)
        if (name := fleet.native_name(group)) != named.native_name(now) and name in unmarked
    ]


def _is_main(mark: Mark, fleet: str) -> bool:
    return mark.fleet == fleet and mark.role == MAIN and bool(mark.group)


def _named(group: ScalingGroup, names: Mapping[str, str]) -> ScalingGroup:
    return group.model_copy(update={"native_name": names[group.name]}) if group.name in names else group


def main_only(
    live: Live, kinds: Mapping[str, Kind], groups: Collection[str], fleet: str, wanted: Collection[Key]
) -> tuple[Live, list[Note]]:
    """
    What was read without the second native groups of these groups, which are rollouts' alone; a note on each.

    What is wanted under its very name is the main one's, whatever its mark says.
    """
    others = {
        key: item
        for key, item in live.resources.items()
        if key not in wanted
        and (mark := item.mark) is not None
        and mark.role not in PLANNED_ROLES
        and mark.fleet == fleet
        and mark.group in groups
    }
    if not others:
        return live, []
    holders = {(key.location, key.name) for key in others if kinds[key.kind].holds_instances}
    rest = {
        key: item
        for key, item in live.resources.items()
        if key not in others and (not key.parent or (key.location, key.parent) not in holders)
    }
    notes = [
        Note(f"{kinds[key.kind].label} {key.name!r} is of a blue-green rollout; the plan leaves it alone", mark.group)
        for key, item in others.items()
        if kinds[key.kind].holds_instances and (mark := item.mark) is not None
    ]
    return replace(live, resources=rest), notes


def with_role(item: Resource, role: str, named: str) -> Resource:
    """A wanted resource whose mark says which of the group's native groups it belongs to, and who named that."""
    if item.mark is None:
        return item
    kept = {**item.mark.kept, **({NAMED: named} if named else {})}
    # what a group has beside its main native group stays that
    return replace(item, mark=replace(item.mark, role=SPOT if item.mark.role == SPOT else role, kept=kept))


def named_by(live: Mapping[Key, Resource], key: Key) -> str:
    """Which rollout named what stands under a key; empty where none did."""
    item = live.get(key)
    return item.mark.kept.get(NAMED, "") if item is not None and item.mark is not None else ""
