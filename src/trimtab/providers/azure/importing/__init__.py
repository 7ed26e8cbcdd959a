"""Scale sets that exist, with their autoscale settings and alerts, as groups of ours."""

from trimtab.providers.azure.importing.group_reader import import_group
from trimtab.providers.azure.importing.replies import Replies

__all__ = ["Replies", "import_group"]
