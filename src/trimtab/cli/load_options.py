"""Options that commands about loads share, and messages about a load in their words."""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from trimtab.simulation import Load

ModelFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Read the model of the fleet from a JSON file.", show_default=False),
]
CapacityNumber = Annotated[
    float | None,
    typer.Option(metavar="NUMBER", help="Set the requests a second that one instance serves.", show_default=False),
]
PricesFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Read prices for KPIs from a file: instance_hour, ...", show_default=False),
]
AllowPolicies = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-policies",
        metavar="MODULE",
        help="Allow importing policies in Python from this module or package; may be repeated.",
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option(help="Choose what chance is drawn from.")]
ReportFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write a report: a page (.html) or its chart (.png).", show_default=False),
]


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
    text = re.sub(r"\bunit=", "--load-unit ", text).replace("`Load.from_csv`", "--load")
    text = re.sub(r"\bduration=", "--for ", text)
    text = re.sub(r'`signals=\{"([^"]+)": "([^"]+)"\}` of the model', r"--signal \1=\2", text)
    text = re.sub(r"\bsignals\['([^']+)'\]='([^']+)'", r"--signal \1=\2", text)
    return re.sub(r"\b(step|columns|zone|gaps|doubles|capacity|rate|workers|timeout|every)=", r"--\1 ", text)
