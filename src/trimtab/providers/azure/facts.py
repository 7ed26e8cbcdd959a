"""What a fleet refers to and a subscription knows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trimtab.providers.azure.template import Attached
from trimtab.providers.base import Facts


@dataclass(frozen=True, kw_only=True)
class AzureFacts(Facts):
    """
    What a fleet refers to and a subscription knows, by the group's name.

    Attributes:
        attached: The subnet, backend pools and probe of each group.
        images: The `imageReference` of each group that names an image by a match.
        kept: What was looked up when a group was created and is kept since.
    """

    attached: Mapping[str, Attached] = field(default_factory=dict)
    images: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kept: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
