"""Managed instance groups that exist, in the words of the model."""

from trimtab.providers.gcp.importing.whole import Replies, import_group, read_group, tables

__all__ = ["Replies", "import_group", "read_group", "tables"]
