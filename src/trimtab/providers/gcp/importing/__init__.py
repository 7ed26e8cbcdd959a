"""Managed instance groups that exist, with their autoscalers and alert policies, as groups of ours."""

from trimtab.providers.gcp.importing.group_reader import Replies, import_group

__all__ = ["Replies", "import_group"]
