"""What a fleet refers to and a subscription knows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from trimtab.providers.azure.ids import parse_id
from trimtab.providers.base import Facts

POOL = "backendAddressPools"


@dataclass(frozen=True)
class BackendPool:
    """A backend pool: its id, the balancer's, and the probe that asks its members how they are."""

    id: str
    owner: str
    probe: str = ""

    @property
    def is_gateway(self) -> bool:
        """Whether it is an application gateway's."""
        return "/applicationgateways/" in self.id.lower()

    @property
    def full_name(self) -> str:
        """BALANCER/POOL."""
        parts = parse_id(self.id)
        return "/".join(parts.names) if parts else self.id

    def is_called(self, name: str) -> bool:
        """Whether a fleet may mean it by this name: POOL or BALANCER/POOL."""
        parts = parse_id(self.id)
        names = parts.names if parts else ()
        return name.lower() in ("/".join(names).lower(), names[-1].lower() if names else "")


def pools_of(balancers: Sequence[Mapping[str, Any]]) -> Iterator[BackendPool]:
    """The backend pools of load balancers and application gateways, each with the probe of a rule that uses it."""
    for balancer in balancers:
        properties = balancer.get("properties") or {}
        rules = properties.get("loadBalancingRules") or ()
        for pool in properties.get(POOL) or ():
            identity = pool.get("id") or f"{balancer['id']}/{POOL}/{pool['name']}"
            yield BackendPool(identity, balancer["id"], _probe(identity, rules))


def _probe(pool: str, rules: Sequence[Mapping[str, Any]]) -> str:
    for rule in rules:
        parts = rule.get("properties") or {}
        members = [parts.get("backendAddressPool") or {}, *(parts.get("backendAddressPools") or ())]
        if any(str(member.get("id", "")).lower() == pool.lower() for member in members) and parts.get("probe"):
            return str(parts["probe"]["id"])
    return ""


class Attached(NamedTuple):
    """What a group is attached to, by id, and the public key that it names by name."""

    subnet: str = ""
    balancer_pools: Sequence[str] = ()
    gateway_pools: Sequence[str] = ()
    probe: str = ""
    gateway: str = ""
    ssh_key: str = ""


@dataclass(frozen=True, kw_only=True)
class AzureFacts(Facts):
    """
    What a fleet refers to and a subscription knows, by the group's name.

    Attributes:
        attached: The subnet, backend pools, probe and public key of each group.
        windows: The groups whose image is one of Windows by its definition.
        specialized: The groups whose image is a specialized one by its definition.
        images: The `imageReference` of each group that names an image by a match.
        kept: What was looked up when a group was created and is kept since.
    """

    attached: Mapping[str, Attached] = field(default_factory=dict)
    windows: frozenset[str] = frozenset()
    specialized: frozenset[str] = frozenset()
    images: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kept: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
