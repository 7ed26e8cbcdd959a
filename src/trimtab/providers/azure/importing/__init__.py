"""Scale sets that exist, with their autoscale settings and alerts, as groups of ours."""

from trimtab.providers.azure.importing.group_reader import Replies, import_group

__all__ = ["Replies", "import_group"]
