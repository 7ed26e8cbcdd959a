"""What of a provider runs without a cloud, for tests that ask what becomes of a fleet or of replies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
    """

    location: str
    translate: Callable[..., Translation]
    facts: Callable[..., Facts]
    replies: Callable[..., Any] | None = None
    import_group: Callable[..., Imported] | None = None
