"""Models as keys of what was worked out of them."""

from typing import Generic, TypeVar

M = TypeVar("M")


class Same(Generic[M]):
    """A model told from others by identity: a frozen one does not change, and comparing it would cost more."""

    __slots__ = ("model",)

    def __init__(self, model: M) -> None:
        self.model = model

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.model is other.model

    def __hash__(self) -> int:
        return id(self.model)
