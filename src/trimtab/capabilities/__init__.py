"""What each provider does of what a fleet may ask for."""

from trimtab.capabilities.features import features_of
from trimtab.capabilities.table import (
    BLOCKS,
    FEATURES,
    INERT,
    Means,
    Support,
    inert_paths,
    is_controlled,
    is_inert,
    support_of,
    supports_of,
)

__all__ = [
    "BLOCKS",
    "FEATURES",
    "INERT",
    "Means",
    "Support",
    "features_of",
    "inert_paths",
    "is_controlled",
    "is_inert",
    "support_of",
    "supports_of",
]
