"""What the provider of the cloud in memory declares of rollouts."""

from trimtab.declarations.rollouts import by_trimtab

ROLLOUTS = {"strategy: blue-green": by_trimtab("a second group"), "end_after": by_trimtab()}
"""By part, who does it where that differs from what a driver does."""
