"""Labels that users put on alert policies and notification channels."""

import re
from collections.abc import Mapping
from typing import Any

from trimtab.emulators.gcp.filters import invalid

MOST = 64
_KEY = re.compile(r"^[a-z][a-z0-9_-]{0,62}$")
_VALUE = re.compile(r"^[a-z0-9_-]{0,63}$")


def check_user_labels(body: Mapping[str, Any], field: str) -> None:
    """
    Refuse labels in letters that the service does not keep (AlertPolicy.userLabels, Cloud Monitoring API v3).

    Raises:
        ServiceError: There are too many, or one is not well made.
    """
    labels = body.get("userLabels") or {}
    if len(labels) > MOST:
        raise invalid(field, str(len(labels)), f"At most {MOST} labels can be set.")
    for key, value in labels.items():
        if not _KEY.match(key):
            text = "Keys begin with a letter and have lowercase letters, numerals, underscores and dashes only."
            raise invalid(field, key, text)
        if not _VALUE.match(value):
            raise invalid(field, value, "Values have lowercase letters, numerals, underscores and dashes only.")
