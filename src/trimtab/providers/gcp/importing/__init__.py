"""Managed instance groups that exist, with their autoscalers and alert policies, as groups of ours."""

from trimtab.providers.gcp.importing.group_reader import import_group
from trimtab.providers.gcp.importing.replies import Replies

__all__ = ["Replies", "import_group"]
