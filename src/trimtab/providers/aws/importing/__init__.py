"""
Replies of AWS back to our models; pure, the inverse of `translate`.

What a group says is found by reading its replies (`group`, `template`, `policies`, `alarms`, `schedules`) and is then
translated again: a leaf of a reply is carried if the translation makes it once more, and lost if not.
"""

from trimtab.providers.aws.importing.account import account_for
from trimtab.providers.aws.importing.group_import import import_group
from trimtab.providers.aws.importing.replies import Replies

__all__ = ["Replies", "account_for", "import_group"]
