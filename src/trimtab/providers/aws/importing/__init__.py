"""Auto Scaling groups that exist, with their templates, policies, schedules and alarms, as groups of ours."""

from trimtab.providers.aws.importing.group_reader import import_group
from trimtab.providers.aws.importing.replies import Replies

__all__ = ["Replies", "import_group"]
