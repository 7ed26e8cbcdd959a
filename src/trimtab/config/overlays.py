"""Overlays: what a fleet file changes for one provider or one environment, laid over what it says for all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from trimtab.config.document import Item
from trimtab.config.dumping import file_data
from trimtab.config.paths import in_place, is_named
from trimtab.config.problems import Problem, refuse_file
from trimtab.config.shape import ShapeCheck, file_shape, whole_schema
from trimtab.config.verdicts import findings, missing_fields
from trimtab.declarations.connection import check_connection, settings_of
from trimtab.declarations.find import provider_names
from trimtab.errors import ConfigError, InvalidModel
from trimtab.models import Fleet, Position
from trimtab.phrases import closest, in_words

_BY_NAME = ("policies", "alarms", "schedules")
_NOWHERE = Position("", 0, 0)


def gather(root: Item) -> Item:
    """The file with the overlays of its `defaults` and groups among those of the fleet, where a model has them."""
    assert isinstance(root.value, dict)
    found = dict(_overlays_of(root))
    rest = {key: item for key, item in root.value.items() if key != "overlays"}
    shared = rest.get("defaults")
    if shared is not None:
        rest["defaults"] = _without(shared)
        for name, item in _overlays_of(shared):
            found[name] = _put(found.get(name), item, ("defaults",))
    groups = rest.get("groups")
    if groups is not None:
        rest["groups"] = _rebuilt(groups, _without)
        for group, own in groups.children():
            for name, item in _overlays_of(own):
                found[name] = _put(found.get(name), item, ("groups", group))
    if found:
        whole = {name: _by_name(item) for name, item in found.items()}
        rest["overlays"] = Item(whole, ("overlays",), next(iter(found.values())).place)
    return Item(rest, root.path, root.place)


def _overlays_of(item: Item) -> Iterator[tuple[str, Item]]:
    inside = item.value.get("overlays") if isinstance(item.value, dict) else None
    if inside is not None:
        yield from ((name, one) for name, one in inside.children() if isinstance(one.value, dict))


def _without(item: Item) -> Item:
    if not isinstance(item.value, dict):
        return item
    return replace(item, value={key: child for key, child in item.value.items() if key != "overlays"})


def _rebuilt(groups: Item, change: Any) -> Item:
    match groups.value:
        case dict() as named:
            return replace(groups, value={key: change(item) for key, item in named.items()})
        case list() as listed:
            return replace(groups, value=[change(item) for item in listed])
    return groups


def _put(fleet: Item | None, item: Item, steps: Sequence[str]) -> Item:
    """An overlay of the fleet with one of `defaults` or of a group in it, which is the nearer and goes first."""
    for step in reversed(steps):
        item = Item({step: item}, item.path, item.place)
    return item if fleet is None else _collect(_by_name(item), _by_name(fleet))


def _collect(own: Item, shared: Item) -> Item:
    """Two overlays as one: as `lay`, but what takes something away is kept."""
    if not (isinstance(own.value, dict) and isinstance(shared.value, dict)):
        return own
    merged = dict(shared.value)
    for key, item in own.value.items():
        merged[key] = _collect(item, merged[key]) if key in merged else item
    return replace(own, value=merged)


def _by_name(item: Item) -> Item:
    """An overlay with its groups by their names, whether they are written as a list or as a mapping."""
    if not isinstance(item.value, dict) or "groups" not in item.value:
        return item
    groups = item.value["groups"]
    if isinstance(groups.value, list):
        groups = replace(groups, value=dict(groups.children()))
    return replace(item, value={**item.value, "groups": groups})


def check_overlays(fleet: Fleet) -> None:
    """
    Hold each overlay by itself against the fleet: what comes of it must be a fleet too.

    Raises:
        ConfigError: It is none; each problem names the overlay's line.
    """
    problems: list[str] = []
    places: list[tuple[str, int, int] | None] = []
    for name in fleet.overlays:
        try:
            _laid(fleet, [name], name if name in provider_names() else None)
        except ConfigError as error:
            fresh = [index for index, problem in enumerate(error.problems) if problem not in problems]
            problems += [error.problems[index] for index in fresh]
            places += [error.places[index] if error.places else None for index in fresh]
    if problems:
        raise ConfigError(problems, places=places)
    refuse_file([*_slips(fleet), *_taken_from_nowhere(fleet)])


def _slips(fleet: Fleet) -> Iterator[Problem]:
    """Overlays that are called nearly as a provider is: such a one would never be laid."""
    for name in fleet.overlays.keys() - set(provider_names()):
        meant = next((cloud for cloud in provider_names() if _is_slip(name, cloud)), None)
        if meant is not None:
            place = _item(fleet.overlays[name], ("overlays", name), fleet).place
            text = f"no provider is called {name!r}; did you mean {meant}? if not, give the overlay another name"
            yield Problem(place, ("overlays", name), text)


def _is_slip(name: str, meant: str) -> bool:
    """Whether a letter is missing, one is too many, or the letters are in another order."""
    shorter, longer = sorted((name, meant), key=len)
    is_one_off = any(longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer)))
    return name.isalpha() and (is_one_off or sorted(name) == sorted(meant))


def _taken_from_nowhere(fleet: Fleet) -> Iterator[Problem]:
    """What an overlay takes away by name though nothing in the file is called that: a slip, which would do nothing."""
    overlays = {name: _item(overlay, ("overlays", name), fleet) for name, overlay in fleet.overlays.items()}
    whole = _item(file_data(fleet), (), fleet)
    known: dict[str, set[str]] = {}
    for item in (whole, *overlays.values()):
        for sort, name, inside in _named(item):
            if inside.value is not None:
                known.setdefault(sort, set()).add(name)
    for item in overlays.values():
        for sort, name, inside in _named(item):
            if inside.value is None and name not in known.get(sort, ()):
                close = closest(name, known.get(sort, ()))
                guess = f"did you mean {close!r}? if not, leave it out" if close else "leave it out"
                text = f"nothing in {sort} is called {name!r}, to be taken away; {guess}"
                yield Problem(inside.place, inside.path, text)


def _named(fleet: Item) -> Iterator[tuple[str, str, Item]]:
    """Groups, and the policies, alarms and schedules of all groups, with the field that they are in."""
    inside = dict(fleet.children())
    groups = list(inside["groups"].children()) if "groups" in inside else []
    yield from (("groups", name, group) for name, group in groups)
    for group in [*(group for _, group in groups), *([inside["defaults"]] if "defaults" in inside else [])]:
        for sort, items in group.children():
            if sort in _BY_NAME:
                yield from ((sort, name, item) for name, item in items.children())


def overlaid(fleet: Fleet, provider: str | None, names: Sequence[str]) -> Fleet:
    """
    A fleet with the overlay of a provider and then those that are named laid over it, in this order.

    Args:
        fleet: With its overlays.
        provider: The provider; that of `connect` when left out. Where neither says, the providers' overlays are kept.
        names: The overlays besides.

    Raises:
        ConfigError: There is no such overlay, or what comes of it is no fleet; each problem names its line.
        InvalidModel: The same, of a fleet that was made in Python.
    """
    if isinstance(names, str):  # no list of its letters
        raise ConfigError([f"overlays: give a list, such as [{names!r}], not {names!r}"])
    clouds = provider_names()
    for name in names:
        _check_name(fleet, name, clouds)
    named = _laid(fleet, names, None) if names else fleet
    chosen = provider or named.connect.provider
    if chosen is None:
        return _with_rest(named, fleet, names, clouds)
    own = [chosen] if chosen in fleet.overlays else []
    return _laid(fleet, [*own, *names], chosen)


def _check_name(fleet: Fleet, name: str, clouds: Sequence[str]) -> None:
    if name in clouds:
        text = f"the overlay {name!r} is the provider's own and applies by itself with that provider"
        raise ConfigError([f"{text}; leave it out, or choose the provider"])
    if name not in fleet.overlays:
        others = [known for known in fleet.overlays if known not in clouds]
        close = closest(name, others)
        guess = f"did you mean {close!r}? " if close else ""
        known = f"it has {in_words(others)}" if others else "add it to `overlays`, beside those of providers"
        raise ConfigError([f"fleet {fleet.name!r} has no overlay {name!r}; {guess}{known}"])


def _with_rest(named: Fleet, fleet: Fleet, names: Sequence[str], clouds: Sequence[str]) -> Fleet:
    """A fleet for no provider yet: each provider's overlay is kept, with those that were named after it in order."""
    rest: dict[str, Item] = {}
    for cloud in clouds:
        if cloud in fleet.overlays:
            rest[cloud] = _item(fleet.overlays[cloud], ("overlays", cloud), fleet)
            for name in names:
                rest[cloud] = _collect(_item(fleet.overlays[name], ("overlays", name), fleet), rest[cloud])
    if not rest:
        return named.replace(overlays={}) if named.overlays else named
    kept = named.replace(overlays={cloud: plain(item) for cloud, item in rest.items()})
    if named._positions:
        places = (positions(item, ("overlays", cloud)) for cloud, item in rest.items())
        kept._positions = {**named._positions, **{steps: place for each in places for steps, place in each}}
    return kept


def _laid(fleet: Fleet, names: Sequence[str], provider: str | None) -> Fleet:
    left_out = {"overlays"}
    own = fleet.overlays[provider].get("connect") if provider is not None and provider in names else None
    if own is not None and fleet.connect.provider not in (None, provider):
        left_out.add("connect")  # which is about another provider
    whole = _item({key: value for key, value in file_data(fleet).items() if key not in left_out}, (), fleet)
    for name in names:
        whole = _lay_fleet(_item(fleet.overlays[name], ("overlays", name), fleet), whole)
    if fleet._positions:
        _check_shape(whole, fleet)
    try:
        result = Fleet.model_validate(plain(whole))
    except InvalidModel as error:
        if not fleet._positions:
            raise
        refuse_file(_placed(finding.item, finding.steps, finding.message, whole) for finding in findings(error, whole))
        raise
    if fleet._positions:
        result._positions = dict(positions(whole, ()))
    result._comments = fleet._comments
    if isinstance(own, dict) and "provider" in own:
        _check_own(result, provider)
    check_connection(result)
    if provider is not None and provider in provider_names():
        settings_of(result, provider)
    return result


def _check_own(fleet: Fleet, provider: str | None) -> None:
    other = fleet.connect.provider
    if other != provider:
        place = fleet.position("", "connect.provider")
        text = f"connect.provider: the overlay {provider!r} is for that provider, not for {other}; leave `provider` out"
        raise ConfigError([f"{f'{place}: ' if place else ''}{text}"])


def _lay_fleet(overlay: Item, below: Item) -> Item:
    assert isinstance(overlay.value, dict)
    assert isinstance(below.value, dict)
    rest = {key: item for key, item in overlay.value.items() if key != "defaults"}
    shared, groups = overlay.value.get("defaults"), below.value.get("groups")
    if shared is not None and groups is not None:
        below = replace(below, value={**below.value, "groups": _rebuilt(groups, lambda group: lay(shared, group))})
    return lay(replace(overlay, value=rest), below)


def lay(own: Item, below: Item) -> Item:
    """Mappings merge deeply, anything else replaces what is below; a null takes it away."""
    if not isinstance(own.value, dict):
        return own
    merged = dict(below.value) if isinstance(below.value, dict) else {}
    for key, item in own.value.items():
        if item.value is None:
            merged.pop(key, None)
        else:
            merged[key] = lay(item, merged.get(key, Item(None, item.path, item.place)))
    return replace(own, value=merged)


def _item(data: Any, path: tuple[str, ...], fleet: Fleet) -> Item:
    """Data of a fleet as items that know their places; named lists by name."""
    place = _place(fleet, path)
    match data:
        case dict():
            return Item({key: _item(value, (*path, key), fleet) for key, value in data.items()}, path, place)
        case list() | tuple():
            steps = [_step(value, index, named=is_named(path)) for index, value in enumerate(data)]
            return Item(
                [_item(value, (*path, step), fleet) for step, value in zip(steps, data, strict=True)], path, place
            )
    return Item(data, path, place)


def _step(value: Any, index: int, *, named: bool) -> str:
    return str(value["name"]) if named and isinstance(value, Mapping) and "name" in value else str(index)


def _place(fleet: Fleet, path: tuple[str, ...]) -> Position:
    known: Mapping[tuple[str, ...], Position] = fleet._positions
    for depth in range(len(path), -1, -1):
        if path[:depth] in known:
            return known[path[:depth]]
    return _NOWHERE


def plain(item: Item) -> Any:
    """The item as plain data."""
    match item.value:
        case dict():
            return {key: plain(child) for key, child in item.value.items()}
        case list():
            return [plain(child) for child in item.value]
        case _:
            return item.value


def positions(item: Item, steps: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Position]]:
    """The place of each field that is inside, by its steps."""
    yield steps, item.place
    for step, child in item.children():
        yield from positions(child, (*steps, step))


def _check_shape(whole: Item, fleet: Fleet) -> None:
    """Check what a fleet is once overlays are laid over it: nothing is missing, and nothing is left of another sort."""
    shape = ShapeCheck(file_shape()["$defs"])
    shape.check(whole, whole_schema())
    problems = [_placed(None, problem.path, problem.message, whole) for problem in shape.problems]
    for item, steps, names in shape.missing:
        message = missing_fields(item, steps, names).message
        known = [group.name for group in fleet.groups]
        if len(steps) == 2 and steps[1] not in known and (close := closest(steps[1], known)):
            message = f"group not found without the overlay; did you mean {close!r}? if not, {message}"
        problems.append(_placed(item, steps, message, whole))
    refuse_file(problems)


def _placed(item: Item | None, steps: tuple[str, ...], message: str, root: Item) -> Problem:
    """A problem at the overlay's line: of the field itself, else of what is nearest around it."""
    if item is None or item.path[:1] != ("overlays",):
        along = list(_along(root, in_place(steps)))
        laid = [one for one in along if one.path[:1] == ("overlays",)]
        item = (laid or along)[-1]
    return Problem(item.place, item.path, message)


def _along(root: Item, steps: Sequence[str]) -> Iterator[Item]:
    item = root
    yield item
    for step in steps:
        inside = dict(item.children())
        if step not in inside:
            return
        item = inside[step]
        yield item
