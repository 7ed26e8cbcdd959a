"""A reply that is read leaf by leaf, so that each leaf has one fate: carried, lost or read-only."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from trimtab.providers.importing.notes import ImportNote, shown_at
from trimtab.providers.imports import Fate, Leaf, LeafTable, loss, walk

UNSAID = "no field of the model says it"


class Reply:
    """
    One reply that is being imported.

    Args:
        operation: What answered it.
        body: The reply.
        unsaid: What the next plan does with what no field of the model says.
    """

    def __init__(
        self, operation: str, body: Mapping[str, Any], unsaid: str = "the next plan leaves it as it is"
    ) -> None:
        self.operation = operation
        self.body = body
        self._unsaid = unsaid
        self._fates: dict[str, tuple[Fate, str]] = {}
        self._leaves = dict(walk(body))

    def take(self, path: str, model: str) -> Any:
        """The value at a path, carried with all below it by a field of the model; `None` where there is nothing."""
        value = self.peek(path)
        if value is not None:
            self._mark(path, Fate.CARRIED, model)
        return value

    def peek(self, path: str) -> Any:
        """The value at a path, whatever becomes of it."""
        value: Any = self.body
        for step in re.findall(r"[^.\[\]]+|\[\d+\]", path):
            if step.startswith("["):
                index = int(step[1:-1])
                value = value[index] if isinstance(value, list) and index < len(value) else None
            else:
                value = value.get(step) if isinstance(value, Mapping) else None
            if value is None:
                return None
        return value

    def known(self, path: str, reason: str) -> None:
        """Say of a leaf, or all below a path, that the cloud itself writes it."""
        self._mark(path, Fate.READ_ONLY, reason)

    def lose(self, path: str, reason: str) -> None:
        """Say of a leaf, or all below a path, why the model does not carry it."""
        self._mark(path, Fate.LOST, reason)

    def expect(self, pattern: str, *values: Any, reason: str) -> None:
        """Say of the leaves at paths of a pattern that they are lost where they have none of these values."""
        for path, value in self._leaves.items():
            if value not in values and re.fullmatch(pattern, path):
                self._fates[path] = (Fate.LOST, reason)

    def _mark(self, path: str, fate: Fate, text: str) -> None:
        for leaf in self._leaves:
            if leaf == path or leaf.startswith((f"{path}.", f"{path}[")):
                self._fates[leaf] = (fate, text)

    def table(self, read_only: Mapping[str, str]) -> LeafTable:
        """
        What became of each leaf.

        Args:
            read_only: Patterns of paths that the cloud itself writes, and why.
        """
        return LeafTable(self.operation, tuple(self._fated(read_only)))

    def _fated(self, read_only: Mapping[str, str]) -> Iterator[Leaf]:
        for path, value in self._leaves.items():
            fate, text = self._fates.get(path, (None, ""))
            if fate is None:
                fate, text = _by_table(path, value, read_only) or (Fate.LOST, f"{UNSAID}; {self._unsaid}")
            yield Leaf(path, value, fate, text)

    def losses(self, label: str, read_only: Mapping[str, str]) -> Iterator[ImportNote]:
        """A note on each leaf that is lost."""
        for leaf in self.table(read_only).lost:
            yield loss(path=f"{label}: {leaf.path}", value=shown_at(leaf.path, leaf.value), reason=leaf.text)


def _by_table(path: str, value: Any, read_only: Mapping[str, str]) -> tuple[Fate, str] | None:
    if value is None or value in ("", [], {}):
        return Fate.READ_ONLY, "empty"
    for pattern, reason in read_only.items():
        if re.fullmatch(pattern, path):
            return Fate.READ_ONLY, reason
    return None
