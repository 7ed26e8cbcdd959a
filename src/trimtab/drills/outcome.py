"""What came of a drill as a whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trimtab.drills.markdown import markdown_of
from trimtab.drills.results import DrillResult, DrillVerdict


@dataclass(frozen=True, kw_only=True)
class Drill:
    """
    What came of all scenarios. It is iterable.

    Attributes:
        fleet: The fleet's name.
        provider: Whose emulator it was run on.
        results: Of each scenario and group, in the order in which they were run.
        notes: What stands in for something of the account that the emulator does not have.
    """

    fleet: str
    provider: str
    results: tuple[DrillResult, ...] = ()
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[DrillResult]:
        return iter(self.results)

    @property
    def failures(self) -> tuple[DrillResult, ...]:
        """The results that did not hold."""
        return tuple(each for each in self.results if each.verdict is DrillVerdict.NOT_HELD)

    @property
    def counts(self) -> dict[str, int]:
        """How many results there are of each verdict."""
        return {verdict.value: sum(each.verdict is verdict for each in self.results) for verdict in DrillVerdict}

    @property
    def has_held(self) -> bool:
        """Whether nothing failed and something was tried: a drill that tried nothing shows nothing."""
        return not self.failures and any(each.checks for each in self.results)

    def __str__(self) -> str:
        """`drill of fleet shop on aws: 9 held, 1 not held, 2 not tried`."""
        counts = ", ".join(f"{number} {verdict}" for verdict, number in self.counts.items())
        return f"drill of fleet {self.fleet} on {self.provider}: {counts}"

    def to_markdown(self) -> str:
        """The same for a pull request."""
        return markdown_of(str(self), self.results, self.notes)

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "fleet": self.fleet,
            "provider": self.provider,
            "held": self.has_held,
            "counts": self.counts,
            "results": [each.to_dict() for each in self.results],
            "notes": list(self.notes),
        }
