"""Options that commands about loads share, and messages about a load in their words."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from trimtab.cli.context import span
from trimtab.errors import ConfigError, InvalidArgument
from trimtab.models import Fleet, PythonPolicy, ScalingGroup
from trimtab.phrases import in_words

if TYPE_CHECKING:
    from trimtab.engine.functions import Functions
    from trimtab.simulation import Load


def optional(metavar: str, text: str, *names: str, panel: str | None = None) -> Any:
    """An option that may be left out, in a panel of the help or in none."""
    return typer.Option(*names, metavar=metavar, help=text, show_default=False, rich_help_panel=panel)


MODEL = ("FILE", "Read the model of the fleet from a JSON file.")
CAPACITY = ("NUMBER", "Set the requests a second that one instance serves.")
PRICES = ("FILE", "Read prices for KPIs from a file: instance_hour, ...")
ModelFile = Annotated[Path | None, optional(*MODEL)]
CapacityNumber = Annotated[float | None, optional(*CAPACITY)]
PricesFile = Annotated[Path | None, optional(*PRICES)]
Seed = Annotated[int, typer.Option(help="Choose what chance is drawn from.")]
ReportFile = Annotated[Path | None, optional("FILE", "Write a report: a page (.html) or its chart (.png).")]


Gaps = Annotated[
    str,
    typer.Option(help="Treat missing rows so: short (bridge up to an hour), interpolate, hold, zero or refuse."),
]
Doubles = Annotated[str, typer.Option(help="Treat rows of one time so: refuse, sum or mean.")]
Columns = Annotated[
    str,
    typer.Option(metavar="TIME,VALUE", help="Name the two columns of a CSV file that hold times and values."),
]
Step = Annotated[
    timedelta | None,
    typer.Option(
        parser=span,
        metavar="DURATION",
        help="Set the time from one row of a CSV file to the next; the most frequent one when left out.",
        show_default=False,
    ),
]
GAPS, DOUBLES, COLUMNS = "short", "refuse", "timestamp,value"


class CsvOptions(NamedTuple):
    """How a CSV file is read."""

    unit: str
    zone: str | None
    gaps: str
    doubles: str
    columns: str
    step: timedelta | None

    @property
    def given(self) -> list[str]:
        """The options about rows that are not as when left out."""
        usual = {"gaps": GAPS, "doubles": DOUBLES, "columns": COLUMNS, "step": None}
        return [f"--{name}" for name, value in usual.items() if getattr(self, name) != value]

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


@contextmanager
def in_option_words() -> Iterator[None]:
    """Errors about arguments in Python, with the options of the command line in their place."""
    try:
        yield
    except InvalidArgument as error:
        raise InvalidArgument(as_options(str(error))) from error


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


def one_group(fleet: Fleet, names: Sequence[str], what: str) -> ScalingGroup:
    """
    The group of a fleet that a load is of: the one that is named, or the only one.

    Raises:
        ConfigError: Several are meant, or none is there.
    """
    declared = [group.name for group in fleet.groups]
    chosen = list(names) or declared
    if len(chosen) != 1:
        raise ConfigError([f"{what} is of one group; name one of {in_words(declared) or 'none'}"])
    return fleet[chosen[0]]


def functions_of(fleet: Fleet, group: ScalingGroup, allow: Sequence[str]) -> "Functions":
    """The functions of a group's policies in Python; most groups have none, and load none."""
    if not any(isinstance(policy, PythonPolicy) for policy in group.policies):
        return {}
    from trimtab.runtime.policies import load_policies

    return load_policies(fleet.replace(groups=[group]), allow=allow)


_READING = re.compile(r"; say what stands there: .*|,? or give (doubles=.*|`columns`)|; give `step`$")
"""What a message says of options for how a CSV file is read."""


def without_reading(text: str, reader: str) -> str:
    """A message about a CSV file where a command has no options for how it is read: the file can be mended."""
    text = without_zone(text)
    found = _READING.sub("", text.replace("; give `step`, or sum", "; sum"))
    return text if found == text else f"{found}; {reader} reads a file as it is, so mend the file"


def without_zone(text: str) -> str:
    """A note on a CSV file where a command has no option for the zone of its times."""
    return text.replace("give `zone` where they are of another", "where they are of another, write it in the file")
