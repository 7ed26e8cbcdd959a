"""Auto Scaling groups that exist, with their templates, policies, schedules and alarms, as groups of ours."""

from trimtab.providers.aws.importing.replies import Replies
from trimtab.providers.aws.importing.whole import import_group

__all__ = ["Replies", "import_group"]
