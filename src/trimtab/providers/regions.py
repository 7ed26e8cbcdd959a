"""What a region of a cloud looks like: one of another cloud is refused before anything is asked."""

from collections.abc import Iterator

from trimtab.declarations import RegionForm
from trimtab.errors import ConfigError
from trimtab.models import Fleet

__all__ = ["RegionForm", "check_regions"]


def check_regions(fleet: Fleet, home: str, form: RegionForm | None) -> None:
    """
    Hold the regions of a fleet, and that of the connection, against how the cloud writes them.

    Raises:
        ConfigError: One cannot be a region; each problem names its line.
    """
    if form is not None and (problems := list(dict.fromkeys(_problems(fleet, home, form)))):
        raise ConfigError(problems)


def _problems(fleet: Fleet, home: str, form: RegionForm) -> Iterator[str]:
    for group in fleet.groups:
        if group.location is None:
            if home and (problem := form.problem(home)):
                yield f"{problem} (--region, connect.region)"
        elif problem := form.problem(group.location):
            place = fleet.position(group.name, "location")
            yield f"{f'{place}: ' if place else ''}group {group.name}: location: {problem}"
