"""
What must not change while the house is rebuilt: digests of plans, notes and requests, in `unchanged.txt`.

With `TRIMTAB_UNCHANGED=write` what is given is added to the file instead of being held against it.
`python -m tests.unchanged SCRIPT ...` runs a script and holds the lines that it prints, in any order.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).parent / "unchanged.txt"


def known():
    """The digests by name."""
    return dict(line.rsplit(" ", 1) for line in FILE.read_text().splitlines()) if FILE.exists() else {}


def assert_unchanged(name, text):
    """Hold a text against what it was before."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    if os.environ.get("TRIMTAB_UNCHANGED") == "write":
        with FILE.open("a") as file:
            file.write(f"{name} {digest}\n")
        return
    before = known().get(name)
    assert before is not None, f"{name}: not in {FILE.name}"
    assert digest == before, f"{name} is not what it was:\n{text}"


if __name__ == "__main__":
    printed = subprocess.run(
        [sys.executable, "-W", "error", *sys.argv[1:]], check=True, stdout=subprocess.PIPE, text=True
    )
    assert_unchanged(sys.argv[1], "\n".join(sorted(printed.stdout.splitlines())))
