"""What the provider of the cloud in memory declares of rollouts."""

from trimtab.declarations.rollouts import by_trimtab

ROLLOUTS = {"gates: metric": by_trimtab("what a test has measured on its machines")}
"""By part, who does it where that differs from what a driver does."""
