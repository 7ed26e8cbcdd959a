"""The pages of the checks: which there are, and the blocks that they show."""

import re
from pathlib import Path

from trimtab.checks import RULES

DOCS = Path(__file__).parents[2] / "docs"
OFFLINE = [code for code, rule in RULES.items() if not rule.live]
LIVE = [code for code, rule in RULES.items() if rule.live]


def snippets(code, language):
    page = (DOCS / "checks" / f"{code}.md").read_text(encoding="utf-8")
    found = re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(found) == 2, "a page has an example and its mend"
    return found
