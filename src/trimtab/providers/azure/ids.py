"""Ids of Azure resources: where a thing lives, in one string whose case means nothing."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Home:
    """A resource group of a subscription, where things live."""

    subscription: str
    resource_group: str

    def id_of(self, kind: str, name: str) -> str:
        """The id of a thing, by its type (`Microsoft.Compute/virtualMachineScaleSets`) and name."""
        return f"{self.path}/providers/{kind}/{name}"

    @property
    def path(self) -> str:
        """The id of the resource group itself."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"

    def scale_set(self, name: str) -> str:
        """The id of a scale set."""
        return self.id_of("Microsoft.Compute/virtualMachineScaleSets", name)


class Parts(NamedTuple):
    """What an id says."""

    subscription: str
    resource_group: str
    kind: str
    """Provider and types: `Microsoft.Network/loadBalancers/backendAddressPools`."""
    names: tuple[str, ...]
    """The name of the thing and of those around it, outermost first."""

    @property
    def name(self) -> str:
        """The innermost name."""
        return self.names[-1] if self.names else ""


def parse_id(text: str) -> Parts | None:
    """The parts of an id; `None` for what is none."""
    words = text.strip("/").split("/")
    lower = [word.lower() for word in words]
    if len(words) < 8 or lower[0] != "subscriptions" or lower[2] != "resourcegroups" or lower[4] != "providers":
        return None
    kinds, names = words[6::2], words[7::2]
    if len(kinds) != len(names):
        return None
    return Parts(words[1], words[3], "/".join((words[5], *kinds)), tuple(names))


def is_id(text: str) -> bool:
    """Whether a text is an id and no plain name."""
    return parse_id(text) is not None


def same_id(first: str, second: str) -> bool:
    """Whether two ids name one thing; their case means nothing (Azure Resource Manager)."""
    return folded(first) == folded(second)


def folded(text: str) -> str:
    """The same text for all ids that name one thing."""
    return text.strip("/").lower()


def normal_location(text: str) -> str:
    """A location as ids have it: `West Europe` is `westeurope`."""
    return text.replace(" ", "").lower()
