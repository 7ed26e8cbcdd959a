"""
The text of a `$filter` as its reader wants it: decoded however often it was encoded.

`az monitor metrics list` asks its users to encode brackets twice (`dim %2528test%2529 1`), and some clients do so with
all of it. https://learn.microsoft.com/cli/azure/monitor/metrics#az-monitor-metrics-list
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote

_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_OFTEN = 2
"""How often a text is decoded at most, beside the once of every query."""


def filter_of(query: Mapping[str, str]) -> str:
    """The filter of a query; empty where there is none."""
    text = next((value for name, value in query.items() if name.lower() == "$filter"), "")
    for _ in range(_OFTEN):
        if not _ENCODED.search(text):
            break
        text = unquote(text)
    return text.strip()
