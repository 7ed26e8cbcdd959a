"""Merging `defaults` into every group."""

from trimtab.config.document import Item


def merge_defaults(root: Item) -> Item:
    """The file with its `defaults` given out to the groups."""
    assert isinstance(root.value, dict)
    rest = dict(root.value)
    shared = rest.pop("defaults", None)
    groups = rest.get("groups")
    if shared is not None and isinstance(shared.value, dict) and groups is not None:
        rest["groups"] = _for_each(groups, shared)
    return Item(rest, root.path, root.place)


def _for_each(groups: Item, shared: Item) -> Item:
    match groups.value:
        case dict() as named:
            merged: dict[str, Item] | list[Item] = {name: _merge_group(item, shared) for name, item in named.items()}
        case list() as listed:
            merged = [_merge_group(item, shared) for item in listed]
        case _:
            return groups
    return Item(merged, groups.path, groups.place)


def _merge_group(own: Item, shared: Item) -> Item:
    return Item(shared.value, own.path, own.place) if own.value is None else merge(own, shared)


def merge(own: Item, shared: Item) -> Item:
    """Mappings merge deeply, anything else of the group's own replaces; a null removes."""
    if not (isinstance(own.value, dict) and isinstance(shared.value, dict)):
        return own
    merged: dict[str, Item] = {}
    for key, item in shared.value.items():
        mine = own.value.get(key)
        if mine is None:
            merged[key] = item
        elif mine.value is not None:
            merged[key] = merge(mine, item)
    extra = {key: item for key, item in own.value.items() if key not in shared.value}
    return Item({**merged, **extra}, own.path, own.place)
