"""
Importing is a plan: a group is read, translated back, and held by the one diff against what is there.

A cloud gives a `Draft`, the resources that a plan would read, and its own translation; `Importer` does the rest.
"""

from trimtab.providers.importing.importer import Draft, Importer, Translator
from trimtab.providers.importing.names import fleet_for, group_names, legal, unused
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
    "unused",
]
