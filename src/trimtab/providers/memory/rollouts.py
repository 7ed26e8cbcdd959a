"""What the provider of the cloud in memory declares of rollouts."""

from trimtab.declarations.rollouts import SHARES, by_trimtab, native

ROLLOUTS = {
    SHARES: native("weights of two pools"),
    "gates: metric": by_trimtab("what a test has measured on its machines"),
}
"""By part, who does it where that differs from what a driver does."""
