"""The machine types of Google Cloud."""

from collections.abc import Mapping

_SHAPES = {"standard": 4, "highmem": 8, "highcpu": 1}
"""Gibibytes of memory a processor, about."""
_FAMILIES: Mapping[str, tuple[int, ...]] = {
    "e2": (2, 4, 8, 16, 32),
    "n1": (1, 2, 4, 8, 16, 32, 64, 96),
    "n2": (2, 4, 8, 16, 32, 48, 64, 80),
    "n2d": (2, 4, 8, 16, 32, 48, 64, 80, 96),
    "n4": (2, 4, 8, 16, 32, 48, 64, 80),
    "c2": (4, 8, 16, 30, 60),
    "c2d": (2, 4, 8, 16, 32, 56, 112),
    "c3": (4, 8, 22, 44, 88, 176),
    "c3d": (4, 8, 16, 30, 60, 90, 180, 360),
    "c4": (2, 4, 8, 16, 32, 48, 96, 192),
    "c4a": (1, 2, 4, 8, 16, 32, 48, 64, 72),
    "t2d": (1, 2, 4, 8, 16, 32, 48, 60),
    "t2a": (1, 2, 4, 8, 16, 32, 48),
    "g2": (4, 8, 12, 16, 24, 32, 48, 96),
}
"""By family, the processors that its types have."""
_STANDARD_ONLY = {"c2", "t2d", "t2a", "g2"}
MACHINES: Mapping[str, tuple[int, int]] = {
    "f1-micro": (1, 614),
    "g1-small": (1, 1740),
    "e2-micro": (2, 1024),
    "e2-small": (2, 2048),
    "e2-medium": (2, 4096),
    **{
        f"{family}-{shape}-{number}": (number, number * memory * 1024)
        for family, numbers in _FAMILIES.items()
        for shape, memory in _SHAPES.items()
        for number in numbers
        if shape == "standard" or family not in _STANDARD_ONLY
    },
}
"""Machine types: processors and mebibytes of memory."""
SHARED = frozenset({"f1-micro", "g1-small", "e2-micro", "e2-small", "e2-medium"})
"""Those with shared cores."""
