"""What each provider does of what a fleet may ask for."""

from trimtab.capabilities.features import features_of
from trimtab.capabilities.table import (
    ENACTS,
    MARK,
    READ_BY_ENGINE,
    inert_paths,
    is_controlled,
    is_delegated,
    is_inert,
    supports_of,
)
from trimtab.declarations import Means, Support, support_of
from trimtab.declarations.features import FEATURES

__all__ = [
    "ENACTS",
    "FEATURES",
    "MARK",
    "READ_BY_ENGINE",
    "Means",
    "Support",
    "features_of",
    "inert_paths",
    "is_controlled",
    "is_delegated",
    "is_inert",
    "support_of",
    "supports_of",
]
