"""What providers declare of themselves, and where it is found."""

from trimtab.declarations.advice import GENERAL, Advice, Applies
from trimtab.declarations.find import declarations_of, load, provider_names, support_of
from trimtab.declarations.record import Declarations, NameRule, Option, Portability, RegionForm, TagRule
from trimtab.declarations.support import Means, Support

__all__ = [
    "GENERAL",
    "Advice",
    "Applies",
    "Declarations",
    "Means",
    "NameRule",
    "Option",
    "Portability",
    "RegionForm",
    "Support",
    "TagRule",
    "declarations_of",
    "load",
    "provider_names",
    "support_of",
]
