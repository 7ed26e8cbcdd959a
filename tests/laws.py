"""How many examples a law is tried with: a hundred in `nox -s tests`, twenty times as many in `nox -s exhaustive`."""

import os

IS_EXHAUSTIVE = bool(os.environ.get("TRIMTAB_EXHAUSTIVE"))
TIMES = 20 if IS_EXHAUSTIVE else 1


def examples(number: int = 100) -> int:
    """How many examples to draw for a law that `nox -s tests` tries with `number` of them."""
    return number * TIMES
