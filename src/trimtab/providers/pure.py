"""What of a provider runs without a cloud, for tests that ask what becomes of a fleet or of replies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trimtab.declarations import declarations_of, load, provider_names
from trimtab.models import Fleet
from trimtab.plan import Kind
from trimtab.providers.base import Facts
from trimtab.providers.importing import Imported
from trimtab.providers.translation import Translation


@dataclass(frozen=True, slots=True, kw_only=True)
class PureCode:
    """
    A provider's pure code.

    Attributes:
        location: Where groups live that do not say otherwise, in tests.
        translate: Takes a fleet, facts, the time and a location.
        facts: What the fleet refers to and the cloud would know.
        replies: What was answered about one group; `None` where no reply is read.
        import_group: Takes replies, and `now`, `fleet` and `location` by keyword.
        kinds: Its kinds of native resources, by name.
        assumed: Facts in which everything that a fleet names is there, of the sort that its fields need: takes a fleet
            and a location. `facts` without arguments where left out.
    """

    location: str
    translate: Callable[..., Translation]
    facts: Callable[..., Facts]
    replies: Callable[..., Any] | None = None
    import_group: Callable[..., Imported] | None = None
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    assumed: Callable[[Fleet, str], Facts] | None = None


def kinds_of(provider: str) -> Mapping[str, Kind]:
    """The kinds of a provider by name, as far as it says them without a cloud; none where it is not installed."""
    if provider not in provider_names():
        return {}
    declared = declarations_of(provider)
    pure: PureCode | None = load(declared.pure) if declared.pure else None
    return pure.kinds if pure else {}
