"""
What a group names of its surroundings: network, subnets and security groups, by id, by name or by tag; pure.

An id is what EC2 numbers things by: `vpc-`, `subnet-` or `sg-` and hexadecimal digits. Anything else is a name: the tag
`Name` of networks and subnets, the group name of security groups.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from trimtab.errors import ProviderError
from trimtab.models import Placement, ScalingGroup
from trimtab.plan import digest

_ID = re.compile(r"(vpc|subnet|sg)-[0-9a-f]+")
NETWORKS, SUBNETS, FIREWALLS = "networks by name", "subnets by name", "security groups by name"
DEFAULT_NETWORK = "default network"


def is_id(text: str) -> bool:
    """Whether a text is what EC2 numbers a network, a subnet or a security group by, and no name."""
    return _ID.fullmatch(text) is not None


class Named(NamedTuple):
    """A network, a subnet or a security group that the account has."""

    id: str
    name: str
    network: str = ""
    zone: str = ""

    @property
    def told(self) -> str:
        """Which one it is, among others of its name."""
        where = ", ".join(filter(None, (self.zone, self.network)))
        return f"{self.id} ({where})" if where else self.id


def names_asked(groups: Iterable[ScalingGroup]) -> Mapping[str, list[str]]:
    """What some groups name by name, by what is asked for."""
    found: dict[str, dict[str, None]] = {NETWORKS: {}, SUBNETS: {}, FIREWALLS: {}}
    for group in groups:
        place = group.placement
        needs_network = place.subnet_tags or any(not is_id(name) for name in place.subnets)
        words = {
            NETWORKS: (place.network,) if place.network and needs_network else (),
            SUBNETS: place.subnets,
            FIREWALLS: group.template.security_groups,
        }
        for what, names in words.items():
            found[what] |= {name: None for name in names if not is_id(name)}
    return {what: list(names) for what, names in found.items() if names}


def subnet_filters(group: ScalingGroup) -> dict[str, list[str]]:
    """
    What subnets are looked up by, beside those that are named: their tags, or their ids; else nothing.

    Ids are asked about where zones beside them choose some, or security groups that are named lie in their network.
    """
    place = group.placement
    if place.subnet_tags:
        return {f"tag:{name}": [value] for name, value in place.subnet_tags.items()}
    ids = [name for name in place.subnets if is_id(name)]
    return {"subnet-id": ids} if ids and (place.zones or _names_firewalls(group)) else {}


def asks_default_network(group: ScalingGroup) -> bool:
    """Whether the network of a group that says none decides among security groups."""
    return _names_firewalls(group) and not _says_network(group.placement)


def _names_firewalls(group: ScalingGroup) -> bool:
    return any(not is_id(name) for name in group.template.security_groups)


def _says_network(place: Placement) -> bool:
    return bool(place.subnets or place.subnet_tags)


class Only(Protocol):
    """Gives the only one of some matches of a name, or says of a field that there is none, or several."""

    def __call__(
        self, path: str, what: str, name: str, matches: Sequence[Named], *, fix: str = "", where: str = ""
    ) -> Named | None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What the answers say of one group.

    Attributes:
        group: The group.
        region: Where it lives.
        answers: What was looked up.
        only: Gives the only match, or says why there is none.
    """

    group: ScalingGroup
    region: str
    answers: Mapping[Any, Any]
    only: Only

    @property
    def is_unread(self) -> bool:
        """Whether something that was asked for could not be read."""
        asked = [(what, self.region) for what in (*names_asked([self.group]), DEFAULT_NETWORK)]
        return any(isinstance(self.answers.get(each), ProviderError) for each in asked)

    def network(self) -> str | None:
        """The id of the network that the group names; empty where it names none, `None` where none is called so."""
        name = self.group.placement.network or ""
        if not name or is_id(name) or NETWORKS not in names_asked([self.group]):
            return name if is_id(name) else ""
        network = self.only("placement.network", "network", name, self._matches(NETWORKS, name))
        return network.id if network else None

    def subnets(self, network: str | None) -> list[Named | None]:
        """Its subnets, in the order in which it names them; `None` for one that there is not."""
        if network is None:
            return []
        if self.group.placement.subnet_tags:
            return [each for each in self._looked_up() if network in ("", each.network)]
        known = {each.id: each for each in self._looked_up()}
        result: list[Named | None] = []
        for index, name in enumerate(self.group.placement.subnets):
            if is_id(name):
                result.append(known.get(name, Named(name, name)))
                continue
            near = [each for each in self._matches(SUBNETS, name) if network in ("", each.network)]
            fix = f"write the ids, or `subnet_tags: {{Name: {name}}}` to mean all of them"
            result.append(self.only(f"placement.subnets.{index}", "subnet", name, near, fix=fix, where=network))
        return result

    def firewalls(self, network: str, subnets: Sequence[Named | None]) -> list[str]:
        """The ids of its security groups: those of its network."""
        near = {network} if network else {each.network for each in subnets if each and each.network}
        if not near and not _says_network(self.group.placement):
            near = {each.id for each in self._answer((DEFAULT_NETWORK, self.region))}
        result: list[str] = []
        for index, name in enumerate(self.group.template.security_groups):
            if is_id(name):
                result.append(name)
                continue
            matches = [each for each in self._matches(FIREWALLS, name) if not near or each.network in near]
            path = f"template.security_groups.{index}"
            one = self.only(path, "security group", name, matches, where=", ".join(sorted(near)))
            result += [one.id] if one else [f"(not found: {name})"]
        return result

    def _matches(self, what: str, name: str) -> list[Named]:
        return [each for each in self._answer((what, self.region)) if each.name == name]

    def _looked_up(self) -> Sequence[Named]:
        return self._answer(("subnets", self.region, digest(subnet_filters(self.group))))

    def _answer(self, question: tuple[str, ...]) -> Sequence[Named]:
        answer = self.answers.get(question)
        return () if answer is None or isinstance(answer, ProviderError) else answer
