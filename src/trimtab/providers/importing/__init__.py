"""
Importing is a plan: a group is read, translated back, and held by the one diff against what is there.

A cloud gives a `Draft`, the resources that a plan would read, and its own translation; `Importer` does the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trimtab.providers.importing.importer import Draft, Importer, Translator
    from trimtab.providers.importing.names import fleet_for, group_names, legal, legal_item, unused
    from trimtab.providers.importing.notes import Imported, ImportEffect, ImportNote

__all__ = [
    "Draft",
    "ImportEffect",
    "ImportNote",
    "Imported",
    "Importer",
    "Translator",
    "fleet_for",
    "group_names",
    "legal",
    "legal_item",
    "unused",
]

_MODULES = {
    **dict.fromkeys(("Draft", "Importer", "Translator"), "importer"),
    **dict.fromkeys(("fleet_for", "group_names", "legal", "legal_item", "unused"), "names"),
    **dict.fromkeys(("ImportEffect", "ImportNote", "Imported"), "notes"),
}
"""Loaded name by name: whoever plans imports nothing."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
