"""What a fleet names and its account has, and what stands in for it on an emulator; pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import BaseModel

from trimtab.emulators.shared.furnishing import AccountNames
from trimtab.emulators.shared.staging import AccountNaming
from trimtab.models import Fleet, Image
from trimtab.models.connect import ConnectSettings

Replace = Callable[[str], str]


def stood_in(fleet: Fleet, naming: AccountNaming, connect: ConnectSettings) -> Fleet:
    """
    A fleet that names what an emulator can have: ids that a cloud gave are names, accounts are the emulator's.

    A name stays as it is. `plan` on the emulator says of what else is not there.
    """
    change = partial(naming.stand_in, connect=connect)
    groups = tuple(naming.with_names(_changed(group, change)) for group in fleet.groups)
    return fleet.model_copy(update={"groups": groups})


def with_images(fleet: Fleet, groups: Iterable[str]) -> Fleet:
    """The fleet with an image that every emulator has, in place of those of some groups that it has not."""
    wanted = set(groups)
    stand_in = Image(os="ubuntu-22.04")
    changed = [
        group.model_copy(update={"template": group.template.model_copy(update={"image": stand_in})})
        if group.name in wanted
        else group
        for group in fleet.groups
    ]
    return fleet.model_copy(update={"groups": tuple(changed)})


def names_of(fleet: Fleet, naming: AccountNaming) -> AccountNames:
    """What a fleet names, for an emulator to make."""
    groups = fleet.groups
    networks: dict[str, list[str]] = {}
    for group in groups:
        named = [naming.subnet(name) for name in group.placement.subnets if not name.startswith("/")]
        network = group.placement.network or ""
        network = "" if network.startswith("/") else network
        for owner, subnet in named:
            networks.setdefault(owner or network, []).append(subnet)
        networks.setdefault(network, [])
    attached = [each for group in groups for each in group.load_balancers]
    balancers = [name for each in attached for name in (each.name, each.alternate) if name]
    balancers += [name for group in groups for name in naming.balancers(group)]
    return AccountNames(
        regions=_unique(group.location for group in groups if group.location),
        networks={name: _unique(subnets) for name, subnets in networks.items()},
        subnet_tags=tuple(
            {tuple(sorted(tags.items())): tags for group in groups if (tags := group.placement.subnet_tags)}.values()
        ),
        balancers=_unique(balancers),
        firewalls=_unique(name for group in groups for name in group.template.security_groups if name[:1] != "/"),
        identities=_unique(naming.identity(role) for group in groups if (role := group.template.role)),
        keys=_unique(key for group in groups if (key := group.template.ssh_key) and " " not in key),
        arns=_unique(text for group in groups for text in _texts(group) if text.startswith("arn:")),
        placements=_unique(naming.placement(group) for group in groups),
        reservations=_unique(group.purchase.reservation for group in groups),
        groups=_unique(naming.resource_group(group) for group in groups),
        ids=_unique(text for group in groups for text in _texts(group) if text.startswith("/subscriptions/")),
        images=_unique(image for group in groups if (image := group.template.image.newest)),
    )


def without_ids_elsewhere(names: AccountNames) -> AccountNames:
    """The names with the resource groups that ids are in, which have to be made first."""
    inside = [text.split("/")[4] for text in names.ids if text.count("/") >= 4]
    return replace(names, groups=_unique([*names.groups, *inside]))


def _unique(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, names)))


def _changed(value: Any, change: Replace) -> Any:
    """A value with every text in it changed; what has not changed is the same object."""
    match value:
        case str() if type(value) is str:
            return change(value)
        case BaseModel():
            fields = {name: getattr(value, name) for name in type(value).model_fields}
            update = {name: new for name, old in fields.items() if (new := _changed(old, change)) != old}
            return value.model_copy(update=update) if update else value
        case tuple():
            return tuple(_changed(each, change) for each in value)
        case Mapping():
            new = {key: _changed(each, change) for key, each in value.items()}
            return new if new != dict(value) else value
        case _:
            return value


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case BaseModel():
            for name in type(value).model_fields:
                yield from _texts(getattr(value, name))
        case tuple():
            for each in value:
                yield from _texts(each)
        case Mapping():
            for each in value.values():
                yield from _texts(each)
