"""
What must not change while the house is rebuilt: digests of plans, notes and requests, in `unchanged.txt`.

With `TRIMTAB_UNCHANGED=write` what is given is added to the file instead of being held against it.
"""

import hashlib
import os
from pathlib import Path

FILE = Path(__file__).parent / "unchanged.txt"


def known():
    """The digests by name."""
    return dict(line.rsplit(" ", 1) for line in FILE.read_text().splitlines()) if FILE.exists() else {}


def assert_unchanged(name, text):
    """Hold a text against what it was before."""
    text = text.replace('"settings":{},', "")  # a field that groups did not have then
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    if os.environ.get("TRIMTAB_UNCHANGED") == "write":
        with FILE.open("a") as file:
            file.write(f"{name} {digest}\n")
        return
    before = known().get(name)
    assert before is not None, f"{name}: not in {FILE.name}"
    assert digest == before, f"{name} is not what it was:\n{text}"
