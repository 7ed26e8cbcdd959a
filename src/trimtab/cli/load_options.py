"""Options of a load, and messages about it in their words."""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from trimtab.simulation import Load


class CsvOptions(NamedTuple):
    """How a CSV file is read."""

    path: Path | None
    unit: str
    zone: str | None
    gaps: str
    doubles: str
    columns: str
    step: timedelta | None

    def read(self, path: Path) -> "Load":
        """The load of a file."""
        from trimtab.simulation import Load

        return Load.from_csv(
            path,
            unit=self.unit,  # type: ignore[arg-type]
            zone=self.zone,
            gaps=self.gaps,  # type: ignore[arg-type]
            doubles=self.doubles,  # type: ignore[arg-type]
            columns=[name.strip() for name in self.columns.split(",")],
            step=self.step,
        )


def as_options(text: str) -> str:
    """A message about arguments in Python, with the options of the command line in their place."""
    text = text.replace("`size` (`--size-metric`)", "--size-metric").replace("`size`", "--size-metric")
    text = text.replace("`Load.from_datapoints`", "--from-cloud")
    text = re.sub(r"`(step|columns|zone|since|capacity|load)`", r"--\1", text)
    text = re.sub(r'"(sum|mean|interpolate|hold|zero)"', r"\1", text)
    text = re.sub(r"\bunit=", "--load-unit ", text)
    return re.sub(r"\b(step|columns|zone|gaps|doubles|capacity)=", r"--\1 ", text)
