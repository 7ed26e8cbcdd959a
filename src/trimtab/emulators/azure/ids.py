"""Resource ids: they compare without case, and their parts have names."""

from typing import NamedTuple

_PROVIDERS = "providers"


class ResourceId(NamedTuple):
    """The parts of `/subscriptions/S/resourceGroups/G/providers/P/TYPE/NAME/...`."""

    subscription: str
    group: str
    provider: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def type(self) -> str:
        """Such as `Microsoft.Network/virtualNetworks/subnets`."""
        return "/".join((self.provider, *self.types))

    @property
    def name(self) -> str:
        """The last name."""
        return self.names[-1]

    @property
    def parent(self) -> str:
        """The id of what it is a part of; empty for what stands on its own."""
        if len(self.names) < 2:
            return ""
        return make_id(self.subscription, self.group, self.provider, *_pairs(self.types[:-1], self.names[:-1]))


def make_id(subscription: str, group: str, provider: str, *pairs: str) -> str:
    """An id in the case that it is given."""
    return "/".join(("/subscriptions", subscription, "resourceGroups", group, _PROVIDERS, provider, *pairs))


def parse_id(text: str) -> ResourceId | None:
    """The parts of an id, `None` for another text."""
    parts = text.strip("/").split("/")
    words = [part.lower() for part in parts]
    is_id = len(parts) >= 8 and words[0] == "subscriptions" and words[2] == "resourcegroups" and words[4] == _PROVIDERS
    if not is_id or len(parts) % 2:
        return None
    return ResourceId(parts[1], parts[3], parts[5], tuple(parts[6::2]), tuple(parts[7::2]))


def folded(text: str) -> str:
    """The same text for ids that are equal."""
    return text.strip("/").lower()


def _pairs(types: tuple[str, ...], names: tuple[str, ...]) -> list[str]:
    return [part for pair in zip(types, names, strict=True) for part in pair]
